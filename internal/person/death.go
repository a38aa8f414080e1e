package person

import (
	"context"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// NotAfterDeath refuses a day of what only a living person does, where their death is recorded with the referral for an
// earlier day: one of the two is a slip. The day itself and those before stand, since they may be written down late.
func NotAfterDeath(ctx context.Context, tx *db.Tx, referralID uuid.UUID, field string, on day.Date) error {
	var died day.Date
	err := tx.Get(ctx, &died, `
		SELECT least(min(c.closed_on), min(r.withdrawn_on) FILTER (WHERE r.withdrawn_reason = 'died'))
		FROM referral r
		LEFT JOIN closure c ON c.referral_id = r.id
		  AND c.reason = 'died'
		  AND c.undone_at IS NULL
		WHERE r.id = $1`, referralID)
	if err == nil && !died.IsZero() && on.After(died) {
		return problem.Wrong(field, "after_death", "The person's death is recorded for an earlier day. Check the day; if the death was recorded by mistake, undo that entry first.")
	}
	return err
}
