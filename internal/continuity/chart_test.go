package continuity

import (
	"fmt"
	"strings"
	"testing"

	"throughgate/config"
	"throughgate/internal/day"
)

// monthsFrom are consecutive months of 20 releases, so many of them picked up; -1 is a month without releases.
func monthsFrom(start string, pickedUp ...int) (months []Month) {
	first := day.MustParse(start)
	for i, n := range pickedUp {
		m := Month{Start: first.AddMonths(i), Releases: 20, PickedUp: n}
		if n < 0 {
			m.Releases, m.PickedUp = 0, 0
		}
		months = append(months, m)
	}
	return months
}

var through = day.MustParse("2025-01-21")

func TestADocumentedChangeStartsNewLimits(t *testing.T) {
	report := config.Report{
		PathwayChanges: map[string]string{"2023-05-01": "allocated appointments", "2023-11-15": "a second clinic", "2023-02-01": "new paper"},
		NewLimits:      []string{"2023-11-15", "2023-05-01"},
	}
	months := monthsFrom("2023-01-01", 4, 5, 3, 4, 10, 11, 9, 10, 11, 10, 12, 15, 14, 16)
	c := chartOf(months, changes(report), through)
	var said []string
	for _, p := range c.Parts {
		said = append(said, fmt.Sprintf("%s to %s %.0f %q %v", c.Months[p.First].Start, c.Months[p.Last].Start, p.Centre, p.Change, p.Trial()))
	}
	want := `2023-01-01 to 2023-04-01 20 "" true
2023-05-01 to 2023-11-01 52 "allocated appointments" true
2023-12-01 to 2024-02-01 75 "a second clinic" false`
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if p := c.Parts[2]; p.Limits != nil || p.WithoutLimits != "there are fewer than 4 months with releases" {
		t.Errorf("the last part: %+v", p)
	}
	for _, m := range c.Months {
		if m.Signal != (Signal{}) {
			t.Errorf("%s is flagged across the change: %+v", m.Start, m.Signal)
		}
	}
	if whole := chartOf(months, nil, through); whole.Months[0].Signal.Rule == CommonCause || len(whole.Parts) != 1 {
		t.Errorf("taken as one, the same months stand out: %+v", whole.Months[0])
	}
}

func TestLimitsAreTrialUnderTwelvePointsAndGapsAreNone(t *testing.T) {
	eleven := []int{8, 9, 10, -1, 9, 8, -1, 9, 10, 8, 9, 10, 9}
	c := chartOf(monthsFrom("2023-01-01", eleven...), nil, through)
	p := c.Parts[0]
	if p.Points != 11 || !p.Trial() || p.Last != 12 {
		t.Errorf("%+v", p)
	}
	points, at := c.readings(p)
	if at[3] != 4 || !points[3].apart || !points[5].apart || points[4].apart || points[0].apart {
		t.Errorf("gaps: %+v at %v", points, at)
	}
	if got, want := p.Limits.Upper, 45+2.66*5*9/8; !near(got, want, 1e-9) { // seven ranges of one in 20 and one of two
		t.Errorf("upper limit %g, want %g", got, want)
	}
	if p := chartOf(monthsFrom("2023-01-01", append(eleven, 9)...), nil, through).Parts[0]; p.Trial() {
		t.Error("twelve points are no trial")
	}
}

