package continuity

import (
	"maps"
	"slices"
	"strings"

	"throughgate/config"
	"throughgate/internal/day"
)

// Guard hides what the rule for small numbers would show, where readers who have every report sent before could tell from
// it a count of 1 up to the threshold exactly: a rate that only one pair of counts gives, a cell that a sum gives away, or
// what follows from overlapping windows. It hides by itself, the figures that say least first, and the footer says so. It does so
// for readers who take every release to be on a working day, as nearly all are, and for readers who take nothing for granted:
// where somebody did leave on a Saturday, the first would find their counts contradict each other, and the second would not.
// What only words say (better, worse, improving) is not looked at.
func (o *Outgoing) Guard(sent []Sent, rules *config.Config) {
	if !rules.Suppression.Enabled {
		return
	}
	lastWorking := func(d day.Date) day.Date {
		for !rules.Calendar.Working(d) {
			d = d.Add(-1)
		}
		return d
	}
	anyDay := func(d day.Date) day.Date { return d }
	readers := []guard{newGuard(o, sent, rules, lastWorking), newGuard(o, sent, rules, anyDay)}
	for range mostHidden {
		cell := readers[0].tells()
		if cell == "" {
			cell = readers[1].tells()
		}
		if cell == "" {
			return
		}
		o.hide(cell)
	}
}

// mostHidden is more than a report has cells: it only makes sure that hiding ends.
const mostHidden = 500

type guard struct {
	veil
	o       *Outgoing
	leaving func(day.Date) day.Date   // the last day up to a day on which people leave prison
	past    []Said                    // newest first
	known   []account                 // of the reports sent before, newest first
	alone   []claim                   // all claims of those
	told    map[string]map[period]int // what follows from those for each count alone
	related map[string]*family        // and what is known of related counts together
}

func newGuard(o *Outgoing, sent []Sent, rules *config.Config, leaving func(day.Date) day.Date) guard {
	g := guard{veil: veil{rules.Suppression}, o: o, leaving: leaving, told: map[string]map[period]int{}, related: map[string]*family{}}
	for i := len(sent) - 1; i >= 0; i-- {
		a := g.accountOf(sent[i].Said, g.leaving)
		g.past, g.known, g.alone = append(g.past, sent[i].Said), append(g.known, a), append(g.alone, a.claims...)
	}
	g.alone = unsaid(g.alone)
	return g
}

// tells is the next cell to hide; "" when none has to be.
func (g guard) tells() string {
	said := g.o.said()
	for _, find := range []func(Said) string{g.rateTells, g.adjustedTells, g.sumTells, g.revisionTells, g.relatedTells, g.aloneTells} {
		if cell := find(said); cell != "" {
			return cell
		}
	}
	return ""
}

func (g guard) exactly(low, high int) bool { return low == high && low >= 1 && low <= g.HideUpTo }

// rateTells finds a rate all whose readings agree on a small count, of those picked up or of those not.
func (g guard) rateTells(s Said) string {
	rates := g.ratesOf(s)
	for _, cell := range slices.Sorted(maps.Keys(rates)) {
		readings := rates[cell]
		if len(readings) == 0 {
			continue
		}
		if g.exactly(extent(readings, pickedOf)) || g.exactly(extent(readings, leftOf)) {
			return cell
		}
	}
	return ""
}

// adjustedTells finds out whether M2 and M2 adjusted side by side tell how many were taken out, or added.
func (g guard) adjustedTells(s Said) string {
	m2, adjusted := g.ratesOf(s)[cellM2], g.readings(s.M2Adjusted)
	if len(m2) == 0 || len(adjusted) == 0 {
		return ""
	}
	for _, of := range []func(pair) int{releasesOf, pickedOf} {
		low, high := extent(m2, of)
		adjustedLow, adjustedHigh := extent(adjusted, of)
		if low == high && adjustedLow == adjustedHigh && g.exactly(abs(low-adjustedLow), abs(low-adjustedLow)) {
			return cellAdjusted
		}
	}
	return ""
}

// together is counts that stand together and what is known of their sum.
type together struct {
	cells     []string // what hides each
	counts    []SaidCount
	low, high int // the sum
	primary   bool
}

// sumTells finds a hidden cell that the sum gives away, and hides the smallest one beside it that is shown.
func (g guard) sumTells(s Said) string {
	for _, c := range g.columns(s) {
		if g.givesAway(c) {
			if cell := c.smallestShown(); cell != "" {
				return cell
			}
		}
	}
	return ""
}

func (g guard) columns(s Said) (all []together) {
	rates := g.ratesOf(s)
	add := func(readings []pair, of func(pair) int, primary bool, cells []string, counts []SaidCount) {
		if len(readings) > 0 && len(counts) > 0 {
			low, high := extent(readings, of)
			all = append(all, together{cells, counts, low, high, primary && !s.Withheld})
		}
	}
	for _, b := range s.Breakdowns {
		for _, measure := range []string{cellM1, cellM2} {
			var cells []string
			var releases, picked []SaidCount
			for _, group := range b.Rows {
				part := group.M1
				if measure == cellM2 {
					part = group.M2
				}
				cells = append(cells, cellPart(b.Name, group.Name, measure))
				releases, picked = append(releases, part.Releases), append(picked, part.PickedUp)
			}
			add(rates[measure], releasesOf, true, cells, releases)
			add(rates[measure], pickedOf, false, cells, picked)
		}
	}
	var cells []string
	var counts []SaidCount
	for _, l := range s.TimeToPickUp {
		cells, counts = append(cells, cellDays+l.Name), append(counts, l.Count)
	}
	if len(counts) > lateBand {
		add(rates[cellM2], pickedOf, false, cells[:lateBand], counts[:lateBand])
		add(rates[cellM2], leftOf, false, cells[lateBand:], counts[lateBand:])
	}
	return all
}

