package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/referral"
)

func TestAPickUpIsConfirmedFromTheWorklist(t *testing.T) {
	h := newHouse(t)
	id := h.released("A1234BC").String()
	b := h.as("HARBOUR")
	list := b.open("/?list=" + string(referral.DayOneTo21))
	row := list.Find("tbody tr")
	if row.Length() != 1 || !strings.Contains(row.Text(), "Aoife Ní Bhriain-A1234BC") || !strings.Contains(row.Text(), "days left") {
		t.Fatalf("the list is %s", list.text())
	}
	page := b.open(row.Find("a").AttrOr("href", ""))
	if got := page.Find("section.app-next a.govuk-button"); got.Length() != 1 {
		t.Fatalf("the next step is not one button: %s", page.text())
	}
	if !strings.Contains(page.text(), "Heroin") && !strings.Contains(page.text(), "heroin") {
		t.Error("the substances are not told to those who treat them")
	}
	form := b.open("/referrals/" + id + "/pickup")
	done := b.post("/referrals/"+id+"/pickup", "version", value(form, "version"),
		"picked_up_on-day", "19", "picked_up_on-month", "11", "picked_up_on-year", "2023", "kind", "new_episode")
	if done.status != http.StatusSeeOther {
		t.Fatalf("%d %s", done.status, done.text())
	}
	after := b.open(done.location)
	for _, want := range []string{"The pick-up is confirmed.", "Picked up", "New treatment episode", "Yesterday. Recorded by Harbour, today at 9am"} {
		if !strings.Contains(after.text(), want) {
			t.Errorf("%q is not said: %s", want, after.text())
		}
	}
	again := b.post("/referrals/"+id+"/pickup", "version", value(form, "version"),
		"picked_up_on-day", "18", "picked_up_on-month", "11", "picked_up_on-year", "2023", "kind", "new_episode")
	if again.status != http.StatusConflict || value(again, "picked_up_on-day") != "18" || !strings.HasPrefix(again.title(), "Error: ") {
		t.Errorf("from a stale tab: %d %s", again.status, again.text())
	}
	if list := b.open("/?list=" + string(referral.DayOneTo21)); !strings.Contains(list.text(), "Everybody released in the last 21 days has been picked up.") {
		t.Errorf("the empty list does not say what that means: %s", list.text())
	}
}

func TestWrongInputNamesEveryProblemAndKeepsWhatWasTyped(t *testing.T) {
	h := newHouse(t)
	id := h.released("A1234BC").String()
	s := h.as("HARBOUR").post("/referrals/"+id+"/pickup", "picked_up_on-day", "31", "picked_up_on-month", "2", "picked_up_on-year", "2023", "modality", "psychosocial")
	if s.status != http.StatusUnprocessableEntity || !strings.HasPrefix(s.title(), "Error: ") {
		t.Errorf("%d %q", s.status, s.title())
	}
	said := s.faults()
	for id, want := range map[string]string{
		"picked_up_on-day": "The day when treatment started must be a real date",
		"kind":             "Select what started",
	} {
		if said[id] != want || s.Find("#"+id).Length() != 1 || !strings.Contains(s.Find(".govuk-error-message").Text(), want) {
			t.Errorf("%q is not named and linked: %v", id, said)
		}
	}
	for name, want := range map[string]string{"picked_up_on-day": "31", "picked_up_on-month": "2", "picked_up_on-year": "2023", "modality": "psychosocial"} {
		if got := value(s, name); got != want {
			t.Errorf("%s was %q, is %q", name, want, got)
		}
	}
}

