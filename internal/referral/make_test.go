package referral

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

func TestAnAcceptedReferralHasAnAppointmentOrAReason(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name   string
		change func(*Draft)
		state  State
		day    string // of the appointment
		reason Text
		aside  Text
	}{
		{"released in a week", func(d *Draft) {}, Booked, "2025-12-09", "", ""},
		{"on opioid substitution", func(d *Draft) { d.OpioidSubstitution = &SubstitutionDraft{"methadone", "2025-12-15"} }, Booked, "2025-12-10", "", ""},
		{"no date yet", func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "remand" }, Unbooked, "", "no_release_date", ""},
		{"in a year", func(d *Draft) { d.PlannedReleaseDate = "2026-12-01" }, Unbooked, "", "beyond_open_weeks", ""},
		{"released on Friday", func(d *Draft) { d.PlannedReleaseDate, d.ReleasedOn = "", "2025-11-28" }, Released, "2025-12-01", "", ""},
		{"released on the 92nd day before", func(d *Draft) { d.PlannedReleaseDate, d.ReleasedOn = "", "2025-08-31" }, Released, "2025-12-01", "", ""},
		{"released on the 93rd day before", func(d *Draft) { d.PlannedReleaseDate, d.ReleasedOn = "", "2025-08-30" }, NotPickedUp, "", "", ""},
		{"17 years old", func(d *Draft) { d.Person.DateOfBirth = "2008-01-01" }, Booked, "2025-12-09", "", underAge},
	} {
		made := w.make(c.change)
		if made.State != c.state || onDay(made.Appointment) != c.day || made.UnbookedReason != c.reason || made.SetAside != c.aside {
			t.Errorf("%s: %+v on %q", c.name, made, onDay(made.Appointment))
		}
		if r := w.find(harbour, made.ID); r.State != c.state || r.UnbookedReason != c.reason || r.Timeline[0].Kind != "referred" {
			t.Errorf("%s: found %s, %q, %+v", c.name, r.State, r.UnbookedReason, r.Timeline)
		}
	}
}

func TestWhatWasSentIsFoundAsItWasSent(t *testing.T) {
	w := newWorld(t)
	d := w.draft()
	d.Person.NHSNumber, d.OpioidSubstitution = "9990000018", &SubstitutionDraft{"methadone", "2025-12-12"}
	made, err := w.tryMake(exeter, d)
	if err != nil {
		t.Fatal(err)
	}
	r := w.find(exeter, made.ID)
	if differing, _ := differences(r.draft(), d); !slices.Equal(differing, []string{"release_date_certainty"}) {
		t.Errorf("differs in %v: %+v", differing, r)
	}
	if n := w.count(`SELECT count(*) FROM audit WHERE act = 'shown' AND kind = 'person' AND subject = $1`, r.PersonID.UUID.String()); n != 1 {
		t.Errorf("%d audit rows for one showing", n)
	}
	if n := w.count(`SELECT count(*) FROM audit WHERE act = 'referred' AND subject = $1`, made.ID.String()); n != 1 {
		t.Errorf("%d audit rows for one referral", n)
	}
}

