package reconcile

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func TestResultAsJSON(t *testing.T) {
	s := mustRead(t, csvOf(table(ProviderPickups(), goodPickup(), goodPickup(), goodPickup(), goodPickup(), goodPickup(), goodPickup())), ProviderPickups())
	r := NewResult(s, "ab12")
	empty, err := json.Marshal(r)
	if want := `{"file":"file","sha256":"ab12","rows":6,"accepted":0,"updated":0,"unchanged":0,"set_aside":{},"refused":[],"to_review":[],"linked":{"number":0,"name":0,"attributor":0}}`; err != nil || string(empty) != want {
		t.Errorf("got  %s\nwant %s", empty, want)
	}
	r.Accept(2, nil)
	r.Update(3, nil)
	r.Leave(4, []Fault{{"NHS number", "not an NHS number"}})
	r.PutAside(5, "not a known prison leaver", nil)
	r.Refuse(6, []Fault{{"Sex", "missing"}, {"Surname", "missing"}})
	if r.AddsUp() {
		t.Error("a row is without answer")
	}
	r.Review(7, "42", "forename differs", nil)
	if !r.AddsUp() || r.RefusedRows() != 1 {
		t.Errorf("it does not add up: %+v", r)
	}
	text, err := json.Marshal(r)
	if want := `{"file":"file","sha256":"ab12","rows":6,"accepted":1,"updated":1,"unchanged":1,"set_aside":{"not a known prison leaver":1},"refused":[{"row":6,"field":"Sex","why":"missing"},{"row":6,"field":"Surname","why":"missing"}],"to_review":[{"id":"42","row":7,"why":"forename differs"}],"linked":{"number":0,"name":0,"attributor":0}}`; err != nil || string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	summary := r.Summary()
	for _, said := range []string{"6 rows: 1 accepted, 1 updated, 1 unchanged, 1 refused, 1 to review.", "set aside, not a known prison leaver: 1", "row 6 refused, Sex: missing", "UTF-8, separated by commas"} {
		if !strings.Contains(summary, said) {
			t.Errorf("the summary does not say %q:\n%s", said, summary)
		}
	}
	if got := r.Answers[4]; got != (Answer{Unchanged, "NHS number: not an NHS number"}) {
		t.Errorf("row 4 is answered %v", got)
	}
}

// answers are what a result file is given in these tests.
func answers() map[int]Answer {
	return map[int]Answer{2: {Accepted, ""}, 3: {Refused, "Surname: missing; Sex: not recognised"}}
}

// What is said of a row of a Windows-1252 file can be written into one.
func TestAResultFileHoldsWhatIsSaidOfALostLetter(t *testing.T) {
	s := mustRead(t, windows1252(t, csvOf(table(PrisonReleases(), with(goodRelease(), wordFamily, "Wo?niak")))), PrisonReleases())
	_, found := ReadPrisonRow(rowsOf(t, s)[0], words, today)
	if len(found.Warnings) != 1 || found.Warnings[0].Why != lostLetter {
		t.Fatalf("warned of %v", found.Warnings)
	}
	var written bytes.Buffer
	if err := WriteResult(&written, s, map[int]Answer{2: {Accepted, found.Warnings[0].Why}}); err != nil || !strings.Contains(written.String(), "a letter may have been lost") {
		t.Errorf("written with %v: %s", err, &written)
	}
}

func TestAResultFileIsTheFileWithTwoColumnsAdded(t *testing.T) {
	rows := table(ProviderPickups(), goodPickup(), with(goodPickup(), wordFamily, "", wordNotes, "=cmd|'/c calc'!A1", wordOurReference, "-1", wordReleased, ""))
	for _, separator := range []string{",", ";", "\t"} {
		received := append([]byte(byteOrderMark), csvAs(rows, separator, "\r\n")...)
		var written bytes.Buffer
		if err := WriteResult(&written, mustRead(t, received, ProviderPickups()), answers()); err != nil {
			t.Fatal(err)
		}
		want := append([]byte(byteOrderMark), csvAs([][]string{
			append(slices.Clone(rows[0]), "Answer", "Why"),
			append(slices.Clone(rows[1]), "accepted", ""),
			append(append([]string{"'-1"}, strings.Split(strings.Join(rows[2][1:], "\x1f"), "\x1f")...), "refused", "Surname: missing; Sex: not recognised"),
		}, separator, "\r\n")...)
		want = bytes.Replace(want, []byte("=cmd"), []byte("'=cmd"), 1)
		if !bytes.Equal(written.Bytes(), want) {
			t.Errorf("got\n%s\nwant\n%s", written.Bytes(), want)
		}
	}
}

func TestAResultFileComesBackTheSame(t *testing.T) {
	rows := table(ProviderPickups(), goodPickup(), with(goodPickup(), wordNotes, "=1+1", wordOurReference, "+44", wordReleased, ""), map[string]string{}, goodPickup())
	plain := csvOf(rows)
	files := map[string][]byte{
		"UTF-8": plain, "Windows-1252": windows1252(t, plain), "CR": csvAs(rows, ";", "\r"),
		"XLSX": bookOf(t, rows, func(f *excelize.File) {
			must(f.SetCellValue("Sheet1", "I2", time.Date(2023, 12, 23, 0, 0, 0, 0, time.UTC)))
		}),
	}
	for name, received := range files {
		first := mustRead(t, received, ProviderPickups())
		var once, twice bytes.Buffer
		must(WriteResult(&once, first, answers()))
		second := mustRead(t, once.Bytes(), ProviderPickups())
		if len(second.Ignored) > 0 || second.Found != first.Found {
			t.Errorf("%s: %q becomes %q, ignored %q", name, first.Found, second.Found, second.Ignored)
		}
		before, after := rowsOf(t, first), rowsOf(t, second)
		for i := range before {
			p, _ := ReadProviderRow(before[i], words, today)
			q, found := ReadProviderRow(after[i], words, today)
			if p != q || len(found.Refused) > 0 {
				t.Errorf("%s: %+v becomes %+v, %v", name, p, q, found)
			}
		}
		must(WriteResult(&twice, second, answers()))
		if got := rowsOf(t, mustRead(t, twice.Bytes(), ProviderPickups())); len(got) != len(before) || len(got[0].cells) != len(after[0].cells) {
			t.Errorf("%s: sent again, the result has grown: %d cells", name, len(got[0].cells))
		}
	}
}

func TestALargeResultLeavesNoTemporaryFile(t *testing.T) {
	row := with(goodPickup(), wordNotes, strings.Repeat("note ", 5000))
	rows := table(ProviderPickups(), row)
	for range 800 {
		rows = append(rows, rows[1])
	}
	s := mustRead(t, bookOf(t, rows), ProviderPickups())
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	var out bytes.Buffer
	must(WriteResult(&out, s, nil))
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if again := mustRead(t, out.Bytes(), ProviderPickups()); again.Rows != s.Rows {
		t.Errorf("%d rows become %d", s.Rows, again.Rows)
	}
}
