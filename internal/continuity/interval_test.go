package continuity

import (
	"encoding/json"
	"fmt"
	"math"
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

// Rows with method Wilson, 95%, of PHEindicatormethods' test data (phe_fixture_proportion.csv, phe_fixture_byars_wilson.csv).
func TestWilsonAsPublicHealthEnglandHasIt(t *testing.T) {
	for _, c := range []struct {
		x, n      int
		low, high float64
	}{
		{1, 100, 0.00176743206414065, 0.0544861961787053},
		{5, 100, 0.021543679154368, 0.111750469231919},
		{65, 100, 0.55254443296888, 0.736357517569025},
		{1045, 5000, 0.197955498800133, 0.22049130373189},
		{222, 3215, 0.0607916903636366, 0.0783395668138363},
		{9856, 12345, 0.791210175290907, 0.805364007361491},
		{7776456, 7564336677, 0.00102732010016411, 0.00102876445789772},
	} {
		low, high := wilson(c.x, c.n)
		if math.Abs(low-c.low) > 1e-9 || math.Abs(high-c.high) > 1e-9 {
			t.Errorf("%d/%d: %.12f to %.12f, want %.12f to %.12f", c.x, c.n, low, high, c.low, c.high)
		}
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
