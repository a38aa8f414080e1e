package jobs

import (
	"context"

	"throughgate/internal/reconcile"
)

// judgeAgain judges all providers' rows again: an appointment that was still to come may have become
// one that was missed, and releases are also confirmed without a file.
func judgeAgain(ctx context.Context, d Deps) error {
	return reconcile.Rejudge(ctx, d.Pool, d.Now())
}
