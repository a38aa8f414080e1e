// Package timeline is what happened to a referral, in order: each event with the day it happened, the
// moment it was recorded, by whom and from where. Events are only ever added; nothing is overwritten.
package timeline

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// Event is one thing to write down.
type Event struct {
	ReferralID uuid.UUID
	Kind       string         // referred, booked, unbooked, date_changed, released, ...
	On         day.Date       // the day it happened; none is today
	Data       map[string]any // what it says; never personal data
	Was        any            // what stood before, for whoever undoes it; nil where it cannot be undone
	Note       string         // free text, sealed
	Undoes     *uuid.UUID     // the event that this one undoes
}

// Record adds events in their order, and for each the audit row of the act (its kind, on the referral), in one statement.
// An act that records need not call audit.Write.
func Record(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	c := columns{}
	for _, e := range events {
		if err := c.add(tx, e, day.Of(now)); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		WITH written AS (
		  INSERT INTO event (id, referral_id, kind, happened_on, data, was, note_sealed, undoes, recorded_at, organisation, actor, via)
		  SELECT id, referral_id, kind, happened_on, data, was, nullif(note, ''), undoes, $9, $10, $11, $12
		  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::jsonb[], $6::jsonb[], $7::bytea[], $8::uuid[])
		    WITH ORDINALITY AS e (id, referral_id, kind, happened_on, data, was, note, undoes, place)
		  ORDER BY place
		  RETURNING id, referral_id, kind
		)
		INSERT INTO audit (at, organisation, actor, via, act, kind, subject, detail)
		SELECT $9, $10, $11, $12, kind, 'referral', referral_id::text, jsonb_build_object('event', id)
		FROM written`,
		pq.Array(c.ids), pq.Array(c.referrals), pq.Array(c.kinds), pq.Array(c.days), pq.Array(c.data), pq.Array(c.was),
		pq.ByteaArray(c.notes), pq.Array(c.undoes), now, who.By.Organisation, who.By.Actor, who.By.Via)
	return err
}

// columns are events turned on their side, as unnest takes them.
type columns struct {
	ids, referrals []uuid.UUID
	kinds          []string
	days           []day.Date
	data           []string
	was            []sql.NullString
	notes          [][]byte
	undoes         []uuid.NullUUID
}

func (c *columns) add(tx *db.Tx, e Event, today day.Date) error {
	id := uuid.New()
	note, err := sealed(tx, id, e.Note)
	if err != nil {
		return err
	}
	data, err := json.Marshal(orEmpty(e.Data))
	if err != nil {
		return err
	}
	was, err := orNull(e.Was)
	if err != nil {
		return err
	}
	if e.On.IsZero() {
		e.On = today
	}
	undoes := uuid.NullUUID{Valid: e.Undoes != nil}
	if undoes.Valid {
		undoes.UUID = *e.Undoes
	}
	c.ids, c.referrals, c.kinds = append(c.ids, id), append(c.referrals, e.ReferralID), append(c.kinds, e.Kind)
	c.days, c.data, c.was = append(c.days, e.On), append(c.data, string(data)), append(c.was, was)
	c.notes, c.undoes = append(c.notes, note), append(c.undoes, undoes)
	return nil
}

// notePlace names the column, so that a sealed note moved to another event does not open.
const notePlace = "event.note"

// sealed is never nil, since an array of bytea carries no NULL: empty bytes stand for no note.
func sealed(tx *db.Tx, id uuid.UUID, note string) ([]byte, error) {
	if note == "" {
		return []byte{}, nil
	}
	return tx.Keys.Seal(notePlace, id.String(), []byte(note))
}

func orEmpty(data map[string]any) map[string]any {
	if data == nil {
		return map[string]any{}
	}
	return data
}

func orNull(was any) (sql.NullString, error) {
	if was == nil {
		return sql.NullString{}, nil
	}
	text, err := json.Marshal(was)
	return sql.NullString{String: string(text), Valid: true}, err
}
