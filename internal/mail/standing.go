package mail

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// Line is a message of the outbox, whichever report it carries or none.
type Line struct {
	Status
	Purpose Purpose       `db:"kind"`
	Run     uuid.NullUUID `db:"run_id"`
}

// Standings counts the messages of the outbox by where they stand.
func Standings(ctx context.Context, tx *db.Tx) (map[State]int, error) {
	var counted []struct {
		State State
		N     int
	}
	err := tx.Select(ctx, &counted, `
		SELECT state, count(*) AS n
		FROM message
		GROUP BY state`)
	counts := map[State]int{}
	for _, c := range counted {
		counts[c.State] = c.N
	}
	return counts, err
}

// LinesAtOnce is how many messages a page of the outbox has.
const LinesAtOnce = 50

// Standing lists the messages that stand at one of the states, newest first; from counts the newer
// ones left out.
func Standing(ctx context.Context, tx *db.Tx, from int, states ...State) (list []Line, err error) {
	named := make([]string, len(states))
	for i, s := range states {
		named[i] = string(s)
	}
	err = tx.Select(ctx, &list, `
		SELECT m.id, m.kind, m.run_id, r.name, m.address, m.sending, m.state, m.attempt, m.queued_at, m.next_try_at, m.settled_at, m.last_answer
		FROM message m
		JOIN recipient r ON r.id = m.recipient_id
		WHERE m.state = ANY ($1)
		ORDER BY m.queued_at DESC, m.id
		LIMIT $2
		OFFSET $3`, pq.Array(named), LinesAtOnce, from)
	return list, err
}

// Find is one message.
func Find(ctx context.Context, tx *db.Tx, id uuid.UUID) (l Line, err error) {
	err = tx.Get(ctx, &l, `
		SELECT m.id, m.kind, m.run_id, r.name, m.address, m.sending, m.state, m.attempt, m.queued_at, m.next_try_at, m.settled_at, m.last_answer
		FROM message m
		JOIN recipient r ON r.id = m.recipient_id
		WHERE m.id = $1`, id)
	if errors.Is(err, db.ErrNone) {
		err = &problem.NotFound{What: "email"}
	}
	return l, err
}
