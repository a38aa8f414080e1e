package jobs

import (
	"context"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/referral"
	"throughgate/internal/report"
)

// waitingNow asks whether work is waiting, and not how much: the report says yes or no. The three
// questions are those of the provider's worklists of the same names; missed is also whose three weeks
// went by with nothing booked, but not, as on the list, with an appointment to come. It needs the counting part.
func waitingNow(ctx context.Context, tx *db.Tx, today day.Date) (w report.Waiting, err error) {
	err = tx.Get(ctx, &w, `
		WITH live AS (
		  SELECT id, released_on, unbooked_reason
		  FROM referral
		  WHERE provider IS NOT NULL
		    AND withdrawn_on IS NULL
		    AND picked_up_on IS NULL
		    AND NOT closed
		    AND coalesce(released_on >= $1, true)
		)
		SELECT
		  EXISTS (
		    SELECT FROM live
		    WHERE unbooked_reason IS NOT NULL
		  ) AS unbooked,
		  EXISTS (
		    SELECT FROM live r
		    WHERE r.unbooked_reason IS NULL
		      AND NOT EXISTS (
		        SELECT FROM appointment o
		        WHERE o.referral_id = r.id
		          AND o.outcome IS NULL
		          AND o.slot_id IS NOT NULL
		          AND o.undone_at IS NULL
		      )
		      AND (r.released_on < $2 OR (
		        SELECT l.outcome IN ('did_not_attend', 'cancelled')
		        FROM appointment l
		        WHERE l.referral_id = r.id
		          AND l.undone_at IS NULL
		        ORDER BY l.attempt DESC
		        LIMIT 1
		      ))
		  ) AS missed_to_rebook,
		  EXISTS (
		    SELECT FROM live
		    WHERE released_on BETWEEN $2 AND $3
		  ) AS last_week`,
		today.Add(-referral.LiveDays), today.Add(-referral.TargetDays), today.Add(-referral.TargetDays+6))
	return w, err
}
