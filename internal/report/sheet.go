package report

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// csv is every figure of the report, a line each. A figure that is hidden is *.
func (d document) csv() ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true                                // RFC 4180
	rows := [][]string{slices.Clone(figureColumns)} // guarded in place below, while another report may be drawn
	for _, l := range d.lines {
		rows = append(rows, l.cells())
	}
	for _, r := range rows {
		for i := range r {
			r[i] = guard(r[i])
		}
	}
	err := w.WriteAll(rows)
	return out.Bytes(), err
}

// guard keeps a spreadsheet from taking text for a formula.
func guard(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

const (
	figuresSheet = "Figures"
	notesSheet   = "Notes"
)

// xlsx is the same lines as a workbook with a sheet that says how they are made. The moment is
// written into the file's properties, so that the same report is the same file.
func (d document) xlsx(madeAt time.Time) ([]byte, error) {
	book := excelize.NewFile()
	defer book.Close()
	err := firstError(
		func() error { return book.SetSheetName("Sheet1", figuresSheet) },
		func() error { return d.figures(book) },
		func() error { return d.notes(book) },
		func() error {
			at := madeAt.UTC().Format(time.RFC3339)
			return book.SetDocProps(&excelize.DocProperties{Title: d.Subject, Creator: "throughgate", Created: at, Modified: at})
		},
	)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = book.WriteTo(&out)
	return out.Bytes(), err
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (d document) figures(book *excelize.File) error {
	if err := fill(book, figuresSheet, 1, figureColumns); err != nil {
		return err
	}
	for i, l := range d.lines {
		if err := fill(book, figuresSheet, i+2, l.cells()); err != nil {
			return err
		}
	}
	return firstError(
		func() error { return heading(book, figuresSheet, "A1:J1") },
		func() error { return book.SetColWidth(figuresSheet, "A", "B", 14) },
		func() error { return book.SetColWidth(figuresSheet, "C", "D", 30) },
		func() error { return book.SetColWidth(figuresSheet, "J", "J", 60) },
		func() error {
			return book.SetPanes(figuresSheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
		},
	)
}

func (d document) notes(book *excelize.File) error {
	if _, err := book.NewSheet(notesSheet); err != nil {
		return err
	}
	rows := [][]string{{"Report", d.Headline}}
	for _, t := range d.Made {
		rows = append(rows, []string{t.Name, t.Text})
	}
	if d.Hidden != "" {
		rows = append(rows, []string{"*", d.Hidden})
	}
	for i, r := range rows {
		if err := fill(book, notesSheet, i+1, r); err != nil {
			return err
		}
	}
	return firstError(
		func() error { return book.SetColWidth(notesSheet, "A", "A", 28) },
		func() error { return book.SetColWidth(notesSheet, "B", "B", 120) },
	)
}

// fill writes a line of cells, numbers as numbers; text is never a formula in a cell of its own kind.
func fill(book *excelize.File, sheet string, line int, cells []string) error {
	values := make([]any, len(cells))
	for i, cell := range cells {
		values[i] = cell
		if number, err := strconv.ParseFloat(cell, 64); err == nil {
			values[i] = number
		}
	}
	return book.SetSheetRow(sheet, "A"+strconv.Itoa(line), &values)
}

func heading(book *excelize.File, sheet, cells string) error {
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	from, to, _ := strings.Cut(cells, ":")
	return book.SetCellStyle(sheet, from, to, bold)
}
