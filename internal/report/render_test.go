package report

import (
	"bytes"
	"encoding/csv"
	"image/png"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/xuri/excelize/v2"

	"throughgate/config"
	"throughgate/internal/continuity"
	"throughgate/internal/day"
)

// autumn is a window of 75 releases with 33 picked up, after 24 others, and a prison with few.
func autumn() *continuity.Figures {
	f := &continuity.Figures{Measure: "1", DataThrough: day.MustParse("2024-01-10"), Partnership: "Plymouth", Benchmarks: config.BuiltIn().Benchmarks}
	for i, end := range day.WindowEnds(day.MustParse("2023-12-31"), Windows) {
		f.Windows = append(f.Windows, window(end, 60+i%7, 11+i))
	}
	last := f.Last()
	last.M1 = continuity.M1{Releases: 75, People: 74, PickedUp: 33, Share: continuity.ShareOf(33, 75), FirstThreeWeeks: 12}
	last.M2 = continuity.M2{Releases: 66, PickedUp: 28, Share: continuity.ShareOf(28, 66), Awaiting: 9}
	last.M2Adjusted = continuity.Adjusted{Releases: 63, PickedUp: 29, Share: continuity.ShareOf(29, 63),
		PickedUpElsewhere: 1, Removed: continuity.Removed{Died: 1, ReturnedToCustody: 2}}
	last.BySubstanceGroup = groups("opiate", 37, 14, "non-opiate only", 18, 8, "non-opiate and alcohol", 13, 8, "alcohol only", 7, 3, "not recorded", 0, 0)
	last.ByPrison = groups("EXI", 48, 22, "CWI", 23, 9, "DMI", 4, 2)
	last.Supporting.S6 = figure(75, 77)
	last.Supporting.S7.Figure = figure(7, 75)
	return f
}

func window(end day.Date, releases, pickedUp int) continuity.Window {
	return continuity.Window{
		Start: day.Window(end), End: end,
		M1: continuity.M1{Releases: releases, PickedUp: pickedUp, Share: continuity.ShareOf(pickedUp, releases)},
		M2: continuity.M2{Releases: releases, PickedUp: pickedUp, Share: continuity.ShareOf(pickedUp, releases)},
	}
}

func groups(list ...any) (g continuity.Groups) {
	for i := 0; i < len(list); i += 3 {
		n, x := list[i+1].(int), list[i+2].(int)
		r := continuity.Rate{Releases: n, PickedUp: x, Share: continuity.ShareOf(x, n)}
		g = append(g, continuity.Group{Name: list[i].(string), M1: r, M2: r})
	}
	return g
}

func figure(x, n int) continuity.Figure {
	return continuity.Figure{Numerator: x, Denominator: n, Share: continuity.ShareOf(x, n)}
}

func issueOf(f *continuity.Figures, change func(*config.Config)) Issue {
	rules := config.BuiltIn()
	rules.Server.PublicURL = "https://throughgate.example"
	if change != nil {
		change(rules)
	}
	return Issue{
		Figures: continuity.Suppress(f, nil, rules), Rules: rules,
		Waiting: Waiting{Unbooked: true}, MadeAt: time.Date(2024, 1, 11, 7, 0, 0, 0, time.UTC),
	}
}

