package web

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/xuri/excelize/v2"

	"throughgate/internal/continuity"
	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
)

// exampleCohort is the house with the partners' example lists taken in, on a day in January 2026.
func exampleCohort(t *testing.T) *house {
	h := newHouse(t)
	h.now = time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)
	read := func(name string) []byte {
		text, err := os.ReadFile("../demo/exeter-plymouth/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if _, err := reconcile.ImportPrisonReleases(t.Context(), h.pool, h.who("EXI", staff.Prison), h.now, "EXI", "r.csv", read("prison-releases.csv"), reconcile.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := reconcile.ImportProviderPickups(t.Context(), h.pool, h.who("HARBOUR", staff.Provider), h.now, "HARBOUR", "p.csv", read("provider-pickups.csv"), reconcile.Options{}); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestTheReportOfTheExampleCohort(t *testing.T) {
	h := exampleCohort(t)
	b := h.as("SUBGROUP")
	december := b.open("/report?window_end=2023-12-31&data_through=2024-01-21")
	t.Run("says what can be quoted, with everything beside it", december.saysItAll)
	t.Run("shows pictures that say what is to be seen", december.showsPictures)
	t.Run("has the same numbers as tables", december.hasTables)
	t.Run("leads to every month since the first release", func(t *testing.T) {
		options := december.Find("#month option").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("value", "") })
		if len(options) != 43 || options[0] != "" || options[1] != "2025-12-31" || options[42] != "2022-07-31" {
			t.Errorf("%d months to choose from: %q", len(options), options)
		}
		if chosen := december.Find("#month option[selected]").Text(); chosen != "31 December 2023" {
			t.Errorf("%q is chosen", chosen)
		}
	})
	t.Run("can be taken away by who may read it", func(t *testing.T) { h.takesAway(t, b, december) })
}

func (s shown) saysItAll(t *testing.T) {
	rest := s.text()
	for _, want := range []string{
		"44.0% of 75 people released in the three months to 31 December 2023 with an onward referral were picked up by Harbour (95% interval 33.3% to 55.3%).",
		"33 of 75 releases picked up",
		"In the three months to 31 December 2022 the rolling rate was 17.1%: higher now, by 26.9 points",
		"similar to the local target of 50%",
		"England's 53% (C20, 2023/24, financial year, as published in 2025)",
		"the national ambition of 75%",
		"A: from 1 January 2023, an appointment allocated for every referral.",
		"The latest months: improvement, beyond what chance would bring",
		"The ambition of 75% is consistently missed",
		"A: from 1 January 2023, new limits: an appointment allocated for every referral.",
		"Not recorded0 of 0", // the fifth substance group, which nobody is in
		"CJIT contact",
		"Is work waiting?",
		"Every month since the first release",
		"measure 1",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("not there, or not in its place: %q", want)
		}
		rest = after
	}
	figures, _, _ := strings.Cut(s.text(), "How the figures are made")
	for _, jargon := range []string{"Kaplan", "common cause", "special cause", "Variation", "Assurance", "moved away"} {
		if strings.Contains(figures, jargon) {
			t.Errorf("%q is said among the figures", jargon)
		}
	}
}

func (s shown) showsPictures(t *testing.T) {
	alts := s.Find(`main svg[role="img"]`).Map(func(_ int, p *goquery.Selection) string { return p.AttrOr("aria-label", "") })
	for i, want := range []string{
		"and 44% at 31 December 2023.", "Flagged as improvement:", "From referral to pick-up: Referred 75; Released 75; Booked by release 9 (12.0%); Attended 34 (45.3%); Picked up 33 (44.0%).",
		"Time from release to pick-up: On the day of release 4;", "by day 21",
	} {
		if i >= len(alts) || !strings.Contains(alts[i], want) {
			t.Errorf("picture %d does not say %q: %q", i, want, alts)
		}
	}
	if n := s.Find("[style]").Length(); n > 0 {
		t.Errorf("%d styles that the pages' policy refuses", n)
	}
}

func (s shown) hasTables(t *testing.T) {
	tables := map[string]*goquery.Selection{}
	s.Find("table").Each(func(_ int, one *goquery.Selection) {
		tables[one.Find("caption").Text()+"/"+one.Find("th").First().Text()] = one
	})
	for name, want := range map[string]struct {
		row  string
		rows int
	}{
		"By substance group/Group":                              {"Opiate14 of 37, 37.8%13 of 37, 35.1%", 5},
		"The same as a table/Three months to":                   {"31 December 202333 of 75, 44.0%33.3% to 55.3%", 17},
		"The same as a table/Month of release":                  {"December 2023", 18},
		"The same as a table/Day":                               {"07545.3% (", 20},
		"Three months to the end of each month/Three months to": {"31 December 202333 of 75, 44.0%32 of 75, 42.7%", 17},
		"Filled in, by sender/Sender":                           {"HMP Exeter225 of 225, 100.0%", 3},
	} {
		one, there := tables[name]
		if !there {
			t.Errorf("there is no table %q", name)
			continue
		}
		rows := one.Find("tbody tr").Map(func(_ int, r *goquery.Selection) string { return strings.Join(strings.Fields(r.Text()), " ") })
		if len(rows) < want.rows || !slices.ContainsFunc(rows, func(r string) bool { return strings.HasPrefix(r, want.row) }) {
			t.Errorf("%s: %d rows, none is %q: %q", name, len(rows), want.row, rows)
		}
	}
}

