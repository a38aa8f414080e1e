package api

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/timeline"
)

// events are what changed on the asker's own referrals, in order. They carry no personal data, but
// tell what became of somebody, so that each referral told of is audited.
func events(c *call) (answer, error) {
	q, err := asked(c, "after", "limit")
	if err != nil {
		return answer{}, err
	}
	limit := q.number("limit", 50, 1, 200)
	if err := q.wrong.Err(); err != nil {
		return answer{}, err
	}
	return c.reading(c.who.Scope(), func(tx *db.Tx) (any, error) {
		page, err := timeline.Changes(c.ctx, tx, q.text("after"), limit)
		if err != nil || len(page.Items) == 0 {
			return page, err
		}
		return page, audit.WriteEach(c.ctx, tx, c.who.By, c.now, "shown", "referral", referralsOf(page), audit.Detail{"where": "events"})
	})
}

func referralsOf(page timeline.Page) (ids []string) {
	told := map[uuid.UUID]bool{}
	for _, change := range page.Items {
		if !told[change.ReferralID] {
			told[change.ReferralID] = true
			ids = append(ids, change.ReferralID.String())
		}
	}
	return ids
}

// run is a report that was due, as the list shows it.
type run struct {
	ID          uuid.UUID `json:"id" db:"id"`
	Report      string    `json:"report" db:"report"`
	DueAt       time.Time `json:"due_at" db:"due_at"`
	WindowEnd   day.Date  `json:"window_end" db:"window_end"`
	DataThrough day.Date  `json:"data_through" db:"data_through"`
	Outcome     string    `json:"outcome" db:"outcome"`
	MadeAt      time.Time `json:"made_at" db:"made_at"`
	Subject     *string   `json:"subject" db:"subject"`
}

// sentReport is a report as it was sent: its figures are those after suppression.
type sentReport struct {
	run
	Figures json.RawMessage `json:"figures" db:"figures"`
	Plain   *string         `json:"plain" db:"plain"`
	HTML    *string         `json:"html" db:"html"`
	CSV     *string         `json:"csv" db:"csv"`
}

func reports(c *call) (answer, error) {
	if err := noQuery(c); err != nil {
		return answer{}, err
	}
	return c.reading(c.who.Scope(), func(tx *db.Tx) (any, error) {
		runs := []run{}
		err := tx.Select(c.ctx, &runs, `
			SELECT id, report, due_at, window_end, data_through, outcome, made_at, subject
			FROM report_run
			WHERE outcome <> 'first_start'
			ORDER BY due_at DESC, report`)
		return items[run]{Items: runs}, err
	})
}

func report(c *call) (answer, error) {
	if err := noQuery(c); err != nil {
		return answer{}, err
	}
	return c.reading(c.who.Scope(), func(tx *db.Tx) (any, error) {
		var r sentReport
		err := tx.Get(c.ctx, &r, `
			SELECT id, report, due_at, window_end, data_through, outcome, made_at, subject,
			  coalesce(figures, 'null') AS figures, plain, html, csv
			FROM report_run
			WHERE id = $1
			  AND outcome <> 'first_start'`, c.id)
		if errors.Is(err, db.ErrNone) {
			return nil, &problem.NotFound{What: "report"}
		}
		return r, err
	})
}

// continuityRate answers exactly what the rate command prints.
func continuityRate(c *call) (answer, error) {
	q, err := asked(c, "window_end", "data_through", "months")
	if err != nil {
		return answer{}, err
	}
	ask := continuity.Ask{
		WindowEnd:   q.date("window_end"),
		DataThrough: q.date("data_through"),
		Months:      q.number("months", 1, 1, 120),
		Today:       day.Of(c.now),
	}
	q.need("window_end")
	if err := q.wrong.Err(); err != nil {
		return answer{}, err
	}
	found, err := continuity.Count(c.ctx, c.Pool, ask)
	return ok(found), err
}
