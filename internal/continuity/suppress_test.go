package continuity

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"throughgate/config"
	"throughgate/internal/day"
)

// window makes a window's M1 and M2 alike, with breakdowns that add up.
func window(end string, releases, pickedUp int) Window {
	s := ShareOf(pickedUp, releases)
	return Window{
		Start: day.Window(day.MustParse(end)), End: day.MustParse(end),
		M1: M1{Releases: releases, People: releases, PickedUp: pickedUp, Share: s},
		M2: M2{Releases: releases, PickedUp: pickedUp, Share: s},
	}
}

func figuresOf(windows ...Window) *Figures {
	return &Figures{Measure: Version, DataThrough: windows[len(windows)-1].End, Partnership: "Plymouth", Windows: windows, Benchmarks: config.BuiltIn().Benchmarks}
}

func TestTheHeadlineIsASentenceToQuote(t *testing.T) {
	for want, of := range map[string][2]int{
		"44% of about 75 people released in the three months to 31 December 2023 with an onward referral were picked up by Harbour (95% interval 33% to 55%).": {33, 75},
		"25% of about 20 people released in the three months to 31 December 2023 with an onward referral were picked up by Harbour (95% interval 11% to 47%).": {5, 20},
		"Numbers for the three months to 31 December 2023 are too small to show.":                                                                              {9, 19},
		"Fewer than 1 in 20 of about 75 people released in the three months to 31 December 2023 with an onward referral were picked up by Harbour.":            {3, 75},
		"More than 19 in 20 of about 75 people released in the three months to 31 December 2023 with an onward referral were picked up by Harbour.":            {73, 75},
		"5% of about 60 people released in the three months to 31 December 2023 with an onward referral were picked up by Harbour (95% interval 2% to 14%).":   {3, 60},
	} {
		if got := Suppress(figuresOf(window("2023-12-31", of[1], of[0])), nil, config.BuiltIn()).Headline; got != want {
			t.Errorf("%d of %d: %s\nwant %s", of[0], of[1], got, want)
		}
	}
}

func TestWithSuppressionOffCountsAreExactAndTheFooterSaysSo(t *testing.T) {
	rules := config.BuiltIn()
	rules.Suppression.Enabled = false
	w := window("2023-12-31", 14, 8)
	w.BySubstanceGroup = Groups{{Name: "opiate", M1: rateOf(3, 5)}}
	o := Suppress(figuresOf(w), nil, rules)
	if o.Headline != "57.1% of 14 people released in the three months to 31 December 2023 with an onward referral were picked up by Harbour (95% interval 32.6% to 78.6%)." {
		t.Error(o.Headline)
	}
	if part := o.Breakdowns[0].Rows[0].M1; part.Releases.String() != "5" || part.PickedUp.String() != "3" || part.Rate.String() != "60.0%" {
		t.Errorf("%+v", part)
	}
	if !strings.Contains(o.Footer, "exact") {
		t.Error(o.Footer)
	}
	if none := Suppress(figuresOf(window("2023-12-31", 0, 0)), nil, rules); none.Headline != "No releases with an onward referral in the three months to 31 December 2023." {
		t.Error(none.Headline)
	}
}

func TestCountsAreHiddenOrRounded(t *testing.T) {
	v := veil{config.BuiltIn().Suppression}
	for n, want := range map[int]string{0: "*", 1: "*", 7: "*", 8: "10", 12: "10", 13: "15", 17: "15", 18: "20", 75: "75", 77: "75", 78: "80"} {
		if got := v.count(n).Cell(); got != want {
			t.Errorf("%d is shown as %s, want %s", n, got, want)
		}
	}
}

// A median under 8 people would be somebody's own days.
func TestNoMedianIsToldOfFewerThanEight(t *testing.T) {
	days := 21.5
	for n, want := range map[int]string{0: TooFew, 1: TooFew, 7: TooFew, 8: "21.5 days", 40: "21.5 days"} {
		w := window("2023-12-31", 75, 33)
		w.Supporting.S4 = LeadTime{&days, figure(n, n, 75-n)}
		if got := Suppress(figuresOf(w), nil, config.BuiltIn()).LeadTime; got != want {
			t.Errorf("of %d: %s, want %s", n, got, want)
		}
	}
}

