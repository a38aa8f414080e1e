package referral

import (
	"errors"
	"slices"
	"testing"

	"throughgate/internal/problem"
)

func say[T any](v T) *T { return &v }

func TestACorrectionChangesWhatIsGivenAndNothingElse(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	before := w.find(exeter, id)
	c := act(w, Correct, exeter, id, CorrectionDraft{Reason: "misheard",
		Person:     &PersonCorrection{GivenName: say("Siân Mary"), NHSNumber: say("9990000018")},
		Substances: &[]string{"alcohol"}})
	if onDay(c.NewAppointment) != "2025-12-09" {
		t.Errorf("%+v", c)
	}
	after := w.find(exeter, id)
	if got := after.differing(before); !slices.Equal(got, []string{"person.given_name", "person.nhs_number", "substances"}) {
		t.Errorf("%v", got)
	}
	if after.SubstanceGroup != "alcohol only" || after.Timeline[2].Note != "misheard" {
		t.Errorf("%+v", after)
	}
	if n := w.count(`SELECT count(*) FROM event WHERE data::text LIKE '%Mary%' OR was::text LIKE '%Neill%'`); n != 0 {
		t.Error("a name stands in clear in the timeline")
	}
	act(w, Undo, exeter, id, UndoDraft{Reason: "it was right"})
	if got := w.find(exeter, id); len(got.differing(before)) != 0 || got.SubstanceGroup != "opiate" {
		t.Errorf("undone, it differs in %v", got.differing(before))
	}
}

func TestACorrectedNeedIsAllocatedAgain(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID // Tuesday the 9th does not prescribe
	methadone := &SubstitutionCorrect{Medicine: say("methadone"), BridgingUntil: say("2025-12-11")}
	if c := act(w, Correct, exeter, id, CorrectionDraft{Reason: "seen the doctor", OpioidSubstitution: methadone}); onDay(c.NewAppointment) != "2025-12-10" {
		t.Errorf("%+v on %s", c, onDay(c.NewAppointment))
	}
	none := &SubstitutionCorrect{Medicine: say("none")}
	act(w, Correct, exeter, id, CorrectionDraft{Reason: "stopped", OpioidSubstitution: none})
	if r := w.find(exeter, id); r.OpioidSubstitution != (OpioidSubstitution{}) {
		t.Errorf("%+v", r.OpioidSubstitution)
	}
}

func TestACorrectedDateOfBirthIsAnotherPerson(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	before := w.find(exeter, id)
	act(w, Correct, exeter, id, CorrectionDraft{Reason: "slip", Person: &PersonCorrection{DateOfBirth: say("2009-01-01")}})
	after := w.find(exeter, id)
	if after.PersonID == before.PersonID || *after.AgeAtRelease != 16 || after.SetAside != underAge {
		t.Errorf("%+v", after)
	}
	act(w, Undo, exeter, id, UndoDraft{Reason: "no slip"})
	if again := w.find(exeter, id); again.PersonID != before.PersonID || again.Person != before.Person || again.SetAside != "" {
		t.Errorf("%+v", again)
	}
	_, err := tryAct(w, Correct, exeter, id, CorrectionDraft{Reason: "slip", Person: &PersonCorrection{DateOfBirth: say("2025-12-10")}})
	if got := faults(t, err); !slices.Equal(got, []string{"person.date_of_birth in_the_future"}) {
		t.Errorf("%v", got)
	}
}

func TestAnActIsUndoneByWhoeverMadeIt(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	act(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-11"})
	w.goTo("2025-12-11")
	w.release(id, "2025-12-11")
	var forbidden *problem.Forbidden
	if _, err := tryAct(w, Undo, harbour, id, UndoDraft{Reason: "mistake"}); !errors.As(err, &forbidden) {
		t.Errorf("another's entry: %v", err)
	}
	if c := act(w, Undo, exeter, id, UndoDraft{Reason: "mistake"}); c.State != Booked {
		t.Errorf("the release undone: %+v", c)
	}
	w.goTo("2025-12-08")
	if c := act(w, Undo, exeter, id, UndoDraft{Reason: "mistake"}); onDay(c.NewAppointment) != "2025-12-11" && onDay(c.NewAppointment) != "2025-12-09" {
		t.Errorf("the change undone: %+v", c)
	}
	r := w.find(exeter, id)
	if r.PlannedReleaseDate != on("2025-12-09") || !r.ReleasedOn.IsZero() {
		t.Errorf("%+v", r.Facts)
	}
	if _, err := tryAct(w, Undo, exeter, id, UndoDraft{Reason: "mistake"}); conflict(err) != "already_recorded" {
		t.Errorf("the referral itself: %v", err)
	}
	undone := 0
	for _, e := range r.Timeline {
		if e.Undone {
			undone++
		}
	}
	if undone != 2 {
		t.Errorf("%d entries are shown as undone", undone)
	}
}

// What another prison holds answers exactly as what does not exist, also without a predicate.
