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

// count is one answer in the making: some windows, and as many passes over the rows as they lie apart.
type count struct {
	ask     Ask
	rules   *config.Config
	windows []*tally             // oldest first
	values  [breakdowns][]string // the groups of each breakdown, in order

	open []*tally // the windows of this pass, oldest first
	days timeline // and their days
}

// tally is one window in the making; first to last are its stretches, month those of the month that it ends in, young those
// of its last three weeks.
type tally struct {
	start, end                day.Date
	first, month, young, last int

	filled bool // M1 and M2, which is all that is wanted of it, are taken from another count

	known kept                // what is known of it without the days that are counted by themselves
	alone []day.Date          // these; none: it is counted as one
	byDay map[day.Date]*tally // and what was counted of each

	all, lastMonth sums
	twice          int // releases of somebody released before in the same window
	inGroup        [breakdowns][]sums
	bands          [len(bands)]int
	senders        []sender // in the order of the prisons
	adjust         adjustment
	support        support
	waits          waits
}

// sums are what M1 and M2 are made of. Most that are kept of a day are 0, and are left out.
type sums struct {
	Releases, PickedUp, YoungWaiting int `json:",omitzero"`
	Mature, PickedUpInTime           int `json:",omitzero"`
}

func newCount(ask Ask, rules *config.Config, ends ...day.Date) *count {
	c := &count{ask: ask, rules: rules}
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
		c.windows = append(c.windows, &tally{start: day.Window(end), end: end})
	}
	return c
}

func (c *count) last() *tally { return c.windows[len(c.windows)-1] }

// reader takes the answer of one statement.
type reader func(*count, context.Context, *db.Tx) error

// everyFigure are the statements of a whole window.
var everyFigure = []reader{
	(*count).readRates, (*count).readPeople, (*count).readAdjusted, (*count).readLeadTimes, (*count).readAppointments,
	(*count).readNotReferred, (*count).readSMART, (*count).readCJIT,
}

// wholeWindow are these and the curve.
var wholeWindow = append(slices.Clone(everyFigure), (*count).readWaits)

// read fills the windows: from what is kept of them, and from the rows.
func (c *count) read(ctx context.Context, tx *db.Tx, readers ...reader) error {
	open, err := c.restore(ctx, tx, true)
	if err != nil {
		return err
	}
	return c.fill(ctx, tx, open, readers...)
}

// fill counts windows from the rows, in one pass for each run of them.
func (c *count) fill(ctx context.Context, tx *db.Tx, open []*tally, readers ...reader) error {
	for _, run := range runs(open) {
		c.begin(run)
		if err := c.makeReady(ctx, tx); err != nil {
			return err
		}
		for _, read := range readers {
			if err := read(c, ctx, tx); err != nil {
				return err
			}
		}
		for _, w := range run {
			c.addDays(w)
		}
	}
	return nil
}

// runs divides windows, oldest first, where a day lies between one and the next that is in neither.
func runs(windows []*tally) (list [][]*tally) {
	for i, w := range windows {
		if i == 0 || w.start.After(windows[i-1].end.Add(1)) {
			list = append(list, nil)
		}
		list[len(list)-1] = append(list[len(list)-1], w)
	}
	return list
}

// begin cuts the days of a run of windows.
func (c *count) begin(run []*tally) {
	var ends, alone []day.Date
	for _, w := range run {
		ends, alone = append(ends, w.end), append(alone, w.alone...)
	}
	c.open, c.days = run, newTimeline(ends, alone, c.ask.DataThrough)
	for _, w := range run {
		w.first, w.last = c.days.at(w.start), c.days.at(w.end)
		w.month, w.young = c.days.at(w.end.Add(1-w.end.Day())), c.days.at(w.end.Add(1-maturity))
		w.divide()
	}
}

// makeReady is for statements that add up a million rows, in parallel, or those of a few days; neither is compiled, which
// would take longer than they run.
func (c *count) makeReady(ctx context.Context, tx *db.Tx) error {
	plans := "force_custom_plan"
	if areFew(c.days.counted(c.open)) {
		plans = "force_generic_plan" // to plan a statement takes longer than to count a day
	}
	_, err := tx.Exec(ctx, `
		SELECT set_config('jit', 'off', true),
		  set_config('work_mem', '64MB', true),
		  set_config('random_page_cost', '1.1', true),
		  set_config('parallel_setup_cost', '0', true),
		  set_config('plan_cache_mode', $1, true)`, plans)
	return err
}

