package continuity

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// table reads a CSV file of testdata; each row by its columns' names.
func table(t *testing.T, file string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("%s: %d lines, %v", file, len(lines), err)
	}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func near(a, b, within float64) bool { return math.Abs(a-b) <= within }

// readingsOf are points without gaps.
func readingsOf(values ...float64) (points []reading) {
	for _, v := range values {
		points = append(points, reading{value: v})
	}
	return points
}

func column(t *testing.T, rows []map[string]string, name string) (values []float64) {
	for _, row := range rows {
		values = append(values, number(t, row[name]))
	}
	return values
}

// nhsSeries are NHSRplotthedots' series, cut where limits start anew.
func nhsSeries(t *testing.T) map[string][]map[string]string {
	series := map[string][]map[string]string{}
	for _, row := range table(t, "nhsrplotthedots_generated_xmr_plot_the_dots.csv") {
		name := row["series"] + " " + row["rebase_group"]
		series[name] = append(series[name], row)
	}
	if len(series) != 27 { // 26, one of them in two parts
		t.Fatalf("%d series", len(series))
	}
	return series
}

// All 26 series of NHSRplotthedots, every row: limits to 1e-6, classes exactly. Three are drawn with other settings than
// ours, which the test supplies: limits from the first points only, and ranges left unscreened.
func TestTheChartIsThatOfNHSRplotthedots(t *testing.T) {
	for name, rows := range nhsSeries(t) {
		t.Run(name, func(t *testing.T) {
			points := readingsOf(column(t, rows, "y")...)
			base := points
			if n := rows[0]["fix_after_n"]; n != "NA" {
				base = points[:int(number(t, n))]
			}
			centre := centreOf(base)
			limits, why := limitsOf(base)
			if rows[0]["screen_outliers"] != "TRUE" {
				limits = new(limitsAround(centre, mean(movingRanges(base))))
			}
			if name == "ties_flat 0" {
				if limits != nil || why != "nothing varies from month to month" {
					t.Errorf("limits %v, %q", limits, why)
				}
			}
			for i, s := range signals(points, centre, limits) {
				agrees(t, rows[i], centre, limits, s)
			}
		})
	}
}

func agrees(t *testing.T, row map[string]string, centre float64, l *Limits, s Signal) {
	t.Helper()
	if want := number(t, row["mean_col"]); !near(centre, want, 1e-6) {
		t.Errorf("row %s: centre %g, want %g", row["idx"], centre, want)
	}
	if l == nil {
		l = &Limits{Lower: math.NaN(), Upper: math.NaN()}
	}
	for what, pair := range map[string][2]float64{"lower": {l.Lower, number(t, row["lpl"])}, "upper": {l.Upper, number(t, row["upl"])}} {
		if !near(pair[0], pair[1], 1e-6) && !(math.IsNaN(pair[0]) && math.IsNaN(pair[1])) {
			t.Errorf("row %s: %s limit %g, want %g", row["idx"], what, pair[0], pair[1])
		}
	}
	names := map[Signal]string{
		{OutsideLimit, true}: "Above UCL", {OutsideLimit, false}: "Below LCL",
		{Trend, true}: "7 Point Trend (Increasing)", {Trend, false}: "7 Point Trend (Decreasing)",
		{TwoOfThree, true}: "2 in 3 Above CL", {TwoOfThree, false}: "2 in 3 Below CL",
		{Shift, true}: "7 Points Above CL", {Shift, false}: "7 Points Below CL", {}: "Common Cause",
	}
	if names[s] != row["special_cause_type"] {
		t.Errorf("row %s: %s, want %s", row["idx"], names[s], row["special_cause_type"])
	}
	kind := "common_cause"
	if s.Improvement() {
		kind = "special_cause_improvement"
	} else if s.Concern() {
		kind = "special_cause_concern"
	}
	if row["direction"] == "1" && kind != row["point_type"] { // in the other series high is bad, or neither
		t.Errorf("row %s: %s, want %s", row["idx"], kind, row["point_type"])
	}
}

