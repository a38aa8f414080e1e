package web

import (
	"fmt"
	"slices"

	"throughgate/config"
	"throughgate/internal/continuity"
	"throughgate/internal/picture"
	"throughgate/internal/report"
)

func groupLines(groups continuity.Groups, name func(string) string) (list []line) {
	for _, g := range groups {
		list = append(list, line{name(g.Name), []string{rateCell(g.M1), rateCell(g.M2)}})
	}
	return list
}

// rateCell is "14 of 37, 37.8%".
func rateCell(r continuity.Rate) string { return countsCell(r.PickedUp, r.Releases, r.Share) }

// countsCell breaks nowhere but after its comma, so that it fits a phone in two lines.
func countsCell(some, all int, s continuity.Share) string {
	counts := fmt.Sprintf("%d\u00a0of\u00a0%d", some, all)
	if s.Percent == nil {
		return counts
	}
	return counts + ", " + s.Percent.String() + "%"
}

func intervalCell(s continuity.Share) string {
	if s.CI95 == nil {
		return "–"
	}
	return s.CI95.Low.String() + "% to " + s.CI95.High.String() + "%"
}

func figureCells(f continuity.Figure) []string {
	return []string{countsCell(f.Numerator, f.Denominator, f.Share), intervalCell(f.Share), fmt.Sprint(f.NotRecorded)}
}

// supportingLines are S1 to S11, each with what it means.
func supportingLines(s continuity.Supporting) []explained {
	one := func(name, id string, f continuity.Figure) explained {
		return explained{line{name, figureCells(f)}, meaningOf(id)}
	}
	median := "–"
	if s.S4.MedianDays != nil {
		median = fmt.Sprintf("%v days", *s.S4.MedianDays)
	}
	return []explained{
		one("Appointment booked by the day of release", "s1", s.S1),
		one("Appointment offered within 21 days", "s2", s.S2),
		one("Appointments attended", "s3", s.S3),
		{line{"Referral to release, median", []string{median, "–", fmt.Sprint(s.S4.Share14Days.NotRecorded)}}, "Days from the referral to the release; half are referred earlier."},
		one("Referred 14 days or more before release", "s4", s.S4.Share14Days),
		one("Referred, of all with a need", "s6", s.S6),
		one("Alcohol only, of all referred", "s7", s.S7.Figure),
		one("CJIT contact", "cjit", s.CJIT),
		one("Bridging prescription reaches the first appointment", "s8", s.S8),
		one("Naloxone supplied, of the opiate group", "s9", s.S9),
		one("SMART in prison to SMART in the community", "s10", s.S10),
		one("Referred to RECONNECT", "s11", s.S11),
		one("Mandatory fields filled in", "s12", s.S12.Figure),
	}
}

// meaningOf is a figure's definition, as the workbook's notes have it.
func meaningOf(id string) string {
	i := slices.IndexFunc(report.Definitions, func(t report.Term) bool { return t.Name == id })
	return report.Definitions[i].Text
}

var rateColumns = []string{"Within three months", "Within 21 days"}

func alcoholTable(s continuity.Supporting) table {
	return table{Title: "Alcohol only", First: "Group", Columns: rateColumns,
		Rows: []line{{"Alcohol only", []string{rateCell(s.S7.M1), rateCell(s.S7.M2)}}}}
}

func fieldTable(c continuity.Completeness) table {
	t := table{Title: "Filled in, by field", First: "Field", Columns: []string{"Filled in"}}
	for _, p := range c.ByField {
		t.Rows = append(t.Rows, line{say(p.Name), figureCells(p.Figure)[:1]})
	}
	return t
}

func senderTable(c continuity.Completeness, rules *config.Config) table {
	t := table{Title: "Filled in, by sender", First: "Sender", Columns: []string{"Filled in"}}
	for _, p := range c.BySender {
		t.Rows = append(t.Rows, line{nameOf(rules, p.Name), figureCells(p.Figure)[:1]})
	}
	return t
}

// endsTable is the history: the windows that ended on each month end, newest first.
func endsTable(ends []continuity.Window) table {
	t := table{Title: "Three months to the end of each month", First: "Three months to", Columns: rateColumns}
	for _, w := range slices.Backward(ends) {
		t.Rows = append(t.Rows, line{w.End.Long(), []string{countsCell(w.M1.PickedUp, w.M1.Releases, w.M1.Share), countsCell(w.M2.PickedUp, w.M2.Releases, w.M2.Share)}})
	}
	return t
}

// pictured are the month ends that the picture of the rate shows.
func pictured(ends []continuity.Window, shown int) table {
	t := table{Title: "The same as a table", First: "Three months to", Columns: []string{"Picked up", "95% interval"}}
	for _, w := range slices.Backward(ends[max(0, len(ends)-shown):]) {
		t.Rows = append(t.Rows, line{w.End.Long(), []string{countsCell(w.M1.PickedUp, w.M1.Releases, w.M1.Share), intervalCell(w.M1.Share)}})
	}
	return t
}

// whyFlagged is what the rules of the control chart are called.
var whyFlagged = map[continuity.Rule]string{
	continuity.OutsideLimit: "outside a limit", continuity.Trend: "one of seven in a row rising or falling",
	continuity.TwoOfThree: "two of three close to a limit", continuity.Shift: "one of seven in a row on one side of the mean",
}

func chartTable(c *continuity.ControlChart) table {
	t := table{Title: "The same as a table", First: "Month of release", Columns: []string{"Within 21 days", "What it shows"}}
	for _, m := range slices.Backward(c.Months) {
		t.Rows = append(t.Rows, line{picture.Month(m.Start), []string{countsCell(m.PickedUp, m.Releases, continuity.ShareOf(m.PickedUp, m.Releases)), signalWords(m)}})
	}
	return t
}

func signalWords(m continuity.ChartMonth) string {
	switch {
	case m.Releases == 0:
		return "no releases"
	case m.Signal.Improvement():
		return "improvement: " + whyFlagged[m.Signal.Rule]
	case m.Signal.Concern():
		return "concern: " + whyFlagged[m.Signal.Rule]
	}
	return byChance
}

// curveTable has the days on which something happened, and those that the picture names.
func curveTable(c continuity.Curve) table {
	t := table{Title: "The same as a table", First: "Day", Columns: []string{"Still waiting", "Picked up", "Share so far (95% interval)"}}
	for i, d := range c {
		if d.PickedUp+d.Censored == 0 && i%21 != 0 && i != len(c)-1 {
			continue
		}
		share := tenths(d.Share) + "%"
		if d.CI95 != nil {
			share += " (" + tenths(d.CI95.Low) + "% to " + tenths(d.CI95.High) + "%)"
		}
		t.Rows = append(t.Rows, line{fmt.Sprint(i), []string{fmt.Sprint(d.AtRisk), fmt.Sprint(d.PickedUp), share}})
	}
	return t
}
