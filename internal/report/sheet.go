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

// CSV is the figures of all sheets, a line each.
func CSV(sheets []Sheet) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true                          // RFC 4180
	rows := [][]string{slices.Clone(columns)} // guarded in place below, while another report may be drawn
	for _, s := range sheets {
		for _, l := range s.Lines {
			rows = append(rows, l.cells())
		}
	}
	for _, r := range rows {
		for i := range r {
			r[i] = guard(r[i])
		}
	}
	err := w.WriteAll(rows)
	return out.Bytes(), err
}

// guard keeps a spreadsheet from taking text for a formula. A number is none.
func guard(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text
	}
	return "'" + text
}

// Workbook is the sheets as XLSX: figures only, one visible sheet for each table that has any, and a sheet of notes. The
// moment is written into the file's properties, so that the same figures are the same file.
func Workbook(title string, sheets []Sheet, notes []Term, madeAt time.Time) ([]byte, error) {
	book := excelize.NewFile()
	defer book.Close()
	w := workbook{File: book}
	for _, s := range sheets {
		if len(s.Lines) > 0 {
			w.figures(s)
		}
	}
	w.notes(notes)
	w.try(book.DeleteSheet("Sheet1"))
	at := madeAt.UTC().Format(time.RFC3339)
	w.try(book.SetDocProps(&excelize.DocProperties{Title: title, Creator: "throughgate", Created: at, Modified: at}))
	if w.err != nil {
		return nil, w.err
	}
	var out bytes.Buffer
	_, err := book.WriteTo(&out)
	return out.Bytes(), err
}

// workbook remembers the first thing that went wrong.
type workbook struct {
	*excelize.File
	err error
}

func (w *workbook) try(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *workbook) sheet(name string, widths map[string]float64) {
	_, err := w.NewSheet(name)
	w.try(err)
	for _, column := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"} {
		if width, set := widths[column]; set {
			w.try(w.SetColWidth(name, column, column, width))
		}
	}
}

func (w *workbook) figures(s Sheet) {
	w.sheet(s.Name, map[string]float64{"A": 14, "B": 14, "C": 34, "D": 44, "E": 10, "F": 10, "G": 10, "H": 10, "I": 10, "J": 60})
	w.row(s.Name, 1, columns)
	for i, l := range s.Lines {
		w.row(s.Name, i+2, l.cells())
	}
	bold, err := w.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	w.try(err)
	w.try(w.SetCellStyle(s.Name, "A1", "J1", bold))
	w.try(w.SetPanes(s.Name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
}

func (w *workbook) notes(terms []Term) {
	const name = "Notes"
	w.sheet(name, map[string]float64{"A": 34, "B": 120})
	wrapped, err := w.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	w.try(err)
	for i, t := range terms {
		w.row(name, i+1, []string{t.Name, t.Text})
		w.try(w.SetCellStyle(name, "A"+strconv.Itoa(i+1), "B"+strconv.Itoa(i+1), wrapped))
	}
}

// row writes cells, numbers as numbers; text is never a formula in a cell of its own kind.
func (w *workbook) row(sheet string, line int, cells []string) {
	values := make([]any, len(cells))
	for i, cell := range cells {
		values[i] = cell
		if number, err := strconv.ParseFloat(cell, 64); err == nil {
			values[i] = number
		}
	}
	w.try(w.SetSheetRow(sheet, "A"+strconv.Itoa(line), &values))
}
