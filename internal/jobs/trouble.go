package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
)

// Trouble is something that is wrong with what the figures are made of, or with the report itself.
type Trouble struct {
	Kind  string // quiet_prison, quiet_provider, less_complete, report_missed, not_delivered
	Words string // a sentence, without a count and without a day
	Note  bool   // for the report's readers too; the rest is for administrators
	Of    string // the organisation that has gone quiet; "" of the rest
}

// Troubles are what is wrong now, for pages and for the report: a prison or the provider has gone
// quiet, fields are filled in less often, a planned report was not made or not delivered.
func Troubles(ctx context.Context, pool *db.Pool, now time.Time) ([]Trouble, error) {
	today := day.Of(now)
	figures, err := continuity.Count(ctx, pool, continuity.Ask{WindowEnd: today.Add(-1), Months: 5, Today: today})
	if err != nil {
		return nil, fmt.Errorf("whether completeness fell: %w", err)
	}
	return troublesBeside(ctx, pool, now, figures)
}

// Silences are those of the troubles that need no figures, so that a page can say them at once: who has
// gone quiet, and which planned report was not made or not delivered.
func Silences(ctx context.Context, pool *db.Pool, now time.Time) (found []Trouble, err error) {
	err = pool.Act(ctx, scope, func(tx *db.Tx) error {
		silent, err := quiet(ctx, tx, now)
		if err != nil {
			return err
		}
		unsent, err := notSent(ctx, tx, now)
		found = slices.Concat(silent, unsent)
		return err
	})
	return found, err
}

