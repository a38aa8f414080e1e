package mail

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"throughgate/internal/db"
)

const (
	attemptLimit = 3 * time.Minute // from connecting to the dot
	leaseSlack   = 2 * time.Minute // clocks that differ, and time to record how it ended
	recordLimit  = 15 * time.Second
	recordPause  = time.Second
	atOnce       = 4 // messages under way at once, so that a slow mailbox does not hold up the others
	giveUpAfter  = 48 * time.Hour
)

// gaps lie between one attempt and the next. Together they are two hours short of giveUpAfter: each
// attempt begins a little late, and the last one must still fit.
var gaps = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
	2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 18 * time.Hour,
}

// lease is how long an attempt may go unheard of before it is taken for dead: longer than the
// longest attempt that lives.
func (s Server) lease() time.Duration { return attemptLimit + s.answerWait() + leaseSlack }

// Tally counts how attempts ended.
type Tally map[Kind]int

// DeliverDue first settles what dead attempts left behind, then sends every message that is due at
// the time of clock, until none is left or ctx ends. Any number of servers may run it at once: a
// message is claimed in a transaction of its own, one claim holds it, and no dot goes out before the
// message is marked in the database as perhaps delivered. An error means that the settings are
// wrong (then nothing was tried) or that the database failed (what was under way is settled by a
// later call).
func DeliverDue(ctx context.Context, pool *db.Pool, server Server, clock func() time.Time) (Tally, error) {
	if err := errors.Join(server.Check(), checkSender(pool)); err != nil {
		return nil, err
	}
	if err := settleDead(ctx, pool, clock()); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var workers sync.WaitGroup
	tally, faults := Tally{}, []error(nil)
	for range atOnce {
		workers.Go(func() {
			own, err := deliverUntilNone(ctx, pool, server, clock)
			mu.Lock()
			defer mu.Unlock()
			for kind, n := range own {
				tally[kind] += n
			}
			faults = append(faults, err)
		})
	}
	workers.Wait()
	return tally, errors.Join(faults...)
}

func checkSender(pool *db.Pool) error {
	if _, err := Mailbox(pool.Rules.Mail.From); err != nil {
		return errors.New("mail.from in the configuration is not an email address")
	}
	return nil
}

func deliverUntilNone(ctx context.Context, pool *db.Pool, server Server, clock func() time.Time) (Tally, error) {
	tally := Tally{}
	for ctx.Err() == nil {
		message, err := claim(ctx, pool, server, clock())
		if err != nil || message == nil {
			return tally, err
		}
		kind, err := message.deliver(ctx, pool, server, clock)
		if err != nil {
			return tally, err
		}
		tally[kind]++
	}
	return tally, nil
}

func (m claimed) deliver(ctx context.Context, pool *db.Pool, server Server, clock func() time.Time) (Kind, error) {
	sender, err := Mailbox(pool.Rules.Mail.From)
	if err != nil {
		return "", err
	}
	attempt, done := context.WithTimeout(ctx, attemptLimit)
	defer done()
	outcome := Send(attempt, server, sender.Address, m.Address, m.Eml, func() error {
		return m.fence(attempt, pool)
	})
	return outcome.Kind, m.record(ctx, pool, clock, outcome)
}

var errNotOurs = errors.New("another server has taken the message over")

// fence marks the message, before its dot goes out, as perhaps delivered. Whoever lost the claim
// meanwhile finds it changed, and stops.
func (m claimed) fence(ctx context.Context, pool *db.Pool) error {
	return pool.Act(ctx, jobs, func(tx *db.Tx) error {
		changed, err := tx.Exec(ctx, `
			UPDATE message
			SET state = 'dot_committed'
			WHERE id = $1
			  AND attempt = $2
			  AND state = 'sending'`, m.ID, m.Attempt)
		if err == nil && changed == 0 {
			err = errNotOurs
		}
		return err
	})
}

// record keeps how the attempt ended, also while the program is being stopped. It changes nothing
// when recorded twice or when the message has gone on without us, and so may be tried again.
func (m claimed) record(ctx context.Context, pool *db.Pool, clock func() time.Time, o Outcome) error {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer done()
	for try := 1; ; try++ {
		err := pool.Act(ctx, jobs, func(tx *db.Tx) error { return m.settle(ctx, tx, clock(), o) })
		if err == nil {
			return nil
		}
		if try == 3 || !errors.Is(err, db.ErrAway) {
			return fmt.Errorf("record how attempt %d at message %s ended (%s): %w", m.Attempt, m.ID, o.Kind, err)
		}
		select {
		case <-time.After(recordPause):
		case <-ctx.Done():
		}
	}
}

func (m claimed) settle(ctx context.Context, tx *db.Tx, now time.Time, o Outcome) error {
	if o.Kind == Abandoned {
		o.Kind = Retry
	}
	state, nextTry, err := m.after(ctx, tx, now, o.Kind)
	if err != nil {
		return err
	}
	changed, err := tx.Exec(ctx, `
		UPDATE message
		SET state = $3,
		  next_try_at = $4,
		  settled_at = CASE WHEN $3 = 'queued' THEN NULL ELSE CAST($5 AS timestamptz) END,
		  claimed_until = NULL,
		  last_answer = $6,
		  eml = CASE WHEN $3 = 'sent' AND kind = 'confirm' THEN '' ELSE eml END -- its link is kept as a hash only
		WHERE id = $1
		  AND attempt = $2
		  AND state IN ('sending', 'dot_committed', 'uncertain')`, m.ID, m.Attempt, string(state), nextTry, now, o.Answer)
	if err != nil || changed == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `
		UPDATE message_attempt
		SET ended_at = $3, outcome = $4, answer = $5
		WHERE message_id = $1
		  AND attempt = $2`, m.ID, m.Attempt, now, string(o.Kind), o.Answer)
	return err
}

// after is where the message goes from here, and when it is tried next.
func (m claimed) after(ctx context.Context, tx *db.Tx, now time.Time, kind Kind) (State, time.Time, error) {
	switch kind {
	case Sent:
		return IsSent, now, nil
	case Failed:
		return IsFailed, now, nil
	case Uncertain:
		return LeftUncertain, now, nil
	}
	var tried struct {
		First time.Time `db:"first"`
		Times int       `db:"times"`
	}
	err := tx.Get(ctx, &tried, `
		SELECT coalesce(min(a.began_at), $2) AS first, greatest(count(*), 1) AS times
		FROM message_attempt a
		JOIN message m ON m.id = a.message_id
		WHERE m.id = $1
		  AND a.began_at >= m.queued_at`, m.ID, now)
	if err != nil {
		return "", now, err
	}
	if again, ok := nextTry(tried.First, now, tried.Times); ok {
		return Queued, again, nil
	}
	return IsFailed, now, nil
}

// nextTry is when to try again after so many attempts; false when it is time to give up.
func nextTry(first, now time.Time, attempts int) (time.Time, bool) {
	if attempts > len(gaps) {
		return now, false
	}
	again := now.Add(gaps[attempts-1])
	return again, !again.After(first.Add(giveUpAfter))
}
