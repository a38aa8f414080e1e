package web

import (
	"testing"

	"throughgate/internal/problem"
)

// Each sentence stands alone at the top of a page, and leads to the box to put right.
func TestAFaultNamesItsFieldAndLeadsToIt(t *testing.T) {
	date := func(d, m, y string) form { return form{"on-day": d, "on-month": m, "on-year": y} }
	started := field{Name: "on", Label: "When did it start?", Called: "the day of the start", Kind: "date"}
	labelled := field{Name: "on", Label: "Last day (optional)", Kind: "date"}
	phone := field{Name: "on", Label: "Telephone after release (optional)", Kind: "text"}
	long := problem.Correction{Field: "on", Code: "too_long", Message: "This is longer than 200 characters."}
	noDate := problem.Correction{Field: "on", Code: "date", Message: "This must be a date that exists, written YYYY-MM-DD."}
	for name, c := range map[string]struct {
		field field
		typed form
		fault problem.Correction
		want  mistake
	}{
		"no such day":       {started, date("31", "2", "2023"), noDate, mistake{"on-day", "The day of the start must be a real date"}},
		"no such month":     {started, date("1", "Ma", "2023"), noDate, mistake{"on-day", "The day of the start must be a real date"}},
		"five figures":      {started, date("1", "5", "20233"), noDate, mistake{"on-day", "The day of the start must be a real date"}},
		"two figures":       {started, date("1", "5", "23"), noDate, mistake{"on-year", "The day of the start must have a year of four figures"}},
		"no month":          {started, date("1", " ", "2023"), noDate, mistake{"on-month", "The day of the start must include a month"}},
		"no year":           {started, date("1", "5", ""), noDate, mistake{"on-year", "The day of the start must include a year"}},
		"only a year":       {started, date("", "", "2023"), noDate, mistake{"on-day", "The day of the start must include a day and a month"}},
		"by its label":      {labelled, date("1", "", "23"), noDate, mistake{"on-month", "Last day must include a month"}},
		"in an address":     {labelled, form{}, noDate, mistake{"on-day", "Last day must be a real date"}},
		"too long a number": {phone, form{}, long, mistake{"on", "Telephone after release is longer than 200 characters"}},
		"two sentences":     {phone, form{}, problem.Correction{Field: "on", Code: "x", Message: "It is over. Undo that first."}, mistake{"on", "It is over. Undo that first"}},
		"another's words":   {phone, form{}, problem.Correction{Field: "on", Code: "x", Message: "Enter the day"}, mistake{"on", "Enter the day"}},
	} {
		fields, wrong := fill([]field{c.field}, c.typed, &problem.Invalid{Corrections: []problem.Correction{c.fault}})
		if len(wrong) != 1 || wrong[0] != c.want || fields[0].Error != c.want.Message {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}

// What is checked before it is sent is what will be kept, and not how it happened to be typed.
func TestAnAnswerIsCheckedAsItWillBeKept(t *testing.T) {
	for name, c := range map[string]struct {
		field       field
		typed, want string
	}{
		"prison number":       {prisonNumber, " a1234 bc", "A1234BC"},
		"no prison number":    {prisonNumber, " a12", "a12"},
		"NHS number":          {nhsNumber, "9990000018", "999 000 0018"},
		"no NHS number":       {nhsNumber, "999", "999"},
		"other substances":    {otherSubstances, "GHB, , ketamine,", "GHB, ketamine"},
		"a name":              {familyName, " de  la Cruz ", "de la Cruz"},
		"a note of two lines": {notes, " one\ntwo ", "one\ntwo"},
	} {
		filled, _ := fill([]field{c.field}, form{c.field.Name: c.typed}, nil)
		if got := filled[0].answered(form{}); got != c.want {
			t.Errorf("%s: %q is checked as %q, want %q", name, c.typed, got, c.want)
		}
	}
}
