package continuity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
)

// BringIn makes the rows of published figures those of the configuration, as a server does at every start. A figure that is
// new there becomes a row; one that is gone ends, and stays for the reports that were compared with it.
func BringIn(ctx context.Context, tx *db.Tx, now time.Time) error {
	standing, err := benchmarks(ctx, tx, nil)
	if err != nil {
		return err
	}
	for _, b := range standing {
		if slices.Contains(tx.Rules.Benchmarks, b) {
			continue
		}
		if _, err := tx.Exec(ctx, `
			UPDATE benchmark
			SET known_until = greatest(known_from, $8)
			WHERE (area, indicator, period, period_type, percent, vintage, source) = ($1, $2, $3, $4, $5, $6, $7)
			  AND known_until IS NULL`, b.Area, b.Indicator, b.Period, b.PeriodType, b.Percent, b.Vintage, b.Source, now); err != nil {
			return err
		}
	}
	for _, b := range tx.Rules.Benchmarks {
		if slices.Contains(standing, b) {
			continue
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO benchmark (area, indicator, period, period_type, percent, vintage, source, known_from)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT DO NOTHING`, b.Area, b.Indicator, b.Period, b.PeriodType, b.Percent, b.Vintage, b.Source, now); err != nil {
			return err
		}
	}
	return nil
}

// benchmarks are the published figures that were known at a moment, or stand now; of two alike the one known last comes last.
func benchmarks(ctx context.Context, tx *db.Tx, at *time.Time) (list []config.Benchmark, err error) {
	var rows []struct {
		Area, Indicator, Period string
		PeriodType              string `db:"period_type"`
		Percent                 float64
		Vintage, Source         string
	}
	err = tx.Select(ctx, &rows, `
		SELECT area, indicator, period, period_type, percent, vintage, source
		FROM benchmark
		WHERE coalesce(known_from <= $1 AND coalesce(known_until > $1, true), known_until IS NULL)
		ORDER BY known_from, area, indicator, period, vintage, percent`, at)
	for _, r := range rows {
		list = append(list, config.Benchmark(r))
	}
	return list, err
}

// england is M2 against the published figures that fit the window.
func england(m2 ShownRate, w *Window, list []config.Benchmark) string {
	var said []string
	for i, b := range Comparators(list, w.End) {
		newest := ""
		if i > 0 {
			newest = "the newest figure, "
		}
		said = append(said, fmt.Sprintf("%s %s%s's %g%% (%s, %s, %s, as published in %s)",
			than(m2.verdict(b.Percent)), newest, b.Area, b.Percent, b.Indicator, b.Period, b.PeriodType, b.Vintage))
	}
	if len(said) == 0 {
		return ""
	}
	return fmt.Sprintf("Within 21 days %s were picked up: %s.", rateWithInterval(m2), strings.Join(said, "; "))
}

// Comparators are the benchmarks for a window that ends on a day: that of the period the day lies in or, where none is
// published for it, of the last period before; and, where it is another, the newest. Of one period the latest vintage.
func Comparators(list []config.Benchmark, end day.Date) []config.Benchmark {
	var chosen []config.Benchmark
	newest, ok := lastBegun(list, day.Date{})
	if !ok {
		return nil
	}
	if then, ok := lastBegun(list, end); ok && then != newest {
		chosen = append(chosen, then)
	}
	return append(chosen, newest)
}

// lastBegun is the benchmark of the last period that has begun by a day (none: of all), in its latest vintage; of equal ones
// the one listed last.
func lastBegun(list []config.Benchmark, by day.Date) (b config.Benchmark, ok bool) {
	var began day.Date
	for _, one := range list {
		begins, read := one.Begins()
		if !read || !by.IsZero() && begins.After(by) || begins.Before(began) || begins == began && one.Vintage < b.Vintage {
			continue
		}
		b, began, ok = one, begins, true
	}
	return b, ok
}
