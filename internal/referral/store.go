package referral

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

var errSoon = errors.New("not written yet")

// Make takes a referral in.
func Make(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, d Draft) (*Made, error) {
	return nil, errSoon
}

// Same compares what was sent again under a sender's reference with what was sent first; differing
// names the fields (nil, with a zero id, when nothing was sent under it).
func Same(ctx context.Context, tx *db.Tx, who staff.Who, senderReference string, d Draft) (same bool, id uuid.UUID, differing []string, err error) {
	return false, uuid.Nil, nil, errSoon
}

// Find is one referral with its timeline; showing it is audited.
func Find(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) (*Referral, error) {
	return nil, errSoon
}

// Filter narrows List; a zero field does not.
type Filter struct {
	State, ReleaseFrom, ReleaseTo, UpdatedSince, Cursor string // as typed
	Limit                                               int    // 0 is 50; at most 200
}

// Page is a part of a list; NextCursor is nil on the last.
type Page struct {
	Items      []Referral `json:"items"`
	NextCursor *string    `json:"next_cursor"`
}

// List is the asker's referrals, oldest clock first.
func List(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, f Filter) (Page, error) {
	return Page{}, errSoon
}

func ChangeDate(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d DateChange) (*Changed, error) {
	return nil, errSoon
}
func Release(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d ReleaseDraft) (*Changed, error) {
	return nil, errSoon
}
func Transfer(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d TransferDraft) (*Changed, error) {
	return nil, errSoon
}
func Withdraw(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d WithdrawalDraft) (*Changed, error) {
	return nil, errSoon
}
func Correct(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d CorrectionDraft) (*Changed, error) {
	return nil, errSoon
}
func Undo(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d UndoDraft) (*Changed, error) {
	return nil, errSoon
}

// AllocateWaiting, Allocate and FollowRow.
func AllocateWaiting(ctx context.Context, tx *db.Tx, now time.Time) (n int, err error) {
	return 0, errSoon
}
func Allocate(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) (*Changed, error) {
	return nil, errSoon
}
func FollowRow(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) (*Changed, error) {
	return nil, errSoon
}
