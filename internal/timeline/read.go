package timeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// Entry is an event as a referral's timeline shows it.
type Entry struct {
	ID           uuid.UUID       `json:"id" db:"id"`
	Kind         string          `json:"kind" db:"kind"`
	On           day.Date        `json:"on" db:"happened_on"`
	At           time.Time       `json:"at" db:"recorded_at"`
	Organisation string          `json:"organisation" db:"organisation"`
	Actor        string          `json:"actor" db:"actor"`
	Via          string          `json:"via" db:"via"`
	Data         json.RawMessage `json:"data" db:"data"`
	Note         string          `json:"note,omitempty" db:"-"`
	Undoes       *uuid.UUID      `json:"undoes,omitempty" db:"undoes"`
	Undone       bool            `json:"undone,omitempty" db:"undone"` // a later event undoes it

	Was    json.RawMessage `json:"-" db:"was"` // "null" where it cannot be undone
	Sealed []byte          `json:"-" db:"note_sealed"`
}

// said is what an event says. Older ones name the referral of an earlier release, which may be another prison's.
const said = `e.data - 'earlier_id' AS data`

// Of is a referral's timeline, oldest first, with its notes opened.
func Of(ctx context.Context, tx *db.Tx, referralID uuid.UUID) ([]Entry, error) {
	entries := []Entry{}
	err := tx.Select(ctx, &entries, `
		SELECT e.id, e.kind, e.happened_on, e.recorded_at, e.organisation, e.actor, e.via, `+said+`,
		  coalesce(e.was, 'null') AS was, e.note_sealed, e.undoes,
		  EXISTS (SELECT FROM event u WHERE u.undoes = e.id) AS undone
		FROM event e
		WHERE e.referral_id = $1
		ORDER BY e.seq`, referralID)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		note, err := tx.Keys.Open(notePlace, entries[i].ID.String(), entries[i].Sealed)
		if err != nil {
			return nil, err
		}
		entries[i].Note = string(note)
	}
	return entries, nil
}

// Change is an event as GET /events tells it: what changed, without notes.
type Change struct {
	ID         uuid.UUID       `json:"id" db:"id"`
	At         time.Time       `json:"at" db:"recorded_at"`
	Kind       string          `json:"kind" db:"kind"`
	ReferralID uuid.UUID       `json:"referral_id" db:"referral_id"`
	Data       json.RawMessage `json:"data" db:"data"`

	Tx  uint64 `json:"-" db:"tx"`
	Seq uint64 `json:"-" db:"seq"`
}

// Page is some changes and where to go on after them. Next is null when there was nothing new:
// ask again later with the position you have.
type Page struct {
	Items []Change `json:"items"`
	Next  *string  `json:"next_cursor"`
}

// Changes are the events on what the asker may see, in the order of their transactions, after a
// position ("" is the beginning). An event is told only once every transaction that began before
// its own has ended: a reader that goes on from the last position misses nothing, ever. Transactions
// in other databases of the same server, which cannot write here, are not waited for; one that ends
// while this asks cannot be told from ours, and is.
func Changes(ctx context.Context, tx *db.Tx, after string, limit int) (Page, error) {
	from, err := position(ctx, tx, after)
	if err != nil {
		return Page{}, err
	}
	page := Page{Items: []Change{}}
	err = tx.Select(ctx, &page.Items, `
		WITH running AS (
		  SELECT r.tx
		  FROM pg_snapshot_xip(pg_current_snapshot()) AS r (tx)
		  WHERE NOT EXISTS (
		    SELECT
		    FROM pg_stat_activity AS session
		    WHERE session.backend_xid = r.tx::xid
		      AND session.datname <> current_database())
		  ORDER BY r.tx
		  LIMIT 1
		)
		SELECT id, recorded_at, kind, referral_id, `+said+`, tx::text::bigint AS tx, seq
		FROM event e
		WHERE (tx, seq) > ($1::text::xid8, $2)
		  AND tx < coalesce((SELECT tx FROM running), pg_snapshot_xmax(pg_current_snapshot()))
		ORDER BY tx, seq
		LIMIT $3`, fmt.Sprint(from.Tx), from.Seq, limit)
	if err != nil {
		return Page{}, err
	}
	if n := len(page.Items); n > 0 {
		last := page.Items[n-1]
		next := fmt.Sprintf("%d.%d", last.Tx, last.Seq)
		page.Next = &next
	}
	return page, nil
}

type cursor struct{ Tx, Seq uint64 }

// position reads where a reader has come to: the cursor of an earlier page, or the id of the last event
// that they have.
func position(ctx context.Context, tx *db.Tx, after string) (c cursor, err error) {
	if after == "" {
		return c, nil
	}
	if id, err := uuid.Parse(after); err == nil {
		err = tx.Get(ctx, &c, `SELECT tx::text::bigint AS tx, seq FROM event WHERE id = $1`, id)
		if errors.Is(err, db.ErrNone) {
			return c, errNoPosition
		}
		return c, err
	}
	text, seq, _ := strings.Cut(after, ".")
	var wrong error
	c.Tx, err = strconv.ParseUint(text, 10, 63)
	c.Seq, wrong = strconv.ParseUint(seq, 10, 63)
	if err != nil || wrong != nil {
		return c, errNoPosition
	}
	return c, nil
}

var errNoPosition = problem.Wrong("after", "invalid", "Give the next_cursor of an earlier answer, or the id of the last event in it, as it was.")
