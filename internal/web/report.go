package web

import (
	"fmt"
	"net/http"
	"slices"

	"throughgate/config"
	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/problem"
)

// pastMonths is how many month ends stand in the table of the rate's past.
const pastMonths = 12

// reportBody is the report for signed-in people: exact counts, never a person.
type reportBody struct {
	Partnership   string
	Start, End    string
	Through       string
	ToYesterday   bool // as the page opens by itself, and not for another window
	M1, M2, M2Adj headline
	Compared      []string
	Groups        []breakdown
	Supporting    []line
	Times         []line
	Months        breakdown // the windows that ended on the month ends before
	Made          []fact
	CanSend       bool
	Fields        []field
}

// headline is one of the three rates.
type headline struct {
	Percent, Of, Interval, Beside string
}

// breakdown is M1 and M2 by the values of one kind.
type breakdown struct {
	Title string
	Rows  []line
}

// line is a row of a table of figures.
type line struct {
	Name  string
	Cells []string
}

// report shows the figures to yesterday, or of the window that the address names.
func (v *visit) report() error {
	yesterday := day.Of(v.now).Add(-1)
	end, through, wrong := v.window(yesterday)
	f, err := continuity.Count(v.ctx, v.Pool, continuity.Ask{WindowEnd: end, DataThrough: through, Months: pastMonths + 1, Today: day.Of(v.now)})
	if asked, refused := err.(*problem.Invalid); refused {
		wrong = asked
		f, err = continuity.Count(v.ctx, v.Pool, continuity.Ask{WindowEnd: yesterday, Months: pastMonths + 1, Today: day.Of(v.now)})
	}
	if err != nil {
		return err
	}
	typed := form{}
	for _, name := range []string{"window_end-day", "window_end-month", "window_end-year", "data_through-day", "data_through-month", "data_through-year"} {
		typed[name] = v.web.QueryParam(name)
	}
	fields, mistakes := fill(v.windowFields(), typed, wrong)
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	body := v.reportBody(f)
	body.Fields, body.ToYesterday = fields, f.Last().End == yesterday && f.DataThrough == yesterday
	return v.draw(status, "report.html", page{Title: "Report", Faults: mistakes, Body: body})
}

func (v *visit) windowFields() []field {
	return []field{
		{Name: "window_end", Label: "Last day of the three months", Kind: "date", Hint: v.example()},
		{Name: "data_through", Label: "Last day that the data cover (optional)", Kind: "date", Hint: "Yesterday, unless you enter another"},
	}
}

// window is what the address asks for: window_end=2023-12-31, or the three boxes of the form.
func (v *visit) window(yesterday day.Date) (end, through day.Date, wrong *problem.Invalid) {
	var faults problem.Corrections
	read := func(name string) (d day.Date) {
		text := v.web.QueryParam(name)
		if text == "" {
			text = form{name + "-day": v.web.QueryParam(name + "-day"), name + "-month": v.web.QueryParam(name + "-month"), name + "-year": v.web.QueryParam(name + "-year")}.date(name)
		}
		if text == "" {
			return d
		}
		d, err := day.Parse(text)
		if err != nil {
			faults.Add(name, "date", "Enter a real date: day, month and year in figures")
		}
		return d
	}
	end, through = read("window_end"), read("data_through")
	if end.IsZero() {
		end = yesterday
	}
	if len(faults) > 0 {
		return yesterday, day.Date{}, &problem.Invalid{Corrections: faults}
	}
	return end, through, nil
}

