package continuity

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"throughgate/internal/day"
)

// wait is so many releases that were picked up on a day after release, or were last known to wait on it.
type wait struct {
	day      int
	pickedUp bool
	releases int
}

func curveOf(list []wait) Curve {
	var all waits
	for _, w := range list {
		all.add(w.day, w.pickedUp, w.releases)
	}
	return all.curve()
}

// Ten releases, by hand:
//
//	day  at risk  picked up  censored  still waiting
//	0    10       1          0         9/10
//	3    9        3          1         9/10 * 6/9 = 6/10
//	10   5        0          2         6/10
//	21   3        1          0         6/10 * 2/3 = 4/10
//	30   2        0          1         4/10
//	92   1        1          0         0
func TestTheCurveByHand(t *testing.T) {
	curve := curveOf([]wait{{0, true, 1}, {3, true, 3}, {3, false, 1}, {10, false, 2}, {21, true, 1}, {30, false, 1}, {92, true, 1}})
	for day, want := range map[int]CurveDay{
		0: {AtRisk: 10, PickedUp: 1, Share: 0.1}, 2: {AtRisk: 9, Share: 0.1}, 3: {AtRisk: 9, PickedUp: 3, Censored: 1, Share: 0.4},
		10: {AtRisk: 5, Censored: 2, Share: 0.4}, 20: {AtRisk: 3, Share: 0.4}, 21: {AtRisk: 3, PickedUp: 1, Share: 0.6},
		30: {AtRisk: 2, Censored: 1, Share: 0.6}, 91: {AtRisk: 1, Share: 0.6}, 92: {AtRisk: 1, PickedUp: 1, Share: 1},
	} {
		got := curve[day]
		if got.AtRisk != want.AtRisk || got.PickedUp != want.PickedUp || got.Censored != want.Censored || !near(got.Share, want.Share, 1e-12) {
			t.Errorf("day %d: %+v, want %+v", day, got, want)
		}
		if (got.CI95 == nil) != (day == 92) {
			t.Errorf("day %d: interval %v", day, got.CI95)
		}
	}
	// day 3: Greenwood's sum is 1/(10*9) + 3/(9*6) = 1/15, so the reach on the scale log(-log 0.6) is z*sqrt(1/15)/0.510826
	reach := 1.959963984540054 * math.Sqrt(1.0/15) / 0.5108256237659907
	if ci := curve[3].CI95; !near(ci.Low, 1-math.Pow(0.6, math.Exp(-reach)), 1e-12) || !near(ci.High, 1-math.Pow(0.6, math.Exp(reach)), 1e-12) {
		t.Errorf("interval on day 3: %+v", *ci)
	}
	if day, reached := curve.Median(); day != 21 || !reached {
		t.Errorf("median on day %d, reached %v", day, reached)
	}
	if _, reached := curveOf([]wait{{5, true, 1}, {92, false, 2}}).Median(); reached {
		t.Error("a third picked up is no half")
	}
	if len(curveOf(nil)) != 0 {
		t.Error("a curve of nothing")
	}
}

// Remission under 6-MP (Freireich and others 1963, in every textbook): still waiting, and its interval as Stata's sts list
// prints them.
func TestTheCurveOfTheTextbooks(t *testing.T) {
	curve := curveOf([]wait{
		{6, true, 3}, {6, false, 1}, {7, true, 1}, {9, false, 1}, {10, true, 1}, {10, false, 1}, {11, false, 1}, {13, true, 1}, {16, true, 1},
		{17, false, 1}, {19, false, 1}, {20, false, 1}, {22, true, 1}, {23, true, 1}, {25, false, 1}, {32, false, 2}, {34, false, 1}, {35, false, 1},
	})
	for day, want := range map[int][3]float64{
		6: {0.8571, 0.6197, 0.9516}, 7: {0.8067, 0.5631, 0.9228}, 10: {0.7529, 0.5032, 0.8894}, 13: {0.6902, 0.4316, 0.8491},
		16: {0.6275, 0.3675, 0.8049}, 22: {0.5378, 0.2678, 0.7468}, 23: {0.4482, 0.1881, 0.6801}, 92: {0.4482, 0.1881, 0.6801},
	} {
		d := curve[day]
		if got := [3]float64{1 - d.Share, 1 - d.CI95.High, 1 - d.CI95.Low}; !near(got[0], want[0], 5e-5) || !near(got[1], want[1], 5e-5) || !near(got[2], want[2], 5e-5) {
			t.Errorf("day %d: %.4f, want %v", day, got, want)
		}
	}
}

// redistributed is another way to the same curve (Efron 1967): everybody weighs the same, and whoever is censored hands
// their weight in equal parts to those who wait longer.
func redistributed(waits []wait) (share [lastWaitDay + 1]float64) {
	weight, all := map[int]float64{}, 0 // of each release that is still there, by place in waits
	for _, w := range waits {
		all += w.releases
	}
	left := make([]float64, len(waits))
	for i, w := range waits {
		left[i] = float64(w.releases)
		weight[i] = float64(w.releases) / float64(all)
	}
	sum := 0.0
	for d := range share {
		for i, w := range waits {
			if w.pickedUp && w.day == d {
				sum += weight[i]
			}
		}
		freed, later := 0.0, 0.0
		for i, w := range waits {
			if !w.pickedUp && w.day == d {
				freed += weight[i]
			} else if w.day > d {
				later += left[i]
			}
		}
		for i, w := range waits {
			if w.day > d {
				weight[i] += freed * left[i] / later
			}
		}
		share[d] = sum
	}
	return share
}

