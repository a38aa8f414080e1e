package main

import (
	"context"
	"fmt"
	"strings"

	"throughgate/config"
	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

var recipientAddCommand = command{
	name: "recipient add", args: "ADDRESS --name N [--confirmed]", summary: "add a reader of the weekly report",
	help: `
  --name N         their name
  --confirmed      you answer for the address; otherwise a first message asks them to confirm it
`,
	run: func(ctx context.Context, c *call) error {
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		if err := h.bringIn(ctx, c); err != nil {
			return err
		}
		err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			_, err := mail.AddRecipient(ctx, tx, c.who("ADMIN", staff.Admin), c.now(), c.flags["name"], c.args[0], c.has("confirmed"))
			return err
		})
		if err != nil {
			return err
		}
		if c.has("confirmed") {
			c.say("Added. The next report goes to them.")
		} else {
			c.say("Added. A message is queued that asks them to confirm the address; reports follow once they have.")
		}
		return nil
	},
}

var recipientListCommand = command{
	name: "recipient list", args: "[--json]", summary: "who reads the weekly report",
	help: `
  --json           as JSON
`,
	run: func(ctx context.Context, c *call) error {
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		list, err := h.recipients(ctx)
		if err != nil {
			return err
		}
		if c.has("json") {
			return c.printJSON(orEmpty(list))
		}
		for _, r := range list {
			state := "not confirmed yet"
			if r.ConfirmedAt != nil {
				state = "confirmed"
			}
			fmt.Fprintf(c.out, "%-40s %-24s %s\n", r.Address, r.Name, state)
		}
		if len(list) == 0 {
			c.say("Nobody reads the report by email yet: 'throughgate recipient add' adds the first.")
		}
		return nil
	},
}

func (h *house) recipients(ctx context.Context) (list []mail.Recipient, err error) {
	err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		list, err = mail.Recipients(ctx, tx)
		return err
	})
	return list, err
}

var recipientRemoveCommand = command{
	name: "recipient remove", args: "ADDRESS", summary: "send them no more reports",
	run: func(ctx context.Context, c *call) error {
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		list, err := h.recipients(ctx)
		if err != nil {
			return err
		}
		for _, r := range list {
			if strings.EqualFold(r.Address, c.args[0]) {
				return h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
					return mail.RemoveRecipient(ctx, tx, c.who("ADMIN", staff.Admin), c.now(), r.ID)
				})
			}
		}
		return &problem.NotFound{What: "recipient"}
	},
}

// publicURL is the address in links that the service writes.
func publicURL(rules *config.Config) string {
	if rules.Server.PublicURL != "" {
		return strings.TrimRight(rules.Server.PublicURL, "/")
	}
	return "http://" + defaultListen
}
