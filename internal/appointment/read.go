package appointment

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

// One that counts no more, since the row that brought it belongs to somebody else, is never read.
const read = `
	SELECT a.id, a.referral_id, a.provider, a.slot_id, a.starts_at, a.ends_at, a.on_day, a.attempt, a.late, a.after_bridging,
	  a.overbooked, a.outcome, a.outcome_reason, a.cancelled_by, coalesce(a.clinic, '') AS clinic,
	  coalesce(c.place, '') AS place, coalesce(c.address, '') AS address, coalesce(c.ask_for, '') AS ask_for,
	  coalesce(c.telephone, '') AS telephone, coalesce(c.directions, '') AS directions, coalesce(c.prescribing, false) AS prescribing,
	  s.closed_at IS NOT NULL AS not_held,
	  EXISTS (SELECT FROM place p WHERE p.appointment_id = a.id AND NOT p.open) AS no_room
	FROM appointment a
	LEFT JOIN slot s ON s.id = a.slot_id
	LEFT JOIN clinic c ON c.provider = a.provider AND c.code = a.clinic
	WHERE a.undone_at IS NULL`

// Open is the referral's appointment that has no outcome yet, past or to come; nil when there is none.
func Open(ctx context.Context, tx *db.Tx, referralID uuid.UUID) (*Appointment, error) {
	return one(ctx, tx, read+` AND a.referral_id = $1 AND a.outcome IS NULL AND a.slot_id IS NOT NULL`, referralID)
}

// OpenOf is Open for many referrals at once; those without one are missing from the answer.
func OpenOf(ctx context.Context, tx *db.Tx, referralIDs []uuid.UUID) (map[uuid.UUID]*Appointment, error) {
	var all []Appointment
	err := tx.Select(ctx, &all, read+` AND a.referral_id = ANY ($1) AND a.outcome IS NULL AND a.slot_id IS NOT NULL`, pq.Array(referralIDs))
	open := make(map[uuid.UUID]*Appointment, len(all))
	for i := range all {
		open[all[i].ReferralID] = all[i].inLondon()
	}
	return open, err
}

// Chain is every attempt of a referral, first to last.
func Chain(ctx context.Context, tx *db.Tx, referralID uuid.UUID) ([]Appointment, error) {
	chain := []Appointment{}
	err := tx.Select(ctx, &chain, read+` AND a.referral_id = $1 ORDER BY a.attempt, a.booked_at`, referralID)
	for i := range chain {
		chain[i].inLondon()
	}
	return chain, err
}

// OfDay are a provider's appointments of a day, in its order; those given up for another, by the
// service or by staff, are left out.
func OfDay(ctx context.Context, tx *db.Tx, provider string, on day.Date) ([]Appointment, error) {
	all := []Appointment{}
	err := tx.Select(ctx, &all, read+`
		  AND a.provider = $1
		  AND a.on_day = $2
		  AND NOT (a.outcome IS NOT DISTINCT FROM 'cancelled' AND (a.cancelled_by = 'service' OR a.outcome_reason IS NOT DISTINCT FROM 'rebooked'))
		ORDER BY a.starts_at NULLS LAST, a.id
		LIMIT 1000`, provider, on)
	for i := range all {
		all[i].inLondon()
	}
	return all, err
}

// last is the latest attempt, whatever became of it; nil when there was none.
func last(ctx context.Context, tx *db.Tx, referralID uuid.UUID) (*Appointment, error) {
	return one(ctx, tx, read+` AND a.referral_id = $1 ORDER BY a.attempt DESC, a.booked_at DESC LIMIT 1`, referralID)
}

func one(ctx context.Context, tx *db.Tx, query string, arguments ...any) (*Appointment, error) {
	var a Appointment
	err := tx.Get(ctx, &a, query, arguments...)
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	return a.inLondon(), err
}

// Slots are those of a provider with a free place, from one day to another, both included, and
// none that has begun.
func Slots(ctx context.Context, tx *db.Tx, now time.Time, provider string, from, to day.Date) ([]Slot, error) {
	slots := []Slot{}
	err := tx.Select(ctx, &slots, `
		SELECT s.id, s.clinic, s.starts_at, s.ends_at, count(*) AS free, bool_and(p.prescribing) AS prescribing
		FROM place p
		JOIN slot s ON s.id = p.slot_id
		WHERE p.provider = $1
		  AND p.appointment_id IS NULL
		  AND p.open
		  AND p.starts_at >= greatest($2::timestamptz, $3)
		  AND p.starts_at < $4
		GROUP BY s.id
		ORDER BY s.starts_at, s.clinic`, provider, from.At(0, 0), now, to.Add(1).At(0, 0))
	for i := range slots {
		slots[i].inLondon()
	}
	return slots, err
}

// SlotDay is a day on which a provider sees people, with how many places are free on it.
type SlotDay struct {
	On   day.Date `db:"on_day"`
	Free int
}

// SlotDays are those from one day to another with a slot that has not begun, full ones too.
func SlotDays(ctx context.Context, tx *db.Tx, now time.Time, provider string, from, to day.Date) (days []SlotDay, err error) {
	err = tx.Select(ctx, &days, `
		SELECT (s.starts_at AT TIME ZONE 'Europe/London')::date AS on_day,
		  sum((SELECT count(*) FROM place p WHERE p.slot_id = s.id AND p.appointment_id IS NULL AND p.open)) AS free
		FROM slot s
		WHERE s.provider = $1
		  AND s.closed_at IS NULL
		  AND s.starts_at > $2
		  AND s.starts_at >= $3
		  AND s.starts_at < $4
		GROUP BY on_day
		ORDER BY on_day`, provider, now, from.At(0, 0), to.Add(1).At(0, 0))
	return days, err
}

// OpenSlotsOf are all of a provider's on a day that have not begun, full ones too: those have 0 free.
func OpenSlotsOf(ctx context.Context, tx *db.Tx, now time.Time, provider string, on day.Date) ([]Slot, error) {
	slots := []Slot{}
	err := tx.Select(ctx, &slots, `
		SELECT s.id, s.clinic, s.starts_at, s.ends_at, c.prescribing, c.place,
		  (SELECT count(*) FROM place p WHERE p.slot_id = s.id AND p.appointment_id IS NULL AND p.open) AS free
		FROM slot s
		JOIN clinic c ON c.provider = s.provider AND c.code = s.clinic
		WHERE s.provider = $1
		  AND s.closed_at IS NULL
		  AND s.starts_at > $2
		  AND s.starts_at >= $3
		  AND s.starts_at < $4
		ORDER BY s.starts_at, s.clinic`, provider, now, on.At(0, 0), on.Add(1).At(0, 0))
	for i := range slots {
		slots[i].inLondon()
	}
	return slots, err
}

// inLondon gives times the offset that London's clocks have on the day.
func (a *Appointment) inLondon() *Appointment {
	for _, t := range []**time.Time{&a.StartsAt, &a.EndsAt} {
		if *t != nil {
			local := (*t).In(day.London)
			*t = &local
		}
	}
	return a
}

func (s *Slot) inLondon() *Slot {
	s.StartsAt, s.EndsAt = s.StartsAt.In(day.London), s.EndsAt.In(day.London)
	return s
}
