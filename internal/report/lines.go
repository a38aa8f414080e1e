package report

import (
	"strconv"
	"strings"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
)

// lines are all figures one by one, for CSV and XLSX.
func lines(o continuity.Outgoing) []figureLine {
	own := figureLine{Start: o.Start.String(), End: o.End.String()}
	all := []figureLine{
		own.rate("M1 rolling three-month rate", o.M1),
		own.count("M1 not picked up, in their first three weeks", o.ThreeWeeks),
		own.rate("M2 within 21 days", o.M2),
		own.count("M2 awaiting outcome", o.Awaiting),
		own.rate("M2 adjusted", o.M2Adjusted),
	}
	for _, r := range o.Removed {
		all = append(all, own.of(r.Name).count("M2 adjustment", r.Count))
	}
	for _, b := range o.Breakdowns {
		for _, g := range b.Rows {
			all = append(all,
				own.of(b.Name+": "+g.Name).part("M1 rolling three-month rate", g.M1.PickedUp, g.M1.Releases, g.M1.Rate),
				own.of(b.Name+": "+g.Name).part("M2 within 21 days", g.M2.PickedUp, g.M2.Releases, g.M2.Rate))
		}
		all = append(all, own.of(b.Name+": "+sumOfShown).total("M1 rolling three-month rate", b.M1), own.of(b.Name+": "+sumOfShown).total("M2 within 21 days", b.M2))
	}
	for _, f := range o.Funnel {
		all = append(all, own.of(f.Name).count("Funnel", f.Count))
	}
	for _, t := range inDays(o.TimeToPickUp) {
		all = append(all, own.of(t.Name).count("Time to pick-up", t.Count))
	}
	for _, s := range o.Supporting {
		all = append(all, own.of(s.Name).part(s.ID, s.Numerator, s.Denominator, s.Rate))
	}
	for _, t := range o.Trend {
		month := figureLine{End: t.End.String()}
		all = append(all, month.rate("M1 rolling three-month rate at month end", t.Rate))
	}
	for _, r := range o.Revised.MonthEnd {
		all = append(all, figureLine{Start: day.Window(r.End).String(), End: r.End.String(), Figure: "Revised since the report before",
			Note: "we said " + r.Was + ", it is now " + r.Now + ": " + strings.Join(r.Why, "; ")})
	}
	return all
}

// sumOfShown is a breakdown's total. It has no rate: a group may be shown in the one sum and hidden in
// the other.
const sumOfShown = "sum of what is shown"

func (l figureLine) total(figure string, t continuity.ShownTotal) figureLine {
	l.Figure, l.Of, l.PickedUp = figure, t.Releases.Cell(), t.PickedUp.Cell()
	return l
}

func (l figureLine) of(group string) figureLine {
	l.Group = group
	return l
}

func (l figureLine) count(figure string, n continuity.Shown) figureLine {
	l.Figure, l.Of = figure, n.Cell()
	return l
}

func (l figureLine) part(figure string, some, all continuity.Shown, r continuity.ShownRate) figureLine {
	l.PickedUp = some.Cell()
	l = l.rate(figure, r)
	l.Of = all.Cell()
	return l
}

// rate is a rate with its interval; where there is no number to show, the note has the words.
func (l figureLine) rate(figure string, r continuity.ShownRate) figureLine {
	l.Figure, l.Of = figure, r.Of().Cell()
	percent, low, high, ok := r.Values()
	switch {
	case ok:
		l.Percent, l.Low, l.High = number(percent), number(low), number(high)
	case r.HasPercent():
		l.Percent = r.String()[:len(r.String())-1] // without its % sign
	default:
		l.Note = r.String()
	}
	return l
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
