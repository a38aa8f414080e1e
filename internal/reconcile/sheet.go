// Package reconcile takes the spreadsheets that prisons and providers already have, answers every row,
// and finds out who in one list is whom in the other.
package reconcile

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"

	"throughgate/config"
	"throughgate/internal/problem"
)

// What a file may be at most (files.md, "Limits"). The column limit is ours: no list of partners has
// a tenth of it, and it bounds the memory that one row can take.
const (
	MaxFileBytes = 20 << 20
	maxRows      = 100_000
	maxUnpacked  = 200 << 20
	maxColumns   = 256
	maxCell      = 32_767 // characters: what a spreadsheet's cell holds
)

// Column is one heading that a kind of file may have.
type Column struct {
	Word string // as the format's description writes it
	Date bool   // its day and month must be told apart for the column as a whole
}

// Layout is one kind of file: its columns, and which are missing from a header.
type Layout struct {
	Columns []Column
	Missing func(has func(word string) bool) []string
}

// Sheet is a partner's file that has been understood as far as its header. It keeps the file as
// received and reads its rows anew each time they are asked for, so that a large file takes little
// memory.
type Sheet struct {
	Name    string
	Rows    int      // rows that hold something, without the header
	Ignored []string // headings that are not of this layout
	Found   string   // what was detected, in words: "CSV, UTF-8, separated by commas, lines ended as on Windows"

	text    *textFile // one of the two is set
	book    *workbook
	columns map[string]*field // by the layout's word
	header  int               // the header's row
	width   int               // its cells, up to the last heading
	fields  int               // its cells with the empty ones behind that
}

// field is where a column of the layout stands in this file.
type field struct {
	at      int
	heading string // as the file writes it
	swapped bool   // some date of the column has a second part over 12
}

// Cell is what one cell shows. A spreadsheet's own date is IsDate, with its Text as YYYY-MM-DD.
type Cell struct {
	Text   string
	IsDate bool
}

// line is a row as it stands in the file, understood or not.
type line struct {
	number int // as a spreadsheet shows it: the first is 1
	cells  []Cell
	broken string // why the row cannot be taken apart
}

func (l line) blank() bool {
	return !slices.ContainsFunc(l.cells, func(c Cell) bool { return strings.TrimSpace(c.Text) != "" })
}

// ReadSheet understands a CSV or XLSX file as far as its header and counts its rows. A file that
// cannot be understood is refused whole, as a *problem.Invalid with one sentence.
func ReadSheet(name string, received []byte, layout Layout) (*Sheet, error) {
	if len(received) > MaxFileBytes {
		return nil, refused("too_large", "The file is larger than 20 MiB. Split it and send the parts.")
	}
	s := &Sheet{Name: name}
	var err error
	switch {
	case bytes.HasPrefix(received, []byte("PK\x03\x04")):
		s.book, err = openWorkbook(received)
		s.Found = "XLSX"
	case bytes.HasPrefix(received, []byte("\xd0\xcf\x11\xe0")):
		return nil, refused("unreadable", "The file is an old (.xls) or password-protected workbook. Save it as .xlsx without a password.")
	case isDocument(received):
		return nil, refused("unreadable", "The file is a document or a picture, and not a list. Save the list as CSV or .xlsx and send that.")
	default:
		s.text, err = openText(received, layout)
	}
	if err != nil {
		return nil, err
	}
	if s.text != nil {
		s.Found = s.text.found()
	}
	if err := s.readHeader(layout); err != nil {
		return nil, err
	}
	return s, s.survey(layout)
}

func refused(code, sentence string) error { return problem.Wrong("file", code, sentence) }

// lines are all rows of the file, blank ones too, the header among them. An error is the last.
func (s *Sheet) lines() iter.Seq2[line, error] {
	if s.book != nil {
		return s.book.lines()
	}
	return s.text.lines()
}

// readHeader finds the columns in the first row that is not blank.
func (s *Sheet) readHeader(layout Layout) error {
	for l, err := range s.lines() {
		if err != nil {
			return err
		}
		if l.blank() {
			continue
		}
		if l.broken != "" {
			return refused("header", "The header cannot be read: "+l.broken+".")
		}
		s.header, s.fields = l.number, len(l.cells)
		return s.matchHeader(l.cells, layout)
	}
	return refused("header", "The file is empty.")
}

