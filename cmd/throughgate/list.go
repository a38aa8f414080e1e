package main

import (
	"context"
	"fmt"
	"time"

	"throughgate/internal/db"
)

const listHelp = `
  --json           as JSON
`

// listing runs a command that lists what there is of one kind: a line for each, or JSON; none is said in
// words.
func listing[T any](read func(context.Context, *db.Tx) ([]T, error), line func(T, time.Time) string, none string) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		var list []T
		err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			list, err = read(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
		if c.has("json") {
			return c.printJSON(orEmpty(list))
		}
		for _, one := range list {
			fmt.Fprintln(c.out, line(one, c.now()))
		}
		if len(list) == 0 {
			c.say("%s", none)
		}
		return nil
	}
}

// orEmpty makes an empty list of none, which JSON would write as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