func TestThePrisonChangesTheDateAndConfirmsTheRelease(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	b := h.as("EXI")
	if s := b.open("/?list=" + string(referral.ReleasingSoon)); !strings.Contains(s.text(), "Ní Bhriain-A1234BC") {
		t.Fatalf("releasing in 14 days: %s", s.text())
	}
	if s := b.post("/referrals/"+id+"/release-date?of=expected", "reason", "brought forward"); s.faults()["planned_release_date-day"] == "" {
		t.Errorf("a date forgotten: %d %v", s.status, s.faults())
	}
	s := b.post("/referrals/"+id+"/release-date?of=expected", "planned_release_date-day", "20", "planned_release_date-month", "11", "planned_release_date-year", "2023", "reason", "brought forward")
	if s.status != http.StatusSeeOther {
		t.Fatalf("changing the date: %d %s", s.status, s.text())
	}
	page := b.open(s.location)
	for _, want := range []string{"Release date changed", "From 27 November 2023 to 20 November 2023.", "brought forward", "Confirm what happened at release"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("%q is not said: %s", want, page.text())
		}
	}
	s = b.post("/referrals/"+id+"/release-date?of=confirmed", "planned_release_date-day", "20", "planned_release_date-month", "Nov", "planned_release_date-year", "2023")
	if done := b.open(s.location).Find(".govuk-notification-banner").Text(); !strings.Contains(done, "You changed how sure the release date is.") || strings.Contains(done, "The release date is changed") {
		t.Errorf("only how sure it is: %d %q", s.status, done)
	}
	s = b.post("/referrals/"+id+"/release?of=RELEASED", "released_on-day", "20", "released_on-month", "11", "released_on-year", "2023", "naloxone_supplied", "yes")
	if s.status != http.StatusSeeOther {
		t.Fatalf("confirming the release: %d %s", s.status, s.text())
	}
	if page := b.open(s.location); !strings.Contains(page.text(), "Harbour's move") || strings.Contains(page.text(), "How sure") || strings.Contains(page.text(), "lanned for") {
		t.Errorf("whose move it is now, and nothing of a plan that came true: %s", page.text())
	}
	correct := func(day, why string) shown {
		t.Helper()
		return b.post("/referrals/"+id+"/release-correction", "released_on-day", day, "released_on-month", "11", "released_on-year", "2023", "correction_reason", why)
	}
	if s := correct("20", " "); len(s.faults()) != 2 || s.faults()["released_on-day"] == "" || s.faults()["correction_reason"] == "" {
		t.Errorf("the same day, for no reason: %d %v", s.status, s.faults())
	}
	if s := correct("19", "out on Sunday"); s.status != http.StatusSeeOther {
		t.Fatalf("correcting the release: %d %s", s.status, s.text())
	}
	page = b.open("/referrals/" + id + "?done=release-correction")
	for _, want := range []string{"The day of release is corrected.", "ReleasedYesterday", "Had been planned forToday", "The day of release was 20 November 2023, it is 19 November 2023.", "out on Sunday"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("%q is not said: %s", want, page.text())
		}
	}
	if hint := b.open("/referrals/" + id + "/undo").Find("#reason-hint").Text(); !strings.Contains(hint, "Corrected. The day of release was 20 November 2023") {
		t.Errorf("what would be undone: %q", hint)
	}
	if s := h.as("HARBOUR").open("/referrals/" + id); s.Find(`a[href$="/undo"]`).Length() != 0 {
		t.Error("the provider is offered to undo what the prison entered")
	}
}

// What would only be refused is not offered; what became of an appointment is recorded before there is another.
func TestOnlyWhatCanBeDoneIsOffered(t *testing.T) {
	h := newHouse(t)
	undated := draft("A1234BC")
	undated.PlannedReleaseDate, undated.ReleaseDateUnknownReason = "", "on remand"
	booked, released := h.referred(draft("A1234BD")), h.released("A1234BE")
	open := "/referrals/" + h.referred(undated).String()
	for name, c := range map[string]struct {
		path      string
		at        time.Time
		is, isNot []string
	}{
		"no date is known":    {open, morning, []string{"slot", "contact"}, []string{"outcome", "appointment"}},
		"booked":              {"/referrals/" + booked.String(), morning, []string{"outcome", "appointment", "slot"}, nil},
		"the time has passed": {"/referrals/" + released.String(), morning.AddDate(0, 0, 10), []string{"outcome", "pickup"}, []string{"appointment", "slot"}},
	} {
		h.now = c.at
		page := h.as("HARBOUR").open(c.path)
		for _, act := range c.is {
			if page.Find(`main a[href="`+c.path+"/"+act+`"]`).Length() != 1 {
				t.Errorf("%s: %s is not offered", name, act)
			}
		}
		for _, act := range c.isNot {
			if page.Find(`main a[href="`+c.path+"/"+act+`"]`).Length() != 0 {
				t.Errorf("%s: %s is offered", name, act)
			}
		}
	}
	h.now = morning
	if s := h.as("HARBOUR").open("/referrals/" + booked.String() + "/appointment"); !strings.Contains(s.text(), "The next free place is ") {
		t.Errorf("what would be booked is not said: %s", s.text())
	}
}