func (s *Sheet) matchHeader(cells []Cell, layout Layout) error {
	known := map[string]string{}
	for _, c := range layout.Columns {
		known[config.Fold(c.Word)] = c.Word
	}
	s.columns = map[string]*field{}
	var twice []string
	for at, cell := range cells {
		heading := strings.TrimSpace(cell.Text)
		word, ours := known[config.Fold(heading)]
		if heading != "" {
			s.width = at + 1
		}
		switch {
		case !ours && heading != "" && !isAnswerColumn(heading):
			s.Ignored = append(s.Ignored, heading)
		case ours && s.columns[word] != nil:
			twice = append(twice, word)
		case ours:
			s.columns[word] = &field{at: at, heading: heading}
		}
	}
	if len(twice) > 0 {
		return refused("header", "The header names a column twice: "+strings.Join(twice, ", ")+".")
	}
	if missing := layout.Missing(s.Has); len(missing) > 0 {
		return refused("header", "The header lacks: "+strings.Join(missing, ", ")+". Nothing was imported.")
	}
	return nil
}

// Has says whether the file has the column.
func (s *Sheet) Has(word string) bool { return s.columns[word] != nil }

// Heading is the column's heading as the file writes it.
func (s *Sheet) Heading(word string) string {
	if f := s.columns[word]; f != nil {
		return f.heading
	}
	return word
}

// survey reads the file through once: how many rows it has, whether every row can be read at all,
// and in which date columns day and month may stand the other way round.
func (s *Sheet) survey(layout Layout) error {
	for row, err := range s.Each() {
		if err != nil {
			return err
		}
		if s.Rows++; s.Rows > maxRows {
			return refused("too_many_rows", "The file has more than 100,000 rows. Split it and send the parts.")
		}
		for _, c := range layout.Columns {
			if f := s.columns[c.Word]; c.Date && f != nil && secondPartOver12(row.cell(c.Word)) {
				f.swapped = true
			}
		}
	}
	return nil
}

// Each is every row below the header that holds something. An error ends it: the file changed its
// nature half way.
func (s *Sheet) Each() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for l, err := range s.lines() {
			if err == nil && (l.number <= s.header || l.broken == "" && l.blank()) {
				continue
			}
			if !yield(Row{Number: l.number, Broken: s.broken(l), sheet: s, cells: l.cells}, err) || err != nil {
				return
			}
		}
	}
}

// broken is why the row's cells cannot be told to their columns; "" when they can. A text file has as
// many fields in each row as in its header, so that a comma too many shows even before empty fields; a
// workbook leaves out empty cells at the end of a row.
func (s *Sheet) broken(l line) string {
	most := s.width
	if s.text != nil {
		most = s.fields
	}
	if l.broken == "" && (len(l.cells) > most || s.text != nil && len(l.cells) < s.width) {
		return fmt.Sprintf("the row has %d fields where the header has %d", len(l.cells), s.width)
	}
	return l.broken
}

// Row is one row of a sheet, with its cells found by the layout's words.
type Row struct {
	Number int    // as a spreadsheet shows it (the header is 1)
	Broken string // why the row cannot be read at all

	sheet *Sheet
	cells []Cell
}

func (r Row) cell(word string) Cell {
	f := r.sheet.columns[word]
	if f == nil || f.at >= len(r.cells) || r.Broken != "" {
		return Cell{}
	}
	return r.cells[f.at]
}

// Text is what the cell says, without surrounding spaces and without the guard that our own files
// put before formulas.
func (r Row) Text(word string) string {
	return strings.TrimSpace(unguard(strings.TrimLeft(r.cell(word).Text, " \u00a0")))
}

// isDocument knows by their first bytes what people choose by mistake beside their list.
func isDocument(received []byte) bool {
	return slices.ContainsFunc([]string{"%PDF-", "\x89PNG", "\xff\xd8\xff", "GIF8", "{\\rtf"}, func(begins string) bool {
		return bytes.HasPrefix(received, []byte(begins))
	})
}
