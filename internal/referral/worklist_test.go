package referral

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

func (w *world) lists(who staff.Who) map[ListName][]uuid.UUID {
	w.Helper()
	found := map[ListName][]uuid.UUID{}
	for _, name := range Worklists(who.Role) {
		for _, item := range w.worklist(who, name).Items {
			found[name] = append(found[name], item.ID)
		}
	}
	var counts map[ListName]int
	w.as(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		counts, err = Counts(ctx, tx, who, w.now)
		return err
	})
	for name, n := range counts {
		if n != len(found[name]) {
			w.Errorf("%s: %d counted, %d shown", name, n, len(found[name]))
		}
	}
	return found
}

// on which lists a referral stands, of both sides.
func (w *world) standsOn(id uuid.UUID) (names []ListName) {
	w.Helper()
	for _, who := range []staff.Who{exeter, harbour} {
		found := w.lists(who)
		for _, name := range Worklists(who.Role) {
			if slices.Contains(found[name], id) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Planned for Tuesday 9 December, seen that day; then released that day and never seen.
//
//	1 Dec      9       10            30 31          25 Feb      11 Mar  12
//	|----------|--------|-------------|--|------------|-----------|-----|
//	booked     release  unconfirmed   day 21          last 14 days      over
func TestAReferralStandsOnTheListsOfItsDay(t *testing.T) {
	w := newWorld(t)
	id := w.make(func(d *Draft) { d.PlannedReleaseDate = "2025-12-23" }).ID
	act(w, ChangeDate, exeter, id, DateChange{PlannedReleaseDate: "2025-12-09"})
	for _, c := range []struct {
		today, released string
		want            []ListName
	}{
		{"2025-12-02", "", []ListName{ReleasingSoon, DateChanged}},
		{"2025-12-03", "", []ListName{ReleasingSoon, DateChanged, ArrivingThisWeek}},
		{"2025-12-09", "", []ListName{ReleasingSoon, DateChanged, ArrivingThisWeek, TodaysAppointments}},
		{"2025-12-10", "", []ListName{ReleaseUnconfirmed, DateChanged, TodaysAppointments}},
		{"2025-12-10", "2025-12-09", []ListName{WhatBecame, TodaysAppointments, DayOneTo21}},
		{"2025-12-30", "", []ListName{WhatBecame, TodaysAppointments, DayOneTo21}},
		{"2025-12-31", "", []ListName{WhatBecame, TodaysAppointments, MissedToRebook}},
		{"2026-02-25", "", []ListName{WhatBecame, TodaysAppointments, MissedToRebook}},
		{"2026-02-26", "", []ListName{WhatBecame, TodaysAppointments, MissedToRebook, WindowClosing}},
		{"2026-03-11", "", []ListName{WhatBecame, TodaysAppointments, MissedToRebook, WindowClosing}},
		{"2026-03-12", "", []ListName{WhatBecame, TodaysAppointments}},
	} {
		w.goTo(c.today)
		if c.released != "" {
			w.release(id, c.released)
		}
		if got := w.standsOn(id); !slices.Equal(got, c.want) {
			t.Errorf("on %s: %v, want %v", c.today, got, c.want)
		}
	}
}

func TestWhoeverHasNothingBookedIsToRebook(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	w.goTo("2025-12-10")
	w.release(id, "2025-12-09")
	missed := w.find(harbour, id).Appointment
	w.as(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
		_, _, err := appointment.RecordOutcome(ctx, tx, harbour, w.now, missed.ID, appointment.Outcome{Outcome: "did_not_attend"})
		return err
	})
	if got := w.standsOn(id); !slices.Contains(got, MissedToRebook) {
		t.Errorf("missed: %v", got)
	}
	act(w, Undo, harbour, id, UndoDraft{Reason: "came late"})
	w.as(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
		_, _, err := appointment.RecordOutcome(ctx, tx, harbour, w.now, missed.ID, appointment.Outcome{Outcome: "attended_late"})
		return err
	})
	if got := w.standsOn(id); slices.Contains(got, MissedToRebook) {
		t.Errorf("seen: %v", got)
	}
	w.goTo("2025-12-31") // 22 days after the release, seen once, not picked up, nothing booked
	if got := w.standsOn(id); !slices.Contains(got, MissedToRebook) {
		t.Errorf("after three weeks: %v", got)
	}
}

// Every state that is not final has an owner, a list that shows it, and a day by which it is due, on
// every day of its life from two weeks before the release on.
func TestNoDeadEnd(t *testing.T) {
	w := newWorld(t)
	seen := map[State]bool{}
	for name, begin := range map[string]func(d *Draft){
		"booked":              func(d *Draft) {},
		"on substitution":     func(d *Draft) { d.OpioidSubstitution = &SubstitutionDraft{"methadone", "2025-12-09"} },
		"date unknown":        func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "remand" },
		"far away":            func(d *Draft) { d.PlannedReleaseDate = "2026-12-01" },
		"planned in the past": func(d *Draft) { d.PlannedReleaseDate = "2025-11-28" },
		"released before":     func(d *Draft) { d.ReleasedOn = "2025-11-20" },
		"under 18":            func(d *Draft) { d.Person.DateOfBirth = "2009-01-01" },
	} {
		w.goTo("2025-12-01")
		id := w.make(begin).ID
		for _, day := range []string{"2025-12-01", "2025-12-09", "2025-12-11", "2025-12-20", "2026-01-15", "2026-02-15", "2026-02-27", "2026-04-30"} {
			w.goTo(day)
			if r := w.find(exeter, id); day == "2025-12-11" && r.ReleasedOn.IsZero() && !r.PlannedReleaseDate.After(on(day)) && !r.PlannedReleaseDate.IsZero() {
				w.release(id, "2025-12-10")
			}
			r := w.find(exeter, id)
			seen[r.State] = true
			stands := w.standsOn(id)
			if !r.State.Final() && (len(stands) == 0 || r.whoseMove(on(day)) == "") {
				t.Errorf("%s on %s: %s, lists %v, move %q", name, day, r.State, stands, r.whoseMove(on(day)))
			}
		}
	}
	for _, s := range []State{Booked, Unbooked, Released, NotPickedUp} {
		if !seen[s] {
			t.Errorf("%s was not reached", s)
		}
	}
}

