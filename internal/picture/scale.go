package picture

import (
	"fmt"
	"math"
)

// scale is a field of per cent, upright, over something that runs from left to right.
type scale struct {
	ceiling     float64 // per cent at the top
	from, to    float64 // what lies at the left and at the right end
	top, bottom float64 // points
}

// The field leaves room above for marks, and below for two lines of words.
const (
	fieldTop   = 30.0
	fieldHigh  = 230.0
	fieldLeft  = 1.5
	fieldRight = 98.5
)

func newScale(highest, from, to float64) scale {
	if to <= from {
		from, to = from-1, to+1
	}
	return scale{ceiling: ceiling(highest), from: from, to: to, top: fieldTop, bottom: fieldTop + fieldHigh}
}

// ceiling is a multiple of 20 that leaves room for the highest, 60 at least.
func ceiling(highest float64) float64 { return min(100, max(60, math.Ceil(highest/20)*20)) }

func (s scale) at(along, percent float64) At { return At{s.across(along), s.down(percent)} }

func (s scale) across(along float64) float64 {
	return fieldLeft + (fieldRight-fieldLeft)*(along-s.from)/(s.to-s.from)
}

func (s scale) down(percent float64) float64 {
	return s.bottom - (s.bottom-s.top)*percent/s.ceiling
}

// field draws the scale itself: a faint line for every 20 per cent, with its number in the margin.
func (s scale) field(p *Picture) {
	for percent := 0.0; percent <= s.ceiling; percent += 20 {
		y, ink := s.down(percent), Faint
		if percent == 0 {
			ink = Black
		}
		p.Lines = append(p.Lines, Line{Through: []At{{0, y}, {100, y}}, Ink: ink, Width: 1})
		p.Words = append(p.Words, Words{At: At{0, y + 5}, Right: -6, Text: fmt.Sprintf("%.0f%%", percent), Size: letters, Ink: Black, Anchor: End})
	}
}

// tick is a place along, with one or two lines of words under it.
func (s scale) tick(p *Picture, along float64, lines ...string) {
	x := s.across(along)
	p.Lines = append(p.Lines, Line{Through: []At{{x, s.bottom}, {x, s.bottom + 6}}, Ink: Black, Width: 1})
	for i, text := range lines {
		p.Words = append(p.Words, Words{At: At{x, s.bottom + 22 + 18*float64(i)}, Text: text, Size: letters, Ink: Black, Anchor: Middle})
	}
}

// level is a line across at a per cent, with its name above the left end.
func (s scale) level(p *Picture, percent float64, name, dash string) {
	y := s.down(percent)
	p.Lines = append(p.Lines, Line{Through: []At{{0, y}, {100, y}}, Ink: Dim, Width: 2, Dash: dash})
	p.Words = append(p.Words, Words{At: At{0, y - 6}, Right: 4, Text: name, Size: letters, Ink: Dim, Anchor: Start})
}

// mark is an upright dotted line with its name at the top.
func (s scale) mark(p *Picture, along float64, name string) {
	x := s.across(along)
	p.Lines = append(p.Lines, Line{Through: []At{{x, s.top - 8}, {x, s.bottom}}, Ink: Black, Width: 1.5, Dash: "2 4"})
	p.Words = append(p.Words, Words{At: At{x, s.top - 13}, Text: name, Size: letters, Ink: Black, Bold: true, Anchor: Middle})
}

// percent is a rate as it is said: whole ones without a decimal.
func percent(x float64) string { return short(math.Round(x*10)/10) + "%" }
