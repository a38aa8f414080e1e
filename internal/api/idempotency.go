package api

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// A claim is one name under which a request may be sent again: the sender's own reference of a
// referral, or an Idempotency-Key. Whoever inserts its row first does the work; whoever comes
// meanwhile waits on the row's unique index until that is done or undone.
type claim struct {
	kind    string // byKey or byReference
	name    string // as sent
	call    string // method and path
	content []byte // what was sent, however it was spelt

	// compare says what differs from what was first sent under a sender's reference, as far as it
	// matters; nil for a key, which belongs to one request.
	compare func(*db.Tx) (same bool, stands uuid.UUID, differing []string, err error)
}

const (
	byKey       = "idempotency_key"
	byReference = "sender_reference"
)

// kept is what a record holds of the first answer, sealed.
type kept struct {
	Location string `json:"location,omitempty"`
	Body     []byte `json:"body"`
}

type record struct {
	Call       string
	ContentBix []byte        `db:"content_bix"`
	ReferralID uuid.NullUUID `db:"referral_id"`
	Status     int
	Sealed     []byte `db:"answer_sealed"`
}

// headerClaim is the Idempotency-Key of the request, if it has one.
func (c *call) headerClaim() ([]claim, error) {
	names := c.web.Request().Header.Values("Idempotency-Key")
	if len(names) == 0 {
		return nil, nil
	}
	name := strings.TrimSpace(names[0])
	visible := !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
	if len(names) > 1 || name == "" || len(name) > 255 || !visible {
		return nil, problem.Wrong("Idempotency-Key", "format", "Send one key of 1 to 255 visible ASCII characters.")
	}
	r := c.web.Request()
	return []claim{{kind: byKey, name: name, call: r.Method + " " + r.URL.Path, content: c.content}}, nil
}

// once carries out an act under the request's claims, so that it happens once however often it is
// sent. An error undoes the claims with everything else: what was refused may be put right.
func (c *call) once(act func(*db.Tx) (answer, error)) (result answer, err error) {
	whole := func(tx *db.Tx) (err error) {
		result, err = c.claimed(tx, act)
		return err
	}
	err = c.work(whole)
	if errors.Is(err, db.ErrUnknown) && len(c.keys) > 0 {
		// Was it committed, then its record answers now; was it not, then it is done now.
		err = c.work(whole)
		if errors.Is(err, db.ErrAway) {
			err = fmt.Errorf("%w: %w", db.ErrUnknown, err)
		}
	} else if errors.Is(err, db.ErrUnknown) {
		err = &problem.Unavailable{Message: saysUnknownAlone}
	}
	return result, err
}

// apart is once for an act with transactions of its own, which by itself cannot count twice: a file
// sent again says nothing new. Its answer is kept when it is known, so that it is answered again.
func (c *call) apart(act func() (answer, error)) (result answer, err error) {
	if len(c.keys) == 0 {
		return act()
	}
	undone := errors.New("not sent before")
	err = c.work(func(tx *db.Tx) (err error) {
		result, err = c.claimed(tx, func(*db.Tx) (answer, error) { return answer{}, undone })
		return err
	})
	if !errors.Is(err, undone) {
		return result, err
	}
	if result, err = act(); err != nil {
		return answer{}, err
	}
	done := result
	return result, c.work(func(tx *db.Tx) (err error) {
		result, err = c.claimed(tx, func(*db.Tx) (answer, error) { return done, nil })
		return err
	})
}

// clashes is how often work is begun again when two transactions stood in each other's way.
const clashes = 3

func (c *call) work(whole func(*db.Tx) error) (err error) {
	for range clashes {
		if err = c.Pool.Act(c.ctx, c.who.Scope(), whole); !db.Clashed(err) {
			return err
		}
	}
	return err
}

func (c *call) claimed(tx *db.Tx, act func(*db.Tx) (answer, error)) (answer, error) {
	for i, k := range c.keys {
		mine, err := k.take(c.ctx, tx, c.who.Organisation(), c.now)
		if err != nil {
			return answer{}, err
		}
		if !mine {
			return c.asBefore(tx, k, c.keys[:i])
		}
	}
	done, err := act(tx)
	if err = c.unwritable.beside(err); err != nil {
		return answer{}, err
	}
	if err := done.settle(); err != nil {
		return answer{}, err
	}
	return done, c.keep(tx, c.keys, done)
}

