package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// listed takes in a row of the provider's list about somebody who started the day before.
func (h *house) listed(given, family string) {
	h.Helper()
	file := pickupHeader +
		"1," + given + "," + family + ",29/02/1984,Female,18/11/2023,19/11/2023,19/11/2023,19/11/2023,\n"
	if _, err := reconcile.ImportProviderPickups(h.Context(), h.pool, h.who("HARBOUR", staff.Provider), h.now, "HARBOUR", "pickups.csv", []byte(file), reconcile.Options{}); err != nil {
		h.Fatal(err)
	}
}

func (h *house) openReview() string {
	h.Helper()
	var id uuid.UUID
	h.service(func(tx *db.Tx) error {
		return tx.Get(h.Context(), &id, `SELECT id FROM review WHERE settled_at IS NULL`)
	})
	return id.String()
}

func TestAPossibleMatchIsLookedAtConfirmedAndUndone(t *testing.T) {
	h := newHouse(t)
	id := h.released("A1234BC").String()
	h.listed("Niamh", "Ní Bhriain-A1234BC")
	b := h.as("HARBOUR")
	if got := b.open("/").Find(`.app-lists a[href="/review"] + .app-count`).Text(); !strings.HasSuffix(got, "1") {
		t.Errorf("the worklist counts %q", got)
	}
	list := b.open("/review")
	row := list.Find("tbody tr")
	if row.Length() != 1 || !strings.Contains(row.Text(), "Niamh") || !strings.Contains(row.Text(), "Forename differs") {
		t.Fatalf("to review: %s", list.text())
	}
	path := row.Find("a").AttrOr("href", "")
	page := b.open(path)
	if marked := page.Find("td.app-differs"); marked.Length() != 1 || !strings.Contains(marked.Text(), "Aoife") || !strings.Contains(marked.Text(), "Differs") {
		t.Errorf("what differs: %s", page.text())
	}
	for _, want := range []string{"the first names begin with different letters", "and they count as picked up by the start of treatment on", "those rows count for nobody"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("%q is not said before deciding: %s", want, page.text())
		}
	}
	if s := b.post(path); s.status != http.StatusUnprocessableEntity || s.faults()["decision"] == "" || !strings.HasPrefix(s.title(), "Error: ") {
		t.Errorf("nothing chosen: %d %v", s.status, s.faults())
	}
	if s := b.post(path, "decision", "confirm"); s.status != http.StatusSeeOther || s.location != "/review?done=confirmed" {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if s := b.post(path, "decision", "reject"); s.location != "/review?done=earlier-confirmed" || !strings.Contains(b.open(s.location).text(), "it was confirmed") {
		t.Errorf("decided twice: %d %s", s.status, s.location)
	}
	for name, s := range map[string]shown{
		"no such question": b.post("/review/"+uuid.NewString(), "decision", "reject"),
		"another's":        h.as("EXI").post(path, "decision", "reject"),
	} {
		if s.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, s.status, s.location)
		}
	}
	linked := b.open("/referrals/" + id)
	undo := linked.Find(`.app-timeline a[href$="/undo"]`)
	if undo.Length() != 1 || !strings.Contains(linked.text(), "Picked up") {
		t.Fatalf("the timeline: %s", linked.text())
	}
	unlink := undo.AttrOr("href", "")
	if s := b.post(unlink, "reason", " "); s.status != http.StatusUnprocessableEntity || s.faults()["reason"] == "" {
		t.Errorf("without a reason: %d %v", s.status, s.faults())
	}
	if s := b.post(unlink, "reason", "her sister"); s.location != "/referrals/"+id+"?done=undone" {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if s := b.open("/referrals/" + id); !strings.Contains(s.text(), "her sister") || !strings.Contains(s.Find(".govuk-tag").First().Text(), "Released") {
		t.Errorf("undone: %s", s.text())
	} else if told := s.Find(".app-timeline h3").Text(); strings.Count(told, "No longer linked") != 1 || !strings.Contains(told, "Pick-up taken back") || !strings.Contains(told, "Picked up (taken back)") {
		t.Errorf("the timeline: %s", told)
	}
	for name, again := range map[string]func() shown{
		"sent again":   func() shown { return b.post(unlink, "reason", "her sister") },
		"opened again": func() shown { return b.open(unlink) },
	} {
		if s := again(); s.location != "/referrals/"+id+"?done=before" || !strings.Contains(b.open(s.location).text(), "This is recorded already: nothing has changed.") {
			t.Errorf("%s: %d %s", name, s.status, s.location)
		}
	}
	if s := b.post("/review/"+h.openReview(), "decision", "reject"); s.location != "/review?done=rejected" {
		t.Errorf("the question stands open as before: %d %s", s.status, s.location)
	}
	if s := b.open("/review"); !strings.Contains(s.text(), "Nothing waits for your decision.") {
		t.Errorf("an empty list: %s", s.text())
	}
}

