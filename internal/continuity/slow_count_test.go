package continuity

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughgate/internal/day"
)

// slow counts one window over all rows, one sentence of measure.md after the other, without SQL, stretches or sums.
func slow(rows []row, w, through day.Date) (got Window) {
	people := map[string]bool{}
	for i, r := range rows {
		released := date(r.released)
		if released.IsZero() || r.setAside != "" || r.noProvider || released.Before(day.Window(w)) || released.After(w) {
			continue
		}
		picked := date(r.picked)
		if !picked.IsZero() && (picked.After(through) || picked.Before(released) || picked.Sub(released) > 92) {
			picked = day.Date{}
		}
		got.M1.Releases++
		people[orElse(r.person, fmt.Sprint(i))] = true
		if !picked.IsZero() && !picked.After(w) {
			got.M1.PickedUp++
		} else if w.Sub(released) < 21 {
			got.M1.FirstThreeWeeks++
		}
		if released.Add(21).After(through) {
			got.M2.Awaiting++
			continue
		}
		inTime := !picked.IsZero() && picked.Sub(released) <= 21
		got.M2.Releases++
		if inTime {
			got.M2.PickedUp++
		}
		slowAdjusted(&got.M2Adjusted, r, released, picked, inTime)
	}
	got.M1.People = len(people)
	return got
}

func slowAdjusted(a *Adjusted, r row, released, picked day.Date, inTime bool) {
	soon := func(text string) day.Date {
		if d := date(text); !d.IsZero() && d.Within(released, released.Add(21)) {
			return d
		}
		return day.Date{}
	}
	elsewhere := soon(r.elsewhere)
	ended, reason := day.Date{}, (*int)(nil)
	for _, end := range []struct {
		on     day.Date
		reason *int
	}{{soon(r.died), &a.Removed.Died}, {soon(r.moved), &a.Removed.MovedArea}, {soon(r.recalled), &a.Removed.ReturnedToCustody}} {
		if !end.on.IsZero() && (ended.IsZero() || end.on.Before(ended)) {
			ended, reason = end.on, end.reason
		}
	}
	first := func(d day.Date) bool { return d.IsZero() || ended.Before(d) }
	if !ended.IsZero() && first(picked) && first(elsewhere) {
		*reason++
		return
	}
	a.Releases++
	if inTime || !elsewhere.IsZero() {
		a.PickedUp++
	}
	if !inTime && !elsewhere.IsZero() {
		a.PickedUpElsewhere++
	}
}

func date(text string) day.Date {
	if text == "" {
		return day.Date{}
	}
	return day.MustParse(text)
}

// randomRows spreads releases of few people over a year, so that many are released again; ends and pick-ups lie around
// every threshold.
func randomRows(r *rand.Rand, n int) []row {
	var rows []row
	last := map[string]day.Date{}
	on := func(from day.Date, within int, often float64) string {
		if r.Float64() > often {
			return ""
		}
		return from.Add(r.IntN(within) - 2).String()
	}
	for released := day.MustParse("2023-01-01"); len(rows) < n; released = released.Add(r.IntN(5)) {
		person := fmt.Sprint("p", r.IntN(n/3))
		if before, known := last[person]; known && released.Sub(before) < 2 {
			continue
		}
		last[person] = released
		rows = append(rows, row{
			person: person, released: released.String(), picked: on(released, 100, 0.6), elsewhere: on(released, 30, 0.1),
			died: on(released, 30, 0.1), recalled: on(released, 30, 0.2), moved: on(released, 30, 0.1),
			setAside:   []string{"", "", "", "", "under 18", "no consent"}[r.IntN(6)],
			noProvider: r.IntN(20) == 0,
		})
	}
	return rows
}

func TestTheQueriesAgreeWithASlowCount(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			rows := randomRows(r, 120)
			c := newCohort(t)
			for _, one := range rows {
				c.add(one)
			}
			for range 5 {
				w := day.MustParse("2023-03-01").Add(r.IntN(300))
				through := w.Add(r.IntN(40) * r.IntN(2))
				f, err := Count(t.Context(), c.pool, Ask{WindowEnd: w, DataThrough: through, Months: 1 + r.IntN(6), Today: longAfter})
				if err != nil {
					t.Fatal(err)
				}
				for _, got := range f.Windows {
					want := slow(rows, got.End, through)
					got.M1.Share, got.M2.Share, got.M2Adjusted.Share = Share{}, Share{}, Share{}
					for what, pair := range map[string][2]any{"M1": {got.M1, want.M1}, "M2": {got.M2, want.M2}, "M2 adjusted": {got.M2Adjusted, want.M2Adjusted}} {
						if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
							t.Errorf("%s to %s through %s:\n%s", what, got.End, through, diff)
						}
					}
				}
			}
		})
	}
}

