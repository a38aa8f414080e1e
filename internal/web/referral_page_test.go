package web

import (
	"net/http"
	"strings"
	"testing"
)

// 8 Nov                20            27
// |--------------------|-------------|
// released by Exeter   today         planned by Exeter
func TestAnOpenReferralOfAnEarlierReleaseIsClosedAsReturnedToCustody(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.PlannedReleaseDate, d.ReleasedOn = "", "2023-11-08"
	earlier := "/referrals/" + h.referred(d).String()
	provider := h.as("HARBOUR")
	if step := provider.open(earlier).Find("section.app-next").Text(); strings.Contains(step, "custody") {
		t.Fatalf("before they are referred again: %s", step)
	}
	again := draft("A1234BC")
	again.SenderReference = "EXI-again"
	later := "/referrals/" + h.referred(again).String()

	step := provider.open(earlier).Find("section.app-next")
	if step.Find(`a[href="`+later+`"]`).Length() != 1 || !strings.Contains(step.Text(), "referred again for a later release") {
		t.Errorf("the later release: %s", step.Text())
	}
	button := step.Find("a.govuk-button")
	if button.Text() != "Close as returned to custody" {
		t.Fatalf("the next step is %q", button.Text())
	}
	form := provider.open(button.AttrOr("href", ""))
	if got := form.Find("h1").Text(); got != "When did they return to custody?" {
		t.Fatalf("it asks %q", got)
	}
	done := provider.post(button.AttrOr("href", ""), "version", value(form, "version"), "on-day", "18", "on-month", "11", "on-year", "2023")
	if done.status != http.StatusSeeOther {
		t.Fatalf("%d %s", done.status, done.text())
	}
	if page := provider.open(earlier); page.Find(`a[href="`+later+`"]`).Length() != 0 || !strings.Contains(page.text(), "Nothing is left to do") {
		t.Errorf("closed: %s", page.text())
	}
	if page := provider.open(later); page.Find(`a[href="`+earlier+`"]`).Length() != 1 || page.Find("section.app-next a.govuk-button").Text() == "Close as returned to custody" {
		t.Errorf("the later one: %s", page.text())
	}
}

func TestAnotherPrisonsLaterReferralIsNotNamed(t *testing.T) {
	h := newHouse(t)
	earlier := "/referrals/" + h.released("A1234BC").String()
	d := draft("A1234BC")
	d.Prison = "CWI"
	later := h.referred(d).String()
	if page := h.as("EXI").open(earlier); strings.Contains(page.raw, later) {
		t.Error("Exeter reads of Channings Wood's referral")
	}
	if page := h.as("CWI").open("/referrals/" + later); page.status != http.StatusOK || strings.Contains(page.raw, earlier) {
		t.Errorf("Channings Wood reads of Exeter's referral: %d", page.status)
	}
	if page := h.as("HARBOUR").open(earlier); page.Find(`a[href="/referrals/`+later+`"]`).Length() != 1 {
		t.Errorf("the provider is not led to it: %s", page.text())
	}
}

func TestWhenConsentWasRecordedIsShownWhereItIsKnown(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.Consent.RecordedOn = "2023-11-16"
	known, unknown := h.referred(d).String(), h.referred(draft("A1234BD")).String()
	b := h.as("HARBOUR")
	if page := b.open("/referrals/" + known); !strings.Contains(page.text(), "Consent recorded on16 November 2023") {
		t.Errorf("it is known: %s", page.text())
	}
	if page := b.open("/referrals/" + unknown); strings.Contains(page.text(), "Consent recorded on") {
		t.Errorf("it is not known: %s", page.text())
	}
}

func TestALatePickUpIsMarkedAndACorrectedOneSaysWhatItReplaced(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.PlannedReleaseDate, d.ReleasedOn = "", "2023-08-01"
	path := "/referrals/" + h.referred(d).String()
	b := h.as("HARBOUR")
	b.post(path+"/pickup", "picked_up_on-day", "15", "picked_up_on-month", "11", "picked_up_on-year", "2023", "kind", "new_episode")
	page := b.open(path)
	const late = "more than three months after the release, so it counts in no figure"
	if n := strings.Count(page.text(), late); n != 2 {
		t.Errorf("late is said %d times: %s", n, page.text())
	}
	s := b.post(path+"/pickup-correction", "picked_up_on-day", "15", "picked_up_on-month", "10", "picked_up_on-year", "2023", "kind", "new_episode", "correction_reason", "misread")
	if s.status != http.StatusSeeOther {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	page = b.open(path)
	for _, want := range []string{"Picked up (replaced by a correction)", "Pick-up corrected", "The day was 15 November 2023, it is 15 October 2023."} {
		if strings.Count(page.text(), want) != 1 {
			t.Errorf("%q is not said once: %s", want, page.text())
		}
	}
	if n := strings.Count(page.text(), late); n != 1 {
		t.Errorf("late is said %d times of one in time: %s", n, page.text())
	}
	b.post(path+"/undo", "reason", "it was right")
	if page := b.open(path); strings.Contains(page.text(), "replaced by") || strings.Count(page.text(), late) != 2 {
		t.Errorf("undone: %s", page.text())
	}
}

func TestACorrectionIsToldInWordsAndLeadsToTheReferralInItsWay(t *testing.T) {
	h := newHouse(t)
	other := h.referred(draft("A1234BD")).String()
	id := h.referred(draft("A1234BC")).String()
	b, path := h.as("EXI"), "/referrals/"+id+"/correction"
	correct := func(of string, typed ...string) shown {
		return b.post(path+"?of="+of, filled(b.open(path+"?of="+of), append(typed, "reason", "misheard")...)...)
	}
	for of, typed := range map[string][]string{"name": {"person.given_name", "Eve"}, "release-kind": {"release_kind", "parole"}} {
		if s := correct(of, typed...); s.status != http.StatusSeeOther {
			t.Errorf("%s: %d %v", of, s.status, s.faults())
		}
	}
	page := b.open("/referrals/" + id)
	for _, want := range []string{"Changed: first name.", "Changed: kind of release.", "Kind of releaseParole"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("%q is not said: %s", want, page.text())
		}
	}
	if s := correct("consent", "consent.share_with_provider", "refused"); !strings.Contains(s.faults()["consent.share_with_provider"], "go back and withdraw the referral") {
		t.Errorf("consent withdrawn: %d %v", s.status, s.faults())
	}
	s := correct("numbers", "person.prison_number", "A1234BD")
	if s.status != http.StatusConflict || s.Find(`a[href="/referrals/`+other+`"]`).Length() != 1 || strings.Contains(s.text(), "another prison") {
		t.Errorf("the prison's own stands: %d %s", s.status, s.text())
	}
}