func (v *visit) reportBody(f *continuity.Figures) reportBody {
	w, rules := f.Last(), v.Pool.Rules
	b := reportBody{
		Partnership: f.Partnership, Start: w.Start.Long(), End: w.End.Long(), Through: f.DataThrough.Long(),
		M1: headlineOf(w.M1.PickedUp, w.M1.Releases, w.M1.Share,
			fmt.Sprintf("%s. Of those not picked up, %d were released in the last three weeks.", count(w.M1.People, "person", "people"), w.M1.FirstThreeWeeks)),
		M2: headlineOf(w.M2.PickedUp, w.M2.Releases, w.M2.Share,
			fmt.Sprintf("%d more await their outcome: their 21 days are not over.", w.M2.Awaiting)),
		M2Adj:    headlineOf(w.M2Adjusted.PickedUp, w.M2Adjusted.Releases, w.M2Adjusted.Share, adjustedWords(w.M2Adjusted)),
		Compared: compared(f, rules),
		Groups: []breakdown{
			{"By substance group", groupLines(w.BySubstanceGroup, sayWord)},
			{"By prison", groupLines(w.ByPrison, func(code string) string { return nameOf(rules, code) })},
			{"By sex", groupLines(w.BySex, sayWord)},
			{"By age at release", groupLines(w.ByAgeBand, sayWord)},
			{"By notice", groupLines(w.ByNotice, sayWord)},
		},
		Supporting: supportingLines(w.Supporting), Times: timeLines(w.Supporting.S5), Months: breakdown{"Three months to the end of each month", pastLines(f)},
		CanSend: v.who.Must(senders...) == nil && v.SendLatestReport != nil,
	}
	b.Made = []fact{
		{"Definition", "measure " + f.Measure},
		{"Window", w.Start.Long() + " to " + w.End.Long() + ", both days included"},
		{"Data through", f.DataThrough.Long()},
		{"Counts", "exact, for people who are signed in. What goes out by email is rounded, and small numbers are hidden"},
		{"Made", moment(v.now, v.now)},
	}
	return b
}

// sayWord is what a breakdown's value is called: "non-opiate only" as well as "not_known".
func sayWord(value string) string { return say(value) }

