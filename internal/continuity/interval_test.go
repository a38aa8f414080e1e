package continuity

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The examples of measure.md, "Intervals, comparisons, charts".
func TestSharesAsTheMeasureWritesThem(t *testing.T) {
	for want, of := range map[string][2]int{
		"16.7 (7.3 to 33.6)": {5, 30}, "44.0 (26.7 to 62.9)": {11, 25}, "0.0 (0.0 to 32.4)": {0, 8}, "100.0 (67.6 to 100.0)": {8, 8},
	} {
		s := ShareOf(of[0], of[1])
		if got := fmt.Sprintf("%s (%s to %s)", *s.Percent, s.CI95.Low, s.CI95.High); got != want {
			t.Errorf("%d of %d is %s, want %s", of[0], of[1], got, want)
		}
	}
	if text, _ := json.Marshal(ShareOf(0, 0)); string(text) != `{"percent":null,"ci95":null}` {
		t.Errorf("a share of nothing is %s", text)
	}
	if text, _ := json.Marshal(ShareOf(10, 40)); string(text) != `{"percent":25.0,"ci95":[14.2,40.2]}` {
		t.Errorf("10 of 40 is %s", text)
	}
}

func TestDifferenceOfTwoWindowsAsTheMeasureWritesIt(t *testing.T) {
	points, ci := Difference(11, 25, 5, 30)
	if points != 273 || ci != (Interval{31, 484}) {
		t.Errorf("11/25 against 5/30 is %s (%s to %s)", points, ci.Low, ci.High)
	}
	if points, ci = Difference(5, 30, 11, 25); points != -273 || ci != (Interval{-484, -31}) {
		t.Errorf("the other way round it is %s (%s to %s)", points, ci.Low, ci.High)
	}
}

// Every Wilson row of PHEindicatormethods' test data, at 95% and 99.8%; rows of another method or without a value are not
// for us.
func TestWilsonAsPublicHealthEnglandHasIt(t *testing.T) {
	deviates := map[string]float64{"95": z, "99.8": 3.090232306167813}
	tested := 0
	agrees := func(x, n, confidence, low, high, of string) {
		t.Helper()
		gotLow, gotHigh := score(number(t, x), number(t, n), deviates[confidence])
		m := number(t, of)
		if wantLow, wantHigh := number(t, low), number(t, high); !near(gotLow*m, wantLow, 1e-9) || !near(gotHigh*m, wantHigh, 1e-9) {
			t.Errorf("%s of %s, %s%%: %g to %g, want %g to %g", x, n, confidence, gotLow*m, gotHigh*m, wantLow, wantHigh)
		}
		tested++
	}
	for _, row := range table(t, "phe_fixture_byars_wilson.csv") {
		if row["method"] == "Wilson" {
			agrees(row["x"], row["n"], strings.TrimSuffix(row["confidence"], "%"), row["lowercl"], row["uppercl"], "1")
		}
	}
	for _, row := range table(t, "phe_fixture_proportion.csv") {
		if row["value"] != "NA" {
			agrees(row["Numerator"], row["Denominator"], "95", row["lower95_0cl"], row["upper95_0cl"], row["multiplier"])
			agrees(row["Numerator"], row["Denominator"], "99.8", row["lower99_8cl"], row["upper99_8cl"], row["multiplier"])
		}
	}
	if tested != 6+2*16 {
		t.Errorf("%d intervals were tested", tested)
	}
}

// The bounds are the two p with |x/n - p| = z * sqrt(p(1-p)/n): found here by halving, without the closed formula.
func TestWilsonSolvesItsEquation(t *testing.T) {
	for n := 1; n <= 60; n++ {
		for x := 0; x <= n; x++ {
			low, high := wilson(x, n)
			share := float64(x) / float64(n)
			far := func(p float64) bool { return math.Abs(share-p) > z*math.Sqrt(p*(1-p)/float64(n)) }
			if want := halve(0, share, far); math.Abs(low-want) > 1e-9 {
				t.Errorf("%d/%d: low %.12f, want %.12f", x, n, low, want)
			}
			if want := halve(1, share, far); math.Abs(high-want) > 1e-9 {
				t.Errorf("%d/%d: high %.12f, want %.12f", x, n, high, want)
			}
		}
	}
}

// halve finds where far stops being true on the way from outside to inside.
func halve(outside, inside float64, far func(float64) bool) float64 {
	if !far(outside) {
		return outside
	}
	for range 100 {
		if middle := (outside + inside) / 2; far(middle) {
			outside = middle
		} else {
			inside = middle
		}
	}
	return inside
}