// qicharts2 keeps 3/d2 with more figures than 2.66, and screens by the same factor.
func TestTheChartOfMontgomery(t *testing.T) {
	rows := table(t, "qicharts2_fixture_montgomery_6.5_ichart.csv")
	var base []float64
	for _, row := range rows {
		if row["baseline"] == "TRUE" {
			base = append(base, number(t, row["y"]))
		}
	}
	points := readingsOf(base...)
	l, why := limitsOf(points)
	if l == nil || len(base) != 20 {
		t.Fatalf("%d points, no limits: %s", len(base), why)
	}
	for _, row := range rows {
		if !near(centreOf(points), number(t, row["cl"]), 0.01) || !near(l.Lower, number(t, row["lcl"]), 0.01) || !near(l.Upper, number(t, row["ucl"]), 0.01) {
			t.Errorf("point %s: %g, %+v; want %s, %s to %s", row["x"], centreOf(points), *l, row["cl"], row["lcl"], row["ucl"])
		}
		if beyond := outside(readingsOf(number(t, row["y"])), *l)[0] != 0; beyond != (row["sigma.signal"] == "TRUE") {
			t.Errorf("point %s is outside: %v", row["x"], beyond)
		}
	}
}

// ruleCases are one rule's cases in NHSRplotthedots' tests.
type ruleCases struct {
	Cases []struct{ In, Close, RTM, Out []int }
}

