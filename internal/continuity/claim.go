package continuity

import (
	"fmt"
	"strings"

	"throughgate/internal/day"
)

// pair is the two counts that a rate may stand for: x of n.
type pair struct{ x, n int }

// between are the bounds of a count that is shown, and those of one that is not: 0 to the threshold when that is the only
// reason for hiding it, anything otherwise.
func (v veil) between(c SaidCount, onlySmall bool) (low, high int) {
	switch {
	case c.Shown != nil:
		low, high = v.rounds(*c.Shown)
		return low, high
	case onlySmall:
		return 0, v.HideUpTo
	}
	return 0, noLimit
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

// extent is the smallest and the largest of what the readings give.
func extent(all []pair, of func(pair) int) (low, high int) {
	low, high = noLimit, -noLimit
	for _, r := range all {
		low, high = min(low, of(r)), max(high, of(r))
	}
	return low, high
}

func releasesOf(r pair) int { return r.n }
func pickedOf(r pair) int   { return r.x }
func leftOf(r pair) int     { return r.n - r.x }

// The counts that add up over days of release.
const (
	ofReleases = "releases"
	ofInTime   = "picked up within 21 days"
	ofNot      = "not picked up within 21 days"
)

// mature is the last day of the window whose releases are 21 days old at T.
func (s Said) mature() day.Date {
	if by := s.DataThrough.Add(-21); by.Before(s.End) {
		return by
	}
	return s.End
}

// claims are what readers can tell from a report: rates, rounded counts and what is missing.
func (s Said) claims(v veil) (all []claim) {
	say := func(cell, of string, from, to day.Date, low, high int) {
		if !to.Before(from) && low <= high {
			all = append(all, claim{cell, of, from, to, low, high})
		}
	}
	count := func(cell, of string, to day.Date, c SaidCount, onlySmall bool) {
		low, high := v.between(c, onlySmall && !s.Withheld)
		say(cell, of, s.Start, to, low, high)
	}
	rate := func(cell string, from, to day.Date, readings []pair, inTime bool) {
		if len(readings) == 0 {
			return
		}
		low, high := extent(readings, releasesOf)
		say(cell, ofReleases, from, to, low, high)
		if inTime {
			low, high = extent(readings, pickedOf)
			say(cell, ofInTime, from, to, low, high)
			low, high = extent(readings, leftOf)
			say(cell, ofNot, from, to, low, high)
		}
	}
	rate(cellM1, s.Start, s.End, v.readings(s.M1), false)
	rate(cellM2, s.Start, s.mature(), v.readings(s.M2), true)
	for _, p := range s.points() {
		rate(cellOf(p), day.Window(p.End), p.End, v.readings(p.M1), false)
	}
	low, high := v.between(s.Awaiting, !s.Withheld)
	say(cellAwaiting, ofReleases, s.mature().Add(1), s.End, low, high)
	if len(s.Funnel) > 3 {
		count(cellFunnel+s.Funnel[0].Name, ofReleases, s.End, s.Funnel[0].Count, true)
		count(cellFunnel+s.Funnel[3].Name, ofInTime, s.mature(), s.Funnel[3].Count, true)
	}
	for _, b := range s.Breakdowns {
		for _, g := range b.Rows {
			of := b.Name + ": " + g.Name
			count(cellPart(b.Name, g.Name, "m1"), of, s.End, g.M1.Releases, false)
			count(cellPart(b.Name, g.Name, "m2"), of, s.mature(), g.M2.Releases, false)
			count(cellPart(b.Name, g.Name, "m2"), of+", "+ofInTime, s.mature(), g.M2.PickedUp, false)
		}
	}
	for _, l := range s.TimeToPickUp {
		count(cellDays+l.Name, "days: "+l.Name, s.mature(), l.Count, false)
	}
	for _, f := range s.Supporting {
		if to, adds := s.until(f.ID); adds {
			count(cellFigure+f.ID, f.ID, to, f.Numerator, true)
			count(cellFigure+f.ID, f.ID+" of", to, f.Denominator, true)
		}
	}
	return all
}

// points are the rates of other windows: the month ends, and the window a year before.
func (s Said) points() []SaidPoint {
	if past := s.Comparisons.Past; past != nil {
		return append([]SaidPoint{*past}, s.Trend...)
	}
	return s.Trend
}

// until is the last day of release that a supporting figure counts; false of one that does not add up over days.
func (s Said) until(id string) (day.Date, bool) {
	switch id {
	case "s1", "s4", "s6", "s7", "s8", "s9", "s11", "cjit":
		return s.End, true
	case "s2", "s3":
		return s.mature(), true
	}
	return s.End, false
}

// The cells that can be hidden.
const (
	cellM1       = "m1"
	cellM2       = "m2"
	cellAdjusted = "m2 adjusted"
	cellAwaiting = "awaiting"
	cellPoint    = "point "
	cellFunnel   = "funnel "
	cellDays     = "days "
	cellFigure   = "figure "
	cellGroup    = "group "
)

func cellOf(p SaidPoint) string { return cellPoint + p.End.String() }

func cellPart(breakdown, group, measure string) string {
	return cellGroup + strings.Join([]string{breakdown, group, measure}, "\x00")
}

func (p period) String() string { return fmt.Sprintf("%s to %s", p.from, p.to) }
