package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
)

// tooSmall is what a rate says where there is none to show; beside its two counts nothing need be said.
const tooSmall = "numbers too small to show"

// Words puts the report into words.
func (i Issue) Words() Document {
	o := i.Figures
	d := Document{
		Partnership: o.Partnership,
		Subject:     i.subject(),
		Headline:    o.Headline,
		Beside:      "Of those not picked up by then, still within their first three weeks: " + i.about(o.ThreeWeeks) + ".",
		Compared:    i.compared(),
		Notes:       i.Notes,
		Revised:     i.revised(),
		Verdict:     o.Verdict,
		InTime:      i.inTime(),
		Tables:      i.tables(),
		Waiting:     i.waiting(),
		Link:        i.link(),
		Made:        i.made(),
	}
	if i.Rules.Suppression.Enabled {
		d.Hidden = "* is too few to show."
	}
	return d
}

func (i Issue) subject() string {
	o := i.Figures
	when := "three months to " + o.End.Long()
	if !o.M1.HasPercent() {
		return fmt.Sprintf("Continuity of care, %s: %s", o.Partnership, when)
	}
	return fmt.Sprintf("Continuity of care, %s: %s picked up, %s", o.Partnership, o.M1, when)
}

// about is a count in a sentence: rounded ones say so.
func (i Issue) about(s continuity.Shown) string {
	if _, shown := s.Number(); shown && i.Rules.Suppression.Enabled {
		return "about " + s.String()
	}
	return s.String()
}

// compared are the comparisons that could be made. What sets the two definitions apart is said once,
// below England and the ambition.
func (i Issue) compared() (said []string) {
	c := i.Figures.Comparisons
	for _, sentence := range []string{c.OwnPast, c.LocalTarget, c.England, c.Ambition, c.Definition} {
		if sentence != "" {
			said = append(said, sentence)
		}
	}
	if len(said) == 0 {
		said = []string{"Nothing can be compared: " + tooSmall + "."}
	}
	return said
}

// mostRevised is how many month ends are named; the table of figures has the rest.
const mostRevised = 4

// revised says which month ends read otherwise than in the report before, and why. The first report
// has none before it, and says nothing.
func (i Issue) revised() (said []string) {
	r := i.Figures.Revised
	if r.Since.IsZero() {
		return nil
	}
	since := "since the report of " + r.Since.Long()
	if len(r.MonthEnd) == 0 {
		return []string{"No rate of an earlier month end has changed " + since + "."}
	}
	for _, m := range r.MonthEnd[:min(len(r.MonthEnd), mostRevised)] {
		said = append(said, fmt.Sprintf("Revised %s: for the three months to %s we said %s, it is now %s: %s.",
			since, m.End.Long(), m.Was, m.Now, strings.Join(m.Why, "; ")))
	}
	if len(r.MonthEnd) > mostRevised {
		said = append(said, "Rates of earlier month ends changed as well; the table of figures names them.")
	}
	return said
}

func (i Issue) inTime() []string {
	o := i.Figures
	return []string{
		capital(i.rateOf(o.M2, "people whose 21 days are over")) + " Still awaiting their outcome: " + i.about(o.Awaiting) + ".",
		"Adjusted, without those who died, returned to custody or moved out of the area before they could be picked up, and with those whom another provider picked up: " +
			i.rateOf(o.M2Adjusted, "people") + " " + i.adjustment(),
	}
}

// adjustment says how many each reason concerned, as far as any may be shown.
func (i Issue) adjustment() string {
	var parts []string
	shown := false
	for _, r := range i.Figures.Removed {
		_, one := r.Count.Number()
		shown = shown || one
		parts = append(parts, r.Name+" "+i.about(r.Count))
	}
	if !shown {
		return "How many each of these were is too few to show."
	}
	return "Of these: " + strings.Join(parts, ", ") + "."
}

