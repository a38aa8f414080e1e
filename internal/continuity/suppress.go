package continuity

import (
	"fmt"
	"strings"

	"throughgate/config"
	"throughgate/internal/day"
)

// Outgoing is what may leave the service by email, file or public link. It is made once, by Suppress; a renderer that has
// an Outgoing has nothing exact to let slip.
type Outgoing struct {
	Measure      string        `json:"measure"`
	DataThrough  day.Date      `json:"data_through"`
	Partnership  string        `json:"partnership"`
	Provider     string        `json:"provider"`
	Start        day.Date      `json:"window_start"`
	End          day.Date      `json:"window_end"`
	Headline     string        `json:"headline"` // the sentence a busy person can quote
	M1           ShownRate     `json:"m1"`
	ThreeWeeks   Shown         `json:"first_three_weeks"`
	M2           ShownRate     `json:"m2"`
	Awaiting     Shown         `json:"awaiting"`
	M2Adjusted   ShownRate     `json:"m2_adjusted"`
	Removed      []Line        `json:"removed"` // with those picked up elsewhere
	Comparisons  Comparisons   `json:"comparisons"`
	Verdict      string        `json:"verdict,omitempty"` // the control chart in words; Judge sets it
	Trend        []Point       `json:"trend"`             // the month ends, oldest first
	Breakdowns   []Breakdown   `json:"breakdowns"`
	Funnel       []Line        `json:"funnel"`
	TimeToPickUp []Line        `json:"time_to_pick_up"`
	LeadTime     string        `json:"lead_time"` // the median, in words
	Supporting   []ShownFigure `json:"supporting"`
	Footer       string        `json:"footer"`   // which suppression is in force
	Withheld     bool          `json:"withheld"` // more is hidden than the rule asks, see Guard
	Revised      Revised       `json:"revised"`  // what reads otherwise than in the report before
}

// Line is a named count.
type Line struct {
	Name  string `json:"name"`
	Count Shown  `json:"count"`
}

// Point is the rolling rate at one month end.
type Point struct {
	End  day.Date  `json:"window_end"`
	Rate ShownRate `json:"m1"`
}

// Breakdown is M1 and M2 by one fixed set of groups.
type Breakdown struct {
	Name string       `json:"name"`
	Rows []ShownGroup `json:"rows"`
	M1   ShownTotal   `json:"m1_total"`
	M2   ShownTotal   `json:"m2_total"`
}

// ShownTotal is the sums of what is shown. They have no rate: a group may be shown in the one and hidden in the other.
type ShownTotal struct {
	Releases Shown `json:"releases"`
	PickedUp Shown `json:"picked_up"`
}

// ShownGroup is one group of a breakdown.
type ShownGroup struct {
	Name string    `json:"name"`
	M1   ShownPart `json:"m1"`
	M2   ShownPart `json:"m2"`
}

// ShownPart is a part of releases with the rate that the two counts give.
type ShownPart struct {
	Releases Shown     `json:"releases"`
	PickedUp Shown     `json:"picked_up"`
	Rate     ShownRate `json:"rate"`
}

// ShownFigure is a supporting figure.
type ShownFigure struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Numerator   Shown     `json:"numerator"`
	Denominator Shown     `json:"denominator"`
	Rate        ShownRate `json:"rate"`
}

// trendMonths is how many month ends the picture shows.
const trendMonths = 24

