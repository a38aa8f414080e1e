package continuity

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

var monthlySQL = statement("monthly")

// Month is M2 of the releases of one calendar month. Its counts are exact and small: they are for signed-in people.
type Month struct {
	Start    day.Date
	Releases int
	PickedUp int // within 21 days
}

// Percent is the month's rate; false of a month without releases, which has none.
func (m Month) Percent() (percent float64, ok bool) {
	if m.Releases == 0 {
		return 0, false
	}
	return 100 * float64(m.PickedUp) / float64(m.Releases), true
}

// Monthly is M2 by calendar month of release, from the month that from lies in to the last one that is mature at T (its
// last day is at least 21 days before it) and ends by W. Every month is there, those without releases too.
func Monthly(ctx context.Context, pool *db.Pool, from day.Date, ask Ask) ([]Month, error) {
	ask, err := ask.checked()
	if err != nil {
		return nil, err
	}
	months, days := matureMonths(from, ask)
	if len(months) == 0 {
		return nil, nil
	}
	c := &count{ask: ask, days: days}
	err = pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		if err := inBulk(ctx, tx); err != nil {
			return err
		}
		return c.each(ctx, tx, monthlySQL, func(rows *sqlx.Rows) error {
			var at, releases, pickedUp int
			if err := rows.Scan(&at, &releases, &pickedUp); err != nil {
				return err
			}
			months[at].Releases, months[at].PickedUp = releases, pickedUp
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("counting months to %s: %w", ask.WindowEnd, err)
	}
	return months, nil
}

// matureMonths are the months to count, still empty, and their days, each with the number of its month.
func matureMonths(from day.Date, ask Ask) (months []Month, days timeline) {
	start := from.Add(1 - from.Day())
	days.from = start
	for {
		end := day.MonthEnd(start)
		if end.After(ask.WindowEnd) || end.Add(maturity).After(ask.DataThrough) {
			return months, days
		}
		for d := start; !d.After(end); d = d.Add(1) {
			days.of = append(days.of, len(months))
		}
		months = append(months, Month{Start: start})
		start = end.Add(1)
	}
}

// inBulk makes ready for a statement that adds up a million rows: in parallel, and not compiled, which would take longer
// than it runs.
func inBulk(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `
		SELECT set_config('jit', 'off', true),
		  set_config('work_mem', '64MB', true),
		  set_config('random_page_cost', '1.1', true),
		  set_config('parallel_setup_cost', '0', true)`)
	return err
}
