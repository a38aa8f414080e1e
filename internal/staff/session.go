package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// How long a session lasts, and how often a sign-in may be tried (safety.md, "Signing in").
const (
	SessionIdle  = 15 * time.Minute
	SessionLasts = 10 * time.Hour
	triesAllowed = 10
	triesWithin  = 5 * time.Minute
)

// ErrRefused is the answer to every sign-in that fails, known account or not.
var ErrRefused = problem.Wrong("email", "refused", "Your email address, password or code is not right. Codes can be used once: wait for the next one.")

// ErrTooMany stops guessing.
var ErrTooMany = problem.Wrong("email", "too_many", "There were too many tries. Wait 5 minutes, then try again.")

// SignIn checks password and code, and begins a session. The token goes into the cookie; only its
// hash is stored. A failed try is counted for all servers, so its transaction must be committed: the
// refusal comes back beside a nil error.
func SignIn(ctx context.Context, tx *db.Tx, now time.Time, email, password, code string) (token string, refused error, err error) {
	email = strings.ToLower(strings.TrimSpace(email))
	account := tx.Keys.Blind("account", email)
	// Tries at one account are counted one after the other, so that many at once are not all let through.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 0))`, account); err != nil {
		return "", nil, err
	}
	var tries int
	if err := tx.Get(ctx, &tries, `SELECT count(*) FROM sign_in_try WHERE account = $1 AND at > $2`, account, now.Add(-triesWithin)); err != nil {
		return "", nil, err
	}
	if tries >= triesAllowed {
		return "", ErrTooMany, nil
	}
	id, err := fits(ctx, tx, now, email, password, code)
	if err != nil {
		return "", nil, err
	}
	if id == uuid.Nil {
		_, err := tx.Exec(ctx, `INSERT INTO sign_in_try (account, at) VALUES ($1, $2)`, account, now)
		return "", ErrRefused, errors.Join(err, audit.Write(ctx, tx, audit.By{Actor: "nobody", Via: "page"}, now, "sign-in refused", "staff", "", nil))
	}
	token, err = begin(ctx, tx, now, id)
	return token, nil, err
}

// fits is the person whom email, password and code are those of; uuid.Nil for nobody. A code is used
// up in the same statement that finds it unused.
func fits(ctx context.Context, tx *db.Tx, now time.Time, email, password, code string) (uuid.UUID, error) {
	var p struct {
		ID       uuid.UUID
		Password string `db:"password_hash"`
		Sealed   []byte `db:"totp_sealed"`
	}
	err := tx.Get(ctx, &p, `
		SELECT id, password_hash, totp_sealed
		FROM staff
		WHERE email = $1 AND password_hash IS NOT NULL AND disabled_at IS NULL`, email)
	if errors.Is(err, db.ErrNone) {
		passwordFits(nobodys, password)
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, err
	}
	secret, err := tx.Keys.Open("staff.totp", p.ID.String(), p.Sealed)
	if err != nil {
		return uuid.Nil, err
	}
	step := codeStep(string(secret), code, now)
	if !passwordFits(p.Password, password) || step == 0 {
		return uuid.Nil, nil
	}
	fresh, err := tx.Exec(ctx, `UPDATE staff SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, p.ID, step)
	if err != nil || fresh == 0 {
		return uuid.Nil, err
	}
	return p.ID, nil
}

// Begin starts a session without asking: for the demo's one-click sign-in only.
func Begin(ctx context.Context, tx *db.Tx, now time.Time, email string) (token string, err error) {
	var id uuid.UUID
	if err := tx.Get(ctx, &id, `SELECT id FROM staff WHERE email = $1 AND disabled_at IS NULL`, email); err != nil {
		return "", err
	}
	return begin(ctx, tx, now, id)
}

func begin(ctx context.Context, tx *db.Tx, now time.Time, id uuid.UUID) (token string, err error) {
	token = rand.Text()
	hash := sha256.Sum256([]byte(token))
	if _, err := tx.Exec(ctx, `
		INSERT INTO session (token_hash, staff_id, signed_in_at, seen_at)
		VALUES ($1, $2, $3, $3)`, hash[:], id, now); err != nil {
		return "", err
	}
	return token, audit.Write(ctx, tx, audit.By{Actor: "staff:" + id.String(), Via: "page"}, now, "signed in", "staff", id.String(), nil)
}

// SignedIn is who holds a session, and notes that it was used. NotFound when there is none, it ended,
// was idle too long, or its person was disabled.
func SignedIn(ctx context.Context, tx *db.Tx, now time.Time, token string) (w Who, err error) {
	hash := sha256.Sum256([]byte(token))
	var p struct {
		ID                 uuid.UUID
		Organisation, Name string
		Kind               Role
	}
	err = tx.Get(ctx, &p, `
		UPDATE session s
		SET seen_at = $2
		FROM staff p
		JOIN organisation o ON o.code = p.organisation
		WHERE s.token_hash = $1
		  AND p.id = s.staff_id
		  AND s.ended_at IS NULL
		  AND s.seen_at > $3
		  AND s.signed_in_at > $4
		  AND p.disabled_at IS NULL
		RETURNING p.id, p.organisation, p.name, o.kind`,
		hash[:], now, now.Add(-SessionIdle), now.Add(-SessionLasts))
	if errors.Is(err, db.ErrNone) {
		return w, &problem.NotFound{What: "session"}
	}
	return Who{By: audit.By{Organisation: p.Organisation, Actor: "staff:" + p.ID.String(), Via: "page"}, Role: p.Kind, Name: p.Name}, err
}

// SignOut ends a session.
func SignOut(ctx context.Context, tx *db.Tx, now time.Time, token string) error {
	hash := sha256.Sum256([]byte(token))
	_, err := tx.Exec(ctx, `UPDATE session SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL`, hash[:], now)
	return err
}