// each runs one counting statement, of today or as known at the moment asked for, and calls one with every row.
func (c *count) each(ctx context.Context, tx *db.Tx, text string, one func(*sqlx.Rows) error) error {
	return c.eachOf(ctx, tx, c.days, c.open, text, one)
}

// beside is each for what stands beside the rates: of the last window alone, where only that is asked for whole.
func (c *count) beside(ctx context.Context, tx *db.Tx, text string, one func(*sqlx.Rows) error) error {
	if !c.ask.LastWhole {
		return c.each(ctx, tx, text, one)
	}
	w := c.open[len(c.open)-1]
	if w != c.last() {
		return nil
	}
	return c.eachOf(ctx, tx, timeline{from: w.start, of: c.days.of[w.start.Sub(c.days.from):]}, []*tally{w}, text, one)
}

func (c *count) eachOf(ctx context.Context, tx *db.Tx, days timeline, windows []*tally, text string, one func(*sqlx.Rows) error) error {
	counted := days.counted(windows)
	if areFew(counted) {
		text = ofSomeDays(text)
	}
	args := []any{c.ask.DataThrough, days.from, pq.Array(days.of), pq.Array(counted)}
	if c.ask.AsKnownAt != nil {
		text = asKnownSQL + text
		args = append(args, c.ask.AsKnownAt.UTC().Format(time.RFC3339Nano))
	}
	return tx.EachOften(ctx, text, one, args...)
}

// over calls add with every window of this pass that holds the stretch, or with its day that is the stretch.
func (c *count) over(stretch int, add func(*tally)) {
	from, _ := slices.BinarySearchFunc(c.open, stretch, func(w *tally, s int) int { return w.last - s })
	for _, w := range c.open[from:] {
		if w.first > stretch {
			return
		}
		if w.alone == nil {
			add(w)
		} else if d := w.byDay[c.days.start[stretch]]; d != nil {
			add(d)
		}
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

// groupsOf finds the places of a breakdown's parts.
func (c *count) groupsOf(breakdown string) (at [breakdowns]int) {
	for kind, value := range strings.Split(breakdown, "|") {
		at[kind] = c.place(kind, value)
	}
	return at
}

// place is where a group stands in its breakdown. One that the settings do not name (a prison that has left them, an age
// nobody knows) is added.
func (c *count) place(kind int, value string) int {
	at := slices.Index(c.values[kind], value)
	if at < 0 {
		at = len(c.values[kind])
		c.values[kind] = append(c.values[kind], value)
	}
	return at
}

// sumsOf is what so many releases alike are to the window.
func (w *tally) sumsOf(r released, mature bool) (s sums) {
	s.Releases = r.n
	if r.pickedUp <= w.last {
		s.PickedUp = r.n
	} else if r.stretch >= w.young {
		s.YoungWaiting = r.n
	}
	if mature {
		s.Mature = r.n
		if r.band < lateBand {
			s.PickedUpInTime = r.n
		}
	}
	return s
}

func (w *tally) add(r released, groups [breakdowns]int, mature bool) {
	s := w.sumsOf(r, mature)
	if mature {
		w.bands[bandOf(r.band)] += r.n
	}
	w.addTotal(r, s)
	for kind, at := range groups {
		w.group(kind, at).add(s)
	}
	w.sender(groups[prison]).add(groups, r.n)
}

// addTotal adds to the window's totals alone.
func (w *tally) addTotal(r released, s sums) {
	w.all.add(s)
	if r.stretch >= w.month {
		w.lastMonth.add(s)
	}
}

// group is one group's sums.
func (w *tally) group(kind, at int) *sums {
	for len(w.inGroup[kind]) <= at {
		w.inGroup[kind] = append(w.inGroup[kind], sums{})
	}
	return &w.inGroup[kind][at]
}

func (s *sums) add(more sums) {
	s.Releases += more.Releases
	s.PickedUp += more.PickedUp
	s.YoungWaiting += more.YoungWaiting
	s.Mature += more.Mature
	s.PickedUpInTime += more.PickedUpInTime
}

func (s sums) m1() Rate { return rateOf(s.PickedUp, s.Releases) }
func (s sums) m2() Rate { return rateOf(s.PickedUpInTime, s.Mature) }

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
	Removed         Removed
	RemovedPickedUp int // of the removed, those whom M2 counted as picked up
	Elsewhere       int
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
			a.Elsewhere += n
		}
		return
	case "died":
		a.Removed.Died += n
	case "returned_to_custody":
		a.Removed.ReturnedToCustody += n
	case "moved_area":
		a.Removed.MovedArea += n
	}
	if pickedUp {
		a.RemovedPickedUp += n
	}
}
