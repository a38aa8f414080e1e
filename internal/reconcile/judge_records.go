package reconcile

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/referral"
)

// heldReview is a question that stands open.
type heldReview struct {
	ID         uuid.UUID      `json:"id" db:"id"`
	RowID      uuid.UUID      `json:"row_id" db:"row_id"`
	Why        string         `json:"why" db:"why"`
	Candidates pq.StringArray `json:"candidates" db:"candidates"`
}

// writeReviews raises new questions and settles those that went away by themselves.
func (j *judging) writeReviews(ctx context.Context) error {
	var standing []heldReview
	err := j.tx.Select(ctx, &standing, `
		SELECT id, row_id, why, candidates::text[] AS candidates
		FROM review
		WHERE organisation = $1
		  AND side = 'provider'
		  AND settled_at IS NULL`, j.provider)
	if err != nil {
		return err
	}
	open := map[uuid.UUID]heldReview{}
	for _, r := range standing {
		open[r.RowID] = r
	}
	var fresh, changed []heldReview
	for i := range j.rows {
		v, id := &j.verdicts[i], j.rows[i].id
		if v.answer != ToReview {
			continue
		}
		wanted := heldReview{uuid.New(), id, v.reason, textsOf(v.candidates)}
		held, stands := open[id]
		delete(open, id)
		switch {
		case !stands:
			fresh = append(fresh, wanted)
		case held.Why != wanted.Why || !slices.Equal(held.Candidates, wanted.Candidates):
			wanted.ID = held.ID
			changed = append(changed, wanted)
		}
	}
	return j.storeReviews(ctx, fresh, changed, open)
}

