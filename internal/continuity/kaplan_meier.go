package continuity

import (
	"context"
	"fmt"
	"math"

	"github.com/jmoiron/sqlx"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

var timeToPickUpSQL = statement("time_to_pick_up")

// lastWaitDay is the last day on which a start still belongs to the release.
const lastWaitDay = 92

// wait is a number of releases that were picked up on a day after release, or were last known to wait on it.
type wait struct {
	day      int
	pickedUp bool
	releases int
}

// Curve is the share picked up by each day after release, 0 to 92, of those who could be: one minus the Kaplan-Meier
// estimate of still waiting. No releases, no curve.
type Curve []CurveDay

// CurveDay is one day of the curve. Somebody censored on a day is at risk on it and no longer on the next.
type CurveDay struct {
	AtRisk, PickedUp, Censored int
	Share                      float64 // picked up by the end of the day, 0 to 1
	CI95                       *Bounds // none before the first pick-up, nor once everybody at risk is picked up
}

// Bounds are a 95% interval of a share, 0 to 1.
type Bounds struct{ Low, High float64 }

// TimeToPickUp is the curve (S5) of the mature releases of the window that ends on W.
func TimeToPickUp(ctx context.Context, pool *db.Pool, ask Ask) (Curve, error) {
	ask, err := ask.checked()
	if err != nil {
		return nil, err
	}
	start := day.Window(ask.WindowEnd)
	c := &count{ask: ask, days: timeline{from: start, of: make([]int, ask.WindowEnd.Sub(start)+1)}}
	var waits []wait
	err = pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		if err := inBulk(ctx, tx); err != nil {
			return err
		}
		return c.each(ctx, tx, timeToPickUpSQL, func(rows *sqlx.Rows) error {
			var w wait
			err := rows.Scan(&w.day, &w.pickedUp, &w.releases)
			waits = append(waits, w)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("time to pick-up in the window to %s: %w", ask.WindowEnd, err)
	}
	return kaplanMeier(waits), nil
}

// kaplanMeier is the product-limit estimate (Kaplan and Meier 1958): each day multiplies the share still waiting by the
// part of those at risk who were not picked up on it. On one day pick-ups come before censoring.
func kaplanMeier(waits []wait) Curve {
	curve, atRisk := laidOut(waits)
	waiting, greenwood := 1.0, 0.0
	for i := range curve {
		d := &curve[i]
		d.AtRisk = atRisk
		if d.PickedUp > 0 {
			n, x := float64(atRisk), float64(d.PickedUp)
			waiting *= (n - x) / n
			greenwood += x / (n * (n - x)) // infinite when all are picked up: no interval
		}
		d.Share, d.CI95 = 1-waiting, logLog(waiting, greenwood)
		atRisk -= d.PickedUp + d.Censored
	}
	return curve
}

// laidOut puts the waits on their days and says how many there are in all.
func laidOut(waits []wait) (curve Curve, all int) {
	for _, w := range waits {
		if curve == nil {
			curve = make(Curve, lastWaitDay+1)
		}
		if w.pickedUp {
			curve[w.day].PickedUp += w.releases
		} else {
			curve[w.day].Censored += w.releases
		}
		all += w.releases
	}
	return curve, all
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
