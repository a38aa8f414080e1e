package reconcile

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/problem"
)

func isRefusal(err error) bool {
	var refusal *problem.Invalid
	return errors.As(err, &refusal)
}

// lines are the rows of the filled sheet. Rows that the workbook leaves out are blank and do not come.
func (b *workbook) lines() iter.Seq2[line, error] { return b.rows(b.sheet) }

func (b *workbook) rows(part *zip.File) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		unpacked, err := part.Open()
		if err != nil {
			yield(line{}, errDamaged)
			return
		}
		defer unpacked.Close()
		r := &rowReader{book: b, xml: xml.NewDecoder(&tokenLimit{from: unpacked})}
		for {
			l, err := r.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(line{}, inWords(err))
				return
			}
			if !yield(l, nil) {
				return
			}
		}
	}
}

// rowReader walks through a sheet's XML.
type rowReader struct {
	book   *workbook
	xml    *xml.Decoder
	row    int
	column int // where the next cell stands that does not say so itself, counted from 0
}

// next is the next row; io.EOF only where the sheet has properly ended.
func (r *rowReader) next() (line, error) {
	for {
		token, err := r.xml.Token()
		if err != nil {
			return line{}, err
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "row" {
			return r.readRow(start)
		}
	}
}

func (r *rowReader) readRow(start xml.StartElement) (line, error) {
	number := r.row + 1
	if given, err := strconv.Atoi(attribute(start, "r")); err == nil {
		number = given
	}
	if number <= r.row {
		return line{}, fmt.Errorf("row %d comes after row %d", number, r.row)
	}
	r.row, r.column = number, 0
	l := line{number: number}
	for {
		token, err := r.xml.Token()
		if err != nil {
			return line{}, unexpected(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			if err := r.readCell(t, &l); err != nil {
				return line{}, err
			}
		case xml.EndElement:
			if t.Name.Local == "row" {
				return l, nil
			}
		}
	}
}

// unexpected makes the end of the file inside an element what it is: damage.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (r *rowReader) readCell(start xml.StartElement, l *line) error {
	at := r.column
	if reference := attribute(start, "r"); reference != "" {
		at = columnOf(reference)
	}
	r.column = at + 1
	raw, err := elementText(r.xml, "c")
	if err != nil || raw == "" {
		return err
	}
	cell, err := r.book.cell(attribute(start, "t"), attribute(start, "s"), raw)
	switch {
	case err != nil || strings.TrimSpace(cell.Text) == "":
		return err
	case at < 0:
		return errors.New("a cell without a place")
	case at >= maxColumns:
		l.broken = fmt.Sprintf("the row has something beyond column %d", maxColumns)
		return nil
	}
	for len(l.cells) <= at {
		l.cells = append(l.cells, Cell{})
	}
	l.cells[at] = cell
	return nil
}

// elementText is the text inside a cell or a shared string, as it stands in the file. Formulas give
// what they last came to; the reading of Japanese words (rPh) is no part of the text.
func elementText(d *xml.Decoder, element string) (string, error) {
	var text strings.Builder
	inside, skipped := false, 0
	for {
		token, err := d.Token()
		if err != nil {
			return "", unexpected(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			inside = t.Name.Local == "v" || t.Name.Local == "t"
			if t.Name.Local == "rPh" {
				skipped++
			}
		case xml.EndElement:
			inside = false
			if t.Name.Local == "rPh" {
				skipped--
			}
			if t.Name.Local == element {
				return text.String(), nil
			}
		case xml.CharData:
			if inside && skipped == 0 {
				text.Write(t)
			}
		}
	}
}

// cell is what a cell shows, from its type, its style and its stored value.
func (b *workbook) cell(kind, style, raw string) (Cell, error) {
	switch kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(raw))
		if err != nil || n < 0 || n >= len(b.shared) {
			return Cell{}, errors.New("a cell points to no text")
		}
		return Cell{Text: b.shared[n]}, nil
	case "b":
		return Cell{Text: map[string]string{"1": "TRUE", "0": "FALSE"}[raw]}, nil
	case "d":
		return isoCell(raw), nil
	case "", "n":
		return b.numberCell(style, raw), nil
	}
	return Cell{Text: unescape(raw)}, nil
}

func isoCell(raw string) Cell {
	if date, err := day.Parse(raw[:min(len(raw), len(time.DateOnly))]); err == nil {
		return Cell{Text: date.String(), IsDate: true}
	}
	return Cell{Text: raw}
}

func (b *workbook) numberCell(style, raw string) Cell {
	n, err := strconv.Atoi(style)
	serial, bad := strconv.ParseFloat(raw, 64)
	if err == nil && bad == nil && n >= 0 && n < len(b.dateStyles) && b.dateStyles[n] {
		if date, ok := serialDate(serial, b.from1904); ok {
			return Cell{Text: date.String(), IsDate: true}
		}
	}
	return Cell{Text: plainNumber(raw)}
}

// serialDate is the day that a spreadsheet counts as its nth. In the usual system day 1 is 1 January
// 1900 and day 60 is 29 February 1900, which never was; in the other day 0 is 1 January 1904.
func serialDate(serial float64, from1904 bool) (day.Date, bool) {
	n := int(math.Floor(min(max(serial, -1), 3e6)))
	var date day.Date
	switch {
	case from1904 && n >= 0:
		date = day.New(1904, time.January, 1).Add(n)
	case !from1904 && n > 60:
		date = day.New(1899, time.December, 30).Add(n)
	case !from1904 && n >= 1 && n < 60:
		date = day.New(1899, time.December, 31).Add(n)
	default:
		return day.Date{}, false
	}
	return date, date.Year() <= 9999
}

// readSharedStrings reads the texts that cells point to.
func (b *workbook) readSharedStrings(part *zip.File) error {
	if part == nil {
		return nil
	}
	unpacked, err := part.Open()
	if err != nil {
		return err
	}
	defer unpacked.Close()
	d := xml.NewDecoder(&tokenLimit{from: unpacked})
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); !ok || start.Name.Local != "si" {
			continue
		}
		text, err := elementText(d, "si")
		if err != nil {
			return err
		}
		if b.shared = append(b.shared, unescape(text)); len(b.shared) > maxStrings {
			return refused(problem.TooLarge, "The workbook holds more than three million different texts.")
		}
	}
}

var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescape turns _x000D_ into the character that XML cannot hold.
func unescape(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escaped.ReplaceAllStringFunc(text, func(e string) string {
		code, _ := strconv.ParseUint(e[2:6], 16, 16) // the pattern allows hexadecimal digits only
		return string(rune(code))
	})
}
