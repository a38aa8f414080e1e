package continuity

import (
	"context"
	"fmt"
	"slices"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
)

// ControlChart is the XmR chart of M2 by calendar month of release (NHS England, Making Data Count). It shows exact monthly
// points and is for signed-in people; what goes out carries its Verdict.
type ControlChart struct {
	DataThrough day.Date
	Months      []ChartMonth // oldest first, from the first month with releases
	Parts       []ChartPart  // oldest first; each month lies in one
}

// ChartMonth is a month with what the rules make of it. A month without releases is a gap: no point, no signal.
type ChartMonth struct {
	Month
	Signal Signal
}

// ChartPart is a run of months judged by limits of their own. The first begins with the chart, every other one with a
// documented change of the pathway.
type ChartPart struct {
	First, Last   int    // its months, as places in Months, both inclusive
	Change        string // what began it, in the words of the settings; "" of the first
	Points        int    // months with releases
	Centre        float64
	Limits        *Limits // unclipped, as the rules use them; nil where there are none
	WithoutLimits string  // why there are none
}

// Trial says that the limits come from fewer than 12 points and will still move.
func (p ChartPart) Trial() bool { return p.Limits != nil && p.Points < fullFrom }

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

// Chart draws the control chart of the mature months that end by W, back to the first with releases, ten years at most.
func Chart(ctx context.Context, pool *db.Pool, ask Ask) (chart *ControlChart, err error) {
	if ask, err = ask.checked(); err != nil {
		return nil, err
	}
	err = pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		c, err := rolling(ctx, tx, ask, nil)
		if err == nil {
			chart = c.chart()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the months to %s: %w", ask.WindowEnd, err)
	}
	return chart, nil
}

// chart is the control chart of the month ends among the windows that are mature: 21 days old at T. It begins with the first
// that has releases.
func (c *count) chart() *ControlChart {
	var months []Month
	for _, w := range c.windows {
		mature := w.end == day.MonthEnd(w.end) && !w.end.Add(maturity).After(c.ask.DataThrough)
		if m := w.lastMonth; mature && (len(months) > 0 || m.Releases > 0) {
			months = append(months, Month{w.end.Add(1 - w.end.Day()), m.Mature, m.PickedUpInTime})
		}
	}
	return chartOf(months, changes(c.rules.Report), c.ask.DataThrough)
}

// change is a documented change of the pathway that starts new limits, on the first day of a month.
type change struct {
	month day.Date
	what  string
}

// changes are those of the settings that start new limits.
func changes(r config.Report) (list []change) {
	for _, on := range r.NewLimits {
		if d, err := day.Parse(on); err == nil { // the settings are checked when they are read
			list = append(list, change{wholeMonth(d), r.PathwayChanges[on]})
		}
	}
	return list
}

// wholeMonth is the first day of the first month that lies wholly after the change.
func wholeMonth(d day.Date) day.Date {
	if d.Day() == 1 {
		return d
	}
	return day.MonthEnd(d).Add(1)
}

// chartOf judges the months, part by part: rules and moving ranges do not reach across a change.
func chartOf(months []Month, changes []change, through day.Date) *ControlChart {
	c := &ControlChart{DataThrough: through}
	for i, m := range months {
		c.Months = append(c.Months, ChartMonth{Month: m})
		part := ChartPart{First: i, Last: i}
		began := slices.IndexFunc(changes, func(one change) bool { return one.month == m.Start })
		switch {
		case began >= 0:
			part.Change = changes[began].what
			c.Parts = append(c.Parts, part)
		case i == 0:
			c.Parts = append(c.Parts, part)
		}
		c.Parts[len(c.Parts)-1].Last = i
	}
	for i := range c.Parts {
		c.judge(&c.Parts[i])
	}
	return c
}

// judge gives a part its centre and limits, and its months their signals.
func (c *ControlChart) judge(p *ChartPart) {
	points, at := c.readings(*p)
	p.Points, p.Centre = len(points), centreOf(points)
	p.Limits, p.WithoutLimits = limitsOf(points)
	for i, s := range signals(points, p.Centre, p.Limits) {
		c.Months[at[i]].Signal = s
	}
}

// readings are the points of a part, with their places in Months.
func (c *ControlChart) readings(p ChartPart) (points []reading, at []int) {
	for i := p.First; i <= p.Last; i++ {
		if percent, ok := c.Months[i].Percent(); ok {
			points = append(points, reading{percent, len(at) > 0 && at[len(at)-1] != i-1})
			at = append(at, i)
		}
	}
	return points, at
}

// latest is the last month with releases, and the part it lies in; false of an empty chart. A part that has only just
// begun, and has no releases yet, says nothing.
func (c *ControlChart) latest() (m ChartMonth, p ChartPart, ok bool) {
	for _, p := range slices.Backward(c.Parts) {
		for i := p.Last; i >= p.First; i-- {
			if c.Months[i].Releases > 0 {
				return c.Months[i], p, true
			}
		}
	}
	return m, p, false
}