func TestOneHiddenCellTakesTheNextSmallestAlong(t *testing.T) {
	v := veil{config.BuiltIn().Suppression}
	for _, c := range []struct {
		counts []int
		want   string
	}{
		{[]int{30, 20, 10}, "30 20 10 = 60"},
		{[]int{30, 20, 3}, "30 * * = 30"},
		{[]int{30, 0, 20}, "30 * * = 30"},
		{[]int{30, 3, 4}, "30 * * = 30"},
		{[]int{8, 8, 3}, "* 10 * = 10"},
		{[]int{12, 3}, "* * = *"},
		{[]int{3}, "* = *"},
		{[]int{12}, "10 = 10"},
		{nil, " = *"},
	} {
		cells := v.cells(c.counts)
		var said []string
		for _, one := range cells {
			said = append(said, one.Cell())
		}
		if got := strings.Join(said, " ") + " = " + total(cells).Cell(); got != c.want {
			t.Errorf("%v: %s, want %s", c.counts, got, c.want)
		}
	}
}

func TestABreakdownHasARateOnlyFromRoundedCountsOfTwentyOrMore(t *testing.T) {
	w := window("2023-12-31", 112, 60)
	w.BySubstanceGroup = Groups{{Name: "a", M1: rateOf(12, 20)}, {Name: "b", M1: rateOf(12, 19)}, {Name: "c", M1: rateOf(33, 36)}, {Name: "d", M1: rateOf(3, 37)}}
	var said []string
	for _, g := range Suppress(figuresOf(w), nil, config.BuiltIn()).Breakdowns[0].Rows {
		said = append(said, fmt.Sprintf("%s/%s %s", g.M1.PickedUp.Cell(), g.M1.Releases.Cell(), g.M1.Rate))
	}
	// of those picked up only d is hidden, so the next smallest, a's, is hidden as well
	want := "*/20 numbers too small to show, 10/20 numbers too small to show, 35/35 more than 19 in 20, */35 numbers too small to show"
	if got := strings.Join(said, ", "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestComparisonsAreInWordsWithPeriodsNamed(t *testing.T) {
	rules := config.BuiltIn()
	past := window("2022-12-31", 70, 12)
	c := Suppress(figuresOf(past, window("2023-12-31", 75, 33)), nil, rules).Comparisons
	for got, want := range map[string]string{
		c.OwnPast:     "In the three months to 31 December 2022 the rolling rate was 17%: higher now, by 27 points (95% interval 12 to 40).",
		c.LocalTarget: "The rolling rate, 44% (95% interval 33% to 55%), is similar to the local target of 50%.",
		c.England:     "Within 21 days 44% (95% interval 33% to 55%) were picked up: similar to England's 53% (C20, 2023/24, financial year, as published in 2025); similar to the newest figure, England's 54% (C20, June 2025, month-labelled, as published in 2025).",
		c.Ambition:    "Within 21 days 44% (95% interval 33% to 55%) were picked up: worse than the national ambition of 75%.",
		c.Definition:  "C20 counts everyone transferred with a need; ours, everyone referred.",
	} {
		if got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	small := Suppress(figuresOf(window("2022-12-31", 19, 2), window("2023-12-31", 19, 9)), nil, rules).Comparisons
	if small != (Comparisons{}) {
		t.Errorf("of small numbers it says %+v", small)
	}
	overlapping := window("2023-10-31", 70, 12)
	if said := Suppress(figuresOf(window("2023-12-31", 75, 33)), &overlapping, rules).Comparisons.OwnPast; said != "" {
		t.Errorf("of windows that share days it says %s", said)
	}
}

func TestAComparatorOnTheBoundIsSimilar(t *testing.T) {
	s := ShareOf(11, 25) // 26.7 to 62.9
	for comparator, want := range map[float64]string{26.6: "better", 26.7: "similar", 44: "similar", 62.9: "similar", 63: "worse"} {
		if got := s.Verdict(comparator); got != want {
			t.Errorf("against %g: %s, want %s", comparator, got, want)
		}
	}
}

func TestTheTrendIsTheLastMonthEnds(t *testing.T) {
	var windows []Window
	for _, end := range day.WindowEnds(day.MustParse("2023-12-17"), 30) {
		windows = append(windows, window(end.String(), 75, 33))
	}
	points := Suppress(figuresOf(windows...), nil, config.BuiltIn()).Trend
	if len(points) != 24 || points[23].End.String() != "2023-11-30" || points[0].End.String() != "2021-12-31" {
		t.Errorf("%d points, %s to %s", len(points), points[0].End, points[len(points)-1].End)
	}
}

// drawn is any window whose parts add up.
func drawn(t *rapid.T) Window {
	groups := func(label string, names ...string) (g Groups) {
		for _, name := range names {
			n := rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(0, 60)).Draw(t, label+" releases")
			x := rapid.IntRange(0, n).Draw(t, label+" picked up")
			g = append(g, Group{name, rateOf(x, n), rateOf(x, n)})
		}
		return g
	}
	substances, prisons := groups("substance", config.SubstanceGroups()...), groups("prison", "EXI", "CWI")
	n, x := 0, 0
	for _, g := range substances {
		n, x = n+g.M1.Releases, x+g.M1.PickedUp
	}
	w := window("2023-12-31", n, x)
	w.BySubstanceGroup, w.ByPrison = substances, prisons
	small := rapid.IntRange(0, 9)
	w.M1.FirstThreeWeeks, w.M2.Awaiting = small.Draw(t, "first three weeks"), small.Draw(t, "awaiting")
	w.M2Adjusted = Adjusted{Releases: n, PickedUp: x, Share: ShareOf(x, n), Removed: Removed{Died: small.Draw(t, "died"), MovedArea: small.Draw(t, "moved")}}
	for i := range w.Supporting.S5.Bands {
		w.Supporting.S5.Bands[i] = small.Draw(t, "band")
	}
	w.Supporting.S1 = figure(small.Draw(t, "s1"), small.Draw(t, "s1 of")+9, 0)
	return w
}

func TestNoCountOfOneToSevenLeaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(Suppress(figuresOf(drawn(t)), nil, config.BuiltIn()))
		if err != nil {
			t.Fatal(err)
		}
		var out any
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		counts(out, func(key string, n float64) {
			if n < 10 || int(n)%5 != 0 {
				t.Fatalf("%s is %g in %s", key, n, text)
			}
		})
	})
}