func drawWaits(t *rapid.T) (waits []wait) {
	for range rapid.IntRange(1, 30).Draw(t, "waits") {
		waits = append(waits, wait{
			rapid.IntRange(0, lastWaitDay).Draw(t, "day"), rapid.Bool().Draw(t, "picked up"), rapid.IntRange(1, 9).Draw(t, "releases"),
		})
	}
	return waits
}

func TestTheCurveAgreesWithASecondMethod(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		waits := drawWaits(t)
		want := redistributed(waits)
		before := CurveDay{}
		for i, d := range curveOf(waits) {
			if !near(d.Share, want[i], 1e-9) {
				t.Fatalf("day %d: %g, want %g", i, d.Share, want[i])
			}
			if d.Share < before.Share || d.Share > 1 || d.CI95 != nil && !(0 <= d.CI95.Low && d.CI95.Low <= d.Share && d.Share <= d.CI95.High && d.CI95.High <= 1) {
				t.Fatalf("day %d: %+v after %+v", i, d, before)
			}
			before = d
		}
	})
}

// With nobody censored the curve is the plain share, and Greenwood's variance the binomial one: S*S*sum = S*(1-S)/n.
func TestWithoutCensoringTheCurveIsTheShare(t *testing.T) {
	curve := curveOf([]wait{{1, true, 10}, {5, true, 7}, {9, true, 3}, {92, false, 20}})
	d := curve[9]
	s := 0.5
	reach := z * math.Sqrt(s*(1-s)/40) / s / -math.Log(s)
	if !near(d.Share, 0.5, 1e-12) || !near(d.CI95.Low, 1-math.Pow(s, math.Exp(-reach)), 1e-12) {
		t.Errorf("%+v %+v", d, *d.CI95)
	}
}

func TestWhoWaitsUntilWhen(t *testing.T) {
	c := newCohort(t)
	for _, one := range []struct {
		why  string
		row  row
		want string
	}{
		{"picked up on the day", row{released: "2023-11-01", picked: "2023-11-01"}, "picked up 0"},
		{"picked up on day 92", row{released: "2023-10-01", picked: "2024-01-01"}, "picked up 92"},
		{"picked up after day 92 is no pick-up of this release", row{released: "2023-10-01", picked: "2024-01-02"}, "waits 92"},
		{"known to T only", row{released: "2023-12-01"}, "waits 51"},
		{"picked up after T", row{released: "2023-12-01", picked: "2024-01-22"}, "waits 51"},
		{"died", row{released: "2023-11-01", died: "2023-11-06"}, "waits 5"},
		{"died after T", row{released: "2023-12-01", died: "2024-01-25"}, "waits 51"},
		{"the earliest end", row{released: "2023-11-01", moved: "2023-11-09", recalled: "2023-11-08"}, "waits 7"},
		{"an end before the pick-up", row{released: "2023-11-01", recalled: "2023-11-08", picked: "2023-11-20"}, "waits 7"},
		{"an end on the day of the pick-up", row{released: "2023-11-01", recalled: "2023-11-08", picked: "2023-11-08"}, "picked up 7"},
		{"an end after the pick-up", row{released: "2023-11-01", recalled: "2023-11-08", picked: "2023-11-07"}, "picked up 6"},
		{"an end after day 92", row{released: "2023-10-01", died: "2024-01-10"}, "waits 92"},
		{"elsewhere is no end", row{released: "2023-12-01", elsewhere: "2023-12-03"}, "waits 51"},
		{"not mature", row{released: "2024-01-01", picked: "2024-01-01"}, ""},
		{"set aside", row{released: "2023-11-01", setAside: "under 18"}, ""},
		{"outside the window", row{released: "2023-09-30"}, ""},
	} {
		c.empty()
		c.add(one.row)
		seen, err := Look(t.Context(), c.pool, Ask{WindowEnd: day.MustParse("2023-12-31"), DataThrough: day.MustParse("2024-01-21"), Today: longAfter})
		if err != nil {
			t.Fatal(err)
		}
		if got := said(seen.Curve); got != one.want {
			t.Errorf("%s: %q, want %q", one.why, got, one.want)
		}
	}
}

// said is the one release of a curve in words.
func said(c Curve) string {
	for i, d := range c {
		if d.PickedUp > 0 {
			return "picked up " + strconv.Itoa(i)
		} else if d.Censored > 0 {
			return "waits " + strconv.Itoa(i)
		}
	}
	return ""
}

// On day 21 nobody mature is censored at T; where nothing else ends a wait, the curve is M2.
func TestOnDay21TheCurveIsM2(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	c := newCohort(t)
	for _, one := range randomRows(r, 90) {
		one.died, one.recalled, one.moved = "", "", ""
		c.add(one)
	}
	ask := Ask{WindowEnd: day.MustParse("2023-06-30"), DataThrough: day.MustParse("2023-07-10"), Today: longAfter}
	seen, err := Look(t.Context(), c.pool, ask)
	if err != nil {
		t.Fatal(err)
	}
	m2, curve := seen.Figures.Last().M2, seen.Curve
	if got := float64(m2.PickedUp) / float64(m2.Releases); !near(curve[21].Share, got, 1e-9) || curve[0].AtRisk != m2.Releases {
		t.Errorf("day 21: %+v, M2 %d/%d", curve[21], m2.PickedUp, m2.Releases)
	}
}
