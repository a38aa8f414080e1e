package day

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The table of measure.md, "The window".
func TestWindowStartsThreeMonthsBackHeldToTheMonthsEnd(t *testing.T) {
	for end, want := range map[string]string{
		"2023-12-31": "2023-10-01", "2022-12-31": "2022-10-01", "2023-02-28": "2022-12-01",
		"2024-02-29": "2023-12-01", "2023-05-31": "2023-03-01", "2023-05-30": "2023-02-28",
		"2024-05-30": "2024-02-29", "2023-12-17": "2023-09-18",
	} {
		if got := Window(MustParse(end)).String(); got != want {
			t.Errorf("window to %s starts %s, want %s", end, got, want)
		}
	}
}

func TestDaysAreSubtractedAcrossTheClockChange(t *testing.T) {
	for _, c := range []struct {
		from, to string
		days     int
	}{
		{"2024-03-20", "2024-04-10", 21}, {"2024-10-20", "2024-11-10", 21},
		{"2024-02-28", "2024-03-01", 2}, {"2023-02-28", "2023-03-01", 1},
	} {
		if got := MustParse(c.to).Sub(MustParse(c.from)); got != c.days {
			t.Errorf("%s to %s is %d days, want %d", c.from, c.to, got, c.days)
		}
	}
}

func TestADateIsLondonsDate(t *testing.T) {
	summer := time.Date(2024, 6, 30, 23, 30, 0, 0, time.UTC) // 00:30 on 1 July in London
	if got := Of(summer).String(); got != "2024-07-01" {
		t.Errorf("got %s", got)
	}
	if got := MustParse("2024-03-31").At(13, 0).UTC().Hour(); got != 12 {
		t.Errorf("13:00 on the day the clocks go forward is %d UTC", got)
	}
}

func TestAgeTurnsOnTheBirthday(t *testing.T) {
	for _, c := range []struct {
		born, on string
		age      int
	}{
		{"2005-06-15", "2023-06-14", 17}, {"2005-06-15", "2023-06-15", 18}, {"2005-06-15", "2023-06-16", 18},
		{"2004-02-29", "2022-02-28", 17}, {"2004-02-29", "2022-03-01", 18}, {"2004-02-29", "2024-02-29", 20},
		{"2004-02-29", "2024-02-28", 19},
	} {
		if got := Age(MustParse(c.born), MustParse(c.on)); got != c.age {
			t.Errorf("born %s is %d on %s, want %d", c.born, got, c.on, c.age)
		}
	}
}

func TestParseRefusesWhatIsNotADate(t *testing.T) {
	for _, s := range []string{"", "2023-02-29", "2023-13-01", "23-01-01", "01/02/2023", "2023-1-1", "2023-01-01 ", "0000-01-01"} {
		if d, err := Parse(s); err == nil {
			t.Errorf("%q was read as %s", s, d)
		}
	}
}

func TestWorkingDaysLeaveOutWeekendsAndBankHolidays(t *testing.T) {
	c := NewCalendar(map[Date]string{MustParse("2023-12-25"): "Christmas Day", MustParse("2023-12-26"): "Boxing Day"})
	friday := MustParse("2023-12-22")
	if got := c.AddWorking(friday, 3).String(); got != "2023-12-29" {
		t.Errorf("third working day after %s is %s", friday, got)
	}
	if got := c.AddWorking(MustParse("2023-12-27"), -1); got != friday {
		t.Errorf("working day before is %s", got)
	}
	if got := c.WorkingBetween(friday, MustParse("2023-12-29")); got != 3 {
		t.Errorf("working days between: %d", got)
	}
}

func TestWindowEndsAreMonthEndsAndTheLastAsAsked(t *testing.T) {
	got := WindowEnds(MustParse("2024-03-17"), 3)
	if got[0].String() != "2024-01-31" || got[1].String() != "2024-02-29" || got[2].String() != "2024-03-17" {
		t.Errorf("got %v", got)
	}
}

func TestDatesComeBackFromTextJSONAndArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := MustParse("1900-01-01").Add(rapid.IntRange(0, 80000).Draw(t, "days"))
		n := rapid.IntRange(-4000, 4000).Draw(t, "n")
		if back, err := Parse(d.String()); err != nil || back != d {
			t.Fatalf("%s came back as %s (%v)", d, back, err)
		}
		if d.Add(n).Sub(d) != n {
			t.Fatalf("%s + %d - itself is %d", d, n, d.Add(n).Sub(d))
		}
		var back Date
		text, _ := json.Marshal(d)
		if err := json.Unmarshal(text, &back); err != nil || back != d {
			t.Fatalf("JSON brought back %s", back)
		}
		if start := Window(d); d.Sub(start) < 88 || d.Sub(start) > 92 {
			t.Fatalf("window of %s starts %s", d, start)
		}
	})
}
