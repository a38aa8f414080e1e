package pickup

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

var channings = staff.Who{By: audit.By{Organisation: "CWI", Actor: "key:cwi", Via: "api"}, Role: staff.Prison}

// newTwice is a person with two referrals, each with a place to come: w.id, from Exeter, released on 9 December and rebooked,
// and another one, from Channings Wood, where they are now and to be released on 20 January. It is 20 December.
func newTwice(t *testing.T) (w *world, awaiting uuid.UUID) {
	t.Helper()
	w = newWorld(t, true)
	w.goTo("2025-12-20")
	w.as(db.Scope{Part: db.Jobs}, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO organisation (code, kind, name) VALUES ('CWI', 'prison', 'HMP Channings Wood')`)
		return err
	})
	w.as(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
		missed, err := appointment.Open(ctx, tx, w.id)
		if err != nil {
			return err
		}
		if _, _, err = appointment.RecordOutcome(ctx, tx, harbour, w.now, missed.ID, appointment.Outcome{Outcome: "did_not_attend"}); err != nil {
			return err
		}
		_, err = appointment.Book(ctx, tx, harbour, w.now, w.id, nil, "")
		return err
	})
	w.as(channings.Scope(), func(ctx context.Context, tx *db.Tx) error {
		made, err := referral.Make(ctx, tx, channings, w.now, referral.Draft{
			SenderReference: "CWI-1", Prison: "CWI", Provider: "HARBOUR", PlannedReleaseDate: "2026-01-20",
			Person:     referral.PersonDraft{PrisonNumber: "A1234BC", GivenName: "Siân", FamilyName: "O'Neill", DateOfBirth: "1984-02-29", Sex: "female"},
			Substances: []string{"heroin"}, Consent: referral.ConsentDraft{ShareWithProvider: "given"},
		})
		if err == nil {
			awaiting = made.ID
		}
		return err
	})
	return w, awaiting
}

// stands is where a referral stands, and how many places are held for it.
func (w *world) stands(id uuid.UUID) string {
	w.Helper()
	var said string
	w.as(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
		r, err := referral.Find(ctx, tx, harbour, w.now, id)
		if err != nil {
			return err
		}
		said = string(r.State)
		if r.Appointment != nil {
			said += ", a place held"
		}
		return nil
	})
	return said
}

func (w *world) withdrawDead(id uuid.UUID, on string) (c *referral.Changed, err error) {
	err = w.try(channings.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		c, err = referral.Withdraw(ctx, tx, channings, w.now, id, referral.WithdrawalDraft{Reason: "died", On: on})
		return err
	})
	return c, err
}

func TestADeathEndsThePersonsOtherReferrals(t *testing.T) {
	type record func(w *world, awaiting uuid.UUID) (*referral.Changed, error)
	closed := func(who staff.Who) record {
		return func(w *world, _ uuid.UUID) (*referral.Changed, error) {
			return w.close(who, ClosureDraft{Reason: "died", On: "2025-12-19"})
		}
	}
	withdrawn := func(on string) record {
		return func(w *world, awaiting uuid.UUID) (*referral.Changed, error) { return w.withdrawDead(awaiting, on) }
	}
	for _, c := range []struct {
		name     string
		record   record
		named    int // of the person's other referrals, in the answer
		released string
		by       string // whose the other's last entry is
		undoes   staff.Who
	}{
		{"recorded by the provider", closed(harbour), 1, "closed", "HARBOUR", harbour},
		{"by the prison of the release, which knows nothing of the other", closed(exeter), 0, "closed", "", channings},
		{"by the prison of the one that awaits", withdrawn("2025-12-19"), 0, "closed", "", exeter},
		{"before the day of the release, which contradicts it", withdrawn("2025-12-08"), 0, "released, a place held", "", exeter},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, awaiting := newTwice(t)
			answer, err := c.record(w, awaiting)
			if err != nil || len(answer.EndedTogether) != c.named {
				t.Fatalf("%+v, %v", answer, err)
			}
			if got := w.stands(w.id) + "; " + w.stands(awaiting); got != c.released+"; withdrawn" {
				t.Fatal(got)
			}
			if c.released != "closed" {
				return
			}
			if n := w.count(`SELECT count(*) FROM place WHERE appointment_id IS NOT NULL AND starts_at > '2025-12-20'`); n != 0 {
				t.Errorf("%d places are held for the dead", n)
			}
			first, other := w.id, awaiting
			if answer.ID == awaiting {
				first, other = awaiting, w.id
			}
			if n := w.count(fmt.Sprintf(`SELECT count(*) FROM event e JOIN audit a ON a.detail->>'event' = e.id::text
				WHERE e.referral_id = '%s' AND e.kind IN ('closed', 'withdrawn') AND e.organisation = '%s' AND e.data->>'reason' = 'died'`, other, c.by)); n != 1 {
				t.Errorf("%d entries of the other's end, with their audit rows", n)
			}
			w.undoes(c.undoes, first, other, awaiting)
		})
	}
}

// undoes takes back the end of the other referral, which leaves the first ended, and then that of the first.
func (w *world) undoes(who staff.Who, first, other, awaiting uuid.UUID) {
	w.Helper()
	undo := func(who staff.Who, id uuid.UUID) *referral.Changed {
		w.Helper()
		var c *referral.Changed
		w.as(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
			c, err = referral.Undo(ctx, tx, who, w.now, id, referral.UndoDraft{Reason: "somebody else"})
			return err
		})
		return c
	}
	w.as(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
		r, err := referral.Find(ctx, tx, harbour, w.now, first)
		if err == nil && (len(r.EndedTogether) != 1 || r.EndedTogether[0].ID != other) {
			w.Errorf("the provider reads of the others: %+v", r.EndedTogether)
		}
		return err
	})
	back := map[bool]string{true: "booked, a place held", false: "released, a place held"}
	c := undo(who, other)
	if got := w.stands(other); got != back[other == awaiting] {
		w.Errorf("undone: %s", got)
	}
	if got := w.stands(first); got == back[first == awaiting] {
		w.Errorf("the first is open as well: %s", got)
	}
	if who.Role == staff.Provider && (len(c.EndedTogether) != 1 || c.EndedTogether[0].ID != first) {
		w.Errorf("the provider is told of the other: %+v", c.EndedTogether)
	}
	if who.Role == staff.Prison && len(c.EndedTogether) != 0 {
		w.Errorf("a prison is told of another prison's: %+v", c.EndedTogether)
	}
}

// Both prisons record the death at once, each with its own referral: neither waits for the other for ever.
func TestTwoPrisonsRecordADeathAtOnce(t *testing.T) {
	w, awaiting := newTwice(t)
	done := make(chan error, 2)
	now := w.now
	for _, act := range []func() error{
		func() error {
			return w.pool.Act(t.Context(), exeter.Scope(), func(tx *db.Tx) error {
				_, err := Close(t.Context(), tx, exeter, now, w.id, ClosureDraft{Reason: "died", On: "2025-12-19"})
				return err
			})
		},
		func() error {
			return w.pool.Act(t.Context(), channings.Scope(), func(tx *db.Tx) error {
				_, err := referral.Withdraw(t.Context(), tx, channings, now, awaiting, referral.WithdrawalDraft{Reason: "died", On: "2025-12-19"})
				return err
			})
		},
	} {
		go func() { done <- act() }()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Error(err)
	}
	if got := w.stands(w.id) + "; " + w.stands(awaiting); got != "closed; withdrawn" {
		t.Error(got)
	}
}
