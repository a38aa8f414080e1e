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
	var kept, waiting, drafts int
	err := d.Pool.Act(ctx, scope, func(tx *db.Tx) (err error) {
		if kept, err = reconcile.PurgeFiles(ctx, tx, d.Now()); err != nil {
			return err
		}
		if waiting, err = reconcile.PurgeWaiting(ctx, tx, d.Now()); err != nil {
			return err
		}
		drafts, err = referral.PurgeDrafts(ctx, tx, d.Now())
		return err
	})
	if err == nil && kept+waiting+drafts > 0 {
		d.Log.Info("removed after its time", "files", kept, "files_never_stored", waiting, "drafts", drafts)
	}
	return err
}

// forgetSignIns removes what signing in has left behind, once its time is over.
func forgetSignIns(ctx context.Context, d Deps) error {
	return d.Pool.Act(ctx, scope, func(tx *db.Tx) error { return staff.Purge(ctx, tx, d.Now()) })
}
