package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// recoveryCodes is how many a person is given at a time.
const recoveryCodes = 10

// NewRecoveryCodes draws codes that stand in for the second factor, each once, and answers them this
// one time. Codes made before stop working.
func NewRecoveryCodes(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, id uuid.UUID) (codes []string, err error) {
	if _, err := tx.Exec(ctx, `DELETE FROM recovery_code WHERE staff_id = $1`, id); err != nil {
		return nil, err
	}
	var blind [][]byte
	for range recoveryCodes {
		drawn, err := drawCode()
		if err != nil {
			return nil, err
		}
		codes = append(codes, drawn[:4]+" "+drawn[4:8]+" "+drawn[8:])
		blind = append(blind, recoveryIndex(tx, id, drawn))
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO recovery_code (staff_id, code_bix, made_at)
		SELECT $1, code, $3
		FROM unnest($2::bytea[]) AS code`, id, pq.Array(blind), now); err != nil {
		return nil, err
	}
	return codes, audit.Write(ctx, tx, by, now, "recovery codes made", "staff", id.String(), nil)
}

// drawCode draws twelve figures, so that a telephone's number pad can type them: one in 10¹², with ten
// tries in five minutes, and only a keyed index of it is stored.
func drawCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1e12))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%012d", n), nil
}

// RecoveryCodesLeft is how many codes a person has not used yet.
func RecoveryCodesLeft(ctx context.Context, tx *db.Tx, id uuid.UUID) (n int, err error) {
	err = tx.Get(ctx, &n, `SELECT count(*) FROM recovery_code WHERE staff_id = $1 AND used_at IS NULL`, id)
	return n, err
}

func useRecoveryCode(ctx context.Context, tx *db.Tx, now time.Time, id uuid.UUID, typed string) (bool, error) {
	code := strings.NewReplacer("-", "", " ", "").Replace(typed)
	changed, err := tx.Exec(ctx, `
		UPDATE recovery_code
		SET used_at = $3
		WHERE staff_id = $1 AND code_bix = $2 AND used_at IS NULL`, id, recoveryIndex(tx, id, code), now)
	return changed == 1, err
}

func recoveryIndex(tx *db.Tx, id uuid.UUID, code string) []byte {
	return tx.Keys.Blind("recovery_code", id.String()+" "+code)
}

// knownDevice is the hash of a device's mark when the account has signed in there before; else nil.
func knownDevice(ctx context.Context, tx *db.Tx, email, mark string) (hash []byte, err error) {
	sum := sha256.Sum256([]byte(mark))
	err = tx.Get(ctx, &hash, `
		SELECT d.mark_hash
		FROM known_device d
		JOIN staff p ON p.id = d.staff_id
		WHERE d.mark_hash = $1 AND p.email = $2`, sum[:], email)
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	return hash, err
}

// markDevice notes that somebody signed in on a device, and answers its mark. A mark that we never
// gave out is not taken over: somebody else may have planted it.
func markDevice(ctx context.Context, tx *db.Tx, now time.Time, id uuid.UUID, mark string) (string, error) {
	sum := sha256.Sum256([]byte(mark))
	var ours bool
	if err := tx.Get(ctx, &ours, `SELECT EXISTS (SELECT FROM known_device WHERE mark_hash = $1)`, sum[:]); err != nil {
		return "", err
	}
	if !ours {
		mark = rand.Text()
		sum = sha256.Sum256([]byte(mark))
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO known_device (mark_hash, staff_id, seen_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (mark_hash, staff_id) DO UPDATE SET seen_at = excluded.seen_at`, sum[:], id, now)
	return mark, err
}

// forget makes nothing of what a person signed in with work any more: devices, recovery codes, sessions.
func forget(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM known_device WHERE staff_id = $1`, id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM recovery_code WHERE staff_id = $1`, id); err != nil {
		return err
	}
	return endSessions(ctx, tx, by, now, id, nil)
}

// errWrongPassword is the answer to whoever is signed in and does not know the password.
var errWrongPassword = problem.Wrong("password", "wrong", "Enter the password that you sign in with now")

