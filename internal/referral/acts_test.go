package referral

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

func TestTheAppointmentFollowsTheReleaseDate(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID // 9 December, seen that day at 13:30
	for _, c := range []struct {
		to, old, now string
		reason       Text
		kept         bool
	}{
		{"2025-12-10", "2025-12-09", "2025-12-11", "", false}, // Wednesday's clinic is over by 13:00
		{"2025-12-11", "2025-12-11", "2025-12-11", "", true},
		{"2025-12-19", "2025-12-11", "2025-12-19", "", false},
		{"", "2025-12-19", "", "no_release_date", false},
		{"2025-12-09", "", "2025-12-09", "", false},
	} {
		got := act(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: c.to, Reason: "board"})
		kept := got.OldAppointment != nil && got.NewAppointment != nil && got.OldAppointment.ID == got.NewAppointment.ID
		if onDay(got.OldAppointment) != c.old || onDay(got.NewAppointment) != c.now || got.UnbookedReason != c.reason || kept != c.kept {
			t.Errorf("to %q: %q to %q, %q, kept %t", c.to, onDay(got.OldAppointment), onDay(got.NewAppointment), got.UnbookedReason, kept)
		}
	}
	if c := act(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-09"}); !c.Unchanged {
		t.Errorf("the same date again: %+v", c)
	}
	if c := act(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-09", Certainty: "confirmed"}); c.Unchanged {
		t.Error("a date that has become certain is something new")
	}
}

