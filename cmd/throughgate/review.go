package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
)

var reviewListCommand = command{
	name: "review list", args: "[--json]", summary: "rows of files that wait for a person to decide",
	help: `
  --json           as JSON
`,
	run: func(ctx context.Context, c *call) error {
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		list, err := reconcile.Reviews(ctx, h.Pool, c.who("", staff.Admin), c.now())
		if err != nil {
			return err
		}
		if c.has("json") {
			return c.printJSON(orEmpty(list))
		}
		for _, r := range list {
			fmt.Fprintf(c.out, "%s  %s, row %d: %s\n", r.ID, r.File, r.Row, r.Why)
			for _, candidate := range r.Candidates {
				fmt.Fprintf(c.out, "    referral %s: %s\n", candidate.ReferralID, strings.Join(candidate.Differences, "; "))
			}
		}
		if len(list) == 0 {
			c.say("Nothing waits for a decision.")
		}
		return nil
	},
}

var reviewConfirmCommand = command{
	name: "review confirm", args: "ID [--referral ID]", summary: "say that it is the same person",
	help: `
  --referral ID    which candidate, where there are several

Every row of the provider's lists with the same full name, date of birth and sex is linked.
`,
	run: func(ctx context.Context, c *call) error {
		var candidate uuid.UUID
		if text := c.flags["referral"]; text != "" {
			var err error
			if candidate, err = uuid.Parse(text); err != nil {
				return usagef("--referral takes an id as the list shows it")
			}
		}
		return c.decide(ctx, func(h *house, id uuid.UUID) error {
			return reconcile.ConfirmReview(ctx, h.Pool, c.who("", staff.Admin), c.now(), id, candidate)
		}, "Confirmed and judged again. 'throughgate link undo' with the same ID undoes the link that this made, if any.")
	},
}

var reviewRejectCommand = command{
	name: "review reject", args: "ID", summary: "say that it is not the same person",
	run: func(ctx context.Context, c *call) error {
		return c.decide(ctx, func(h *house, id uuid.UUID) error {
			return reconcile.RejectReview(ctx, h.Pool, c.who("", staff.Admin), c.now(), id)
		}, "Rejected and judged again.")
	},
}

var linkUndoCommand = command{
	name: "link undo", args: "ID [--reason WORDS]", summary: "undo a link, made by the machine or by a person",
	help: `
  --reason WORDS   why; it stays in the timeline

ID is the link's, as the referral's timeline has it, or that of the review that was confirmed.
`,
	run: func(ctx context.Context, c *call) error {
		return c.decide(ctx, func(h *house, id uuid.UUID) error {
			return reconcile.UndoLink(ctx, h.Pool, c.who("", staff.Admin), c.now(), id, cmp.Or(c.flags["reason"], "undone at the console"))
		}, "Undone and judged again.")
	},
}

func (c *call) decide(ctx context.Context, act func(*house, uuid.UUID) error, done string) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	if err := act(h, id); err != nil {
		return err
	}
	c.say("%s", done)
	return nil
}
