package continuity

// Rule is what makes a point of the control chart stand out: special cause, in the words of Making Data Count.
type Rule int

// The rules in their order: a point is flagged by the first that fits.
const (
	CommonCause  Rule = iota // none: chance explains it
	OutsideLimit             // outside a limit
	Trend                    // one of seven points, each higher than the one before, or each lower
	TwoOfThree               // one of at least two of three that lie between near limit and limit, on one side
	Shift                    // one of seven or more points running on one side of the centre
)

// Signal is a rule with its direction: up is above the centre or, of a trend, rising. The rate should be high, so up is
// improvement and down concern.
type Signal struct {
	Rule Rule
	Up   bool
}

// Improvement and Concern are the two kinds of special cause.
func (s Signal) Improvement() bool { return s.Rule != CommonCause && s.Up }
func (s Signal) Concern() bool     { return s.Rule != CommonCause && !s.Up }

// signals says of each point which rule flags it. Without limits only the rules that need none apply.
func signals(points []reading, centre float64, limits *Limits) []Signal {
	flagged := make([]Signal, len(points))
	side := sides(points, centre)
	directions := map[Rule][]int{Trend: flagRuns(trendEnds(points)), Shift: flagRuns(shiftEnds(side))}
	if limits != nil {
		directions[OutsideLimit] = outside(points, *limits)
		directions[TwoOfThree] = twoOfThree(nearLimit(points, *limits), side)
	}
	for rule := Shift; rule > CommonCause; rule-- { // the earlier rule has the last word
		for i, direction := range directions[rule] {
			if direction != 0 {
				flagged[i] = Signal{rule, direction > 0}
			}
		}
	}
	return flagged
}

// direction is how a lies to b: 1 above, -1 below, 0 the same.
func direction(a, b float64) int {
	switch {
	case a > b+floatsGrain:
		return 1
	case a < b-floatsGrain:
		return -1
	}
	return 0
}

// sides says on which side of the centre each point lies; 0 is on it.
func sides(points []reading, centre float64) []int {
	side := make([]int, len(points))
	for i, p := range points {
		side[i] = direction(p.value, centre)
	}
	return side
}

// outside is rule 1: beyond a limit; on it is inside.
func outside(points []reading, l Limits) []int {
	beyond := make([]int, len(points))
	for i, p := range points {
		beyond[i] = max(0, direction(p.value, l.Upper)) + min(0, direction(p.value, l.Lower))
	}
	return beyond
}

// trendEnds is rule 2: the points that end six consecutive strict rises, or falls. A tie breaks them.
func trendEnds(points []reading) []int {
	steps := make([]int, len(points))
	for i := 1; i < len(points); i++ {
		steps[i] = direction(points[i].value, points[i-1].value)
	}
	return runEnds(steps, runOf-1)
}

// twoOfThree is rule 3: three consecutive points on one side of the centre, at least two of them close to the limit; only
// those are flagged.
func twoOfThree(close []bool, side []int) []int {
	flagged := make([]int, len(side))
	for i := 2; i < len(side); i++ {
		if side[i] != side[i-1] || side[i] != side[i-2] || count3(close[i-2:i+1]) < 2 {
			continue
		}
		for k := i - 2; k <= i; k++ {
			if close[k] {
				flagged[k] = side[k]
			}
		}
	}
	return flagged
}

func count3(close []bool) (n int) {
	for _, c := range close {
		if c {
			n++
		}
	}
	return n
}

// nearLimit says which points lie between near limit and limit. Beyond the limit is not near it.
func nearLimit(points []reading, l Limits) []bool {
	near := make([]bool, len(points))
	beyond := outside(points, l)
	for i, p := range points {
		near[i] = beyond[i] == 0 && (direction(p.value, l.NearUpper) > 0 || direction(p.value, l.NearLower) < 0)
	}
	return near
}

// shiftEnds is rule 4: the points that end seven consecutive ones strictly on one side. A point on the centre breaks it.
func shiftEnds(side []int) []int { return runEnds(side, runOf) }

// runEnds marks, with its sign, each place where the same sign (not 0) stands for the nth time or more in a row.
func runEnds(signs []int, n int) []int {
	ends := make([]int, len(signs))
	run := 0
	for i, s := range signs {
		switch {
		case s == 0:
			run = 0
		case i > 0 && s == signs[i-1]:
			run++
		default:
			run = 1
		}
		if run >= n {
			ends[i] = s
		}
	}
	return ends
}

// flagRuns flags all seven points of every run that ends where ends says. The point where a rise turns into a fall belongs
// to the rise.
func flagRuns(ends []int) []int {
	flagged := make([]int, len(ends))
	for i, end := range ends {
		for k := i; end != 0 && k > i-runOf && k >= 0; k-- {
			if flagged[k] == 0 {
				flagged[k] = end
			}
		}
	}
	return flagged
}
