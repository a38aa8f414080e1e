package appointment

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// Allocate books the earliest place that the rule allows, or answers the reason why there is none.
// The referral's unbooked_reason and appointment_flag are kept in step. A reason that stood before
// is no event: a referral that waits for months is not told so every day.
func Allocate(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish) (a *Appointment, reason string, err error) {
	return allocate(ctx, tx, who, now, w, nil)
}

// allocate books in place of old, which its caller has freed, or for the first time.
func allocate(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish, old *Appointment) (a *Appointment, reason string, err error) {
	if !w.ReleaseOn.IsZero() {
		if a, err = take(ctx, tx, now, w, w.span(now, tx.Rules), nil); err != nil {
			return nil, "", err
		}
	}
	if a == nil {
		if reason, err = whyNone(ctx, tx, now, w); err != nil {
			return nil, "", err
		}
		return nil, reason, stayUnbooked(ctx, tx, who, now, w.ReferralID, reason, old)
	}
	return a, "", record(ctx, tx, who, now, bookedEvent(w, a, old))
}

// The statement that takes a place, whole: find the earliest free one and lock it, give it to the
// new appointment, write that, and take the referral off the unbooked list. A place that another
// transaction has locked is passed over first: whoever waited would find it gone. The first place is part of making
// the referral; any later one is a change, which a page drawn before it must not overlook.
const (
	findFree = `
		WITH free AS (
		  SELECT p.slot_id, p.number
		  FROM place p
		  WHERE p.provider = $3
		    AND p.appointment_id IS NULL
		    AND p.open
		    AND p.starts_at >= $4
		    AND p.starts_at < $5
		    AND (p.prescribing OR NOT $6)
		    AND ($7::uuid IS NULL OR p.slot_id = $7)
		  ORDER BY p.starts_at, p.clinic, p.number
		  LIMIT 1
		  FOR NO KEY UPDATE`
	bookFree = `
		), taken AS (
		  UPDATE place p
		  SET appointment_id = $1
		  FROM free f
		  WHERE p.slot_id = f.slot_id
		    AND p.number = f.number
		    AND p.appointment_id IS NULL
		    AND p.open
		  RETURNING p.slot_id
		), booked AS (
		  INSERT INTO appointment (id, referral_id, provider, slot_id, clinic, starts_at, ends_at, on_day, attempt,
		    late, after_bridging, booked_on, booked_at)
		  SELECT $1, $2, s.provider, s.id, s.clinic, s.starts_at, s.ends_at, d.on_day,
		    (SELECT coalesce(max(a.attempt), 0) + 1 FROM appointment a WHERE a.referral_id = $2),
		    d.on_day > $8::date, coalesce(d.on_day > $9::date, false), $10, $11
		  FROM taken t
		  JOIN slot s ON s.id = t.slot_id
		  CROSS JOIN LATERAL (SELECT (s.starts_at AT TIME ZONE 'Europe/London')::date) AS d (on_day)
		  RETURNING id, referral_id, provider, slot_id, clinic, starts_at, ends_at, on_day, attempt, late, after_bridging, booked_at
		)` + offTheList + `
		SELECT b.id, b.referral_id, b.provider, b.slot_id, b.clinic, b.starts_at, b.ends_at, b.on_day, b.attempt,
		  b.late, b.after_bridging, c.place, c.address, c.ask_for, c.telephone, c.directions, c.prescribing
		FROM booked b
		JOIN clinic c ON c.provider = b.provider AND c.code = b.clinic`
	offTheList = `, off_the_list AS (
		  UPDATE referral r
		  SET unbooked_reason = NULL, appointment_flag = f.flag, version = version + 1, updated_at = b.booked_at
		  FROM booked b
		  CROSS JOIN LATERAL (SELECT CASE WHEN b.after_bridging THEN 'after_bridging' END) AS f (flag)
		  WHERE r.id = b.referral_id
		    AND (r.unbooked_reason IS NOT NULL OR r.appointment_flag IS DISTINCT FROM f.flag OR b.attempt > 1)
		)`
	takePassingOver = findFree + ` SKIP LOCKED` + bookFree
	takeWaiting     = findFree + bookFree
)

// take books the first free place of the span (in one slot, where one is named), or answers nil.
// Before it says that none is free it waits for those that others are about to take: one of them
// may come free again.
func take(ctx context.Context, tx *db.Tx, now time.Time, w Wish, s span, slotID *uuid.UUID) (*Appointment, error) {
	var a Appointment
	arguments := []any{uuid.New(), w.ReferralID, w.Provider, s.from, s.until.Add(1).At(0, 0), s.prescribing, slotID,
		s.target, s.bridged, day.Of(now), now}
	err := tx.Get(ctx, &a, takePassingOver, arguments...)
	if errors.Is(err, db.ErrNone) {
		err = tx.Get(ctx, &a, takeWaiting, arguments...)
	}
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	return a.inLondon(), alreadyBooked(err)
}

