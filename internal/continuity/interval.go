package continuity

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// z is the standard normal's 97.5th percentile, for 95% intervals.
const z = 1.959963984540054

// Tenth is a number to one decimal, counted in tenths: 441 is 44.1.
type Tenth int

func (t Tenth) String() string {
	sign := ""
	if t < 0 {
		sign, t = "-", -t
	}
	return fmt.Sprintf("%s%d.%d", sign, t/10, t%10)
}

// Whole is the nearest whole number, half away from zero. It is for bounds, not for a rate: rounding 44.45 to 44.5 and
// then to 45 would round twice.
func (t Tenth) Whole() int { return int(math.Round(float64(t) / 10)) }

func (t Tenth) MarshalJSON() ([]byte, error) { return []byte(t.String()), nil }

func (t *Tenth) UnmarshalJSON(b []byte) error {
	var x float64
	err := json.Unmarshal(b, &x)
	*t = tenth(x)
	return err
}

func tenth(x float64) Tenth { return Tenth(math.Round(x * 10)) }

// Interval is a 95% confidence interval, in per cent or points; in JSON [low, high].
type Interval struct{ Low, High Tenth }

func (i Interval) MarshalJSON() ([]byte, error) { return json.Marshal([2]Tenth{i.Low, i.High}) }

func (i *Interval) UnmarshalJSON(b []byte) error {
	var both [2]Tenth
	err := json.Unmarshal(b, &both)
	i.Low, i.High = both[0], both[1]
	return err
}

// Share is a part of a whole in per cent, with its Wilson interval. A share of nothing is neither 0% nor anything else:
// both are null.
type Share struct {
	Percent *Tenth    `json:"percent"`
	CI95    *Interval `json:"ci95"`
}

// ShareOf is x of n.
func ShareOf(x, n int) Share {
	if n == 0 {
		return Share{}
	}
	percent := Tenth(rounded(1000*x, n))
	low, high := wilson(x, n)
	return Share{&percent, &Interval{tenth(100 * low), tenth(100 * high)}}
}

// rounded is x/n to a whole number, half away from zero, on the exact fraction: floats would make 44.45 of 4445/10000
// sometimes 44.4. Both are counts, never negative.
func rounded(x, n int) int { return (2*x + n) / (2 * n) }

// wilson is the 95% Wilson score interval of x of n > 0, as fractions. Neither bound leaves 0 to 1, and the bounds of
// nothing and of everything are exact.
func wilson(x, n int) (low, high float64) {
	low, high = score(float64(x), float64(n), z)
	if x == 0 {
		low = 0
	}
	if x == n {
		high = 1
	}
	return low, high
}

// score is Wilson's interval (1927) of x of n for the normal deviate z; PHEindicatormethods' wilson_lower, wilson_upper.
func score(x, n, z float64) (low, high float64) {
	p := x / n
	middle := p + z*z/(2*n)
	reach := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	whole := 1 + z*z/n
	return (middle - reach) / whole, (middle + reach) / whole
}

// Difference is how many points x/n lies above earlier y/m, with Newcombe's interval (1998, his method 10, from the two
// Wilson intervals). It is said of two windows that share no day; both have releases.
func Difference(x, n, y, m int) (points Tenth, ci Interval) {
	p, q := float64(x)/float64(n), float64(y)/float64(m)
	pLow, pHigh := wilson(x, n)
	qLow, qHigh := wilson(y, m)
	down := math.Hypot(p-pLow, qHigh-q)
	up := math.Hypot(pHigh-p, q-qLow)
	return Tenth(difference(1000, x, n, y, m)), Interval{tenth(100 * (p - q - down)), tenth(100 * (p - q + up))}
}

// difference is scale times x/n less y/m to a whole number, half away from zero.
func difference(scale, x, n, y, m int) int {
	top := x*m - y*n
	if top < 0 {
		return -rounded(-scale*top, n*m)
	}
	return rounded(scale*top, n*m)
}

// median is the middle of the days counted in held (days by how many), the mean of the two middle ones when they are even;
// nil of nothing.
func median(held map[int]int) *float64 {
	days := make([]int, 0, len(held))
	n := 0
	for d, count := range held {
		days = append(days, d)
		n += count
	}
	if n == 0 {
		return nil
	}
	slices.Sort(days)
	middle := float64(nth(days, held, (n-1)/2)+nth(days, held, n/2)) / 2
	return &middle
}

// nth is the day at place i, counted from 0, when all are laid out in order.
func nth(days []int, held map[int]int, i int) int {
	for _, d := range days {
		if i -= held[d]; i < 0 {
			return d
		}
	}
	return 0
}
