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

// WriteCSV writes a table as partners' spreadsheets read it: UTF-8 that says so, and no cell that runs.
func WriteCSV(to io.Writer, rows [][]string) error {
	if _, err := io.WriteString(to, byteOrderMark); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, text := range row {
			cells[i] = guard(text)
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