// troublesBeside is Troubles where the figures are counted already.
func troublesBeside(ctx context.Context, pool *db.Pool, now time.Time, figures *continuity.Figures) (found []Trouble, err error) {
	err = pool.Act(ctx, scope, func(tx *db.Tx) error {
		silent, err := quiet(ctx, tx, now)
		if err != nil {
			return err
		}
		unsent, err := notSent(ctx, tx, now)
		found = slices.Concat(silent, lessComplete(figures), unsent)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("what is wrong: %w", err)
	}
	return found, nil
}

// A partner usually sends when it did on so many days of the last year; fewer say nothing about gaps.
const (
	usuallySends = 5
	lookedAtDays = 365
	shortestGap  = 7 // days: a weekend is no silence
)

// quiet are the prisons that usually refer, and the providers that usually record pick-ups, from whom
// nothing has come for longer than the settings' number of usual gaps. A usual gap is the median of
// the days between two days on which something came.
func quiet(ctx context.Context, tx *db.Tx, now time.Time) (found []Trouble, err error) {
	unheard, err := unheardOf(ctx, tx, now)
	if err != nil || len(unheard) == 0 {
		return nil, err
	}
	var came []struct {
		Code string   `db:"code"`
		On   day.Date `db:"came_on"`
	}
	err = tx.Select(ctx, &came, `
		SELECT DISTINCT code, CAST(at AT TIME ZONE 'Europe/London' AS date) AS came_on
		FROM (`+arrivals+`) c
		WHERE at > $1
		  AND at <= $2
		  AND code = ANY ($3)
		ORDER BY code, came_on`, now.AddDate(0, 0, -lookedAtDays), now, pq.Array(unheard))
	days := map[string][]day.Date{}
	for _, c := range came {
		days[c.Code] = append(days[c.Code], c.On)
	}
	silent := func(code string) bool { return goneQuiet(days[code], day.Of(now), tx.Rules.Silence.Gaps) }
	for _, p := range tx.Rules.Prisons {
		if silent(p.Code) {
			found = append(found, Trouble{"quiet_prison", fmt.Sprintf(
				"%s, which usually refers, has sent nothing for more than %g times its usual gap: the figures may miss its releases.", p.Name, tx.Rules.Silence.Gaps), true, p.Code})
		}
	}
	for _, p := range tx.Rules.Providers {
		if silent(p.Code) {
			found = append(found, Trouble{"quiet_provider", fmt.Sprintf(
				"%s has recorded no pick-up for more than %g times its usual gap: the rates may read lower than they are.", p.Name, tx.Rules.Silence.Gaps), true, p.Code})
		}
	}
	return found, err
}

// arrivals is when something came, and from whom.
const arrivals = `
		  SELECT organisation AS code, received_at AS at
		  FROM received_file
		  WHERE row_count > 0
		  UNION ALL
		  SELECT prison, received_at
		  FROM referral
		  WHERE source <> 'file'
		    AND moved_from IS NULL
		  UNION ALL
		  SELECT r.provider, p.recorded_at
		  FROM pickup p
		  JOIN referral r ON r.id = p.referral_id
		  WHERE p.provider_row_id IS NULL`

// unheardOf are the partners from whom nothing has come within the shortest gap that is a silence: most days nobody,
// and then nothing more needs to be read.
func unheardOf(ctx context.Context, tx *db.Tx, now time.Time) (codes []string, err error) {
	var partners []string
	for _, p := range tx.Rules.Prisons {
		partners = append(partners, p.Code)
	}
	for _, p := range tx.Rules.Providers {
		partners = append(partners, p.Code)
	}
	since := day.Of(now).Add(-int(tx.Rules.Silence.Gaps*shortestGap)).At(0, 0)
	err = tx.Select(ctx, &codes, `
		SELECT partner
		FROM unnest($1::text[]) AS partner
		WHERE (SELECT true FROM (`+arrivals+`) c WHERE code = partner AND at >= $2 AND at <= $3 LIMIT 1) IS NULL`, pq.Array(partners), since, now)
	return codes, err
}

// goneQuiet judges the days, in order, on which something came.
func goneQuiet(came []day.Date, today day.Date, gaps float64) bool {
	if len(came) < usuallySends {
		return false
	}
	var between []int
	for i := 1; i < len(came); i++ {
		between = append(between, came[i].Sub(came[i-1]))
	}
	slices.Sort(between)
	usual := max(shortestGap, between[len(between)/2])
	return float64(today.Sub(came[len(came)-1])) > gaps*float64(usual)
}

// fellBy is from how many points on completeness has fallen; fewer come and go.
const fellBy = 5

// lessComplete compares S12 with the window three months before, which shares no day with this one.
func lessComplete(f *continuity.Figures) []Trouble {
	last := f.Last()
	for i := len(f.Windows) - 1; i >= 0; i-- {
		if f.Windows[i].End.Before(last.Start) {
			return fell(f.Windows[i].Supporting.S12.Percent, last.Supporting.S12.Percent)
		}
	}
	return nil
}

func fell(before, now *continuity.Tenth) []Trouble {
	if now == nil || before == nil || *before-*now < 10*fellBy {
		return nil
	}
	return []Trouble{{"less_complete", fmt.Sprintf(
		"Mandatory fields are filled in less often than three months ago, by %d points or more.", fellBy), true, ""}}
}

// recently is how far back a report that was missed or not delivered is still news.
const recently = 14 * 24 * time.Hour

// waitsTooLong is when a message that waits is in trouble.
const waitsTooLong = 24 * time.Hour

func notSent(ctx context.Context, tx *db.Tx, now time.Time) (found []Trouble, err error) {
	var is struct {
		Missed  bool `db:"missed"`
		Failed  bool `db:"failed"`
		Waiting bool `db:"waiting"`
	}
	err = tx.Get(ctx, &is, `
		SELECT
		  EXISTS (
		    SELECT FROM report_run
		    WHERE report = $1
		      AND outcome = 'missed'
		      AND due_at > $2
		      AND due_at <= $3
		  ) AS missed,
		  EXISTS (
		    SELECT FROM message
		    WHERE kind = 'report'
		      AND state IN ('failed', 'uncertain')
		      AND queued_at > $2
		      AND queued_at <= $3
		  ) AS failed,
		  EXISTS (
		    SELECT FROM message
		    WHERE kind = 'report'
		      AND state IN ('queued', 'sending', 'dot_committed')
		      AND queued_at <= $4
		  ) AS waiting`, weekly, now.Add(-recently), now, now.Add(-waitsTooLong))
	for _, one := range []struct {
		so bool
		Trouble
	}{
		{is.Missed, Trouble{"report_missed", "A planned report was not made, because nothing ran when it was due. It can be sent by hand.", true, ""}},
		{is.Failed, Trouble{"not_delivered", "A report was not delivered to a reader, or nobody knows whether it was. The list of reports has the mail server's answers.", false, ""}},
		{is.Waiting, Trouble{"not_delivered", "A report has waited for more than a day to be delivered. Is the mail server right?", false, ""}},
	} {
		if one.so {
			found = append(found, one.Trouble)
		}
	}
	return found, err
}
