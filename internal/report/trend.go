package report

import (
	"fmt"
	"slices"
	"strings"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
)

// picture draws the rolling rate and says the same in words.
func (i Issue) picture() (picture, error) {
	points, target := pointsOf(i.Figures.Trend), i.Rules.Partnership.LocalTarget
	p := picture{
		CID:     PictureCID,
		Alt:     inWords(points),
		Caption: "Share picked up, of those released in the three months to each month end; the band is its 95% interval.",
		Marks:   i.marks(),
	}
	var err error
	p.PNG, err = drawRates(points, p.Marks, target)
	return p, err
}

func pointsOf(trend []continuity.Point) []point {
	points := make([]point, len(trend))
	for i, t := range trend {
		p := point{end: t.End}
		p.rate, p.low, p.top, p.shown = t.Rate.Values()
		points[i] = p
	}
	return points
}

// marks are the documented changes that lie within the picture, lettered in order of time.
func (i Issue) marks() (marks []mark) {
	trend := i.Figures.Trend
	if len(trend) == 0 {
		return nil
	}
	for on, what := range i.Rules.Report.PathwayChanges {
		d, err := day.Parse(on)
		if err == nil && d.Within(trend[0].End, trend[len(trend)-1].End) {
			marks = append(marks, mark{On: d, What: what})
		}
	}
	slices.SortFunc(marks, func(a, b mark) int { return a.On.Compare(b.On) })
	for n := range marks {
		marks[n].Letter = string(rune('A' + n))
	}
	return marks
}

// inWords says what the picture shows: where the rate began and ended, and how low and high it went.
func inWords(points []point) string {
	seen := slices.DeleteFunc(slices.Clone(points), func(p point) bool { return !p.shown })
	if len(seen) == 0 {
		return "The rolling three-month rate at the last month ends: " + tooSmall + "."
	}
	first, last := seen[0], seen[len(seen)-1]
	byRate := func(a, b point) int { return int(a.rate*10) - int(b.rate*10) }
	lowest, highest := slices.MinFunc(seen, byRate), slices.MaxFunc(seen, byRate)
	said := []string{fmt.Sprintf("The rolling three-month rate was %s, and %s.", on(first), on(last))}
	if len(seen) == 1 {
		said = []string{fmt.Sprintf("The rolling three-month rate was %s.", on(last))}
	} else {
		said = append(said, fmt.Sprintf("At its lowest it was %s, at its highest %s.", on(lowest), on(highest)))
	}
	if gaps := len(points) - len(seen); gaps > 0 {
		said = append(said, fmt.Sprintf("At %d of %d month ends no rate is shown.", gaps, len(points)))
	}
	return strings.Join(said, " ")
}

func on(p point) string { return fmt.Sprintf("%.0f%% at %s", p.rate, p.end.Long()) }