func render(t *testing.T, i Issue) *Rendered {
	t.Helper()
	r, err := Render(i)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// usual is the autumn's report, drawn once: the picture takes long under the race detector.
func usual(t *testing.T) *Rendered {
	t.Helper()
	r, err := drawnOnce()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var drawnOnce = sync.OnceValues(func() (*Rendered, error) { return Render(issueOf(autumn(), nil)) })

func opened(t *testing.T, page string) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// flat is a text with its line breaks and double spaces taken out.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// Each of these stands in both readings, in this order.
var said = []string{
	"44% of about 75 people released in the three months to 31 December 2023 with an onward referral were picked up by Harbour (95% interval 33% to 55%).",
	"still within their first three weeks: about 10.",
	"In the three months to 31 December 2022 the rolling rate was",
	"is similar to the local target of 50%.",
	"England's 54% (C20, June 2025",
	"the national ambition of 75%",
	"C20 counts everyone transferred with a need; ours, everyone referred.",
	"Of about 65 people whose 21 days are over, 42% were picked up within 21 days of release (95% interval 31% to 54%). Still awaiting their outcome: about 10.",
	"of about 65 people, 46% were picked up within 21 days of release (95% interval 34% to 58%). How many each of these were is too few to show.",
	"A: from 1 January 2023, an appointment allocated for every referral.",
	"Opiate",
	"15 of 35, 43%",
	"HMP Exeter",
	"20 of 50, 40%",
	"Referred, of those recorded as in need",
	"75 of 75, more than 19 in 20",
	"* is too few to show.",
	"Somebody has no appointment yet yes",
	"Somebody missed theirs and has no other no",
	"measure 1",
	"1 October 2023 to 31 December 2023, both days included",
	"10 January 2024; what is recorded later revises these figures",
	"Counts of 0 to 7 are not shown (*), others are to the nearest 5",
	"11 January 2024 at 07:00",
}

func TestBothReadingsSayTheSameInOrder(t *testing.T) {
	r := usual(t)
	doc := opened(t, r.HTML)
	doc.Find("th, td, p, h1, h2").AppendHtml(" ")
	for name, text := range map[string]string{"HTML": flat(doc.Find("body").Text()), "text": flat(r.Text)} {
		rest := text
		for _, sentence := range said {
			_, after, found := strings.Cut(rest, sentence)
			if !found {
				t.Errorf("%s: not there, or not in its place: %q", name, sentence)
				continue
			}
			rest = after
		}
	}
	if r.Subject != "Continuity of care, Plymouth: 44% picked up, three months to 31 December 2023" {
		t.Errorf("subject: %s", r.Subject)
	}
}

func TestTheHTMLStandsAlone(t *testing.T) {
	doc := opened(t, usual(t).HTML)
	doc.Find("[src], [href], link, script, iframe, object").Each(func(_ int, s *goquery.Selection) {
		address := s.AttrOr("src", s.AttrOr("href", goquery.NodeName(s)))
		if address != "cid:rolling-rate" && address != "https://throughgate.example/report" {
			t.Errorf("%s leads to %s", goquery.NodeName(s), address)
		}
	})
	picture := doc.Find("img")
	if alt := picture.AttrOr("alt", ""); picture.Length() != 1 || !strings.Contains(alt, "The rolling three-month rate was 20% at 31 January 2022") {
		t.Errorf("%d pictures, alternative text %q", picture.Length(), alt)
	}
	if style := doc.Find("style").Text(); strings.Contains(style, "url(") || strings.Contains(style, "@import") || !strings.Contains(style, "prefers-color-scheme") {
		t.Errorf("what is left of the style sheet: %s", style)
	}
	if doc.Find("h1").Length() != 1 || doc.Find("html").AttrOr("lang", "") != "en-GB" {
		t.Error("a page has one first heading and says its language")
	}
	if style := doc.Find("h1").AttrOr("style", ""); !strings.Contains(style, "font-weight") {
		t.Errorf("the styles are not on the elements: %q", style)
	}
}

func TestPlainTextKeepsToItsWidth(t *testing.T) {
	for line := range strings.Lines(usual(t).Text) {
		if len([]rune(strings.TrimRight(line, "\n"))) > lineWidth {
			t.Errorf("too long: %s", line)
		}
	}
}

// Whatever a count is, a form that leaves the service shows it rounded or not at all.
func TestNoCountIsShownAsItIs(t *testing.T) {
	r := usual(t)
	parts := regexp.MustCompile(`^(\d+|\*)( of (\d+|\*))?(, .+)?$`)
	opened(t, r.HTML).Find("table.figures:not(.made) td").Each(func(_ int, cell *goquery.Selection) {
		found := parts.FindStringSubmatch(cell.Text())
		if found == nil {
			return
		}
		for _, count := range []string{found[1], found[3]} {
			if n, err := strconv.Atoi(count); err == nil && n%5 != 0 {
				t.Errorf("the cell %q shows %d", cell.Text(), n)
			}
		}
	})
	for _, line := range readCSV(t, r.CSV)[1:] {
		for _, count := range line[4:6] {
			if n, err := strconv.Atoi(count); err == nil && n%5 != 0 || err != nil && count != "*" && count != "" {
				t.Errorf("the line %q shows %s", line, count)
			}
		}
	}
}

func TestNumbersTooSmallToShow(t *testing.T) {
	f := autumn()
	for i := range f.Windows {
		f.Windows[i] = window(f.Windows[i].End, 19, 7)
	}
	r := render(t, issueOf(f, nil))
	for name, text := range map[string]string{"text": flat(r.Text), "HTML": flat(opened(t, r.HTML).Find("body").Text())} {
		if !strings.Contains(text, "Numbers for the three months to 31 December 2023 are too small to show.") {
			t.Errorf("%s begins: %.100s", name, text)
		}
		if strings.Contains(text, "37%") || strings.Contains(text, "19 people") {
			t.Errorf("%s shows what is too small", name)
		}
		for _, said := range []string{"Numbers too small to show. Still awaiting their outcome: too few to show.", "another provider picked up: numbers too small to show."} {
			if !strings.Contains(text, said) {
				t.Errorf("%s lacks %q", name, said)
			}
		}
	}
	if r.PNG != nil || strings.Contains(r.HTML, "<img") {
		t.Error("a picture of nothing")
	}
	if strings.Contains(r.Subject, "%") {
		t.Errorf("subject: %s", r.Subject)
	}
}

func TestWithSuppressionOffTheReportSaysSo(t *testing.T) {
	r := render(t, issueOf(autumn(), func(c *config.Config) { c.Suppression.Enabled = false }))
	text := flat(r.Text)
	for _, want := range []string{"44.0% of 75 people released", "suppression is off", "died 1, returned to custody 2"} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(text, "*") {
		t.Error("* is explained although nothing is hidden")
	}
}

func TestThePicture(t *testing.T) {
	drawn := usual(t)
	seen, err := png.Decode(bytes.NewReader(drawn.PNG))
	if err != nil {
		t.Fatal(err)
	}
	colours := map[[3]uint32]int{}
	for y := range seen.Bounds().Dy() {
		for x := range seen.Bounds().Dx() {
			r, g, b, _ := seen.At(x, y).RGBA()
			colours[[3]uint32{r >> 8, g >> 8, b >> 8}]++
		}
	}
	for name, c := range map[string][3]uint32{"line": {0x1d, 0x70, 0xb8}, "band": {0xcd, 0xe0, 0xf2}, "ink": {0x0b, 0x0c, 0x0c}, "target": {0x50, 0x5a, 0x5f}} {
		if colours[c] < 200 {
			t.Errorf("%s: %d points of the picture", name, colours[c])
		}
	}
	svg := opened(t, string(drawn.SVG))
	if n := svg.Find("path").Length(); n != 24 {
		t.Errorf("%d dots in the drawing", n)
	}
	if alt := svg.Find("svg").AttrOr("aria-label", ""); alt != opened(t, drawn.HTML).Find("img").AttrOr("alt", "-") {
		t.Errorf("the drawing says something else than the picture: %q", alt)
	}
}

func TestAGapIsLeftWhereNoRateIsShown(t *testing.T) {
	f := autumn()
	f.Windows[9] = window(f.Windows[9].End, 12, 5)
	i := issueOf(f, nil)
	if text := flat(render(t, i).Text); !strings.Contains(text, "At 1 of 24 month ends no rate is shown.") {
		t.Error("the gap is not said")
	}
	if n := len(i.Rates().Dots); n != 23 {
		t.Errorf("%d dots", n)
	}
}

func readCSV(t *testing.T, text []byte) [][]string {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestCSVAndWorkbookHoldTheSameFigures(t *testing.T) {
	r := usual(t)
	lines := readCSV(t, r.CSV)
	want := []string{"2023-10-01", "2023-12-31", "M1 rolling three-month rate", "", "75", "", "44", "33", "55", ""}
	if !slices.Equal(lines[1], want) {
		t.Errorf("first figure: %q", lines[1])
	}
	book, err := excelize.OpenReader(bytes.NewReader(r.XLSX))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	want = []string{"Rates", "By substance group", "By prison", "Funnel", "Time to pick-up", "Beside the rate", "Month ends", "Notes"}
	if sheets := book.GetSheetList(); !slices.Equal(sheets, want) {
		t.Errorf("sheets: %q", sheets)
	}
	var rows [][]string
	for _, sheet := range want[:len(want)-1] {
		all, err := book.GetRows(sheet)
		if err != nil || !slices.Equal(all[0], lines[0]) {
			t.Fatalf("%s begins with %q: %v", sheet, all, err)
		}
		if shown, err := book.GetSheetVisible(sheet); err != nil || !shown {
			t.Errorf("%s is not to be seen: %v", sheet, err)
		}
		rows = append(rows, all[1:]...)
	}
	if len(rows) != len(lines)-1 {
		t.Fatalf("%d rows for %d lines", len(rows), len(lines))
	}
	for i, row := range rows {
		for len(row) < len(lines[i+1]) {
			row = append(row, "")
		}
		if !slices.Equal(row, lines[i+1]) {
			t.Errorf("row %d: %q, line: %q", i+1, row, lines[i+1])
		}
	}
	if kind, err := book.GetCellType("Rates", "G2"); err != nil || kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString {
		t.Errorf("a per cent is kept as text: %v, %v", kind, err)
	}
	if notes, err := book.GetRows("Notes"); err != nil || len(notes) < 25 {
		t.Errorf("notes: %q, %v", notes, err)
	}
}

func TestASpreadsheetDoesNotRunAName(t *testing.T) {
	f := autumn()
	i := issueOf(f, func(c *config.Config) { c.Prisons[0].Name = "=1+1" })
	r := render(t, i)
	if strings.Contains(string(r.CSV), ",=") {
		t.Error("a cell of the CSV begins with =")
	}
}

func TestWhatConfigurationSaysIsTextAndNotMarkup(t *testing.T) {
	r := render(t, issueOf(autumn(), func(c *config.Config) { c.Prisons[0].Name = `<script>alert(1)</script>` }))
	if strings.Contains(r.HTML, "<script") {
		t.Error("a name became markup")
	}
}

func TestTheSameIssueGivesTheSameBytes(t *testing.T) {
	a, b := usual(t), render(t, issueOf(autumn(), nil))
	if a.HTML != b.HTML || a.Text != b.Text || !bytes.Equal(a.CSV, b.CSV) || !bytes.Equal(a.PNG, b.PNG) || !bytes.Equal(a.XLSX, b.XLSX) {
		t.Error("drawn twice, the report differs")
	}
}

func TestEachReaderIsToldHowToLeave(t *testing.T) {
	r := usual(t)
	link := `https://throughgate.example/report/leave/a"b`
	if got := opened(t, HTMLWithLeave(r.HTML, link)).Find("a").Last().AttrOr("href", ""); got != link {
		t.Errorf("the HTML leads to %s", got)
	}
	if !strings.HasSuffix(TextWithLeave(r.Text, link), link+"\n") {
		t.Error("the text does not say how to leave")
	}
	if HTMLWithLeave(r.HTML, "") != r.HTML || TextWithLeave(r.Text, "") != r.Text {
		t.Error("without a link nothing is added")
	}
}

func TestAPathwayChangeOutsideThePictureIsNotMarked(t *testing.T) {
	i := issueOf(autumn(), func(c *config.Config) {
		c.Report.PathwayChanges = map[string]string{"2020-01-01": "long ago", "2023-06-01": "second", "2023-03-01": "first"}
	})
	marks := i.Marks()
	if len(marks) != 2 || marks[0].Letter != "A" || marks[0].What != "first" || marks[1].Letter != "B" {
		t.Errorf("%+v", marks)
	}
}