func TestEachRuleByItself(t *testing.T) {
	text, err := os.ReadFile("testdata/nhsrplotthedots_fixture_rule_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Side     ruleCases `json:"seven_point_one_side_mean"`
		BackFill ruleCases `json:"part_of_seven_back_fill"`
		Trend    ruleCases `json:"seven_point_trend"`
		Three    ruleCases `json:"two_in_three"`
		Part     ruleCases `json:"part_of_two_in_three"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	check := func(rule string, cases ruleCases, least int, got func(in []int) []int) {
		if len(cases.Cases) != least {
			t.Fatalf("%s: %d cases", rule, len(cases.Cases))
		}
		for _, c := range cases.Cases {
			if found := got(c.In); !slices.Equal(found, c.Out) {
				t.Errorf("%s of %v: %v, want %v", rule, c.In, found, c.Out)
			}
		}
	}
	check("shift", vectors.Side, 4, func(in []int) []int { return either(shiftEnds(in)) })
	check("all seven points", vectors.BackFill, 5, func(in []int) []int { return either(flagRuns(in)) })
	check("trend", vectors.Trend, 6, func(in []int) []int { return trendEnds(readingsOf(floats(in)...)) })
	for _, c := range append(vectors.Three.Cases, vectors.Part.Cases...) {
		want := make([]int, len(c.Out)) // of the three points, the close ones
		for i := range want {
			want[i] = c.Out[i] * c.Close[i] * c.RTM[i]
		}
		if got := twoOfThree(truths(c.Close), c.RTM); !slices.Equal(got, want) {
			t.Errorf("two of three, close %v on sides %v: %v, want %v", c.Close, c.RTM, got, want)
		}
	}
}

func either(signs []int) []int {
	for i, s := range signs {
		signs[i] = s * s
	}
	return signs
}

func floats(in []int) (out []float64) {
	for _, i := range in {
		out = append(out, float64(i))
	}
	return out
}

func truths(in []int) (out []bool) {
	for _, i := range in {
		out = append(out, i == 1)
	}
	return out
}

// The assurance cases of the same tests: a target of 4.
func TestAssuranceIsWhereTheTargetLies(t *testing.T) {
	for limits, want := range map[[2]float64]Assurance{{1, 3}: Failing, {5, 7}: Passing, {1, 5}: HitMiss} {
		if got := (Limits{Lower: limits[0], Upper: limits[1]}).against(4); got != want {
			t.Errorf("limits %v: %s, want %s", limits, got, want)
		}
	}
}

func TestWhyThereAreNoLimits(t *testing.T) {
	apart := func(values ...float64) []reading {
		points := readingsOf(values...)
		for i := range points {
			points[i].apart = i > 0
		}
		return points
	}
	third := 100.0 / 3
	for why, points := range map[string][]reading{
		"": readingsOf(40, 50, 40, 50),
		"there are fewer than 4 months with releases": readingsOf(40, 50, 60),
		"no two neighbouring months have releases":    apart(40, 50, 60, 70),
	} {
		if l, got := limitsOf(points); got != why || (l == nil) != (why != "") {
			t.Errorf("%v: %v, %q, want %q", points, l, got, why)
		}
	}
	flat := readingsOf(third, third, third, third, third, third, third, third, third, third)
	jump := readingsOf(40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 90, 90, 90, 90, 90, 90, 90)
	for name, points := range map[string][]reading{"flat": flat, "one jump, which screening leaves out": jump} {
		if _, why := limitsOf(points); why != "nothing varies from month to month" {
			t.Errorf("%s: %q", name, why)
		}
	}
	for i, s := range signals(flat, centreOf(flat), nil) {
		if s != (Signal{}) {
			t.Errorf("point %d of a flat series is flagged: %+v", i, s)
		}
	}
	if s := signals(jump, centreOf(jump), nil); s[0] != (Signal{Shift, false}) || s[18] != (Signal{Shift, true}) {
		t.Errorf("without limits a shift still shows: %+v", s)
	}
}

func TestAGapHasNoMovingRangeButIsNoEndOfARun(t *testing.T) {
	points := readingsOf(1, 2, 9, 10, 11, 12, 13)
	points[2].apart = true
	if got := movingRanges(points); !slices.Equal(got, []float64{1, 1, 1, 1, 1}) {
		t.Errorf("ranges %v", got)
	}
	if got := trendEnds(points)[6]; got != 1 {
		t.Errorf("seven points rising across a gap: %d", got)
	}
}

func TestATurningPointBelongsToTheRunThatCameFirst(t *testing.T) {
	got := flagRuns(trendEnds(readingsOf(1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1)))
	if want := []int{1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func drawReadings(t *rapid.T) (points []reading) {
	for i := range rapid.IntRange(4, 40).Draw(t, "n") {
		points = append(points, reading{
			value: float64(rapid.IntRange(0, 100).Draw(t, "value")),
			apart: i > 0 && rapid.IntRange(0, 9).Draw(t, "apart") == 0,
		})
	}
	return points
}

// Turned upside down, a chart says the same with up for down.
func TestTheChartIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := drawReadings(t)
		mirror := slices.Clone(points)
		for i := range mirror {
			mirror[i].value = 100 - mirror[i].value
		}
		l, why := limitsOf(points)
		m, same := limitsOf(mirror)
		if why != same {
			t.Fatalf("%q, mirrored %q", why, same)
		}
		if l != nil && (!near(l.Lower, 100-m.Upper, 1e-9) || !near(l.NearLower, 100-m.NearUpper, 1e-9)) {
			t.Fatalf("%+v, mirrored %+v", l, m)
		}
		up, down := signals(points, centreOf(points), l), signals(mirror, centreOf(mirror), m)
		for i := range up {
			if up[i].Rule != down[i].Rule || up[i].Rule != CommonCause && up[i].Up == down[i].Up {
				t.Fatalf("point %d: %+v, mirrored %+v", i, up[i], down[i])
			}
		}
	})
}

func TestLimitsStandInOrderRoundTheCentre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := drawReadings(t)
		l, _ := limitsOf(points)
		if l == nil {
			return
		}
		c := centreOf(points)
		if !(l.Lower < l.NearLower && l.NearLower < c && c < l.NearUpper && l.NearUpper < l.Upper) {
			t.Fatalf("%+v round %g", *l, c)
		}
		if !near(c-l.Lower, l.Upper-c, 1e-9) || !near(3*(l.NearUpper-c), 2*(l.Upper-c), 1e-9) {
			t.Fatalf("%+v round %g", *l, c)
		}
		if d := l.Drawn(); d.Lower < 0 || d.Upper > 100 || d.Lower < l.Lower || d.Upper > l.Upper {
			t.Fatalf("%+v is drawn %+v", *l, d)
		}
		if again, _ := limitsOf(scaled(points, 2)); !near(again.Upper-again.Lower, 2*(l.Upper-l.Lower), 1e-9) {
			t.Fatal("twice the points, not twice the limits: " + fmt.Sprint(*again))
		}
	})
}

func scaled(points []reading, by float64) []reading {
	out := slices.Clone(points)
	for i := range out {
		out[i].value *= by
	}
	return out
}
