package reconcile

import (
	"slices"
	"strings"
	"unicode"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/person"
)

// Fault is one thing wrong in a row: the file's own heading, and what is wrong in words. The words
// never repeat what the cell says.
type Fault struct{ Field, Why string }

// Findings is everything wrong with a row. Any of Refused refuses the row; a warning refuses only its
// field, which is then read as empty.
type Findings struct {
	Refused  []Fault
	Warnings []Fault
}

const (
	missing       = "missing"
	notRecognised = "not recognised"
	wholeRow      = "row" // the field of a fault that is no single column's
)

// reading is the reading of one row: what it says, against which words and which day.
type reading struct {
	row   Row
	words config.Vocabulary
	today day.Date
	Findings
}

func (r *reading) refuse(word, why string) {
	r.Refused = append(r.Refused, Fault{r.row.sheet.Heading(word), why})
}

func (r *reading) warn(word, why string) {
	r.Warnings = append(r.Warnings, Fault{r.row.sheet.Heading(word), why + " (left out)"})
}

// text is an optional text.
func (r *reading) text(word string) string {
	text := r.row.Text(word)
	if strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) && !unicode.IsSpace(c) }) {
		r.warn(word, "holds a character that is not text")
		return ""
	}
	return text
}

// lostLetter names no such letter (ŵ, ŷ, ł): the answer is written back in the encoding that has none.
const lostLetter = "a letter may have been lost: the name holds a ?, and this file's encoding does not have every letter; CSV UTF-8 does"

// name is a first name or surname, which every row must have.
func (r *reading) name(word string, isName func(string) bool) string {
	name, ok := person.CleanName(r.row.Text(word))
	switch {
	case !ok:
		r.refuse(word, "holds a control character")
	case name == "":
		r.refuse(word, missing)
	case !isName(name):
		r.refuse(word, missing+": what stands there is not a name")
	}
	if r.row.sheet.text != nil && r.row.sheet.text.win1252 && strings.Contains(name, "?") || strings.Contains(name, "\ufffd") {
		r.Warnings = append(r.Warnings, Fault{r.row.sheet.Heading(word), lostLetter})
	}
	return name
}

// date reads a date that may be empty; what is wrong goes to say.
func (r *reading) date(word string, say func(word, why string)) day.Date {
	date, why := r.row.Date(word)
	if why != "" {
		say(word, why)
	}
	return date
}

// value reads a word from a list. Empty is "", and nothing wrong.
func (r *reading) value(word string, list config.WordList, say func(word, why string)) string {
	text := r.row.Text(word)
	value, ok := list.Find(text)
	if !ok && text != "" {
		say(word, notRecognised+": write "+strings.Join(ways(list), ", "))
	}
	return value
}

// ways are the values of a short list as a person writes them; a long one would not be read.
func ways(list config.WordList) []string {
	said := list.Values()
	for i, v := range said {
		said[i] = strings.ReplaceAll(strings.ToLower(v), "_", " ")
	}
	return said
}

func (r *reading) given(word string) bool { return r.row.Text(word) != "" }

// maxAge is the age in years over which a date of birth is taken for a mistake.
const maxAge = 110

// dateOfBirth is required. It is held against the day that the row is about, named in words: "the exit
// date"; the day of import where the row has none.
func (r *reading) dateOfBirth(on day.Date, named string) day.Date {
	born := r.date(wordBorn, r.refuse)
	if on.IsZero() {
		on, named = r.today, "the day of import"
	}
	switch {
	case !r.given(wordBorn):
		r.refuse(wordBorn, missing)
	case born.IsZero(): // already said
	case born.After(on):
		r.refuse(wordBorn, "after "+named)
	case day.Age(born, on) > maxAge:
		r.refuse(wordBorn, "over 110 years before "+named)
	}
	return born
}

// prisonNumber and nhsNumber are read where they are optional.
func (r *reading) prisonNumber(word string) string {
	number, ok := person.PrisonNumber(r.row.Text(word))
	if !ok && r.given(word) {
		r.warn(word, notAPrisonNumber)
	}
	return number
}

func (r *reading) nhsNumber() string {
	number, ok := person.NHSNumber(r.row.Text(wordNHSNumber))
	if !ok && r.given(wordNHSNumber) {
		r.warn(wordNHSNumber, "not an NHS number: ten digits, the last a check digit")
	}
	return number
}

const notAPrisonNumber = "not a prison number: a letter, four digits and two letters, as in A1234BC"

// drugs are the substances of drug 1 to 3, each once, in their order.
func (r *reading) drugs() (drugs [3]string) {
	n := 0
	for _, word := range []string{wordDrug1, wordDrug2, wordDrug3} {
		drug, ok := r.words.Drug(r.row.Text(word))
		if !ok {
			r.warn(word, notRecognised)
		}
		if ok && drug != "" && !slices.Contains(drugs[:n], drug) {
			drugs[n] = drug
			n++
		}
	}
	return drugs
}
