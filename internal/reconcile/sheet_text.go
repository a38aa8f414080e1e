package reconcile

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"throughgate/config"
)

// encoding/csv is not used: it reads a file whose lines end in CR as one record, keeps a byte-order
// mark in the first heading, takes ; for part of a word, and gives up at the first stray quotation
// mark. Here each of these is detected, and one broken row stays one broken row.

// textFile is a CSV file after its encoding, separator and line ends were detected.
type textFile struct {
	text      []byte // in UTF-8, without byte-order mark
	bom       bool
	win1252   bool
	separator byte
	lineEnd   string // "" in a file of one line
}

const byteOrderMark = "\xef\xbb\xbf"

func openText(received []byte, layout Layout) (*textFile, error) {
	t := &textFile{}
	if err := t.decode(received); err != nil {
		return nil, err
	}
	if err := t.findSeparator(layout); err != nil {
		return nil, err
	}
	return t, t.findLineEnd()
}

// decode finds the encoding: UTF-8 if it is valid, else Windows-1252, which has every byte but five.
func (t *textFile) decode(received []byte) error {
	if bytes.HasPrefix(received, []byte("\xff\xfe")) || bytes.HasPrefix(received, []byte("\xfe\xff")) {
		return refused("unreadable", "The file is in UTF-16. Save it as CSV UTF-8.")
	}
	if bytes.IndexByte(firstLine(received), 0) >= 0 {
		return refused("unreadable", "The file is neither CSV nor XLSX (or it is in UTF-16). Save it as CSV UTF-8 or XLSX.")
	}
	t.text, t.bom = bytes.CutPrefix(received, []byte(byteOrderMark))
	if utf8.Valid(t.text) {
		return nil
	}
	if t.bom || hasUTF8Letter(t.text) {
		return refused("unreadable", "The file mixes encodings: part of it is UTF-8, part is not. Save it as CSV UTF-8.")
	}
	if hasByteOf(t.text, "\x81\x8d\x8f\x90\x9d") {
		return refused("unreadable", "The file is neither in UTF-8 nor in Windows-1252. Save it as CSV UTF-8.")
	}
	t.win1252 = true
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(t.text)
	t.text = decoded
	return err
}

func firstLine(text []byte) []byte {
	text = bytes.TrimLeft(text, "\r\n")
	if end := bytes.IndexAny(text, "\r\n"); end >= 0 {
		return text[:end]
	}
	return text
}

// hasUTF8Letter looks for é or Ł as UTF-8 writes them. In Windows-1252 the same two bytes would be Ã or Å
// before a sign such as © or a control: nobody's name.
func hasUTF8Letter(text []byte) bool {
	for i := 0; i+1 < len(text); i++ {
		if (text[i] == 0xc3 || text[i] == 0xc5) && text[i+1] >= 0x80 && text[i+1] <= 0xbf {
			return true
		}
	}
	return false
}

func hasByteOf(text []byte, set string) bool {
	for _, b := range []byte(set) {
		if bytes.IndexByte(text, b) >= 0 {
			return true
		}
	}
	return false
}

// findSeparator takes the separator that makes the most known headings. A header that makes more
// when it is cut at two of them is mixed.
func (t *textFile) findSeparator(layout Layout) error {
	header := string(firstFilledLine(t.text))
	best, most := byte(','), 0
	for _, separator := range []byte(",;\t") {
		t.separator = separator
		cells, _, _, _ := t.record(len(t.text) - len(trimBlankLines(t.text)))
		if n := knownHeadings(cells, layout); n > most {
			best, most = separator, n
		}
	}
	t.separator = best
	anywhere := strings.FieldsFunc(header, func(r rune) bool { return strings.ContainsRune(",;\t", r) })
	for i, word := range anywhere {
		anywhere[i] = strings.Trim(word, `" `)
	}
	if knownHeadings(anywhere, layout) > most {
		return refused("header", "The header mixes separators: use one of comma, semicolon or tab throughout.")
	}
	return nil
}

func trimBlankLines(text []byte) []byte { return bytes.TrimLeft(text, "\r\n") }

func firstFilledLine(text []byte) []byte { return firstLine(trimBlankLines(text)) }

func knownHeadings(cells []string, layout Layout) int {
	known := map[string]bool{}
	for _, c := range layout.Columns {
		known[config.Fold(c.Word)] = true
	}
	n := 0
	for _, cell := range cells {
		if known[config.Fold(cell)] {
			n++
		}
	}
	return n
}

