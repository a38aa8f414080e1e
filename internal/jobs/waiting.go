package jobs

import (
	"context"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/referral"
	"throughgate/internal/report"
)

// waitingNow asks whether work is waiting, and not how much: the report says yes or no. The three
// questions are those of the provider's worklists of the same names.
func waitingNow(ctx context.Context, pool *db.Pool, now time.Time) (w report.Waiting, err error) {
	today := day.Of(now)
	err = pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		return tx.Get(ctx, &w, `
			WITH live AS (
			  SELECT id, released_on, unbooked_reason
			  FROM referral
			  WHERE provider IS NOT NULL
			    AND withdrawn_on IS NULL
			    AND picked_up_on IS NULL
			    AND NOT closed
			    AND (released_on IS NULL OR released_on >= $1)
			)
			SELECT
			  EXISTS (
			    SELECT FROM live
			    WHERE unbooked_reason IS NOT NULL
			  ) AS unbooked,
			  EXISTS (
			    SELECT FROM live r
			    JOIN appointment a ON a.referral_id = r.id
			    WHERE a.outcome = 'did_not_attend'
			      AND a.undone_at IS NULL
			      AND NOT EXISTS (
			        SELECT FROM appointment later
			        WHERE later.referral_id = r.id
			          AND later.attempt > a.attempt
			          AND later.undone_at IS NULL
			      )
			  ) AS missed_to_rebook,
			  EXISTS (
			    SELECT FROM live
			    WHERE released_on BETWEEN $2 AND $3
			  ) AS last_week`,
			today.Add(-referral.LiveDays), today.Add(-referral.TargetDays), today.Add(-referral.TargetDays+6))
	})
	return w, err
}
