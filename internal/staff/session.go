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

// How long a session lasts (safety.md, "Signing in").
const (
	SessionIdle  = 15 * time.Minute
	SessionLasts = 10 * time.Hour
)

// ErrRefused is the answer to every sign-in that fails, known account or not.
var ErrRefused = problem.Wrong("email", "refused", "Your email address, password or code is not right. Codes can be used once: wait for the next one.")

// ErrTooMany stops guessing.
var ErrTooMany = problem.Wrong("email", "too_many", "There were too many tries. Wait 5 minutes, then try again.")

// ErrSignedIn is the answer to a form that comes again from the browser that it signed in: the password is right, the code
// is used up. No second session is begun.
var ErrSignedIn = errors.New("signed in already")

// Try is what somebody typed to sign in, and what their browser brought with it.
type Try struct {
	Email, Password string
	Code            string    // of the authenticator app, or a recovery code
	Device          string    // the mark of the device as its cookie has it; "" on one that has none
	SignedIn        uuid.UUID // whose session the browser has; uuid.Nil for nobody's
}

// Entry is what a browser gets for signing in: the tokens of two cookies, whose hashes only are stored.
type Entry struct {
	Session string
	Device  string
}

// SignIn checks password and code, and begins a session. A failed try is counted for all servers, so
// its transaction must be committed: the refusal comes back beside a nil error.
func SignIn(ctx context.Context, tx *db.Tx, now time.Time, try Try) (in Entry, refused error, err error) {
	email := strings.ToLower(strings.TrimSpace(try.Email))
	account := tx.Keys.Blind("account", email)
	// Tries at one account are counted one after the other, so that many at once are not all let through.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 0))`, account); err != nil {
		return in, nil, err
	}
	device, err := knownDevice(ctx, tx, email, try.Device)
	if err != nil {
		return in, nil, err
	}
	if many, err := tooMany(ctx, tx, now, account, device); err != nil || many {
		return in, ErrTooMany, errors.Join(err, noteStopped(ctx, tx, now, email, account))
	}
	id, factor, err := fits(ctx, tx, now, email, try.Password, try.Code)
	if err != nil {
		return in, nil, err
	}
	if factor == "" && id != uuid.Nil && id == try.SignedIn {
		return in, ErrSignedIn, nil
	}
	if factor == "" {
		return in, ErrRefused, noteTry(ctx, tx, now, email, account, device)
	}
	if in.Device, err = markDevice(ctx, tx, now, id, try.Device); err != nil {
		return in, nil, err
	}
	in.Session, err = begin(ctx, tx, now, id, audit.Detail{"factor": factor})
	return in, nil, err
}

// fits is the person whom email and password are those of, uuid.Nil for nobody, and by which second factor they sign in:
// "" where the code is not theirs or not fresh. A code is used up in the same statement that finds it unused.
func fits(ctx context.Context, tx *db.Tx, now time.Time, email, password, code string) (uuid.UUID, string, error) {
	var p struct {
		ID       uuid.UUID
		Password string `db:"password_hash"`
		Sealed   []byte `db:"totp_sealed"`
	}
	err := tx.Get(ctx, &p, `
		SELECT p.id, p.password_hash, p.totp_sealed
		FROM staff p
		JOIN organisation o ON o.code = p.organisation
		WHERE p.email = $1
		  AND p.password_hash IS NOT NULL
		  AND p.disabled_at IS NULL
		  AND o.active`, email)
	if errors.Is(err, db.ErrNone) {
		passwordFits(nobodys, password)
		return uuid.Nil, "", nil
	}
	if err != nil {
		return uuid.Nil, "", err
	}
	secret, err := tx.Keys.Open("staff.totp", p.ID.String(), p.Sealed)
	if err != nil {
		return uuid.Nil, "", err
	}
	if !passwordFits(p.Password, password) {
		return uuid.Nil, "", nil
	}
	factor, err := useUp(ctx, tx, now, p.ID, string(secret), code)
	return p.ID, factor, err
}