func TestHalvesRoundAwayFromZeroOnTheExactFraction(t *testing.T) {
	for _, c := range []struct{ x, n, tenths int }{
		{1, 2000, 1}, {1, 2001, 0}, {889, 2000, 445}, {4445, 10000, 445}, {4444, 10000, 444}, {1, 3, 333}, {2, 3, 667}, {1, 8, 125}, {1, 16, 63}, {3, 16, 188},
	} {
		if got := int(*ShareOf(c.x, c.n).Percent); got != c.tenths {
			t.Errorf("%d/%d is %d tenths, want %d", c.x, c.n, got, c.tenths)
		}
	}
	if got, _ := Difference(1, 16, 1, 8); got != -63 { // -6.25
		t.Errorf("1/16 less 1/8 is %s", got)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		held map[int]int
		want string
	}{
		{nil, "none"}, {map[int]int{7: 1}, "7"}, {map[int]int{7: 1, 8: 1}, "7.5"}, {map[int]int{-3: 2, 14: 1}, "-3"},
		{map[int]int{1: 2, 9: 2}, "5"}, {map[int]int{0: 1, 5: 10, 90: 1}, "5"},
	} {
		got := "none"
		if m := median(c.held); m != nil {
			got = fmt.Sprint(*m)
		}
		if got != c.want {
			t.Errorf("median of %v is %s, want %s", c.held, got, c.want)
		}
	}
}

func TestTheRateLiesInsideItsInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 1_000_000).Draw(t, "n")
		x := rapid.IntRange(0, n).Draw(t, "x")
		s := ShareOf(x, n)
		if s.CI95.Low < 0 || s.CI95.High > 1000 || *s.Percent < s.CI95.Low || *s.Percent > s.CI95.High {
			t.Fatalf("%d/%d: %+v %+v", x, n, *s.Percent, *s.CI95)
		}
	})
}

func TestWilsonIsSymmetricAndRisesWithTheShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 100_000).Draw(t, "n")
		x := rapid.IntRange(0, n).Draw(t, "x")
		low, high := wilson(x, n)
		otherLow, otherHigh := wilson(n-x, n)
		if low < 0 || high > 1 || low >= high || !near(low, 1-otherHigh, 1e-12) || !near(high, 1-otherLow, 1e-12) {
			t.Fatalf("%d/%d: %g to %g; %d/%d: %g to %g", x, n, low, high, n-x, n, otherLow, otherHigh)
		}
		if x == n {
			return
		}
		if nextLow, nextHigh := wilson(x+1, n); nextLow <= low || nextHigh < high || nextHigh == high && high < 1 {
			t.Fatalf("%d/%d: %g to %g, with one more %g to %g", x, n, low, high, nextLow, nextHigh)
		}
		if moreLow, moreHigh := wilson(2*x, 2*n); moreHigh-moreLow >= high-low {
			t.Fatalf("%d/%d: twice the people know no more", x, n)
		}
	})
}

// Examples of Newcombe's own (Statistics in Medicine 1998, 17:873, table II, method 10): 0.0524 to 0.3339, 0.1705 to 0.8090,
// -0.0381 to 0.1926, 0.6075 to 1, -0.2775 to 0.2775.
func TestDifferenceAsNewcombeHasIt(t *testing.T) {
	for _, c := range []struct {
		of     [4]int
		points Tenth
		ci     Interval
	}{
		{[4]int{56, 70, 48, 80}, 200, Interval{52, 334}},
		{[4]int{9, 10, 3, 10}, 600, Interval{171, 809}},
		{[4]int{5, 56, 0, 29}, 89, Interval{-38, 193}},
		{[4]int{10, 10, 0, 10}, 1000, Interval{608, 1000}},
		{[4]int{0, 10, 0, 10}, 0, Interval{-278, 278}},
	} {
		if points, ci := Difference(c.of[0], c.of[1], c.of[2], c.of[3]); points != c.points || ci != c.ci {
			t.Errorf("%v: %s (%s to %s), want %s (%s to %s)", c.of, points, ci.Low, ci.High, c.points, c.ci.Low, c.ci.High)
		}
	}
}

func TestADifferenceTurnsItsSignWithItsWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.IntRange(1, 5000).Draw(t, "n"), rapid.IntRange(1, 5000).Draw(t, "m")
		x, y := rapid.IntRange(0, n).Draw(t, "x"), rapid.IntRange(0, m).Draw(t, "y")
		points, ci := Difference(x, n, y, m)
		back, other := Difference(y, m, x, n)
		if points != -back || ci != (Interval{-other.High, -other.Low}) {
			t.Fatalf("%d/%d against %d/%d: %s %v, turned %s %v", x, n, y, m, points, ci, back, other)
		}
		if ci.Low < -1000 || ci.High > 1000 || ci.Low > points || points > ci.High {
			t.Fatalf("%d/%d against %d/%d: %s, %v", x, n, y, m, points, ci)
		}
	})
}