func TestEveryDoubtIsExplained(t *testing.T) {
	for _, why := range []string{reconcile.WhyForename, reconcile.WhySurname, reconcile.WhyInitialsOnly, reconcile.WhyOneDigit, reconcile.WhySwapped,
		reconcile.WhySex, reconcile.WhyPartOfName, reconcile.WhySeveralCandidates, reconcile.WhySeveralPeople, reconcile.WhyByHand,
		reconcile.WhyDaysApart, reconcile.WhyOtherBirth, reconcile.WhyOtherNumbers} {
		if doubts[why] == "" {
			t.Errorf("%q is not explained", why)
		}
	}
}

func TestOnlyItsOwnProviderSeesAReview(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	h.listed("Niamh", "Ní Bhriain-A1234BC")
	path := "/review/" + h.openReview()
	for _, organisation := range []string{"EXI", "CWI"} {
		b := h.as(organisation)
		if s := b.open(path); s.status != http.StatusNotFound || strings.Contains(s.raw, "Bhriain") {
			t.Errorf("%s: %d", organisation, s.status)
		}
		b.post(path, "decision", "confirm")
	}
	if h.as("HARBOUR").open(path).status != http.StatusOK {
		t.Error("it was decided by a prison")
	}
}

// sentElsewhere is the same release, which Channings Wood sends as well.
func (h *house) sentElsewhere(number string) {
	h.Helper()
	d := draft(number)
	d.Prison, d.SenderReference = "CWI", "CWI-"+number
	channings := h.who("CWI", staff.Prison)
	refused := h.pool.Act(h.Context(), channings.Scope(), func(tx *db.Tx) error {
		_, err := referral.Make(h.Context(), tx, channings, h.now, d)
		return err
	})
	if err := referral.NoteElsewhere(h.Context(), h.pool, channings, h.now, refused); err != nil {
		h.Fatal(err)
	}
}

func TestWhatAnotherPrisonSentTooIsMovedOrStays(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	h.sentElsewhere("A1234BC")
	b := h.as("HARBOUR")
	if s := b.open("/review"); !strings.Contains(s.Find("tbody tr").Text(), "Move to this prison") {
		t.Fatalf("to review: %s", s.text())
	}
	if s := b.open("/review?cjit=yes"); s.Find("tbody tr").Length() != 0 {
		t.Errorf("filtered: %s", s.text())
	}
	if s := b.post("/referrals/" + id + "/move"); s.faults()["move"] == "" {
		t.Errorf("nothing chosen: %d %v", s.status, s.faults())
	}
	if s := b.post("/referrals/"+id+"/move", "move", "yes"); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if h.as("CWI").open("/referrals/"+id).status != http.StatusOK || h.as("EXI").open("/referrals/"+id).status != http.StatusNotFound {
		t.Error("it is not the other prison's now")
	}
	if s := b.post("/referrals/"+id+"/move", "move", "no"); s.status != http.StatusConflict {
		t.Errorf("decided twice: %d", s.status)
	}
}

func TestOneOfSeveralPeopleIsNotShownAsTheOnlyOne(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	twin := draft("A1234BD")
	twin.Person.FamilyName, twin.PlannedReleaseDate, twin.ReleasedOn = draft("A1234BC").Person.FamilyName, "", "2023-11-20"
	h.referred(twin)
	h.listed("Aoife", "Ní Bhriain-A1234BC")
	s := h.as("HARBOUR").open("/review/" + h.openReview())
	if columns := s.Find("thead th").Length(); columns != 2 || !strings.Contains(s.text(), "Only this one has a release that its dates fit.") {
		t.Errorf("%d columns: %s", columns, s.text())
	}
}
