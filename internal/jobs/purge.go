package jobs

import (
	"context"

	"throughgate/internal/db"
	"throughgate/internal/reconcile"
)

// removeFiles removes the content of received files that were kept for their days.
func removeFiles(ctx context.Context, d Deps) error {
	var removed int
	err := d.Pool.Act(ctx, scope, func(tx *db.Tx) (err error) {
		removed, err = reconcile.PurgeFiles(ctx, tx, d.Now())
		return err
	})
	if err == nil && removed > 0 {
		d.Log.Info("files removed", "count", removed)
	}
	return err
}