func TestWhatIsWrongWithALaterAct(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	later := w.make(func(d *Draft) { d.PlannedReleaseDate = "2026-12-02" }).ID
	undated := w.make(func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "remand" }).ID
	for _, c := range []struct {
		name, want string
		act        func() (*Changed, error)
	}{
		{"a date too far", "planned_release_date too_far_ahead, referred_on too_far_ahead", func() (*Changed, error) {
			return tryAct(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2027-02-01"})
		}},
		{"an unknown kind", "kind not_recognised", func() (*Changed, error) {
			return tryAct(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-11", Kind: "escape"})
		}},
		{"released tomorrow", "released_on in_the_future", func() (*Changed, error) {
			return tryAct(w, Release, exeter, id, ReleaseDraft{ReleasedOn: "2025-12-02", Reason: "RELEASED"})
		}},
		{"no reason", "reason required", func() (*Changed, error) {
			return tryAct(w, Release, exeter, id, ReleaseDraft{ReleasedOn: "2025-12-01"})
		}},
		{"released before birth", "released_on born_after_release, person.date_of_birth born_after_release", func() (*Changed, error) {
			return tryAct(w, Release, exeter, id, ReleaseDraft{ReleasedOn: "1984-02-28", Reason: "RELEASED"})
		}},
		{"released in another year", "released_on another_year", func() (*Changed, error) {
			return tryAct(w, Release, exeter, id, ReleaseDraft{ReleasedOn: "2021-12-01", Reason: "RELEASED"})
		}},
		{"released more than a year before the planned day", "released_on another_year", func() (*Changed, error) {
			return tryAct(w, Release, exeter, later, ReleaseDraft{ReleasedOn: "2025-12-01", Reason: "RELEASED"})
		}},
		{"released more than a year before the referral came", "released_on another_year", func() (*Changed, error) {
			return tryAct(w, Release, exeter, undated, ReleaseDraft{ReleasedOn: "2024-11-30", Reason: "RELEASED"})
		}},
		{"bridging of nothing", "bridging_until not_without", func() (*Changed, error) {
			return tryAct(w, Release, exeter, id, ReleaseDraft{ReleasedOn: "2025-12-01", Reason: "RELEASED", BridgingUntil: "2025-12-05"})
		}},
		{"to a prison that takes no part", "to_prison not_recognised", func() (*Changed, error) {
			return tryAct(w, Transfer, exeter, id, TransferDraft{ToPrison: "WSI", On: "2025-12-01"})
		}},
		{"to where they are", "to_prison same_prison", func() (*Changed, error) {
			return tryAct(w, Transfer, exeter, id, TransferDraft{ToPrison: "EXI", On: "2025-12-01"})
		}},
		{"transferred years ago", "on too_long_ago", func() (*Changed, error) {
			return tryAct(w, Transfer, exeter, id, TransferDraft{ToPrison: "CWI", On: "2005-12-01"})
		}},
		{"sent to court years ago", "released_on too_long_ago", func() (*Changed, error) {
			return tryAct(w, Release, exeter, id, ReleaseDraft{ReleasedOn: "2005-12-01", Reason: "SENT_TO_COURT"})
		}},
		{"withdrawn years ago", "on too_long_ago", func() (*Changed, error) {
			return tryAct(w, Withdraw, exeter, id, WithdrawalDraft{Reason: "mistaken", On: "2005-12-01"})
		}},
		{"withdrawn tomorrow, for no known reason", "reason not_recognised, on in_the_future", func() (*Changed, error) {
			return tryAct(w, Withdraw, exeter, id, WithdrawalDraft{Reason: "bored", On: "2025-12-02"})
		}},
		{"nothing to correct", "reason required, reason nothing_to_correct", func() (*Changed, error) {
			return tryAct(w, Correct, exeter, id, CorrectionDraft{})
		}},
		{"undone for no reason", "reason required", func() (*Changed, error) { return tryAct(w, Undo, exeter, id, UndoDraft{}) }},
	} {
		if _, err := c.act(); strings.Join(faults(t, err), ", ") != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if r := w.find(exeter, id); r.Version != 1 || len(r.Timeline) != 2 {
		t.Errorf("something was stored: %+v", r)
	}
}

func TestADayOfReleaseAYearAwayIsTaken(t *testing.T) {
	w := newWorld(t)
	a := w.make(func(d *Draft) { d.PlannedReleaseDate = "2026-12-01" }).ID
	b := w.make(func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "remand" }).ID
	if c := w.release(a, "2025-12-01"); c.State != Released {
		t.Errorf("a year before the planned day: %+v", c)
	}
	if c := w.release(b, "2024-12-01"); c.State != NotPickedUp {
		t.Errorf("a year before the referral came: %+v", c)
	}
	old := w.make(func(d *Draft) { d.PlannedReleaseDate, d.ReleasedOn = "", "2023-01-10" }).ID
	if c := w.release(old, "2023-01-09"); c.State != NotPickedUp {
		t.Errorf("a release of long ago corrected: %+v", c)
	}
}

func TestOnlyReleasedIsARelease(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	for _, reason := range ReleaseReasons[1:] {
		d := ReleaseDraft{ReleasedOn: "2025-12-01", Reason: reason}
		if c := act(w, Release, exeter, id, d); c.State != Booked || c.Unchanged {
			t.Errorf("%s: %+v", reason, c)
		}
		if c := act(w, Release, exeter, id, d); !c.Unchanged {
			t.Errorf("%s, said again: %+v", reason, c)
		}
	}
	w.goTo("2025-12-09")
	if c := w.release(id, "2025-12-09"); c.State != Released || onDay(c.NewAppointment) != "2025-12-09" {
		t.Errorf("%+v", c)
	}
	if c := w.release(id, "2025-12-09"); !c.Unchanged {
		t.Errorf("again: %+v", c)
	}
	c := act(w, Release, exeter, id, ReleaseDraft{ReleasedOn: "2025-12-08", Reason: "RELEASED", CorrectionReason: "out at 4pm the day before"})
	if c.Unchanged || c.OldAppointment.ID != c.NewAppointment.ID {
		t.Errorf("another day: %+v", c)
	}
	r := w.find(exeter, id)
	last := r.Timeline[len(r.Timeline)-1]
	if r.ReleasedOn != on("2025-12-08") || last.Kind != "corrected" || last.Note != "out at 4pm the day before" || r.Unplanned {
		t.Errorf("%+v", r)
	}
}

// Released on 8 December, and referred again for the 20th: a date next to the 8th is that release.
//
//	6  7  8  9  10 ... 20
//	   |--|--|         planned again
//	   the same release
func TestADateNextToAKnownReleaseIsThatRelease(t *testing.T) {
	for _, c := range []struct {
		name  string
		holds staff.Who // the earlier release
		names bool      // and is it named to Exeter?
	}{{"our own", exeter, true}, {"of another prison", channel, false}} {
		w := newWorld(t)
		w.goTo("2025-12-08")
		d := w.draft()
		d.Prison, d.PlannedReleaseDate, d.ReleasedOn = c.holds.Organisation(), "", "2025-12-08"
		first, err := w.tryMake(c.holds, d)
		if err != nil {
			t.Fatal(err)
		}
		d.Prison, d.SenderReference, d.PlannedReleaseDate, d.ReleasedOn = "EXI", "EXI-again", "2025-12-20", ""
		second, err := w.tryMake(exeter, d)
		if err != nil {
			t.Fatal(err)
		}
		w.goTo("2025-12-11")
		for date, want := range map[string]string{"2025-12-07": "duplicate_referral", "2025-12-09": "duplicate_referral", "2025-12-10": ""} {
			_, planned := tryAct(w, ChangeDate, exeter, second.ID, DateChange{PlannedReleaseDate: date})
			if conflict(planned) != want {
				t.Errorf("%s: planned for %s: %v", c.name, date, planned)
			}
			if want == "" {
				continue
			}
			_, released := tryAct(w, Release, exeter, second.ID, ReleaseDraft{ReleasedOn: date, Reason: "RELEASED"})
			for _, err := range []error{planned, released} {
				var stands *problem.Conflict
				if !errors.As(err, &stands) || stands.Code != want || (stands.ID == first.ID.String()) != c.names || (stands.ID == "") == c.names {
					t.Errorf("%s: %s: %+v", c.name, date, err)
				}
			}
		}
	}
}

func TestAReleaseAfterThePlaceIsBookedAnew(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID // seen on the 9th
	w.goTo("2025-12-11")
	if c := w.release(id, "2025-12-10"); onDay(c.OldAppointment) != "2025-12-09" || onDay(c.NewAppointment) != "2025-12-11" {
		t.Errorf("%q to %q", onDay(c.OldAppointment), onDay(c.NewAppointment))
	}
}

func TestAfterTheReleaseNothingBeforeItCanHappen(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	w.release(id, "2025-12-01")
	for name, try := range map[string]func() (*Changed, error){
		"moved": func() (*Changed, error) {
			return tryAct(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-12"})
		},
		"withdrawn": func() (*Changed, error) {
			return tryAct(w, Withdraw, exeter, id, WithdrawalDraft{"declined", "2025-12-01", 0})
		},
		"transferred": func() (*Changed, error) {
			return tryAct(w, Transfer, exeter, id, TransferDraft{"CWI", "2025-12-01", 0})
		},
	} {
		if _, err := try(); conflict(err) != "already_recorded" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWithdrawnReferralFreesItsPlaceAndThePerson(t *testing.T) {
	w := newWorld(t)
	d := w.draft()
	made, err := w.tryMake(exeter, d)
	if err != nil {
		t.Fatal(err)
	}
	withdraw := WithdrawalDraft{Reason: "duplicate", On: "2025-12-01"}
	if c := act(w, Withdraw, exeter, made.ID, withdraw); c.State != Withdrawn || c.NewAppointment != nil || c.OldAppointment == nil {
		t.Errorf("%+v", c)
	}
	if c := act(w, Withdraw, exeter, made.ID, withdraw); !c.Unchanged {
		t.Errorf("again: %+v", c)
	}
	if n := w.count(`SELECT count(*) FROM place WHERE appointment_id IS NOT NULL`); n != 0 {
		t.Errorf("%d places are held", n)
	}
	if _, err := tryAct(w, Release, exeter, made.ID, ReleaseDraft{ReleasedOn: "2025-12-01", Reason: "RELEASED"}); conflict(err) != "already_recorded" {
		t.Error(err)
	}
	d.SenderReference = "anew"
	if _, err := w.tryMake(exeter, d); err != nil {
		t.Errorf("the person can be referred again: %v", err)
	}
	if _, err := tryAct(w, Undo, exeter, made.ID, UndoDraft{Reason: "wrong person"}); conflict(err) != "duplicate_referral" {
		t.Errorf("but not twice: %v", err)
	}
}

func TestATransferTakesTheReferralAlong(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	c := act(w, Transfer, exeter, id, TransferDraft{ToPrison: "CWI", On: "2025-12-01"})
	if c.Prison != "CWI" || onDay(c.NewAppointment) != "2025-12-09" {
		t.Errorf("%+v", c)
	}
	var gone *problem.NotFound
	if _, err := tryAct(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-12"}); !errors.As(err, &gone) {
		t.Errorf("the old prison: %v", err)
	}
	if r := w.find(channel, id); r.Prison != "CWI" || r.MovedFrom != "EXI" || onDay(r.Appointment) != "2025-12-09" {
		t.Errorf("the new prison: %+v", r)
	}
	act(w, ChangeDate, channel, id, DateChange{PlannedReleaseDate: "2025-12-12"})
}

func TestTwoPeopleEditingNoticeEachOther(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	seen := w.find(exeter, id).Version
	act(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-12", Version: seen})
	if _, err := tryAct(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-16", Version: seen}); conflict(err) != "changed_since" {
		t.Error(err)
	}
}

func TestPrisonsNeverSeeEachOthersReferrals(t *testing.T) {
	w := newWorld(t)
	mine := w.make(nil).ID
	d := w.draft()
	d.Prison = "CWI"
	theirs, err := w.tryMake(channel, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []uuid.UUID{theirs.ID, uuid.New()} {
		for name, try := range map[string]func() error{
			"find": func() error {
				return w.try(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
					_, err := Find(ctx, tx, exeter, w.now, id)
					return err
				})
			},
			"change": func() error {
				_, err := tryAct(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-12"})
				return err
			},
			"release": func() error {
				_, err := tryAct(w, Release, exeter, id, ReleaseDraft{ReleasedOn: "2025-12-01", Reason: "RELEASED"})
				return err
			},
			"transfer": func() error {
				_, err := tryAct(w, Transfer, exeter, id, TransferDraft{"DMI", "2025-12-01", 0})
				return err
			},
			"withdraw": func() error {
				_, err := tryAct(w, Withdraw, exeter, id, WithdrawalDraft{"declined", "2025-12-01", 0})
				return err
			},
			"correct": func() error {
				_, err := tryAct(w, Correct, exeter, id, CorrectionDraft{Reason: "r", Notes: say("n")})
				return err
			},
			"undo": func() error { _, err := tryAct(w, Undo, exeter, id, UndoDraft{Reason: "r"}); return err },
		} {
			var gone *problem.NotFound
			if err := try(); !errors.As(err, &gone) || gone.What != "referral" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, table := range []string{
		`SELECT count(*) FROM referral WHERE id <> $1`, `SELECT count(*) FROM appointment WHERE referral_id <> $1`,
		`SELECT count(*) FROM event WHERE referral_id <> $1`, `SELECT count(*) - 1 FROM person WHERE id <> $1`,
	} {
		w.as(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
			var n int
			err := tx.Get(ctx, &n, table, mine)
			if n != 0 {
				t.Errorf("%s: %d", table, n)
			}
			return err
		})
	}
	if page := w.list(exeter, Filter{}); len(page.Items) != 1 || page.Items[0].ID != mine {
		t.Errorf("list: %+v", page)
	}
	if page := w.list(harbour, Filter{}); len(page.Items) != 2 {
		t.Errorf("the provider's list: %d", len(page.Items))
	}
}

func (w *world) list(who staff.Who, f Filter) (page Page) {
	w.Helper()
	w.as(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		page, err = List(ctx, tx, who, w.now, f)
		return err
	})
	return page
}
