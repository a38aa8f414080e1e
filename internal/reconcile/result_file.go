package reconcile

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"throughgate/config"
	"throughgate/internal/day"
)

// The two columns that a result file adds. A file that already has them (a result that was mended and
// sent again) gets new ones in their place.
const (
	answerColumn = "Answer"
	whyColumn    = "Why"
)

func isAnswerColumn(heading string) bool {
	folded := config.Fold(heading)
	return folded == config.Fold(answerColumn) || folded == config.Fold(whyColumn)
}

// WriteResult writes the file as it was received with two columns added, in the same format, encoding
// and separator. Row numbers stay what they were, and text that a spreadsheet would take for a
// formula gets a guard, which reading takes away again.
func WriteResult(to io.Writer, s *Sheet, answers map[int]Answer) error {
	if s.book != nil {
		return writeWorkbook(to, s, answers)
	}
	return writeText(to, s, answers)
}

// answered are the rows of the result: the received cells, then the two columns.
func (s *Sheet) answered(answers map[int]Answer, each func(number int, cells []Cell) error) error {
	var old []int
	for l, err := range s.lines() {
		if err != nil {
			return err
		}
		if l.number == s.header {
			old = answerColumns(l.cells)
		}
		cells := s.kept(l, old)
		answer := answers[l.number]
		if l.number == s.header {
			answer = Answer{answerColumn, whyColumn}
		}
		if len(cells) > 0 {
			cells = append(cells, Cell{Text: answer.Answer}, Cell{Text: answer.Why})
		}
		if err := each(l.number, cells); err != nil {
			return err
		}
	}
	return nil
}

func answerColumns(header []Cell) (at []int) {
	for i, c := range header {
		if isAnswerColumn(c.Text) {
			at = append(at, i)
		}
	}
	return at
}

// kept are the row's own cells, without an earlier answer, as many as the header has.
func (s *Sheet) kept(l line, without []int) []Cell {
	if l.number < s.header || l.broken == "" && l.blank() {
		return nil
	}
	cells := append([]Cell{}, l.cells...)
	for len(cells) < s.width {
		cells = append(cells, Cell{})
	}
	for i := len(without) - 1; i >= 0 && s.broken(l) == ""; i-- {
		cells = append(cells[:without[i]], cells[without[i]+1:]...)
	}
	for len(cells) > s.width-len(without) && strings.TrimSpace(cells[len(cells)-1].Text) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func writeText(to io.Writer, s *Sheet, answers map[int]Answer) error {
	buffered := bufio.NewWriter(to)
	var out io.Writer = buffered
	if s.text.win1252 {
		out = charmap.Windows1252.NewEncoder().Writer(buffered)
	}
	if s.text.bom {
		buffered.WriteString(byteOrderMark) // an error is kept for Flush
	}
	lineEnd := s.text.lineEnd
	if lineEnd == "" {
		lineEnd = "\r\n"
	}
	err := s.answered(answers, func(_ int, cells []Cell) error {
		fields := make([]string, len(cells))
		for i, c := range cells {
			fields[i] = s.text.quote(guard(unguard(c.Text)))
		}
		_, err := io.WriteString(out, strings.Join(fields, string(s.text.separator))+lineEnd)
		return err
	})
	if err != nil {
		return err
	}
	return buffered.Flush()
}

// quote puts quotation marks around a field that would else be taken apart. Every separator counts,
// so that a program that guesses another one is not led astray by the text.
func (t *textFile) quote(field string) string {
	if !strings.ContainsAny(field, ",;\t\"\r\n") && field == strings.TrimSpace(field) {
		return field
	}
	return `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
}

// nowhere is a folder that does not exist, so that excelize keeps a large sheet in memory and never
// writes people's data to a temporary file.
var nowhere = filepath.Join(os.DevNull, "nowhere")

func writeWorkbook(to io.Writer, s *Sheet, answers map[int]Answer) error {
	book := excelize.NewFile(excelize.Options{TmpDir: nowhere})
	defer book.Close()
	format := "dd/mm/yyyy"
	dates, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return err
	}
	stream, err := book.NewStreamWriter(book.GetSheetName(0))
	if err != nil {
		return err
	}
	err = s.answered(answers, func(number int, cells []Cell) error {
		at, err := excelize.CoordinatesToCellName(1, number)
		if err != nil || len(cells) == 0 {
			return err
		}
		return stream.SetRow(at, bookCells(cells, dates))
	})
	if err != nil {
		return err
	}
	if err := stream.Flush(); err != nil {
		return err
	}
	return book.Write(to)
}

func bookCells(cells []Cell, dates int) []any {
	row := make([]any, len(cells))
	for i, c := range cells {
		switch date, err := day.Parse(c.Text); {
		case c.IsDate && err == nil:
			row[i] = excelize.Cell{StyleID: dates, Value: serialOf(date)}
		case c.Text != "":
			row[i] = guard(unguard(c.Text))
		}
	}
	return row
}

// serialOf is the day as a spreadsheet counts it; serialDate turned round.
func serialOf(date day.Date) int {
	if n := date.Sub(day.New(1899, 12, 30)); n > 60 {
		return n
	}
	return date.Sub(day.New(1899, 12, 31))
}
