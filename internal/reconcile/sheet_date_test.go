package reconcile

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"throughgate/internal/day"
)

func TestDatesAsPartnersWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"03/04/2023": "2023-04-03", "3/4/2023": "2023-04-03", "03-04-2023": "2023-04-03", "31/12/2023": "2023-12-31",
		"3 Apr 2023": "2023-04-03", "03 April 2023": "2023-04-03", "3-Apr-2023": "2023-04-03", "3 SEPT 2023": "2023-09-03",
		"1 may 2023": "2023-05-01", "2023-04-03": "2023-04-03", "29/02/2024": "2024-02-29",
		"2023-04-03 00:00:00": "2023-04-03", "2023-04-03T23:59:59.5": "2023-04-03", "03/04/2023 09:30": "2023-04-03",
	} {
		if got, why := readDate(text); got.String() != want {
			t.Errorf("%q is %s (%s), want %s", text, got, why, want)
		}
	}
	for _, text := range []string{
		"31/02/1985", "3/4/85", "04/13/1985", "29/02/2023", "00/01/2023", "01/00/2023", "32/01/2023", "01/04-2023", "01.04.2023",
		"2023/04/03", "2023-4-3", "2023-13-01", "2023-02-30", "3 Foo 2023", "3 Apr 23", "Apr 2023", "31 Apr 2023", "45019", "tbc",
		"20230403", "0000-01-01", "01/01/0000", "1/1/20233", "٠٣/04/2023", "3 A 2023", "3rd April 2023",
	} {
		if got, why := readDate(text); !got.IsZero() || !strings.HasPrefix(why, "not a date") {
			t.Errorf("%q is taken for %s (%q)", text, got, why)
		}
	}
}

// One column of a file, as its cells, and which of them are refused.
func TestAColumnThatMayPutTheMonthFirst(t *testing.T) {
	cases := []struct {
		name  string
		cells []string
		bad   []bool
	}{
		{"day first throughout", []string{"03/04/2023", "28/04/2023", "12/12/2023"}, []bool{false, false, false}},
		{"one with the month first", []string{"03/04/2023", "12/25/2023", "25/12/2023", "05/05/2023", "12/01/2023"}, []bool{true, true, false, false, true}},
		{"with hyphens", []string{"03-04-2023", "12-25-2023"}, []bool{true, true}},
		{"no month and no day", []string{"03/04/2023", "01/45/2023"}, []bool{true, true}},
		{"a second part of just 12", []string{"03/04/2023", "25/12/2023"}, []bool{false, false}},
		{"a second part of just 13", []string{"03/04/2023", "01/13/2023"}, []bool{true, true}},
		{"a short year gives it away too", []string{"03/04/2023", "12/25/23"}, []bool{true, true}},
		{"ISO and words cannot be swapped", []string{"2023-04-03", "3 Apr 2023", "12/25/2023"}, []bool{false, false, true}},
		{"ISO gives nothing away", []string{"03/04/2023", "2023-04-25"}, []bool{false, false}},
		{"empty cells", []string{"", "12/25/2023", "13/02/2023"}, []bool{false, true, false}},
	}
	for _, c := range cases {
		var rows []map[string]string
		for _, cell := range c.cells {
			rows = append(rows, with(goodPickup(), wordReceived, cell))
		}
		s := mustRead(t, csvOf(table(ProviderPickups(), rows...)), ProviderPickups())
		for i, row := range rowsOf(t, s) {
			_, why := row.Date(wordReceived)
			if (why != "") != c.bad[i] {
				t.Errorf("%s: %q says %q", c.name, c.cells[i], why)
			}
			if _, why := row.Date(wordBorn); why != "" {
				t.Errorf("%s: another column is refused with it: %q", c.name, why)
			}
		}
	}
}

func TestAnUncertainColumnRefusesRowOrField(t *testing.T) {
	rows := table(PrisonReleases(), with(goodRelease(), wordBorn, "03/04/1984", wordReception, "03/04/2023"), with(goodRelease(), wordBorn, "12/25/1984", wordReception, "01/31/2023"))
	row := rowsOf(t, mustRead(t, csvOf(rows), PrisonReleases()))[0]
	p, found := ReadPrisonRow(row, words, today)
	if len(found.Refused) != 1 || found.Refused[0].Field != wordBorn || !strings.Contains(found.Refused[0].Why, "second part over 12") {
		t.Errorf("refused for %v", found.Refused)
	}
	if len(found.Warnings) != 1 || found.Warnings[0].Field != wordReception || !p.ReceptionOn.IsZero() {
		t.Errorf("an optional date is left out with a warning: %v", found.Warnings)
	}
}

func TestSerialDates(t *testing.T) {
	cases := []struct {
		serial   float64
		from1904 bool
		want     string
	}{
		{1, false, "1900-01-01"}, {59, false, "1900-02-28"}, {60, false, ""}, {61, false, "1900-03-01"},
		{45019, false, "2023-04-03"}, {45019.99, false, "2023-04-03"}, {0, false, ""}, {-1, false, ""}, {2958465, false, "9999-12-31"}, {2958466, false, ""}, {1e300, false, ""},
		{0, true, "1904-01-01"}, {43557, true, "2023-04-03"}, {-1, true, ""},
	}
	for _, c := range cases {
		if got, _ := serialDate(c.serial, c.from1904); got.String() != c.want && (c.want != "" || got.Year() <= 9999) {
			t.Errorf("day %v (1904: %v) is %s, want %q", c.serial, c.from1904, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		date := day.New(1900, 1, 1).Add(rapid.IntRange(0, 90000).Draw(t, "days"))
		if back, ok := serialDate(float64(serialOf(date)), false); !ok || back != date {
			t.Fatalf("%s comes back as %s", date, back)
		}
	})
}

func TestFormatsThatShowDates(t *testing.T) {
	for code, want := range map[string]bool{
		"dd/mm/yyyy": true, "yyyy-mm-dd": true, `[$-809]d mmmm yyyy;@`: true, `d"th of "mmm`: true, "mmm yy": true, "YYYY": true,
		"General": false, "0.00": false, "[Red]0": false, `0 "days"`: false, "#,##0;[Red]-#,##0": false, "hh:mm": false, `\d0`: false, "@": false, `0"d`: false,
	} {
		if got := showsDate(code); got != want {
			t.Errorf("%q shows a date: %v", code, got)
		}
	}
}

func TestEveryDateIsReadInEveryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		date := day.New(1900, 1, 1).Add(rapid.IntRange(0, 60000).Draw(t, "days"))
		for _, text := range []string{date.String(), date.Slash(), date.Long(), strings.ReplaceAll(date.Slash(), "/", "-")} {
			if got, why := readDate(text); got != date {
				t.Fatalf("%q is %s (%s)", text, got, why)
			}
		}
	})
}

func FuzzDates(f *testing.F) {
	for _, seed := range []string{"03/04/2023", "3 Apr 2023", "2023-04-03", "31/02/1985", "3/4/85", "2023-04-03 00:00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		date, why := readDate(text)
		if date.IsZero() == (why == "") {
			t.Fatalf("%q is %q and %q", text, date, why)
		}
		if again, _ := readDate(date.String()); !date.IsZero() && again != date {
			t.Fatalf("%q is %s, and that is %s", text, date, again)
		}
	})
}
