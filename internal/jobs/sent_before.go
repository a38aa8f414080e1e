package jobs

import (
	"context"
	"time"

	"throughgate/internal/continuity"
	"throughgate/internal/db"
)

// sentBefore is every report made up to a moment, oldest first, as its readers know it. It needs the
// counting part.
func sentBefore(ctx context.Context, tx *db.Tx, now time.Time) (sent []continuity.Sent, err error) {
	var kept []struct {
		MadeAt  time.Time `db:"made_at"`
		Figures []byte    `db:"figures"`
	}
	err = tx.Select(ctx, &kept, `
		SELECT made_at, figures
		FROM report_run
		WHERE report = $1
		  AND outcome = 'made'
		  AND made_at <= $2
		ORDER BY made_at`, weekly, now)
	for _, k := range kept {
		one, err := continuity.ReadSent(k.Figures, k.MadeAt)
		if err != nil {
			return nil, err
		}
		sent = append(sent, one)
	}
	return sent, err
}
