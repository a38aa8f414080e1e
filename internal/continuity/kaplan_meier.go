package continuity

import (
	"context"
	"math"

	"github.com/jmoiron/sqlx"

	"throughgate/internal/db"
)

// lastWaitDay is the last day on which a start still belongs to the release.
const lastWaitDay = 92

// waits are the releases of a window by the day on which each was picked up, or was last known to wait.
type waits struct{ PickedUp, Censored [lastWaitDay + 1]int }

func (w *waits) add(day int, pickedUp bool, n int) {
	if pickedUp {
		w.PickedUp[day] += n
	} else {
		w.Censored[day] += n
	}
}

// Curve is the share of the mature releases of a window (S5) that were picked up by each day after release, 0 to 92: one
// minus the Kaplan-Meier estimate of still waiting. No releases, no curve.
type Curve []CurveDay

// CurveDay is one day of the curve. Somebody censored on a day is at risk on it and no longer on the next.
type CurveDay struct {
	AtRisk, PickedUp, Censored int
	Share                      float64 // picked up by the end of the day, 0 to 1
	CI95                       *Bounds // none before the first pick-up, nor once everybody at risk is picked up
}

// Bounds are a 95% interval of a share, 0 to 1.
type Bounds struct{ Low, High float64 }

func (c *count) readWaits(ctx context.Context, tx *db.Tx) error {
	return c.each(ctx, tx, timeToPickUpSQL, func(rows *sqlx.Rows) error {
		var stretch, day, n int
		var pickedUp bool
		if err := rows.Scan(&stretch, &day, &pickedUp, &n); err != nil {
			return err
		}
		c.over(stretch, func(w *tally) { w.waits.add(day, pickedUp, n) })
		return nil
	})
}

// curve is the product-limit estimate (Kaplan and Meier 1958): each day multiplies the share still waiting by the part of
// those at risk who were not picked up on it. On one day pick-ups come before censoring.
func (w *waits) curve() (curve Curve) {
	atRisk := 0
	for i := range w.PickedUp {
		atRisk += w.PickedUp[i] + w.Censored[i]
	}
	if atRisk == 0 {
		return nil
	}
	waiting, greenwood := 1.0, 0.0
	for i := range w.PickedUp {
		d := CurveDay{AtRisk: atRisk, PickedUp: w.PickedUp[i], Censored: w.Censored[i]}
		if d.PickedUp > 0 {
			n, x := float64(atRisk), float64(d.PickedUp)
			waiting *= (n - x) / n
			greenwood += x / (n * (n - x)) // infinite when all are picked up: no interval
		}
		d.Share, d.CI95 = 1-waiting, logLog(waiting, greenwood)
		atRisk -= d.PickedUp + d.Censored
		curve = append(curve, d)
	}
	return curve
}

// logLog is the interval of the share picked up, from Greenwood's variance (1926) on the scale log(-log S), where it cannot
// leave 0 to 1 (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1.4; Stata's default).
func logLog(waiting, greenwood float64) *Bounds {
	if waiting <= 0 || waiting >= 1 {
		return nil
	}
	reach := z * math.Sqrt(greenwood) / -math.Log(waiting)
	return &Bounds{Low: 1 - math.Pow(waiting, math.Exp(-reach)), High: 1 - math.Pow(waiting, math.Exp(reach))}
}

// Median is the first day by which half are picked up; false when the curve never gets there.
func (c Curve) Median() (day int, reached bool) {
	for i, d := range c {
		if d.Share >= 0.5-floatsGrain {
			return i, true
		}
	}
	return 0, false
}
