package referral

import (
	"context"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Book books an appointment by hand: into the slot that staff chose, or the next free by the rule.
// The referral is held meanwhile, so that it is not withdrawn while a place is booked for it.
func Book(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, slot *uuid.UUID, overbookReason string) (*appointment.Appointment, error) {
	wish, err := Wish(ctx, tx, who, now, id)
	if err != nil {
		return nil, err
	}
	return appointment.Book(ctx, tx, who, now, wish, slot, overbookReason)
}

// Wish is what a referral that is still open asks of an appointment; the referral is held.
func Wish(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) (appointment.Wish, error) {
	r, err := Hold(ctx, tx, who, id, 0)
	if err != nil {
		return appointment.Wish{}, err
	}
	if state := StateOf(r.Facts, day.Of(now)); state.Final() {
		return appointment.Wish{}, &problem.Conflict{Code: "changed_since", ID: id.String(),
			Message: "This referral is " + string(state) + ": no appointment is booked for it any more."}
	}
	return r.wish(r.ID), nil
}
