package main

import (
	"context"
	"fmt"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

var userAddCommand = command{
	name: "user add", args: "--organisation CODE --email E --name N [--json]", summary: "add a person who signs in; prints their single-use link",
	help: `
  --organisation CODE  EXI, HARBOUR, ... or SUBGROUP, ADMIN, AUDIT; it gives the person's role
  --email E            what they sign in with
  --name N             as colleagues know them
  --json               the link with whose it is, as JSON

The link is the only thing on standard output. With it the person sets a password and a second
factor within seven days.
`,
	run: func(ctx context.Context, c *call) error {
		if err := anAddress("--email", c.flags["email"]); err != nil {
			return err
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
		var token string
		err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			token, err = staff.Add(ctx, tx, c.who("ADMIN", staff.Admin).By, c.now(), c.flags["organisation"], c.flags["email"], c.flags["name"])
			return err
		})
		if err != nil {
			return err
		}
		link := h.Rules.Server.Address(defaultListen, h.Rules.Server.TLSCertificate != "") + "/invitation/" + token
		if c.has("json") {
			return c.printJSON(map[string]string{"organisation": c.flags["organisation"], "email": c.flags["email"], "link": link})
		}
		fmt.Fprintln(c.out, link)
		return nil
	},
}

var userListCommand = command{
	name: "user list", args: "[--json]", summary: "who may sign in",
	help: listHelp,
	run:  listing(staff.People, personLine, "Nobody may sign in yet: 'throughgate user add' adds the first."),
}

func personLine(p staff.Person, _ time.Time) string {
	standing := "active"
	switch {
	case !p.TakesPart:
		standing = "organisation no longer takes part"
	case p.DisabledAt != nil:
		standing = "disabled"
	case !p.Enrolled:
		standing = "invited"
	}
	return fmt.Sprintf("%-10s %-32s %-24s %s", p.Organisation, p.Email, p.Name, standing)
}

var userDisableCommand = command{
	name: "user disable", args: "EMAIL", summary: "stop a person's signing in and end their sessions",
	run: func(ctx context.Context, c *call) error {
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			return staff.Disable(ctx, tx, c.who("ADMIN", staff.Admin).By, c.now(), c.args[0])
		})
		if err == nil {
			c.say("They can no longer sign in.")
		}
		return err
	},
}
