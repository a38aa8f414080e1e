package report

import "throughgate/internal/picture"

// Document is the report in words, in the order in which it is read: every form of it is drawn from this, so that all say
// the same. It holds text only; no form can compute a figure of its own.
type Document struct {
	Partnership string
	Subject     string
	Headline    string   // the sentence to quote
	Beside      string   // what always stands beside it
	Notes       []string // what readers should know before they quote it
	Compared    []string // with its own past, the target, England, the ambition
	Revised     []string // what the report before said otherwise, and why
	InTime      []string // the 21-day figure and the adjusted one
	Verdict     string   // the control chart in words; "" without one
	Tables      []Table
	Waiting     []Answer
	Link        string // the signed-in page; "" when the service does not know its own address
	Made        []Term // how the figures are made
	Hidden      string // what * means; "" when nothing is hidden
}

// shownPicture is the picture with what it shows in words; without PNG the words stand alone.
type shownPicture struct {
	CID, Alt, Caption string
	Marks             []picture.Mark
	PNG, SVG          []byte
}

// Table is counts or rates by group, each row a group with its cells.
type Table struct {
	Title   string
	Columns []string
	Rows    []Row
}

// Row is a group with its cells.
type Row struct {
	Name  string
	Cells []string
}

// Answer is yes or no to a question about work that is waiting.
type Answer struct {
	Question string
	Yes      bool
}

// Word is the answer in words.
func (a Answer) Word() string {
	if a.Yes {
		return "yes"
	}
	return "no"
}

// Term is a name with what it means.
type Term struct{ Name, Text string }
