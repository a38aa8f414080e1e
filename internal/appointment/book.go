package appointment

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Offer is the place that whoever missed or cancelled an appointment could have next: offered, and not
// held. None for a referral that has ended.
func Offer(ctx context.Context, tx *db.Tx, now time.Time, referralID uuid.UUID) (*Slot, error) {
	w, live, err := hold(ctx, tx, referralID)
	if err != nil || !live {
		return nil, err
	}
	return NextFree(ctx, tx, now, w)
}

// hold reads what a referral asks of its appointment, and keeps every other act on it out until the
// transaction ends.
func hold(ctx context.Context, tx *db.Tx, referralID uuid.UUID) (w Wish, live bool, err error) {
	var r struct {
		Provider      *string
		ReferredOn    day.Date `db:"referred_on"`
		ReleaseOn     day.Date `db:"release_on"`
		Released      bool
		Prescribing   bool
		BridgingUntil day.Date `db:"bridging_until"`
		Live          bool
	}
	err = tx.Get(ctx, &r, `
		SELECT provider, referred_on, coalesce(released_on, planned_release_on) AS release_on, released_on IS NOT NULL AS released,
		  opioid_substitution IS NOT NULL AS prescribing, bridging_until,
		  withdrawn_on IS NULL AND NOT closed AND picked_up_on IS NULL AND provider IS NOT NULL AS live
		FROM referral
		WHERE id = $1
		FOR NO KEY UPDATE`, referralID)
	if errors.Is(err, db.ErrNone) {
		return w, false, &problem.NotFound{What: "referral"}
	}
	w = Wish{ReferralID: referralID, ReferredOn: r.ReferredOn, ReleaseOn: r.ReleaseOn, Released: r.Released, Prescribing: r.Prescribing, BridgingUntil: r.BridgingUntil}
	if r.Provider != nil {
		w.Provider = *r.Provider
	}
	return w, r.Live, err
}

// Book books by hand: the slot that staff chose, or the next free place by the rule. An appointment
// to come that the referral has is given up for it ("rebooked"), except where it is already that
// slot, or already the best that the rule can find: then it is answered unchanged. A chosen slot may
// lie in any clinic and at any time from the day of release on; a full one needs a reason to overbook.
// What the referral asks is read under lock, since the release date may have changed while somebody
// looked at a page. After an error the transaction must be undone: the old appointment may have been
// given up in it.
func Book(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, slotID *uuid.UUID, overbookReason string) (*Appointment, error) {
	wish, live, err := hold(ctx, tx, referralID)
	if err != nil {
		return nil, err
	}
	if wish.Provider == "" {
		return nil, &problem.NotFound{What: "referral"}
	}
	if !live {
		return nil, &problem.Conflict{Code: "changed_since", ID: referralID.String(),
			Message: "This referral is withdrawn, closed or picked up: no appointment is booked for it any more."}
	}
	old, err := Open(ctx, tx, referralID)
	if err != nil {
		return nil, err
	}
	if old != nil && !old.Future(now) {
		return nil, problem.Wrong("appointment", "outcome_missing", "Record first what became of the appointment before this one.")
	}
	if slotID == nil {
		return bookNext(ctx, tx, who, now, wish, old)
	}
	return bookSlot(ctx, tx, who, now, wish, old, *slotID, strings.TrimSpace(overbookReason))
}

func bookNext(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish, old *Appointment) (*Appointment, error) {
	if w.ReleaseOn.IsZero() {
		return nil, problem.Wrong("slot_id", "required", "The release date is not known: choose a slot.")
	}
	if old != nil {
		if best, err := bestAlready(ctx, tx, now, w, old); best || err != nil {
			return old, err
		}
	}
	if err := giveUp(ctx, tx, now, old); err != nil {
		return nil, err
	}
	a, err := take(ctx, tx, now, w, w.span(now, tx.Rules), nil)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, nothingFree(ctx, tx, now, w)
	}
	return a, record(ctx, tx, who, now, bookedEvent(w, a, old))
}