func TestTheVerdictIsInWordsWithoutAMonthsRate(t *testing.T) {
	for _, c := range []struct {
		why       string
		months    []int
		variation Variation
		says      string
	}{
		{"nothing", nil, Unjudged, "No month has both releases and a known outcome yet."},
		{"three months", []int{8, 9, 10}, Unjudged, "Whether the rate within 21 days changes from month to month cannot be judged yet. The control chart has no limits: there are fewer than 4 months with releases."},
		{"flat", []int{8, 8, 8, 8, 8}, Unjudged, "Whether the rate within 21 days changes from month to month cannot be judged yet. The control chart has no limits: nothing varies from month to month."},
		{"chance", []int{8, 9, 10, 9, 8, 9, 10, 9, 8, 9, 10, 9}, ByChance, "Month by month, the rate within 21 days varies as chance would have it: nothing in the latest months points to a change."},
		{"the latest month outside", []int{8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 8, 18}, Improving, "Month by month, the rate within 21 days is improving: the latest month lies above what chance would bring."},
		{"below", []int{18, 17, 18, 17, 18, 17, 18, 17, 18, 17, 18, 8}, Worsening, "Month by month, the rate within 21 days is getting worse: the latest month lies below what chance would bring."},
		{"a trend", []int{9, 8, 9, 3, 15, 6, 7, 8, 9, 10, 11, 12}, Improving, "Month by month, the rate within 21 days is improving: it has risen over seven months or more, every time."},
		{"a shift", []int{14, 10, 14, 10, 14, 8, 10, 7, 9, 7, 10, 8}, Worsening, "Month by month, the rate within 21 days is getting worse: seven or more months running lie below the average."},
		{"two of three", []int{9, 10, 9, 10, 9, 10, 9, 10, 9, 10, 10, 12, 12}, Improving, "Month by month, the rate within 21 days is improving: at least two of the latest three months lie close to the upper limit of what chance would bring."},
		{"an earlier month outside, then a gap", []int{10, 9, 10, 9, 10, 18, 9, 10, 9, 10, 9, 10, -1}, ByChance, "Month by month, the rate within 21 days varies as chance would have it: nothing in the latest months points to a change."},
		{"trial", []int{8, 9, 10, 9}, ByChance, "Month by month, the rate within 21 days varies as chance would have it: nothing in the latest months points to a change. The limits are trial limits, from fewer than 12 months."},
	} {
		t.Run(c.why, func(t *testing.T) {
			chart := chartOf(monthsFrom("2023-01-01", c.months...), nil, through)
			if got := chart.Verdict(); got != c.says || chart.Variation() != c.variation {
				t.Errorf("%s: %s\nwant %s", chart.Variation(), got, c.says)
			}
		})
	}
	changed := chartOf(monthsFrom("2023-01-01", 4, 5, 10, 11, 10, 11), []change{{day.MustParse("2023-03-01"), "allocated appointments"}}, through)
	if want := "Only the months since 1 March 2023 are compared with each other (allocated appointments)."; !strings.HasSuffix(changed.Verdict(), want) {
		t.Errorf("%s\nwant at its end %s", changed.Verdict(), want)
	}
	if got := changed.Assurance(75); got != Failing {
		t.Errorf("75%% is %s", got)
	}
}

func TestWhatGoesOutHasAVerdictOnlyWithARate(t *testing.T) {
	chart := chartOf(monthsFrom("2023-01-01", 8, 9, 10, 9), nil, through)
	for releases, want := range map[int]string{75: chart.Verdict(), 19: "Control chart: numbers too small to show."} {
		o := Suppress(figuresOf(window("2023-12-31", releases, 9)), nil, config.BuiltIn())
		if o.Judge(chart); o.Verdict != want {
			t.Errorf("of %d: %s, want %s", releases, o.Verdict, want)
		}
	}
}

// T = 21 January 2024: December is mature on that day, and not the day before.
func TestMonthsAreCountedOnceMature(t *testing.T) {
	c := newCohort(t)
	for _, r := range []row{
		{released: "2023-09-30", picked: "2023-10-21"},
		{released: "2023-11-01", picked: "2023-11-22"},
		{released: "2023-11-30", picked: "2023-12-22"}, // day 22
		{released: "2023-11-30", picked: "2023-12-01", setAside: "under 18"},
		{released: "2023-12-31", picked: "2024-01-21", known: "2024-01-25"},
		{released: "2023-12-01"},
	} {
		c.add(r)
	}
	at := func(windowEnd, through, known string) string {
		ask := Ask{WindowEnd: day.MustParse(windowEnd), DataThrough: day.MustParse(through), Today: longAfter}
		if known != "" {
			ask.AsKnownAt = new(day.MustParse(known).At(12, 0))
		}
		chart, err := Chart(t.Context(), c.pool, ask)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, m := range chart.Months {
			said = append(said, fmt.Sprintf("%s %d/%d", m.Start.String()[:7], m.PickedUp, m.Releases))
		}
		return strings.Join(said, ", ")
	}
	upTo := "2023-09 1/1, 2023-10 0/0, 2023-11 1/2"
	for ask, want := range map[[3]string]string{
		{"2023-12-31", "2024-01-21", ""}:           upTo + ", 2023-12 1/2",
		{"2023-12-31", "2024-01-20", ""}:           upTo,
		{"2023-12-30", "2024-01-31", ""}:           upTo,
		{"2023-12-31", "2024-01-21", "2024-01-24"}: upTo + ", 2023-12 0/1",
		{"2023-09-29", "2024-01-21", ""}:           "",
	} {
		if got := at(ask[0], ask[1], ask[2]); got != want {
			t.Errorf("%v: %s, want %s", ask, got, want)
		}
	}
	if _, err := Chart(t.Context(), c.pool, Ask{}); err == nil {
		t.Error("a question without a window was answered")
	}
}