// asBefore answers what the first was answered. Claims taken on the way are kept with that answer too.
func (c *call) asBefore(tx *db.Tx, k claim, taken []claim) (answer, error) {
	before, err := k.first(c.ctx, tx, c.who.Organisation())
	if err != nil {
		return answer{}, err
	}
	if before.about != uuid.Nil {
		if err := audit.Write(c.ctx, tx, c.who.By, c.now, "shown", "referral", before.about.String(), audit.Detail{"again": true}); err != nil {
			return answer{}, err
		}
	}
	return before, c.keep(tx, taken, before)
}

func (k claim) index(tx *db.Tx) []byte { return tx.Keys.Blind("idempotency."+k.kind, k.name) }

// contentIndex tells equal content without keeping it readable; it is of the whole request, since
// a key that comes with another call is another content.
func (k claim) contentIndex(tx *db.Tx) []byte {
	return tx.Keys.Blind("idempotency.content", k.call+"\n"+string(k.content))
}

// take inserts the claim's row; false means that it was there. A row that another transaction is
// just inserting is waited for as long as the database's lock_timeout lasts.
func (k claim) take(ctx context.Context, tx *db.Tx, organisation string, now time.Time) (bool, error) {
	inserted, err := tx.Exec(ctx, `
		INSERT INTO idempotency_record (organisation, key_bix, call, content_bix, made_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (organisation, key_bix) DO NOTHING`,
		organisation, k.index(tx), k.call, k.contentIndex(tx), now)
	if db.Waited(err) {
		return false, &problem.Conflict{Code: "still_running", Message: "The same request is still being carried out: send it again in a moment, it will be answered as the first is."}
	}
	return inserted == 1, err
}

// first reads what was answered to the claim's first request, if that was the same request.
func (k claim) first(ctx context.Context, tx *db.Tx, organisation string) (answer, error) {
	var r record
	if err := tx.Get(ctx, &r, `
		SELECT call, content_bix, referral_id, status, answer_sealed
		FROM idempotency_record
		WHERE organisation = $1 AND key_bix = $2`, organisation, k.index(tx)); err != nil {
		return answer{}, err
	}
	plain, err := tx.Keys.Open("idempotency_record.answer", k.row(tx, organisation), r.Sealed)
	if err != nil {
		return answer{}, err
	}
	var was kept
	if err := json.Unmarshal(plain, &was); err != nil {
		return answer{}, errors.New("a kept answer cannot be read")
	}
	if !bytes.Equal(r.ContentBix, k.contentIndex(tx)) {
		if err := k.reused(tx, r.ReferralID.UUID); err != nil {
			return answer{}, err
		}
	}
	return answer{status: r.Status, location: was.Location, raw: was.Body, about: r.ReferralID.UUID, again: true}, nil
}

// reused is the refusal of a name that comes again with other content; nil where what differs is
// only how it was spelt.
func (k claim) reused(tx *db.Tx, referral uuid.UUID) error {
	if k.compare == nil {
		return &refusal{code: "idempotency_key_reused", detail: "This Idempotency-Key was used for another request before: each request needs a key of its own."}
	}
	same, stands, differing, err := k.compare(tx)
	if err != nil || same {
		return err
	}
	if stands == uuid.Nil { // the reference was since corrected away from its referral
		stands, differing = referral, []string{"sender_reference"}
	}
	return &problem.Conflict{
		Code: "reference_reused",
		Message: "This sender_reference was sent before with other content. What differs: " + strings.Join(differing, ", ") +
			". To change a referral, use its own calls, such as correction or release-date.",
		ID:     stands.String(),
		Fields: differing,
	}
}

// keep writes the answer into the rows of the claims, sealed, in the transaction that made them.
func (c *call) keep(tx *db.Tx, claims []claim, a answer) error {
	for _, k := range claims {
		plain, err := json.Marshal(kept{Location: a.location, Body: a.raw})
		if err != nil {
			return err
		}
		sealed, err := tx.Keys.Seal("idempotency_record.answer", k.row(tx, c.who.Organisation()), plain)
		if err != nil {
			return err
		}
		about := uuid.NullUUID{UUID: a.about, Valid: a.about != uuid.Nil}
		if _, err := tx.Exec(c.ctx, `
			UPDATE idempotency_record
			SET status = $3, answer_sealed = $4, referral_id = $5
			WHERE organisation = $1 AND key_bix = $2`,
			c.who.Organisation(), k.index(tx), a.status, sealed, about); err != nil {
			return err
		}
	}
	return nil
}

func (k claim) row(tx *db.Tx, organisation string) string {
	return organisation + "/" + hex.EncodeToString(k.index(tx))
}

// canonical is what was sent, however it was spelt: the fields of its type in order, without spaces.
func canonical(body any) ([]byte, error) { return json.Marshal(body) }
