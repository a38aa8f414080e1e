package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
)

// settleDead: an attempt that died before its fence sent nothing and goes back into the queue; one
// that died behind it may have sent everything, and stays uncertain until a person decides.
func settleDead(ctx context.Context, pool *db.Pool, now time.Time) error {
	return pool.Act(ctx, jobs, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `
			UPDATE message
			SET state = 'queued', next_try_at = $1, claimed_until = NULL
			WHERE state = 'sending'
			  AND claimed_until <= $1`, now); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			WITH left_open AS (
				UPDATE message
				SET state = 'uncertain', settled_at = $1, claimed_until = NULL, last_answer = $2
				WHERE state = 'dot_committed'
				  AND claimed_until <= $1
				RETURNING id, attempt
			)
			UPDATE message_attempt a
			SET outcome = 'uncertain', answer = $2
			FROM left_open m
			WHERE a.message_id = m.id
			  AND a.attempt = m.attempt`, now, "the program ended before the answer came")
		return err
	})
}

// claimed is a message with a running attempt that is ours until the lease ends.
type claimed struct {
	ID        uuid.UUID `db:"id"`
	Attempt   int       `db:"attempt"` // ours
	Address   string    `db:"address"`
	Eml       []byte    `db:"eml"`
	Kind      Purpose   `db:"kind"`
	Confirmed bool      `db:"confirmed"`
	Removed   bool      `db:"removed"`
}

// claim takes the message that has been due longest, or gives back nil when none is.
func claim(ctx context.Context, pool *db.Pool, server Server, now time.Time) (*claimed, error) {
	for {
		var m claimed
		var barred string
		err := pool.Act(ctx, jobs, func(tx *db.Tx) (err error) {
			m, barred, err = next(ctx, tx, server, now)
			return err
		})
		switch {
		case errors.Is(err, db.ErrNone):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("claim a message: %w", err)
		case barred == "":
			return &m, nil
		}
	}
}

// next locks one message and marks it as ours, or as failed when it must no longer be sent.
func next(ctx context.Context, tx *db.Tx, server Server, now time.Time) (m claimed, barred string, err error) {
	err = tx.Get(ctx, &m, `
		SELECT m.id, m.attempt + 1 AS attempt, m.address, m.eml, m.kind,
		  r.confirmed_at IS NOT NULL AS confirmed, r.removed_at IS NOT NULL AS removed
		FROM message m
		JOIN recipient r ON r.id = m.recipient_id
		WHERE m.state = 'queued'
		  AND m.next_try_at <= $1
		ORDER BY m.next_try_at, m.id
		LIMIT 1
		FOR UPDATE OF m SKIP LOCKED`, now)
	if err != nil {
		return m, "", err
	}
	if barred = m.barred(tx); barred != "" {
		_, err = tx.Exec(ctx, `
			UPDATE message
			SET state = 'failed', settled_at = $2, last_answer = $3
			WHERE id = $1`, m.ID, now, barred)
		return m, barred, err
	}
	return m, "", m.begin(ctx, tx, server, now)
}

func (m claimed) begin(ctx context.Context, tx *db.Tx, server Server, now time.Time) error {
	if _, err := tx.Exec(ctx, `
		UPDATE message
		SET state = 'sending', attempt = $2, claimed_until = $3
		WHERE id = $1`, m.ID, m.Attempt, now.Add(server.lease())); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO message_attempt (message_id, attempt, began_at)
		VALUES ($1, $2, $3)`, m.ID, m.Attempt, now)
	return err
}

// barred says why a message is not sent although it was queued: the list may have changed since.
func (m claimed) barred(tx *db.Tx) string {
	switch {
	case m.Removed:
		return "not sent: the recipient has left the list"
	case m.Kind == ForReport && !m.Confirmed:
		return "not sent: the address is not confirmed"
	case !OnDomain(m.Address, tx.Rules.Mail.AllowedDomains):
		return "not sent: the address is not on an allowed domain"
	}
	return ""
}