// Once a referral is handed over, the old prison is told so, and finds it nowhere; the new one has it whole.
func TestAReferralThatWasHandedOverIsTheNewPrisonsAlone(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	exeter := h.as("EXI")
	s := exeter.post("/referrals/"+id+"/transfer", "to_prison", "CWI", "on-day", "20", "on-month", "11", "on-year", "2023")
	if s.status != http.StatusSeeOther || !strings.Contains(exeter.open(s.location).text(), "The referral is handed over: the other prison has it now") {
		t.Fatalf("%d %s", s.status, s.location)
	}
	none := exeter.open("/referrals/00000000-0000-4000-8000-000000000000")
	if gone := exeter.open("/referrals/" + id); gone.status != http.StatusNotFound || gone.text() != none.text() {
		t.Errorf("it answers like one that never was: %d %s", gone.status, gone.text())
	}
	if s := exeter.open("/referrals"); strings.Contains(s.text(), "Bhriain") {
		t.Error("the old prison still finds it")
	}
	if s := h.as("CWI").open("/referrals/" + id); !strings.Contains(s.text(), "From HMP Exeter to HMP Channings Wood.") || !strings.Contains(s.text(), "Change the release date") {
		t.Errorf("the new prison: %s", s.text())
	}
}

// A date that does not go with another is one mistake, at the one that the page asks.
func TestAFaultBetweenTwoFieldsIsSaidOnce(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	s := h.as("EXI").post("/referrals/"+id+"/release-date?of=expected", "planned_release_date-day", "1", "planned_release_date-month", "6", "planned_release_date-year", "2025")
	if got := s.Find(".govuk-error-summary__list li"); got.Length() != 1 || got.Text() != "A planned release must not lie more than 400 days ahead" {
		t.Errorf("%d %q", s.status, got.Text())
	}
}

// Whoever has an appointment is seen and given another if they miss it, also where their prison has yet to confirm the
// release: the lists have them, and so has their page.
func TestAnAppointmentIsFollowedUpThoughNoReleaseIsConfirmed(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.referred(draft("A1234BC")).String()
	next := func(want string) {
		t.Helper()
		if got := h.as("HARBOUR").open(path).Find(".app-next a.govuk-button").Text(); got != want {
			t.Errorf("next is %q, not %q", got, want)
		}
	}
	next("Go to your worklists") // the prison's move
	h.now = time.Date(2023, 11, 28, 16, 0, 0, 0, time.UTC)
	next("Record what became of the appointment")
	h.as("HARBOUR").post(path + "/outcome?of=did_not_attend")
	next("Book the next free appointment")
}

func TestAMissedAppointmentOffersTheNextFreePlace(t *testing.T) {
	h := newHouse(t)
	id := h.released("A1234BC").String()
	b := h.as("HARBOUR")
	h.now = h.now.Add(3 * time.Hour) // it was at ten
	if s := b.open("/referrals/" + id); s.location == "" {
		t.Fatalf("the session of three hours ago still works: %d", s.status)
	}
	b = h.as("HARBOUR")
	if s := b.open("/referrals/" + id); !strings.Contains(s.Find(".app-next").Text(), "Record what became of the appointment") {
		t.Errorf("after the appointment: %s", s.text())
	}
	if s := b.post("/referrals/"+id+"/outcome?of=did_not_attend", "reason", "none_given"); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if s := b.open("/referrals/" + id); !strings.Contains(s.Find(".app-next").Text(), "The next free place is tomorrow at 1:30pm.") {
		t.Errorf("nothing is offered: %s", s.Find(".app-next").Text())
	}
	if s := b.post("/referrals/" + id + "/appointment"); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.text())
	}
	for _, want := range []string{"Tomorrow at 1:30pm", "Attempt2", "Attempt 1: Today at 10am, Harbour Centre – Did not attend: no reason given"} {
		if s := b.open("/referrals/" + id); !strings.Contains(s.text(), want) {
			t.Errorf("%q is not said: %s", want, s.text())
		}
	}
}