func headlineOf(x, n int, s continuity.Share, beside string) headline {
	if s.Percent == nil {
		return headline{Percent: "No releases", Of: "Nobody to count in this window.", Beside: beside}
	}
	return headline{s.Percent.String() + "%", fmt.Sprintf("%d of %s picked up", x, count(n, "release", "releases")), intervalWords(s), beside}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func intervalWords(s continuity.Share) string {
	if s.CI95 == nil {
		return ""
	}
	return fmt.Sprintf("95%% interval %s%% to %s%%", s.CI95.Low, s.CI95.High)
}

func adjustedWords(a continuity.Adjusted) string {
	return fmt.Sprintf("Left out: %d died, %d returned to custody, %d moved away. Counted as picked up: %d by another provider.",
		a.Removed.Died, a.Removed.ReturnedToCustody, a.Removed.MovedArea, a.PickedUpElsewhere)
}

// compared says M1 against its own past and the local target, M2 against England and the ambition.
func compared(f *continuity.Figures, rules *config.Config) (said []string) {
	w := f.Last()
	if past := before(f); past != nil && w.M1.Releases > 0 {
		points, ci := continuity.Difference(w.M1.PickedUp, w.M1.Releases, past.M1.PickedUp, past.M1.Releases)
		said = append(said, fmt.Sprintf("Within three months: %s points against %s%% in the three months to %s (95%% interval %s to %s points).",
			signed(points), past.M1.Percent, past.End.Long(), ci.Low, ci.High))
	}
	if t := rules.Partnership.LocalTarget; t > 0 && w.M1.CI95 != nil {
		said = append(said, fmt.Sprintf("Within three months: %s the local target of %v%%.", against(w.M1.Share, t), t))
	}
	if w.M2.CI95 == nil {
		return said
	}
	for _, b := range continuity.Comparators(rules.Benchmarks, w.End) {
		said = append(said, fmt.Sprintf("Within 21 days: %s %s, %v%% (%s, %s, indicator %s as published in %s). %s counts everyone transferred with a need; ours, everyone referred.",
			against(w.M2.Share, b.Percent), b.Area, b.Percent, b.Period, b.PeriodType, b.Indicator, b.Vintage, b.Indicator))
	}
	if a := rules.Partnership.Ambition; a > 0 {
		said = append(said, fmt.Sprintf("Within 21 days: %s the national ambition of %v%%.", against(w.M2.Share, a), a))
	}
	return said
}

// before is the newest window that shares no day with the last one and has releases: only then can
// their difference be judged.
func before(f *continuity.Figures) *continuity.Window {
	for _, w := range slices.Backward(f.Windows) {
		if w.End.Before(f.Last().Start) && w.M1.Releases > 0 {
			return &w
		}
	}
	return nil
}

// against is "similar to" when the comparator lies inside the interval or on its bound.
func against(s continuity.Share, percent float64) string {
	switch low, high := float64(s.CI95.Low)/10, float64(s.CI95.High)/10; {
	case percent < low:
		return "better than"
	case percent > high:
		return "worse than"
	}
	return "similar to"
}

func signed(t continuity.Tenth) string {
	if t > 0 {
		return "+" + t.String()
	}
	return t.String()
}

func groupLines(groups continuity.Groups, name func(string) string) (list []line) {
	for _, g := range groups {
		list = append(list, line{name(g.Name), append(rateCells(g.M1), rateCells(g.M2)...)})
	}
	return list
}

func rateCells(r continuity.Rate) []string {
	return []string{fmt.Sprintf("%d of %d", r.PickedUp, r.Releases), percentCell(r.Share)}
}

func percentCell(s continuity.Share) string {
	if s.Percent == nil {
		return "–"
	}
	return s.Percent.String() + "%"
}

func supportingLines(s continuity.Supporting) []line {
	one := func(name string, f continuity.Figure) line {
		return line{name, []string{fmt.Sprintf("%d of %d", f.Numerator, f.Denominator), percentCell(f.Share), fmt.Sprint(f.NotRecorded)}}
	}
	median := "–"
	if s.S4.MedianDays != nil {
		median = fmt.Sprintf("%v days", *s.S4.MedianDays)
	}
	return []line{
		one("Appointment booked by the day of release", s.S1),
		one("Appointment offered within 21 days", s.S2),
		one("Appointments attended", s.S3),
		{"Referral to release, median", []string{median, "", ""}},
		one("Referred 14 days or more before release", s.S4.Share14Days),
		one("Referred, of all with a need", s.S6),
		one("Alcohol only, of all referred", s.S7.Figure),
		one("Bridging prescription reaches the first appointment", s.S8),
		one("Naloxone supplied, of the opiate group", s.S9),
		one("SMART in prison to SMART in the community", s.S10),
		one("Referred to RECONNECT", s.S11),
		one("Mandatory fields filled in", s.S12.Figure),
	}
}

// bandWords are the bands of days to pick-up, in their order.
var bandWords = [len(continuity.Bands{})]string{
	"On the day of release", "1 to 3 days", "4 to 7 days", "8 to 14 days", "15 to 21 days", "22 to 92 days", "Not picked up"}

func timeLines(t continuity.TimeTo) (list []line) {
	for i, n := range t.Bands {
		list = append(list, line{bandWords[i], []string{fmt.Sprint(n)}})
	}
	return list
}

// pastLines are the month ends before the window, newest first.
func pastLines(f *continuity.Figures) (list []line) {
	for _, w := range slices.Backward(f.Windows[:len(f.Windows)-1]) {
		m1 := continuity.Rate{Releases: w.M1.Releases, PickedUp: w.M1.PickedUp, Share: w.M1.Share}
		m2 := continuity.Rate{Releases: w.M2.Releases, PickedUp: w.M2.PickedUp, Share: w.M2.Share}
		list = append(list, line{w.End.Long(), append(rateCells(m1), rateCells(m2)...)})
	}
	return list
}
