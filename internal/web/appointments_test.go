package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheDaysAppointmentsAreDealtWithByOneClickEach(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	h.released("A1234BD")
	h.now = h.now.Add(3 * time.Hour) // both were at ten
	b := h.as("HARBOUR")
	list := b.open("/appointments")
	if rows := list.Find("tbody tr"); rows.Length() != 2 || !strings.Contains(list.text(), "Appointments on Monday 20 November 2023") {
		t.Fatalf("the day: %s", list.text())
	}
	click := func(n int, outcome string) []string {
		row := list.Find("tbody tr").Eq(n)
		form := []string{"outcome", outcome, "day", "2023-11-20"}
		for _, name := range []string{"referral", "version"} {
			form = append(form, name, row.Find(`input[name="`+name+`"]`).AttrOr("value", ""))
		}
		return form
	}
	path := func(n int) string { return list.Find("tbody tr form").Eq(n).AttrOr("action", "") }
	if s := b.post(path(0), click(0, "did_not_attend")...); s.location != "/appointments?day=2023-11-20&done=did_not_attend" {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if s := b.post(path(1), click(1, "attended")...); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if s := b.post(path(1), click(1, "attended_late")...); s.status != http.StatusConflict || !strings.HasPrefix(s.title(), "Error: ") {
		t.Errorf("a second click: %d %s", s.status, s.title())
	}
	after := b.open("/appointments?day=2023-11-20")
	for n, want := range []string{"Book the next free appointment", "Confirm pick-up"} {
		if got := after.Find("tbody tr").Eq(n).Text(); !strings.Contains(got, want) {
			t.Errorf("row %d does not offer %q: %s", n, want, got)
		}
	}
	if s := b.open("/appointments?alcohol_only=yes&day=2023-11-20"); !strings.Contains(s.text(), "Nobody on this day has the mark you chose.") {
		t.Errorf("filtered: %s", s.text())
	}
	if s := b.open("/appointments?day-day=31&day-month=2&day-year=2023"); s.status != http.StatusUnprocessableEntity || s.faults()["day-day"] == "" {
		t.Errorf("no real day: %d %v", s.status, s.faults())
	}
}

func TestAFullTimeIsOverbookedOnlyWithAReason(t *testing.T) {
	h := newHouse(t)
	b := h.as("HARBOUR")
	var slot string
	for _, number := range []string{"A1234BC", "A1234BD", "A1234BE"} {
		path := "/referrals/" + h.released(number).String() + "/slot"
		page := b.open(path + "?day=2023-11-22")
		if slot == "" {
			slot = page.Find(`input[name="slot_id"]`).First().AttrOr("value", "")
		}
		s := b.post(path+"?day=2023-11-22", "slot_id", slot)
		if number != "A1234BE" {
			if s.status != http.StatusSeeOther {
				t.Fatalf("%s: %d %s", number, s.status, s.text())
			}
			continue
		}
		if !strings.Contains(page.text(), "10am, Harbour Centre, full, can prescribe") {
			t.Errorf("the page does not say that it is full: %s", page.text())
		}
		if s.faults()["overbook_reason"] == "" {
			t.Errorf("without a reason: %d %v", s.status, s.faults())
		}
		if s.Find(`input[name="slot_id"][checked]`).AttrOr("value", "") != slot {
			t.Error("the time that was chosen is lost")
		}
		version := value(page, "version")
		if s := b.post(path, "slot_id", slot, "overbook_reason", "her sister comes too", "version", version); !strings.HasSuffix(s.location, "?done=slot") {
			t.Errorf("with a reason: %d %s %s", s.status, s.location, s.text())
		}
		if s := b.open(strings.TrimSuffix(path, "/slot")); !strings.Contains(s.text(), "Overbooked: this time was full.") || !strings.Contains(s.text(), "her sister comes too") {
			t.Errorf("why it was overbooked is not told afterwards: %s", s.text())
		}
		if s := b.post(path, "slot_id", slot, "overbook_reason", "no, at another time", "version", version); s.status != http.StatusConflict {
			t.Errorf("a second choice on the same page: %d", s.status)
		}
	}
	if s := b.open("/appointments?day=2023-11-22"); s.Find("tbody tr").Length() != 3 || !strings.Contains(s.text(), "Overbooked") {
		t.Errorf("the day: %s", s.text())
	}
	if s := b.post("/referrals/" + h.released("A1234BF").String() + "/slot"); s.faults()["slot_id"] != "Select a time" {
		t.Errorf("nothing chosen: %v", s.faults())
	}
}