// alreadyBooked puts into words that somebody else booked for the same referral in the meantime.
func alreadyBooked(err error) error {
	if db.Broke(err, "one_open_appointment_per_referral") {
		return &problem.Conflict{Code: "changed_since", Message: "An appointment has been booked for this referral in the meantime."}
	}
	return err
}

// NextFree is the place that Allocate would take, offered and not held; nil when there is none.
func NextFree(ctx context.Context, tx *db.Tx, now time.Time, w Wish) (*Slot, error) {
	if w.ReleaseOn.IsZero() {
		return nil, nil
	}
	s := w.span(now, tx.Rules)
	var next Slot
	err := tx.Get(ctx, &next, `
		SELECT s.id, s.clinic, s.starts_at, s.ends_at, p.prescribing,
		  (SELECT count(*) FROM place f WHERE f.slot_id = s.id AND f.appointment_id IS NULL AND f.open) AS free
		FROM place p
		JOIN slot s ON s.id = p.slot_id
		WHERE p.provider = $1
		  AND p.appointment_id IS NULL
		  AND p.open
		  AND p.starts_at >= $2
		  AND p.starts_at < $3
		  AND (p.prescribing OR NOT $4)
		ORDER BY p.starts_at, p.clinic, p.number
		LIMIT 1`, w.Provider, s.from, s.until.Add(1).At(0, 0), s.prescribing)
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	return next.inLondon(), err
}

// whyNone is the reason that nothing could be booked, the first that fits:
//
//	no_release_date           nobody knows from when to look
//	beyond_open_weeks         no slot is open in the span, and some of it lies in weeks not yet open
//	provider_closed           no slot is open in the span
//	no_prescribing_clinic     slots are open, none of them for somebody on opioid substitution
//	no_free_place_in_21_days  all are taken
func whyNone(ctx context.Context, tx *db.Tx, now time.Time, w Wish) (string, error) {
	if w.ReleaseOn.IsZero() {
		return NoReleaseDate, nil
	}
	s := w.span(now, tx.Rules)
	var open struct{ Any, Prescribing bool }
	err := tx.Get(ctx, &open, `
		SELECT count(*) > 0 AS any, coalesce(bool_or(c.prescribing), false) AS prescribing
		FROM clinic c
		WHERE c.provider = $1
		  AND EXISTS (
		    SELECT FROM slot s
		    WHERE s.provider = c.provider
		      AND s.clinic = c.code
		      AND s.starts_at >= $2
		      AND s.starts_at < $3
		      AND s.closed_at IS NULL)`, w.Provider, s.from, s.until.Add(1).At(0, 0))
	switch {
	case err != nil:
		return "", err
	case !open.Any && s.until.After(openUntil(now, tx.Rules)):
		return BeyondOpenWeeks, nil
	case !open.Any:
		return ProviderClosed, nil
	case s.prescribing && !open.Prescribing:
		return NoPrescribing, nil
	}
	return NoFreePlace, nil
}

// stayUnbooked puts a referral on the unbooked list; the event is written when the reason is new,
// or when a place was lost.
func stayUnbooked(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, reason string, old *Appointment) error {
	changed, err := keep(ctx, tx, now, referralID, reason, "")
	if err != nil || !changed && old == nil {
		return err
	}
	data := map[string]any{"reason": reason}
	if old != nil {
		data["old"] = old.facts()
	}
	return record(ctx, tx, who, now, timeline.Event{ReferralID: referralID, Kind: "unbooked", Data: data})
}

// keep writes what the referral's lists go by, when it is not so already.
func keep(ctx context.Context, tx *db.Tx, now time.Time, referralID uuid.UUID, reason, flag string) (changed bool, err error) {
	n, err := tx.Exec(ctx, `
		UPDATE referral
		SET unbooked_reason = nullif($2, ''), appointment_flag = nullif($3, ''), version = version + 1, updated_at = $4
		WHERE id = $1
		  AND (unbooked_reason, appointment_flag) IS DISTINCT FROM (nullif($2, ''), nullif($3, ''))`,
		referralID, reason, flag, now)
	return n > 0, err
}

// bookedEvent is "booked" for a first appointment and "rebooked" for one in place of another.
func bookedEvent(w Wish, a, old *Appointment) timeline.Event {
	e := timeline.Event{ReferralID: w.ReferralID, Kind: "booked", Data: a.facts()}
	if old != nil {
		e.Kind = "rebooked"
		e.Data["old"] = old.facts()
		e.Data["tell_person"] = w.Released // who holds a card with the old time
	}
	return e
}

// facts are what an event says of an appointment.
func (a *Appointment) facts() map[string]any {
	f := map[string]any{"appointment_id": a.ID, "on": a.OnDay, "clinic": a.Clinic, "attempt": a.Attempt}
	if a.StartsAt != nil {
		f["starts_at"], f["late"], f["after_bridging"] = a.StartsAt, a.Late, a.AfterBridging
	}
	return f
}

func record(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, events ...timeline.Event) error {
	return timeline.Record(ctx, tx, who, now, events...)
}