func TestAnotherPrisonsReferralInTheWayOfACorrectionIsNotNamed(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BD")
	d.Prison = "CWI"
	other := h.referred(d).String()
	path := "/referrals/" + h.referred(draft("A1234BC")).String() + "/correction?of=numbers"
	b := h.as("EXI")
	s := b.post(path, filled(b.open(path), "person.prison_number", "A1234BD", "reason", "misheard")...)
	if s.status != http.StatusConflict || strings.Contains(s.raw, other) || !strings.Contains(s.text(), "Another prison has referred this person") {
		t.Errorf("%d %s", s.status, s.text())
	}
}

func TestAReleaseIsConfirmedAnewOnlyWithAReason(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.released("A1234BC").String() + "/release?of=RELEASED"
	b := h.as("EXI")
	on := func(day, year, why string) shown {
		return b.post(path, "released_on-day", day, "released_on-month", "11", "released_on-year", year, "correction_reason", why)
	}
	if s := on("17", "2023", " "); s.status != http.StatusUnprocessableEntity || s.faults()["correction_reason"] == "" {
		t.Errorf("for no reason: %d %v", s.status, s.faults())
	}
	if s := on("18", "2021", "slip"); !strings.Contains(s.faults()["released_on-day"], "Check the year") {
		t.Errorf("another year: %d %v", s.status, s.faults())
	}
	if s := on("18", "2023", ""); s.status != http.StatusSeeOther || !strings.HasSuffix(s.location, "done=before") {
		t.Errorf("the same day: %d %v", s.status, s.faults())
	}
	if s := on("17", "2023", "out on Friday"); s.status != http.StatusSeeOther {
		t.Errorf("with a reason: %d %v", s.status, s.faults())
	}
}

func TestTheConfirmationOfAnOldReleaseSaysWhyNothingIsBooked(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.began()
	answers := map[string][]string{"release": {"release_known", "released"}, "release-date": {"release_on-day", "1", "release_on-month", "8", "release_on-year", "2023"}}
	for at := address + "/" + newSteps[0].path; at != address+"/check"; {
		step := strings.TrimPrefix(at, address+"/")
		typed, own := answers[step]
		if !own {
			typed = answersOf[step]
		}
		at = b.post(at, typed...).location
	}
	b.post(address+"/check", "seen", value(b.open(address+"/check"), "seen"))
	made := b.open(address)
	if !strings.Contains(made.text(), "The three months since the release are over, so none is booked.") || strings.Contains(made.text(), "If the release date changes") {
		t.Error(made.text())
	}
}

// The form of the correction is drawn after the pick-up: whatever is changed on it, also beside the date, wants a reason.
func TestAPickUpIsCorrectedInWhateverItSaysOnlyWithAReason(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.released("A1234BC").String()
	b := h.as("HARBOUR")
	b.post(path+"/pickup", typing([]string{"kind", "new_episode"}, oneDay("picked_up_on", "19"))...)
	if hint := b.open(path + "/pickup-correction").Find("#correction_reason-hint").Text(); hint != "Recorded before: 19 November 2023, new treatment episode" {
		t.Errorf("what is recorded: %q", hint)
	}
	correct := func(day, kind, why string) shown {
		return b.post(path+"/pickup-correction", typing([]string{"kind", kind, "correction_reason", why}, oneDay("picked_up_on", day))...)
	}
	for _, changed := range [][2]string{{"18", "new_episode"}, {"19", "resumed_episode"}} {
		if s := correct(changed[0], changed[1], " "); s.faults()["correction_reason"] != "Enter why the earlier entry was wrong" {
			t.Errorf("%v: %d %s %v", changed, s.status, s.location, s.faults())
		}
	}
	if s := correct("19", "new_episode", ""); !strings.HasSuffix(s.location, "done=before") {
		t.Errorf("nothing is changed: %d %s", s.status, s.location)
	}
	if s := correct("19", "resumed_episode", "had begun in prison"); !strings.HasSuffix(s.location, "done=pickup-correction") {
		t.Errorf("with a reason: %d %s %v", s.status, s.location, s.faults())
	}
}