func TestOneReferralForOnePersonAndRelease(t *testing.T) {
	w := newWorld(t)
	awaiting := w.draft()
	first, err := w.tryMake(exeter, awaiting)
	if err != nil {
		t.Fatal(err)
	}
	gone := w.draft()
	gone.PlannedReleaseDate, gone.ReleasedOn = "", "2025-11-20"
	before, err := w.tryMake(exeter, gone)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		first  Draft
		change func(*Draft)
		stands string
	}{
		{"whoever awaits release, with another date", awaiting, func(d *Draft) { d.PlannedReleaseDate = "2026-03-01" }, first.ID.String()},
		{"whoever awaits release, said to be released", awaiting, func(d *Draft) { d.ReleasedOn = "2025-11-30" }, first.ID.String()},
		{"released on the same day", gone, func(d *Draft) {}, before.ID.String()},
		{"released a day earlier", gone, func(d *Draft) { d.ReleasedOn = "2025-11-19" }, before.ID.String()},
		{"released a day later", gone, func(d *Draft) { d.ReleasedOn = "2025-11-21" }, before.ID.String()},
		{"planned a day later", gone, func(d *Draft) { d.ReleasedOn, d.PlannedReleaseDate = "", "2025-11-21" }, before.ID.String()},
		{"released two days later", gone, func(d *Draft) { d.ReleasedOn = "2025-11-22" }, ""},
		{"born on another day", awaiting, func(d *Draft) { d.Person.DateOfBirth = "1985-02-28" }, ""},
	} {
		d := c.first
		d.SenderReference = c.name
		c.change(&d)
		made, err := w.tryMake(exeter, d)
		var stands *problem.Conflict
		switch {
		case c.stands == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.stands != "" && (!errors.As(err, &stands) || stands.Code != "duplicate_referral" || stands.ID != c.stands):
			t.Errorf("%s: %+v, %v", c.name, made, err)
		}
	}
}

// Somebody released on 20 November is referred again for 9 December. Whoever sends the 21st is told of the release, and not of
// the referral that awaits, which could not be released on that day either.
func TestAKnownReleaseIsNamedBeforeAReferralThatAwaits(t *testing.T) {
	w := newWorld(t)
	gone := w.draft()
	gone.SenderReference, gone.PlannedReleaseDate, gone.ReleasedOn = "gone", "", "2025-11-20"
	released, err := w.tryMake(exeter, gone)
	if err != nil {
		t.Fatal(err)
	}
	again := gone
	again.SenderReference, again.PlannedReleaseDate, again.ReleasedOn = "again", "2025-12-09", ""
	awaiting, err := w.tryMake(exeter, again)
	if err != nil {
		t.Fatal(err)
	}
	for on, want := range map[string]uuid.UUID{"2025-11-21": released.ID, "2025-11-22": awaiting.ID} {
		gone.SenderReference, gone.ReleasedOn = on, on
		_, err := w.tryMake(exeter, gone)
		var stands *problem.Conflict
		if !errors.As(err, &stands) || stands.ID != want.String() {
			t.Errorf("released on %s: %v", on, err)
		}
	}
}

func TestALaterReleaseIsLinkedToTheEarlierOne(t *testing.T) {
	w := newWorld(t)
	d := w.draft()
	d.PlannedReleaseDate, d.ReleasedOn = "", "2025-10-01"
	first, err := w.tryMake(exeter, d)
	if err != nil {
		t.Fatal(err)
	}
	d.SenderReference, d.PlannedReleaseDate, d.ReleasedOn = "again", "2025-12-09", ""
	second, err := w.tryMake(exeter, d)
	if err != nil || second.EarlierID == nil || *second.EarlierID != first.ID {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestTheReferralOfAnEarlierReleaseIsNamedOnlyToWhomItBelongs(t *testing.T) {
	w := newWorld(t)
	d := w.draft()
	d.PlannedReleaseDate, d.ReleasedOn = "", "2025-10-01"
	first, err := w.tryMake(exeter, d)
	if err != nil {
		t.Fatal(err)
	}
	d.Prison, d.SenderReference, d.PlannedReleaseDate, d.ReleasedOn = "CWI", "CWI-1", "2025-12-09", ""
	for _, sent := range []string{"first", "again"} {
		if second, err := w.tryMake(channel, d); err != nil || second.EarlierID != nil {
			t.Errorf("sent %s it names another prison's: %+v, %v", sent, second, err)
		}
	}
	var second uuid.UUID
	w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
		return tx.Get(ctx, &second, `SELECT id FROM referral WHERE prison = 'CWI'`)
	})
	for _, who := range []staff.Who{channel, harbour} {
		r := w.find(who, second)
		if may := who.Role == staff.Provider; may != (r.EarlierID != nil) || may && *r.EarlierID != first.ID {
			t.Errorf("%s is told of %v", who.Organisation(), r.EarlierID)
		}
		var told timeline.Page
		w.as(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
			told, err = timeline.Changes(ctx, tx, "", 100)
			return err
		})
		for _, said := range []any{r.Timeline, told.Items} {
			if text, err := json.Marshal(said); err != nil || who.Role == staff.Prison && strings.Contains(string(text), first.ID.String()) {
				t.Errorf("%s reads in the events: %s %v", who.Organisation(), text, err)
			}
		}
	}
}

