package continuity

import "slices"

// pair is the two counts that a rate may stand for: x of n.
type pair struct{ x, n int }

func releasesOf(r pair) int { return r.n }
func pickedOf(r pair) int   { return r.x }
func leftOf(r pair) int     { return r.n - r.x }

// extent is the smallest and the largest of what the readings give.
func extent(all []pair, of func(pair) int) (low, high int) {
	low, high = noLimit, -noLimit
	for _, r := range all {
		low, high = min(low, of(r)), max(high, of(r))
	}
	return low, high
}

// rounds are the smallest and the largest count that are shown as c.
func (v veil) rounds(c int) (low, high int) {
	low, high = c, c
	for low > 0 && v.shows(low-1, c) {
		low--
	}
	for v.shows(high+1, c) {
		high++
	}
	for low < high && !v.shows(low, c) {
		low++
	}
	return low, high
}

func (v veil) shows(n, c int) bool { return !v.small(n) && v.round(n) == c }

// between are the bounds of a count that is shown, and those of one that is not: 0 to the threshold when that is the only
// reason for hiding it, anything otherwise.
func (v veil) between(c SaidCount, onlySmall bool) (low, high int) {
	switch {
	case c.Shown != nil:
		return v.rounds(*c.Shown)
	case onlySmall:
		return 0, v.HideUpTo
	}
	return 0, noLimit
}

// ofRate are the bounds of a denominator inside a table: that a rate is shown beside it, or none although both counts are,
// tells on which side of the smallest denominator it lies.
func (v veil) ofRate(some, all SaidCount, rate SaidRate, onlySmall bool) (low, high int) {
	low, high = v.between(all, onlySmall)
	switch {
	case some.Shown == nil || all.Shown == nil || rate.Of.Shown == nil:
	case rate.Says != tooSmall:
		low = max(low, v.SmallestDenominator)
	default:
		high = min(high, v.SmallestDenominator-1)
	}
	return low, high
}

// readings are all pairs of counts that would be shown as this rate is; none when it is not shown.
func (v veil) readings(r SaidRate) (all []pair) {
	if r.Of.Shown == nil || r.Says == tooSmall {
		return nil
	}
	low, high := v.rounds(*r.Of.Shown)
	for n := low; n <= high; n++ {
		from, to := 0, n
		if r.Says == "" {
			from, to = max(0, (r.Percent.Whole()-1)*n/100-1), min(n, (r.Percent.Whole()+1)*n/100+1)
		}
		for x := from; x <= to; x++ {
			if r.saidOf(v.headline(x, n)) {
				all = append(all, pair{x, n})
			}
		}
	}
	return all
}

// saidOf says whether the rate would be shown as it was.
func (r SaidRate) saidOf(s ShownRate) bool {
	if r.Says != "" || s.says != "" {
		return r.Says == s.says
	}
	return r.Percent == s.percent && (r.CI95 == nil || s.ci != nil && *r.CI95 == *s.ci)
}

// ratesOf are the readings of all rates of a report, by cell, each held to what the report says of the same counts elsewhere.
func (v veil) ratesOf(s Said) map[string][]pair {
	all := map[string][]pair{cellM1: v.readings(s.M1), cellM2: v.readings(s.M2), cellAdjusted: v.readings(s.M2Adjusted)}
	for _, p := range s.points() {
		all[cellOf(p)] = v.readings(p.M1)
	}
	if len(s.Funnel) > 4 {
		all[cellM2] = v.held(all[cellM2], s.Funnel[3].Count, s)
		all[cellM1] = v.held(all[cellM1], s.Funnel[4].Count, s)
	}
	if past := s.Comparisons.Past; past != nil && s.Comparisons.Change != nil {
		all[cellM1], all[cellOf(*past)] = v.apart(all[cellM1], all[cellOf(*past)], *s.Comparisons.Change)
	}
	return all
}

func (v veil) held(readings []pair, picked SaidCount, s Said) []pair {
	low, high := v.between(picked, !s.Withheld)
	return slices.DeleteFunc(readings, func(r pair) bool { return r.x < low || r.x > high })
}

// apart keeps the readings of two rates that lie as far apart as is said.
func (v veil) apart(now, then []pair, said Change) (keptNow, keptThen []pair) {
	fits := map[pair]bool{}
	for _, a := range now {
		for _, b := range then {
			_, ci := Difference(a.x, a.n, b.x, b.n)
			points := Tenth(10 * difference(100, a.x, a.n, b.x, b.n))
			if points == said.Points && v.finely(ci.Low) == said.CI95.Low && v.finely(ci.High) == said.CI95.High {
				fits[pair{a.x, a.n}], fits[pair{-b.x, b.n}] = true, true
			}
		}
	}
	keptNow = slices.DeleteFunc(slices.Clone(now), func(r pair) bool { return !fits[r] })
	keptThen = slices.DeleteFunc(slices.Clone(then), func(r pair) bool { return !fits[pair{-r.x, r.n}] })
	return keptNow, keptThen
}
