package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/report"
	"throughgate/internal/staff"
)

// weekly is the report's name in report_run.
const weekly = "weekly"

// madeUpWithin is how long after its due time a report is still made by itself. A day short of the
// next one: nobody wants two at once.
const madeUpWithin = 6 * 24 * time.Hour

// Run is one report that was made for one due time, and one sending of it.
type Run struct {
	ID          uuid.UUID `db:"id"`
	DueAt       time.Time `db:"due_at"`
	WindowEnd   day.Date  `db:"window_end"`
	DataThrough day.Date  `db:"data_through"`
	Sending     int       // 1; more when it was deliberately sent again
	Recipients  int       // messages that this sending queued
}

func weeklyReport(ctx context.Context, d Deps) error {
	made, err := MakeDue(ctx, d.Pool, d.Now())
	for _, run := range made {
		d.Log.Info("report made", "due", run.DueAt, "recipients", run.Recipients)
		d.Bell.Ring()
	}
	return err
}

// MakeDue makes and queues every report that is due and not made yet, and gives back those that this
// call made. A due time less than six days old is made up, with the figures that it would have had;
// an older one is noted as missed. At the first start ever nothing is due.
func MakeDue(ctx context.Context, pool *db.Pool, now time.Time) (made []Run, err error) {
	due, err := notDealtWith(ctx, pool, now)
	if err != nil {
		return nil, fmt.Errorf("which reports are due: %w", err)
	}
	for _, at := range due {
		if now.Sub(at) >= madeUpWithin {
			if err := noteMissed(ctx, pool, now, at); err != nil {
				return made, err
			}
			continue
		}
		run, err := issue(ctx, pool, staff.Service, now, at)
		if err != nil {
			return made, fmt.Errorf("the report due %s: %w", at.Format(time.RFC3339), err)
		}
		if run != nil {
			made = append(made, *run)
		}
	}
	return made, nil
}

// notDealtWith are the due times since the first start that have no row yet, oldest first.
func notDealtWith(ctx context.Context, pool *db.Pool, now time.Time) (due []time.Time, err error) {
	var noted []time.Time
	err = pool.Act(ctx, scope, func(tx *db.Tx) error {
		begun, err := firstStart(ctx, tx, now)
		if err != nil {
			return err
		}
		if due, err = DueTimes(tx.Rules.Report.Schedule, begun, now); err != nil || len(due) == 0 {
			return err
		}
		return tx.Select(ctx, &noted, `
			SELECT due_at
			FROM report_run
			WHERE report = $1
			  AND due_at > $2`, weekly, begun)
	})
	return without(due, noted), err
}

func without(due, noted []time.Time) (left []time.Time) {
	known := map[int64]bool{}
	for _, at := range noted {
		known[at.Unix()] = true // due times have no parts of a second
	}
	for _, at := range due {
		if !known[at.Unix()] {
			left = append(left, at)
		}
	}
	return left
}