// The breakdowns are of the same releases: each adds up to the whole.
func TestEachBreakdownAddsUpToTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	c := newCohort(t)
	for _, one := range randomRows(r, 100) {
		one.prison = []string{"EXI", "CWI", "BRI"}[r.IntN(3)]
		one.group = []string{"opiate", "non-opiate only", "non-opiate and alcohol", "alcohol only", "not recorded"}[r.IntN(5)]
		one.sex = []string{"female", "male", "not_known", "not_specified"}[r.IntN(4)]
		one.age = 18 + r.IntN(60)
		c.add(one)
	}
	f, err := Count(t.Context(), c.pool, Ask{WindowEnd: day.MustParse("2023-11-12"), DataThrough: day.MustParse("2023-11-20"), Months: 9, Today: longAfter})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range f.Windows {
		for what, groups := range map[string]Groups{"substance group": w.BySubstanceGroup, "prison": w.ByPrison, "sex": w.BySex, "age": w.ByAgeBand, "notice": w.ByNotice} {
			var sum [4]int
			for _, g := range groups {
				sum[0] += g.M1.Releases
				sum[1] += g.M1.PickedUp
				sum[2] += g.M2.Releases
				sum[3] += g.M2.PickedUp
			}
			if sum != [4]int{w.M1.Releases, w.M1.PickedUp, w.M2.Releases, w.M2.PickedUp} {
				t.Errorf("%s by %s: %v, M1 %+v, M2 %+v", w.End, what, sum, w.M1, w.M2)
			}
		}
	}
}

// What is kept beside the releases is what they say, however they came to be as they are.
func TestWhoWasReleasedAgainIsKeptTrue(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	c := newCohort(t)
	for _, one := range randomRows(r, 90) {
		c.add(one)
	}
	c.exec(`UPDATE referral SET set_aside = 'no consent', updated_at = now() WHERE age_at_release = 35 AND released_on < '2023-03-01' AND set_aside IS NULL AND random() < 0.3`)
	c.exec(`UPDATE referral SET set_aside = NULL, updated_at = now() WHERE set_aside = 'under 18'`)
	c.exec(`UPDATE referral SET released_on = NULL, withdrawn_on = '2023-01-01', withdrawn_reason = 'mistaken', updated_at = now() WHERE released_on > '2023-05-01' AND random() < 0.2`)
	var wrong int
	err := c.handle.QueryRow(`
		WITH truth AS (
		  SELECT id, person_id, released_on, earlier_on
		  FROM (SELECT id, person_id, released_on, lag(released_on) OVER (PARTITION BY person_id ORDER BY released_on) AS earlier_on
		        FROM referral
		        WHERE released_on IS NOT NULL AND set_aside IS NULL AND withdrawn_on IS NULL AND provider IS NOT NULL) r
		  WHERE released_on - earlier_on <= 92)
		SELECT count(*) FROM truth FULL JOIN release_again a
		  ON (a.referral_id, a.person_id, a.released_on, a.earlier_on) = (truth.id, truth.person_id, truth.released_on, truth.earlier_on)
		WHERE truth.id IS NULL OR a.referral_id IS NULL`).Scan(&wrong)
	if err != nil || wrong != 0 {
		t.Errorf("%d rows differ (%v)", wrong, err)
	}
}

// What a report leaves uncounted of the windows before its own changes nothing in what it counts.
func TestTheLastWindowAloneIsCountedWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	c := newCohort(t)
	for _, one := range randomRows(r, 100) {
		c.add(one)
	}
	ask := Ask{WindowEnd: day.MustParse("2023-10-15"), DataThrough: day.MustParse("2023-10-20"), Months: 5, Today: longAfter}
	full, err := Count(t.Context(), c.pool, ask)
	if err != nil {
		t.Fatal(err)
	}
	ask.LastWhole = true
	lean, err := Count(t.Context(), c.pool, ask)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range full.Windows[:4] {
		got := lean.Windows[i]
		want.M1.People = 0
		if diff := cmp.Diff([]any{want.M1, want.M2, want.Supporting.S12}, []any{got.M1, got.M2, got.Supporting.S12}); diff != "" {
			t.Errorf("%s: %s", want.End, diff)
		}
		if got.Supporting.S4.Share14Days.Denominator != 0 || got.M2Adjusted.Releases != 0 {
			t.Errorf("%s has figures of part of its releases", got.End)
		}
	}
	whole, err := json.Marshal(full.Last())
	if err != nil {
		t.Fatal(err)
	}
	if last, err := json.Marshal(lean.Last()); err != nil || string(last) != string(whole) {
		t.Errorf("%s\nwant %s (%v)", last, whole, err)
	}
}
