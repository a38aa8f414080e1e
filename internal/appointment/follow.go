package appointment

import (
	"context"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// Follow lets the appointment follow the release date, once the referral has the new one (or a need
// or a bridging prescription that was corrected).
//
//	date unknown    the place to come is freed
//	not released    the place is kept while it satisfies the rule; else an earlier one is booked, if
//	                there is one; a place that the rule does not allow at all is freed in any case
//	released        the person holds the card: the place is kept, and flagged where it is outside the
//	                target, after the bridging prescription or where no clinic is held any more; only a
//	                place before the day of release is given up for a new one
//
// An appointment that is over and has no outcome stays for the provider to record, unless it lies
// before the release: then nobody could have come, and the service cancels it.
func Follow(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish) (Moved, error) {
	if w.ReleaseOn.IsZero() {
		return goWithout(ctx, tx, who, now, w, releaseDateUnknown)
	}
	old, err := Open(ctx, tx, w.ReferralID)
	if err != nil {
		return Moved{}, err
	}
	switch {
	case old == nil:
		return followNone(ctx, tx, who, now, w)
	case old.OnDay.Before(w.ReleaseOn):
		return move(ctx, tx, who, now, w, old)
	case !old.Future(now):
		return Moved{Old: old, New: old}, nil
	case w.Released:
		return stay(ctx, tx, now, w, old)
	}
	return keepOrMove(ctx, tx, who, now, w, old)
}

// goWithout frees the place of somebody without a release date, for whom the rule finds no other.
func goWithout(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish, why string) (Moved, error) {
	freed, err := freeFuture(ctx, tx, who, now, w.ReferralID, why)
	if err != nil {
		return Moved{}, err
	}
	return Moved{Old: freed, Reason: NoReleaseDate}, stayUnbooked(ctx, tx, who, now, w.ReferralID, NoReleaseDate, nil)
}

// followNone allocates for somebody without an open appointment, unless one after the release has
// been dealt with: they came, or staff are about to rebook it.
func followNone(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish) (Moved, error) {
	before, err := last(ctx, tx, w.ReferralID)
	if err != nil || before != nil && !before.OnDay.Before(w.ReleaseOn) && before.settled(w.Released) {
		return Moved{}, err
	}
	a, reason, err := Allocate(ctx, tx, who, now, w)
	return Moved{New: a, Reason: reason}, err
}

// settled says whether an appointment leaves the next step to staff.
func (a *Appointment) settled(released bool) bool {
	switch *a.Outcome {
	case "attended", "attended_late":
		return true
	case "cancelled":
		return released && *a.CancelledBy != "service"
	}
	return released
}

// keepOrMove keeps a place that is all the rule asks, or that is the best to be had.
func keepOrMove(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish, old *Appointment) (Moved, error) {
	best, err := bestAlready(ctx, tx, now, w, old)
	if err != nil {
		return Moved{}, err
	}
	if !best {
		return move(ctx, tx, who, now, w, old)
	}
	s := w.span(now, tx.Rules)
	old.Late, old.AfterBridging = s.late(old.OnDay), s.afterBridging(old.OnDay)
	if err := mark(ctx, tx, old); err != nil {
		return Moved{}, err
	}
	_, err = keep(ctx, tx, now, w.ReferralID, "", old.flag())
	return Moved{Old: old, New: old, Flag: old.flag()}, err
}

// bestAlready says whether the rule, with the old place free again, would choose it again.
func bestAlready(ctx context.Context, tx *db.Tx, now time.Time, w Wish, old *Appointment) (bool, error) {
	s := w.span(now, tx.Rules)
	if s.satisfied(old) || !s.allows(old) {
		return s.satisfied(old), nil
	}
	next, err := NextFree(ctx, tx, now, w)
	return next == nil || !next.StartsAt.Before(*old.StartsAt), err
}

// stay keeps the place after the release and says what is wrong with it. The bridging prescription
// comes first: a gap in it is the greater danger.
func stay(ctx context.Context, tx *db.Tx, now time.Time, w Wish, old *Appointment) (Moved, error) {
	s := w.span(now, tx.Rules)
	old.AfterBridging = s.afterBridging(old.OnDay)
	flag := old.flag()
	if flag == "" && (s.late(old.OnDay) || old.StartsAt.Before(s.from)) {
		flag = FlagOutsideTarget
	}
	if err := mark(ctx, tx, old); err != nil {
		return Moved{}, err
	}
	_, err := keep(ctx, tx, now, w.ReferralID, "", flag)
	return Moved{Old: old, New: old, Flag: flag}, err
}

// flag is what a place alone gives the provider to know. That it is late was known when it was booked.
func (a *Appointment) flag() string {
	switch {
	case a.AfterBridging:
		return FlagAfterBridging
	case a.NotHeld:
		return FlagNotHeld
	}
	return ""
}

// mark writes what has become true of a place that was kept.
func mark(ctx context.Context, tx *db.Tx, a *Appointment) error {
	_, err := tx.Exec(ctx, `
		UPDATE appointment
		SET late = $2, after_bridging = $3
		WHERE id = $1
		  AND (late, after_bridging) IS DISTINCT FROM ($2, $3)`, a.ID, a.Late, a.AfterBridging)
	return err
}

// move frees the old place and books another, or says why none can be had.
func move(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish, old *Appointment) (Moved, error) {
	why := releaseDateMoved
	if old.NotHeld || old.NoRoom {
		why = FlagNotHeld
	}
	if err := cancel(ctx, tx, now, old, "service", why); err != nil {
		return Moved{}, err
	}
	a, reason, err := allocate(ctx, tx, who, now, w, old)
	return Moved{Old: old, New: a, Reason: reason}, err
}

// Free gives the referral's place to come back, since it is withdrawn, closed or picked up: the
// appointment is cancelled by the service, for the reason why. It takes the referral off the unbooked
// list too. What lies in the past without an outcome stays for the provider to record. It answers
// what was freed, nil when there was nothing.
func Free(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, why string) (*Appointment, error) {
	if _, err := keep(ctx, tx, now, referralID, "", ""); err != nil {
		return nil, err
	}
	return freeFuture(ctx, tx, who, now, referralID, why)
}

func freeFuture(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, why string) (*Appointment, error) {
	a, err := Open(ctx, tx, referralID)
	if err != nil || a == nil || !a.Future(now) {
		return nil, err
	}
	if err := cancel(ctx, tx, now, a, "service", why); err != nil {
		return nil, err
	}
	return a, record(ctx, tx, who, now, a.cancelledEvent(now))
}

// cancel ends an appointment and frees its place in one statement.
func cancel(ctx context.Context, tx *db.Tx, now time.Time, a *Appointment, by, why string) error {
	cancelled := "cancelled"
	a.Outcome, a.CancelledBy, a.OutcomeReason = &cancelled, &by, &why
	_, err := tx.Exec(ctx, `
		WITH freed AS (
		  UPDATE place SET appointment_id = NULL WHERE appointment_id = $1
		)
		UPDATE appointment
		SET outcome = 'cancelled', cancelled_by = $2, outcome_reason = nullif($3, ''), outcome_at = $4
		WHERE id = $1`, a.ID, by, why, now)
	return err
}

func (a *Appointment) cancelledEvent(now time.Time) timeline.Event {
	data := a.facts()
	data["cancelled_by"], data["reason"] = *a.CancelledBy, *a.OutcomeReason
	return timeline.Event{ReferralID: a.ReferralID, Kind: "cancelled", On: day.Of(now), Data: data}
}
