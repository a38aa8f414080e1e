package continuity

import (
	"slices"

	"throughgate/internal/day"
)

// maturity is how old a release is, in days, when its outcome counts in M2.
const maturity = 21

// timeline is the days of all windows, cut into stretches wherever one of them begins, ends, or needs a boundary:
//
//	window 1  |-------------------------|              stretch 0 1 2 ...: each window is some of them, whole, so that
//	window 2           |-------------------------|     the rows are counted once, by stretch, however many windows
//	stretch   |   0    |      1    | 2  |  3 | 4 |     there are.
type timeline struct {
	from  day.Date
	of    []int // stretch of each day, counted from from
	start []day.Date
}

// newTimeline cuts the days of the windows that end on ends. The month that a window ends in stands apart for the control
// chart, its last 21 days for first_three_weeks, the releases that are not yet 21 days old at T for M2, and each day of alone.
func newTimeline(ends, alone []day.Date, through day.Date) timeline {
	first, last := day.Window(ends[0]), ends[len(ends)-1]
	cuts := []day.Date{first, through.Add(1 - maturity)}
	for _, end := range ends {
		cuts = append(cuts, day.Window(end), end.Add(1-end.Day()), end.Add(1-maturity), end.Add(1))
	}
	for _, d := range alone {
		cuts = append(cuts, d, d.Add(1))
	}
	slices.SortFunc(cuts, day.Date.Compare)
	cuts = slices.Compact(cuts)
	t := timeline{from: first, of: make([]int, last.Sub(first)+1)}
	for _, cut := range cuts {
		if cut.Within(first, last) {
			t.start = append(t.start, cut)
		}
	}
	for s, start := range t.start {
		for i := start.Sub(first); i < len(t.of); i++ {
			t.of[i] = s
		}
	}
	return t
}

func (t timeline) at(d day.Date) int { return t.of[d.Sub(t.from)] }

// mature says whether the releases of stretch s are 21 days old at T.
func (t timeline) mature(s int, through day.Date) bool {
	return !t.start[s].Add(maturity).After(through)
}
