package reconcile

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"throughgate/internal/problem"
)

// Workbooks are read here and not by excelize (which writes ours): its row stream does not tell a
// date from a number, unpacks the workbook into memory or into temporary files in clear, and ends at
// damaged XML as if the sheet had ended there.

// workbook is an XLSX file of one filled sheet.
type workbook struct {
	parts      map[string]*zip.File // by path in lower case
	sheet      *zip.File
	shared     []string
	dateStyles []bool // by a cell's style: shows a date
	from1904   bool   // days are counted from 1 January 1904, as old Macs did
}

const (
	maxPart    = 16 << 20  // unpacked bytes of a part that describes the workbook
	maxStrings = 3_000_000 // different texts
	maxToken   = 1 << 20   // bytes between two tags: thirty times what a cell can hold
)

var errDamaged = refused("unreadable", "The workbook is damaged. Open it, save it anew as .xlsx and send that.")

func openWorkbook(received []byte) (*workbook, error) {
	archive, err := zip.NewReader(bytes.NewReader(received), int64(len(received)))
	if err != nil {
		return nil, errDamaged
	}
	b := &workbook{parts: map[string]*zip.File{}}
	var unpacked uint64
	for _, f := range archive.File {
		if unpacked += min(f.UncompressedSize64, maxUnpacked+1); unpacked > maxUnpacked {
			return nil, refused(problem.TooLarge, "The workbook unpacks to more than 200 MiB. Save only the list in a new workbook.")
		}
		b.parts[strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))] = f
	}
	if err := b.open(); err != nil {
		return nil, inWords(err)
	}
	return b, nil
}

// open reads what the workbook says about itself, then finds the sheet with the rows.
func (b *workbook) open() error {
	main := b.mainPart()
	parts, err := b.relations(main)
	if err != nil {
		return err
	}
	if err := b.readSharedStrings(b.parts[parts.ofType("/sharedStrings")]); err != nil {
		return err
	}
	if err := b.readStyles(parts.ofType("/styles")); err != nil {
		return err
	}
	return b.findSheet(main, parts)
}

// inWords keeps a refusal and calls every other fault of reading damage.
func inWords(err error) error {
	var tooLong *longToken
	if errors.As(err, &tooLong) {
		return refused(problem.TooLarge, "The workbook holds a cell that is larger than a spreadsheet's cell can be.")
	}
	if isRefusal(err) {
		return err
	}
	return errDamaged
}

// bookSheet is a sheet as the workbook lists it.
type bookSheet struct {
	Name  string `xml:"name,attr"`
	State string `xml:"state,attr"`
	ID    string `xml:"id,attr"`
}