func TestAWorklistIsReadInPagesAndAudited(t *testing.T) {
	w := newWorld(t)
	want := []string{}
	for i := range 120 {
		date := on("2025-12-02").Add(i % 14)
		made := w.make(func(d *Draft) { d.PlannedReleaseDate = date.String() })
		want = append(want, fmt.Sprint(date, made.ID))
	}
	slices.Sort(want)
	var got []string
	filter := ListFilter{}
	for pages := 1; ; pages++ {
		var page Items
		w.as(exeter.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
			page, err = Worklist(ctx, tx, exeter, w.now, ReleasingSoon, filter)
			return err
		})
		for _, item := range page.Items {
			got = append(got, fmt.Sprint(item.ReleaseOn, item.ID))
		}
		if filter.Cursor = page.NextCursor; filter.Cursor == "" {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d rows, or another order", len(got))
	}
	w.as(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		counts, err := Counts(ctx, tx, exeter, w.now)
		if counts[ReleasingSoon] != Counted {
			t.Errorf("%d are counted", counts[ReleasingSoon])
		}
		return err
	})
	if n := w.count(`SELECT count(*) FROM audit WHERE act = 'shown'`); n != 120 {
		t.Errorf("%d audit rows", n)
	}
	var listed []string
	for f := (Filter{Limit: 50}); ; {
		page := w.list(exeter, f)
		for _, r := range page.Items {
			listed = append(listed, fmt.Sprint(r.ReleaseOn(), r.ID))
		}
		if page.NextCursor == nil {
			break
		}
		f.Cursor = *page.NextCursor
	}
	if !slices.Equal(listed, want) {
		t.Errorf("the list has %d rows, or another order", len(listed))
	}
}

