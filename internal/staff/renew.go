package staff

import (
	"cmp"
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
		SELECT p.id, p.organisation, p.email, p.name, p.password_hash IS NOT NULL AS enrolled, p.added_at, p.disabled_at, o.active AS takes_part
		FROM staff p
		JOIN organisation o ON o.code = p.organisation
		WHERE p.id = $1`, id)
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

// LinkMark tells the single-use link that somebody was last given from those before and after it. A form that carries
// it makes one link: nobody sends a link that a reload of its page replaces.
func LinkMark(ctx context.Context, tx *db.Tx, id uuid.UUID) (mark string, err error) {
	err = tx.Get(ctx, &mark, `
		SELECT coalesce(left(encode(sha256(invite_hash), 'hex'), 16), 'none')
		FROM staff
		WHERE id = $1
		FOR NO KEY UPDATE`, id)
	if errors.Is(err, db.ErrNone) {
		err = &problem.NotFound{What: "person"}
	}
	return mark, err
}

// ErrLinkMade is the answer to a form for a new link that is sent again.
var ErrLinkMade = &problem.Conflict{Code: "changed_since", Message: "A new link was made already, and shown once. If it was lost, go to the person's page and make another in its place."}

// Renew gives somebody who lost their password or second factor another single-use link. What they
// signed in with until now stops working at once, on every device; who was disabled is let in again.
// The link of the mark is replaced; where there is another by now, ErrLinkMade. A mark "" replaces any.
func Renew(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, id uuid.UUID, mark string) (token string, err error) {
	if last, err := LinkMark(ctx, tx, id); err != nil || mark != "" && mark != last {
		return "", cmp.Or(err, error(ErrLinkMade))
	}
	token = rand.Text()
	hash := sha256.Sum256([]byte(token))
	_, err = tx.Exec(ctx, `
		UPDATE staff
		SET invite_hash = $2, invite_until = $3, password_hash = NULL, totp_sealed = NULL, disabled_at = NULL
		WHERE id = $1`, id, hash[:], now.Add(inviteLasts))
	if err != nil {
		return "", err
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
