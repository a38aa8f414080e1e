package web

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"throughgate/internal/day"
	"throughgate/internal/problem"
)

// form is what somebody typed, as typed.
type form map[string]string

// typed reads the posted form. A field sent twice counts once, by its first value.
func (v *visit) typed() (form, error) {
	sent, err := formSent(v.web.Request())
	if err != nil {
		return nil, err
	}
	f := form{}
	for name, values := range sent {
		f[name] = values[0]
	}
	return f, nil
}

// several reads what was chosen of checkboxes, a line for each.
func (v *visit) several(name string) string {
	var lines []string
	for _, value := range v.web.Request().PostForm[name] {
		if value != "" && !strings.Contains(value, "\n") {
			lines = append(lines, value)
		}
	}
	return strings.Join(lines, "\n")
}

// date puts the three boxes of a date together as 2023-12-04; the month may be its name. Whatever cannot be that is
// handed on as it was typed, for the act to refuse in its own words; three empty boxes are no date.
func (f form) date(name string) string {
	d, m, y := strings.TrimSpace(f[name+"-day"]), strings.TrimSpace(f[name+"-month"]), strings.TrimSpace(f[name+"-year"])
	if d+m+y == "" {
		return ""
	}
	if named := day.MonthNamed(m); named != 0 {
		m = strconv.Itoa(int(named))
	}
	return y + "-" + twoFigures(m) + "-" + twoFigures(d)
}

// setDate fills the three boxes of a date in.
func (f form) setDate(name string, d day.Date) {
	if !d.IsZero() {
		f[name+"-day"], f[name+"-month"], f[name+"-year"] = strconv.Itoa(d.Day()), strconv.Itoa(int(d.Month())), strconv.Itoa(d.Year())
	}
}

func twoFigures(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// yesNo is nil where neither was chosen.
func (f form) yesNo(name string) *bool {
	if f[name] != "yes" && f[name] != "no" {
		return nil
	}
	yes := f[name] == "yes"
	return &yes
}

// field is one question of a form, with what was typed and what is wrong with it.
type field struct {
	Name, Label, Hint string
	Heading           string            // the page's heading, where it is what this field asks
	Kind              string            // text, email, password, code, date, radios, checkboxes, select, file or textarea
	Called            string            // what is asked for, inside a sentence: "the day when treatment started"
	Says              map[string]string // by code, where a fault needs a sentence of its own
	Options           []option
	Value             string
	Day, Month, Year  string
	Error             string
}

type option struct {
	Value, Text, Hint string
	Chosen            bool
}

// Anchor is the id of the box that a link to the field leads to.
func (f field) Anchor() string {
	if f.Kind == "date" {
		return f.Name + "-day"
	}
	return f.Name
}

// Described names what a screen reader reads with the box.
func (f field) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.Name+"-error")
	}
	return strings.Join(ids, " ")
}

// choices are radios whose texts are what the codes are called.
func choices(codes ...string) (list []option) {
	for _, c := range codes {
		list = append(list, option{Value: c, Text: say(c)})
	}
	return list
}

var yesOrNo = []option{{Value: "yes", Text: "Yes"}, {Value: "no", Text: "No"}}

// faults are what the top of a page says is wrong, each with a link to its field.
type faults []mistake

type mistake struct{ Anchor, Message string }

// fill puts into the fields what was typed and what is wrong with it, and lists the faults in the
// order of the fields; a password is not shown again.
func fill(fields []field, typed form, err *problem.Invalid) (filled []field, wrong faults) {
	var rest []problem.Correction
	if err != nil {
		rest = err.Corrections
	}
	for _, f := range fields {
		f.take(typed)
		var others []problem.Correction
		for _, c := range rest {
			if c.Field != f.Name {
				others = append(others, c)
				continue
			}
			sentence := withoutStop(f.sentence(c))
			if f.Error == "" {
				f.Error = sentence
			}
			wrong = append(wrong, mistake{f.anchorOf(c), sentence})
		}
		rest, filled = others, append(filled, f)
	}
	for _, c := range rest { // about something that this form does not ask
		wrong = append(wrong, mistake{"", withoutStop(c.Message)})
	}
	return filled, wrong
}

// withoutStop is a message as every page says it: acts end their sentences, pages' own messages do not.
func withoutStop(message string) string { return strings.TrimSuffix(message, ".") }

