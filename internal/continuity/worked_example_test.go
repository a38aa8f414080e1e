package continuity

import (
	"fmt"
	"testing"
)

// worked is the worked example of measure.md: every case as a row, with what it adds to M1 and to M2 at T = 21 January 2024.
var worked = []struct {
	name   string
	row    row
	m1, m2 string
}{
	{"C01 same day", row{person: "C01", released: "2023-11-01", picked: "2023-11-01"}, "1/1", "1/1"},
	{"C02 day 20", row{released: "2023-11-01", picked: "2023-11-21"}, "1/1", "1/1"},
	{"C03 day 21 counts", row{released: "2023-11-01", picked: "2023-11-22"}, "1/1", "1/1"},
	{"C04 day 22 is late for M2", row{released: "2023-11-01", picked: "2023-11-23"}, "1/1", "0/1"},
	{"C05 missed one appointment first", row{released: "2023-11-06", picked: "2023-11-15"}, "1/1", "1/1"},
	{"C06 not picked up", row{released: "2023-12-15"}, "0/1", "0/1"},
	{"C07 picked up after W", row{released: "2023-12-28", picked: "2024-01-04"}, "0/1", "1/1"},
	{"C08 released after W", row{released: "2024-01-10", picked: "2024-01-12"}, "0/0", "0/0"},
	{"C09 second referral, withdrawn as a duplicate", row{person: "C01", withdrawn: "2023-10-30"}, "0/0", "0/0"},
	{"C10a", row{person: "C10", released: "2023-10-10", picked: "2023-10-13"}, "1/1", "1/1"},
	{"C10b same person, released again", row{person: "C10", released: "2023-12-01"}, "0/1", "0/1"},
	{"C11a returned to custody on day 8", row{person: "C11", released: "2023-10-20", recalled: "2023-10-28"}, "0/1", "0/1"},
	{"C11b released again", row{person: "C11", released: "2023-11-25", picked: "2023-11-26"}, "1/1", "1/1"},
	{"C12 died on day 5", row{released: "2023-12-04", died: "2023-12-09"}, "0/1", "0/1"},
	{"C13 another partnership", row{released: "2023-11-07", picked: "2023-11-09", setAside: "other partnership"}, "0/0", "0/0"},
	{"C14 moved to another prison instead", row{exit: "2023-11-20", setAside: "not a release"}, "0/0", "0/0"},
	{"C15 planned in the window, released after it", row{released: "2024-01-03"}, "0/0", "0/0"},
	{"C16 aged 17", row{released: "2023-11-09", picked: "2023-11-10", setAside: "under 18", age: 17}, "0/0", "0/0"},
	{"C17 episode opened in reach, seen after release", row{released: "2023-12-05", picked: "2023-12-06"}, "1/1", "1/1"},
	{"C18 phone call only", row{released: "2023-12-11"}, "0/1", "0/1"},
}

func TestTheWorkedExampleCaseByCase(t *testing.T) {
	c := newCohort(t)
	var before Window
	for _, w := range worked {
		c.add(w.row)
		after := c.one("2023-12-31", "2024-01-21")
		m1 := fmt.Sprintf("%d/%d", after.M1.PickedUp-before.M1.PickedUp, after.M1.Releases-before.M1.Releases)
		m2 := fmt.Sprintf("%d/%d", after.M2.PickedUp-before.M2.PickedUp, after.M2.Releases-before.M2.Releases)
		if m1 != w.m1 || m2 != w.m2 {
			t.Errorf("%s: adds %s to M1 and %s to M2, want %s and %s", w.name, m1, m2, w.m1, w.m2)
		}
		before = after
	}
	if !c.breaks(row{person: "C01", released: "2023-11-02"}, "one_release_per_person_and_day") {
		t.Error("a second referral for C01's release was taken as a second release")
	}
}

func TestTheWorkedExampleAsAWhole(t *testing.T) {
	c := newCohort(t)
	for _, w := range worked {
		c.add(w.row)
	}
	later := c.one("2023-12-31", "2024-01-21")
	says(t, "M1", later.M1.PickedUp, later.M1.Releases, later.M1.Share, "8/14 57.1 (32.6 to 78.6)")
	says(t, "M2", later.M2.PickedUp, later.M2.Releases, later.M2.Share, "8/14 57.1 (32.6 to 78.6)")
	says(t, "M2 adjusted", later.M2Adjusted.PickedUp, later.M2Adjusted.Releases, later.M2Adjusted.Share, "8/12 66.7 (39.1 to 86.2)")
	if later.M1.FirstThreeWeeks != 3 || later.M2.Awaiting != 0 || later.M1.People != 12 {
		t.Errorf("first three weeks %d, awaiting %d, people %d; want 3, 0, 12", later.M1.FirstThreeWeeks, later.M2.Awaiting, later.M1.People)
	}
	if r := later.M2Adjusted.Removed; r != (Removed{Died: 1, ReturnedToCustody: 1}) {
		t.Errorf("removed: %+v", r)
	}
	at := c.one("2023-12-31", "2023-12-31")
	if at.M2.PickedUp != 7 || at.M2.Releases != 11 || at.M2.Awaiting != 3 || at.M1.PickedUp != 8 {
		t.Errorf("through 31 December: %+v", at.M2)
	}
}

func says(t *testing.T, what string, x, n int, s Share, want string) {
	t.Helper()
	got := fmt.Sprintf("%d/%d", x, n)
	if s.Percent != nil {
		got += fmt.Sprintf(" %s (%s to %s)", *s.Percent, s.CI95.Low, s.CI95.High)
	}
	if got != want {
		t.Errorf("%s is %s, want %s", what, got, want)
	}
}
