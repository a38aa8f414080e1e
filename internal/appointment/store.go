package appointment

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
)

var errSoon = errors.New("appointment: not written yet")

func Allocate(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish) (a *Appointment, reason string, err error) {
	return nil, "", errSoon
}
func NextFree(ctx context.Context, tx *db.Tx, now time.Time, w Wish) (*Slot, error) {
	return nil, errSoon
}
func Follow(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish) (Moved, error) {
	return Moved{}, errSoon
}
func Free(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, why string) (*Appointment, error) {
	return nil, errSoon
}
func Open(ctx context.Context, tx *db.Tx, referralID uuid.UUID) (*Appointment, error) {
	return nil, errSoon
}
func Chain(ctx context.Context, tx *db.Tx, referralID uuid.UUID) ([]Appointment, error) {
	return nil, errSoon
}
func Book(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, w Wish, slotID *uuid.UUID, overbookReason string) (*Appointment, error) {
	return nil, errSoon
}
func RecordOutcome(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, o Outcome) (referralID uuid.UUID, a *Appointment, err error) {
	return uuid.Nil, nil, errSoon
}
func DropIn(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, provider string, on day.Date) (*Appointment, error) {
	return nil, errSoon
}
func Slots(ctx context.Context, tx *db.Tx, now time.Time, provider string, from, to day.Date) ([]Slot, error) {
	return nil, errSoon
}
func BringIn(ctx context.Context, tx *db.Tx, now time.Time) error {
	return errSoon
}
func OpenSlots(ctx context.Context, tx *db.Tx, now time.Time) (opened int, err error) {
	return 0, errSoon
}
