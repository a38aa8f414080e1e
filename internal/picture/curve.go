package picture

import (
	"fmt"
	"slices"

	"throughgate/internal/continuity"
)

// curveDays are the days that are named under the curve, with how many were still waiting on each.
var curveDays = []int{0, 21, 42, 63, 92}

// Curve draws the Kaplan-Meier curve of time to pick-up with its interval, and the numbers at risk under it.
func Curve(c continuity.Curve) Picture {
	p := Picture{Alt: curveInWords(c), High: fieldTop + fieldHigh + 84, Scaled: true}
	if len(c) == 0 {
		return p
	}
	highest := 0.0
	for _, d := range c {
		highest = max(highest, 100*d.Share)
		if d.CI95 != nil {
			highest = max(highest, 100*d.CI95.High)
		}
	}
	s := newScale(highest, 0, float64(len(c)-1))
	s.field(&p)
	for _, run := range intervals(c) {
		s.steppedBand(&p, c, run[0], run[1])
	}
	s.mark(&p, 21, "21 days")
	s.stairs(&p, c)
	for _, d := range curveDays {
		s.tick(&p, float64(d), fmt.Sprint(d))
		p.Words = append(p.Words, Words{At: At{s.across(float64(d)), s.bottom + 78}, Text: fmt.Sprint(c[d].AtRisk), Size: letters, Ink: Black, Anchor: Middle})
	}
	p.Words = append(p.Words,
		Words{At: At{100, s.bottom + 40}, Text: "days since release", Size: letters, Ink: Black, Anchor: End},
		Words{At: At{0, s.bottom + 60}, Right: -38, Text: "Still waiting (at risk):", Size: letters, Ink: Dim, Anchor: Start})
	return p
}

// intervals are the runs of days that have one, first and last day of each.
func intervals(c continuity.Curve) (runs [][2]int) {
	for i, d := range c {
		switch {
		case d.CI95 == nil:
		case len(runs) > 0 && runs[len(runs)-1][1] == i-1:
			runs[len(runs)-1][1] = i
		default:
			runs = append(runs, [2]int{i, i})
		}
	}
	return runs
}

func (s scale) steppedBand(p *Picture, c continuity.Curve, first, last int) {
	var top, low []At
	for i := first; i <= last; i++ {
		from, to := float64(i), min(float64(i+1), s.to)
		top = append(top, s.at(from, 100*c[i].CI95.High), s.at(to, 100*c[i].CI95.High))
		low = append(low, s.at(from, 100*c[i].CI95.Low), s.at(to, 100*c[i].CI95.Low))
	}
	slices.Reverse(low)
	p.Areas = append(p.Areas, Area{append(top, low...), Pale})
}

// stairs is the curve: it rises on the days of pick-up, and only there.
func (s scale) stairs(p *Picture, c continuity.Curve) {
	line := Line{Through: []At{s.at(0, 0)}, Ink: Strong, Width: 3}
	before := 0.0
	for i, d := range c {
		if d.Share != before {
			line.Through = append(line.Through, s.at(float64(i), 100*before), s.at(float64(i), 100*d.Share))
			before = d.Share
		}
	}
	line.Through = append(line.Through, s.at(s.to, 100*before))
	p.Lines = append(p.Lines, line)
	end := s.at(s.to, 100*before)
	s.name(p, At{end.Across, end.Down - 10}, 100*before)
}

// curveInWords says how steep the curve is and where it ends.
func curveInWords(c continuity.Curve) string {
	if len(c) == 0 {
		return "Time to pick-up: nobody released in these three months has been out for 21 days yet."
	}
	said := fmt.Sprintf("Share picked up by the day since release: %s on the day itself, %s by day 7, %s by day 21, %s by day 92.",
		by(c, 0), by(c, 7), by(c, 21), by(c, 92))
	if half, reached := c.Median(); reached {
		return said + fmt.Sprintf(" Half are picked up by day %d.", half)
	}
	return said + " Fewer than half are picked up."
}

func by(c continuity.Curve, d int) string {
	said := percent(100 * c[d].Share)
	if ci := c[d].CI95; ci != nil && d > 0 {
		said += fmt.Sprintf(" (95%% interval %s to %s)", percent(100*ci.Low), percent(100*ci.High))
	}
	return said
}