// findLineEnd refuses a file whose rows end in different ways: it was pasted together, and where one
// of its rows ends cannot be said. Line breaks inside quotation marks are text.
func (t *textFile) findLineEnd() error {
	row := 0
	for at := 0; at < len(t.text); {
		_, end, next, _ := t.record(at)
		if row++; t.lineEnd == "" {
			t.lineEnd = end
		}
		if end != "" && end != t.lineEnd {
			return refused("unreadable", fmt.Sprintf("The file mixes line ends: row %d ends in another way than the rows before it. Save it anew.", row))
		}
		at = next
	}
	return nil
}

func (t *textFile) found() string {
	encoding := "UTF-8"
	if t.bom {
		encoding = "UTF-8 with byte-order mark"
	}
	if t.win1252 {
		encoding = "Windows-1252"
	}
	said := "CSV, " + encoding + ", separated by " + map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs"}[t.separator]
	if t.lineEnd == "" {
		return said
	}
	return said + ", lines ended as on " + map[string]string{"\r\n": "Windows", "\n": "Mac or Linux", "\r": "old Macs"}[t.lineEnd]
}

// lines are the file's rows, numbered as a spreadsheet does: a quoted field with a line break in it
// is one row.
func (t *textFile) lines() iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		for at, row := 0, 1; at < len(t.text); row++ {
			texts, _, next, broken := t.record(at)
			cells := make([]Cell, len(texts))
			for i, text := range texts {
				cells[i].Text = text
			}
			if !yield(line{number: row, cells: cells, broken: broken}, nil) {
				return
			}
			at = next
		}
	}
}

// record reads the row that begins at a place in the text: its fields, how it ends and where the next
// begins. Where quotation marks do not match, the row is the one line that it stands on.
func (t *textFile) record(at int) (fields []string, end string, next int, broken string) {
	start := at
	for {
		text, stop, ok := t.field(at)
		if !ok {
			stop = t.endOfLine(start)
			end = t.endAt(stop)
			return []string{string(t.text[start:stop])}, end, stop + len(end), "a quotation mark is never closed, or text follows one that is"
		}
		if utf8.RuneCountInString(text) > maxCell {
			broken = "a field is longer than a spreadsheet's cell can hold (32,767 characters)"
		}
		if len(fields) == maxColumns {
			broken = fmt.Sprintf("the row has more than %d fields", maxColumns)
		} else {
			fields = append(fields, text)
		}
		if stop < len(t.text) && t.text[stop] == t.separator {
			at = stop + 1
			continue
		}
		end = t.endAt(stop)
		return fields, end, stop + len(end), broken
	}
}

// field reads one field and says where it stops: at a separator, a line end or the end of the file.
func (t *textFile) field(at int) (text string, stop int, ok bool) {
	if at < len(t.text) && t.text[at] == '"' {
		return t.quoted(at + 1)
	}
	stop = at
	for stop < len(t.text) && t.text[stop] != t.separator && t.text[stop] != '\r' && t.text[stop] != '\n' {
		stop++
	}
	return string(t.text[at:stop]), stop, true
}

// quoted reads from behind the opening quotation mark; two in a row stand for one.
func (t *textFile) quoted(at int) (text string, stop int, ok bool) {
	var b strings.Builder
	for {
		n := bytes.IndexByte(t.text[at:], '"')
		if n < 0 {
			return "", 0, false
		}
		b.Write(t.text[at : at+n])
		at += n + 1
		if at == len(t.text) || t.text[at] != '"' {
			break
		}
		b.WriteByte('"')
		at++
	}
	for at < len(t.text) && t.text[at] == ' ' {
		at++
	}
	closed := at == len(t.text) || t.text[at] == t.separator || t.endAt(at) != ""
	return b.String(), at, closed
}

func (t *textFile) endOfLine(at int) int {
	if n := bytes.IndexAny(t.text[at:], "\r\n"); n >= 0 {
		return at + n
	}
	return len(t.text)
}

// endAt is the line end that stands at a place; "" if none does.
func (t *textFile) endAt(at int) string {
	for _, end := range []string{"\r\n", "\n", "\r"} {
		if bytes.HasPrefix(t.text[at:], []byte(end)) {
			return end
		}
	}
	return ""
}
