package continuity

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
)

// Of one period the later vintage counts, whichever row stands last.
func TestEnglandsFigureIsThatOfThePeriodAndTheNewest(t *testing.T) {
	revised := append([]config.Benchmark{{Period: "2023/24", Percent: 52, Vintage: "2026"}}, config.BuiltIn().Benchmarks...)
	said := func(list []config.Benchmark) (words string) {
		for _, b := range list {
			words += fmt.Sprintf("%g in %s. ", b.Percent, b.Period)
		}
		return words
	}
	for _, c := range []struct {
		list      []config.Benchmark
		end, want string
	}{
		{config.BuiltIn().Benchmarks, "2023-12-31", "53 in 2023/24. 54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2023-04-01", "53 in 2023/24. 54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2023-03-31", "43 in 2022/23. 54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2019-03-31", "32.1 in 2017/18. 54 in June 2025. "}, // 2018/19 is not published
		{config.BuiltIn().Benchmarks, "2015-03-31", "54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2025-05-31", "53 in 2023/24. 54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2025-06-30", "54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2027-01-31", "54 in June 2025. "},
		{revised, "2023-12-31", "52 in 2023/24. 54 in June 2025. "},
		{nil, "2023-12-31", ""},
	} {
		if got := said(Comparators(c.list, day.MustParse(c.end))); got != c.want {
			t.Errorf("window to %s: %s, want %s", c.end, got, c.want)
		}
	}
}

// A revised figure is another row, and one that the configuration names no more ends; what was known at a moment stays known.
func TestPublishedFiguresAreRowsThatAPastReportStillFinds(t *testing.T) {
	c := newCohort(t)
	first, second := time.Date(2025, 1, 6, 7, 0, 0, 0, time.UTC), time.Date(2026, 1, 5, 7, 0, 0, 0, time.UTC)
	bringIn := func(at time.Time, list ...config.Benchmark) {
		t.Helper()
		c.pool.Rules.Benchmarks = list
		if err := c.pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error { return BringIn(t.Context(), tx, at) }); err != nil {
			t.Fatal(err)
		}
	}
	was := config.Benchmark{Area: "England", Indicator: "C20", Period: "2023/24", PeriodType: "financial year", Percent: 53, Vintage: "2025", Source: "PHOF"}
	revised := was
	revised.Percent, revised.Vintage = 52, "2026"
	bringIn(first, was)
	bringIn(first.AddDate(0, 1, 0), was)
	bringIn(second, was, revised)
	gone := second.AddDate(1, 0, 0)
	bringIn(gone, revised)
	before, after := first.AddDate(0, 6, 0), second.AddDate(0, 6, 0)
	for _, w := range []struct {
		at   *time.Time
		want []config.Benchmark
	}{{&before, []config.Benchmark{was}}, {&after, []config.Benchmark{was, revised}}, {&gone, []config.Benchmark{revised}}, {nil, []config.Benchmark{revised}}} {
		f, err := Count(t.Context(), c.pool, Ask{WindowEnd: day.MustParse("2023-12-31"), DataThrough: day.MustParse("2023-12-31"), AsKnownAt: w.at, Today: longAfter})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(f.Benchmarks, w.want) {
			t.Errorf("known at %v: %v", w.at, f.Benchmarks)
		}
	}
}
