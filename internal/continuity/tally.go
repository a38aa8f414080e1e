package continuity

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
)

// notRecorded is the group of what nobody wrote down.
const notRecorded = "not recorded"

// The parts of a release's breakdown, in the order of the database's function breakdown_of.
const (
	prison = iota
	substanceGroup
	sex
	ageBand
	notice
	breakdowns
)

// count is one answer in the making.
type count struct {
	ask     Ask
	rules   *config.Config
	days    timeline
	windows []*tally
	values  [breakdowns][]string // the groups of each breakdown, in order
}

// tally is one window in the making; first to last are its stretches, young those of its last three weeks.
type tally struct {
	start, end         day.Date
	first, young, last int

	all     sums
	twice   int // releases of somebody released before in the same window
	inGroup [breakdowns][]sums
	bands   [len(bands)]int
	present present
	adjust  adjustment
	support support
}

// sums are what M1 and M2 are made of.
type sums struct {
	releases, pickedUp, youngWaiting int
	mature, pickedUpInTime           int
}

func newCount(ask Ask, rules *config.Config) *count {
	ends := day.WindowEnds(ask.WindowEnd, ask.Months)
	c := &count{ask: ask, rules: rules, days: newTimeline(ends, ask.DataThrough)}
	c.values = [breakdowns][]string{
		substanceGroup: config.SubstanceGroups(),
		sex:            {"female", "male", "not_known", "not_specified"},
		ageBand:        {"18-29", "30-39", "40-49", "50+"},
		notice:         {"planned", "unplanned", notRecorded},
	}
	for _, p := range rules.Prisons {
		c.values[prison] = append(c.values[prison], p.Code)
	}
	for _, end := range ends {
		c.windows = append(c.windows, c.tallyOf(end))
	}
	return c
}

// tallyOf is the empty tally of the window that ends on a day.
func (c *count) tallyOf(end day.Date) *tally {
	w := &tally{start: day.Window(end), end: end}
	w.first, w.young, w.last = c.days.at(w.start), c.days.at(end.Add(1-maturity)), c.days.at(end)
	return w
}

