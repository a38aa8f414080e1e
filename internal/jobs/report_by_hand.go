package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/problem"
	"throughgate/internal/report"
	"throughgate/internal/staff"
)

// SendLatest makes and queues the report of the latest due time, because somebody asked for it. Once
// that is made, it is a *problem.Conflict with the run's id, unless again: then the report as it
// stands goes out once more, to whoever is a reader now.
func SendLatest(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, again bool) (Run, error) {
	return SendDue(ctx, pool, who, now, now, again)
}

// SendDue is SendLatest for the due time at or before the moment by, also one before the first start.
func SendDue(ctx context.Context, pool *db.Pool, who staff.Who, now, by time.Time, again bool) (Run, error) {
	if err := who.Must(staff.Admin, staff.SubGroup); err != nil {
		return Run{}, err
	}
	due, err := dueBy(pool.Rules.Report.Schedule, now, by)
	if err != nil {
		return Run{}, err
	}
	made, err := madeFor(ctx, pool, due)
	switch {
	case errors.Is(err, db.ErrNone):
		return issueByHand(ctx, pool, who, now, due)
	case err != nil:
		return Run{}, err
	case !again:
		return Run{}, alreadyMade(made)
	}
	return sendAgain(ctx, pool, who, now, made)
}

func dueBy(schedule string, now, by time.Time) (time.Time, error) {
	if by.After(now) {
		return by, problem.Wrong("due", "in_the_future", "A report cannot be made before it is due.")
	}
	due, ok, err := latestDue(schedule, by)
	if err == nil && !ok {
		err = problem.Wrong("report.schedule", "never_due", "By its schedule the report was not due in the four years before.")
	}
	return due, err
}

// kept is a report as it was made.
type kept struct {
	Run
	letter
}

// madeFor is the report of a due time; db.ErrNone when none was made.
func madeFor(ctx context.Context, pool *db.Pool, due time.Time) (k kept, err error) {
	err = pool.Act(ctx, scope, func(tx *db.Tx) error {
		return tx.Get(ctx, &k, `
			SELECT id, due_at, window_end, data_through, subject, html, plain, picture
			FROM report_run
			WHERE report = $1
			  AND due_at = $2
			  AND outcome = 'made'`, weekly, due)
	})
	return k, err
}

// LatestMade is the id of the report of the latest due time; uuid.Nil while that is not made, so that SendLatest would
// make it.
func LatestMade(ctx context.Context, pool *db.Pool, now time.Time) (id uuid.UUID, err error) {
	due, ok, err := latestDue(pool.Rules.Report.Schedule, now)
	if err != nil || !ok {
		return uuid.Nil, err
	}
	err = pool.Act(ctx, scope, func(tx *db.Tx) error {
		return tx.Get(ctx, &id, `
			SELECT id
			FROM report_run
			WHERE report = $1
			  AND due_at = $2
			  AND outcome = 'made'`, weekly, due)
	})
	if errors.Is(err, db.ErrNone) {
		return uuid.Nil, nil
	}
	return id, err
}

func issueByHand(ctx context.Context, pool *db.Pool, who staff.Who, now, due time.Time) (Run, error) {
	run, err := issue(ctx, pool, who, now, due)
	if err != nil {
		return Run{}, err
	}
	if run != nil {
		return *run, nil
	}
	made, err := madeFor(ctx, pool, due)
	if err != nil && !errors.Is(err, db.ErrNone) { // none: it is still being made
		return Run{}, err
	}
	made.DueAt = due
	return Run{}, alreadyMade(made)
}

func alreadyMade(k kept) error {
	conflict := &problem.Conflict{Code: "already_recorded", Message: fmt.Sprintf(
		"The report due on %s is made already. Open it in the list of reports, or send it again on purpose.", day.Of(k.DueAt).Long())}
	if k.Subject != "" {
		conflict.ID = k.ID.String()
	}
	return conflict
}

// sendAgain queues the report as it was made, under the next number of sending; of two who ask for
// the same number one is told that it is on its way.
func sendAgain(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, k kept) (Run, error) {
	run := k.Run
	err := pool.Act(ctx, scope, func(tx *db.Tx) (err error) {
		if run.Sending, err = mail.NextSending(ctx, tx, run.ID); err != nil {
			return err
		}
		if err := run.queue(ctx, tx, now, k.letter); err != nil {
			return err
		}
		return run.audit(ctx, tx, who, now, "report_sent_again")
	})
	return run, err
}

// Preview draws a report that is kept nowhere and sent to nobody, and its message as it would
// travel, addressed to the sender. No dataThrough is yesterday.
func Preview(ctx context.Context, pool *db.Pool, now time.Time, windowEnd, dataThrough day.Date) (r *report.Rendered, eml []byte, err error) {
	if _, r, err = draw(ctx, pool, now, windowEnd, dataThrough); err != nil {
		return nil, nil, err
	}
	sender, err := mail.Mailbox(pool.Rules.Mail.From)
	if err != nil {
		return nil, nil, problem.Wrong("mail.from", "invalid_address", "Set mail.from in the configuration to an email address such as reports@example.org.")
	}
	_, domain, _ := strings.Cut(sender.Address, "@")
	l := letterOf(r).to("")
	l.From, l.ToAddress, l.Date = pool.Rules.Mail.From, sender.Address, now
	l.MessageID = "preview-" + windowEnd.String() + "@" + domain
	eml, err = mail.Compose(l)
	return r, eml, err
}
