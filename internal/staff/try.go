package staff

import (
	"context"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/db"
)

// How often a sign-in may be tried (safety.md, "Signing in"), and how long it is known that it was.
const (
	triesAllowed = 10
	triesWithin  = 5 * time.Minute
	triesKept    = 24 * time.Hour
)

// tooMany says whether there were too many failed tries of late. A known device has its own count,
// and all others share one: whoever guesses from elsewhere shuts nobody out of their own desk.
func tooMany(ctx context.Context, tx *db.Tx, now time.Time, account, device []byte) (bool, error) {
	var tries int
	err := tx.Get(ctx, &tries, `
		SELECT count(*)
		FROM sign_in_try
		WHERE account = $1
		  AND at > $2
		  AND device IS NOT DISTINCT FROM $3`, account, now.Add(-triesWithin), device)
	return tries >= triesAllowed, err
}

// noteTry counts a failed try, and tells the auditor of it.
func noteTry(ctx context.Context, tx *db.Tx, now time.Time, email string, account, device []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO sign_in_try (account, device, at) VALUES ($1, $2, $3)`, account, device, now)
	if err != nil {
		return err
	}
	return tellTried(ctx, tx, now, email, "sign-in refused")
}

// noteStopped tells the auditor that tries at an account were stopped, once for each time that it may be tried anew: a
// program that goes on trying, for which it needs no account, would else fill the trail, which nothing is taken out of.
func noteStopped(ctx context.Context, tx *db.Tx, now time.Time, email string, account []byte) error {
	marked, err := tx.Exec(ctx, `
		UPDATE sign_in_try
		SET stopped_at = $2
		WHERE account = $1
		  AND at > $3
		  AND NOT EXISTS (SELECT FROM sign_in_try WHERE account = $1 AND stopped_at > $3)`, account, now, now.Add(-triesWithin))
	if err != nil || marked == 0 {
		return err
	}
	return tellTried(ctx, tx, now, email, "sign-in stopped")
}

// tellTried tells the auditor at whose account somebody tried; of an unknown one only that they did.
func tellTried(ctx context.Context, tx *db.Tx, now time.Time, email, act string) error {
	var id string
	err := tx.Get(ctx, &id, `SELECT coalesce((SELECT CAST(id AS text) FROM staff WHERE email = $1), '')`, email)
	if err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.By{Actor: "nobody", Via: "page"}, now, act, "staff", id, nil)
}

// purgeTries forgets the failed tries that count no more.
func purgeTries(ctx context.Context, tx *db.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM sign_in_try WHERE at < $1`, now.Add(-triesKept))
	return err
}
