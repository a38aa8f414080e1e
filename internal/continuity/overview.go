package continuity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
)

// Overview is what signed-in people read of one window, in exact counts: the window whole, M1 and M2 of every month end since
// the first release, and what the pictures are drawn from.
type Overview struct {
	Figures   *Figures // the window alone
	MonthEnds []Window // oldest first, the window itself last; nothing but M1 (without people) and M2 is counted in them
	Past      *Window  // the window that ended a year before, counted like MonthEnds
	Chart     *ControlChart
	Curve     Curve
	Expected  int // referrals for a release planned in the window that nobody has confirmed
}

// Look counts an Overview, all of it from one snapshot of the database. Months and AsKnownAt of the question are not heeded.
func Look(ctx context.Context, pool *db.Pool, ask Ask) (*Overview, error) {
	ask.Months, ask.AsKnownAt = 1, nil
	ask, err := ask.checked()
	if err != nil {
		return nil, err
	}
	o := &Overview{}
	err = pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error { return o.read(ctx, tx, ask) })
	if err != nil {
		return nil, fmt.Errorf("looking at the window to %s: %w", ask.WindowEnd, err)
	}
	return o, nil
}

func (o *Overview) read(ctx context.Context, tx *db.Tx, ask Ask) error {
	c := newCount(ask, tx.Rules, ask.WindowEnd)
	if err := c.read(ctx, tx, wholeWindow...); err != nil {
		return err
	}
	o.Figures, o.Curve = c.figures(), c.last().waits.curve()
	var err error
	if o.Figures.Benchmarks, err = benchmarks(ctx, tx, nil); err != nil {
		return err
	}
	if err := tx.Get(ctx, &o.Expected, expectedSQL, c.last().start, ask.WindowEnd); err != nil {
		return err
	}
	return o.readMonthEnds(ctx, tx, ask, c.last())
}

// readMonthEnds counts M1 and M2 of ten years of month ends, and of the window a year before, and M2 of each month for the
// control chart. The window itself has been counted.
func (o *Overview) readMonthEnds(ctx context.Context, tx *db.Tx, ask Ask, window *tally) error {
	yearAgo := yearBefore(ask.WindowEnd)
	c, err := rolling(ctx, tx, ask, window, yearAgo)
	if err != nil {
		return err
	}
	o.Chart = c.chart()
	for _, t := range c.windows {
		w := t.rolling()
		if t.end == yearAgo {
			o.Past = &w
		}
		if begun := len(o.MonthEnds) > 0 || w.M1.Releases > 0; begun && (t.end != yearAgo || t.end == day.MonthEnd(t.end)) {
			o.MonthEnds = append(o.MonthEnds, w)
		}
	}
	return nil
}

// rolling counts M1 and M2 alone of the month ends since the first release, of the window itself and of others, and of the
// months that they end in. Where the window has been counted, it is not counted again; nil where it has not.
func rolling(ctx context.Context, tx *db.Tx, ask Ask, window *tally, others ...day.Date) (*count, error) {
	ends, err := monthEnds(ctx, tx, ask.WindowEnd)
	if err != nil {
		return nil, err
	}
	ends = append(append(ends, ask.WindowEnd), others...)
	slices.SortFunc(ends, day.Date.Compare)
	c := newCount(ask, tx.Rules, slices.Compact(ends)...)
	for _, w := range c.windows {
		if window != nil && w.end == window.end {
			w.all, w.lastMonth, w.filled = window.all, window.lastMonth, true
		}
	}
	open, err := c.restore(ctx, tx, false)
	if err != nil {
		return nil, err
	}
	return c, c.fill(ctx, tx, open, (*count).readRolling)
}

// monthEnds are the last days of the windows to a day and to the month ends before it, oldest first, ten years back at most;
// none of a window before the first release.
func monthEnds(ctx context.Context, tx *db.Tx, last day.Date) ([]day.Date, error) {
	ends := day.WindowEnds(last, MostMonths)
	var first *day.Date
	err := tx.Get(ctx, &first, `
		SELECT min(released_on)
		FROM referral
		WHERE released_on >= $1
		  AND set_aside IS NULL
		  AND withdrawn_on IS NULL
		  AND provider IS NOT NULL`, day.Window(ends[0]))
	if err != nil || first == nil {
		return nil, err
	}
	return slices.DeleteFunc(ends, func(end day.Date) bool { return end.Before(*first) }), nil
}

func (c *count) readRolling(ctx context.Context, tx *db.Tx) error {
	return c.each(ctx, tx, monthEndSQL, func(rows *sqlx.Rows) error {
		var cell int
		var r released
		if err := rows.Scan(&cell, &r.n); err != nil {
			return err
		}
		r.stretch, r.pickedUp, r.band = cell/10000, cell/10%1000, lateBand
		if cell%10 == 1 {
			r.band = 0
		}
		mature := c.days.mature(r.stretch, c.ask.DataThrough)
		c.over(r.stretch, func(w *tally) { w.addTotal(r, w.sumsOf(r, mature)) })
		return nil
	})
}

// windowed are the figures with the month ends before the window.
func (o *Overview) windowed() *Figures {
	f := *o.Figures
	f.Windows = []Window{*o.Figures.Last()}
	if n := len(o.MonthEnds); n > 0 {
		f.Windows = append(slices.Clone(o.MonthEnds[:n-1]), f.Windows...)
	}
	return &f
}

// Since is what reads otherwise than in the report sent before, as that report's readers would see it: comparing its rounded
// rates with exact ones would find revisions that there are not.
func (o *Overview) Since(ctx context.Context, tx *db.Tx, before Sent, now time.Time) (Revised, error) {
	out := Suppress(o.windowed(), o.Past, tx.Rules)
	err := out.Revise(ctx, tx, before, now)
	return out.Revised, err
}

// Exact puts the overview into the words and tables of the report, with exact counts: for signed-in people, and never to be
// sent. What is sent comes from Suppress under the partnership's own rules.
func (o *Overview) Exact(rules *config.Config) Outgoing {
	open := *rules
	open.Suppression.Enabled = false
	out := Suppress(o.windowed(), o.Past, &open)
	out.Judge(o.Chart)
	out.Footer = "Counts are exact, for people who are signed in: they are not to be passed on."
	return out
}