// counts calls with every number that is a count: all but per cents and their intervals.
func counts(v any, with func(string, float64)) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			counts(one, with)
		}
	case map[string]any:
		for key, one := range v {
			if n, number := one.(float64); number && key != "percent" {
				with(key, n)
			} else if key != "ci95" {
				counts(one, with)
			}
		}
	}
}

func TestNoBreakdownHidesJustOneCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Suppress(figuresOf(drawn(t)), nil, config.BuiltIn())
		columns := [][]Shown{}
		for _, b := range o.Breakdowns {
			for _, of := range []func(ShownGroup) Shown{
				func(g ShownGroup) Shown { return g.M1.Releases }, func(g ShownGroup) Shown { return g.M1.PickedUp },
			} {
				var column []Shown
				for _, g := range b.Rows {
					column = append(column, of(g))
				}
				columns = append(columns, column)
			}
		}
		for _, column := range columns {
			hidden := 0
			for _, s := range column {
				if s.hidden {
					hidden++
				}
			}
			if hidden == 1 {
				t.Fatalf("just one is hidden: %v", column)
			}
		}
	})
}

// Two lists that differ only in what is hidden look the same: nothing of a hidden count is left in what goes out.
func TestHiddenCountsLeaveNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		before, _ := json.Marshal(Suppress(figuresOf(w), nil, config.BuiltIn()))
		for _, n := range []*int{&w.M1.FirstThreeWeeks, &w.M2.Awaiting, &w.M2Adjusted.Removed.Died, &w.Supporting.S5.Bands[2], &w.Supporting.S1.Numerator} {
			if *n <= 7 {
				*n = rapid.IntRange(0, 7).Draw(t, "another")
			}
		}
		after, _ := json.Marshal(Suppress(figuresOf(w), nil, config.BuiltIn()))
		if string(before) != string(after) {
			t.Fatalf("differs:\n%s\n%s", before, after)
		}
	})
}

// Three fields of each release, rounded like releases, would tell their number; and what a breakdown hides beside a smaller
// group stands in no other table.
func TestSupportingFiguresTellNoMoreThanTheTablesBesideThem(t *testing.T) {
	w := window("2023-12-31", 75, 33)
	w.Supporting.S12.Figure, w.Supporting.S7.Figure, w.Supporting.S9 = figure(200, 225, 25), figure(12, 75, 0), figure(30, 58, 0)
	w.BySubstanceGroup = Groups{{opiate, rateOf(20, 58), rateOf(20, 58)}, {"non-opiate only", rateOf(2, 5), rateOf(2, 5)}, {alcoholOnly, rateOf(9, 12), rateOf(9, 12)}}
	figures := map[string]ShownFigure{}
	for _, f := range Suppress(figuresOf(w), nil, config.BuiltIn()).Supporting {
		figures[f.ID] = f
	}
	for id, want := range map[string]string{"s12": "195 225", "s7": "* 75", "s9": "30 60"} {
		if got := figures[id].Numerator.Cell() + " " + figures[id].Denominator.Cell(); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	for n, want := range map[int]string{72: "210", 73: "225", 77: "225", 78: "240"} {
		if got := (veil{config.BuiltIn().Suppression}).figure("s12", "", figure(3*n, 3*n, 0)).Denominator.Cell(); got != want {
			t.Errorf("the fields of %d releases: %s", n, got)
		}
	}
}