func (h *house) takesAway(t *testing.T, b *browser, page shown) {
	files := map[string]shown{}
	page.Find(`a[href^="/report"]`).Each(func(_ int, a *goquery.Selection) {
		path := a.AttrOr("href", "")
		if name, _, asked := strings.Cut(path, "?"); asked {
			files[name] = b.open(path)
		}
	})
	for name, file := range files {
		if file.status != http.StatusOK || !strings.HasPrefix(file.header.Get("Content-Disposition"), `attachment; filename="exact-figures-2023-12-31.`) {
			t.Errorf("%s: %d %s", name, file.status, file.header.Get("Content-Disposition"))
		}
	}
	lines, err := csv.NewReader(strings.NewReader(files["/report.csv"].raw)).ReadAll()
	if err != nil || len(lines) < 200 || !slices.Equal(lines[1], []string{"2023-10-01", "2023-12-31", "M1 rolling three-month rate", "", "75", "", "44", "33.3", "55.3", ""}) {
		t.Errorf("the CSV: %d lines, %v", len(lines), err)
	}
	book, err := excelize.OpenReader(strings.NewReader(files["/report.xlsx"].raw))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if sheets := book.GetSheetList(); !slices.Contains(sheets, "Control chart") || sheets[len(sheets)-1] != "Notes" {
		t.Errorf("sheets: %q", sheets)
	}
	var figures continuity.Figures
	if err := json.Unmarshal([]byte(files["/report.json"].raw), &struct{ Windows *[]json.RawMessage }{}); err != nil || !bytes.Contains([]byte(files["/report.json"].raw), []byte(`"picked_up":33`)) {
		t.Errorf("the JSON: %v %+v", err, figures)
	}
	if months := strings.Count(files["/report/months.csv"].raw, "\r\n"); months != 1+2*18 {
		t.Errorf("the history has %d lines", months)
	}
	var audited int
	h.service(func(tx *db.Tx) error {
		return tx.Get(t.Context(), &audited, `SELECT count(*) FROM audit WHERE act = 'exported' AND kind = 'report' AND subject = '2023-12-31'`)
	})
	if audited != len(files) || audited != 4 {
		t.Errorf("%d files, of which %d are audited", len(files), audited)
	}
}

func TestAReportAsSentCanBeTakenAwayInEveryForm(t *testing.T) {
	h := newHouse(t)
	h.readers("chair@example.org")
	b := h.as("ADMIN")
	path := b.sendReport().Find("tbody a").AttrOr("href", "")
	page := b.open(path)
	if page.Find("iframe[sandbox]").AttrOr("src", "") != path+"/as-sent" {
		t.Error("the report is not shown as it was sent")
	}
	for name, begins := range map[string]string{"report.xlsx": "PK", "report.csv": "Window start,", "report.json": "{", "report.txt": "Numbers for"} {
		if page.Find(`a[href="`+path+"/"+name+`"]`).Length() != 1 {
			t.Errorf("nothing leads to %s", name)
		}
		if file := b.open(path + "/" + name); file.status != http.StatusOK || !strings.HasPrefix(file.raw, begins) {
			t.Errorf("%s: %d %.40q", name, file.status, file.raw)
		}
	}
	for _, name := range []string{"report.png", "report.svg", "report.exe", "csv"} { // no rate of this house may be shown, so there is no picture
		if file := b.open(path + "/" + name); file.status != http.StatusNotFound {
			t.Errorf("%s: %d", name, file.status)
		}
	}
}

func TestWhatWouldGoOutIsShownAndNotSent(t *testing.T) {
	h := newHouse(t)
	h.readers("chair@example.org")
	h.released("A1234BC")
	b := h.as("SUBGROUP")
	page := b.open("/reports/preview")
	if !strings.Contains(page.text(), "Numbers for the three months to 19 November 2023 are too small to show.") {
		t.Errorf("%d %s", page.status, page.text())
	}
	frame := b.open(page.Find("iframe[sandbox]").AttrOr("src", ""))
	if frame.status != http.StatusOK || frame.Find("h1").Length() != 1 || frame.header.Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Errorf("the frame: %d %v", frame.status, frame.header)
	}
	h.deliver()
	if n := len(h.post.Messages()); n > 0 || b.open("/reports").Find("tbody tr").Length() > 0 {
		t.Errorf("looking sent %d emails, or kept a report", n)
	}
}