// firstStart is the moment after which reports are due. Of several servers that start first, one
// notes it.
func firstStart(ctx context.Context, tx *db.Tx, now time.Time) (begun time.Time, err error) {
	noted := `
		SELECT due_at
		FROM report_run
		WHERE report = $1
		  AND outcome = 'first_start'`
	if err = tx.Get(ctx, &begun, noted, weekly); !errors.Is(err, db.ErrNone) {
		return begun, err
	}
	if _, err = tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('first start of the weekly report'))`); err != nil {
		return begun, err
	}
	if err = tx.Get(ctx, &begun, noted, weekly); !errors.Is(err, db.ErrNone) {
		return begun, err
	}
	begun = now.Truncate(time.Microsecond).Add(-time.Microsecond) // due this very moment is due after the start
	windowEnd, dataThrough := coverage(begun)
	_, err = tx.Exec(ctx, `
		INSERT INTO report_run (id, report, due_at, window_end, data_through, outcome, made_at, made_by)
		VALUES ($1, $2, $3, $4, $5, 'first_start', $6, $7)`,
		uuid.New(), weekly, begun, windowEnd, dataThrough, now, staff.Service.By.Actor)
	return begun, err
}

// noteMissed notes a due time that is too old to be made up. It can still be made by hand.
func noteMissed(ctx context.Context, pool *db.Pool, now, due time.Time) error {
	windowEnd, dataThrough := coverage(due)
	return pool.Act(ctx, scope, func(tx *db.Tx) error {
		id := uuid.New()
		noted, err := tx.Exec(ctx, `
			INSERT INTO report_run (id, report, due_at, window_end, data_through, outcome, made_at, made_by)
			VALUES ($1, $2, $3, $4, $5, 'missed', $6, $7)
			ON CONFLICT ON CONSTRAINT one_run_per_due_time DO NOTHING`,
			id, weekly, due, windowEnd, dataThrough, now, staff.Service.By.Actor)
		if err != nil || noted == 0 {
			return err
		}
		return audit.Write(ctx, tx, staff.Service.By, now, "report_missed", "report", id.String(), audit.Detail{"due_at": due})
	})
}

// issue makes the report due at a moment and queues one message to each reader, in one transaction;
// nil means that it was made already. The figures are counted before the transaction: what is
// counted in vain, when another server is quicker, costs less than a transaction left open.
func issue(ctx context.Context, pool *db.Pool, who staff.Who, now, due time.Time) (*Run, error) {
	run := &Run{ID: uuid.New(), DueAt: due, Sending: 1}
	run.WindowEnd, run.DataThrough = coverage(due)
	figures, rendered, err := draw(ctx, pool, now, run.WindowEnd, run.DataThrough)
	if err != nil {
		return nil, err
	}
	err = pool.Act(ctx, scope, func(tx *db.Tx) error {
		if err := run.keep(ctx, tx, who, now, figures, rendered); err != nil {
			return err
		}
		if err := run.queue(ctx, tx, now, letterOf(rendered)); err != nil {
			return err
		}
		return run.audit(ctx, tx, who, now, "report_made")
	})
	if errors.Is(err, errMade) {
		return nil, nil
	}
	return run, err
}

// errMade undoes the work of whoever comes second.
var errMade = errors.New("this report is made already")

// draw counts the figures, suppresses them once, and renders what is left.
func draw(ctx context.Context, pool *db.Pool, now time.Time, windowEnd, dataThrough day.Date) (figures continuity.Outgoing, rendered *report.Rendered, err error) {
	ask := continuity.Ask{WindowEnd: windowEnd, DataThrough: dataThrough, Months: report.Windows, Today: day.Of(now), LastWhole: true}
	exact, err := continuity.Count(ctx, pool, ask)
	if err != nil {
		return figures, nil, err
	}
	past, err := yearBefore(ctx, pool, ask)
	if err != nil {
		return figures, nil, err
	}
	chart, err := continuity.Chart(ctx, pool, ask)
	if err != nil {
		return figures, nil, err
	}
	issue := report.Issue{Figures: continuity.Suppress(exact, past, pool.Rules), MadeAt: now, Rules: pool.Rules}
	if issue.Notes, err = notes(ctx, pool, now, exact); err != nil {
		return figures, nil, err
	}
	err = pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		return complete(ctx, tx, &issue, ask.Today)
	})
	if err != nil {
		return figures, nil, err
	}
	issue.Figures.Judge(chart)
	rendered, err = report.Render(issue)
	return issue.Figures, rendered, err
}

// notes are the troubles that the report's readers should know of.
func notes(ctx context.Context, pool *db.Pool, now time.Time, exact *continuity.Figures) (words []string, err error) {
	found, err := troublesBeside(ctx, pool, now, exact)
	return noted(found), err
}

// noted are the words of those troubles that readers are told of.
func noted(found []Trouble) (words []string) {
	for _, trouble := range found {
		if trouble.Note {
			words = append(words, trouble.Words)
		}
	}
	return words
}

// complete adds what the figures of this week alone do not say: what would give somebody away beside
// the reports already sent, what has changed since, and whether work is waiting.
func complete(ctx context.Context, tx *db.Tx, i *report.Issue, today day.Date) error {
	sent, err := sentBefore(ctx, tx, i.MadeAt)
	if err != nil {
		return fmt.Errorf("reports sent before: %w", err)
	}
	i.Figures.Guard(sent, tx.Rules)
	if len(sent) > 0 {
		if err := i.Figures.Revise(ctx, tx, sent[len(sent)-1], i.MadeAt); err != nil {
			return err
		}
	}
	i.Waiting, err = waitingNow(ctx, tx, today)
	return err
}

// yearBefore is the window that ended twelve months earlier, with which the rate is compared; nil
// where the month ends hold it already.
func yearBefore(ctx context.Context, pool *db.Pool, ask continuity.Ask) (*continuity.Window, error) {
	if ask.WindowEnd == day.MonthEnd(ask.WindowEnd) {
		return nil, nil
	}
	ask.WindowEnd, ask.Months = ask.WindowEnd.AddMonths(-12), 1
	figures, err := continuity.Count(ctx, pool, ask)
	if err != nil {
		return nil, err
	}
	return figures.Last(), nil
}

// keep stores the report as it will be sent. A due time that was noted as missed becomes made;
// errMade when it was made before, by whomever.
func (run *Run) keep(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, figures continuity.Outgoing, r *report.Rendered) error {
	text, err := json.Marshal(figures)
	if err != nil {
		return err
	}
	err = tx.Get(ctx, &run.ID, `
		INSERT INTO report_run (id, report, due_at, window_end, data_through, outcome, made_at, made_by, figures, subject, html, plain, picture, csv, xlsx, drawing)
		VALUES ($1, $2, $3, $4, $5, 'made', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT ON CONSTRAINT one_run_per_due_time DO UPDATE
		SET outcome = excluded.outcome, window_end = excluded.window_end, data_through = excluded.data_through,
		  made_at = excluded.made_at, made_by = excluded.made_by, figures = excluded.figures, subject = excluded.subject,
		  html = excluded.html, plain = excluded.plain, picture = excluded.picture, csv = excluded.csv,
		  xlsx = excluded.xlsx, drawing = excluded.drawing
		WHERE report_run.outcome = 'missed'
		RETURNING id`,
		run.ID, weekly, run.DueAt, run.WindowEnd, run.DataThrough, now, who.By.Actor,
		string(text), r.Subject, r.HTML, r.Text, r.PNG, string(r.CSV), r.XLSX, orNull(r.SVG))
	if errors.Is(err, db.ErrNone) || db.Waited(err) { // waited: somebody is making it right now
		return errMade
	}
	return err
}

// orNull is a text that may not be there.
func orNull(text []byte) *string {
	if text == nil {
		return nil
	}
	return new(string(text))
}

// letter is what every reader gets alike.
type letter struct {
	Subject string `db:"subject"`
	HTML    string `db:"html"`
	Text    string `db:"plain"`
	PNG     []byte `db:"picture"`
}

func letterOf(r *report.Rendered) letter { return letter{r.Subject, r.HTML, r.Text, r.PNG} }

// queue puts one message for each reader into the outbox. Each says how its reader leaves.
func (run *Run) queue(ctx context.Context, tx *db.Tx, now time.Time, l letter) error {
	readers, err := mail.Readers(ctx, tx)
	if err != nil {
		return err
	}
	for _, reader := range readers {
		leave := mail.LeaveLink(tx, reader)
		_, err := mail.Queue(ctx, tx, now, mail.Outgoing{
			Purpose:   mail.ForReport,
			Run:       uuid.NullUUID{UUID: run.ID, Valid: true},
			Sending:   run.Sending,
			Recipient: reader,
			Letter:    l.to(leave),
		})
		if err != nil {
			return err
		}
	}
	run.Recipients = len(readers)
	return nil
}

func (l letter) to(leave string) mail.Letter {
	return mail.Letter{
		Subject: l.Subject, HTML: report.HTMLWithLeave(l.HTML, leave), Text: report.TextWithLeave(l.Text, leave),
		InlinePNG: mail.Picture{CID: report.PictureCID, PNG: l.PNG}, ListUnsubscribe: leave,
	}
}

func (run *Run) audit(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, act string) error {
	return audit.Write(ctx, tx, who.By, now, act, "report", run.ID.String(),
		audit.Detail{"due_at": run.DueAt, "sending": run.Sending, "recipients": run.Recipients})
}
