package continuity

import (
	"context"
	"fmt"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// Ask says which figures are wanted.
type Ask struct {
	WindowEnd   day.Date   // W, of the last window
	DataThrough day.Date   // T; none is yesterday
	Months      int        // so many windows, ending on successive month ends, the last on WindowEnd; 0 is 1
	AsKnownAt   *time.Time // what was known at that moment; nil is now
	Today       day.Date
	LastWhole   bool // windows before the last have M1 and M2, without people, and completeness alone: all that a report shows of them

	afresh bool // nothing that is kept is used
}

// MostMonths is how many windows one question may ask for: ten years.
const MostMonths = 120

// firstYear is long before any prison kept such lists; what is earlier is a slip of the fingers, and
// far enough back no calendar that the database has.
const firstYear = 1990

// Count makes the figures, all of them from one snapshot of the database.
func Count(ctx context.Context, pool *db.Pool, ask Ask) (*Figures, error) {
	ask, err := ask.checked()
	if err != nil {
		return nil, err
	}
	var f *Figures
	err = pool.Act(ctx, db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
		c := newCount(ask, tx.Rules, day.WindowEnds(ask.WindowEnd, ask.Months)...)
		if err := c.read(ctx, tx, everyFigure...); err != nil {
			return fmt.Errorf("counting to %s: %w", ask.WindowEnd, err)
		}
		f = c.figures()
		f.Benchmarks, err = benchmarks(ctx, tx, ask.AsKnownAt)
		return err
	})
	return f, err
}

// checked fills in what was left out and refuses what cannot be answered.
func (a Ask) checked() (Ask, error) {
	var wrong problem.Corrections
	if a.Months == 0 {
		a.Months = 1
	}
	if a.Months < 1 || a.Months > MostMonths {
		wrong.Add("months", "invalid", fmt.Sprintf("Ask for 1 to %d months.", MostMonths))
	}
	given, yesterday := !a.DataThrough.IsZero(), a.Today.Add(-1)
	if !given {
		a.DataThrough = yesterday
	}
	if a.DataThrough.After(yesterday) { // on a day that is not over somebody may still be picked up in time
		wrong.Add("data_through", "not_complete", fmt.Sprintf(
			"Data through %s are not complete yet: the last complete day is %s.", a.DataThrough.Long(), yesterday.Long()))
	}
	switch {
	case a.WindowEnd.IsZero():
		wrong.Add("window_end", "missing", "Say on which day the window ends.")
	case a.WindowEnd.Year() < firstYear:
		wrong.Add("window_end", "too_early", fmt.Sprintf("Ask for a window that ends in %d or later: nothing is known of earlier years.", firstYear))
	case a.WindowEnd.After(a.DataThrough) && given:
		wrong.Add("data_through", "before_window_end", fmt.Sprintf(
			"Data through %s end before the last window does, on %s.", a.DataThrough.Long(), a.WindowEnd.Long()))
	case a.WindowEnd.After(a.DataThrough):
		wrong.Add("window_end", "after_data_through", fmt.Sprintf(
			"The window ends on %s, after the last day that the data cover, %s.", a.WindowEnd.Long(), a.DataThrough.Long()))
	}
	return a, wrong.Err()
}
