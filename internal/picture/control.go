package picture

import (
	"fmt"
	"slices"
	"strings"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
)

// Control draws the control chart: months joined by a grey line, special causes by shape and colour, centre and limits of
// each part. Limits below 0% or above 100% are drawn at 0 and 100. Its points are exact: for signed-in people only.
func Control(c *continuity.ControlChart, target float64) Picture {
	p := Picture{Alt: controlInWords(c, target), High: fieldTop + fieldHigh + 48, Scaled: true}
	if len(c.Months) == 0 {
		return p
	}
	s := newScale(highestOf(c, target), 0, float64(len(c.Months)-1))
	s.field(&p)
	if target > 0 {
		s.level(&p, target, "ambition "+percent(target), "8 5")
	}
	for i, part := range c.Parts {
		s.part(&p, part)
		if i > 0 {
			s.mark(&p, float64(part.First)-0.5, Letter(i-1))
		}
	}
	s.months(&p, c.Months)
	for i := len(c.Months) - 1; i >= 0; i -= every(len(c.Months)) {
		m := c.Months[i].Start
		s.tick(&p, float64(i), m.Month().String()[:3], fmt.Sprint(m.Year()))
	}
	return p
}

// Letter names the nth mark, counted from 0.
func Letter(n int) string { return string(rune('A' + n%26)) }

func highestOf(c *continuity.ControlChart, target float64) float64 {
	highest := target + 5
	for _, m := range c.Months {
		if rate, ok := m.Percent(); ok {
			highest = max(highest, rate)
		}
	}
	for _, part := range c.Parts {
		if part.Limits != nil {
			highest = max(highest, part.Limits.Drawn().Upper)
		}
	}
	return highest
}

// part is the centre and, where there are any, the limits of a part. What they are is said beside the picture.
func (s scale) part(p *Picture, part continuity.ChartPart) {
	if part.Points == 0 {
		return
	}
	from, to := max(s.from, float64(part.First)-0.5), min(s.to, float64(part.Last)+0.5)
	if s.to == float64(part.Last) {
		to = s.to
	}
	level := func(percent float64, dash string, width float64) {
		p.Lines = append(p.Lines, Line{Through: []At{s.at(from, percent), s.at(to, percent)}, Ink: Black, Width: width, Dash: dash})
	}
	level(part.Centre, "", 1.5)
	if part.Limits == nil {
		return
	}
	limits := part.Limits.Drawn()
	level(limits.Upper, "5 4", 1.5)
	level(limits.Lower, "5 4", 1.5)
}

// months are the points. A month without releases is a gap in the line.
func (s scale) months(p *Picture, months []continuity.ChartMonth) {
	var line []At
	end := func() {
		if len(line) > 1 {
			p.Lines = append(p.Lines, Line{Through: line, Ink: Grey, Width: 2})
		}
		line = nil
	}
	for i, m := range months {
		rate, ok := m.Percent()
		if !ok {
			end()
			continue
		}
		at := s.at(float64(i), rate)
		line = append(line, at)
		shape, ink := Meaning(m.Signal)
		size := 4.0
		if shape != Round {
			size = 6
		}
		p.Dots = append(p.Dots, Dot{at, shape, ink, size})
	}
	end()
}

// Meaning is how a month's signal is drawn: improvement blue and pointing up, concern orange and pointing down.
func Meaning(s continuity.Signal) (Shape, Ink) {
	switch {
	case s.Improvement():
		return Up, Blue
	case s.Concern():
		return Down, Orange
	}
	return Round, Grey
}

// controlInWords says what is to be seen: how far the months spread, what the limits are, which months stand out.
func controlInWords(c *continuity.ControlChart, target float64) string {
	seen := slices.DeleteFunc(slices.Clone(c.Months), func(m continuity.ChartMonth) bool { return m.Releases == 0 })
	if len(seen) == 0 {
		return "Control chart: no month has both releases and a known outcome yet."
	}
	byRate := func(a, b continuity.ChartMonth) int {
		x, _ := a.Percent()
		y, _ := b.Percent()
		return int(x*10) - int(y*10)
	}
	said := []string{fmt.Sprintf("Control chart of %d months, %s to %s. The rate within 21 days was lowest in %s and highest in %s.",
		len(seen), Month(seen[0].Start), Month(seen[len(seen)-1].Start), inMonth(slices.MinFunc(seen, byRate)), inMonth(slices.MaxFunc(seen, byRate)))}
	said = append(said, partInWords(c, target))
	said = append(said, standingOut(seen)...)
	if gaps := len(c.Months) - len(seen); gaps > 0 {
		said = append(said, fmt.Sprintf("Months without releases, which are gaps: %d.", gaps))
	}
	return strings.Join(said, " ")
}

func inMonth(m continuity.ChartMonth) string {
	rate, _ := m.Percent()
	return Month(m.Start) + " (" + percent(rate) + ")"
}

// partInWords tells of the newest part's centre and limits.
func partInWords(c *continuity.ControlChart, target float64) string {
	part := c.Parts[len(c.Parts)-1]
	since := ""
	if part.First > 0 {
		since = "Since " + Month(c.Months[part.First].Start) + ": "
	}
	if part.Limits == nil {
		return since + "no limits, because " + part.WithoutLimits + "."
	}
	trial := ""
	if part.Trial() {
		trial = "trial "
	}
	limits := part.Limits.Drawn()
	said := fmt.Sprintf("%smean %s, %slimits %s and %s.", since, percent(part.Centre), trial, percent(limits.Lower), percent(limits.Upper))
	if target > 0 {
		said += fmt.Sprintf(" The ambition of %s is %s.", percent(target), c.Assurance(target))
	}
	return said
}

func standingOut(seen []continuity.ChartMonth) (said []string) {
	var better, worse []string
	for _, m := range seen {
		if m.Signal.Improvement() {
			better = append(better, Month(m.Start))
		} else if m.Signal.Concern() {
			worse = append(worse, Month(m.Start))
		}
	}
	for _, one := range []struct {
		months []string
		as     string
	}{{better, "improvement"}, {worse, "concern"}} {
		if len(one.months) > 0 {
			said = append(said, "Flagged as "+one.as+": "+strings.Join(one.months, ", ")+".")
		}
	}
	if said == nil {
		said = []string{"No month stands out from what chance would bring."}
	}
	return said
}

// Month is a month in words, by any of its days: "March 2023".
func Month(d day.Date) string { return fmt.Sprintf("%s %d", d.Month(), d.Year()) }
