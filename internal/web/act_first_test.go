package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// What an act asks first leads to the page that its answer opens; Back leads to it again, as it was answered.
func TestTheFirstQuestionOfAnActLeadsToTheRest(t *testing.T) {
	h := newHouse(t)
	awaits, released := "/referrals/"+h.referred(draft("A1234BC")).String(), "/referrals/"+h.released("A1234BD").String()
	for name, c := range map[string]struct {
		organisation, path string
		first              []string
		leads, title       string
		called             string // a box of the rest
	}{
		"a day is planned":     {"EXI", awaits + "/release-date", []string{"release_known", "expected"}, awaits + "/release-date?of=expected", "What is the new day of release?", "Day of release"},
		"no day is known":      {"EXI", awaits + "/release-date", []string{"release_known", "unknown"}, awaits + "/release-date?of=unknown", "Why is no day known?", "Why no day is known"},
		"released already":     {"EXI", awaits + "/release-date", []string{"release_known", "released"}, awaits + "/release?of=RELEASED", "When were they released?", "Day of release"},
		"released":             {"EXI", awaits + "/release", []string{"reason", "RELEASED"}, awaits + "/release?of=RELEASED", "When were they released?", "Day of release"},
		"sent to court":        {"EXI", awaits + "/release", []string{"reason", "SENT_TO_COURT"}, awaits + "/release?of=SENT_TO_COURT", "When were they sent to court?", "Day when it happened"},
		"closed by the prison": {"EXI", released + "/closure", []string{"reason", "died"}, released + "/closure?of=died", "When did they die?", "Day of death"},
		"picked up elsewhere":  {"HARBOUR", released + "/closure", []string{"reason", "picked_up_elsewhere"}, released + "/closure?of=picked_up_elsewhere", "Who picked them up, and when?", "Day of the pick-up"},
	} {
		b := h.as(c.organisation)
		s := b.post(c.path, append(held(b.open(c.path), hiddenBoxes), c.first...)...)
		if s.status != http.StatusSeeOther || s.location != c.leads {
			t.Errorf("%s leads to %d %q", name, s.status, s.location)
			continue
		}
		rest := b.open(s.location)
		if got := rest.Find("h1").Text(); got != c.title || !strings.Contains(rest.Find("main form").Text(), c.called) {
			t.Errorf("%s asks %q: %s", name, got, rest.Find("main form").Text())
		}
		if back := b.open(rest.Find(".govuk-back-link").AttrOr("href", "")); name != "released already" && !back.keeps(c.first[0], c.first[1]) {
			t.Errorf("%s: Back loses the answer", name)
		}
	}
	if n := h.count(`SELECT count(*) FROM event WHERE kind NOT IN ('referred', 'booked', 'released')`); n != 0 {
		t.Errorf("a first question alone has made %d events", n)
	}
	if s := h.as("EXI").open(awaits + "/release-date?of=released"); s.Find("h1").Text() != "Change the release date" {
		t.Errorf("what is another act's is asked here: %s", s.text())
	}
	if s := h.as("EXI").post(released+"/closure", "reason", "declined"); s.faults()["reason"] != "Select why it is closed" {
		t.Errorf("what only the provider can know: %d %v", s.status, s.faults())
	}
}

// Before the day is changed, the page says which appointment may move.
func TestAnActSaysWhichAppointmentItMayMove(t *testing.T) {
	h := newHouse(t)
	page := h.as("EXI").open("/referrals/" + h.referred(draft("A1234BC")).String() + "/release-date?of=expected")
	if !strings.Contains(page.text(), "The appointment now: Tuesday 28 November 2023 at") || value(page, "planned_release_date-day") != "27" {
		t.Error(page.text())
	}
}

// An appointment to come can only be cancelled, so that nothing else is asked. That somebody came is recorded with the
// one answer; sent again from a stale page it is refused; and an outcome is corrected only with a reason.
func TestAnOutcomeAsksOnlyWhatApplies(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.released("A1234BC").String() + "/outcome"
	if s := h.as("HARBOUR").open(path); s.Find("h1").Text() != "Who cancelled the appointment?" || s.Find("input[name=outcome]").Length() != 0 {
		t.Errorf("before it: %s", s.text())
	}
	h.now = h.now.Add(3 * time.Hour) // it was at ten
	b := h.as("HARBOUR")
	first := b.open(path)
	if boxes := first.Find("main input[type=radio], main input[type=text]").Length(); boxes != 4 {
		t.Errorf("after it %d boxes are asked: %s", boxes, first.text())
	}
	version := value(first, "version")
	if s := b.post(path, "outcome", "did_not_attend", "version", version); s.location != path+"?of=did_not_attend" {
		t.Errorf("did not attend: %d %s", s.status, s.location)
	}
	if s := b.open(path + "?of=did_not_attend"); !s.keeps("reason", "none_given") || strings.Contains(s.text(), "Reason (optional)") {
		t.Errorf("what leaving the reason out says is not chosen: %s", s.text())
	}
	if s := b.post(path, "outcome", "attended", "version", version); !strings.HasSuffix(s.location, "?done=outcome") {
		t.Fatalf("attended: %d %v", s.status, s.faults())
	}
	for _, outcome := range []string{"attended", "cancelled"} {
		if s := b.post(path, "outcome", outcome, "version", version); s.status != http.StatusConflict || !s.keeps("outcome", outcome) {
			t.Errorf("%s from a stale page: %d %s", outcome, s.status, s.text())
		}
	}
	s := b.post(path, "outcome", "cancelled")
	if s = b.open(s.location); !strings.Contains(s.text(), "It is recorded already: attended. You change that to: cancelled.") {
		t.Errorf("correcting: %s", s.text())
	}
	if s := b.post(path+"?of=cancelled", "reason", "acceptable"); s.faults()["cancelled_by"] == "" || s.faults()["correction_reason"] != "Enter why the earlier outcome was wrong" || !s.keeps("reason", "acceptable") {
		t.Errorf("corrected without a reason: %d %v", s.status, s.faults())
	}
	if s := b.post(path+"?of=cancelled", "cancelled_by", "person", "correction_reason", "misread"); s.status != http.StatusSeeOther {
		t.Errorf("corrected: %d %v", s.status, s.faults())
	}
}