// Suppress applies the rule for what may leave the service (measure.md) to the finished figures of the last window. past
// is the window that ended twelve months before it; nil looks for it among the figures.
func Suppress(f *Figures, past *Window, rules *config.Config) Outgoing {
	v, w := veil{rules.Suppression}, f.Last()
	if past == nil {
		past = f.endingOn(yearBefore(w.End))
	}
	o := Outgoing{
		Measure: f.Measure, DataThrough: f.DataThrough, Partnership: f.Partnership, Provider: providerName(rules),
		Start: w.Start, End: w.End,
		M1:           v.headline(w.M1.PickedUp, w.M1.Releases),
		ThreeWeeks:   v.count(w.M1.FirstThreeWeeks),
		M2:           v.headline(w.M2.PickedUp, w.M2.Releases),
		Awaiting:     v.count(w.M2.Awaiting),
		M2Adjusted:   v.headline(w.M2Adjusted.PickedUp, w.M2Adjusted.Releases),
		Removed:      v.removed(w.M2Adjusted),
		Comparisons:  compare(v, w, past, f.Benchmarks, rules),
		Trend:        v.trend(f),
		Breakdowns:   []Breakdown{v.breakdown(bySubstance, w.BySubstanceGroup), v.breakdown("prison", named(w.ByPrison, rules))},
		Funnel:       v.funnel(w),
		TimeToPickUp: v.lines(bands[:], w.Supporting.S5.Bands[:]),
		LeadTime:     v.leadTime(w.Supporting.S4),
		Supporting:   v.supporting(w.Supporting),
		Footer:       v.footer(),
	}
	o.alike()
	o.Headline = headlineOf(o)
	if !v.Enabled && w.M1.Releases == 0 {
		o.Headline = "No releases with an onward referral in the three months to " + o.End.Long() + "."
	}
	return o
}

func (f *Figures) endingOn(end day.Date) *Window {
	for i := range f.Windows {
		if f.Windows[i].End == end {
			return &f.Windows[i]
		}
	}
	return nil
}

// yearBefore is twelve months before; a month's end stays one, in a leap year too.
func yearBefore(end day.Date) day.Date {
	if end == day.MonthEnd(end) {
		return day.MonthEnd(end.AddMonths(-12))
	}
	return end.AddMonths(-12)
}

func providerName(rules *config.Config) string {
	var names []string
	for _, p := range rules.Providers {
		names = append(names, p.Name)
	}
	return strings.Join(names, " or ")
}

func headlineOf(o Outgoing) string {
	when := "the three months to " + o.End.Long()
	if o.M1.of.hidden {
		return "Numbers for " + when + " are too small to show."
	}
	about := "about " + o.M1.of.String()
	if o.M1.exact {
		about = o.M1.of.String()
	}
	rate := o.M1.String()
	said := fmt.Sprintf("%s of %s people released in %s with an onward referral were picked up by %s",
		strings.ToUpper(rate[:1])+rate[1:], about, when, o.Provider)
	if interval := o.M1.Interval(); interval != "" {
		said += " (95% interval " + interval + ")"
	}
	return said + "."
}

func (v veil) trend(f *Figures) (points []Point) {
	for _, w := range f.Windows {
		if w.End == day.MonthEnd(w.End) {
			points = append(points, Point{w.End, v.headline(w.M1.PickedUp, w.M1.Releases)})
		}
	}
	return points[max(0, len(points)-trendMonths):]
}

// lines are named counts that stand together.
func (v veil) lines(names []string, counts []int) []Line {
	var lines []Line
	for i, c := range v.cells(counts) {
		lines = append(lines, Line{names[i], c})
	}
	return lines
}

func (v veil) removed(a Adjusted) []Line {
	return v.lines([]string{"died", "returned to custody", "moved out of the area", "picked up by another provider"},
		[]int{a.Removed.Died, a.Removed.ReturnedToCustody, a.Removed.MovedArea, a.PickedUpElsewhere})
}

func (v veil) funnel(w *Window) []Line {
	return []Line{
		{"released with an onward referral", v.count(w.M1.Releases)},
		{"appointment booked by the day of release", v.count(w.Supporting.S1.Numerator)},
		{"appointment attended", v.count(w.Supporting.Came)},
		{"picked up within 21 days", v.count(w.M2.PickedUp)},
		{"picked up by the end of the window", v.count(w.M1.PickedUp)},
	}
}

func (v veil) breakdown(name string, groups Groups) Breakdown {
	m1, all1 := v.parts(groups, func(g Group) Rate { return g.M1 })
	m2, all2 := v.parts(groups, func(g Group) Rate { return g.M2 })
	b := Breakdown{Name: name, M1: all1, M2: all2}
	for i, g := range groups {
		b.Rows = append(b.Rows, ShownGroup{g.Name, m1[i], m2[i]})
	}
	return b
}