// invalid takes an error apart: what the person can put right on the page, and anything else.
func invalid(err error) (*problem.Invalid, error) {
	var wrong *problem.Invalid
	if errors.As(err, &wrong) {
		return wrong, nil
	}
	return nil, err
}

// together is what a page finds wrong by its own rules and what its act finds wrong, all at once; else the act's own
// error. Whatever the act did is undone with it.
func together(wrong problem.Corrections, err error) error {
	more, rest := invalid(err)
	if more != nil {
		wrong = append(wrong, more.Corrections...)
	}
	if len(wrong) > 0 {
		return wrong.Err()
	}
	return rest
}

// sentence is what is wrong, in words that stand alone at the top of the page. Acts are asked by
// programs too, and say "this" of a field.
func (f field) sentence(c problem.Correction) string {
	if own := f.Says[c.Code]; own != "" {
		return own
	}
	if c.Code == "date" && f.Kind == "date" {
		return capital(f.named()) + f.spoiltDate()
	}
	if f.Called == "" {
		return f.naming(c.Message)
	}
	switch c.Code {
	case "required", "unknown", "not_recognised":
		if f.Kind == "radios" || f.Kind == "checkboxes" {
			return "Select " + f.Called
		}
		return "Enter " + f.Called
	case "in_the_future", "in_future":
		if f.Kind != "date" {
			break
		}
		return capital(f.Called) + " must not lie in the future"
	case "before_release":
		return capital(f.Called) + " must not lie before the release"
	}
	return f.naming(c.Message)
}

// named is what the field is called inside a sentence: by its label where it has no other name.
func (f field) named() string {
	return cmp.Or(f.Called, strings.TrimSuffix(f.Label, " (optional)"))
}

// naming says of the field what an act says of "this"; what it is not, the act names itself.
func (f field) naming(message string) string {
	if f.Called == "" && strings.HasPrefix(message, "This is not a ") {
		return message
	}
	for _, verb := range []string{"is ", "holds ", "must "} {
		if said, ok := strings.CutPrefix(message, "This "+verb); ok {
			return capital(f.named()) + " " + verb + said
		}
	}
	return message
}

// spoiltDate is why the three boxes are no date: first what is missing, then a year that could be of two centuries.
func (f field) spoiltDate() string {
	var missing []string
	for _, part := range f.parts() {
		if part.typed == "" {
			missing = append(missing, "a "+part.called)
		}
	}
	switch {
	case len(missing) > 0 && len(missing) < 3:
		return " must include " + strings.Join(missing, " and ")
	case f.shortYear():
		return " must have a year of four figures"
	}
	return " must be a real date"
}

func (f field) shortYear() bool {
	year := strings.TrimSpace(f.Year)
	return year != "" && len(year) < 4 && strings.Trim(year, "0123456789") == ""
}

// parts are a date's boxes: what each is called, and what was typed into it.
func (f field) parts() []struct{ called, typed string } {
	return []struct{ called, typed string }{{"day", strings.TrimSpace(f.Day)}, {"month", strings.TrimSpace(f.Month)}, {"year", strings.TrimSpace(f.Year)}}
}

// anchorOf leads to the box of a date in which something is missing, or the year is short.
func (f field) anchorOf(c problem.Correction) string {
	if f.Kind != "date" || c.Code != "date" || f.Day+f.Month+f.Year == "" {
		return f.Anchor()
	}
	for _, part := range f.parts() {
		if part.typed == "" || part.called == "year" && f.shortYear() {
			return f.Name + "-" + part.called
		}
	}
	return f.Anchor()
}

func (f *field) take(typed form) {
	if f.Kind != "password" && f.Kind != "new-password" {
		f.Value = typed[f.Name]
	}
	f.Day, f.Month, f.Year = typed[f.Name+"-day"], typed[f.Name+"-month"], typed[f.Name+"-year"]
	options := f.Options
	f.Options = nil
	chosen := []string{typed[f.Name]}
	if f.Kind == "checkboxes" {
		chosen = strings.Split(typed[f.Name], "\n")
	}
	for _, o := range options {
		o.Chosen = slices.Contains(chosen, o.Value)
		f.Options = append(f.Options, o)
	}
}
