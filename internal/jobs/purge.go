package jobs

import (
	"context"

	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// removeFiles removes the content of received files that were kept for their days, and what was begun on
// the pages and never finished.
func removeFiles(ctx context.Context, d Deps) error {
	var removed int
	err := d.Pool.Act(ctx, scope, func(tx *db.Tx) (err error) {
		if removed, err = reconcile.PurgeFiles(ctx, tx, d.Now()); err != nil {
			return err
		}
		waited, err := reconcile.PurgeWaiting(ctx, tx, d.Now())
		if err != nil {
			return err
		}
		begun, err := referral.PurgeDrafts(ctx, tx, d.Now())
		removed += waited + begun
		return err
	})
	if err == nil && removed > 0 {
		d.Log.Info("files removed", "count", removed)
	}
	return err
}

// forgetSignIns removes what signing in has left behind, once its time is over.
func forgetSignIns(ctx context.Context, d Deps) error {
	return d.Pool.Act(ctx, scope, func(tx *db.Tx) error { return staff.Purge(ctx, tx, d.Now()) })
}
