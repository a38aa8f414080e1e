package continuity

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

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
	w.Supporting.S6 = figure(w.M1.Releases, w.M1.Releases, 0)
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

// aYear makes releases of 27 months, so many a week on average, and the weekly reports of the last twelve.
func aYear(t *testing.T, seed uint64, aWeek float64) (all []leaver, ends []day.Date, sent []Sent) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 7))
	first, last := day.MustParse("2022-10-01"), day.MustParse("2024-12-29")
	for d := first; !d.After(last); d = d.Add(1) {
		for random.Float64() < aWeek/(7+aWeek) { // so that the mean is aWeek/7 a day
			all = append(all, leaver{d, random.IntN(60) - 20, []string{"opiate", "opiate", "non-opiate only", "alcohol only"}[random.IntN(4)], []string{"EXI", "EXI", "CWI", "DMI"}[random.IntN(4)]})
			all[len(all)-1].picked = max(-1, all[len(all)-1].picked)
		}
	}
	rules := config.BuiltIn()
	for end := day.MustParse("2024-01-07"); !end.After(last); end = end.Add(7) {
		f := &Figures{Measure: Version, DataThrough: end, Partnership: "Plymouth"}
		for _, e := range day.WindowEnds(end, 25) {
			f.Windows = append(f.Windows, tallied(all, e, end))
		}
		past := tallied(all, end.AddMonths(-12), end)
		o := Suppress(f, &past, rules)
		o.Guard(sent, rules)
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		one, err := ReadSent(text, end.At(7, 0))
		if err != nil {
			t.Fatal(err)
		}
		ends, sent = append(ends, end), append(sent, one)
	}
	return all, ends, sent
}

// Whoever keeps every report of a year and subtracts as well as can be done recovers no small count.
func TestAYearOfReportsAttackedBySubtractionTellsNoSmallCount(t *testing.T) {
	for i, aWeek := range []float64{2.5, 8} {
		t.Run(fmt.Sprintf("%g a week", aWeek), func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, _, sent := aYear(t, uint64(i), aWeek)
			v := veil{config.BuiltIn().Suppression}
			var claims []claim
			withheld, rates := 0, 0
			for j := len(sent) - 1; j >= 0; j-- {
				claims = append(claims, sent[j].Said.claims(v)...)
				if sent[j].Said.Withheld {
					withheld++
				}
				if sent[j].Said.M1.Says == "" {
					rates++
				}
			}
			claims = unsaid(claims)
			for _, of := range countsOf(claims) {
				for p, n := range follow(only(claims, of)).pinned(v.HideUpTo) {
					t.Errorf("%s, %s: %d", of, p, n)
				}
			}
			t.Logf("%d of %d reports withhold more, %d have their rate, in %s", withheld, len(sent), rates, time.Since(began))
		})
	}
}
