package referral

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// stand is where a referral stands: what is known of its release, and of its appointment.
type stand struct{ release, appointment string }

// What may be known of a release, Tuesday 9 or Saturday 13 December ...
var releasesThatStand = map[string]string{
	"planned":                `planned_release_on = '2025-12-09'`,
	"planned for a Saturday": `planned_release_on = '2025-12-13'`,
	"not known":              `planned_release_on = NULL`,
	"confirmed":              `planned_release_on = '2025-12-09', released_on = '2025-12-09'`,
	"confirmed, a Saturday":  `planned_release_on = NULL, released_on = '2025-12-13'`,
}

// ... and of an appointment on Monday 15 December, or in May.
var appointmentsThatStand = map[string]struct{ on, outcome, row string }{
	"none":                 {row: `unbooked_reason = CASE WHEN clock_on = '9999-12-31' THEN 'no_release_date' ELSE 'provider_closed' END`},
	"to come":              {on: "2026-05-18"},
	"past, not followed":   {on: "2025-12-15"},
	"attended":             {on: "2025-12-15", outcome: "attended"},
	"missed":               {on: "2025-12-15", outcome: "did_not_attend"},
	"to come, day closed":  {on: "2026-05-18", row: `appointment_flag = 'day_closed'`},
	"past, day was closed": {on: "2025-12-15", row: `appointment_flag = 'day_closed'`},
}

func (w *world) everyStand() map[uuid.UUID]stand {
	w.Helper()
	all := map[uuid.UUID]stand{}
	for release, row := range releasesThatStand {
		for appointment, a := range appointmentsThatStand {
			id := w.make(func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "remand" }).ID
			w.sets(id, row+`, unbooked_reason = NULL`)
			if a.row != "" {
				w.sets(id, a.row)
			}
			if a.on != "" {
				w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Exec(ctx, `
						INSERT INTO appointment (id, referral_id, provider, slot_id, clinic, starts_at, ends_at, on_day, attempt, outcome, booked_on, booked_at)
						SELECT gen_random_uuid(), $1, provider, id, clinic, starts_at, ends_at, $2, 1, nullif($3, ''), '2025-12-01', $4
						FROM slot
						WHERE starts_at >= $2::date
						ORDER BY starts_at
						LIMIT 1`, id, on(a.on), a.outcome, w.now)
					return err
				})
			}
			all[id] = stand{release, appointment}
		}
	}
	return all
}

// Whatever is known of the release and of the appointment, on every day of the week and of the three months somebody has
// the next move, and a list of theirs shows the referral, with a day by which it is due where one is known at all.
func TestEveryStandIsOnAListOfWhoseMoveItIs(t *testing.T) {
	w := newWorld(t)
	all := w.everyStand()
	for today := on("2025-12-01"); today.Before(on("2026-03-20")); {
		w.goTo(today.String())
		shown := w.shownOnADay()
		for _, r := range w.whole(Filter{}) {
			if r.State.Final() || r.ReleasedOn.After(today) {
				continue
			}
			if r.ReleaseOn().IsZero() && r.whoseMove(today) != "prison" {
				t.Errorf("%+v: the prison alone can give a date, and it is the move of the %s", all[r.ID], r.whoseMove(today))
			}
			item, found := shown[r.ID]
			if !found || item.DueOn.IsZero() && !r.ReleaseOn().IsZero() {
				t.Errorf("%s %v: %s, %+v is on no list of the %s, or due on no day", today.Weekday(), today, r.State, all[r.ID], r.whoseMove(today))
			}
		}
		if today = today.Add(1); today.After(on("2026-01-06")) { // the first four weeks day by day, then each weekday in turn
			today = today.Add(2)
		}
	}
}

// shownOnADay are the rows of all lists that stand on one of whoever has the next move. Nothing is audited.
func (w *world) shownOnADay() map[uuid.UUID]Item {
	w.Helper()
	found := map[uuid.UUID]Item{}
	for _, who := range []staff.Who{exeter, harbour} {
		if err := w.pool.Try(w.Context(), who.Scope(), func(tx *db.Tx) error {
			for _, name := range Worklists(who.Role) {
				page, err := Worklist(w.Context(), tx, who, w.now, name, ListFilter{})
				if err != nil || page.NextCursor != "" {
					w.Errorf("%s on %s: more than a page, or %v", name, day.Of(w.now), err)
				}
				for _, item := range slices.DeleteFunc(page.Items, func(i Item) bool { return i.WhoseMove != string(who.Role) }) {
					found[item.ID] = item
				}
			}
			return nil
		}); err != nil {
			w.Fatal(err)
		}
	}
	return found
}
