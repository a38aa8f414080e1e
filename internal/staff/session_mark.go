package staff

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"github.com/google/uuid"

	"throughgate/internal/db"
)

// Session names a session, running or ended, by the SHA-256 of its token. It opens nothing: only the token does.
type Session []byte

// SessionOf is the session that a token opens, or opened.
func SessionOf(token string) Session {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

// Mark goes into every form that is drawn in a session: it tells, whoever has signed in to the same browser since and
// whatever has become of the session, who filled the form in. It need not be kept secret: nobody can guess one, and
// whoever has one may leave a form for that person to look at, and nothing else.
func (s Session) Mark() string { return base64.RawURLEncoding.EncodeToString(s) }

// Marked is the session that a mark names; nil for what cannot be a mark.
func Marked(mark string) Session {
	hash, err := base64.RawURLEncoding.DecodeString(mark)
	if err != nil || len(hash) != sha256.Size {
		return nil
	}
	return hash
}

// Past is what is known of a session whether it still runs or not.
type Past struct {
	Person uuid.UUID `db:"staff_id"` // uuid.Nil where there was no such session, or it is so long over that it is forgotten
	RanOut bool      `db:"ran_out"`  // if it has ended, it did so by itself: nobody signed out or was signed out
}

// PastOf is what became of a session.
func PastOf(ctx context.Context, tx *db.Tx, s Session) (p Past, err error) {
	err = tx.Get(ctx, &p, `
		SELECT staff_id, ended_at IS NULL AS ran_out
		FROM session
		WHERE token_hash = $1`, []byte(s))
	if errors.Is(err, db.ErrNone) {
		return Past{RanOut: true}, nil
	}
	return p, err
}