// useUp takes a code of the authenticator app or a recovery code, and says which it was; "" for one that was not fresh.
func useUp(ctx context.Context, tx *db.Tx, now time.Time, id uuid.UUID, secret, code string) (factor string, err error) {
	step := codeStep(secret, code, now)
	if step == 0 {
		if fresh, err := useRecoveryCode(ctx, tx, now, id, code); err != nil || !fresh {
			return "", err
		}
		return "recovery code", nil
	}
	if changed, err := tx.Exec(ctx, `UPDATE staff SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, id, step); err != nil || changed == 0 {
		return "", err
	}
	return "app", nil
}

// Begin starts a session without asking: for the demo's one-click sign-in only.
func Begin(ctx context.Context, tx *db.Tx, now time.Time, email string) (token string, err error) {
	var id uuid.UUID
	if err := tx.Get(ctx, &id, `
		SELECT p.id
		FROM staff p
		JOIN organisation o ON o.code = p.organisation
		WHERE p.email = $1
		  AND p.disabled_at IS NULL
		  AND o.active`, email); err != nil {
		return "", err
	}
	return begin(ctx, tx, now, id, audit.Detail{"factor": "demo"})
}

func begin(ctx context.Context, tx *db.Tx, now time.Time, id uuid.UUID, detail audit.Detail) (token string, err error) {
	token = rand.Text()
	hash := sha256.Sum256([]byte(token))
	by := audit.By{Actor: "staff:" + id.String(), Via: "page"}
	if err := tx.Get(ctx, &by.Organisation, `
		WITH begun AS (
			INSERT INTO session (token_hash, staff_id, signed_in_at, seen_at)
			VALUES ($1, $2, $3, $3)
			RETURNING staff_id)
		SELECT p.organisation
		FROM begun
		JOIN staff p ON p.id = begun.staff_id`, hash[:], id, now); err != nil {
		return "", err
	}
	return token, audit.Write(ctx, tx, by, now, "signed in", "staff", id.String(), detail)
}

// SignedIn is who holds a session, and notes that it was used. NotFound when there is none, it ended,
// was idle too long, its person was disabled, or their organisation no longer takes part. The transaction must hold nothing else, since it does not wait for the
// disk, as no page should for this: what a crash loses of it only lets a session end sooner.
func SignedIn(ctx context.Context, tx *db.Tx, now time.Time, token string) (w Who, err error) {
	if _, err := tx.Exec(ctx, `SELECT set_config('synchronous_commit', 'off', true)`); err != nil {
		return w, err
	}
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
		  AND o.active
		RETURNING p.id, p.organisation, p.name, o.kind`,
		hash[:], now, now.Add(-SessionIdle), now.Add(-SessionLasts))
	if errors.Is(err, db.ErrNone) {
		return w, &problem.NotFound{What: "session"}
	}
	return Who{By: audit.By{Organisation: p.Organisation, Actor: "staff:" + p.ID.String(), Via: "page"}, Role: p.Kind, Name: p.Name}, err
}

// TimeLeft is how long a session lasts yet if nobody uses it; 0 for one that has ended or never was. Asking is no use of it.
func TimeLeft(ctx context.Context, tx *db.Tx, now time.Time, token string) (time.Duration, error) {
	var s struct {
		SignedInAt time.Time `db:"signed_in_at"`
		SeenAt     time.Time `db:"seen_at"`
	}
	err := tx.Get(ctx, &s, `
		SELECT s.signed_in_at, s.seen_at
		FROM session s
		JOIN staff p ON p.id = s.staff_id
		JOIN organisation o ON o.code = p.organisation
		WHERE s.token_hash = $1
		  AND s.ended_at IS NULL
		  AND p.disabled_at IS NULL
		  AND o.active`, []byte(SessionOf(token)))
	if errors.Is(err, db.ErrNone) {
		return 0, nil
	}
	left := min(s.SeenAt.Add(SessionIdle).Sub(now), s.SignedInAt.Add(SessionLasts).Sub(now))
	return max(0, left), err
}

// SignOut ends every session of whoever holds this one, on whatever device: somebody who leaves a
// shared desk need not remember where else they are signed in.
func SignOut(ctx context.Context, tx *db.Tx, now time.Time, token string) error {
	return signOut(ctx, tx, now, token, true)
}

// Leave ends one session, which another takes the place of in the same browser.
func Leave(ctx context.Context, tx *db.Tx, now time.Time, token string) error {
	return signOut(ctx, tx, now, token, false)
}

func signOut(ctx context.Context, tx *db.Tx, now time.Time, token string, everywhere bool) error {
	hash := sha256.Sum256([]byte(token))
	var p struct {
		ID           uuid.UUID
		Organisation string
	}
	err := tx.Get(ctx, &p, `
		SELECT p.id, p.organisation
		FROM session s
		JOIN staff p ON p.id = s.staff_id
		WHERE s.token_hash = $1
		  AND s.ended_at IS NULL`, hash[:])
	if errors.Is(err, db.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	by := audit.By{Organisation: p.Organisation, Actor: "staff:" + p.ID.String(), Via: "page"}
	if everywhere {
		return endSessions(ctx, tx, by, now, p.ID, nil)
	}
	return endSessions(ctx, tx, by, now, p.ID, hash[:])
}

// endSessions ends the session of a person that has the hash, or with none all they have, and tells the
// auditor how many of them were in use.
func endSessions(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, id uuid.UUID, hash []byte) error {
	var used int
	err := tx.Get(ctx, &used, `
		WITH ended AS (
			UPDATE session
			SET ended_at = $2
			WHERE staff_id = $1
			  AND ($3::bytea IS NULL OR token_hash = $3)
			  AND ended_at IS NULL
			RETURNING seen_at, signed_in_at)
		SELECT count(*)
		FROM ended
		WHERE seen_at > $4
		  AND signed_in_at > $5`, id, now, hash, now.Add(-SessionIdle), now.Add(-SessionLasts))
	if err != nil || used == 0 {
		return err
	}
	return audit.Write(ctx, tx, by, now, "signed out", "staff", id.String(), audit.Detail{"sessions": used})
}