// The card is read by whoever finds it.
func TestTheCardTellsNeitherOfDrugsNorOfPrison(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.OpioidSubstitution = &referral.SubstitutionDraft{Medicine: "methadone"}
	id := h.referred(d).String()
	s := h.as("EXI").open("/referrals/" + id + "/card")
	if s.status != http.StatusOK {
		t.Fatalf("%d %s", s.status, s.text())
	}
	for _, want := range []string{"Harbour Centre", "Ashburton House, Plymouth", "the duty worker", "01752 000000", "Aoife", "November 2023", "railway station"} {
		if !strings.Contains(s.text(), want) {
			t.Errorf("%q is missing: %s", want, s.text())
		}
	}
	page := strings.ToLower(s.text() + s.title())
	for _, never := range []string{"heroin", "crack", "methadone", "drug", "alcohol", "treatment", "substance", "prescri", "prison", "exeter", "hmp",
		"custody", "release", "gate", "ní bhriain", "a1234bc", "probation", "offender", "exi"} {
		if strings.Contains(page, never) {
			t.Errorf("the card says %q: %s", never, s.text())
		}
	}
}

func TestEveryPersonShownIsAudited(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	id := h.released("A1234BD").String()
	b := h.as("HARBOUR")
	shown := func() (n int) {
		h.service(func(tx *db.Tx) error {
			return tx.Get(t.Context(), &n, `SELECT count(*) FROM audit WHERE act = 'shown' AND kind = 'person' AND organisation = 'HARBOUR' AND actor LIKE 'staff:%'`)
		})
		return n
	}
	for path, more := range map[string]int{
		"/?list=" + string(referral.DayOneTo21): 2, "/referrals/" + id: 1, "/referrals/" + id + "/card": 1, "/referrals/" + id + "/pickup": 1, "/report": 0,
	} {
		before := shown()
		if s := b.open(path); s.status != http.StatusOK && s.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, s.status)
		}
		if got := shown() - before; got != more {
			t.Errorf("%s: %d rows, want %d", path, got, more)
		}
	}
}

func TestNothingPersonalIsLogged(t *testing.T) {
	h := newHouse(t)
	id := h.released("A1234BC").String()
	b := h.as("HARBOUR")
	for _, path := range []string{"/", "/referrals/" + id, "/referrals/" + id + "/card", "/no-such-page?name=Aoife", "/?list=Aoife"} {
		b.open(path)
	}
	b.post("/referrals/"+id+"/contact", "kind", "phone", "on-day", "x", "note", "Aoife rang")
	for _, never := range []string{"Aoife", "Bhriain", "A1234BC", "1984", id} {
		if strings.Contains(h.log.String(), never) {
			t.Errorf("the log holds %q", never)
		}
	}
}

func TestContactIsRecordedOnceHoweverOftenItsFormIsSent(t *testing.T) {
	h := newHouse(t)
	id := h.released("A1234BC").String()
	b := h.as("HARBOUR")
	seen := value(b.open("/referrals/"+id+"/contact"), "version")
	for i, want := range []int{http.StatusSeeOther, http.StatusConflict} {
		s := b.post("/referrals/"+id+"/contact", "version", seen, "kind", "phone", "on-day", "20", "on-month", "11", "on-year", "2023", "note", "Rang")
		if s.status != want {
			t.Errorf("sent %d times: %d %s", i+1, s.status, s.text())
		}
	}
	if n := b.open("/referrals/" + id).Find(".app-timeline li h3:contains('Contact')").Length(); n != 1 {
		t.Errorf("%d contacts in the timeline", n)
	}
}
