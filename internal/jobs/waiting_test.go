package jobs

import (
	"cmp"
	"testing"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/report"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

// Days from the release to today, 8 January 2024:
//
//	0 ........ 14 | 15 ....... 21 | 22 ........ 92 | 93
//	first weeks   | their last    | over           | three months over
func TestWhetherWorkIsWaiting(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.act(t, func(tx *db.Tx) error { return staff.BringIn(t.Context(), tx) })
	for _, c := range []struct {
		name, released, unbooked, then string
		want                           report.Waiting
	}{
		{name: "nobody", want: report.Waiting{}},
		{"no place yet", "2024-01-05", "no_free_place_in_21_days", "", report.Waiting{Unbooked: true}},
		{"no place, on the last day of three months", "2023-10-08", "provider_closed", "", report.Waiting{Unbooked: true}},
		{"no place, three months over", "2023-10-07", "provider_closed", "", report.Waiting{}},
		{"no place, picked up", "2024-01-05", "provider_closed", "UPDATE referral SET picked_up_on = '2024-01-06'", report.Waiting{}},
		{"no place, closed", "2024-01-05", "provider_closed", "UPDATE referral SET closed = true", report.Waiting{}},
		{"no place, no provider of ours", "2024-01-05", "provider_closed", "UPDATE referral SET provider = NULL", report.Waiting{}},
		{"day 14", "2023-12-25", "", "", report.Waiting{}},
		{"day 15", "2023-12-24", "", "", report.Waiting{LastWeek: true}},
		{"day 21", "2023-12-18", "", "", report.Waiting{LastWeek: true}},
		{"day 22, nothing booked", "2023-12-17", "", "", report.Waiting{MissedToRebook: true}},
		{"day 92, nothing booked", "2023-10-08", "", "", report.Waiting{MissedToRebook: true}},
		{"day 93, nothing booked", "2023-10-07", "", "", report.Waiting{}},
		{"day 21, picked up", "2023-12-18", "", "UPDATE referral SET picked_up_on = released_on", report.Waiting{}},
		{"missed", "2024-01-02", "", placed("did_not_attend", 1, "NULL"), report.Waiting{MissedToRebook: true}},
		{"missed, entered in error", "2024-01-02", "", placed("did_not_attend", 1, "now()"), report.Waiting{}},
		{"cancelled", "2024-01-02", "", placed("cancelled", 1, "NULL"), report.Waiting{MissedToRebook: true}},
		{"attended", "2024-01-02", "", placed("attended", 1, "NULL"), report.Waiting{}},
		{"missed and booked again", "2024-01-02", "", `WITH missed AS (` + placed("did_not_attend", 1, "NULL") + `) ` + placed("", 2, "NULL"), report.Waiting{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := s.Pool.Try(t.Context(), scope, func(tx *db.Tx) error {
				if c.released != "" {
					if err := release(t, tx, 1, c.released, c.unbooked); err != nil {
						return err
					}
				}
				if _, err := tx.Exec(t.Context(), cmp.Or(c.then, "SELECT 1")); err != nil {
					return err
				}
				if err := tx.As(t.Context(), db.Scope{Part: db.Counting}); err != nil {
					return err
				}
				got, err := waitingNow(t.Context(), tx, day.Of(due))
				same(t, got, c.want)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// placed is a statement that gives the one referral an appointment.
func placed(outcome string, attempt int, undone string) string {
	return `INSERT INTO appointment (id, referral_id, provider, on_day, attempt, booked_at, outcome, cancelled_by, undone_at)
		SELECT gen_random_uuid(), id, 'HARBOUR', '2024-01-04', ` + string(rune('0'+attempt)) + `, now(), nullif('` + outcome + `', ''), CASE WHEN '` + outcome + `' = 'cancelled' THEN 'person' END, ` + undone + `
		FROM referral
		RETURNING id`
}

// A new week of places opens, and who waits gets one.
func TestOpeningSlotsBooksThoseWhoWait(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t)
	s.release(t, 1, "2024-01-05", "no_free_place_in_21_days")
	s.now = due.Add(-7 * days)
	bringInClinics(t, s)
	s.now = due
	if err := openSlots(t.Context(), s.Deps); err != nil {
		t.Fatal(err)
	}
	var places, booked int
	s.act(t, func(tx *db.Tx) error {
		if err := tx.Get(t.Context(), &places, `SELECT count(*) FROM place`); err != nil {
			return err
		}
		return tx.Get(t.Context(), &booked, `SELECT count(*) FROM appointment WHERE starts_at > $1 AND outcome IS NULL`, due)
	})
	if places == 0 || booked != 1 {
		t.Errorf("%d places, %d booked", places, booked)
	}
}
