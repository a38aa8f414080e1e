package reconcile

import (
	"fmt"
	"slices"
	"strings"
)

// What can become of a row (files.md, "every row is answered").
const (
	Accepted  = "accepted"
	Updated   = "updated"
	Unchanged = "unchanged"
	SetAside  = "set aside"
	Refused   = "refused"
	ToReview  = "to review"
)

// Result is the answer to a file: every row has ended in exactly one way, so the counts and the
// different rows of Refused and ToReview add up to Rows.
type Result struct {
	File      string         `json:"file"`
	SHA256    string         `json:"sha256"` // of the file as received, in hexadecimal
	Rows      int            `json:"rows"`
	Accepted  int            `json:"accepted"`
	Updated   int            `json:"updated"`
	Unchanged int            `json:"unchanged"`
	SetAside  map[string]int `json:"set_aside"` // by reason
	Refused   []RefusedField `json:"refused"`   // an entry for each wrong field
	ToReview  []ReviewedRow  `json:"to_review"`
	Linked    Linked         `json:"linked"`

	// Answers are by row what the result file says. They are not part of the JSON.
	Answers map[int]Answer `json:"-"`
	// Notes are what people should know about the file as a whole: what was detected, columns ignored.
	Notes []string `json:"-"`
}

// RefusedField is one thing that is wrong in a row: the row as a spreadsheet shows it, and the file's
// own heading.
type RefusedField struct {
	Row   int    `json:"row"`
	Field string `json:"field"`
	Why   string `json:"why"`
}

// ReviewedRow waits for a person, who confirms or rejects it by its ID.
type ReviewedRow struct {
	ID  string `json:"id"`
	Row int    `json:"row"`
	Why string `json:"why"`
}

// Linked counts the releases picked up, by the tier of the start that counts.
type Linked struct {
	Number     int `json:"number"`
	Name       int `json:"name"`
	Attributor int `json:"attributor"`
}

// Answer is what became of one row, and why where there is a reason.
type Answer struct{ Answer, Why string }

// NewResult is the empty answer to a sheet.
func NewResult(s *Sheet, sha256 string) *Result {
	r := &Result{File: s.Name, SHA256: sha256, Rows: s.Rows, SetAside: map[string]int{}, Refused: []RefusedField{},
		ToReview: []ReviewedRow{}, Answers: make(map[int]Answer, s.Rows), Notes: []string{s.Found + "."}}
	if len(s.Ignored) > 0 {
		r.Notes = append(r.Notes, "Columns that were not read: "+strings.Join(s.Ignored, ", ")+".")
	}
	return r
}

// Accept, Update, Leave and PutAside each answer one row. Warnings are said beside the answer.
func (r *Result) Accept(row int, warnings []Fault) {
	r.Accepted++
	r.answer(row, Accepted, "", warnings)
}

func (r *Result) Update(row int, warnings []Fault) {
	r.Updated++
	r.answer(row, Updated, "", warnings)
}

func (r *Result) Leave(row int, warnings []Fault) {
	r.Unchanged++
	r.answer(row, Unchanged, "", warnings)
}

func (r *Result) PutAside(row int, reason string, warnings []Fault) {
	r.SetAside[reason]++
	r.answer(row, SetAside, reason, warnings)
}

// Refuse answers a row in which something is wrong.
func (r *Result) Refuse(row int, faults []Fault) {
	for _, f := range faults {
		r.Refused = append(r.Refused, RefusedField{row, f.Field, f.Why})
	}
	r.answer(row, Refused, "", faults)
}

// Review answers a row that a person must decide.
func (r *Result) Review(row int, id, why string, warnings []Fault) {
	r.ToReview = append(r.ToReview, ReviewedRow{id, row, why})
	r.answer(row, ToReview, why, warnings)
}

func (r *Result) answer(row int, answer, reason string, faults []Fault) {
	said := []string{}
	if reason != "" {
		said = append(said, reason)
	}
	for _, f := range faults {
		said = append(said, f.Field+": "+f.Why)
	}
	r.Answers[row] = Answer{answer, strings.Join(said, "; ")}
}

// RefusedRows is how many rows were refused, each once.
func (r *Result) RefusedRows() int {
	rows := map[int]bool{}
	for _, f := range r.Refused {
		rows[f.Row] = true
	}
	return len(rows)
}

// AddsUp says whether every row has been answered once.
func (r *Result) AddsUp() bool {
	total := r.Accepted + r.Updated + r.Unchanged + r.RefusedRows() + len(r.ToReview)
	for _, n := range r.SetAside {
		total += n
	}
	return total == r.Rows && len(r.Answers) == r.Rows
}

// shownRefusals is how many refused fields the summary lists; the result file has them all.
const shownRefusals = 20

// Summary is the answer in words, for the console and the page. It holds no person's data.
func (r *Result) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.File, strings.Join(r.Notes, " "))
	fmt.Fprintf(&b, "%s: %d accepted, %d updated, %d unchanged, %d refused, %d to review.\n",
		counted(r.Rows, "row"), r.Accepted, r.Updated, r.Unchanged, r.RefusedRows(), len(r.ToReview))
	for _, reason := range sortedKeys(r.SetAside) {
		fmt.Fprintf(&b, "  set aside, %s: %d\n", reason, r.SetAside[reason])
	}
	for _, f := range r.Refused[:min(len(r.Refused), shownRefusals)] {
		fmt.Fprintf(&b, "  row %d refused, %s: %s\n", f.Row, f.Field, f.Why)
	}
	if more := len(r.Refused) - shownRefusals; more > 0 {
		fmt.Fprintf(&b, "  and %s more; the result file names them all\n", counted(more, "refused field"))
	}
	for _, v := range r.ToReview {
		fmt.Fprintf(&b, "  row %d to review, %s (%s)\n", v.Row, v.Why, v.ID)
	}
	if l := r.Linked; l != (Linked{}) {
		fmt.Fprintf(&b, "Releases picked up: %d by number, %d by name, %d by attributor.\n", l.Number, l.Name, l.Attributor)
	}
	return b.String()
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
