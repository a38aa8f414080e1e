package staff

import (
	"context"
	"time"

	"throughgate/internal/db"
)

const (
	sessionKept = 30 * 24 * time.Hour  // since signing in: long over, and in the audit trail
	deviceKnown = 365 * 24 * time.Hour // since somebody last signed in there
)

// Purge forgets what signing in has left behind: failed tries that count no more, forms that wait no longer, sessions long
// over, and devices on which nobody signs in any more. Each person's last session stays, since it says when they last
// signed in. It needs the jobs' part.
func Purge(ctx context.Context, tx *db.Tx, now time.Time) error {
	if err := purgeTries(ctx, tx, now); err != nil {
		return err
	}
	if err := purgeForms(ctx, tx, now); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		DELETE FROM session s
		USING (SELECT staff_id, max(signed_in_at) AS signed_in_at FROM session GROUP BY staff_id) AS latest
		WHERE s.staff_id = latest.staff_id
		  AND s.signed_in_at < latest.signed_in_at
		  AND s.signed_in_at < $1`, now.Add(-sessionKept)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM known_device WHERE seen_at < $1`, now.Add(-deviceKnown))
	return err
}

// purgeForms forgets the forms that were kept for their time, whoever typed them.
func purgeForms(ctx context.Context, tx *db.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM kept_form WHERE kept_at < $1`, now.Add(-KeptFor))
	return err
}
