package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Link is a row of the asker's list and the release it is taken to be about.
type Link struct {
	ID         uuid.UUID     `db:"id"`
	ReferralID uuid.NullUUID `db:"referral_id"`
	Rule       string        `db:"rule"` // number, name or attributor by the machine; person by a reviewer
	MadeAt     time.Time     `db:"made_at"`
	Undone     bool          `db:"undone"`
}

// LinkOf is a link of the asker's, whether it stands or was undone.
func LinkOf(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID) (l Link, err error) {
	err = tx.Get(ctx, &l, `
		SELECT id, referral_id, rule, made_at, undone_at IS NOT NULL AS undone
		FROM link
		WHERE id = $1
		  AND organisation = $2`, id, who.Organisation())
	if errors.Is(err, db.ErrNone) {
		return l, &problem.NotFound{What: "link"}
	}
	return l, err
}

// LinksTo are the links of the asker's to a release that stand: those that can be undone.
func LinksTo(ctx context.Context, tx *db.Tx, who staff.Who, referralID uuid.UUID) (ids []uuid.UUID, err error) {
	err = tx.Select(ctx, &ids, `
		SELECT id
		FROM link
		WHERE referral_id = $1
		  AND organisation = $2
		  AND undone_at IS NULL`, referralID, who.Organisation())
	return ids, err
}