// read takes the answers of every statement.
func (c *count) read(ctx context.Context, tx *db.Tx) error {
	if err := inBulk(ctx, tx); err != nil {
		return err
	}
	for _, read := range []func(context.Context, *db.Tx) error{
		c.readRates, c.readPeople, c.readAdjusted, c.readLeadTimes, c.readAppointments, c.readNotReferred, c.readSMART, c.readCJIT,
	} {
		if err := read(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// each runs one counting statement, of today or as known at the moment asked for, and calls one with every row.
func (c *count) each(ctx context.Context, tx *db.Tx, text string, one func(*sqlx.Rows) error) error {
	return c.eachOf(ctx, tx, c.days, text, one)
}

// beside is each for what stands beside the rates: of the last window alone, where only that is asked for whole.
func (c *count) beside(ctx context.Context, tx *db.Tx, text string, one func(*sqlx.Rows) error) error {
	days := c.days
	if c.ask.LastWhole {
		from := c.windows[len(c.windows)-1].start
		days.from, days.of = from, days.of[from.Sub(days.from):]
	}
	return c.eachOf(ctx, tx, days, text, one)
}

func (c *count) eachOf(ctx context.Context, tx *db.Tx, days timeline, text string, one func(*sqlx.Rows) error) error {
	args := []any{c.ask.DataThrough, days.from, pq.Array(days.of)}
	if c.ask.AsKnownAt != nil {
		text = asKnownSQL + text
		args = append(args, c.ask.AsKnownAt.UTC().Format(time.RFC3339Nano))
	}
	return tx.Each(ctx, text, one, args...)
}

// over calls add with every window that holds the stretch.
func (c *count) over(stretch int, add func(*tally)) {
	from, _ := slices.BinarySearchFunc(c.windows, stretch, func(w *tally, s int) int { return w.last - s })
	for _, w := range c.windows[from:] {
		if w.first > stretch {
			return
		}
		add(w)
	}
}

// released is a row of rate.sql: so many releases, alike in everything that is counted.
type released struct {
	stretch   int
	pickedUp  int // the stretch of the pick-up; 999 without one, and when it lies after the last window
	band      int // of days to the pick-up; 9 without one
	breakdown string
	n         int
}

func (c *count) readRates(ctx context.Context, tx *db.Tx) error {
	known := map[string][breakdowns]int{}
	return c.each(ctx, tx, rateSQL, func(rows *sqlx.Rows) error {
		var r released
		var cell int
		if err := rows.Scan(&cell, &r.breakdown, &r.n); err != nil {
			return err
		}
		r.stretch, r.pickedUp, r.band = cell/10000, cell/10%1000, cell%10
		groups, ok := known[r.breakdown]
		if !ok {
			groups = c.groupsOf(r.breakdown)
			known[r.breakdown] = groups
		}
		c.over(r.stretch, func(w *tally) { w.add(r, groups, c.days.mature(r.stretch, c.ask.DataThrough)) })
		return nil
	})
}

// groupsOf finds the places of a breakdown's parts, adding a group that the settings do not name: a prison that has left
// them, an age nobody knows.
func (c *count) groupsOf(breakdown string) (at [breakdowns]int) {
	for kind, value := range strings.Split(breakdown, "|") {
		if at[kind] = slices.Index(c.values[kind], value); at[kind] < 0 {
			at[kind] = len(c.values[kind])
			c.values[kind] = append(c.values[kind], value)
		}
	}
	return at
}

// sumsOf is what so many releases alike are to the window.
func (w *tally) sumsOf(r released, mature bool) (s sums) {
	s.releases = r.n
	if r.pickedUp <= w.last {
		s.pickedUp = r.n
	} else if r.stretch >= w.young {
		s.youngWaiting = r.n
	}
	if mature {
		s.mature = r.n
		if r.band < lateBand {
			s.pickedUpInTime = r.n
		}
	}
	return s
}

func (w *tally) add(r released, groups [breakdowns]int, mature bool) {
	s := w.sumsOf(r, mature)
	if mature {
		w.bands[bandOf(r.band)] += r.n
	}
	w.all.add(s)
	for kind, at := range groups {
		for len(w.inGroup[kind]) <= at {
			w.inGroup[kind] = append(w.inGroup[kind], sums{})
		}
		w.inGroup[kind][at].add(s)
	}
	w.present.add(groups, r.n)
}

func (s *sums) add(more sums) {
	s.releases += more.releases
	s.pickedUp += more.pickedUp
	s.youngWaiting += more.youngWaiting
	s.mature += more.mature
	s.pickedUpInTime += more.pickedUpInTime
}

func (s sums) m1() Rate { return rateOf(s.pickedUp, s.releases) }
func (s sums) m2() Rate { return rateOf(s.pickedUpInTime, s.mature) }

func rateOf(x, n int) Rate { return Rate{n, x, ShareOf(x, n)} }

func (c *count) readPeople(ctx context.Context, tx *db.Tx) error {
	return c.beside(ctx, tx, peopleSQL, func(rows *sqlx.Rows) error {
		var stretch, earlier, n int
		if err := rows.Scan(&stretch, &earlier, &n); err != nil {
			return err
		}
		c.over(stretch, func(w *tally) {
			if earlier >= w.first {
				w.twice += n
			}
		})
		return nil
	})
}

// adjustment is what M2 adjusted takes out of M2 and adds to it.
type adjustment struct {
	removed         Removed
	removedPickedUp int // of the removed, those whom M2 counted as picked up
	elsewhere       int
}

func (c *count) readAdjusted(ctx context.Context, tx *db.Tx) error {
	return c.beside(ctx, tx, adjustedSQL, func(rows *sqlx.Rows) error {
		var stretch, n int
		var removedAs string
		var pickedUp, elsewhere bool
		if err := rows.Scan(&stretch, &removedAs, &pickedUp, &elsewhere, &n); err != nil {
			return err
		}
		c.over(stretch, func(w *tally) { w.adjust.add(removedAs, pickedUp, elsewhere, n) })
		return nil
	})
}

func (a *adjustment) add(removedAs string, pickedUp, elsewhere bool, n int) {
	switch removedAs {
	case "":
		if elsewhere && !pickedUp {
			a.elsewhere += n
		}
		return
	case "died":
		a.removed.Died += n
	case "returned_to_custody":
		a.removed.ReturnedToCustody += n
	case "moved_area":
		a.removed.MovedArea += n
	}
	if pickedUp {
		a.removedPickedUp += n
	}
}
