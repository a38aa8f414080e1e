package staff

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
)

// keptFor is how long a form waits for whoever typed it.
const keptFor = 24 * time.Hour

const keptPlace = "kept_form.typed"

// KeepForm keeps what was typed into a form that was sent after its session had ended, for the person
// whose session it was. It says whether it did: of a session that was signed out, ended by an
// administrator, or never was, nothing is kept.
func KeepForm(ctx context.Context, tx *db.Tx, now time.Time, token, path string, typed map[string][]string) (bool, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM kept_form WHERE kept_at < $1`, now.Add(-keptFor)); err != nil {
		return false, err
	}
	hash := sha256.Sum256([]byte(token))
	var id uuid.UUID
	err := tx.Get(ctx, &id, `
		SELECT s.staff_id
		FROM session s
		JOIN staff p ON p.id = s.staff_id
		WHERE s.token_hash = $1
		  AND s.ended_at IS NULL
		  AND s.signed_in_at > $2
		  AND p.disabled_at IS NULL`, hash[:], now.Add(-keptFor))
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	text, err := json.Marshal(typed)
	if err != nil {
		return false, err
	}
	sealed, err := tx.Keys.Seal(keptPlace, id.String(), text)
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO kept_form (staff_id, path, typed_sealed, kept_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (staff_id) DO UPDATE
		SET path = excluded.path, typed_sealed = excluded.typed_sealed, kept_at = excluded.kept_at`, id, path, sealed, now)
	return err == nil, err
}

// KeptForm is what a person had typed at an address; nil when nothing is kept for them there.
func KeptForm(ctx context.Context, tx *db.Tx, now time.Time, id uuid.UUID, path string) (typed map[string][]string, err error) {
	var sealed []byte
	err = tx.Get(ctx, &sealed, `
		SELECT typed_sealed
		FROM kept_form
		WHERE staff_id = $1 AND path = $2 AND kept_at > $3`, id, path, now.Add(-keptFor))
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := tx.Keys.Open(keptPlace, id.String(), sealed)
	if err != nil {
		return nil, err
	}
	return typed, json.Unmarshal(text, &typed)
}

// DropForm forgets what was kept for a person: they have sent it.
func DropForm(ctx context.Context, tx *db.Tx, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `DELETE FROM kept_form WHERE staff_id = $1`, id)
	return err
}
