package reconcile

import (
	"encoding/csv"
	"io"
	"strings"
)

// A spreadsheet runs a cell that begins with = + - @ as a formula, whoever wrote it. Files that we
// write put an apostrophe before such text; reading takes it away again, so that the text comes back
// as it was.

// formula says whether a spreadsheet could take the text for one, behind any apostrophes.
func formula(text string) bool {
	bare := strings.TrimLeft(text, "'")
	return bare != "" && strings.ContainsRune("=+-@\t\r", rune(bare[0]))
}

func guard(text string) string {
	if formula(text) {
		return "'" + text
	}
	return text
}

func unguard(text string) string {
	if rest, guarded := strings.CutPrefix(text, "'"); guarded && formula(rest) {
		return rest
	}
	return text
}

// CSV is a table as partners' spreadsheets read it, written a row at a time: UTF-8 that says so, and no cell that runs.
type CSV struct{ rows *csv.Writer }

// NewCSV begins a table. What it is written to has all of it after End.
func NewCSV(to io.Writer) (*CSV, error) {
	if _, err := io.WriteString(to, byteOrderMark); err != nil {
		return nil, err
	}
	rows := csv.NewWriter(to)
	rows.UseCRLF = true
	return &CSV{rows}, nil
}

func (c *CSV) Write(row []string) error {
	cells := make([]string, len(row))
	for i, text := range row {
		cells[i] = guard(text)
	}
	return c.rows.Write(cells)
}

func (c *CSV) End() error {
	c.rows.Flush()
	return c.rows.Error()
}

// WriteCSV writes a table whose rows are all there.
func WriteCSV(to io.Writer, rows [][]string) error {
	table, err := NewCSV(to)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := table.Write(row); err != nil {
			return err
		}
	}
	return table.End()
}
