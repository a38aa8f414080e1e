package jobs

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/report"
	"throughgate/internal/testdb"
)

// undoLinks takes so many pick-ups of those released on a day back, at a moment.
func (s *server) undoLinks(t *testing.T, n int, released string, at time.Time) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `
			WITH undone AS (
			  UPDATE pickup
			  SET undone_at = $3, undone_by = 'staff:1', undone_reason = 'by hand'
			  WHERE id IN (
			    SELECT p.id
			    FROM pickup p
			    JOIN referral r ON r.id = p.referral_id
			    WHERE r.released_on = $2
			      AND p.undone_at IS NULL
			    LIMIT $1
			  )
			  RETURNING referral_id
			)
			UPDATE referral
			SET picked_up_on = NULL, updated_at = $3
			WHERE id IN (SELECT referral_id FROM undone)`, n, released, at)
		return err
	})
}

// change changes so many releases of a day, at a moment.
func (s *server) change(t *testing.T, n int, released, set string, at time.Time) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `
			UPDATE referral
			SET updated_at = $3, `+set+`
			WHERE id IN (SELECT id FROM referral WHERE released_on = $2 AND picked_up_on IS NULL LIMIT $1)`, n, released, at)
		return err
	})
}

func (s *server) run(t *testing.T, statement string, args ...any) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), statement, args...)
		return err
	})
}

// lettersOf are the texts of the reports, oldest first, each on one line.
func (s *server) lettersOf(t *testing.T) (texts []string) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error {
		return tx.Select(t.Context(), &texts, `
			SELECT regexp_replace(plain, '\s+', ' ', 'g')
			FROM report_run
			WHERE outcome = 'made'
			ORDER BY due_at`)
	})
	return texts
}

func TestAReportSaysWhatTheOneBeforeSaidOtherwiseAndWhy(t *testing.T) {
	said := "Revised since the report of 8 January 2024: for the three months to 31 December 2023 we said 44%, it is now "
	for name, c := range map[string]struct {
		change func(*server, time.Time)
		want   string
	}{
		"nothing": {func(*server, time.Time) {}, "No rate of an earlier month end has changed since the report of 8 January 2024."},
		"late pick-ups": {func(s *server, at time.Time) { s.recordPickUp(t, 10, "2023-11-01", "2023-11-28", at) },
			said + "57%: pick-ups recorded late."},
		"pick-ups after the window": {func(s *server, at time.Time) { s.recordPickUp(t, 9, "2023-12-20", "2024-01-03", at) },
			"No rate of an earlier month end has changed"},
		"links undone": {func(s *server, at time.Time) { s.undoLinks(t, 9, "2023-11-01", at) },
			said + "32%: a link between the two lists undone or moved."},
		"pick-ups by hand taken back": {func(s *server, at time.Time) {
			s.run(t, `UPDATE pickup SET provider_row_id = NULL`)
			s.undoLinks(t, 9, "2023-11-01", at)
		}, said + "32%: a pick-up taken back."},
		"pick-ups moved out of the window": {func(s *server, at time.Time) {
			s.undoLinks(t, 9, "2023-11-01", at)
			s.recordPickUp(t, 19, "2023-11-01", "2024-01-05", at) // those and all that had none
		}, said + "32%: a date corrected."},
		"late releases": {func(s *server, at time.Time) {
			s.release(t, 20, "2023-12-21", "")
			s.run(t, `UPDATE referral SET received_at = $1, updated_at = $1, known_from = $1 WHERE released_on = DATE '2023-12-21'`, at)
		}, said + "35%: releases recorded late."},
		"release dates corrected": {func(s *server, at time.Time) { s.change(t, 25, "2023-12-20", "released_on = DATE '2024-01-02'", at) },
			said + "66%: a date corrected."},
		"set aside": {func(s *server, at time.Time) { s.change(t, 20, "2023-12-20", "set_aside = 'other partnership'", at) },
			said + "60%: a referral withdrawn or set aside after the fact."},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, testdb.New(t), nil)
			s.furnish(t)
			s.look(t, due.Add(-days))
			s.look(t, due)
			c.change(s, due.Add(2*days))
			s.look(t, due.Add(7*days))
			letters := s.lettersOf(t)
			if strings.Contains(letters[0], "evised since") || strings.Contains(letters[0], "No rate of an earlier") {
				t.Error("the first report has none before it")
			}
			if !strings.Contains(letters[1], c.want) {
				_, after, _ := strings.Cut(letters[1], "COMPARED")
				t.Errorf("not said: %s\nbut: %.900s", c.want, after)
			}
		})
	}
}

// A past report can be made again from what was known when it was made, whatever became known since.
func TestAsKnownWhenItWasMadeAReportSaysWhatWasSent(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t)
	s.look(t, due.Add(-days))
	runs := s.look(t, due)
	s.recordPickUp(t, 10, "2023-11-01", "2023-11-28", due.Add(days))
	s.recordPickUp(t, 9, "2023-12-20", "2023-12-27", due.Add(2*days))
	s.undoLinks(t, 12, "2023-11-01", due.Add(3*days))
	runs = append(runs, s.look(t, due.Add(7*days))...)
	s.change(t, 9, "2023-12-20", "released_on = DATE '2024-01-09'", due.Add(8*days))
	s.change(t, 8, "2023-11-01", "set_aside = 'other partnership'", due.Add(9*days))
	runs = append(runs, s.look(t, due.Add(14*days))...)
	s.undoLinks(t, 9, "2023-12-20", due.Add(15*days))

	var sent []continuity.Sent
	distinct := map[string]bool{}
	for i, run := range runs {
		at := due.Add(time.Duration(7*i) * days)
		f, err := continuity.Count(t.Context(), s.Pool, continuity.Ask{
			WindowEnd: run.WindowEnd, DataThrough: run.DataThrough, Months: report.Windows, AsKnownAt: &at, Today: day.Of(at)})
		if err != nil {
			t.Fatal(err)
		}
		again, was := continuity.Suppress(f, nil, s.Pool.Rules), s.outgoing(t, run)
		again.Guard(sent, s.Pool.Rules)
		before, err := continuity.ReadSent([]byte(s.asKept(t, run).Figures), at)
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, before)
		for name, one := range map[string]any{
			"headline": again.Headline, "m1": again.M1, "m2": again.M2, "m2_adjusted": again.M2Adjusted, "awaiting": again.Awaiting,
			"trend": again.Trend, "breakdowns": again.Breakdowns, "funnel": again.Funnel, "supporting": again.Supporting,
			"footer": again.Footer, "time_to_pick_up": again.TimeToPickUp, "first_three_weeks": again.ThreeWeeks,
		} {
			same(t, asJSON(t, one), asJSON(t, was[name]))
		}
		distinct[asJSON(t, was["trend"])] = true
	}
	if len(distinct) != 3 {
		t.Errorf("%d different reports; the corrections should make each another", len(distinct))
	}
}

func (s *server) outgoing(t *testing.T, run Run) (kept map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s.asKept(t, run).Figures), &kept); err != nil {
		t.Fatal(err)
	}
	return kept
}

// asJSON writes a value with its keys in order.
func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	text, _ = json.Marshal(plain)
	return string(text)
}
