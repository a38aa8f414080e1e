package referral

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// Undo takes back the last entry, for the organisation that made it: what stood before stands again,
// the appointment follows, and both entries stay in the timeline. It needs a reason.
func Undo(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d UndoDraft) (*Changed, error) {
	r, err := Hold(ctx, tx, who, id, d.Version)
	if err != nil {
		return nil, err
	}
	c := &checking{today: day.Of(now), rules: tx.Rules}
	reason := c.required("reason", c.word("reason", d.Reason))
	if err := c.Err(); err != nil {
		return nil, err
	}
	entries, err := timeline.Of(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	last := lastEntry(entries)
	switch {
	case last == nil || final(*last):
		return nil, already(r, "The last entry cannot be undone. A referral can be withdrawn; a transfer can be handed back.")
	case !mayUndo(who, *last):
		return nil, &problem.Forbidden{Message: "The last entry was made by somebody else: only they can undo it."}
	}
	if err := r.takeBack(ctx, tx, who, now, last); err != nil {
		return nil, err
	}
	event := timeline.Event{Kind: "undone", Note: reason, Undoes: &last.ID, Data: map[string]any{"kind": last.Kind}}
	changed, err := Keep(ctx, tx, who, now, r, event, Rows{})
	if err == nil {
		changed.EndedTogether, err = EndedTogether(ctx, tx, r, last.At)
	}
	return changed, err
}

// mayUndo says whether an entry is somebody's to undo: their own organisation's, or the end that a death brought from elsewhere.
func mayUndo(who staff.Who, e timeline.Entry) bool {
	return e.Organisation == who.Organisation() || e.Organisation == "" && followedDeath(e)
}

// LastUndoable is the entry of a timeline that Undo would take back for somebody; nil when it would
// refuse.
func LastUndoable(who staff.Who, entries []timeline.Entry) *timeline.Entry {
	last := lastEntry(entries)
	if last == nil || final(*last) || !mayUndo(who, *last) {
		return nil
	}
	return last
}

// lastEntry is the last one that somebody made and nobody has undone.
func lastEntry(entries []timeline.Entry) *timeline.Entry {
	for _, e := range slices.Backward(entries) {
		if !e.Undone && !followed(e, entries) {
			return &e
		}
	}
	return nil
}

// followed says whether an entry came with another, as a booking comes with the referral: it goes
// with it too. What the service did by itself, and decisions about the entries themselves, are
// nobody's to undo.
func followed(e timeline.Entry, entries []timeline.Entry) bool {
	if e.Organisation == "" && !followedDeath(e) || e.Kind == "undone" || e.Kind == sentElsewhere || e.Kind == "stays" {
		return true
	}
	return final(e) && e.Kind != "referred" && slices.ContainsFunc(entries, func(other timeline.Entry) bool {
		return other.At.Equal(e.At) && other.ID != e.ID && (!final(other) || other.Kind == "referred" || other.Kind == "undone")
	})
}

// final says whether nothing is kept that could stand again.
func final(e timeline.Entry) bool { return string(e.Was) == "null" }

// ofAppointment are the entries that package appointment made and undoes.
var ofAppointment = []string{"attended", "missed", "cancelled", "drop_in"}

// takeBack puts back what stood before an entry.
func (r *Referral) takeBack(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, last *timeline.Entry) error {
	if slices.Contains(ofAppointment, last.Kind) {
		return appointment.Undo(ctx, tx, now, last.Was)
	}
	var before was
	if err := json.Unmarshal(last.Was, &before); err != nil {
		return fmt.Errorf("what stood before event %s cannot be read: %w", last.ID, err)
	}
	if err := r.restore(ctx, tx, now, before); err != nil {
		return err
	}
	return undoRows(ctx, tx, who, now, before.Rows)
}

// restore puts back what stood before: facts, detail, and who it was said to be.
func (r *Referral) restore(ctx context.Context, tx *db.Tx, now time.Time, before was) error {
	unbooked, flag := r.UnbookedReason, r.AppointmentFlag
	r.Facts, r.PersonID, r.Detail = before.Facts, before.PersonID, before.Detail
	r.UnbookedReason, r.AppointmentFlag = unbooked, flag // as the appointment is now, until it follows
	if _, err := r.openDetail(tx); err != nil || len(before.Identity) == 0 {
		return err
	}
	identity, err := person.OpenIdentity(tx.Keys, before.Number, before.Identity)
	if err != nil {
		return err
	}
	r.identify(identity)
	_, err = person.Know(ctx, tx, now, identity)
	return err
}

// undoRows ends the rows that the act added, and adds again those that it ended.
func undoRows(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, rows Rows) error {
	for table, id := range rows.Added {
		var err error
		switch table {
		case "pickup":
			err = undoPickup(ctx, tx, who, now, id)
		case "contact":
			_, err = tx.Exec(ctx, `UPDATE contact SET undone_at = $2 WHERE id = $1`, id, now)
		case "closure":
			_, err = tx.Exec(ctx, `UPDATE closure SET undone_at = $2 WHERE id = $1`, id, now)
		default:
			err = fmt.Errorf("a row of table %s cannot be undone", table)
		}
		if err != nil {
			return err
		}
	}
	if ended, ok := rows.Ended["pickup"]; ok {
		_, err := tx.Exec(ctx, `
			INSERT INTO pickup (id, referral_id, picked_up_on, kind, modality, late, provider_row_id, rule, recorded_at, recorded_by)
			SELECT $2, referral_id, picked_up_on, kind, modality, late, provider_row_id, rule, $3, $4
			FROM pickup
			WHERE id = $1`, ended, uuid.New(), now, who.By.Actor)
		return err
	}
	return nil
}

// undoPickup ends the pick-up that an act added, or the one that stands in its place since a correction of it was undone.
func undoPickup(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		UPDATE pickup
		SET undone_at = $2, undone_by = $3, undone_reason = 'by hand'
		WHERE referral_id = (SELECT referral_id FROM pickup WHERE id = $1)
		  AND undone_at IS NULL`, id, now, who.By.Actor)
	return err
}
