package continuity

import "math"

// The numbers of an XmR chart (Montgomery, Introduction to Statistical Quality Control, 6.4; NHS England, Making Data
// Count). Both factors are for ranges of two neighbours.
const (
	toLimit     = 2.66  // from the mean moving range to the limits: 3/d2, d2 = 1.128
	screenedAt  = 3.267 // D4: a moving range this many times the mean is left out once, as NHSRplotthedots does
	fewestFor   = 4     // points without which there are no limits
	fullFrom    = 12    // points from which limits are no longer called trial
	runOf       = 7     // points of a trend or a shift
	floatsGrain = 1e-9  // closer than this is the same: a mean of equal fractions may differ from them in its last bit
)

// reading is one point of an XmR chart. A month without releases has none; the next one stands apart from its neighbour,
// so that no moving range spans the gap. For the rules the two are consecutive: where chance alone is at work, months
// do not know each other, and a missing one makes no run likelier.
type reading struct {
	value float64
	apart bool
}

// Limits are where points would lie if only chance were at work, near and outer ones on both sides of the centre.
type Limits struct{ Lower, NearLower, NearUpper, Upper float64 }

// Drawn are the limits of a per cent as they are drawn: none below 0 or above 100. The rules use the limits as they are.
func (l Limits) Drawn() Limits {
	return Limits{held(l.Lower), held(l.NearLower), held(l.NearUpper), held(l.Upper)}
}

func held(percent float64) float64 { return min(100, max(0, percent)) }

// limitsOf are the limits of the points, or why there are none (measure.md, "Control chart").
func limitsOf(points []reading) (l *Limits, why string) {
	if len(points) < fewestFor {
		return nil, "there are fewer than 4 months with releases"
	}
	ranges := movingRanges(points)
	if len(ranges) == 0 {
		return nil, "no two neighbouring months have releases"
	}
	spread := mean(screened(ranges))
	if spread < floatsGrain {
		return nil, "nothing varies from month to month"
	}
	return new(limitsAround(centreOf(points), spread)), ""
}

// limitsAround puts the limits 2.66 times the mean moving range from the centre, the near ones at two thirds of it.
func limitsAround(centre, meanRange float64) Limits {
	far := toLimit * meanRange
	return Limits{Lower: centre - far, NearLower: centre - far*2/3, NearUpper: centre + far*2/3, Upper: centre + far}
}

// centreOf is the mean of the points; 0 of none.
func centreOf(points []reading) float64 {
	values := make([]float64, len(points))
	for i, p := range points {
		values[i] = p.value
	}
	return mean(values)
}

func mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// movingRanges are the distances between neighbours.
func movingRanges(points []reading) (ranges []float64) {
	for i := 1; i < len(points); i++ {
		if !points[i].apart {
			ranges = append(ranges, math.Abs(points[i].value-points[i-1].value))
		}
	}
	return ranges
}

// screened leaves out, once, the ranges that are 3.267 times their mean or more: a single jump would otherwise widen the
// limits until it looked like chance.
func screened(ranges []float64) (kept []float64) {
	bound := screenedAt * mean(ranges)
	for _, r := range ranges {
		if r < bound {
			kept = append(kept, r)
		}
	}
	return kept
}
