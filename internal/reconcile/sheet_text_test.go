package reconcile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"throughgate/internal/problem"
)

// refusal is the one sentence with which a file is refused whole; "" when it is taken.
func refusal(t testing.TB, received []byte, layout Layout) string {
	t.Helper()
	_, err := ReadSheet("file", received, layout)
	if err == nil {
		return ""
	}
	invalid, ok := err.(*problem.Invalid)
	if !ok || len(invalid.Corrections) != 1 {
		t.Fatalf("not a refusal in words: %v", err)
	}
	return invalid.Corrections[0].Message
}

func windows1252(t testing.TB, text []byte) []byte {
	t.Helper()
	encoded, err := charmap.Windows1252.NewEncoder().Bytes(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestEncodingsSeparatorsAndLineEndsGiveTheSameRow(t *testing.T) {
	want, _ := readPrison(t, goodRelease())
	rows := table(PrisonReleases(), goodRelease())
	for _, separator := range []string{",", ";", "\t"} {
		for lineEnd, system := range map[string]string{"\n": "Mac or Linux", "\r\n": "Windows", "\r": "old Macs"} {
			plain := csvAs(rows, separator, lineEnd)
			for encoding, received := range map[string][]byte{
				"UTF-8": plain, "UTF-8 with byte-order mark": append([]byte(byteOrderMark), plain...), "Windows-1252": windows1252(t, plain),
			} {
				s := mustRead(t, received, PrisonReleases())
				got, found := ReadPrisonRow(rowsOf(t, s)[0], words, today)
				if !got.Equal(want) || len(found.Refused)+len(found.Warnings) > 0 {
					t.Errorf("%s: %+v, %v", s.Found, got, found)
				}
				if !strings.Contains(s.Found, encoding) || !strings.HasSuffix(s.Found, "lines ended as on "+system) {
					t.Errorf("%s was detected as %s", encoding, s.Found)
				}
			}
		}
	}
}

func TestFilesRefusedWhole(t *testing.T) {
	layout := PrisonReleases()
	good := csvOf(table(layout, goodRelease()))
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes(good)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(good, []byte("\n"))
	cases := map[string]struct {
		received []byte
		says     string
	}{
		"nothing":                {nil, "empty"},
		"only blank lines":       {[]byte("\n\n,,\n"), "empty"},
		"UTF-16":                 {utf16, "UTF-16"},
		"UTF-16 without a mark":  {utf16[2:], "UTF-16"},
		"an old workbook":        {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "password"},
		"mixed encodings":        {append(slices.Clone(good), windows1252(t, lines[1])...), "mixes encodings"},
		"neither encoding":       {append(windows1252(t, good), "\x81"...), "neither"},
		"a mark that is a lie":   {append([]byte(byteOrderMark), windows1252(t, good)...), "mixes encodings"},
		"mixed line ends":        {append(bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), lines[1]...), "mixes line ends: row 3"},
		"mixed separators":       {bytes.Replace(good, []byte(","), []byte(";"), 6), "mixes separators"},
		"too large":              {bytes.Repeat([]byte("x"), MaxFileBytes+1), "larger than 20 MiB"},
		"a column twice":         {[]byte("Surname,SURNAME\n"), "twice: Surname"},
		"a word, not a table":    {[]byte("hello"), "lacks: First name, Surname"},
		"no surnames":            {bytes.Replace(good, []byte("Surname"), []byte("Nachname"), 1), "lacks: Surname."},
		"exits without a reason": {bytes.Replace(good, []byte("Prison exit reason"), []byte("Why"), 1), "lacks: Prison exit reason."},
	}
	for name, c := range cases {
		if got := refusal(t, c.received, layout); !strings.Contains(got, c.says) {
			t.Errorf("%s: %q does not say %q", name, got, c.says)
		}
	}
	if got := refusal(t, csvOf(table(ProviderPickups(), goodPickup())), layout); !strings.Contains(got, "Client reference") {
		t.Errorf("a provider's list sent as a prison's: %q", got)
	}
}

func TestAListBeforeReleaseNeedsNoColumnsOfTheExit(t *testing.T) {
	s := mustRead(t, []byte("First name,Surname,Date of birth,Sex,Client reference,Planned release date\nAnn,Bee,01/02/1980,F,A1234BC,28/01/2024\n"), PrisonReleases())
	row, found := ReadPrisonRow(rowsOf(t, s)[0], words, today)
	if len(found.Refused) > 0 || row.Standing(datCodes) != Counts || !row.Awaits() {
		t.Errorf("%+v, %v", row, found)
	}
}

func TestTooManyRows(t *testing.T) {
	header, row := "First name,Surname,Date of birth,Sex,Structured treatment start\n", "Ann,Bee,01/02/1980,F,\n"
	most := header + strings.Repeat(row, maxRows) + "\n,,,,\n"
	if got := mustRead(t, []byte(most), ProviderPickups()); got.Rows != maxRows {
		t.Errorf("%d rows", got.Rows)
	}
	if got := refusal(t, []byte(most+row), ProviderPickups()); !strings.Contains(got, "more than 100,000 rows") {
		t.Errorf("got %q", got)
	}
}

func TestHeadingsAreComparedWithoutCaseSpacesAndPunctuation(t *testing.T) {
	s := mustRead(t, []byte(" FIRST_NAME ;\"sur-name\";Date  of birth;SEX;structured TREATMENT start;Worker;\nAnn;Bee;01/13/1980;F;;x;\n"), ProviderPickups())
	if !slices.Equal(s.Ignored, []string{"Worker"}) {
		t.Errorf("ignored are %q", s.Ignored)
	}
	_, found := ReadProviderRow(rowsOf(t, s)[0], words, today)
	if len(found.Refused) != 1 || found.Refused[0].Field != "Date  of birth" {
		t.Errorf("the field is not named as the file names it: %v", found)
	}
}

// The file, and what a spreadsheet shows as its rows:
//
//	1 header · 2 blank · 3 Ann · 4 Bob, whose note is two lines · 5 only separators · 6 Cid, broken · 7 Dee
func TestRowsAreNumberedAsASpreadsheetShowsThem(t *testing.T) {
	file := "Surname,First name,Date of birth,Sex,Structured treatment start,Notes\n" +
		"\n" +
		"Bee,Ann,01/02/1980,F,,\n" +
		"Bee,Bob,01/02/1980,M,,\"first\nsecond, \"\"quoted\"\"\"\n" +
		",,,,,\n" +
		"Bee,\"Cid,01/02/1980,M,,\n" +
		"Bee,Dee,01/02/1980,F,,a \"word\" inside\n"
	rows := rowsOf(t, mustRead(t, []byte(file), ProviderPickups()))
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%d %s %v", r.Number, r.Text(wordGiven), r.Broken != ""))
	}
	if want := []string{"3 Ann false", "4 Bob false", "6  true", "7 Dee false"}; !slices.Equal(got, want) {
		t.Errorf("rows are %q, want %q", got, want)
	}
	if p, _ := ReadProviderRow(rows[1], words, today); p.Notes != "first\nsecond, \"quoted\"" {
		t.Errorf("the note is %q", p.Notes)
	}
	if p, _ := ReadProviderRow(rows[3], words, today); p.Notes != `a "word" inside` {
		t.Errorf("the note is %q", p.Notes)
	}
}

