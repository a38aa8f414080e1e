package report

import (
	"strconv"
	"strings"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
)

// Sheet is a table of figures under its name, for CSV and XLSX.
type Sheet struct {
	Name  string
	Lines []Line
}

// Line is one figure as CSV and XLSX carry it; what is hidden is "*", what does not exist "".
type Line struct {
	Start, End, Figure, Group, Of, PickedUp, Percent, Low, High, Note string
}

var columns = []string{
	"Window start", "Window end", "Figure", "Group", "Of", "Of these", "Per cent", "95% low", "95% high", "Note",
}

func (l Line) cells() []string {
	return []string{l.Start, l.End, l.Figure, l.Group, l.Of, l.PickedUp, l.Percent, l.Low, l.High, l.Note}
}

// What the figures are called in files.
const (
	NameM1       = "M1 rolling three-month rate"
	NameM2       = "M2 within 21 days"
	nameAdjusted = "M2 adjusted"
)

// Sheets are all figures one by one, table by table.
func Sheets(o continuity.Outgoing) []Sheet {
	own := Line{Start: o.Start.String(), End: o.End.String()}
	sheets := []Sheet{{"Rates", rateLines(o, own)}}
	for _, b := range o.Breakdowns {
		sheets = append(sheets, Sheet{"By " + b.Name, breakdownLines(b, own)})
	}
	funnel, days, beside, ends := Sheet{Name: "Funnel"}, Sheet{Name: "Time to pick-up"}, Sheet{Name: "Beside the rate"}, Sheet{Name: "Month ends"}
	for _, f := range o.Funnel {
		funnel.Lines = append(funnel.Lines, own.of(f.Name).count("Funnel", f.Count))
	}
	for _, t := range inDays(o.TimeToPickUp) {
		days.Lines = append(days.Lines, own.of(t.Name).count("Time to pick-up", t.Count))
	}
	for _, s := range o.Supporting {
		beside.Lines = append(beside.Lines, own.of(s.Name).part(s.ID, s.Numerator, s.Denominator, s.Rate))
	}
	for _, t := range o.Trend {
		at := Line{Start: day.Window(t.End).String(), End: t.End.String()}
		ends.Lines = append(ends.Lines, at.rate(NameM1, t.Rate))
	}
	return append(sheets, funnel, days, beside, ends, revisedSheet(o))
}

func rateLines(o continuity.Outgoing, own Line) []Line {
	lines := []Line{
		own.rate(NameM1, o.M1),
		own.count("M1 not picked up, in their first three weeks", o.ThreeWeeks),
		own.rate(NameM2, o.M2),
		own.count("M2 awaiting outcome", o.Awaiting),
		own.rate(nameAdjusted, o.M2Adjusted),
	}
	for _, r := range o.Removed {
		lines = append(lines, own.of(r.Name).count("M2 adjustment", r.Count))
	}
	return lines
}

func breakdownLines(b continuity.Breakdown, own Line) (lines []Line) {
	for _, g := range b.Rows {
		group := own.of(b.Name + ": " + g.Name)
		lines = append(lines, group.part(NameM1, g.M1.PickedUp, g.M1.Releases, g.M1.Rate), group.part(NameM2, g.M2.PickedUp, g.M2.Releases, g.M2.Rate))
	}
	all := own.of(b.Name + ": " + sumOfShown)
	return append(lines, all.total(NameM1, b.M1), all.total(NameM2, b.M2))
}

func revisedSheet(o continuity.Outgoing) Sheet {
	s := Sheet{Name: "Revised"}
	for _, r := range o.Revised.MonthEnd {
		s.Lines = append(s.Lines, Line{Start: day.Window(r.End).String(), End: r.End.String(), Figure: "Revised since the report before",
			Note: "we said " + r.Was + ", it is now " + r.Now + ": " + strings.Join(r.Why, "; ")})
	}
	return s
}

// sumOfShown is a breakdown's total. It has no rate: a group may be shown in the one sum and hidden in
// the other.
const sumOfShown = "sum of what is shown"

func (l Line) total(figure string, t continuity.ShownTotal) Line {
	l.Figure, l.Of, l.PickedUp = figure, t.Releases.Cell(), t.PickedUp.Cell()
	return l
}

func (l Line) of(group string) Line {
	l.Group = group
	return l
}

func (l Line) count(figure string, n continuity.Shown) Line {
	l.Figure, l.Of = figure, n.Cell()
	return l
}

func (l Line) part(figure string, some, all continuity.Shown, r continuity.ShownRate) Line {
	l.PickedUp = some.Cell()
	l = l.rate(figure, r)
	l.Of = all.Cell()
	return l
}

// rate is a rate with its interval; where there is no number to show, the note has the words.
func (l Line) rate(figure string, r continuity.ShownRate) Line {
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
