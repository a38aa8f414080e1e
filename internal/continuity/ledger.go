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
func newLedger(ends []day.Date) *ledger {
	l := &ledger{ends: ends, most: make([][]int, len(ends))}
	for i := range l.most {
		l.most[i] = make([]int, len(ends))
		for j := i + 1; j < len(ends); j++ {
			l.most[i][j] = noLimit
		}
	}
	return l
}

func (l *ledger) clone() *ledger {
	same := &ledger{ends: l.ends, most: make([][]int, len(l.most))}
	for i := range l.most {
		same.most[i] = slices.Clone(l.most[i])
	}
	return same
}

// endsOf are the days between which the claims count.
func endsOf(claims []claim) (ends []day.Date) {
	for _, c := range claims {
		ends = append(ends, c.from.Add(-1), c.to)
	}
	slices.SortFunc(ends, day.Date.Compare)
	return slices.Compact(ends)
}

// follow makes the ledger of the claims, which come newest first. A claim that contradicts newer ones is left out: what it
// counted was revised since.
func follow(claims []claim) *ledger {
	l := newLedger(endsOf(claims))
	for _, c := range claims {
		l.take(c)
	}
	return l
}

// take notes a claim and all that follows from it; false of one that contradicts what is known.
func (l *ledger) take(c claim) bool {
	i, j := l.at(c.from.Add(-1)), l.at(c.to)
	if c.low > l.most[i][j] || c.high < -l.most[j][i] || c.low > c.high {
		return false
	}
	l.tighten(i, j, c.high)
	l.tighten(j, i, -c.low)
	return true
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

// close finds all that follows where many bounds were noted at once.
func (l *ledger) close() {
	for via, onward := range l.most {
		for _, row := range l.most {
			by := row[via]
			if by == noLimit {
				continue
			}
			row := row[:len(onward)]
			for to, further := range onward {
				if further != noLimit && by+further < row[to] {
					row[to] = by + further
				}
			}
		}
	}
}

// period is a stretch of days.
type period struct{ from, to day.Date }

// pinned calls found with each period of which readers can tell a count of 1 to most exactly.
func (l *ledger) pinned(most int, found func(period, int)) {
	for i := range l.ends {
		for j := i + 1; j < len(l.ends); j++ {
			if n := l.most[i][j]; n >= 1 && n <= most && -l.most[j][i] == n {
				found(period{l.ends[i].Add(1), l.ends[j]}, n)
			}
		}
	}
}
