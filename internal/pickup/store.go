package pickup

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// Confirm records that the person started or resumed structured treatment, and frees any appointment
// to come. The same day again is unchanged; another day is a correction and needs a reason, with which
// the kind of the same day can be corrected as well. One later than three months after the release is
// kept as late, and counts in no figure.
func Confirm(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, d Draft) (*referral.Changed, error) {
	if err := who.Must(staff.Provider); err != nil {
		return nil, err
	}
	r, err := referral.Hold(ctx, tx, who, referralID, d.Version)
	if err != nil {
		return nil, err
	}
	d.CorrectionReason = strings.TrimSpace(d.CorrectionReason)
	p, err := d.checked(r, day.Of(now))
	if err != nil {
		return nil, err
	}
	if p.on == r.PickedUpOn {
		same, err := p.stands(ctx, tx, referralID)
		if err != nil {
			return nil, err
		}
		if same || d.CorrectionReason == "" {
			return referral.Unchanged(ctx, tx, now, r)
		}
	}
	if err := person.NotAfterDeath(ctx, tx, referralID, "picked_up_on", p.on); err != nil {
		return nil, err
	}
	event := timeline.Event{Kind: "picked_up", On: p.on, Data: map[string]any{"kind": p.kind, "late": p.late}}
	rows := referral.Rows{Added: map[string]uuid.UUID{"pickup": uuid.New()}}
	if !r.PickedUpOn.IsZero() {
		if d.CorrectionReason == "" {
			return nil, &problem.Conflict{Code: "already_recorded", ID: referralID.String(),
				Message: "A pick-up on another day is recorded already. To correct it, give a correction reason."}
		}
		ended, err := endOld(ctx, tx, who, now, referralID)
		if err != nil {
			return nil, err
		}
		rows.Ended = map[string]uuid.UUID{"pickup": ended}
		event.Note, event.Data["instead_of"] = d.CorrectionReason, r.PickedUpOn
	}
	if err := p.insert(ctx, tx, who, now, referralID, rows.Added["pickup"]); err != nil {
		return nil, err
	}
	r.PickedUpOn = p.on
	return referral.Keep(ctx, tx, who, now, r, event, rows)
}

// Stands says whether a pick-up as typed is in everything the one that is recorded.
func Stands(ctx context.Context, tx *db.Tx, r *referral.Referral, d Draft) (bool, error) {
	if r.PickedUpOn.IsZero() || d.PickedUpOn != r.PickedUpOn.String() {
		return false, nil
	}
	return pickup{kind: d.Kind, modality: d.Modality}.stands(ctx, tx, r.ID)
}

// stands says whether the pick-up that is recorded is this one in everything. A modality left out is
// the one that is recorded.
func (p pickup) stands(ctx context.Context, tx *db.Tx, referralID uuid.UUID) (same bool, err error) {
	err = tx.Get(ctx, &same, `
		SELECT kind = $2 AND $3 IN ('', modality)
		FROM pickup
		WHERE referral_id = $1
		  AND undone_at IS NULL`, referralID, p.kind, p.modality)
	return same, err
}

func endOld(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID) (id uuid.UUID, err error) {
	err = tx.Get(ctx, &id, `
		UPDATE pickup
		SET undone_at = $2, undone_by = $3, undone_reason = 'by hand'
		WHERE referral_id = $1
		  AND undone_at IS NULL
		RETURNING id`, referralID, now, who.By.Actor)
	return id, err
}

