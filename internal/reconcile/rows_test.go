package reconcile

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"throughgate/config"
	"throughgate/internal/day"
)

var (
	today    = day.MustParse("2024-01-22")
	datCodes = []string{"PLYB"}
	words    = config.BuiltIn().Vocabulary
)

// csvOf is a CSV file of these rows, UTF-8, commas, LF.
func csvOf(rows [][]string) []byte {
	return csvAs(rows, ",", "\n")
}

func csvAs(rows [][]string, separator, lineEnd string) []byte {
	t := &textFile{separator: separator[0]}
	var b strings.Builder
	for _, row := range rows {
		quoted := make([]string, len(row))
		for i, cell := range row {
			quoted[i] = t.quote(cell)
		}
		b.WriteString(strings.Join(quoted, separator) + lineEnd)
	}
	return []byte(b.String())
}

// bookOf is a workbook of these rows, each cell a text.
func bookOf(t testing.TB, rows [][]string, changes ...func(*excelize.File)) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	for i, row := range rows {
		at, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := book.SetSheetRow("Sheet1", at, &row); err != nil {
			t.Fatal(err)
		}
	}
	for _, change := range changes {
		change(book)
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// goodRelease is a row in which everything is right, as heading and cell.
func goodRelease() map[string]string {
	return map[string]string{
		wordGiven: "Siân", wordFamily: "O'Neill", wordBorn: "28/02/1984", wordSex: "Female", wordClientReference: "A1234BC",
		wordReception: "30/06/2023", wordDrug1: "Heroin", wordDrug2: "Crack cocaine", wordDrug3: "",
		wordDischarge: "Transferred - not in custody", wordExit: "21/12/2023", wordExitReason: "Released",
		wordDestination: "PLYB", wordReferral: "Yes - referred to community treatment", wordNHSNumber: "943 476 5919",
		wordPlanned: "20/12/2023", wordReferred: "20/11/2023", wordProvider: "HARBOUR", wordTelephone: "01752 000000",
		wordSubstitution: "Methadone", wordBridging: "28/12/2023", wordNaloxone: "Yes", wordSMART: "No", wordRECONNECT: "", wordConsent: "Yes",
	}
}

// goodPickup is a provider's row in which everything is right.
func goodPickup() map[string]string {
	return map[string]string{
		wordOurReference: "HB1", wordGiven: "Siân", wordFamily: "O'Neill", wordBorn: "28/02/1984", wordSex: "Female",
		wordReceived: "20/11/2023", wordOffered: "22/12/2023", wordAttended: "22/12/2023", wordStart: "23/12/2023",
		wordNotes: "came early", wordPrisonNumber: "A1234BC", wordNHSNumber: "9434765919", wordReleased: "21/12/2023",
	}
}

// with is the row with one thing changed after another: heading, cell, heading, cell.
func with(row map[string]string, changes ...string) map[string]string {
	for i := 0; i < len(changes); i += 2 {
		row[changes[i]] = changes[i+1]
	}
	return row
}

// table lays rows out under the layout's headings.
func table(layout Layout, rows ...map[string]string) [][]string {
	var header []string
	for _, c := range layout.Columns {
		header = append(header, c.Word)
	}
	out := [][]string{header}
	for _, row := range rows {
		var cells []string
		for _, word := range header {
			cells = append(cells, row[word])
		}
		out = append(out, cells)
	}
	return out
}

func mustRead(t testing.TB, received []byte, layout Layout) *Sheet {
	t.Helper()
	s, err := ReadSheet("file", received, layout)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rowsOf(t testing.TB, s *Sheet) (rows []Row) {
	t.Helper()
	for row, err := range s.Each() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func readPrison(t testing.TB, row map[string]string) (PrisonRow, Findings) {
	t.Helper()
	s := mustRead(t, csvOf(table(PrisonReleases(), row)), PrisonReleases())
	return ReadPrisonRow(rowsOf(t, s)[0], words, today)
}

func readProvider(t testing.TB, row map[string]string) (ProviderRow, Findings) {
	t.Helper()
	s := mustRead(t, csvOf(table(ProviderPickups(), row)), ProviderPickups())
	return ReadProviderRow(rowsOf(t, s)[0], words, today)
}

func cohort(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../demo/exeter-plymouth/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// wanted is what the example cohort must come to, as far as reading decides it.
type wanted struct {
	PrisonRows   int `json:"prison_rows"`
	ProviderRows int `json:"provider_rows"`
	RefusedRows  []struct{ Reference, Field, Why string }
	Prison       struct {
		SetAside map[string]int `json:"set_aside"`
	} `json:"import_prison_releases"`
}

func expected(t *testing.T) wanted {
	t.Helper()
	text, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var w wanted
	text = bytes.Replace(text, []byte("refused_rows"), []byte("RefusedRows"), 1)
	if err := json.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTheExamplePrisonFile(t *testing.T) {
	want, s := expected(t), mustRead(t, cohort(t, "prison-releases.csv"), PrisonReleases())
	if s.Rows != want.PrisonRows || len(s.Ignored) > 0 {
		t.Errorf("%d rows, want %d; ignored %q", s.Rows, want.PrisonRows, s.Ignored)
	}
	refused, aside := map[string]Fault{}, map[string]int{}
	for _, row := range rowsOf(t, s) {
		p, found := ReadPrisonRow(row, words, today)
		if len(found.Warnings) > 0 {
			t.Errorf("row %d: %v", row.Number, found.Warnings)
		}
		if len(found.Refused) > 0 {
			refused[row.Text(wordClientReference)] = found.Refused[0]
			continue
		}
		if reason := p.Standing(datCodes); reason != Counts {
			aside[string(reason)]++
		}
	}
	if len(refused) != len(want.RefusedRows) {
		t.Errorf("%d rows are refused, want %d", len(refused), len(want.RefusedRows))
	}
	for _, w := range want.RefusedRows {
		if got := refused[w.Reference]; got.Field != w.Field || !strings.HasPrefix(got.Why, w.Why) {
			t.Errorf("%s is refused as %v, want %s: %s", w.Reference, got, w.Field, w.Why)
		}
	}
	if !maps.Equal(aside, want.Prison.SetAside) {
		t.Errorf("set aside are %v, want %v", aside, want.Prison.SetAside)
	}
}

func TestTheExampleProviderFile(t *testing.T) {
	s := mustRead(t, cohort(t, "provider-pickups.csv"), ProviderPickups())
	if want := expected(t).ProviderRows; s.Rows != want {
		t.Errorf("%d rows, want %d", s.Rows, want)
	}
	for _, row := range rowsOf(t, s) {
		if _, found := ReadProviderRow(row, words, day.New(2025, 1, 6)); len(found.Refused)+len(found.Warnings) > 0 {
			t.Errorf("row %d: %v", row.Number, found)
		}
	}
}