// confirmPassword checks the password of somebody signed in, before what must not be done at a desk
// that somebody left open. Wrong ones count like failed tries to sign in: the refusal comes back
// beside a nil error, and the transaction must be committed.
func confirmPassword(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, id uuid.UUID, password string) (refused, err error) {
	var p struct{ Email, Hash string }
	err = tx.Get(ctx, &p, `
		SELECT email, password_hash AS hash
		FROM staff
		WHERE id = $1 AND password_hash IS NOT NULL
		FOR NO KEY UPDATE -- one after the other, so that many at once are not all let through`, id)
	if err != nil {
		return nil, err
	}
	account := tx.Keys.Blind("account at its desk", p.Email)
	if many, err := tooMany(ctx, tx, now, account, nil); err != nil || many {
		return problem.Wrong("password", "too_many", "There were too many tries. Wait 5 minutes, then try again."), err
	}
	if passwordFits(p.Hash, password) {
		return nil, nil
	}
	if _, err = tx.Exec(ctx, `INSERT INTO sign_in_try (account, at) VALUES ($1, $2)`, account, now); err != nil {
		return nil, err
	}
	return errWrongPassword, audit.Write(ctx, tx, by, now, "password refused", "staff", id.String(), nil)
}

// ChangePassword sets another password. Every session of the person ends, the one they do it in as
// well. A refusal comes back beside a nil error: its transaction must be committed.
func ChangePassword(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, id uuid.UUID, old, fresh string) (refused, err error) {
	own, err := ownWords(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	var wrong problem.Corrections
	checkPassword(&wrong, "new_password", fresh, own)
	refused, err = confirmPassword(ctx, tx, by, now, id, old)
	var more *problem.Invalid
	if errors.As(refused, &more) {
		wrong = append(more.Corrections, wrong...)
	}
	if err != nil || len(wrong) > 0 {
		return wrong.Err(), err
	}
	if _, err := tx.Exec(ctx, `UPDATE staff SET password_hash = $2 WHERE id = $1`, id, HashPassword(fresh)); err != nil {
		return nil, err
	}
	if err := endSessions(ctx, tx, by, now, id, nil); err != nil {
		return nil, err
	}
	return nil, audit.Write(ctx, tx, by, now, "password changed", "staff", id.String(), nil)
}

// CodesMark tells the codes that a person has from those before and after them. A form that carries it makes new codes
// once: nobody prints codes that a reload of their page replaces.
func CodesMark(ctx context.Context, tx *db.Tx, id uuid.UUID) (mark string, err error) {
	err = tx.Get(ctx, &mark, `
		SELECT coalesce(left(encode(sha256(string_agg(code_bix, NULL ORDER BY code_bix)), 'hex'), 16), 'none')
		FROM recovery_code
		WHERE staff_id = $1`, id)
	return mark, err
}

// ErrCodesMade is the answer to a form for new recovery codes that is sent again.
var ErrCodesMade = &problem.Conflict{Code: "changed_since", Message: "New codes were made already, and shown once. If you have not kept them, enter your password to make others in their place."}

// RenewRecoveryCodes is NewRecoveryCodes for somebody signed in, who shows that they know the password. The codes of the
// mark are replaced; where there are others by now, ErrCodesMade. A mark "" replaces any.
func RenewRecoveryCodes(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, id uuid.UUID, password, mark string) (codes []string, refused, err error) {
	if _, err := tx.Exec(ctx, `SELECT id FROM staff WHERE id = $1 FOR NO KEY UPDATE`, id); err != nil { // one after the other
		return nil, nil, err
	}
	if last, err := CodesMark(ctx, tx, id); err != nil || mark != "" && mark != last {
		return nil, ErrCodesMade, err
	}
	if refused, err = confirmPassword(ctx, tx, by, now, id, password); err != nil || refused != nil {
		return nil, refused, err
	}
	codes, err = NewRecoveryCodes(ctx, tx, by, now, id)
	return codes, nil, err
}
