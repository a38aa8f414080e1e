package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"throughgate/internal/db"
)

var migrateUpCommand = command{
	name: "migrate up", args: "[--json]", summary: "bring the database's schema up to date",
	help: `
  --json           how far it has come, as JSON

Works on DATABASE_URL as the owner named by DATABASE_OWNER_URL (default the same). The private
cluster needs no such command: it is brought up to date whenever it is opened.
`,
	run: func(ctx context.Context, c *call) error {
		if os.Getenv("DATABASE_URL") == "" {
			return ownSchema(ctx, c) // opening it has brought it up to date
		}
		owner, program, err := addresses()
		if err != nil {
			return err
		}
		if err := db.Migrate(ctx, owner, roleIn(program)); err != nil {
			return err
		}
		return printSchema(ctx, c, owner)
	},
}

var migrateStatusCommand = command{
	name: "migrate status", args: "[--json]", summary: "say how far the database's schema has come",
	help: `
  --json           as JSON
`,
	run: func(ctx context.Context, c *call) error {
		if os.Getenv("DATABASE_URL") == "" {
			return ownSchema(ctx, c)
		}
		owner, _, err := addresses()
		if err != nil {
			return err
		}
		return printSchema(ctx, c, owner)
	},
}

// ownSchema opens the private cluster, which brings its schema up to date, and says how it stands.
func ownSchema(ctx context.Context, c *call) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	return printSchema(ctx, c, h.dsn)
}

func addresses() (owner, program string, err error) {
	program, owner = os.Getenv("DATABASE_URL"), os.Getenv("DATABASE_OWNER_URL")
	if owner == "" {
		owner = program
	}
	return owner, program, errors.Join(db.SafeAddress(owner), db.SafeAddress(program))
}

// roleIn is the database role that an address signs in as.
func roleIn(dsn string) string {
	if u, err := url.Parse(dsn); err == nil && u.User != nil {
		return u.User.Username()
	}
	for _, word := range strings.Fields(dsn) {
		if name, ok := strings.CutPrefix(word, "user="); ok {
			return name
		}
	}
	return ""
}

func printSchema(ctx context.Context, c *call, dsn string) error {
	s, err := db.SchemaOf(ctx, dsn)
	if err != nil {
		return err
	}
	if c.has("json") {
		return c.printJSON(map[string]any{"schema": s.Has, "program": s.Knows, "current": s.Current()})
	}
	switch {
	case s.Current():
		fmt.Fprintf(c.out, "The schema is version %d, as this program needs it.\n", s.Has)
	case s.Has < s.Knows:
		fmt.Fprintf(c.out, "The schema is version %d; this program needs %d: run 'throughgate migrate up'.\n", s.Has, s.Knows)
	default:
		fmt.Fprintf(c.out, "The schema is version %d, newer than this program's %d.\n", s.Has, s.Knows)
	}
	return nil
}
