package jobs

import (
	"context"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
)

// countAhead counts what people will look at today, where anything in it has changed. A report page then reads figures of
// years that it would otherwise count.
func countAhead(ctx context.Context, d Deps) error {
	counted, err := continuity.Keep(ctx, d.Pool, day.Of(d.Now()))
	if err == nil && counted > 0 {
		d.Log.Debug("windows counted ahead", "count", counted)
	}
	return err
}