func (p pickup) insert(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO pickup (id, referral_id, picked_up_on, kind, modality, late, recorded_at, recorded_by)
		VALUES ($1, $2, $3, $4, nullif($5, ''), $6, $7, $8)`,
		id, referralID, p.on, p.kind, p.modality, p.late, now, who.By.Actor)
	return err
}

// NotePlace is the place to which a contact's sealed note is tied, with its id as row.
const NotePlace = "contact.note"

// Contact records that the person was met or spoken to, which is not a pick-up: it is shown and
// counted under its own name, and moves nothing. The same by the same person, word for word, is a form sent again: unchanged.
func Contact(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, d ContactDraft) (*referral.Changed, error) {
	if err := who.Must(staff.Prison, staff.Provider); err != nil {
		return nil, err
	}
	r, err := referral.Hold(ctx, tx, who, referralID, d.Version)
	if err != nil {
		return nil, err
	}
	on, err := d.checked(r, day.Of(now))
	if err != nil {
		return nil, err
	}
	known, err := d.known(ctx, tx, who, referralID, on)
	if err != nil {
		return nil, err
	}
	if known {
		return referral.Unchanged(ctx, tx, now, r)
	}
	if err := person.NotAfterDeath(ctx, tx, referralID, "on", on); err != nil {
		return nil, err
	}
	id := uuid.New()
	var note []byte
	if d.Note != "" {
		if note, err = tx.Keys.Seal(NotePlace, id.String(), []byte(d.Note)); err != nil {
			return nil, err
		}
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO contact (id, referral_id, kind, contact_on, note_sealed, recorded_at, recorded_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, id, referralID, d.Kind, on, note, now, who.By.Actor); err != nil {
		return nil, err
	}
	event := timeline.Event{Kind: "contact", On: on, Note: d.Note, Data: map[string]any{"kind": d.Kind}}
	return referral.Keep(ctx, tx, who, now, r, event, referral.Rows{Added: map[string]uuid.UUID{"contact": id}})
}

// known says whether whoever acts has recorded this contact already. Notes are sealed, and compared opened.
func (d ContactDraft) known(ctx context.Context, tx *db.Tx, who staff.Who, referralID uuid.UUID, on day.Date) (bool, error) {
	var before []struct {
		ID   uuid.UUID `db:"id"`
		Note []byte    `db:"note_sealed"`
	}
	err := tx.Select(ctx, &before, `
		SELECT id, note_sealed
		FROM contact
		WHERE referral_id = $1
		  AND kind = $2
		  AND contact_on = $3
		  AND recorded_by = $4
		  AND undone_at IS NULL`, referralID, d.Kind, on, who.By.Actor)
	for i := 0; i < len(before) && err == nil; i++ {
		var note []byte
		if before[i].Note != nil {
			note, err = tx.Keys.Open(NotePlace, before[i].ID.String(), before[i].Note)
		}
		if err == nil && string(note) == d.Note {
			return true, nil
		}
	}
	return false, err
}

// Close ends a referral after the release without a pick-up, on the day that it happened. There may be
// several ends (somebody returned to custody may later die); the same one on the same day again is
// unchanged. A prison may say only what it knows: returned to custody, and died. A death ends the person's other
// referrals as well. It is taken also before a day on which the person is recorded to have been seen, since it stops every
// reminder, and who knows of it may not be who can put that entry right.
func Close(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, d ClosureDraft) (*referral.Changed, error) {
	if err := d.allowed(who); err != nil {
		return nil, err
	}
	hold := referral.Hold
	if d.Reason == referral.Died {
		hold = referral.HoldAll
	}
	r, err := hold(ctx, tx, who, referralID, d.Version)
	if err != nil {
		return nil, err
	}
	on, err := d.checked(r, day.Of(now))
	if err != nil {
		return nil, err
	}
	known, err := standing(ctx, tx, referralID, d.Reason)
	switch {
	case err != nil:
		return nil, err
	case known == on:
		return referral.Unchanged(ctx, tx, now, r)
	case !known.IsZero():
		return nil, &problem.Conflict{Code: "already_recorded", ID: referralID.String(),
			Message: "This end is recorded already, for another day. Undo that entry first."}
	}
	if err := person.NotAfterDeath(ctx, tx, referralID, "on", on); err != nil {
		return nil, err
	}
	rows, err := referral.AddClosure(ctx, tx, who, now, referralID, d.Reason, on, d.ProviderName)
	if err != nil {
		return nil, err
	}
	r.Closed = true
	event := timeline.Event{Kind: "closed", On: on, Data: map[string]any{"reason": d.Reason}}
	if d.ProviderName != "" {
		event.Data["provider_name"] = d.ProviderName
	}
	changed, err := referral.Keep(ctx, tx, who, now, r, event, rows)
	if err == nil && d.Reason == referral.Died {
		changed.EndedTogether, err = referral.EndOthers(ctx, tx, who, now, r, on)
	}
	return changed, err
}

// standing is the day of the closure for this reason that stands; none when there is none.
func standing(ctx context.Context, tx *db.Tx, referralID uuid.UUID, reason string) (on day.Date, err error) {
	err = tx.Get(ctx, &on, `
		SELECT closed_on
		FROM closure
		WHERE referral_id = $1
		  AND reason = $2
		  AND undone_at IS NULL`, referralID, reason)
	if errors.Is(err, db.ErrNone) {
		return day.Date{}, nil
	}
	return on, err
}