// findSheet is the one sheet with something in it. Hidden sheets and further filled ones are refused,
// because nobody would see that they were left out.
func (b *workbook) findSheet(main string, parts relationships) error {
	var book struct {
		Properties struct {
			From1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []bookSheet `xml:"sheets>sheet"`
	}
	if err := b.decode(main, &book); err != nil {
		return err
	}
	b.from1904 = book.Properties.From1904 == "1" || book.Properties.From1904 == "true"
	var hidden, further []string
	for _, s := range book.Sheets {
		part := b.parts[parts.target(s.ID)]
		if s.State != "" && s.State != "visible" {
			hidden = append(hidden, s.Name)
			continue
		}
		filled, err := b.filled(part)
		switch {
		case err != nil:
			return err
		case filled && b.sheet != nil:
			further = append(further, s.Name)
		case filled:
			b.sheet = part
		}
	}
	return b.refuseSheets(hidden, further)
}

func (b *workbook) refuseSheets(hidden, further []string) error {
	switch {
	case len(hidden) > 0:
		return refused("hidden_sheet", "The workbook has hidden sheets: "+strings.Join(hidden, ", ")+". Remove them and send it again.")
	case len(further) > 0:
		return refused("second_sheet", "The workbook has more than one filled sheet: also "+strings.Join(further, ", ")+". Send one sheet in a workbook.")
	case b.sheet == nil:
		return refused("header", "The workbook is empty.")
	}
	return nil
}

// filled says whether the sheet has any cell that shows something. A sheet that is a chart has none.
func (b *workbook) filled(part *zip.File) (bool, error) {
	if part == nil {
		return false, nil
	}
	for l, err := range b.rows(part) {
		if err != nil {
			return false, err
		}
		if !l.blank() {
			return true, nil
		}
	}
	return false, nil
}

// mainPart is where the package says its workbook is; nearly always xl/workbook.xml.
func (b *workbook) mainPart() string {
	var r relationships
	if err := b.decode("_rels/.rels", &r); err == nil && r.ofType("/officeDocument") != "" {
		return resolve("", r.ofType("/officeDocument"))
	}
	return "xl/workbook.xml"
}

type relationships struct {
	All []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

// relations are what a part points to, with the targets as paths from the root.
func (b *workbook) relations(part string) (r relationships, err error) {
	folder, file := path.Split(part)
	err = b.decode(folder+"_rels/"+file+".rels", &r)
	for i := range r.All {
		r.All[i].Target = resolve(folder, r.All[i].Target)
	}
	return r, err
}

// ofType is the first target of a type, by the end of its name; "" if there is none.
func (r relationships) ofType(end string) string {
	for _, one := range r.All {
		if strings.HasSuffix(one.Type, end) {
			return one.Target
		}
	}
	return ""
}

func (r relationships) target(id string) string {
	for _, one := range r.All {
		if one.ID == id {
			return one.Target
		}
	}
	return ""
}

func resolve(folder, target string) string {
	if !strings.HasPrefix(target, "/") {
		target = path.Join(folder, target)
	}
	return strings.ToLower(strings.TrimPrefix(path.Clean(target), "/"))
}

func (b *workbook) decode(name string, into any) error {
	part := b.parts[strings.ToLower(name)]
	if part == nil || part.UncompressedSize64 > maxPart {
		return fmt.Errorf("no readable part %q", path.Base(name))
	}
	unpacked, err := part.Open()
	if err != nil {
		return err
	}
	defer unpacked.Close()
	return xml.NewDecoder(&tokenLimit{from: unpacked}).Decode(into)
}

// readStyles finds out which styles show a number as a date.
func (b *workbook) readStyles(part string) error {
	if b.parts[part] == nil {
		return nil
	}
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := b.decode(part, &styles); err != nil {
		return err
	}
	custom := map[int]string{}
	for _, f := range styles.Formats {
		custom[f.ID] = f.Code
	}
	for _, c := range styles.Cells {
		code, isCustom := custom[c.Format]
		b.dateStyles = append(b.dateStyles, isCustom && showsDate(code) || !isCustom && builtInDate(c.Format))
	}
	return nil
}

// builtInDate are the number formats that every workbook has without naming them and that show a
// day, month or year (ECMA-376, 18.8.30); 27 to 36 and 50 to 58 are those of East Asia.
func builtInDate(format int) bool {
	return format >= 14 && format <= 17 || format == 22 || format >= 27 && format <= 31 || format == 36 || format >= 50 && format <= 58
}

// showsDate says whether a format's code has a day or a year in it, outside text and brackets.
func showsDate(code string) bool {
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '"':
			i += 1 + max(0, strings.IndexByte(code[i+1:], '"'))
		case '[':
			i += max(0, strings.IndexByte(code[i:], ']'))
		case '\\', '_', '*':
			i++
		case 'd', 'D', 'y', 'Y':
			return true
		case ';':
			return false // the second section is for negative numbers
		}
	}
	return false
}

// tokenLimit ends reading where no tag stands for so long that only an attack explains it; the XML
// reader would take all of it into memory.
type tokenLimit struct {
	from  io.Reader
	since int // bytes since the last <
}

type longToken struct{}

func (*longToken) Error() string { return "the text between two tags is longer than any cell" }

func (t *tokenLimit) Read(p []byte) (int, error) {
	n, err := t.from.Read(p[:min(len(p), maxToken)])
	if last := bytes.LastIndexByte(p[:n], '<'); last >= 0 {
		t.since = n - last
	} else if t.since += n; t.since > maxToken {
		return 0, &longToken{}
	}
	return n, err
}

// columnOf is the place of the cell "AB12" in its row, from 0; -1 for what is no cell.
func columnOf(reference string) int {
	letters := strings.TrimRight(reference, "0123456789")
	if letters == "" || len(letters) > 3 {
		return -1
	}
	n := 0
	for _, r := range letters {
		if r < 'A' || r > 'Z' {
			return -1
		}
		n = n*26 + int(r-'A') + 1
	}
	return n - 1
}

func attribute(of xml.StartElement, name string) string {
	i := slices.IndexFunc(of.Attr, func(a xml.Attr) bool { return a.Name.Local == name })
	if i < 0 {
		return ""
	}
	return of.Attr[i].Value
}

// plainNumber is a number as a person would read it: 9990000018, not 9.990000018E9.
func plainNumber(text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != float64(int64(n)) || n > 1e15 || n < -1e15 {
		return text
	}
	return strconv.FormatInt(int64(n), 10)
}
