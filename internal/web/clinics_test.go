package web

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"throughgate/internal/appointment"
	"throughgate/internal/db"
	"throughgate/internal/referral"
)

var clinicForm = []string{"code", "sat-am", "weekday", "saturday", "starts", "09:00", "ends", "11:00", "slot_minutes", "30", "places", "1",
	"prescribing", "yes", "place", "Quay Rooms", "address", "1 Quay, Plymouth", "ask_for", "the front desk", "telephone", "01752 000001"}

// with is a form with some of its values changed.
func with(form []string, changes ...string) []string {
	form = append([]string{}, form...)
	for i := 0; i < len(changes); i += 2 {
		for j := 0; j < len(form); j += 2 {
			if form[j] == changes[i] {
				form[j+1] = changes[i+1]
			}
		}
	}
	return form
}

func TestAClinicIsAddedChangedAndClosedAndStaysSoAtTheNextStart(t *testing.T) {
	h := newHouse(t)
	b := h.as("HARBOUR")
	s := b.post("/clinics/add", with(clinicForm, "weekday", "", "ends", "08:00", "places", "0", "place", "")...)
	for _, id := range []string{"weekday", "ends", "places", "place"} {
		if s.faults()[id] == "" || s.Find("#"+id).Length() != 1 {
			t.Errorf("%s is not named and linked: %v", id, s.faults())
		}
	}
	if value(s, "ask_for") != "the front desk" {
		t.Error("what was typed is lost")
	}
	if s := b.post("/clinics/add", clinicForm...); s.location != "/clinics?done=added" {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if s := b.post("/clinics/add", clinicForm...); s.faults()["code"] == "" {
		t.Errorf("added twice: %d", s.status)
	}
	if s := b.post("/clinics/MON-AM/change", with(clinicForm, "weekday", "monday", "places", "3")...); s.location != "/clinics?done=changed" {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if s := b.post("/clinics/TUE-PM/close"); s.location != "/clinics/TUE-PM?done=closed" {
		t.Fatalf("%d %s", s.status, s.text())
	}
	h.service(func(tx *db.Tx) error { return appointment.BringIn(t.Context(), tx, h.now) })
	page := b.open("/clinics").text()
	for _, want := range []string{"SAT-AM Can prescribe Saturday 9am to 11am Quay Rooms", "MON-AM Can prescribe Monday 9am to 11am", "3 every 30 minutes", "TUE-PM Closed"} {
		if !strings.Contains(page, want) {
			t.Errorf("after a restart, %q is not said: %s", want, page)
		}
	}
}

// bookedForWednesday is somebody whom the provider booked for 22 November: released, or to be on the day before.
func (h *house) bookedForWednesday(number, released string) string {
	h.Helper()
	d := draft(number)
	d.PlannedReleaseDate, d.ReleasedOn, d.Person.Telephone = "2023-11-21", released, "01752 000111"
	if released != "" {
		d.PlannedReleaseDate = ""
	}
	return h.handBooked(d)
}

// handBooked is somebody whom the provider booked for 22 November.
func (h *house) handBooked(d referral.Draft) string {
	h.Helper()
	b, id := h.as("HARBOUR"), h.referred(d).String()
	slot := b.open("/referrals/"+id+"/slot?day=2023-11-22").Find(`input[name="slot_id"]`).First().AttrOr("value", "")
	if s := b.post("/referrals/"+id+"/slot", "slot_id", slot); s.status != http.StatusSeeOther {
		h.Fatalf("booking: %d %s", s.status, s.text())
	}
	return id
}

// Released people hold cards; the appointments of all others follow.
//
//	Wed 22 Nov closed: one waits for release on Tuesday, one was released on Saturday
func TestClosingADayMovesWhoIsNotReleasedAndFlagsWhoIs(t *testing.T) {
	h := newHouse(t)
	b := h.as("HARBOUR")
	waits, out := h.bookedForWednesday("A1234BC", ""), h.bookedForWednesday("A1234BD", "2023-11-18")
	day := []string{"closed_on-day", "22", "closed_on-month", "11", "closed_on-year", "2023"}
	if s := b.post("/closed-days/add", with(day, "closed_on-day", "19")...); s.faults()["closed_on-day"] != "This day is over" {
		t.Errorf("a day that is over: %v", s.faults())
	}
	christmas := b.post("/closed-days/add", "closed_on-day", "25", "closed_on-month", "12", "closed_on-year", "2023").faults()
	if christmas["closed_on-day"] != "This day is a bank holiday (Christmas Day): no clinic is held on it, so there is nothing to close" {
		t.Errorf("a bank holiday: %v", christmas)
	}
	s := b.post("/closed-days/add", day...)
	for _, want := range []string{"2 people have an appointment on this day.", "Aoife Ní Bhriain-A1234BC", "Aoife Ní Bhriain-A1234BD", "01752 000111", "Moves to tomorrow at 1:30pm", "Stays for now, since the person holds a card"} {
		if !strings.Contains(s.text(), want) {
			t.Fatalf("%q is not said before: %s", want, s.text())
		}
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE act = 'shown' AND detail->>'where' = 'affected'`); n != 2 {
		t.Errorf("of the two people shown %d were written down", n)
	}
	if s := b.open("/referrals/" + waits); !strings.Contains(s.text(), "Wednesday 22 November 2023 at") {
		t.Error("it was closed before it was confirmed")
	}
	if s := b.post("/closed-days/add", append(day, "confirmed", "yes")...); s.location != "/closed-days/2023-11-22?done=shut" {
		t.Fatalf("%d %s", s.status, s.text())
	}
	s = b.open("/closed-days/2023-11-22?done=shut")
	for _, want := range []string{"The day is closed.", "Aoife Ní Bhriain-A1234BC", "Aoife Ní Bhriain-A1234BD", "01752 000111", "Moved to tomorrow at 1:30pm", "Not moved, since the person holds a card: ring them"} {
		if !strings.Contains(s.text(), want) {
			t.Errorf("%q is not said afterwards: %s", want, s.text())
		}
	}
	if s.Find(`a[href="/referrals/`+waits+`"]`).Length() != 1 || s.Find(`a[href="/referrals/`+out+`/slot"]`).Length() != 1 {
		t.Error("no way leads to who was moved, and to another appointment for who was not")
	}
	list := b.open("/clinics")
	if list.Find(`a[href="/closed-days/2023-11-22"], a[href="/clinics/WED-AM"]`).Length() != 2 || list.Find(`a[href="/clinics/MON-AM"]`).Length() != 0 {
		t.Errorf("what became of appointments is offered where none was concerned, or not where some were: %s", list.Find("tbody").Text())
	}
	if s := h.as("EXI").open("/?list=date_changed"); s.Find(`a[href="/referrals/`+waits+`"]`).Length() != 1 {
		t.Errorf("the prison is not told: %s", s.text())
	}
	h.service(func(tx *db.Tx) error { return appointment.BringIn(t.Context(), tx, h.now) })
	if s := b.open("/referrals/" + waits).Find(".govuk-summary-list").First().Text(); strings.Contains(s, "22 November") || !strings.Contains(s, "Tomorrow at 1:30pm") {
		t.Errorf("who is not released: %s", s)
	}
	if s := b.open("/referrals/" + out).Find(".govuk-summary-list").First().Text(); !strings.Contains(s, "22 November") || !strings.Contains(s, "No clinic is held then any more") {
		t.Errorf("who is released: %s", s)
	}
	if s := h.as("EXI").open("/referrals/" + out + "/card"); s.status != http.StatusNotFound {
		t.Errorf("a card for a day on which nobody is seen: %d", s.status)
	}
	h.now = h.now.AddDate(0, 0, 3)
	if s := h.as("HARBOUR").open("/referrals/" + out); strings.Contains(s.Find(".govuk-summary-list").First().Text(), "held") || !strings.Contains(s.text(), "Record what became of the appointment") {
		t.Errorf("once the day is over it is a day like any other: %s", s.Find(".govuk-summary-list").First().Text())
	}
	h.now = h.now.AddDate(0, 0, -3)
	if s := b.open("/appointments?day=2023-11-22"); !strings.Contains(s.text(), "You have closed this day.") || s.Find("tbody tr").Length() != 1 {
		t.Errorf("the day: %s", s.text())
	}
	if s := b.post("/closed-days/add", append(day, "confirmed", "yes")...); s.location != "/closed-days/2023-11-22?done=shut-before" || !strings.Contains(b.open(s.location).text(), "nothing has changed") {
		t.Errorf("closed twice: %d %s %v", s.status, s.location, s.faults())
	}
	if s := b.post("/closed-days/2023-11-22/open"); s.location != "/clinics?done=opened" {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if s := b.open("/referrals/" + out); strings.Contains(s.Find(".govuk-summary-list").First().Text(), "closed") {
		t.Error("the flag stays on a day that is open again")
	}
}

// A clinic's other weekday strands nobody: who is not released is moved, who holds a card is to be rung, both after they were shown.
func TestAClinicsOtherTimesAreShownWithWhomTheyConcernBeforeTheyHold(t *testing.T) {
	h := newHouse(t)
	b := h.as("HARBOUR")
	waits, out := h.bookedForWednesday("A1234BC", ""), h.bookedForWednesday("A1234BD", "2023-11-18")
	page := b.open("/clinics/WED-AM/change")
	seen, times := value(page, "seen"), with(clinicForm, "weekday", "friday")
	s := b.post("/clinics/WED-AM/change", append(times, "seen", seen)...)
	for _, want := range []string{"2 people have an appointment that the clinic would not hold any more.", "Moves to tomorrow at 1:30pm", "Stays for now, since the person holds a card"} {
		if !strings.Contains(s.text(), want) {
			t.Fatalf("%q is not said before: %s", want, s.text())
		}
	}
	if s := b.open("/referrals/" + waits); !strings.Contains(s.text(), "Wednesday 22 November 2023 at") {
		t.Error("it was changed before it was confirmed")
	}
	form := []string{}
	s.Find(`form input[type="hidden"]`).Each(func(_ int, i *goquery.Selection) {
		form = append(form, i.AttrOr("name", ""), i.AttrOr("value", ""))
	})
	if s := b.post("/clinics/WED-AM/change", form...); s.location != "/clinics/WED-AM?done=changed" {
		t.Fatalf("%d %s", s.status, s.text())
	}
	s = b.open("/clinics/WED-AM?done=changed")
	for _, want := range []string{"The clinic is changed.", "Moved to tomorrow at 1:30pm", "Not moved, since the person holds a card: ring them"} {
		if !strings.Contains(s.text(), want) {
			t.Errorf("%q is not said afterwards: %s", want, s.text())
		}
	}
	if s := b.open("/?list=missed_to_rebook"); s.Find(`a[href="/referrals/`+out+`"]`).Length() != 1 {
		t.Errorf("who is to be rung is on no list: %s", s.text())
	}
	stale := append(with(times, "places", "2"), "seen", seen)
	if s := b.post("/clinics/WED-AM/change", stale...); s.status != http.StatusConflict || value(s, "places") != "2" || !strings.Contains(s.text(), "Somebody else has changed this clinic") ||
		s.faults()["places"] != "How many people are seen at the same time: 1 is recorded now" || len(s.faults()) != 1 {
		t.Errorf("from a page of before: %d %s", s.status, s.text())
	}
	if s := b.open("/clinics/WED-AM/change"); value(s, "places") != "1" {
		t.Errorf("%s places were put back", value(s, "places"))
	}
}

// Of several who change a clinic at the same moment one does, and every other is told how it stands since.
func TestAClinicChangedAtTheSameMomentShowsHowItStands(t *testing.T) {
	h := newHouse(t)
	b := h.as("HARBOUR")
	seen := value(b.open("/clinics/WED-AM/change"), "seen")
	const tabs = 6
	answers := make([]shown, tabs)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() {
			answers[i] = b.post("/clinics/WED-AM/change", append(with(clinicForm, "weekday", "wednesday", "places", strconv.Itoa(i+2)), "seen", seen)...)
		})
	}
	wait.Wait()
	recorded := value(b.open("/clinics/WED-AM/change"), "places")
	changed := 0
	for i, s := range answers {
		switch {
		case s.status == http.StatusSeeOther:
			changed++
		case s.status != http.StatusConflict || value(s, "places") != strconv.Itoa(i+2) || !strings.HasSuffix(s.faults()["places"], ": "+recorded+" is recorded now"):
			t.Errorf("%d of %q: %v", s.status, s.title(), s.faults())
		}
	}
	if changed != 1 {
		t.Errorf("%d changed it", changed)
	}
}

func TestWhoHasNoReleaseDateIsOfferedAnotherTimeWhereTheirDayIsClosed(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "on remand"
	id := h.handBooked(d)
	b := h.as("HARBOUR")
	s := b.open(b.post("/closed-days/add", "closed_on-day", "22", "closed_on-month", "11", "closed_on-year", "2023", "confirmed", "yes").location)
	if !strings.Contains(s.text(), "On your unbooked list") || s.Find(`a[href="/referrals/`+id+`/slot"]`).Length() != 1 {
		t.Errorf("no way leads to another time: %s", s.text())
	}
}
