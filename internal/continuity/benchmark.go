package continuity

import (
	"fmt"
	"strings"

	"throughgate/config"
	"throughgate/internal/day"
)

// england is M2 against the published figures that fit the window.
func england(m2 ShownRate, w *Window, list []config.Benchmark) string {
	var said []string
	for i, b := range Comparators(list, w.End) {
		newest := ""
		if i > 0 {
			newest = "the newest figure, "
		}
		said = append(said, fmt.Sprintf("%s %s%s's %g%% (%s, %s, %s, as published in %s)",
			than(m2.verdict(b.Percent)), newest, b.Area, b.Percent, b.Indicator, b.Period, b.PeriodType, b.Vintage))
	}
	if len(said) == 0 {
		return ""
	}
	return fmt.Sprintf("Within 21 days %s were picked up: %s. %s", rateWithInterval(m2), strings.Join(said, "; "), definitionDiffers)
}

// Comparators are the benchmarks for a window that ends on a day: that of the period the day lies in or, where none is
// published for it, of the last period before; and, where it is another, the newest. Of one period the latest vintage.
func Comparators(list []config.Benchmark, end day.Date) []config.Benchmark {
	var chosen []config.Benchmark
	newest, ok := lastBegun(list, day.Date{})
	if !ok {
		return nil
	}
	if then, ok := lastBegun(list, end); ok && then != newest {
		chosen = append(chosen, then)
	}
	return append(chosen, newest)
}

// lastBegun is the benchmark of the last period that has begun by a day (none: of all), in its latest vintage; of equal ones
// the one listed last.
func lastBegun(list []config.Benchmark, by day.Date) (b config.Benchmark, ok bool) {
	var began day.Date
	for _, one := range list {
		begins, read := one.Begins()
		if !read || !by.IsZero() && begins.After(by) || begins.Before(began) || begins == began && one.Vintage < b.Vintage {
			continue
		}
		b, began, ok = one, begins, true
	}
	return b, ok
}
