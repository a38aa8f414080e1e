package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
)

var reconcileCommand = command{
	name: "reconcile", args: "--prison CODE --provider CODE --from DATE --to DATE [--json] [--out FILE]", summary: "hold a prison's list against a provider's, for the continuity-of-care audit",
	help: `
  --prison CODE    such as EXI
  --provider CODE  such as HARBOUR
  --from DATE      first release date
  --to DATE        last release date
  --json           the four lists as JSON
  --out FILE       the lists as CSV, with names: keep it as you keep the partners' own files
`,
	run: func(ctx context.Context, c *call) error {
		from, err := c.date("from")
		if err != nil {
			return err
		}
		to, err := c.date("to")
		if err != nil {
			return err
		}
		if to.Before(from) {
			return usagef("--to lies before --from")
		}
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		for _, side := range []staff.Role{staff.Prison, staff.Provider} {
			if err := h.is(ctx, c, c.flags[string(side)], side); err != nil {
				return err
			}
		}
		found, err := reconcile.Reconcile(ctx, h.Pool, c.who(c.flags["provider"], staff.Provider), c.now(), c.flags["prison"], c.flags["provider"], from, to)
		if err != nil {
			return err
		}
		if path := c.flags["out"]; path != "" {
			out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // it names people
			if err != nil {
				return fmt.Errorf("%s cannot be written", path)
			}
			if err := errors.Join(found.WriteCSV(out), out.Close()); err != nil {
				return err
			}
			c.say("Written to %s.", filepath.Base(path))
		}
		if c.has("json") {
			return c.printJSON(found)
		}
		fmt.Fprint(c.out, found.Summary())
		return nil
	},
}

// is refuses an organisation that is not of the role wanted.
func (h *house) is(ctx context.Context, c *call, organisation string, want staff.Role) error {
	if err := h.bringIn(ctx, c); err != nil {
		return err
	}
	role, err := h.role(ctx, organisation)
	if err == nil && role != want {
		return usagef("%s is not a %s", organisation, want)
	}
	return err
}