func TestAnotherPrisonsReferralIsADuplicateWithoutNameOrID(t *testing.T) {
	w := newWorld(t)
	d := w.draft()
	first, err := w.tryMake(exeter, d)
	if err != nil {
		t.Fatal(err)
	}
	d.Prison, d.SenderReference = "CWI", "CWI-1"
	_, err = w.tryMake(channel, d)
	var stands *problem.Conflict
	if !errors.As(err, &stands) || stands.Code != "duplicate_referral" || stands.ID != "" {
		t.Fatalf("%+v", err)
	}
	if err := NoteElsewhere(t.Context(), w.pool, channel, w.now, err); err != nil {
		t.Fatal(err)
	}
	page := w.worklist(harbour, ToReview)
	if len(page.Items) != 1 || page.Items[0].ID != first.ID {
		t.Fatalf("to review: %+v", page)
	}
	w.as(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
		return MoveToAsker(ctx, tx, harbour, w.now, first.ID, true)
	})
	if r := w.find(channel, first.ID); r.Prison != "CWI" || r.MovedFrom != "EXI" || r.Appointment == nil {
		t.Errorf("moved: %+v", r)
	}
}

func TestTheSameSendersReference(t *testing.T) {
	w := newWorld(t)
	d := w.draft()
	first, err := w.tryMake(exeter, d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.tryMake(exeter, d)
	if err != nil || !again.Again || again.ID != first.ID || onDay(again.Appointment) != onDay(first.Appointment) {
		t.Fatalf("%+v, %v", again, err)
	}
	d.PlannedReleaseDate, d.Person.GivenName, d.OpioidSubstitution = "2025-12-10", "Jane", &SubstitutionDraft{Medicine: "methadone"}
	_, err = w.tryMake(exeter, d)
	var reused *problem.Conflict
	want := []string{"opioid_substitution.medicine", "person.given_name", "planned_release_date"}
	if !errors.As(err, &reused) || reused.Code != "reference_reused" || !slices.Equal(reused.Fields, want) {
		t.Errorf("%+v", err)
	}
	other := w.draft() // another person under a reference that is taken
	other.SenderReference = d.SenderReference
	if _, err = w.tryMake(exeter, other); conflict(err) != "reference_reused" {
		t.Errorf("%v", err)
	}
	d.Prison, d.Person.PrisonNumber = "CWI", "A9999BC" // another prison counts for itself
	if _, err = w.tryMake(channel, d); err != nil {
		t.Error(err)
	}
}

// What the service keeps alike is the same content, however it was spelt, and on whatever day it comes again.
func TestTheSameContentSpeltOtherwiseIsTheSame(t *testing.T) {
	w := newWorld(t)
	d := w.draft()
	d.ReferredOn, d.Person.NHSNumber, d.Substances = "", "9990000018", []string{"heroin"}
	first, err := w.tryMake(exeter, d)
	if err != nil {
		t.Fatal(err)
	}
	w.goTo("2025-12-04")
	for name, spell := range map[string]func(*Draft){
		"the reference with spaces":     func(d *Draft) { d.SenderReference = " " + d.SenderReference + "  " },
		"a name with spaces":            func(d *Draft) { d.Person.FamilyName = " O'Neill " },
		"a name not composed":           func(d *Draft) { d.Person.GivenName = "Sia\u0302n" },
		"a prison number in small":      func(d *Draft) { d.Person.PrisonNumber = strings.ToLower(d.Person.PrisonNumber) },
		"an NHS number with spaces":     func(d *Draft) { d.Person.NHSNumber = "999 000 0018" },
		"a substance with a capital":    func(d *Draft) { d.Substances = []string{"Heroin"} },
		"the day that was the default":  func(d *Draft) { d.ReferredOn = "2025-12-01" },
		"no medicine, said in its word": func(d *Draft) { d.OpioidSubstitution = &SubstitutionDraft{Medicine: "none"} },
	} {
		again := d
		spell(&again)
		if made, err := w.tryMake(exeter, again); err != nil || made.ID != first.ID {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
	for field, change := range map[string]func(*Draft){
		"person.family_name":     func(d *Draft) { d.Person.FamilyName = "Oneill" },
		"substances":             func(d *Draft) { d.Substances = []string{"heroin", "alcohol"} },
		"referred_on":            func(d *Draft) { d.ReferredOn = "2025-11-30" },
		"person.telephone":       func(d *Draft) { d.Person.Telephone = "" },
		"release_date_certainty": func(d *Draft) { d.ReleaseDateCertainty = "confirmed" },
	} {
		other := d
		change(&other)
		_, err := w.tryMake(exeter, other)
		var reused *problem.Conflict
		if !errors.As(err, &reused) || !slices.Equal(reused.Fields, []string{field}) {
			t.Errorf("%s: %+v", field, err)
		}
	}
}

func TestTheSamePrisonNumberBornOnAnotherDayIsNotedForTheProvider(t *testing.T) {
	w := newWorld(t)
	d := w.draft()
	if _, err := w.tryMake(exeter, d); err != nil {
		t.Fatal(err)
	}
	d.SenderReference, d.Person.DateOfBirth = "other", "1984-03-01"
	made, err := w.tryMake(exeter, d)
	if err != nil {
		t.Fatal(err)
	}
	if n := w.count(`SELECT count(*) FROM event WHERE referral_id = $1 AND kind = 'referred' AND (data ->> 'prison_number_of_another')::boolean`, made.ID); n != 1 {
		t.Error("not noted")
	}
}

// Sixty-four at once, through two servers: one is stored, and all are answered with it.
func TestParallelIdenticalPostsAreOneReferral(t *testing.T) {
	w := newWorld(t)
	d := w.draft()
	servers := []*db.Pool{w.pool, w.db.Pool(t)}
	ids := make(chan string, 64)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			err := servers[i%2].Act(t.Context(), exeter.Scope(), func(tx *db.Tx) error {
				made, err := Make(t.Context(), tx, exeter, w.now, d)
				if err == nil {
					ids <- made.ID.String()
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	close(ids)
	seen := map[string]int{}
	for id := range ids {
		seen[id]++
	}
	if n := w.count(`SELECT count(*) FROM referral`); n != 1 || len(seen) != 1 {
		t.Errorf("%d referrals, answers %v", n, seen)
	}
}

// Sixty-four references for one person at once: one is accepted, the others are told which.
func TestParallelReferencesForOnePersonAreOneReferral(t *testing.T) {
	w := newWorld(t)
	drafts := make([]Draft, 64)
	for i := range drafts {
		drafts[i] = w.draft()
		drafts[i].Person.PrisonNumber = "A1234BC"
	}
	var all sync.WaitGroup
	accepted := make(chan bool, 64)
	for _, d := range drafts {
		all.Go(func() {
			err := w.pool.Act(t.Context(), exeter.Scope(), func(tx *db.Tx) error {
				_, err := Make(t.Context(), tx, exeter, w.now, d)
				return err
			})
			switch {
			case err == nil:
				accepted <- true
			case conflict(err) != "duplicate_referral":
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(accepted) != 1 {
		t.Errorf("%d were accepted", len(accepted))
	}
}

func TestOnlyAPrisonRefers(t *testing.T) {
	w := newWorld(t)
	var forbidden *problem.Forbidden
	if _, err := w.tryMake(harbour, w.draft()); !errors.As(err, &forbidden) {
		t.Error(err)
	}
}
