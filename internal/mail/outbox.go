package mail

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// jobs is as whom everything in the outbox is read and written.
var jobs = db.Scope{Part: db.Jobs}

// Purpose is why a message goes out.
type Purpose string

const (
	ForReport  Purpose = "report"  // carries a report, to somebody who confirmed their address
	ForConfirm Purpose = "confirm" // carries the link that confirms an address
)

// Outgoing is one letter to one recipient, to be put into the outbox.
type Outgoing struct {
	Purpose   Purpose
	Run       uuid.NullUUID // the report run that it carries
	Sending   int           // 0 or 1 for the first time; more when somebody deliberately sends it again
	Recipient Recipient
	Letter    Letter // Subject, Text, HTML and InlinePNG; what else is empty Queue fills in
}

// Queue renders the letter whole and puts it into the outbox, in the caller's transaction (part
// db.Jobs): the message exists exactly if what it reports does. It is sent by DeliverDue.
func Queue(ctx context.Context, tx *db.Tx, now time.Time, o Outgoing) (uuid.UUID, error) {
	id := uuid.New()
	letter, err := o.filledIn(tx, now, id)
	if err != nil {
		return id, err
	}
	eml, err := Compose(letter)
	if err != nil {
		return id, err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO message (id, kind, run_id, recipient_id, sending, message_id, address, eml, state, queued_at, next_try_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $9)`,
		id, string(o.Purpose), o.Run, o.Recipient.ID, max(o.Sending, 1), letter.MessageID, letter.ToAddress, eml, now)
	if db.Broke(err, "one_message_per_recipient_and_run") {
		return id, &problem.Conflict{Code: "already_recorded", Message: "This report is on its way to this recipient already."}
	}
	return id, err
}

func (o Outgoing) filledIn(tx *db.Tx, now time.Time, id uuid.UUID) (Letter, error) {
	l := o.Letter
	l.From = cmp.Or(l.From, tx.Rules.Mail.From)
	sender, err := Mailbox(l.From)
	if err != nil {
		return l, problem.Wrong("mail.from", "invalid_address", "Set mail.from in the configuration to an email address such as reports@example.org.")
	}
	_, domain, _ := strings.Cut(sender.Address, "@")
	l.ToName, l.ToAddress = o.Recipient.Name, o.Recipient.Address
	l.MessageID = cmp.Or(l.MessageID, id.String()+"@"+domain)
	if l.Date.IsZero() {
		l.Date = now
	}
	if o.Purpose == ForReport {
		l.ListUnsubscribe = cmp.Or(l.ListUnsubscribe, LeaveLink(tx, o.Recipient))
	}
	return l, nil
}

// NextSending is the number of the next deliberate sending of a run: 1 when nothing was queued yet.
func NextSending(ctx context.Context, tx *db.Tx, run uuid.UUID) (n int, err error) {
	err = tx.Get(ctx, &n, `
		SELECT coalesce(max(sending), 0) + 1
		FROM message
		WHERE run_id = $1`, run)
	return n, err
}

// State is where a message stands.
type State string

const (
	Queued        State = "queued"
	Sending       State = "sending"       // an attempt runs; its dot has not gone out
	DotCommitted  State = "dot_committed" // its dot may have gone out
	IsSent        State = "sent"
	IsFailed      State = "failed"
	LeftUncertain State = "uncertain" // delivered or not: only a person may send it again
)

// Status is a message as the page of its report shows it.
type Status struct {
	ID         uuid.UUID  `db:"id"`
	Name       string     `db:"name"`
	Address    string     `db:"address"`
	Sending    int        `db:"sending"`
	State      State      `db:"state"`
	Attempt    int        `db:"attempt"` // how many attempts began
	QueuedAt   time.Time  `db:"queued_at"`
	NextTryAt  time.Time  `db:"next_try_at"` // of a queued one
	SettledAt  *time.Time `db:"settled_at"`
	LastAnswer *string    `db:"last_answer"`
}

// StatusOf lists the messages of a report run, in order of sending and name.
func StatusOf(ctx context.Context, tx *db.Tx, run uuid.UUID) (list []Status, err error) {
	err = tx.Select(ctx, &list, `
		SELECT m.id, r.name, m.address, m.sending, m.state, m.attempt, m.queued_at, m.next_try_at, m.settled_at, m.last_answer
		FROM message m
		JOIN recipient r ON r.id = m.recipient_id
		WHERE m.run_id = $1
		ORDER BY m.sending, r.name, m.address`, run)
	return list, err
}

// Attempt is one try to send a message, as it was logged.
type Attempt struct {
	Attempt int        `db:"attempt"`
	BeganAt time.Time  `db:"began_at"`
	EndedAt *time.Time `db:"ended_at"` // nil when the program died in it, or it still runs
	Outcome *Kind      `db:"outcome"`
	Answer  *string    `db:"answer"`
}

// AttemptsOf lists the attempts to send a message, first to last.
func AttemptsOf(ctx context.Context, tx *db.Tx, message uuid.UUID) (list []Attempt, err error) {
	err = tx.Select(ctx, &list, `
		SELECT attempt, began_at, ended_at, outcome, answer
		FROM message_attempt
		WHERE message_id = $1
		ORDER BY attempt`, message)
	return list, err
}

// SendAgain puts a message that failed or was left uncertain back into the queue, because somebody
// looked at it and decided so. The Message-ID stays, so that a mailbox that has it can tell.
func SendAgain(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, message uuid.UUID) error {
	changed, err := tx.Exec(ctx, `
		UPDATE message
		SET state = 'queued', queued_at = $2, next_try_at = $2, settled_at = NULL, claimed_until = NULL
		WHERE id = $1
		  AND state IN ('failed', 'uncertain')`, message, now)
	if err != nil {
		return err
	}
	if changed == 0 {
		return &problem.Conflict{Code: "changed_since", Message: "This message is not failed or uncertain any more. Look at it again."}
	}
	if err := audit.Write(ctx, tx, who.By, now, "sent_again", "message", message.String(), nil); err != nil {
		return fmt.Errorf("audit a message sent again: %w", err)
	}
	return nil
}
