package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

var apikeyCreateCommand = command{
	name: "apikey create", args: "--organisation CODE [--expires 90d]", summary: "make an API key; prints it, once",
	help: `
  --organisation CODE  for whom the key acts; its role is the organisation's
  --expires DAYS       after how long it stops working, 1d to 365d (default 90d)

The key is the only thing on standard output. It is stored as a hash: what is lost cannot be shown again.
`,
	run: func(ctx context.Context, c *call) error {
		days := staff.KeyDays
		var err error
		if text := c.flags["expires"]; text != "" {
			if days, err = staff.ParseKeyDays(text); err != nil {
				return usagef("--expires takes a number of days, such as 90d: from 1d to 365d")
			}
		}
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		if err := h.bringIn(ctx, c); err != nil {
			return err
		}
		if _, err := h.role(ctx, c.flags["organisation"]); err != nil {
			return err
		}
		var clear string
		err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			_, clear, err = staff.CreateKey(ctx, tx, c.who("ADMIN", staff.Admin), c.now(), c.flags["organisation"], days)
			return err
		})
		if err == nil {
			fmt.Fprintln(c.out, clear)
		}
		return err
	},
}

var apikeyListCommand = command{
	name: "apikey list", args: "[--json]", summary: "the API keys there are, without the keys themselves",
	help: listHelp,
	run:  listing(staff.Keys, keyLine, "There is no API key yet: 'throughgate apikey create' makes one."),
}

func keyLine(k staff.Key, now time.Time) string {
	state := "works until " + k.ExpiresAt.Format("2 January 2006")
	switch {
	case k.RevokedAt != nil:
		state = "revoked"
	case !k.ExpiresAt.After(now):
		state = "expired"
	case !k.TakesPart:
		state = "organisation no longer takes part"
	}
	used := "never used"
	if k.LastUsedAt != nil {
		used = "last used on " + k.LastUsedAt.Format("2 January 2006")
	}
	return fmt.Sprintf("%s  %-10s %s, %s", k.ID, k.Organisation, state, used)
}

var apikeyRevokeCommand = command{
	name: "apikey revoke", args: "ID", summary: "stop an API key from working",
	run: func(ctx context.Context, c *call) error {
		id, err := c.id()
		if err != nil {
			return err
		}
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			return staff.RevokeKey(ctx, tx, c.who("ADMIN", staff.Admin), c.now(), id)
		})
		if err == nil {
			c.say("The key no longer works.")
		}
		return err
	},
}

// id reads the argument that is an id.
func (c *call) id() (uuid.UUID, error) {
	id, err := uuid.Parse(c.args[0])
	if err != nil {
		return id, usagef("ID is the long one that the list shows, such as %s", uuid.Nil)
	}
	return id, nil
}
