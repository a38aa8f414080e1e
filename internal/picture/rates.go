package picture

import (
	"fmt"
	"slices"
	"strings"

	"throughgate/internal/day"
)

// Rate is a rate in per cent at the end of a window, with its interval. One that is not shown leaves a gap.
type Rate struct {
	End                day.Date
	Shown              bool
	Percent, Low, High float64
}

// Mark is a documented change of the pathway, under its letter.
type Mark struct {
	Letter string
	On     day.Date
	What   string
}

// Rates draws the rolling rate at the month ends with the band of its interval; target 0 is none.
func Rates(rates []Rate, marks []Mark, target float64) Picture {
	p := Picture{Alt: ratesInWords(rates, target), High: fieldTop + fieldHigh + 48, Scaled: true}
	if len(rates) == 0 {
		return p
	}
	highest := target + 5
	for _, r := range rates {
		highest = max(highest, r.High)
	}
	s := newScale(highest, along(rates[0].End), along(rates[len(rates)-1].End))
	s.field(&p)
	for _, run := range runs(rates) {
		s.band(&p, run)
	}
	if target > 0 {
		s.level(&p, target, "local target "+percent(target), "8 5")
	}
	for _, m := range marks {
		s.mark(&p, along(m.On), m.Letter)
	}
	for _, run := range runs(rates) {
		s.run(&p, run)
	}
	s.monthTicks(&p, rates)
	s.last(&p, rates[len(rates)-1], target)
	return p
}

// along is where a day lies from left to right.
func along(d day.Date) float64 { return float64(d.Sub(day.New(2000, 1, 1))) }

// runs are the rates between two gaps.
func runs(rates []Rate) (all [][]Rate) {
	var run []Rate
	for _, r := range rates {
		if r.Shown {
			run = append(run, r)
		} else if len(run) > 0 {
			all, run = append(all, run), nil
		}
	}
	if len(run) > 0 {
		all = append(all, run)
	}
	return all
}

func (s scale) band(p *Picture, run []Rate) {
	if len(run) == 1 { // a lone rate's band would have no breadth
		run = []Rate{run[0], run[0]}
		run[0].End, run[1].End = run[0].End.Add(-6), run[1].End.Add(6)
	}
	var edge []At
	for _, r := range run {
		edge = append(edge, s.at(along(r.End), r.High))
	}
	for _, r := range slices.Backward(run) {
		edge = append(edge, s.at(along(r.End), r.Low))
	}
	p.Areas = append(p.Areas, Area{edge, Pale})
}

func (s scale) run(p *Picture, run []Rate) {
	line := Line{Ink: Strong, Width: 3}
	for _, r := range run {
		at := s.at(along(r.End), r.Percent)
		line.Through = append(line.Through, at)
		p.Dots = append(p.Dots, Dot{at, Round, Strong, 3})
	}
	p.Lines = append(p.Lines, line)
}

// last names the newest rate above its dot; below it where the target's line would run through its name.
func (s scale) last(p *Picture, r Rate, target float64) {
	if !r.Shown {
		return
	}
	at := s.at(along(r.End), r.Percent)
	if gap := at.Down - s.down(target); target > 0 && gap > 0 && gap < 2*large {
		at.Down += 28
	} else {
		at.Down -= 12
	}
	s.name(p, at, r.Percent)
}

// name is a large number at the right end.
func (s scale) name(p *Picture, at At, rate float64) {
	p.Words = append(p.Words, Words{At: at, Right: rightMargin, Text: percent(rate), Size: large, Ink: Strong, Bold: true, Anchor: End})
}

func (s scale) monthTicks(p *Picture, rates []Rate) {
	for i := len(rates) - 1; i >= 0; i -= every(len(rates)) {
		e := rates[i].End
		s.tick(p, along(e), e.Month().String()[:3], fmt.Sprint(e.Year()))
	}
}

// every is how many months lie between two ticks, so that the words under five or so do not touch on a phone.
func every(months int) int {
	for _, step := range []int{1, 3, 6, 12} {
		if months <= 5*step {
			return step
		}
	}
	return (months/60 + 1) * 12
}

// ratesInWords says what the picture shows: where the rate began and ended, how low and high it went, how it lies to the
// target.
func ratesInWords(rates []Rate, target float64) string {
	seen := slices.DeleteFunc(slices.Clone(rates), func(r Rate) bool { return !r.Shown })
	if len(seen) == 0 {
		return "The rolling three-month rate at the last month ends: numbers too small to show."
	}
	first, last := seen[0], seen[len(seen)-1]
	said := []string{fmt.Sprintf("The rolling three-month rate was %s, and %s.", on(first), on(last))}
	if len(seen) == 1 {
		said = []string{fmt.Sprintf("The rolling three-month rate was %s.", on(last))}
	} else {
		byRate := func(a, b Rate) int { return int(a.Percent*10) - int(b.Percent*10) }
		said = append(said, fmt.Sprintf("At its lowest it was %s, at its highest %s.", on(slices.MinFunc(seen, byRate)), on(slices.MaxFunc(seen, byRate))))
	}
	if target > 0 {
		said = append(said, reached(seen, target))
	}
	if gaps := len(rates) - len(seen); gaps > 0 {
		said = append(said, fmt.Sprintf("At %d of %d month ends no rate is shown.", gaps, len(rates)))
	}
	return strings.Join(said, " ")
}

func reached(seen []Rate, target float64) string {
	below := 0
	for _, r := range seen {
		if r.Percent < target {
			below++
		}
	}
	switch below {
	case len(seen):
		return fmt.Sprintf("It has stayed below the local target of %s.", percent(target))
	case 0:
		return fmt.Sprintf("It has never been below the local target of %s.", percent(target))
	}
	return fmt.Sprintf("It reached the local target of %s at %d of these month ends.", percent(target), len(seen)-below)
}

func on(r Rate) string { return percent(r.Percent) + " at " + r.End.Long() }
