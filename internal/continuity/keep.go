package continuity

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

// onlyOne is the advisory lock of whoever counts ahead.
const onlyOne = 0x6b656570

// Keep counts ahead what people will look at today: the window to yesterday, the one a year before it, and every month end
// since the first release, ten years back at most, with data to yesterday. A window that is kept is counted again only when
// something in it has changed, and of one that people still change every day only the days that have; so that most calls
// have little to do or nothing. Counted says how many windows there were.
//
// How it stays true: every change to a release, or to what belongs to one, notes the day of the release and its own
// transaction in changed_day, in that transaction. A kept window carries the snapshot that it was counted in. It holds for
// whoever sees no change that this snapshot did not see, but for the days of such changes; a writer never waits for a reader,
// and a transaction that was still open when the window was counted makes its day void when it commits.
func Keep(ctx context.Context, pool *db.Pool, today day.Date) (counted int, err error) {
	err = pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		// One at a time, and its snapshot taken when the one before it has committed: what has made this one count again
		// is removed below, and an older snapshot, still at work, would need it.
		var mine bool
		if err := tx.Get(ctx, &mine, `SELECT pg_try_advisory_xact_lock($1)`, onlyOne); err != nil || !mine {
			return err
		}
		// The lock's own transaction is idle meanwhile, and the database ends what idles for 30 s: counting takes 3 s at a
		// million referrals. Past that the call fails though what was counted is kept, and the next one has less to do.
		return pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
			yesterday := today.Add(-1)
			k := keeper{tx: tx, ask: Ask{WindowEnd: yesterday, DataThrough: yesterday, Today: today}}
			counted, err = k.keep(ctx)
			return err
		})
	})
	if err != nil {
		return 0, fmt.Errorf("counting ahead: %w", err)
	}
	return counted, nil
}

// stillChanged is for how many months after its end a window is kept by day as well: until those who were released in it
// have had their 92 days, people change what is counted of it every day.
const stillChanged = 3

// keeper is one call of Keep.
type keeper struct {
	tx  *db.Tx
	ask Ask
}

func (k keeper) keep(ctx context.Context) (counted int, err error) {
	ends, err := k.ends(ctx)
	if err != nil || len(ends) == 0 {
		return 0, err
	}
	c := newCount(k.ask, k.tx.Rules, ends...)
	open, err := c.restore(ctx, k.tx, true)
	if err != nil || len(open) == 0 {
		return 0, err
	}
	if err := k.clear(ctx, c, open); err != nil {
		return 0, err
	}
	for _, w := range open {
		if w.alone == nil && !w.end.Before(k.ask.WindowEnd.AddMonths(-stillChanged)) {
			w.alone = w.eachDay()
		}
	}
	if err := c.fill(ctx, k.tx, open, wholeWindow...); err != nil {
		return 0, err
	}
	latest, err := k.latest(ctx, open)
	if err != nil {
		return 0, err
	}
	for _, w := range open {
		if err := k.write(ctx, c, w, holdsFrom(w, latest)); err != nil {
			return 0, err
		}
	}
	return len(open), nil
}

// ends are the last days of the windows to keep, oldest first; none before the first release.
func (k keeper) ends(ctx context.Context) ([]day.Date, error) {
	ends, err := monthEnds(ctx, k.tx, k.ask.WindowEnd)
	if err != nil || len(ends) == 0 {
		return nil, err
	}
	ends = append(ends, yearBefore(k.ask.WindowEnd))
	slices.SortFunc(ends, day.Date.Compare)
	return slices.Compact(ends), nil
}

// clear removes what is kept of any window but those that still hold, be it without some days, and after that every note of a
// change that this snapshot sees: nothing is left that could need it.
func (k keeper) clear(ctx context.Context, c *count, open []*tally) error {
	hold := []string{} // a list without any, and not no list
	for _, w := range c.windows {
		if w.alone != nil || !slices.Contains(open, w) {
			hold = append(hold, w.end.String())
		}
	}
	if _, err := k.tx.Exec(ctx, `DELETE FROM kept_window WHERE window_end <> ALL ($1::date[])`, pq.Array(hold)); err != nil {
		return err
	}
	_, err := k.tx.Exec(ctx, `DELETE FROM changed_day`)
	return err
}

// latest is the latest day of a fact beside the releases of each month of those windows that time alone may change no more.
func (k keeper) latest(ctx context.Context, open []*tally) (latest map[day.Date]day.Date, err error) {
	latest = map[day.Date]day.Date{}
	var old []*tally
	for _, w := range open {
		if !w.end.Add(lastWaitDay).After(k.ask.DataThrough) {
			old = append(old, w)
		}
	}
	if len(old) == 0 {
		return latest, nil
	}
	err = k.tx.Each(ctx, latestSQL, func(rows *sqlx.Rows) error {
		var month, on day.Date
		err := rows.Scan(&month, &on)
		latest[month] = on
		return err
	}, old[0].start.Add(1-old[0].start.Day()), old[len(old)-1].end)
	return latest, err
}

// holdsFrom is the day from which on time alone changes nothing in the window: every start that belongs to one of its
// releases lies within 92 days (files.md), and every other fact that T is held against is in latest.
func holdsFrom(w *tally, latest map[day.Date]day.Date) day.Date {
	from := w.end.Add(lastWaitDay)
	for month := w.start.Add(1 - w.start.Day()); !month.After(w.end); month = day.MonthEnd(month).Add(1) {
		if on := latest[month]; on.After(from) {
			from = on
		}
	}
	return from
}

// write keeps a window, and the days of it that were counted by themselves. Where it still changes with time it holds for the
// one T that it was counted to.
func (k keeper) write(ctx context.Context, c *count, w *tally, holdsFrom day.Date) error {
	if holdsFrom.After(k.ask.DataThrough) {
		holdsFrom = day.Date{}
	}
	done := c.keep(w)
	rates, err := json.Marshal(done.Rates)
	if err != nil {
		return err
	}
	rest, err := json.Marshal(done.Rest)
	if err != nil {
		return err
	}
	_, err = k.tx.Exec(ctx, `
		INSERT INTO kept_window (window_end, window_start, data_through, holds_from, rates, rest, by_day, made_by, cluster, as_of)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT system_identifier FROM pg_control_system()), pg_current_snapshot())
		ON CONFLICT (window_end) DO UPDATE
		SET data_through = excluded.data_through,
		  holds_from = excluded.holds_from,
		  rates = excluded.rates,
		  rest = excluded.rest,
		  as_of = excluded.as_of`,
		w.end, w.start, k.ask.DataThrough, holdsFrom, string(rates), string(rest), w.alone != nil, madeBy)
	if err != nil {
		return err
	}
	return k.writeDays(ctx, c, w)
}

// writeDays keeps what was counted of days by themselves, in place of what is kept of them.
func (k keeper) writeDays(ctx context.Context, c *count, w *tally) error {
	var days, counts []string
	for _, d := range w.alone {
		text, err := json.Marshal(c.keep(w.byDay[d]))
		if err != nil {
			return err
		}
		days, counts = append(days, d.String()), append(counts, string(text))
	}
	_, err := k.tx.Exec(ctx, `
		INSERT INTO kept_day (window_end, day, counts)
		SELECT $1, day, counts::json
		FROM unnest($2::date[], $3::text[]) AS counted (day, counts)
		ON CONFLICT (window_end, day) DO UPDATE
		SET counts = excluded.counts`, w.end, pq.Array(days), pq.Array(counts))
	return err
}