// parts are one measure's column of a breakdown, and its total. Where the releases of a group are hidden, so is how many
// of them were picked up.
func (v veil) parts(groups Groups, of func(Group) Rate) (parts []ShownPart, all ShownTotal) {
	var releases, pickedUp, forced []int
	for _, g := range groups {
		releases, pickedUp = append(releases, of(g).Releases), append(pickedUp, of(g).PickedUp)
	}
	shownReleases := v.cells(releases)
	for i, r := range shownReleases {
		if r.hidden {
			forced = append(forced, i)
		}
	}
	shownPickedUp := v.cells(pickedUp, forced...)
	for i := range groups {
		parts = append(parts, ShownPart{shownReleases[i], shownPickedUp[i], v.within(shownPickedUp[i], shownReleases[i], releases[i])})
	}
	return parts, ShownTotal{total(shownReleases), total(shownPickedUp)}
}

// named gives prisons the names that readers know.
func named(groups Groups, rules *config.Config) Groups {
	renamed := append(Groups(nil), groups...)
	for i := range renamed {
		for _, p := range rules.Prisons {
			if p.Code == renamed[i].Name {
				renamed[i].Name = p.Name
			}
		}
	}
	return renamed
}

func (v veil) leadTime(l LeadTime) string {
	if l.MedianDays == nil || v.small(l.Share14Days.Denominator) {
		return TooFew
	}
	return fmt.Sprintf("%g days", *l.MedianDays)
}

func (v veil) supporting(s Supporting) (shown []ShownFigure) {
	for _, one := range []struct {
		id, name string
		figure   Figure
	}{
		{"s1", "appointment booked by the day of release", s.S1},
		{"s2", "appointment offered within 21 days", s.S2},
		{"s3", "appointments attended", s.S3},
		{"s4", "referred at least 14 days before release", s.S4.Share14Days},
		{"s6", "referred, of those recorded as in need", s.S6},
		{"s7", "alcohol only", s.S7.Figure},
		{"s8", "bridging prescription reaches the first appointment", s.S8},
		{"s9", "opiate group released with naloxone", s.S9},
		{"s10", "SMART in prison to SMART in the community within 28 days", s.S10},
		{"s11", "referred to RECONNECT", s.S11},
		{"s12", "mandatory fields filled in", s.S12.Figure},
		{"cjit", "CJIT (criminal justice team) contact", s.CJIT},
	} {
		shown = append(shown, v.figure(one.id, one.name, one.figure))
	}
	return shown
}

// figure is one supporting figure. Completeness counts several fields of each release, and is rounded by as much more: to the
// nearest 5 of three times the releases would tell their exact number.
func (v veil) figure(id, name string, f Figure) ShownFigure {
	if id == "s12" {
		v = v.times(int(fields))
	}
	x, n := v.count(f.Numerator), v.count(f.Denominator)
	return ShownFigure{id, name, x, n, v.within(x, n, f.Denominator)}
}

// times is the rule for counts of which each release has so many.
func (v veil) times(k int) veil {
	v.HideUpTo, v.RoundTo, v.SmallestDenominator = k*v.HideUpTo, k*v.RoundTo, k*v.SmallestDenominator
	return v
}

const (
	bySubstance = "substance group"
	alcoholOnly = "alcohol only"
	opiate      = "opiate"
)

// alike hides in the supporting figures what is hidden in the breakdown: the alcohol share and naloxone count groups that
// stand there as well.
func (o *Outgoing) alike() {
	for _, g := range o.Breakdowns[0].Rows {
		for i := range o.Supporting {
			f := &o.Supporting[i]
			switch {
			case !g.M1.Releases.hidden:
			case g.Name == alcoholOnly && f.ID == "s7":
				f.Numerator, f.Rate = Shown{hidden: true}, ShownRate{of: f.Denominator, says: tooSmall}
			case g.Name == opiate && f.ID == "s9":
				f.hide()
			}
		}
	}
}

func (f *ShownFigure) hide() {
	f.Numerator, f.Denominator, f.Rate = Shown{hidden: true}, Shown{hidden: true}, notShown
}

func (v veil) footer() string {
	if !v.Enabled {
		return "Counts are exact: suppression is off, under the partnership's agreement to see exact counts."
	}
	return fmt.Sprintf("Counts of 0 to %d are not shown (*), others are to the nearest %d; where one hidden count could be had from a total, "+
		"the next smallest is hidden too. No rate is given of fewer than %d.", v.HideUpTo, v.RoundTo, v.SmallestDenominator)
}
