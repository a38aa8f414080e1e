package referral

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// heldElsewhere is a referral refused because another prison holds the person's. The asker learns no
// more than that; which one stands is for the provider's eyes.
type heldElsewhere struct {
	error
	standing uuid.UUID
}

func (h *heldElsewhere) Unwrap() error { return h.error }

// SentElsewhere is the event that a referral gets when another prison sends one for the same person.
const sentElsewhere = "sent_elsewhere"

// NoteElsewhere tells the provider of a referral that Make refused because another prison holds the
// person: it comes under To review, where the provider can move the referral to the prison that
// sent this one. It has a transaction of its own, since the refused one is undone; call it with
// every error of Make. A refusal for another reason is left alone.
func NoteElsewhere(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, refused error) error {
	var held *heldElsewhere
	if !errors.As(refused, &held) {
		return nil
	}
	return pool.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		noted, err := tx.Exec(ctx, `
			UPDATE referral SET asked_for_by = $2
			WHERE id = $1
			  AND asked_for_by IS DISTINCT FROM $2`, held.standing, who.Organisation())
		if err != nil || noted == 0 {
			return err
		}
		return timeline.Record(ctx, tx, who, now, timeline.Event{
			ReferralID: held.standing, Kind: sentElsewhere, Data: map[string]any{"prison": who.Organisation()}})
	})
}
