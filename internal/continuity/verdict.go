package continuity

import "strings"

// Variation is the icon of Making Data Count for what the latest month shows.
type Variation string

const (
	Improving Variation = "special cause, improvement"
	Worsening Variation = "special cause, concern"
	ByChance  Variation = "common cause"
	Unjudged  Variation = "not judged" // no limits yet, and no run of months either
)

// Variation is what the latest month with releases shows.
func (c *ControlChart) Variation() Variation {
	m, p, ok := c.latest()
	switch {
	case ok && m.Signal.Improvement():
		return Improving
	case ok && m.Signal.Concern():
		return Worsening
	case !ok || p.Limits == nil:
		return Unjudged
	}
	return ByChance
}

// Assurance is the icon of Making Data Count for whether a target will be met as things stand.
type Assurance string

const (
	Passing  Assurance = "consistently met"
	Failing  Assurance = "consistently missed"
	HitMiss  Assurance = "met in some months and missed in others, by chance"
	NoAnswer Assurance = "not judged"
)

// Assurance is how the latest limits stand to a target in per cent: a target that lies outside them is met, or missed,
// whatever chance does.
func (c *ControlChart) Assurance(target float64) Assurance {
	if _, p, ok := c.latest(); ok && p.Limits != nil {
		return p.Limits.against(target)
	}
	return NoAnswer
}

func (l Limits) against(target float64) Assurance {
	switch {
	case l.Lower > target:
		return Passing
	case l.Upper < target:
		return Failing
	}
	return HitMiss
}

// Verdict is the chart in words, without any month's rate: it may leave the service where the chart may not.
func (c *ControlChart) Verdict() string {
	m, p, ok := c.latest()
	if !ok {
		return "No month has both releases and a known outcome yet."
	}
	said := []string{map[Variation]string{
		Improving: "Month by month, the rate within 21 days is improving: " + m.Signal.words() + ".",
		Worsening: "Month by month, the rate within 21 days is getting worse: " + m.Signal.words() + ".",
		ByChance:  "Month by month, the rate within 21 days varies as chance would have it: nothing in the latest months points to a change.",
		Unjudged:  "Whether the rate within 21 days changes from month to month cannot be judged yet.",
	}[c.Variation()]}
	if p.Limits == nil {
		said = append(said, "The control chart has no limits: "+p.WithoutLimits+".")
	}
	if p.Trial() {
		said = append(said, "The limits are trial limits, from fewer than 12 months.")
	}
	if p.First > 0 {
		said = append(said, "Only the months since "+c.Months[p.First].Start.Long()+" are compared with each other ("+p.Change+").")
	}
	return strings.Join(said, " ")
}

// words say why the latest month is flagged.
func (s Signal) words() string {
	pick := func(up, down string) string {
		if s.Up {
			return up
		}
		return down
	}
	switch s.Rule {
	case OutsideLimit:
		return "the latest month lies " + pick("above", "below") + " what chance would bring"
	case Trend:
		return "it has " + pick("risen", "fallen") + " over seven months or more, every time"
	case TwoOfThree:
		return "at least two of the latest three months lie close to the " + pick("upper", "lower") + " limit of what chance would bring"
	case Shift:
		return "seven or more months running lie " + pick("above", "below") + " the average"
	}
	return "no month stands out"
}

// Judge puts the chart's verdict into what goes out. Where the window's own rate is too small to show, so is it.
func (o *Outgoing) Judge(c *ControlChart) {
	o.Verdict = c.Verdict()
	if o.M2.of.hidden {
		o.Verdict = "Control chart: " + tooSmall + "."
	}
}
