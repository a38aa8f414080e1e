package continuity

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"throughgate/config"
)

// Shown is a count as it may leave the service: rounded, or too few to show. Nothing outside this package can make one
// that holds anything else, and the exact count is not in it.
type Shown struct {
	n      int
	hidden bool
}

// TooFew is what stands in place of a hidden count; tables write "*".
const TooFew = "too few to show"

// Number is the rounded count; false when it is not shown.
func (s Shown) Number() (n int, shown bool) { return s.n, !s.hidden }

func (s Shown) String() string {
	if s.hidden {
		return TooFew
	}
	return fmt.Sprint(s.n)
}

// Cell is the count in a table, where "*" is explained below.
func (s Shown) Cell() string {
	if s.hidden {
		return "*"
	}
	return fmt.Sprint(s.n)
}

func (s Shown) MarshalJSON() ([]byte, error) {
	if s.hidden {
		return json.Marshal(TooFew)
	}
	return json.Marshal(s.n)
}

// ShownRate is a rate as it may leave the service.
type ShownRate struct {
	of      Shown
	says    string // in words, where the number itself is not shown
	percent Tenth
	ci      *Interval
	exact   bool
}

// The words for rates that are not shown as numbers.
const (
	tooSmall = "numbers too small to show"
	few      = "fewer than 1 in 20"
	most     = "more than 19 in 20"
)

// Of is the denominator.
func (r ShownRate) Of() Shown { return r.of }

// HasPercent says whether there is a number to show, or to draw.
func (r ShownRate) HasPercent() bool { return r.says == "" }

// String is "44%", or the words in its place.
func (r ShownRate) String() string {
	if r.says != "" {
		return r.says
	}
	return r.written(r.percent)
}

// Interval is "33% to 55%", or nothing.
func (r ShownRate) Interval() string {
	if r.says != "" || r.ci == nil {
		return ""
	}
	return r.written(r.ci.Low) + " to " + r.written(r.ci.High)
}

// Values are rate and interval in per cent, for a picture; false where no number is shown.
func (r ShownRate) Values() (percent, low, high float64, ok bool) {
	if r.says != "" || r.ci == nil {
		return 0, 0, 0, false
	}
	return float64(r.percent) / 10, float64(r.ci.Low) / 10, float64(r.ci.High) / 10, true
}

func (r ShownRate) written(t Tenth) string {
	if r.exact {
		return t.String() + "%"
	}
	return fmt.Sprintf("%d%%", t/10) // made whole when the rate was
}

func (r ShownRate) MarshalJSON() ([]byte, error) {
	if r.says != "" {
		return json.Marshal(map[string]any{"of": r.of, "says": r.says})
	}
	return json.Marshal(struct {
		Of      Shown     `json:"of"`
		Percent Tenth     `json:"percent"`
		CI95    *Interval `json:"ci95,omitempty"`
	}{r.of, r.percent, r.ci})
}

// veil is the rule in force: what is hidden, and how the rest is rounded.
type veil struct{ config.Suppression }

// round is n to the nearest multiple, as it may be shown.
func (v veil) round(n int) int {
	if step := v.RoundTo; v.Enabled && step > 1 {
		return (2*n + step) / (2 * step) * step
	}
	return n
}

func (v veil) small(n int) bool { return v.Enabled && n <= v.HideUpTo }

func (v veil) count(n int) Shown {
	if v.small(n) {
		return Shown{hidden: true}
	}
	return Shown{n: v.round(n)}
}

// cells are counts that stand together, where a hidden one might be had from their total: if just one is hidden, the next
// smallest is hidden as well. Those that forced names are hidden in any case.
func (v veil) cells(counts []int, forced ...int) []Shown {
	shown := make([]Shown, len(counts))
	hidden := 0
	for i, n := range counts {
		if shown[i] = v.count(n); slices.Contains(forced, i) {
			shown[i] = Shown{hidden: true}
		}
		if shown[i].hidden {
			hidden++
		}
	}
	if next := nextSmallest(counts, shown); hidden == 1 && next >= 0 {
		shown[next] = Shown{hidden: true}
	}
	return shown
}

func nextSmallest(counts []int, shown []Shown) int {
	next := -1
	for i, n := range counts {
		if !shown[i].hidden && (next < 0 || n < counts[next]) {
			next = i
		}
	}
	return next
}

// total is the sum of what is shown.
func total(cells []Shown) Shown {
	sum := Shown{hidden: true}
	for _, c := range cells {
		if !c.hidden {
			sum = Shown{n: sum.n + c.n}
		}
	}
	return sum
}

// headline is a rate that stands alone: a whole per cent of the exact counts with its interval, and the denominator rounded.
func (v veil) headline(x, n int) ShownRate {
	switch {
	case n == 0 || v.Enabled && n < v.SmallestDenominator:
		return ShownRate{of: Shown{hidden: true}, says: tooSmall}
	case !v.Enabled:
		s := ShareOf(x, n)
		return ShownRate{of: Shown{n: n}, percent: *s.Percent, ci: s.CI95, exact: true}
	}
	low, high := wilson(x, n)
	r := v.rate(x, n, v.count(n))
	r.ci = &Interval{whole(low), whole(high)}
	return r
}

func whole(share float64) Tenth { return Tenth(10 * math.Round(100*share)) }

func (v veil) rate(x, n int, of Shown) ShownRate {
	r := ShownRate{of: of, percent: Tenth(10 * rounded(100*x, n))}
	if 20*x < n {
		r.says = few
	} else if 20*(n-x) < n {
		r.says = most
	}
	return r
}

// within is a rate inside a table: only from the rounded counts beside it, without an interval. n is the exact denominator,
// which decides whether there is a rate at all.
func (v veil) within(x, of Shown, n int) ShownRate {
	switch {
	case x.hidden || of.hidden || of.n == 0 || v.Enabled && n < v.SmallestDenominator:
		return ShownRate{of: of, says: tooSmall}
	case !v.Enabled:
		return ShownRate{of: of, percent: *ShareOf(x.n, of.n).Percent, exact: true}
	}
	return v.rate(x.n, of.n, of)
}