func TestARaggedRowIsRefusedAlone(t *testing.T) {
	header := "Surname,First name,Date of birth,Sex,Structured treatment start\n"
	for row, broken := range map[string]bool{
		"Bee,Ann,01/02/1980,F,\n":                                    false,
		"Bee,Ann,01/02/1980,F,,\n":                                   true, // a comma somewhere is not a separator
		"Bee,Ann,01/02/1980,F\n":                                     true,
		"Bee, Jr,Ann,01/02/1980,F,\n":                                true,
		"Bee;Ann;01/02/1980;F;\n":                                    true,
		"Bee,Ann\"" + ",01/02/1980,F,\n":                             false,
		"\"Bee\" x,Ann,01/02/1980,F,\n":                              true,
		"\"Bee\" ,Ann,01/02/1980,F,\n":                               false,
		"Bee," + strings.Repeat("x", maxCell+1) + ",01/02/1980,F,\n": true,
	} {
		rows := rowsOf(t, mustRead(t, []byte(header+row+"Bee,Last,01/02/1980,F,\n"), ProviderPickups()))
		if len(rows) != 2 || (rows[0].Broken != "") != broken || rows[1].Text(wordGiven) != "Last" {
			t.Errorf("%.40q: broken %q, %d rows", row, rows[0].Broken, len(rows))
		}
		p, found := ReadProviderRow(rows[0], words, today)
		if broken && (len(found.Refused) != 1 || found.Refused[0].Field != wholeRow || p.GivenName != "") {
			t.Errorf("%.40q: %v", row, found)
		}
	}
}

func TestALostLetterIsFlagged(t *testing.T) {
	rows := table(PrisonReleases(), with(goodRelease(), wordGiven, "Si?n", wordFamily, "Née?"))
	for encoding, want := range map[string]int{"Windows-1252": 2, "UTF-8": 0} {
		received := csvOf(rows)
		if want > 0 {
			received = windows1252(t, received)
		}
		_, found := ReadPrisonRow(rowsOf(t, mustRead(t, received, PrisonReleases()))[0], words, today)
		if len(found.Refused) > 0 || len(found.Warnings) != want {
			t.Errorf("%s: %v", encoding, found)
		}
	}
}

func TestFormulasComeBackAsTheyWere(t *testing.T) {
	for _, typed := range []string{"=1+1", "+44 1752", "-", "@x", "\tx", "'=x", "''=x", "'tis", "plain", "", "'", "\r=1"} {
		if got := unguard(guard(typed)); got != typed {
			t.Errorf("%q comes back as %q", typed, got)
		}
		if formula(typed) && guard(typed)[0] != '\'' || !formula(typed) && guard(typed) != typed {
			t.Errorf("%q is written as %q", typed, guard(typed))
		}
	}
}
