package appointment

import (
	"context"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// Where is the part of a provider's appointments that closing a day or a clinic concerns.
type Where struct {
	On     day.Date // none: every day to come
	Clinic string   // "": all clinics
}

// Affected is an appointment to come that closing its day or clinic, or changing its times, concerns, and what became of it:
// it stands, since the person holds a card for it; or another was booked; or none could be had.
type Affected struct {
	ReferralID uuid.UUID  `db:"referral_id"`
	Reference  string     `db:"reference"`
	Released   bool       `db:"released"`
	StartsAt   time.Time  `db:"starts_at"`
	Clinic     string     `db:"clinic"`
	Stands     bool       `db:"stands"`
	NewAt      *time.Time `db:"new_at"`   // of the one in its place
	Unbooked   string     `db:"unbooked"` // why there is none in its place
}

// AffectedBy are the appointments to come, in their order, that stand where nobody is seen any more, and
// those that were moved from there since a moment. Nobody is named.
func AffectedBy(ctx context.Context, tx *db.Tx, now, since time.Time, provider string, w Where) (all []Affected, err error) {
	err = tx.Select(ctx, &all, `
		SELECT a.referral_id, r.reference, r.released_on IS NOT NULL AS released, a.starts_at, a.clinic,
		  a.outcome IS NULL AS stands, n.starts_at AS new_at, coalesce(r.unbooked_reason, '') AS unbooked
		FROM appointment a
		JOIN referral r ON r.id = a.referral_id
		LEFT JOIN slot s ON s.id = a.slot_id
		LEFT JOIN appointment n ON n.referral_id = a.referral_id AND n.id <> a.id
		  AND n.outcome IS NULL AND n.slot_id IS NOT NULL AND n.undone_at IS NULL
		WHERE a.provider = $1
		  AND a.on_day >= $2
		  AND ($3::date IS NULL OR a.on_day = $3)
		  AND ($4 = '' OR a.clinic = $4)
		  AND a.starts_at > $5
		  AND a.undone_at IS NULL
		  AND (a.outcome IS NULL AND s.closed_at IS NOT NULL
		    OR a.cancelled_by = 'service' AND a.outcome_reason = 'day_closed' AND a.outcome_at >= $6)
		ORDER BY a.starts_at, r.reference`, provider, day.Of(now), w.On, w.Clinic, now, since)
	return all, err
}

// Concerns is a clinic and a day that AffectedBy has something to tell of.
type Concerns struct {
	Clinic string   `db:"clinic"`
	On     day.Date `db:"on_day"`
}

// Concerned are the clinics and days that AffectedBy, asked of all time, would tell of: read without whose the appointments
// are, since a list of clinics is opened more often than anything is closed.
func Concerned(ctx context.Context, tx *db.Tx, now time.Time, provider string) (all []Concerns, err error) {
	err = tx.Select(ctx, &all, `
		SELECT DISTINCT clinic, on_day
		FROM appointment
		WHERE provider = $1
		  AND on_day >= $2
		  AND starts_at > $3
		  AND undone_at IS NULL
		  AND (outcome IS NULL AND slot_id IN (SELECT id FROM slot WHERE provider = $1 AND starts_at > $3 AND closed_at IS NOT NULL)
		    OR cancelled_by = 'service' AND outcome_reason = 'day_closed')`, provider, day.Of(now), now)
	return all, err
}

// letFollow lets the appointments to come somewhere follow what was closed or opened there, and answers
// how many there were. Where somebody who is not released yet got another or none, their prison finds
// them among the changed dates: the card that they were given is out of date.
func letFollow(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, where Where) (n int, err error) {
	var ids []uuid.UUID
	if err := tx.Select(ctx, &ids, `
		SELECT referral_id
		FROM appointment
		WHERE provider = $1
		  AND on_day >= $2
		  AND ($3::date IS NULL OR on_day = $3)
		  AND ($4 = '' OR clinic = $4)
		  AND starts_at > $5
		  AND outcome IS NULL
		  AND undone_at IS NULL
		ORDER BY starts_at, referral_id`, who.Organisation(), day.Of(now), where.On, where.Clinic, now); err != nil {
		return 0, err
	}
	for _, id := range ids {
		w, live, err := hold(ctx, tx, id)
		if err != nil {
			return 0, err
		}
		if !live {
			continue
		}
		if err := followThere(ctx, tx, who, now, w); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// followThere lets one follow. Whom staff booked by hand without a release date keeps what is still held, and else goes without.
func followThere(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish) (err error) {
	var m Moved
	if w.ReleaseOn.IsZero() {
		if a, err := Open(ctx, tx, w.ReferralID); err != nil || a != nil && !a.NotHeld {
			return err
		}
		m, err = goWithout(ctx, tx, who, now, w, FlagNotHeld)
	} else {
		m, err = Follow(ctx, tx, who, now, w)
	}
	if err == nil && !w.Released && m.Old != nil && (m.New == nil || m.New.ID != m.Old.ID) {
		err = tellPrison(ctx, tx, now, w.ReferralID)
	}
	return err
}

func tellPrison(ctx context.Context, tx *db.Tx, now time.Time, referralID uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		UPDATE referral
		SET date_changed_at = $2, version = version + 1, updated_at = $2
		WHERE id = $1`, referralID, now)
	return err
}
