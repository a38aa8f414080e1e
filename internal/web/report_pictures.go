package web

import (
	"fmt"

	"throughgate/internal/continuity"
	"throughgate/internal/picture"
	"throughgate/internal/report"
)

// draw makes the pictures, each with its numbers as a table.
func (b *reportBody) draw(o *continuity.Overview, issue report.Issue) {
	w := o.Figures.Last()
	rates := issue.Rates()
	b.Rates = drawn{rates.SVG(), nil, "Share picked up, of those released in the three months to each month end. The band is its 95% interval.",
		issue.Marks(), pictured(wholeMonths(o.MonthEnds), len(issue.Figures.Trend))}
	b.Control = controlOf(o.Chart, issue.Rules.Partnership.Ambition)
	b.Funnel = drawn{Picture: picture.Bars("From referral to pick-up", funnelBars(w, o.Expected)).SVG()}
	b.Bands = drawn{Picture: picture.Bars("Time from release to pick-up", bandBars(w.Supporting.S5)).SVG()}
	b.Time = drawn{picture.Curve(o.Curve).SVG(), nil, "Of those whose 21 days are over: the share picked up by each day since release. The band is its 95% interval. " +
		"Whoever died, returned to custody or moved out of the area counts until then, and whoever still waits, until now.", nil, curveTable(o.Curve)}
}

// wholeMonths are the windows that end with a month: those that the picture of the rate shows.
func wholeMonths(ends []continuity.Window) []continuity.Window {
	if n := len(ends); n > 0 && ends[n-1].End.Add(1).Day() != 1 {
		return ends[:n-1]
	}
	return ends
}

func controlOf(c *continuity.ControlChart, ambition float64) control {
	chart := control{Drawn: drawn{
		Picture: picture.Control(c, ambition).SVG(),
		Caption: "Share picked up within 21 days, by calendar month of release, of months whose releases are all 21 days old. Grey joins the months; the straight line is their mean, the broken ones the limits of what chance would bring.",
		Table:   chartTable(c),
	}}
	for i, part := range c.Parts[min(1, len(c.Parts)):] {
		chart.Drawn.Marks = append(chart.Drawn.Marks, picture.Mark{Letter: picture.Letter(i), On: c.Months[part.First].Start, What: "new limits: " + part.Change})
	}
	variation := c.Variation()
	chart.Icons = []iconSaid{{picture.Variation(variation), variationWords[variation]}}
	if assurance := c.Assurance(ambition); ambition > 0 {
		chart.Icons = append(chart.Icons, iconSaid{picture.Assurance(assurance), fmt.Sprintf("The ambition of %v%% is %s", ambition, assurance)})
	}
	chart.Drawn.Keys = []iconSaid{
		{picture.Key(continuity.Signal{Rule: continuity.Shift, Up: true}), "improvement"},
		{picture.Key(continuity.Signal{Rule: continuity.Shift}), "concern"},
		{picture.Key(continuity.Signal{}), byChance},
	}
	if n := len(c.Parts); n > 0 {
		chart.Drawn.Keys = append(chart.Drawn.Keys, linesSaid(c.Parts[n-1])...)
	}
	return chart
}

// byChance is said of months in which nothing points to a change.
const byChance = "chance explains it"

// variationWords are what Making Data Count's icons mean; its own terms stand where the figures are explained.
var variationWords = map[continuity.Variation]string{
	continuity.Improving: "The latest months: improvement, beyond what chance would bring",
	continuity.Worsening: "The latest months: concern, beyond what chance would bring",
	continuity.ByChance:  "The latest months: " + byChance,
	continuity.Unjudged:  "The latest months cannot be judged yet",
}

// linesSaid names the newest part's mean and limits.
func linesSaid(part continuity.ChartPart) []iconSaid {
	mean := iconSaid{picture.KeyLine(false), fmt.Sprintf("mean %.1f%%", part.Centre)}
	if part.Limits == nil {
		return []iconSaid{mean}
	}
	name := "limits"
	if part.Trial() {
		name = "trial limits, from fewer than 12 months,"
	}
	drawn := part.Limits.Drawn()
	return []iconSaid{mean, {picture.KeyLine(true), fmt.Sprintf("%s %.1f%% and %.1f%%", name, drawn.Lower, drawn.Upper)}}
}

// funnelBars are the steps from referral to pick-up. Who was referred and is not released yet, as far as anybody confirmed,
// is in the first only.
func funnelBars(w *continuity.Window, expected int) []picture.Bar {
	released := w.M1.Releases
	of := func(n int) string {
		if released == 0 {
			return ""
		}
		return "(" + continuity.ShareOf(n, released).Percent.String() + "%)"
	}
	return []picture.Bar{
		{Name: "Referred", Count: released + expected},
		{Name: "Released", Count: released},
		{Name: "Booked by release", Count: w.Supporting.S1.Numerator, Share: of(w.Supporting.S1.Numerator)},
		{Name: "Attended", Count: w.Supporting.Came, Share: of(w.Supporting.Came)},
		{Name: "Picked up", Count: w.M1.PickedUp, Share: of(w.M1.PickedUp)},
	}
}

// bandWords are the bands of days to pick-up, in their order.
var bandWords = [len(continuity.Bands{})]string{
	"On the day of release", "1 to 3 days", "4 to 7 days", "8 to 14 days", "15 to 21 days", "22 to 92 days", "Not picked up"}

func bandBars(t continuity.TimeTo) (bars []picture.Bar) {
	for i, n := range t.Bands {
		bars = append(bars, picture.Bar{Name: bandWords[i], Count: n})
	}
	return bars
}