func TestAFilterNarrowsTheList(t *testing.T) {
	w := newWorld(t)
	booked := w.make(nil).ID
	unbooked := w.make(func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "remand" }).ID
	gone := w.make(func(d *Draft) { d.ReleasedOn = "2025-11-20" }).ID
	over := w.make(func(d *Draft) { d.ReleasedOn = "2025-06-20" }).ID
	for name, c := range map[string]struct {
		Filter
		want []uuid.UUID
	}{
		"all, oldest clock first": {Filter{}, []uuid.UUID{over, gone, booked, unbooked}},
		"booked":                  {Filter{State: "booked"}, []uuid.UUID{booked}},
		"unbooked":                {Filter{State: "unbooked"}, []uuid.UUID{unbooked}},
		"released":                {Filter{State: "released"}, []uuid.UUID{gone}},
		"not picked up":           {Filter{State: "not_picked_up"}, []uuid.UUID{over}},
		"withdrawn":               {Filter{State: "withdrawn"}, nil},
		"released from":           {Filter{ReleaseFrom: "2025-11-20"}, []uuid.UUID{gone, booked}},
		"released to":             {Filter{ReleaseTo: "2025-11-20"}, []uuid.UUID{over, gone}},
		"updated since":           {Filter{UpdatedSince: "2030-01-01T00:00:00Z"}, nil},
	} {
		var got []uuid.UUID
		for _, r := range w.list(harbour, c.Filter).Items {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if r := w.list(exeter, Filter{State: "booked"}).Items[0]; onDay(r.Appointment) != "2025-12-09" || r.Person.FamilyName != "O'Neill" {
		t.Errorf("%+v", r)
	}
	err := w.try(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		_, err := List(ctx, tx, exeter, w.now, Filter{State: "lost", ReleaseFrom: "x", UpdatedSince: "y", Cursor: "z!", Limit: 201})
		return err
	})
	if got := faults(t, err); len(got) != 5 {
		t.Errorf("%v", got)
	}
}

func TestMarksAreShownAndFiltered(t *testing.T) {
	w := newWorld(t)
	w.make(nil)
	alcohol := w.make(func(d *Draft) { d.Substances = []string{"alcohol"} }).ID
	cjit := w.make(nil).ID
	w.as(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO contact (id, referral_id, kind, contact_on, recorded_at, recorded_by)
			VALUES ($1, $2, 'cjit', '2025-12-01', $3, 'staff:harbour')`, uuid.New(), cjit, w.now)
		return err
	})
	for want, f := range map[uuid.UUID]ListFilter{alcohol: {AlcoholOnly: true}, cjit: {CJIT: true}} {
		w.as(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
			page, err := Worklist(ctx, tx, exeter, w.now, ReleasingSoon, f)
			if len(page.Items) != 1 || page.Items[0].ID != want || page.Items[0].AlcoholOnly != f.AlcoholOnly || page.Items[0].CJIT != f.CJIT {
				t.Errorf("%+v: %+v", f, page)
			}
			return err
		})
	}
}

func TestAListOfAnotherRoleIsNotFound(t *testing.T) {
	w := newWorld(t)
	err := w.try(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		_, err := Worklist(ctx, tx, exeter, w.now, UnbookedList, ListFilter{})
		return err
	})
	var gone *problem.NotFound
	if !errors.As(err, &gone) {
		t.Error(err)
	}
}

func TestWhoWaitsIsBookedEarliestReleaseFirst(t *testing.T) {
	w := newWorld(t)
	w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE place SET open = false`)
		return err
	})
	later := w.make(func(d *Draft) { d.PlannedReleaseDate = "2025-12-10" }).ID
	first := w.make(nil).ID
	w.make(func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "remand" })
	w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE place SET open = true
			WHERE (slot_id, number) = (SELECT slot_id, number FROM place WHERE starts_at >= '2025-12-11' ORDER BY starts_at, number LIMIT 1)`)
		return err
	})
	for _, want := range []int{1, 0} {
		w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
			n, err := AllocateWaiting(ctx, tx, w.now)
			if n != want {
				t.Errorf("%d were booked, want %d", n, want)
			}
			return err
		})
	}
	if a, b := w.find(harbour, first), w.find(harbour, later); a.State != Booked || b.State != Unbooked || onDay(a.Appointment) != "2025-12-11" {
		t.Errorf("%s and %s", a.State, b.State)
	}
}
