package appointment

import (
	"context"
	"time"

	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

// OpenSlots opens the slots of the weeks ahead (26 by default) and closes those that the clinics,
// bank holidays and closed days no longer have. It answers how many places it opened, so that the
// caller knows whether waiting referrals may get one; a second run opens none. It needs the Jobs part.
func OpenSlots(ctx context.Context, tx *db.Tx, now time.Time) (opened int, err error) {
	if err := alone(ctx, tx); err != nil {
		return 0, err
	}
	w, err := wantedSlots(ctx, tx, now)
	if err != nil {
		return 0, err
	}
	if err := w.write(ctx, tx, now); err != nil {
		return 0, err
	}
	added, err := addPlaces(ctx, tx, now)
	if err != nil {
		return 0, err
	}
	reopened, err := openOrClosePlaces(ctx, tx, now)
	return added + reopened, err
}

// session is a clinic as its slots are made from it; starts and ends in minutes after midnight.
type session struct {
	Provider, Code             string
	Weekday, Starts, Ends, Len int
}

type closedDay struct {
	Provider string
	On       day.Date `db:"closed_on"`
}

// wanted are the slots that there ought to be, turned on their side as unnest takes them.
type wanted struct {
	providers, clinics []string
	starts, ends       []time.Time
}

func wantedSlots(ctx context.Context, tx *db.Tx, now time.Time) (w wanted, err error) {
	var sessions []session
	if err = tx.Select(ctx, &sessions, `
		SELECT provider, code, weekday, slot_minutes AS len,
		  extract(epoch FROM starts)::int / 60 AS starts, extract(epoch FROM ends)::int / 60 AS ends
		FROM clinic
		WHERE active
		ORDER BY provider, code`); err != nil {
		return w, err
	}
	var closed []closedDay
	if err = tx.Select(ctx, &closed, `SELECT provider, closed_on FROM closed_day WHERE closed`); err != nil {
		return w, err
	}
	shut := map[closedDay]bool{}
	for _, c := range closed {
		shut[c] = true
	}
	for d := day.Of(now); !d.After(openUntil(now, tx.Rules)); d = d.Add(1) {
		if tx.Rules.Calendar.Holiday(d) != "" {
			continue
		}
		for _, c := range sessions {
			if int(d.Weekday()) == c.Weekday && !shut[closedDay{c.Provider, d}] {
				w.add(c, d, now)
			}
		}
	}
	return w, nil
}

// slotsAreOpen says whether the open slots to come are those that there ought to be.
func slotsAreOpen(ctx context.Context, tx *db.Tx, now time.Time) (same bool, err error) {
	w, err := wantedSlots(ctx, tx, now)
	if err != nil {
		return false, err
	}
	err = tx.Get(ctx, &same, `
		SELECT count(*) = $4 AND count(*) FILTER (WHERE (provider, clinic, starts_at) IN (
		    SELECT provider, clinic, starts_at
		    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS w (provider, clinic, starts_at))) = $4
		FROM slot
		WHERE closed_at IS NULL
		  AND starts_at > $5`,
		pq.Array(w.providers), pq.Array(w.clinics), pq.Array(texts(w.starts)), len(w.starts), now)
	return same, err
}

// add is one clinic's slots on one day. A time that the clocks skip that night is no slot.
func (w *wanted) add(c session, d day.Date, now time.Time) {
	for at := c.Starts; at+c.Len <= c.Ends; at += c.Len {
		starts := d.At(at/60, at%60)
		if starts.Hour()*60+starts.Minute() != at || !starts.After(now) {
			continue
		}
		w.providers, w.clinics = append(w.providers, c.Provider), append(w.clinics, c.Code)
		w.starts, w.ends = append(w.starts, starts), append(w.ends, starts.Add(time.Duration(c.Len)*time.Minute))
	}
}

// write opens the slots that are wanted and closes the others that have not begun.
func (w *wanted) write(ctx context.Context, tx *db.Tx, now time.Time) error {
	arrays := []any{pq.Array(w.providers), pq.Array(w.clinics), pq.Array(texts(w.starts)), pq.Array(texts(w.ends))}
	if _, err := tx.Exec(ctx, `
		INSERT INTO slot AS s (id, provider, clinic, starts_at, ends_at)
		SELECT gen_random_uuid(), provider, clinic, starts_at, ends_at
		FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) AS w (provider, clinic, starts_at, ends_at)
		ON CONFLICT ON CONSTRAINT one_slot_at_a_time DO UPDATE
		SET ends_at = excluded.ends_at, closed_at = NULL
		WHERE s.ends_at <> excluded.ends_at OR s.closed_at IS NOT NULL`, arrays...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE slot s
		SET closed_at = $4
		WHERE s.starts_at > $4
		  AND s.closed_at IS NULL
		  AND (s.provider, s.clinic, s.starts_at) NOT IN ( -- which hashes them; an anti-join of guessed sizes compares all with all
		    SELECT provider, clinic, starts_at
		    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS w (provider, clinic, starts_at))`,
		append(arrays[:3:3], now)...)
	return err
}

func texts(times []time.Time) []string {
	out := make([]string, len(times))
	for i, t := range times {
		out[i] = t.Format(time.RFC3339)
	}
	return out
}

// addPlaces gives open slots the places that they lack.
func addPlaces(ctx context.Context, tx *db.Tx, now time.Time) (int, error) {
	n, err := tx.Exec(ctx, `
		INSERT INTO place (slot_id, number, provider, clinic, starts_at, prescribing)
		SELECT s.id, n, s.provider, s.clinic, s.starts_at, c.prescribing
		FROM slot s
		JOIN clinic c ON c.provider = s.provider AND c.code = s.clinic
		CROSS JOIN generate_series(1, c.places) AS n
		WHERE s.starts_at > $1
		  AND s.closed_at IS NULL
		ON CONFLICT (slot_id, number) DO NOTHING`, now)
	return int(n), err
}

// openOrClosePlaces opens and closes the places of all slots to come, and answers how many it opened
// or newly made prescribing. In an open slot there are as many free places as the clinic has, less
// those taken: in the slot itself, and in slots since closed that overlap it (a clinic whose times
// were changed keeps what was booked by its old ones, and the same staff see those people).
// A place that is taken and stays closed will not be given away when it comes free.
func openOrClosePlaces(ctx context.Context, tx *db.Tx, now time.Time) (opened int, err error) {
	err = tx.Get(ctx, &opened, `
		WITH room AS (
		  SELECT p.slot_id, p.number, c.prescribing,
		    s.closed_at IS NULL AND p.number <= c.places AND (
		      p.appointment_id IS NOT NULL
		      OR row_number() OVER (PARTITION BY p.slot_id, p.appointment_id IS NULL ORDER BY p.number)
		         <= c.places - count(p.appointment_id) OVER (PARTITION BY p.slot_id) - overlapping.taken) AS open
		  FROM place p
		  JOIN slot s ON s.id = p.slot_id
		  JOIN clinic c ON c.provider = s.provider AND c.code = s.clinic
		  CROSS JOIN LATERAL (
		    SELECT count(*) AS taken
		    FROM slot o
		    JOIN place q ON q.slot_id = o.id
		    WHERE o.provider = s.provider
		      AND o.clinic = s.clinic
		      AND o.closed_at IS NOT NULL
		      AND o.starts_at < s.ends_at
		      AND o.ends_at > s.starts_at
		      AND o.id <> s.id
		      AND q.appointment_id IS NOT NULL) AS overlapping
		  WHERE s.starts_at > $1
		), changed AS (
		  UPDATE place p
		  SET open = r.open, prescribing = r.prescribing
		  FROM room r
		  WHERE p.slot_id = r.slot_id
		    AND p.number = r.number
		    AND (p.open, p.prescribing) IS DISTINCT FROM (r.open, r.prescribing)
		  RETURNING p.open
		)
		SELECT count(*) FROM changed WHERE open`, now)
	return opened, err
}
