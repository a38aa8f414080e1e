package continuity

import (
	"context"
	"fmt"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

// Revision is a month end whose rolling rate reads otherwise than in the report before, with the reasons in words. How many
// releases a reason concerned is never said.
type Revision struct {
	End day.Date `json:"window_end"`
	Was string   `json:"was"` // as it was shown then: "41%"
	Now string   `json:"now"` // as it is shown here
	Why []string `json:"why"`
}

// Revised is what a report says of the one before it.
type Revised struct {
	Since    day.Date   `json:"since"` // the day on which that was made; none for the first report
	MonthEnd []Revision `json:"month_ends"`
}

// Revise notes which month ends read otherwise than in the report sent before, and why: from what was recorded between
// that report and now.
func (o *Outgoing) Revise(ctx context.Context, tx *db.Tx, before Sent, now time.Time) error {
	o.Revised = Revised{Since: day.Of(before.MadeAt), MonthEnd: o.otherThan(before.Said)}
	for i := range o.Revised.MonthEnd {
		r := &o.Revised.MonthEnd[i]
		var err error
		if r.Why, err = reasons(ctx, tx, before.MadeAt, now, r.End); err != nil {
			return fmt.Errorf("why the rate to %s changed: %w", r.End, err)
		}
	}
	return nil
}

// otherThan are the month ends that both reports show and that read otherwise, newest first.
func (o *Outgoing) otherThan(before Said) (changed []Revision) {
	was := map[day.Date]string{}
	for _, p := range before.Trend {
		if p.M1.Says != tooSmall {
			was[p.End] = p.M1.String()
		}
	}
	for i := len(o.Trend) - 1; i >= 0; i-- {
		p := o.Trend[i]
		if old, known := was[p.End]; known && old != p.Rate.whole() && p.Rate.says != tooSmall {
			changed = append(changed, Revision{End: p.End, Was: old, Now: p.Rate.whole()})
		}
	}
	return changed
}

// whole is the rate in whole per cent, or the words in its place: finer changes are no news.
func (r ShownRate) whole() string {
	if r.says != "" {
		return r.says
	}
	return fmt.Sprintf("%d%%", r.percent.Whole())
}

// reasons asks what was recorded between two moments that bears on the window to a day.
func reasons(ctx context.Context, tx *db.Tx, since, until time.Time, end day.Date) (why []string, err error) {
	var found struct {
		LatePickUp    bool `db:"late_pick_up"`
		LinkUndone    bool `db:"link_undone"`
		TakenBack     bool `db:"taken_back"`
		DateCorrected bool `db:"date_corrected"`
		Withdrawn     bool `db:"withdrawn"`
		Corrected     bool `db:"corrected"`
		LateRelease   bool `db:"late_release"`
	}
	if err := tx.Get(ctx, &found, revisedSQL, since, until, day.Window(end), end); err != nil {
		return nil, err
	}
	for _, one := range []struct {
		so   bool
		said string
	}{
		{found.LatePickUp, "pick-ups recorded late"},
		{found.LateRelease, "releases recorded late"},
		{found.LinkUndone, "a link between the two lists undone or moved"},
		{found.TakenBack, "a pick-up taken back"},
		{found.DateCorrected, "a date corrected"},
		{found.Withdrawn, "a referral withdrawn or set aside after the fact"},
		{found.Corrected, "a referral corrected after the fact"},
	} {
		if one.so {
			why = append(why, one.said)
		}
	}
	if len(why) == 0 {
		why = []string{"records corrected"}
	}
	return why, nil
}
