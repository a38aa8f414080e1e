package pickup

import (
	"context"
	"errors"
	"testing"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/referral"
)

var errUndone = errors.New("undone")

// tried is what becomes of an act, which is then undone.
func (w *world) tried(act func(context.Context, *db.Tx) error) string {
	err := w.try(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
		if err := act(ctx, tx); err != nil {
			return err
		}
		return errUndone
	})
	if errors.Is(err, errUndone) {
		return "recorded"
	}
	return said(nil, err)
}

// livings are what only a living person does, each on a day.
func (w *world) livings() map[string]func(string) string {
	return map[string]func(string) string{
		"picked_up_on": func(on string) string {
			return w.tried(func(ctx context.Context, tx *db.Tx) error {
				_, err := Confirm(ctx, tx, harbour, w.now, w.id, Draft{PickedUpOn: on, Kind: "new_episode"})
				return err
			})
		},
		"on": func(on string) string {
			return w.tried(func(ctx context.Context, tx *db.Tx) error {
				_, err := Contact(ctx, tx, harbour, w.now, w.id, ContactDraft{Kind: "phone", On: on})
				return err
			})
		},
		"attended_on": func(on string) string {
			return w.tried(func(ctx context.Context, tx *db.Tx) error {
				_, err := appointment.DropIn(ctx, tx, harbour, w.now, w.id, "HARBOUR", day.MustParse(on))
				return err
			})
		},
	}
}

// 9 Dec              10              20
// |------------------|---------------|
// released, missed,  booked for      today
// died               the 10th
func TestNothingIsRecordedOfThePersonAfterTheDayOfDeath(t *testing.T) {
	w := newWorld(t, true)
	w.goTo("2025-12-10")
	w.now = day.MustParse("2025-12-10").At(9, 0)
	var booked *appointment.Appointment
	w.as(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
		open, err := appointment.Open(ctx, tx, w.id)
		if err != nil {
			return err
		}
		if _, _, err := appointment.RecordOutcome(ctx, tx, harbour, w.now, open.ID, appointment.Outcome{Outcome: "did_not_attend"}); err != nil {
			return err
		}
		booked, err = appointment.Book(ctx, tx, harbour, w.now, w.id, nil, "")
		return err
	})
	w.goTo("2025-12-20")
	outcome := func(o string) string {
		return w.tried(func(ctx context.Context, tx *db.Tx) error {
			_, _, err := appointment.RecordOutcome(ctx, tx, harbour, w.now, booked.ID, appointment.Outcome{Outcome: o})
			return err
		})
	}
	if got := outcome("attended"); got != "recorded" {
		t.Fatalf("attended before the death is known: %s", got)
	}
	if _, err := w.close(exeter, ClosureDraft{Reason: "died", On: "2025-12-09"}); err != nil {
		t.Fatal(err)
	}
	for field, act := range w.livings() {
		if got := act("2025-12-09"); got != "recorded" {
			t.Errorf("%s on the day itself: %s", field, got)
		}
		if got := act("2025-12-10"); got != field+" after_death" {
			t.Errorf("%s a day after: %s", field, got)
		}
	}
	for o, want := range map[string]string{"attended": "outcome after_death", "attended_late": "outcome after_death", "did_not_attend": "recorded"} {
		if got := outcome(o); got != want {
			t.Errorf("%s: %s", o, got)
		}
	}
	if got := said(w.close(exeter, ClosureDraft{Reason: "returned_to_custody", On: "2025-12-10"})); got != "on after_death" {
		t.Errorf("returned to custody: %s", got)
	}
	if got := w.tried(func(ctx context.Context, tx *db.Tx) error {
		_, err := referral.Release(ctx, tx, exeter, w.now, w.id, referral.ReleaseDraft{ReleasedOn: "2025-12-10", Reason: "RELEASED"})
		return err
	}); got != "released_on after_death" {
		t.Errorf("released: %s", got)
	}
	w.undo(exeter)
	if got := w.livings()["picked_up_on"]("2025-12-10"); got != "recorded" {
		t.Errorf("once the closure is undone: %s", got)
	}
}

func TestNothingIsRecordedAfterADeathInPrison(t *testing.T) {
	w := newWorld(t, false)
	w.as(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		_, err := referral.Withdraw(ctx, tx, exeter, w.now, w.id, referral.WithdrawalDraft{Reason: "died", On: "2025-12-01"})
		return err
	})
	w.goTo("2025-12-03")
	for field, act := range w.livings() {
		if got := act("2025-12-03"); field != "picked_up_on" && got != field+" after_death" {
			t.Errorf("%s: %s", field, got)
		}
	}
}
