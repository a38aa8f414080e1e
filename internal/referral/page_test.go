package referral

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// An order by appointment is read in one of two ways, by how many it is about. Both find the same.
func TestAppointmentsWalkedAlongOrLookedUpAreTheSame(t *testing.T) {
	w := newWorld(t)
	w.everyState()
	today := on("2025-12-01")
	for _, who := range []staff.Who{harbour, exeter} {
		for _, by := range []way{soonest, furthest} {
			for marks := range 4 {
				asked := wanted{who: who, today: today, alcoholOnly: marks&1 > 0, cjit: marks&2 > 0}
				w.as(who.Scope(), func(ctx context.Context, tx *db.Tx) error {
					var last cursor
					for page := range 3 {
						var walked, lookedUp []rowPlace
						for few, rows := range map[bool]*[]rowPlace{false: &walked, true: &lookedUp} {
							r := run{pieces: everything(today), by: by, few: few}
							if err := tx.Select(ctx, rows, asked.query(r), asked.args(r, last, 2)...); err != nil {
								return err
							}
						}
						if !slices.Equal(walked, lookedUp) || marks == 0 && len(walked) != 2 {
							t.Errorf("%s, marks %d, page %d: %v and %v", who.Organisation(), marks, page, walked, lookedUp)
						}
						if len(walked) < 2 {
							return nil
						}
						last = cursor{0, walked[1].Key, walked[1].ID}
					}
					return nil
				})
			}
		}
	}
}

// Who has missed an appointment and has no other is found from what is quick to see; here each one's chain is read whole.
func TestTheMissedAreThoseWhoseChainsSaySo(t *testing.T) {
	w := newWorld(t)
	w.everyState()
	for _, change := range []string{
		`UPDATE appointment a SET outcome = n.outcome, cancelled_by = CASE n.outcome WHEN 'cancelled' THEN 'person' END
		FROM (SELECT id, (ARRAY['did_not_attend', 'attended', NULL, 'cancelled', NULL])[1 + row_number() OVER () % 5] AS outcome FROM appointment) n
		WHERE n.id = a.id`,
		`INSERT INTO appointment (id, referral_id, provider, on_day, attempt, booked_at, outcome, cancelled_by, undone_at)
		SELECT gen_random_uuid(), id, provider, '2025-12-01', 2, now(), outcome, CASE outcome WHEN 'cancelled' THEN 'person' END, CASE WHEN n % 3 = 0 THEN now() END
		FROM (SELECT id, provider, n, (ARRAY['did_not_attend', 'attended', 'cancelled'])[1 + n % 3] AS outcome
		      FROM (SELECT id, provider, row_number() OVER () AS n FROM referral WHERE stage IN ('booked', 'released')) r) r
		WHERE n % 2 = 0`,
		`UPDATE referral SET appointment_flag = 'day_closed'
		WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY stage) AS n FROM referral) r WHERE n % 3 = 1)`,
	} {
		w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, change)
			return err
		})
	}
	for _, date := range []string{"2025-12-01", "2025-12-20"} {
		w.goTo(date)
		var want []uuid.UUID
		for _, r := range w.whole(Filter{}) {
			if w.missed(r.ID) {
				want = append(want, r.ID)
			}
		}
		slices.SortFunc(want, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		for _, o := range OrdersOf(MissedToRebook) {
			got := w.listed(harbour, MissedToRebook, o)
			slices.SortFunc(got, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
			if len(want) < 2 || !slices.Equal(got, want) {
				t.Errorf("%s, %s: %d are listed, %d have missed", date, o, len(got), len(want))
			}
		}
	}
}

func (w *world) listed(who staff.Who, name ListName, o Order) (ids []uuid.UUID) {
	w.Helper()
	w.as(who.Scope(), func(ctx context.Context, tx *db.Tx) error {
		page, err := Worklist(ctx, tx, who, w.now, name, ListFilter{Order: o})
		for _, item := range page.Items {
			ids = append(ids, item.ID)
		}
		return err
	})
	return ids
}

// missed is the rule of the list in plain words, for a referral as it stands.
func (w *world) missed(id uuid.UUID) bool {
	w.Helper()
	r, today := w.find(harbour, id), day.Of(w.now)
	if r.State != Booked && r.State != Released || r.UnbookedReason != "" || !r.ReleaseOn().After(today.Add(-LiveDays-1)) {
		return false
	}
	if !r.ReleasedOn.IsZero() && r.ReleasedOn.Before(today.Add(-TargetDays)) {
		return true
	}
	if r.Appointment != nil {
		return r.AppointmentFlag == appointment.FlagNotHeld
	}
	if len(r.Appointments) == 0 {
		return false
	}
	outcome := r.Appointments[len(r.Appointments)-1].Outcome
	return outcome != nil && (*outcome == "did_not_attend" || *outcome == "cancelled")
}
