package web

import (
	"net/http"
	"strings"
	"testing"
)

// booksAnother books another time for somebody, on Thursday 23 November, and is the page that this leads to.
func (b *browser) booksAnother(path string) shown {
	b.Helper()
	slot := b.open(path+"/slot?day=2023-11-23").Find(`input[name="slot_id"]`).First().AttrOr("value", "")
	s := b.post(path+"/slot", "slot_id", slot)
	if s.status != http.StatusSeeOther {
		b.Fatalf("booking: %d %v", s.status, s.faults())
	}
	return b.open(s.location)
}

func banner(s shown) string {
	return strings.Join(strings.Fields(s.Find(".govuk-notification-banner__content").Text()), " ")
}

func TestWhoHoldsTheCardOfAnAppointmentThatStaffMovedIsTold(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.released("A1234BC").String()
	b := h.as("HARBOUR")
	s := b.booksAnother(path)
	if said := banner(s); !strings.Contains(said, "it was today at 10am, it is Thursday 23 November 2023 at") {
		t.Errorf("it says %q", said)
	}
	if next := s.Find(".app-next"); !strings.Contains(next.Text(), "Tell the person: their card has the old time.") || next.Find("a").AttrOr("href", "") != path+"/card" {
		t.Errorf("the next step: %s", next.Text())
	}
	planned := "/referrals/" + h.referred(draft("A1234BD")).String()
	if s := h.as("HARBOUR").open(planned + "?done=slot"); strings.Contains(s.Find(".app-next").Text(), "card") {
		t.Errorf("the provider is told of a card that the prison hands out: %s", s.Find(".app-next").Text())
	}
}

func TestTheCardOfAnAppointmentThatIsGivenUpIsTakenBack(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.referred(draft("A1234BC")).String()
	b := h.as("EXI")
	const takeBack = "Take back the card, if they have one: the appointment on it, Tuesday 28 November 2023 at"
	if next := b.open(path).Find(".app-next").Text(); strings.Contains(next, "Take back") {
		t.Errorf("while it stands: %s", next)
	}
	if s := b.post(path+"/release-date?of=unknown", "reason", "the parole board"); s.status != http.StatusSeeOther {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	if next := b.open(path).Find(".app-next").Text(); !strings.Contains(next, takeBack) {
		t.Errorf("once no day is known: %s", next)
	}
	b.post(path+"/release-date?of=expected", oneDay("planned_release_date", "28")...)
	if next := b.open(path).Find(".app-next").Text(); strings.Contains(next, "Take back") {
		t.Errorf("once there is another: %s", next)
	}
	h.now = h.now.AddDate(0, 0, 1)
	b = h.as("EXI")
	if s := b.post(path+"/withdrawal", append([]string{"reason", "declined"}, oneDay("on", "21")...)...); s.status != http.StatusSeeOther {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	if next := b.open(path).Find(".app-next").Text(); !strings.Contains(next, "Take back the card") {
		t.Errorf("once it is withdrawn: %s", next)
	}
}
