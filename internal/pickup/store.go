package pickup

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

var errSoon = errors.New("not written yet")

func Confirm(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, d Draft) (*referral.Changed, error) {
	return nil, errSoon
}
func Contact(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, d ContactDraft) (*referral.Changed, error) {
	return nil, errSoon
}
func Close(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, d ClosureDraft) (*referral.Changed, error) {
	return nil, errSoon
}