func textsOf(ids []uuid.UUID) pq.StringArray {
	texts := make(pq.StringArray, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return texts
}

func (j *judging) storeReviews(ctx context.Context, fresh, changed []heldReview, gone map[uuid.UUID]heldReview) error {
	var settled []uuid.UUID
	for _, r := range gone {
		settled = append(settled, r.ID)
	}
	if _, err := j.tx.Exec(ctx, `UPDATE review SET settled_at = $2 WHERE id = ANY ($1)`, pq.Array(settled), j.now); err != nil {
		return err
	}
	err := inBatches(changed, func(batch string) error {
		_, err := j.tx.Exec(ctx, `
			UPDATE review r
			SET why = n.why, candidates = n.candidates
			FROM json_populate_recordset(NULL::review, $1) AS n
			WHERE r.id = n.id`, batch)
		return err
	})
	if err != nil {
		return err
	}
	return inBatches(fresh, func(batch string) error {
		_, err := j.tx.Exec(ctx, `
			INSERT INTO review (id, organisation, side, row_id, why, candidates, raised_at)
			SELECT id, $2, 'provider', row_id, why, candidates, $3
			FROM json_populate_recordset(NULL::review, $1)`, batch, j.provider, j.now)
		return err
	})
}

// onDay is a release and a day: two rows about one day's appointment tell of one appointment.
type onDay struct {
	release uuid.UUID
	day     day.Date
}

// seenRow is a row of table appointment that a provider's row tells of. The day it was offered for
// stands where the day of booking would: the list knows no other, and somebody may come on another day.
// Booked says that the service had booked it: then only its outcome comes from the row.
type seenRow struct {
	ID        uuid.UUID     `json:"id" db:"id"`
	Release   uuid.UUID     `json:"referral_id" db:"referral_id"`
	OnDay     day.Date      `json:"on_day" db:"on_day"`
	OfferedOn day.Date      `json:"booked_on" db:"booked_on"`
	Outcome   referral.Text `json:"outcome" db:"outcome"`
	RowID     *uuid.UUID    `json:"provider_row_id" db:"provider_row_id"`
	Booked    bool          `json:"-" db:"booked"`
}

// as says whether the appointment stands as the row tells it.
func (held seenRow) as(want seenRow) bool {
	return held.Outcome == want.Outcome && equal(held.RowID, want.RowID) && (held.Booked || held.OfferedOn == want.OfferedOn)
}

// appointments are what the rows say of each release, by day; on one day the strongest word.
func (j *judging) appointments() map[onDay]seenRow {
	wanted := map[onDay]seenRow{}
	for i := range j.rows { // in the order of their content, so that the choice is the same each time
		v, r := &j.verdicts[i], &j.rows[i]
		if v.appointmentOf == uuid.Nil {
			continue
		}
		seen := seenRow{ID: uuid.New(), Release: v.appointmentOf, OnDay: r.attended, OfferedOn: r.offered, Outcome: "attended", RowID: &r.id}
		if r.attended.IsZero() {
			seen.OnDay, seen.Outcome = r.offered, "did_not_attend"
			if !r.offered.Before(j.today) {
				seen.Outcome = ""
			}
		}
		key := onDay{seen.Release, seen.OnDay}
		if other, ok := wanted[key]; !ok || seen.Outcome == "attended" && other.Outcome != "attended" {
			wanted[key] = seen
		}
	}
	return wanted
}

// writeAppointments: an appointment of ours on the same day is the one that the list tells of, and
// takes its outcome where it has none.
func (j *judging) writeAppointments(ctx context.Context) error {
	wanted := j.appointments()
	standing, err := j.heldAppointments(ctx, wanted)
	if err != nil {
		return err
	}
	var ended, reopened []uuid.UUID
	var changed, fresh []seenRow
	touched := map[uuid.UUID]bool{}
	for _, held := range standing {
		key := onDay{held.Release, held.OnDay}
		want, ok := wanted[key]
		switch {
		case ok && held.RowID == nil && held.Outcome != "": // staff recorded what became of it
		case ok && !held.as(want):
			if held.Booked && want.Outcome == "" {
				break
			}
			want.ID = held.ID
			changed = append(changed, want)
		case !ok && held.Booked && held.RowID != nil:
			reopened = append(reopened, held.ID)
		case !ok && held.RowID != nil:
			ended, touched[held.Release] = append(ended, held.ID), true
		}
		if ok {
			delete(wanted, key)
		}
	}
	for _, want := range wanted {
		fresh, touched[want.Release] = append(fresh, want), true
	}
	slices.SortFunc(fresh, func(a, b seenRow) int { return bytes.Compare(a.RowID[:], b.RowID[:]) })
	return j.storeAppointments(ctx, ended, reopened, changed, fresh, touched)
}

// heldAppointments are those that the provider's rows told of before, and ours of the releases that
// they tell of now. One from a row comes before one of ours on the same day.
func (j *judging) heldAppointments(ctx context.Context, wanted map[onDay]seenRow) (held []seenRow, err error) {
	releases := map[uuid.UUID]bool{}
	for key := range wanted {
		releases[key.release] = true
	}
	var ids []uuid.UUID
	for id := range releases {
		ids = append(ids, id)
	}
	err = j.tx.Select(ctx, &held, `
		SELECT id, referral_id, on_day, booked_on, outcome, provider_row_id, slot_id IS NOT NULL AS booked
		FROM appointment
		WHERE provider = $1
		  AND undone_at IS NULL
		  AND outcome IS DISTINCT FROM 'cancelled'
		  AND (provider_row_id IS NOT NULL OR referral_id = ANY ($2))
		ORDER BY slot_id IS NULL, id`, j.provider, pq.Array(ids))
	return held, err
}

func (j *judging) storeAppointments(ctx context.Context, ended, reopened []uuid.UUID, changed, fresh []seenRow, touched map[uuid.UUID]bool) error {
	_, err := j.tx.Exec(ctx, `UPDATE appointment SET undone_at = $2 WHERE id = ANY ($1)`, pq.Array(ended), j.now)
	if err != nil {
		return err
	}
	_, err = j.tx.Exec(ctx, `
		UPDATE appointment a
		SET outcome = NULL, outcome_at = NULL, provider_row_id = NULL
		WHERE id = ANY ($1)
		  AND NOT EXISTS (
		    SELECT FROM appointment o
		    WHERE o.referral_id = a.referral_id AND o.outcome IS NULL AND o.slot_id IS NOT NULL AND o.undone_at IS NULL)`, pq.Array(reopened))
	if err != nil {
		return err
	}
	err = inBatches(changed, func(batch string) error {
		_, err := j.tx.Exec(ctx, `
			UPDATE appointment a
			SET booked_on = CASE WHEN a.slot_id IS NULL THEN n.booked_on ELSE a.booked_on END,
			    outcome = n.outcome,
			    outcome_at = CASE WHEN n.outcome IS NOT DISTINCT FROM a.outcome THEN a.outcome_at WHEN n.outcome IS NOT NULL THEN $2::timestamptz END,
			    provider_row_id = n.provider_row_id
			FROM json_populate_recordset(NULL::appointment, $1) AS n
			WHERE a.id = n.id`, batch, j.now)
		return err
	})
	if err != nil {
		return err
	}
	err = inBatches(fresh, func(batch string) error {
		_, err := j.tx.Exec(ctx, `
			INSERT INTO appointment (id, referral_id, provider, on_day, attempt, booked_on, booked_at, outcome, outcome_at, provider_row_id)
			SELECT id, referral_id, $2, on_day, 1, booked_on, $3::timestamptz, outcome, CASE WHEN outcome IS NOT NULL THEN $3::timestamptz END, provider_row_id
			FROM json_populate_recordset(NULL::appointment, $1)`, batch, j.provider, j.now)
		return err
	})
	if err != nil {
		return err
	}
	return j.number(ctx, touched)
}

// number counts the attempts of a release by their days. Ours keep the number that people were told.
func (j *judging) number(ctx context.Context, touched map[uuid.UUID]bool) error {
	var ids []uuid.UUID
	for id := range touched {
		ids = append(ids, id)
	}
	_, err := j.tx.Exec(ctx, `
		UPDATE appointment a
		SET attempt = n.attempt
		FROM (
		  SELECT id, row_number() OVER (PARTITION BY referral_id ORDER BY on_day, id) AS attempt
		  FROM appointment
		  WHERE referral_id = ANY ($1)
		    AND undone_at IS NULL
		    AND outcome IS DISTINCT FROM 'cancelled'
		) AS n
		WHERE a.id = n.id
		  AND a.provider_row_id IS NOT NULL
		  AND a.slot_id IS NULL
		  AND a.attempt <> n.attempt`, pq.Array(ids))
	return err
}

// contactRow is a row of table contact that a provider's row tells of.
type contactRow struct {
	ID      uuid.UUID `json:"id" db:"id"`
	Release uuid.UUID `json:"referral_id" db:"referral_id"`
	On      day.Date  `json:"contact_on" db:"contact_on"`
	RowID   uuid.UUID `json:"provider_row_id" db:"provider_row_id"`
}

// contacts are starts and attendances that are not the release's pick-up.
func (j *judging) contacts() map[uuid.UUID]contactRow {
	wanted := map[uuid.UUID]contactRow{}
	for i := range j.rows {
		v, r := &j.verdicts[i], &j.rows[i]
		on := r.started
		if on.IsZero() {
			on = r.attended
		}
		spoken := v.role == roleContact || v.role == roleLate && v.pickedUpOn.IsZero()
		if v.answer == Accepted && spoken && v.contactOf != uuid.Nil && !on.IsZero() {
			wanted[r.id] = contactRow{uuid.New(), v.contactOf, on, r.id}
		}
	}
	return wanted
}

func (j *judging) writeContacts(ctx context.Context) error {
	var standing []contactRow
	err := j.tx.Select(ctx, &standing, `
		SELECT c.id, c.referral_id, c.contact_on, c.provider_row_id
		FROM contact c
		JOIN provider_row r ON r.id = c.provider_row_id
		WHERE r.organisation = $1
		  AND c.undone_at IS NULL`, j.provider)
	if err != nil {
		return err
	}
	wanted := j.contacts()
	var ended []uuid.UUID
	for _, c := range standing {
		if want, ok := wanted[c.RowID]; ok && want.Release == c.Release && want.On == c.On {
			delete(wanted, c.RowID)
			continue
		}
		ended = append(ended, c.ID)
	}
	if _, err := j.tx.Exec(ctx, `UPDATE contact SET undone_at = $2 WHERE id = ANY ($1)`, pq.Array(ended), j.now); err != nil {
		return err
	}
	var fresh []contactRow
	for _, c := range wanted {
		fresh = append(fresh, c)
		j.events.add(tiding{kind: "contact", release: c.Release, on: c.On, says: "treatment"})
	}
	return inBatches(fresh, func(batch string) error {
		_, err := j.tx.Exec(ctx, `
			INSERT INTO contact (id, referral_id, kind, contact_on, provider_row_id, recorded_at, recorded_by)
			SELECT id, referral_id, 'treatment', contact_on, provider_row_id, $2, 'service'
			FROM json_populate_recordset(NULL::contact, $1)`, batch, j.now)
		return err
	})
}