// rateOf is "of about 65 people, 38% were picked up within 21 days of release (95% interval 27% to 50%).", or the words in
// its place.
func (i Issue) rateOf(r continuity.ShownRate, people string) string {
	if _, shown := r.Of().Number(); !shown {
		return tooSmall + "."
	}
	said := fmt.Sprintf("of %s %s, %s were picked up within 21 days of release", i.about(r.Of()), people, r)
	if interval := r.Interval(); interval != "" {
		said += " (95% interval " + interval + ")"
	}
	return said + "."
}

func (i Issue) tables() []Table {
	o := i.Figures
	tables := []Table{
		counted("From release to pick-up", "Releases", o.Funnel),
		counted("Time to pick-up, of those whose 21 days are over", "Releases", inDays(o.TimeToPickUp)),
	}
	for _, b := range o.Breakdowns {
		tables = append(tables, brokenDown(b))
	}
	beside := Table{Title: "Beside the rate", Columns: []string{"How many"}}
	for _, s := range o.Supporting {
		beside.Rows = append(beside.Rows, Row{capital(s.Name), []string{part(s.Numerator, s.Denominator, s.Rate)}})
	}
	beside.Rows = append(beside.Rows, Row{"Median time from referral to release", []string{o.LeadTime}})
	return append(tables, beside)
}

func counted(title, column string, counts []continuity.Line) Table {
	t := Table{Title: title, Columns: []string{column}}
	for _, c := range counts {
		t.Rows = append(t.Rows, Row{capital(c.Name), []string{c.Count.Cell()}})
	}
	return t
}

func inDays(bands []continuity.Line) []continuity.Line {
	named := slices.Clone(bands)
	for i, b := range named {
		if b.Name == "0" {
			named[i].Name = "on the day of release"
		} else if unicode.IsDigit(rune(b.Name[0])) {
			named[i].Name = strings.ReplaceAll(b.Name, "-", " to ") + " days"
		}
	}
	return named
}

func brokenDown(b continuity.Breakdown) Table {
	t := Table{Title: "By " + b.Name, Columns: []string{"Rolling three months (M1)", "Within 21 days (M2)"}}
	for _, g := range b.Rows {
		t.Rows = append(t.Rows, Row{capital(g.Name), []string{
			part(g.M1.PickedUp, g.M1.Releases, g.M1.Rate), part(g.M2.PickedUp, g.M2.Releases, g.M2.Rate),
		}})
	}
	return t
}

// part is "15 of 35, 43%", as far as it may be shown.
func part(some, all continuity.Shown, rate continuity.ShownRate) string {
	_, shown := all.Number()
	switch {
	case !shown:
		return all.Cell()
	case rate.String() == tooSmall:
		return some.Cell() + " of " + all.Cell()
	}
	return some.Cell() + " of " + all.Cell() + ", " + rate.String()
}

func capital(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:]
}

func (i Issue) waiting() []Answer {
	return []Answer{
		{"Somebody has no appointment yet", i.Waiting.Unbooked},
		{"Somebody missed theirs and has no other", i.Waiting.MissedToRebook},
		{"Somebody waits in the last week of their 21 days", i.Waiting.LastWeek},
	}
}

func (i Issue) link() string {
	if base := i.Rules.Server.PublicURL; base != "" {
		return base + "/report"
	}
	return ""
}

func (i Issue) made() []Term {
	o, at := i.Figures, i.MadeAt.In(day.London)
	return []Term{
		{"Definition", "measure " + o.Measure + ": releases with an onward referral to " + o.Provider + " and those picked up, counted by release"},
		{"Window", o.Start.Long() + " to " + o.End.Long() + ", both days included"},
		{"Data through", o.DataThrough.Long() + "; what is recorded later revises these figures"},
		{"Intervals", "95%, Wilson score"},
		{"What is shown", o.Footer},
		{"Made", day.Of(at).Long() + " at " + at.Format("15:04")},
	}
}
