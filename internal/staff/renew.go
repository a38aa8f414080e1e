package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// Find is one person who may sign in, or could.
func Find(ctx context.Context, tx *db.Tx, id uuid.UUID) (p Person, err error) {
	err = tx.Get(ctx, &p, `
		SELECT id, organisation, email, name, password_hash IS NOT NULL AS enrolled, added_at, disabled_at
		FROM staff
		WHERE id = $1`, id)
	if errors.Is(err, db.ErrNone) {
		return p, &problem.NotFound{What: "person"}
	}
	return p, err
}

// LastSignIn is when somebody last began a session; nil when they never did.
func LastSignIn(ctx context.Context, tx *db.Tx, id uuid.UUID) (at *time.Time, err error) {
	err = tx.Get(ctx, &at, `SELECT max(signed_in_at) FROM session WHERE staff_id = $1`, id)
	return at, err
}

// Renew gives somebody who lost their password or second factor another single-use link. What they
// signed in with until now stops working at once, on every device; who was disabled is let in again.
func Renew(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, id uuid.UUID) (token string, err error) {
	token = rand.Text()
	hash := sha256.Sum256([]byte(token))
	changed, err := tx.Exec(ctx, `
		UPDATE staff
		SET invite_hash = $2, invite_until = $3, password_hash = NULL, totp_sealed = NULL, disabled_at = NULL
		WHERE id = $1`, id, hash[:], now.Add(inviteLasts))
	if err != nil {
		return "", err
	}
	if changed == 0 {
		return "", &problem.NotFound{What: "person"}
	}
	if err := forget(ctx, tx, by, now, id); err != nil {
		return "", err
	}
	return token, audit.Write(ctx, tx, by, now, "invited again", "staff", id.String(), nil)
}

// Organisation is one that takes part, or did.
type Organisation struct {
	Code   string
	Kind   Role
	Name   string
	Active bool
	People int // who may sign in
	Keys   int // that work
}

// Organisations lists all there are, with how many people and keys act for each.
func Organisations(ctx context.Context, tx *db.Tx, now time.Time) (list []Organisation, err error) {
	err = tx.Select(ctx, &list, `
		SELECT o.code, o.kind, o.name, o.active,
		       (SELECT count(*) FROM staff p WHERE p.organisation = o.code AND p.disabled_at IS NULL) AS people,
		       (SELECT count(*) FROM api_key k WHERE k.organisation = o.code AND k.revoked_at IS NULL AND k.expires_at > $1) AS keys
		FROM organisation o
		ORDER BY o.active DESC, array_position(ARRAY['prison', 'provider', 'subgroup', 'admin', 'audit'], o.kind), o.name`, now)
	return list, err
}
