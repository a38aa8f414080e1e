package continuity_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

// expectedWindow is a month end as it was worked out independently of this program.
type expectedWindow struct {
	DataThrough day.Date      `json:"data_through"`
	Start       day.Date      `json:"window_start"`
	End         day.Date      `json:"window_end"`
	M1          continuity.M1 `json:"m1"`
	M2          continuity.M2 `json:"m2"`
	ByGroupM1   map[string]struct {
		Releases int
		PickedUp int `json:"picked_up"`
	} `json:"by_substance_group_m1"`
	ByGroupM2 map[string]struct {
		Releases int
		PickedUp int `json:"picked_up"`
	} `json:"by_substance_group_m2"`
	Coverage *struct{ Referred, Needed int } `json:"referral_coverage"`
}

var at = time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)

// Every month end that expected.json has: as it was then, with later data, and after the reviews.
func TestEveryMonthEndOfTheExampleCohort(t *testing.T) {
	text, err := os.ReadFile("../reconcile/testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		DataThrough day.Date         `json:"data_through"`
		MonthEnds   []expectedWindow `json:"month_ends"`
		Later       []expectedWindow `json:"later"`
		AfterReview []expectedWindow `json:"month_ends_after_review"`
	}
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	if len(expected.MonthEnds) != 16 || len(expected.Later) != 2 || len(expected.AfterReview) != 3 {
		t.Fatalf("%d, %d and %d windows are expected", len(expected.MonthEnds), len(expected.Later), len(expected.AfterReview))
	}
	pool := cohort(t)
	hold(t, pool, expected.DataThrough, expected.MonthEnds)
	hold(t, pool, expected.DataThrough, expected.Later)
	confirmAll(t, pool)
	hold(t, pool, expected.DataThrough, expected.AfterReview)
}

func cohort(t *testing.T) *db.Pool {
	t.Helper()
	pool := testdb.New(t).Pool(t)
	if err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error { return staff.BringIn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	folder := "../demo/exeter-plymouth/"
	releases, err := os.ReadFile(folder + "prison-releases.csv")
	if err != nil {
		t.Fatal(err)
	}
	pickups, err := os.ReadFile(folder + "provider-pickups.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reconcile.ImportPrisonReleases(t.Context(), pool, console("EXI", staff.Prison), at, "EXI", "releases.csv", releases, reconcile.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := reconcile.ImportProviderPickups(t.Context(), pool, console("HARBOUR", staff.Provider), at, "HARBOUR", "pick-ups.csv", pickups, reconcile.Options{}); err != nil {
		t.Fatal(err)
	}
	return pool
}

func console(organisation string, role staff.Role) staff.Who {
	return staff.Who{By: audit.By{Organisation: organisation, Actor: "console:test", Via: "console"}, Role: role}
}

func confirmAll(t *testing.T, pool *db.Pool) {
	t.Helper()
	harbour := console("HARBOUR", staff.Provider)
	waiting, err := reconcile.Reviews(t.Context(), pool, harbour, at)
	if err != nil || len(waiting) != 3 {
		t.Fatalf("%d reviews wait, %v", len(waiting), err)
	}
	for _, w := range waiting {
		if err := reconcile.ConfirmReview(t.Context(), pool, harbour, at, w.ID, w.Candidates[0].ReferralID); err != nil {
			t.Fatal(err)
		}
	}
}

func hold(t *testing.T, pool *db.Pool, dataThrough day.Date, windows []expectedWindow) {
	t.Helper()
	for _, want := range windows {
		if want.DataThrough.IsZero() {
			want.DataThrough = dataThrough
		}
		f, err := continuity.Count(t.Context(), pool, continuity.Ask{WindowEnd: want.End, DataThrough: want.DataThrough, Months: 1, Today: day.Of(at)})
		if err != nil {
			t.Fatal(err)
		}
		got := f.Last()
		same(t, want, "window_start", got.Start, want.Start)
		same(t, want, "m1", got.M1, want.M1)
		same(t, want, "m2", got.M2, want.M2)
		for group, w := range want.ByGroupM1 {
			g := groupOf(t, got.BySubstanceGroup, group)
			same(t, want, group+" m1", [2]int{g.M1.Releases, g.M1.PickedUp}, [2]int{w.Releases, w.PickedUp})
			w2 := want.ByGroupM2[group]
			same(t, want, group+" m2", [2]int{g.M2.Releases, g.M2.PickedUp}, [2]int{w2.Releases, w2.PickedUp})
		}
		if want.Coverage != nil {
			same(t, want, "s6", [2]int{got.Supporting.S6.Numerator, got.Supporting.S6.Denominator}, [2]int{want.Coverage.Referred, want.Coverage.Needed})
		}
	}
}

func groupOf(t *testing.T, groups continuity.Groups, name string) continuity.Group {
	t.Helper()
	i := slices.IndexFunc(groups, func(g continuity.Group) bool { return g.Name == name })
	if i < 0 {
		t.Fatalf("there is no group %q", name)
	}
	return groups[i]
}

// same compares as JSON, which is what everybody outside sees.
func same(t *testing.T, w expectedWindow, what string, got, want any) {
	t.Helper()
	g, err1 := json.Marshal(got)
	x, err2 := json.Marshal(want)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if string(g) != string(x) {
		t.Errorf("%s, data through %s: %s is %s, want %s", w.End, w.DataThrough, what, fmt.Sprint(string(g)), x)
	}
}
