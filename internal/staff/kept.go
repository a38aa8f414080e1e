package staff

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
)

const (
	// KeptFor is how long a form waits for whoever typed it, and how old its page may be when it is sent: as long as a
	// referral that was begun, so that what was typed on a Friday afternoon is there after the weekend.
	KeptFor  = 7 * 24 * time.Hour
	keptMost = 20 // how many wait for one person: more tabs than anybody has open
)

const keptPlace = "kept_form.typed"

// Unsent is a form that came when the session in which its page was drawn had ended.
type Unsent struct {
	Path    string // of its page
	Typed   map[string][]string
	Instead uuid.UUID // the kept form that was shown in it; uuid.Nil for none
}

// KeepForm keeps what was typed into a form, for the person in whose session its page was drawn, however that has ended
// meanwhile. It answers under which id: uuid.Nil where nothing is kept, since there was no such session, it was not used
// for KeptFor, or its person may not sign in any more. The same form sent twice is kept once.
func KeepForm(ctx context.Context, tx *db.Tx, now time.Time, s Session, form Unsent) (id uuid.UUID, err error) {
	if err := purgeForms(ctx, tx, now); err != nil {
		return id, err
	}
	var person uuid.UUID
	err = tx.Get(ctx, &person, `
		SELECT s.staff_id
		FROM session s
		JOIN staff p ON p.id = s.staff_id
		WHERE s.token_hash = $1
		  AND s.seen_at > $2
		  AND p.disabled_at IS NULL
		FOR NO KEY UPDATE OF p -- forms of one person are kept one after the other, so that there are never too many`, []byte(s), now.Add(-KeptFor))
	if errors.Is(err, db.ErrNone) {
		return uuid.Nil, nil
	}
	if err != nil {
		return id, err
	}
	if id, err = insertKept(ctx, tx, now, person, form); err != nil {
		return id, err
	}
	if form.Instead != id {
		if err := DropForm(ctx, tx, person, form.Instead); err != nil {
			return id, err
		}
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM kept_form
		WHERE id IN (
			SELECT id
			FROM kept_form
			WHERE staff_id = $1
			ORDER BY kept_at DESC, id = $2 DESC
			OFFSET $3)`, person, id, keptMost)
	return id, err
}

func insertKept(ctx context.Context, tx *db.Tx, now time.Time, person uuid.UUID, form Unsent) (id uuid.UUID, err error) {
	text, err := json.Marshal(form.Typed)
	if err != nil {
		return id, err
	}
	sealed, err := tx.Keys.Seal(keptPlace, person.String(), text)
	if err != nil {
		return id, err
	}
	err = tx.Get(ctx, &id, `
		INSERT INTO kept_form (id, staff_id, path, typed_sealed, typed_bix, kept_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT ON CONSTRAINT one_kept_form_however_often_sent DO UPDATE SET kept_at = excluded.kept_at
		RETURNING id`, uuid.New(), person, form.Path, sealed, tx.Keys.Blind(keptPlace, string(text)), now)
	return id, err
}

// KeptForm is what a person had typed at an address; nil when nothing is kept for them there under the id.
func KeptForm(ctx context.Context, tx *db.Tx, now time.Time, person, id uuid.UUID, path string) (typed map[string][]string, err error) {
	var sealed []byte
	err = tx.Get(ctx, &sealed, `
		SELECT typed_sealed
		FROM kept_form
		WHERE id = $1 AND staff_id = $2 AND path = $3 AND kept_at > $4`, id, person, path, now.Add(-KeptFor))
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := tx.Keys.Open(keptPlace, person.String(), sealed)
	if err != nil {
		return nil, err
	}
	return typed, json.Unmarshal(text, &typed)
}

// Waiting is a form that is kept for somebody.
type Waiting struct {
	ID    uuid.UUID
	Path  string
	At    time.Time `db:"kept_at"`
	Until time.Time `db:"kept_until"`
}

// WaitingForms are the forms that are kept for a person, the latest first.
func WaitingForms(ctx context.Context, tx *db.Tx, now time.Time, person uuid.UUID) (all []Waiting, err error) {
	err = tx.Select(ctx, &all, `
		SELECT id, path, kept_at, kept_at + make_interval(secs => $3) AS kept_until
		FROM kept_form
		WHERE staff_id = $1 AND kept_at > $2
		ORDER BY kept_at DESC, id`, person, now.Add(-KeptFor), KeptFor.Seconds())
	return all, err
}

// DropForm forgets a form that was kept for a person: they have sent it.
func DropForm(ctx context.Context, tx *db.Tx, person, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `DELETE FROM kept_form WHERE staff_id = $1 AND id = $2`, person, id)
	return err
}

// DropForms forgets all that is kept for a person: they want none of it.
func DropForms(ctx context.Context, tx *db.Tx, person uuid.UUID) error {
	_, err := tx.Exec(ctx, `DELETE FROM kept_form WHERE staff_id = $1`, person)
	return err
}
