package continuity

import (
	"fmt"

	"throughgate/config"
)

// Comparisons are in words, each with what it is compared with named. One that cannot be made is "".
type Comparisons struct {
	OwnPast     string  `json:"own_past"`     // M1 against the window twelve months before
	LocalTarget string  `json:"local_target"` // M1
	England     string  `json:"england"`      // M2
	Ambition    string  `json:"ambition"`     // M2
	Definition  string  `json:"definition"`   // what sets M2 and C20 apart: goes with England and Ambition wherever they are shown
	Past        *Point  `json:"past"`         // the rate that OwnPast is about; nil without it
	Change      *Change `json:"change"`       // by how much it changed; nil where OwnPast does not say
}

// Change is M1 now less M1 then in whole points, as OwnPast has it.
type Change struct {
	Points Tenth    `json:"points"`
	CI95   Interval `json:"ci95"`
}

// definitionDiffers goes with every comparison of M2 with C20, or with the ambition, which is of C20.
const definitionDiffers = "C20 counts everyone transferred with a need; ours, everyone referred."

// Verdict is how a rate with this interval stands to a comparator in per cent: "similar" when the comparator lies inside
// the interval or on its bound, as both are written.
func (s Share) Verdict(comparator float64) string {
	return s.CI95.against(comparator)
}

// verdict is Verdict by the interval as it is shown: words that knew the tenths would tell more than the whole numbers.
func (r ShownRate) verdict(comparator float64) string { return r.ci.against(comparator) }

func (i Interval) against(comparator float64) string {
	switch against := tenth(comparator); {
	case against < i.Low:
		return "better"
	case against > i.High:
		return "worse"
	}
	return "similar"
}

func than(verdict string) string {
	if verdict == "similar" {
		return "similar to"
	}
	return verdict + " than"
}

func compare(v veil, w, past *Window, published []config.Benchmark, rules *config.Config) Comparisons {
	var c Comparisons
	m1, m2 := v.headline(w.M1.PickedUp, w.M1.Releases), v.headline(w.M2.PickedUp, w.M2.Releases)
	if target := rules.Partnership.LocalTarget; target > 0 && !m1.of.hidden {
		c.LocalTarget = fmt.Sprintf("The rolling rate, %s, is %s the local target of %g%%.", rateWithInterval(m1), than(m1.verdict(target)), target)
	}
	if past != nil {
		v.change(&c, w, past)
	}
	if m2.of.hidden {
		return c
	}
	c.England = england(m2, w, published)
	if a := rules.Partnership.Ambition; a > 0 {
		c.Ambition = fmt.Sprintf("Within 21 days %s were picked up: %s the national ambition of %g%%.", rateWithInterval(m2), than(m2.verdict(a)), a)
	}
	if c.England+c.Ambition != "" {
		c.Definition = definitionDiffers
	}
	return c
}

func rateWithInterval(r ShownRate) string {
	if interval := r.Interval(); interval != "" {
		return fmt.Sprintf("%s (95%% interval %s)", r, interval)
	}
	return r.String()
}

// change is M1 against an earlier window that shares no day with this one.
func (v veil) change(c *Comparisons, w, past *Window) {
	now, then := v.headline(w.M1.PickedUp, w.M1.Releases), v.headline(past.M1.PickedUp, past.M1.Releases)
	if !past.End.Before(w.Start) || now.of.hidden || then.of.hidden {
		return
	}
	points, exact := Difference(w.M1.PickedUp, w.M1.Releases, past.M1.PickedUp, past.M1.Releases)
	ci := Interval{v.finely(exact.Low), v.finely(exact.High)} // the words say no more than the numbers beside them
	said := "no clear change"
	switch {
	case ci.Low > 0:
		said = "higher now"
	case ci.High < 0:
		said = "lower now"
	}
	if now.HasPercent() && then.HasPercent() {
		if v.Enabled {
			points = Tenth(10 * difference(100, w.M1.PickedUp, w.M1.Releases, past.M1.PickedUp, past.M1.Releases))
		}
		said = v.changed(said, points, ci)
		c.Change = &Change{points, ci}
	}
	c.Past = &Point{past.End, then}
	c.OwnPast = fmt.Sprintf("In the three months to %s the rolling rate was %s: %s.", past.End.Long(), then, said)
}

// finely is a number of points as finely as it may be shown.
func (v veil) finely(t Tenth) Tenth {
	if v.Enabled {
		return Tenth(10 * t.Whole())
	}
	return t
}

// changed is by how much the rate is higher or lower now, and whether chance could have done it.
func (v veil) changed(said string, points Tenth, ci Interval) string {
	if ci.Low > 0 || ci.High < 0 {
		return fmt.Sprintf("%s, by %s points (95%% interval %s to %s)", said, v.points(abs(points)), v.points(abs(nearer(ci))), v.points(abs(farther(ci))))
	}
	by := "no different now"
	if points != 0 {
		by = v.points(abs(points)) + " points " + higherOrLower(points) + " now"
	}
	return fmt.Sprintf("%s, which chance alone could bring (95%% interval: %s points lower to %s higher)", by, v.points(abs(ci.Low)), v.points(abs(ci.High)))
}

func higherOrLower(t Tenth) string {
	if t < 0 {
		return "lower"
	}
	return "higher"
}

func abs[T ~int](x T) T { return max(x, -x) }

// nearer and farther are the bounds of an interval that lies on one side of nought.
func nearer(ci Interval) Tenth  { return min(abs(ci.Low), abs(ci.High)) }
func farther(ci Interval) Tenth { return max(abs(ci.Low), abs(ci.High)) }

// points are written as finely as rates are.
func (v veil) points(t Tenth) string {
	if !v.Enabled {
		return t.String()
	}
	return fmt.Sprint(t.Whole())
}