// givesAway says whether some hidden cell can have one small value only. Three hidden or more are each hidden for being
// small; of fewer, one may be the next smallest.
func (g guard) givesAway(c together) bool {
	hidden := 0
	for _, one := range c.counts {
		if one.Shown == nil {
			hidden++
		}
	}
	low, high := make([]int, len(c.counts)), make([]int, len(c.counts))
	sumLow, sumHigh := 0, 0
	for i, one := range c.counts {
		low[i], high[i] = g.between(one, c.primary && hidden > 2)
		sumLow, sumHigh = sumLow+low[i], sumHigh+high[i]
	}
	for i, one := range c.counts {
		least, most := max(low[i], c.low-(sumHigh-high[i])), min(high[i], c.high-(sumLow-low[i]))
		if one.Shown == nil && g.exactly(least, most) {
			return true
		}
	}
	return false
}

func (c together) smallestShown() (cell string) {
	smallest := noLimit
	for i, one := range c.counts {
		if one.Shown != nil && *one.Shown < smallest {
			smallest, cell = *one.Shown, c.cells[i]
		}
	}
	return cell
}

// revisionTells finds a window that an earlier report showed as well, where both are known so exactly that their difference
// is: so many pick-ups or releases were recorded late.
func (g guard) revisionTells(s Said) string {
	now := s.windows(g.veil)
	for _, before := range g.past {
		then := before.windows(g.veil)
		for _, end := range slices.SortedFunc(maps.Keys(now), day.Date.Compare) {
			one := now[end]
			was, both := then[end]
			if !both || len(one.readings) == 0 || len(was.readings) == 0 {
				continue
			}
			for _, of := range []func(pair) int{releasesOf, pickedOf, leftOf} {
				low, high := extent(one.readings, of)
				wasLow, wasHigh := extent(was.readings, of)
				if low == high && wasLow == wasHigh && g.exactly(abs(low-wasLow), abs(low-wasLow)) {
					return one.cell
				}
			}
		}
	}
	return ""
}

type windowSaid struct {
	cell     string
	readings []pair
}

// windows are the rolling rates of a report by the window's last day.
func (s Said) windows(v veil) map[day.Date]windowSaid {
	all := map[day.Date]windowSaid{}
	for _, p := range s.points() {
		all[p.End] = windowSaid{cellOf(p), v.readings(p.M1)}
	}
	if _, also := all[s.End]; !also {
		all[s.End] = windowSaid{cellM1, v.readings(s.M1)}
	}
	return all
}

// aloneTells finds the cell that, hidden, leaves the fewest periods of which a small count follows from all reports ever
// sent, each count taken by itself, and was not told by those sent before.
func (g guard) aloneTells(s Said) string {
	ours := g.accountOf(s, g.leaving).claims
	for _, of := range countsOf(ours) {
		known, mine := only(g.alone, of), only(ours, of)
		told, asked := g.told[of]
		if !asked {
			told = follow(known).smallCounts(g.HideUpTo)
			g.told[of] = told
		}
		newly := func(cell string) (n int) {
			kept := slices.DeleteFunc(slices.Clone(mine), func(c claim) bool { return c.cell == cell })
			return untold(told, follow(slices.Concat(kept, known)).smallCounts(g.HideUpTo))
		}
		if newly("") > 0 {
			return fewest(cellsOf(mine), newly)
		}
	}
	return ""
}

func (l *ledger) smallCounts(most int) map[period]int {
	found := map[period]int{}
	l.pinned(most, func(p period, n int) { found[p] = n })
	return found
}

// untold is how many of what follows now did not follow before.
func untold[P comparable](told, now map[P]int) (n int) {
	for p, count := range now {
		if before, again := told[p]; !again || before != count {
			n++
		}
	}
	return n
}

// fewest is the cell without which the fewest counts can be told, the first of equals.
func fewest(cells []string, without func(cell string) int) (best string) {
	least := noLimit
	for _, cell := range cells {
		n := without(cell)
		if n < least {
			best, least = cell, n
		}
		if n == 0 {
			break
		}
	}
	return best
}

func only(claims []claim, of string) []claim {
	return slices.DeleteFunc(slices.Clone(claims), func(c claim) bool { return c.of != of })
}

func countsOf(claims []claim) []string {
	names := map[string]bool{}
	for _, c := range claims {
		names[c.of] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// cellsOf are the cells of claims, those first that a reader misses least.
func cellsOf(claims []claim) (cells []string) {
	for _, c := range claims {
		if !slices.Contains(cells, c.cell) {
			cells = append(cells, c.cell)
		}
	}
	slices.SortStableFunc(cells, func(a, b string) int { return missed(a) - missed(b) })
	return cells
}

func missed(cell string) int {
	for i, kind := range []string{cellFigure, cellDays, cellGroup, cellAwaiting, cellFunnel, cellAdjusted, cellPoint} {
		if strings.HasPrefix(cell, kind) && cell != cellM2 {
			return i
		}
	}
	return 10
}
