package continuity

import (
	"slices"
	"strings"

	"throughgate/internal/day"
)

// The counts that add up over days of release. Of a group, the same words follow its name.
const (
	ofReleases = "releases"
	ofInTime   = "picked up within 21 days"
	ofNot      = "not picked up within 21 days"
)

// account is what readers can tell from one report, or from several.
type account struct {
	claims []claim
	rates  []rateSaid
}

// rateSaid is a rate of the releases of some days, with all pairs of counts that it may stand for.
type rateSaid struct {
	cell     string
	from, to day.Date
	inTime   bool // of those picked up within 21 days; otherwise by the last day
	readings []pair
}

// accountOf is what readers can tell from a report: rates, rounded counts and what is missing. They know on which days
// people leave prison, and count from one of them to another.
func (v veil) accountOf(s Said, leaving func(day.Date) day.Date) account {
	a := &accounting{veil: v, Said: s, leaving: leaving}
	a.tellRates()
	a.tellGroups()
	for _, l := range s.TimeToPickUp {
		a.count(cellDays+l.Name, ofDays(l.Name), s.mature(), l.Count, false)
	}
	for _, f := range s.Supporting {
		if to, adds := s.until(f.ID); adds {
			some, all := countsIn(f.ID)
			a.count(cellFigure+f.ID, some, to, f.Numerator, f.ID != "s7" && f.ID != "s9") // those may be hidden as groups are
			low, high := v.ofRate(f.Numerator, f.Denominator, f.Rate, f.ID != "s9" && !s.Withheld)
			a.say(cellFigure+f.ID, all, s.Start, to, low, high)
		}
		if low, high := v.times(int(fields)).between(f.Denominator, !s.Withheld); f.ID == "s12" && high < noLimit {
			a.say(cellFigure+f.ID, ofReleases, s.Start, s.End, (low+int(fields)-1)/int(fields), high/int(fields))
		}
	}
	return a.account
}

// accounting is an account in the making.
type accounting struct {
	veil
	Said
	leaving func(day.Date) day.Date
	account
}

// period is the same days without those, at either end, on which nobody leaves.
func (a *accounting) period(from, to day.Date) (day.Date, day.Date) {
	return a.leaving(from.Add(-1)).Add(1), a.leaving(to)
}

func (a *accounting) say(cell, of string, from, to day.Date, low, high int) {
	if low == 0 && high == noLimit {
		return
	}
	if from, to = a.period(from, to); !to.Before(from) && low <= high {
		a.claims = append(a.claims, claim{cell, of, from, to, low, high})
	}
}

func (a *accounting) count(cell, of string, to day.Date, c SaidCount, onlySmall bool) {
	low, high := a.between(c, onlySmall && !a.Withheld)
	a.say(cell, of, a.Start, to, low, high)
}

func (a *accounting) tellRates() {
	s, readings := a.Said, a.ratesOf(a.Said)
	a.rate(cellM1, s.Start, s.End, s.M1, readings[cellM1], false)
	a.rate(cellM2, s.Start, s.mature(), s.M2, readings[cellM2], true)
	for _, p := range s.points() {
		a.rate(cellOf(p), day.Window(p.End), p.End, p.M1, readings[cellOf(p)], false)
	}
	low, high := a.between(s.Awaiting, !s.Withheld)
	a.say(cellAwaiting, ofReleases, s.mature().Add(1), s.End, low, high)
	if len(s.Funnel) > 3 {
		a.count(cellFunnel+s.Funnel[0].Name, ofReleases, s.End, s.Funnel[0].Count, true)
		a.count(cellFunnel+s.Funnel[3].Name, ofInTime, s.mature(), s.Funnel[3].Count, true)
	}
}

func (a *accounting) rate(cell string, from, to day.Date, r SaidRate, readings []pair, inTime bool) {
	if r.Says == tooSmall && !a.Withheld {
		a.say(cell, ofReleases, from, to, 0, a.SmallestDenominator-1)
	}
	if len(readings) == 0 {
		return
	}
	low, high := extent(readings, releasesOf)
	a.say(cell, ofReleases, from, to, low, high)
	if inTime {
		low, high = extent(readings, pickedOf)
		a.say(cell, ofInTime, from, to, low, high)
		low, high = extent(readings, leftOf)
		a.say(cell, ofNot, from, to, low, high)
	}
	if from, to = a.period(from, to); !to.Before(from) {
		a.rates = append(a.rates, rateSaid{cell, from, to, inTime, readings})
	}
}

func (a *accounting) tellGroups() {
	for _, b := range a.Breakdowns {
		small1 := allSmall(b.Rows, func(g SaidGroup) SaidCount { return g.M1.Releases })
		small2 := allSmall(b.Rows, func(g SaidGroup) SaidCount { return g.M2.Releases })
		for _, g := range b.Rows {
			of := ofGroup(b.Name, g.Name)
			a.part(cellPart(b.Name, g.Name, cellM1), of, a.End, g.M1, small1)
			a.part(cellPart(b.Name, g.Name, cellM2), of, a.mature(), g.M2, small2)
			a.count(cellPart(b.Name, g.Name, cellM2), of+", "+ofInTime, a.mature(), g.M2.PickedUp, false)
		}
	}
}

func (a *accounting) part(cell, of string, to day.Date, p SaidPart, small bool) {
	low, high := a.ofRate(p.PickedUp, p.Releases, p.Rate, small && !a.Withheld)
	a.say(cell, of, a.Start, to, low, high)
}

// allSmall says that every hidden cell of a column is hidden for being small: of fewer than three, one may be the next
// smallest.
func allSmall(rows []SaidGroup, of func(SaidGroup) SaidCount) bool {
	hidden := 0
	for _, g := range rows {
		if of(g).Shown == nil {
			hidden++
		}
	}
	return hidden > 2
}

// without is the account as it would be with one cell hidden.
func (a account) without(cell string) account {
	return account{
		claims: slices.DeleteFunc(slices.Clone(a.claims), func(c claim) bool { return c.cell == cell }),
		rates:  slices.DeleteFunc(slices.Clone(a.rates), func(r rateSaid) bool { return r.cell == cell }),
	}
}

// unsaid leaves each claim out that says again what another says, of whichever cell.
func unsaid(claims []claim) []claim {
	seen := map[claim]bool{}
	return slices.DeleteFunc(claims, func(c claim) bool {
		c.cell = ""
		again := seen[c]
		seen[c] = true
		return again
	})
}

// mature is the last day of the window whose releases are 21 days old at T.
func (s Said) mature() day.Date {
	if by := s.DataThrough.Add(-21); by.Before(s.End) {
		return by
	}
	return s.End
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

// countsIn are the two counts of a supporting figure: some of them stand elsewhere under another name.
func countsIn(id string) (some, all string) {
	switch id {
	case "s6":
		return ofReleases, id + " of"
	case "s7":
		return ofGroup(bySubstance, alcoholOnly), ofReleases
	case "s9":
		return id, ofGroup(bySubstance, opiate)
	case "s11", "cjit":
		return id, ofReleases
	}
	return id, id + " of"
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

func ofGroup(breakdown, group string) string { return breakdown + ": " + group }
func ofDays(band string) string              { return "days: " + band }
