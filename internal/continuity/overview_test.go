package continuity_test

import (
	"encoding/json"
	"testing"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
)

// The one pass over all months tells of each month end what counting it by itself does, from the first release on.
func TestTheHistoryAgreesWithEachMonthCountedAlone(t *testing.T) {
	pool := cohort(t)
	for _, w := range []string{"2023-12-31", "2023-12-17"} {
		ask := continuity.Ask{WindowEnd: day.MustParse(w), DataThrough: day.MustParse("2024-01-10"), Today: day.Of(at)}
		seen, err := continuity.Look(t.Context(), pool, ask)
		if err != nil {
			t.Fatal(err)
		}
		first := seen.MonthEnds[0]
		if first.M1.Releases == 0 || seen.MonthEnds[len(seen.MonthEnds)-1].End != ask.WindowEnd {
			t.Errorf("the history to %s begins with %+v", w, first.M1)
		}
		ask.Months = len(seen.MonthEnds) + 1
		alone, err := continuity.Count(t.Context(), pool, ask)
		if err != nil {
			t.Fatal(err)
		}
		if before := alone.Windows[0]; before.M1.Releases > 0 {
			t.Errorf("the window to %s has releases, and is not in the history", before.End)
		}
		chart, err := continuity.Chart(t.Context(), pool, ask)
		if err != nil {
			t.Fatal(err)
		}
		same(t, expectedWindow{End: ask.WindowEnd}, "chart", seen.Chart, chart)
		for i, got := range seen.MonthEnds {
			want := alone.Windows[i+1]
			want.M1.People = got.M1.People
			expect := expectedWindow{End: want.End, DataThrough: ask.DataThrough}
			same(t, expect, "end", got.End, want.End)
			same(t, expect, "m1", got.M1, want.M1)
			same(t, expect, "m2", got.M2, want.M2)
		}
		if year := ask.WindowEnd.AddMonths(-12); seen.Past == nil || seen.Past.End != year || seen.Past.M1.Releases == 0 {
			t.Errorf("a year before %s: %+v", w, seen.Past)
		}
	}
}

// On the same data nothing is revised, however exact rates lie to those that were rounded for the report.
func TestRoundingIsNoRevision(t *testing.T) {
	pool := cohort(t)
	ask := continuity.Ask{WindowEnd: day.MustParse("2023-12-31"), DataThrough: day.MustParse("2024-01-10"), Months: 25, Today: day.Of(at)}
	counted, err := continuity.Count(t.Context(), pool, ask)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(continuity.Suppress(counted, nil, pool.Rules))
	if err != nil {
		t.Fatal(err)
	}
	sent, err := continuity.ReadSent(text, at)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := continuity.Look(t.Context(), pool, ask)
	if err != nil {
		t.Fatal(err)
	}
	err = pool.Act(t.Context(), db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		revised, err := seen.Since(t.Context(), tx, sent, at)
		if len(revised.MonthEnd) > 0 || revised.Since.IsZero() {
			t.Errorf("%+v", revised)
		}
		exact := seen.Exact(pool.Rules)
		if err == nil {
			err = exact.Revise(t.Context(), tx, sent, at)
		}
		if len(exact.Revised.MonthEnd) == 0 {
			t.Error("no rate of the cohort would have shown the difference: this test proves nothing")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
