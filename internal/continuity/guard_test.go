// A year of reports is written and attacked in long sums on one thread: the race detector would take a minute over them and
// has nothing to find, so that scripts/check tries them without it.

//go:build !race

package continuity

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"throughgate/config"
	"throughgate/internal/day"
)

// leaver is one release of a made-up partnership.
type leaver struct {
	on     day.Date
	picked int // days to the pick-up; -1 for none
	group  string
	prison string
}

// tallied counts the window by the definition, one release after another.
func tallied(all []leaver, end, through day.Date) Window {
	w := Window{Start: day.Window(end), End: end}
	bySubstance, byPrison := map[string][4]int{}, map[string][4]int{}
	for _, l := range all {
		if !l.on.Within(w.Start, end) {
			continue
		}
		var c [4]int
		c[0] = 1
		if l.picked >= 0 && !l.on.Add(l.picked).After(end) {
			c[1] = 1
		} else if end.Sub(l.on) < 21 {
			w.M1.FirstThreeWeeks++
		}
		if !l.on.Add(21).After(through) {
			c[2] = 1
			if l.picked >= 0 && l.picked <= 21 {
				c[3] = 1
			}
			w.Supporting.S5.Bands[bandOfDays(l.picked)]++
		}
		bySubstance[l.group], byPrison[l.prison] = plus(bySubstance[l.group], c), plus(byPrison[l.prison], c)
		w.M1.Releases, w.M1.PickedUp, w.M2.Releases, w.M2.PickedUp = w.M1.Releases+c[0], w.M1.PickedUp+c[1], w.M2.Releases+c[2], w.M2.PickedUp+c[3]
	}
	w.M1.Share, w.M2.Share = ShareOf(w.M1.PickedUp, w.M1.Releases), ShareOf(w.M2.PickedUp, w.M2.Releases)
	w.M2.Awaiting = w.M1.Releases - w.M2.Releases
	w.M2Adjusted = Adjusted{Releases: w.M2.Releases, PickedUp: w.M2.PickedUp, Share: w.M2.Share}
	w.BySubstanceGroup = inGroups(bySubstance, "opiate", "non-opiate only", "non-opiate and alcohol", "alcohol only", "not recorded")
	w.ByPrison = inGroups(byPrison, "EXI", "CWI", "DMI")
	n := w.M1.Releases
	w.Supporting.CJIT = figure(n/4, n, 0)
	w.Supporting.S6, w.Supporting.S11, w.Supporting.S12.Figure = figure(n, n, 0), figure(n/3, n, 0), figure(3*n-n/4, 3*n, n/4)
	w.Supporting.S7.Figure, w.Supporting.S9 = figure(bySubstance["alcohol only"][0], n, 0), figure(bySubstance["opiate"][0]/2, bySubstance["opiate"][0], 0)
	return w
}

func plus(a, b [4]int) [4]int { return [4]int{a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]} }

func bandOfDays(days int) int {
	if days < 0 {
		return len(bands) - 1
	}
	at, _ := slices.BinarySearch([]int{1, 4, 8, 15, 22}, days+1)
	return at
}

func inGroups(counts map[string][4]int, names ...string) (g Groups) {
	for _, name := range names {
		c := counts[name]
		g = append(g, Group{name, rateOf(c[1], c[0]), rateOf(c[3], c[2])})
	}
	return g
}

// everyDay takes no day to be unlike another.
func everyDay(day.Date) bool { return true }

// weekly makes releases of 27 months on the days that are for leaving, so many a week of five such days on average, and the last weekly reports as they leave the
// service.
func weekly(t *testing.T, reportsMade int, aWeek float64, leaving func(day.Date) bool, guarded bool) (reports [][]byte) {
	t.Helper()
	rules := config.BuiltIn()
	all := leavers(rand.New(rand.NewPCG(7, 7)), aWeek, day.MustParse("2022-07-01"), day.MustParse("2024-12-29"), leaving)
	var sent []Sent
	for end := day.MustParse("2024-01-07"); len(reports) < reportsMade; end = end.Add(7) {
		f := &Figures{Measure: Version, DataThrough: end, Partnership: "Plymouth"}
		for _, e := range day.WindowEnds(end, 25) {
			f.Windows = append(f.Windows, tallied(all, e, end))
		}
		past := tallied(all, end.AddMonths(-12), end)
		o := Suppress(f, &past, rules)
		if guarded {
			o.Guard(sent, rules)
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		one, err := ReadSent(text, end.At(7, 0))
		if err != nil {
			t.Fatal(err)
		}
		sent, reports = append(sent, one), append(reports, text)
	}
	return reports
}

func leavers(random *rand.Rand, aWeek float64, first, last day.Date, leaving func(day.Date) bool) (all []leaver) {
	for d := first; !d.After(last); d = d.Add(1) {
		for leaving(d) && random.Float64() < aWeek/(5+aWeek) { // so that the mean is aWeek/5 a working day
			all = append(all, leaver{d, max(-1, random.IntN(60)-20),
				[]string{"opiate", "opiate", "non-opiate only", "alcohol only"}[random.IntN(4)], []string{"EXI", "EXI", "CWI", "DMI"}[random.IntN(4)]})
		}
	}
	return all
}

// Whoever keeps every report of a year and works out what can be worked out recovers no small count: whether people leave on
// working days and the readers know it, or on any day. Without the check before sending, they would.
func TestAYearOfReportsTellsNoSmallCount(t *testing.T) {
	working := config.BuiltIn().Calendar.Working
	for _, c := range []struct {
		aWeek   float64
		reports int
		leaving func(day.Date) bool
	}{{4.6, 52, working}, {14, 20, working}, {4, 32, everyDay}} {
		t.Run(fmt.Sprintf("%g a week, %d reports", c.aWeek, c.reports), func(t *testing.T) {
			t.Parallel()
			for _, said := range attack(t, weekly(t, c.reports, c.aWeek, c.leaving, true), c.leaving) {
				t.Error(said)
			}
		})
	}
	for name, leaving := range map[string]func(day.Date) bool{"working days": working, "any day": everyDay} {
		if told := attack(t, weekly(t, 20, 4.6, leaving, false), leaving); len(told) == 0 {
			t.Errorf("the attack recovers nothing where nothing guards against it: %s", name)
		}
	}
}
