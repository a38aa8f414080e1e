package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

var recipientAddCommand = command{
	name: "recipient add", args: "ADDRESS --name N [--confirmed] [--json]", summary: "add a reader of the weekly report",
	help: `
  --name N         their name
  --confirmed      you answer for the address; otherwise a first message asks them to confirm it
  --json           the recipient as added, as JSON
`,
	run: func(ctx context.Context, c *call) error {
		if err := anAddress("ADDRESS", c.args[0]); err != nil {
			return err
		}
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		if err := h.bringIn(ctx, c); err != nil {
			return err
		}
		var added mail.Recipient
		err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			added, err = mail.AddRecipient(ctx, tx, c.who("ADMIN", staff.Admin), c.now(), c.flags["name"], c.args[0], c.has("confirmed"))
			return err
		})
		switch {
		case err != nil:
			return err
		case c.has("json"):
			return c.printJSON(added)
		case c.has("confirmed"):
			c.say("Added. The next report goes to them.")
		default:
			c.say("Added. A message is queued that asks them to confirm the address; reports follow once they have.")
		}
		return nil
	},
}

var recipientListCommand = command{
	name: "recipient list", args: "[--json]", summary: "who reads the weekly report",
	help: listHelp,
	run:  listing(mail.Recipients, recipientLine, "Nobody reads the report by email yet: 'throughgate recipient add' adds the first."),
}

func recipientLine(r mail.Recipient, _ time.Time) string {
	state := "not confirmed yet"
	if r.ConfirmedAt != nil {
		state = "confirmed"
	}
	return fmt.Sprintf("%-40s %-24s %s", r.Address, r.Name, state)
}

var recipientRemoveCommand = command{
	name: "recipient remove", args: "ADDRESS", summary: "send them no more reports",
	run: func(ctx context.Context, c *call) error {
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			list, err := mail.Recipients(ctx, tx)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(list, func(r mail.Recipient) bool { return strings.EqualFold(r.Address, c.args[0]) })
			if at < 0 {
				return &problem.NotFound{What: "recipient"}
			}
			return mail.RemoveRecipient(ctx, tx, c.who("ADMIN", staff.Admin), c.now(), list[at].ID)
		})
		if err == nil {
			c.say("Removed. No more reports go to them.")
		}
		return err
	},
}

// anAddress refuses what cannot be an email address, whomever the settings allow.
func anAddress(name, typed string) error {
	if _, err := mail.Address(strings.TrimSpace(typed)); err != nil {
		return usagef("%s takes an email address, such as name@example.org", name)
	}
	return nil
}
