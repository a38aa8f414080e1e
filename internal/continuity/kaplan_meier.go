package continuity

import (
	"context"
	"fmt"
	"math"

	"github.com/jmoiron/sqlx"

	"throughgate/internal/db"
)

// lastWaitDay is the last day on which a start still belongs to the release.
const lastWaitDay = 92

// wait is a number of releases that were picked up on a day after release, or were last known to wait on it.
type wait struct {
	Day      int
	PickedUp bool
	Releases int
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
func TimeToPickUp(ctx context.Context, pool *db.Pool, ask Ask) (curve Curve, err error) {
	if ask, err = ask.checked(); err != nil {
		return nil, err
	}
	err = pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		c := newCount(ask, tx.Rules, ask.WindowEnd)
		err := c.read(ctx, tx, (*count).readWaits)
		curve = kaplanMeier(c.last().waits)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("time to pick-up in the window to %s: %w", ask.WindowEnd, err)
	}
	return curve, nil
}

func (c *count) readWaits(ctx context.Context, tx *db.Tx) error {
	return c.each(ctx, tx, timeToPickUpSQL, func(rows *sqlx.Rows) error {
		var stretch int
		var one wait
		if err := rows.Scan(&stretch, &one.Day, &one.PickedUp, &one.Releases); err != nil {
			return err
		}
		c.over(stretch, func(w *tally) { w.waits = append(w.waits, one) })
		return nil
	})
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
		if w.PickedUp {
			curve[w.Day].PickedUp += w.Releases
		} else {
			curve[w.Day].Censored += w.Releases
		}
		all += w.Releases
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
