package appointment

import (
	"context"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// ClosedDays are the days from one on which a provider sees nobody, besides the bank holidays.
func ClosedDays(ctx context.Context, tx *db.Tx, provider string, from day.Date) (days []day.Date, err error) {
	err = tx.Select(ctx, &days, `
		SELECT closed_on
		FROM closed_day
		WHERE provider = $1
		  AND closed_on >= $2
		  AND closed
		ORDER BY closed_on`, provider, from)
	return days, err
}

// WhyClosed says in a sentence why a provider sees nobody on a day; "" on an ordinary one.
func WhyClosed(ctx context.Context, tx *db.Tx, provider string, on day.Date) (string, error) {
	if holiday := tx.Rules.Calendar.Holiday(on); holiday != "" {
		return "This is a bank holiday (" + holiday + "): no clinic is held.", nil
	}
	var closed bool
	err := tx.Get(ctx, &closed, `
		SELECT EXISTS (SELECT FROM closed_day WHERE provider = $1 AND closed_on = $2 AND closed)`, provider, on)
	if closed {
		return "You have closed this day. Whoever still stands here holds a card for it: ring them, and choose another appointment.", err
	}
	return "", err
}

// CloseDay ends all clinics of a day to come. Whoever is not released yet gets another appointment by
// the rule, as when the release date moves; whoever has been released holds a card, keeps the old one,
// flagged, and is for staff to ring. It needs the Jobs part.
func CloseDay(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, on day.Date) error {
	if err := dayToChange(ctx, tx, who, now, on, false); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO closed_day (provider, closed_on, from_configuration)
		VALUES ($1, $2, false)
		ON CONFLICT (provider, closed_on) DO UPDATE
		SET closed = true, from_configuration = false`, who.Organisation(), on); err != nil {
		return err
	}
	return dayChanged(ctx, tx, who, now, on, "day_closed")
}

// OpenDay takes a closed day back: clinics are held as on any other. It needs the Jobs part; whoever
// waits for a place can be allocated one afterwards.
func OpenDay(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, on day.Date) error {
	if err := dayToChange(ctx, tx, who, now, on, true); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		UPDATE closed_day
		SET closed = false, from_configuration = false
		WHERE provider = $1
		  AND closed_on = $2`, who.Organisation(), on); err != nil {
		return err
	}
	return dayChanged(ctx, tx, who, now, on, "day_opened")
}

// dayToChange refuses days that cannot be changed, or are so already.
func dayToChange(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, on day.Date, closed bool) error {
	if err := who.Must(staff.Provider); err != nil {
		return err
	}
	switch {
	case on.IsZero():
		return problem.Wrong("closed_on", "required", "Enter the day")
	case on.Before(day.Of(now)):
		return problem.Wrong("closed_on", "past", "This day is over")
	case on.Sub(day.Of(now)) > 2*366:
		return problem.Wrong("closed_on", "too_far", "This day is more than two years ahead")
	case !closed && tx.Rules.Calendar.Holiday(on) != "":
		return problem.Wrong("closed_on", "bank_holiday", "This day is a bank holiday ("+tx.Rules.Calendar.Holiday(on)+"): no clinic is held on it, so there is nothing to close")
	}
	if err := alone(ctx, tx); err != nil {
		return err
	}
	var is bool
	err := tx.Get(ctx, &is, `SELECT EXISTS (SELECT FROM closed_day WHERE provider = $1 AND closed_on = $2 AND closed)`, who.Organisation(), on)
	switch {
	case err != nil || is == closed:
		return err
	case is:
		return problem.Wrong("closed_on", "already", "This day is closed already")
	}
	return &problem.NotFound{What: "closed day"}
}

// dayChanged opens or closes the day's slots, and lets the appointments on it follow.
func dayChanged(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, on day.Date, act string) error {
	if _, err := OpenSlots(ctx, tx, now); err != nil {
		return err
	}
	followed, err := letFollow(ctx, tx, who, now, Where{On: on})
	if err != nil {
		return err
	}
	return audit.Write(ctx, tx, who.By, now, act, "settings", on.String(), audit.Detail{"appointments": followed})
}