// nothingFree tells staff why the rule found no place; undoing the transaction is the caller's.
func nothingFree(ctx context.Context, tx *db.Tx, now time.Time, w Wish) error {
	reason, err := whyNone(ctx, tx, now, w)
	if err != nil {
		return err
	}
	words := map[string]string{
		BeyondOpenWeeks: "The release lies beyond the weeks that are open for booking.",
		ProviderClosed:  "No clinic is held in the days when this person could be seen.",
		NoPrescribing:   "No prescribing clinic is held in the days when this person could be seen: choose another slot.",
		NoFreePlace:     "No place is free in the days when this person could be seen: choose a slot and give a reason to overbook it.",
	}
	return &problem.Conflict{Code: "slot_taken", Message: words[reason]}
}

// giveUp cancels the appointment that another one replaces; there may be none.
func giveUp(ctx context.Context, tx *db.Tx, now time.Time, old *Appointment) error {
	if old == nil {
		return nil
	}
	return cancel(ctx, tx, now, old, "provider", rebooked)
}

func bookSlot(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish, old *Appointment, slotID uuid.UUID, overbookReason string) (*Appointment, error) {
	if old != nil && *old.SlotID == slotID {
		return old, nil
	}
	s, err := chosen(ctx, tx, now, w, slotID)
	if err != nil {
		return nil, err
	}
	if err := giveUp(ctx, tx, now, old); err != nil {
		return nil, err
	}
	a, err := take(ctx, tx, now, w, s, &slotID)
	if err == nil && a == nil {
		a, err = overbook(ctx, tx, now, w, s, slotID, overbookReason)
	}
	if err != nil {
		return nil, err
	}
	e := bookedEvent(w, a, old)
	if a.Overbooked {
		e.Data["overbooked"], e.Note = true, overbookReason
	}
	return a, record(ctx, tx, who, now, e)
}

// chosen is the span that holds just the slot that staff chose, if they may.
func chosen(ctx context.Context, tx *db.Tx, now time.Time, w Wish, slotID uuid.UUID) (span, error) {
	var slot struct {
		StartsAt time.Time `db:"starts_at"`
		Closed   bool
	}
	err := tx.Get(ctx, &slot, `
		SELECT starts_at, closed_at IS NOT NULL AS closed
		FROM slot
		WHERE id = $1 AND provider = $2`, slotID, w.Provider)
	on := day.Of(slot.StartsAt)
	switch {
	case errors.Is(err, db.ErrNone):
		return span{}, problem.Wrong("slot_id", "unknown", "There is no such slot at this provider.")
	case err != nil:
		return span{}, err
	case !slot.StartsAt.After(now):
		return span{}, problem.Wrong("slot_id", "past", "This slot has begun or is over.")
	case slot.Closed:
		return span{}, problem.Wrong("slot_id", "closed", "The provider is closed at that time.")
	case on.Before(w.ReleaseOn):
		return span{}, problem.Wrong("slot_id", "before_release", "This slot lies before the day of release.")
	}
	s := span{target: on} // without a release date nothing is late
	if !w.ReleaseOn.IsZero() {
		s = w.span(now, tx.Rules)
	}
	s.from, s.until, s.bridged, s.prescribing = slot.StartsAt, on, w.BridgingUntil, false
	return s, nil
}

// overbook books into a full slot without a place, which only a reason allows.
func overbook(ctx context.Context, tx *db.Tx, now time.Time, w Wish, s span, slotID uuid.UUID, reason string) (*Appointment, error) {
	if reason == "" {
		return nil, &problem.Conflict{Code: "slot_taken", ID: slotID.String(),
			Message: "No place is free in this slot any more. Choose another, or give a reason to overbook it."}
	}
	id := uuid.New()
	_, err := tx.Exec(ctx, `
		WITH booked AS (
		  INSERT INTO appointment (id, referral_id, provider, slot_id, clinic, starts_at, ends_at, on_day, attempt,
		    late, after_bridging, overbooked, booked_on, booked_at)
		  SELECT $1, $2, provider, id, clinic, starts_at, ends_at, $4,
		    (SELECT coalesce(max(a.attempt), 0) + 1 FROM appointment a WHERE a.referral_id = $2),
		    $5, $6, true, $7, $8
		  FROM slot
		  WHERE id = $3
		  RETURNING referral_id, attempt, after_bridging, booked_at
		)`+offTheList+`
		SELECT`, id, w.ReferralID, slotID, s.until, s.late(s.until), s.afterBridging(s.until), day.Of(now), now)
	if err != nil {
		return nil, alreadyBooked(err)
	}
	return one(ctx, tx, read+` AND a.id = $1`, id)
}
