package jobs

import (
	"context"
	"errors"
	"time"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/report"
)

// Beside adds to the report for signed-in people what stands beside its figures: who has gone quiet, what the last report
// that was sent said otherwise, and whether work is waiting.
func Beside(ctx context.Context, pool *db.Pool, o *continuity.Overview, i *report.Issue) error {
	silent, err := Silences(ctx, pool, i.MadeAt)
	if err != nil {
		return err
	}
	i.Notes = noted(silent)
	return pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		last, err := lastSent(ctx, tx, i.MadeAt)
		if err == nil {
			i.Figures.Revised, err = o.Since(ctx, tx, last, i.MadeAt)
		}
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		i.Waiting, err = waitingNow(ctx, tx, day.Of(i.MadeAt))
		return err
	})
}

// lastSent is the newest report made up to a moment; db.ErrNone before the first.
func lastSent(ctx context.Context, tx *db.Tx, now time.Time) (s continuity.Sent, err error) {
	var kept struct {
		MadeAt  time.Time `db:"made_at"`
		Figures []byte    `db:"figures"`
	}
	err = tx.Get(ctx, &kept, `
		SELECT made_at, figures
		FROM report_run
		WHERE report = $1
		  AND outcome = 'made'
		  AND made_at <= $2
		ORDER BY made_at DESC
		LIMIT 1`, weekly, now)
	if err != nil {
		return s, err
	}
	return continuity.ReadSent(kept.Figures, kept.MadeAt)
}

// PreviewNow draws the report that would go out if it were due at this moment. It is kept nowhere and sent to nobody.
func PreviewNow(ctx context.Context, pool *db.Pool, now time.Time) (*report.Rendered, error) {
	windowEnd, dataThrough := coverage(now)
	_, rendered, err := draw(ctx, pool, now, windowEnd, dataThrough)
	return rendered, err
}
