package continuity

import (
	"math"
	"slices"

	"throughgate/internal/day"
)

// claim is what readers can tell of one count from what they were sent: of the days from..to it is at least low and at most
// high.
type claim struct {
	cell      string // which figure of the report says so; hiding it takes the claim back
	of        string // which count: claims of one count add up over days
	from, to  day.Date
	low, high int
}

// ledger is everything that follows from the claims on one count. The count of the days between two bounds is the
// difference of two running totals, so the claims are difference constraints, and the tightest bounds on any period are
// shortest paths between its ends; as all numbers are whole, these bounds can be reached.
type ledger struct {
	ends []day.Date // the last days of periods, in order
	most [][]int    // most[i][j]: the running total at j is at most so much above that at i
}

const noLimit = math.MaxInt32

// newLedger knows of no claim, only that counts are not negative.
func newLedger(claims []claim) *ledger {
	l := &ledger{}
	for _, c := range claims {
		l.ends = append(l.ends, c.from.Add(-1), c.to)
	}
	slices.SortFunc(l.ends, day.Date.Compare)
	l.ends = slices.Compact(l.ends)
	l.most = make([][]int, len(l.ends))
	for i := range l.most {
		l.most[i] = make([]int, len(l.ends))
		for j := i + 1; j < len(l.ends); j++ {
			l.most[i][j] = noLimit
		}
	}
	return l
}

// follow makes the ledger of the claims, which come newest first. A claim that contradicts newer ones is left out: what it
// counted was revised since.
func follow(claims []claim) *ledger {
	l := newLedger(claims)
	for _, c := range claims {
		i, j := l.at(c.from.Add(-1)), l.at(c.to)
		if c.low > l.most[i][j] || c.high < -l.most[j][i] || c.low > c.high {
			continue
		}
		l.tighten(i, j, c.high)
		l.tighten(j, i, -c.low)
	}
	return l
}

func (l *ledger) at(d day.Date) int {
	i, _ := slices.BinarySearchFunc(l.ends, d, day.Date.Compare)
	return i
}

// tighten takes note that the total at j is at most so much above that at i, and of all that follows.
func (l *ledger) tighten(i, j, most int) {
	if most >= l.most[i][j] {
		return
	}
	for from := range l.ends {
		by, row := l.most[from][i]+most, l.most[from]
		if l.most[from][i] == noLimit || by >= row[j] { // nothing is nearer by this way
			continue
		}
		for to, further := range l.most[j] {
			if further != noLimit && by+further < row[to] {
				row[to] = by + further
			}
		}
	}
}

// period is a stretch of days.
type period struct{ from, to day.Date }

// pinned are the periods of which readers can tell a count of 1 to most exactly.
func (l *ledger) pinned(most int) map[period]int {
	found := map[period]int{}
	for i := range l.ends {
		for j := i + 1; j < len(l.ends); j++ {
			if n := l.most[i][j]; n >= 1 && n <= most && -l.most[j][i] == n {
				found[period{l.ends[i].Add(1), l.ends[j]}] = n
			}
		}
	}
	return found
}
