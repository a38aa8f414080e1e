package pickup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// walker goes through everything that can become of one referral, one deed after another, in one transaction that is
// undone: after each deed it goes back and tries the next. Where a situation was seen before, it goes no further.
//
//	1 Dec       9        11            5 Jan
//	|-----------|--------|-------------|
//	referred    planned  unconfirmed   after day 21
type walker struct {
	*world
	tx    *db.Tx
	seen  map[situation]bool
	path  []string
	saved int
}

var walked = []string{"2025-12-01", "2025-12-11", "2026-01-05"}

// situation is what decides who has to do what next.
type situation struct {
	day                     int
	state                   referral.State
	unbooked                bool
	planned, released, open when // open is the appointment that has no outcome
	last                    string
}

// when is a day as far as it decides whose move it is.
type when string

func (w *walker) when(d day.Date) when {
	switch today := day.Of(w.now); {
	case d.IsZero():
		return "unknown"
	case d.After(today.Add(14)):
		return "later"
	case d.After(today):
		return "soon"
	case d == today:
		return "today"
	}
	return "past"
}

// deed is something that somebody may do; one that is refused leads nowhere.
type deed struct {
	name string
	who  staff.Who
	do   func(w *walker, ctx context.Context) error
}

func as(who staff.Who, name string, do func(w *walker, ctx context.Context) (any, error)) deed {
	return deed{name, who, func(w *walker, ctx context.Context) error {
		_, err := do(w, ctx)
		return err
	}}
}

func outcome(of, by string) func(*walker, context.Context) (any, error) {
	return func(w *walker, ctx context.Context) (any, error) {
		open, err := appointment.Open(ctx, w.tx, w.id)
		if err != nil || open == nil {
			return nil, fmt.Errorf("no appointment is open: %w", err)
		}
		_, _, err = appointment.RecordOutcome(ctx, w.tx, harbour, w.now, open.ID, appointment.Outcome{Outcome: of, CancelledBy: by})
		return nil, err
	}
}

func (w *walker) today() string { return day.Of(w.now).String() }

// deeds are all that can become of a referral.
var deeds = []deed{
	as(exeter, "released", func(w *walker, ctx context.Context) (any, error) {
		return referral.Release(ctx, w.tx, exeter, w.now, w.id, referral.ReleaseDraft{ReleasedOn: w.today(), Reason: "RELEASED"})
	}),
	as(exeter, "a week later", func(w *walker, ctx context.Context) (any, error) {
		return referral.ChangeDate(ctx, w.tx, exeter, w.now, w.id, referral.DateChange{PlannedReleaseDate: day.Of(w.now).Add(7).String()})
	}),
	as(exeter, "no date", func(w *walker, ctx context.Context) (any, error) {
		return referral.ChangeDate(ctx, w.tx, exeter, w.now, w.id, referral.DateChange{})
	}),
	as(exeter, "withdrawn", func(w *walker, ctx context.Context) (any, error) {
		return referral.Withdraw(ctx, w.tx, exeter, w.now, w.id, referral.WithdrawalDraft{Reason: "mistaken", On: w.today()})
	}),
	as(exeter, "undone by the prison", func(w *walker, ctx context.Context) (any, error) {
		return referral.Undo(ctx, w.tx, exeter, w.now, w.id, referral.UndoDraft{Reason: "mistake"})
	}),
	as(exeter, "recalled", func(w *walker, ctx context.Context) (any, error) {
		return Close(ctx, w.tx, exeter, w.now, w.id, ClosureDraft{Reason: "returned_to_custody", On: w.today()})
	}),
	as(harbour, "booked by hand", func(w *walker, ctx context.Context) (any, error) {
		return appointment.Book(ctx, w.tx, harbour, w.now, w.id, nil, "")
	}),
	as(harbour, "attended", outcome("attended", "")),
	as(harbour, "missed", outcome("did_not_attend", "")),
	as(harbour, "cancelled by the person", outcome("cancelled", "person")),
	as(harbour, "dropped in", func(w *walker, ctx context.Context) (any, error) {
		return appointment.DropIn(ctx, w.tx, harbour, w.now, w.id, "HARBOUR", day.Of(w.now))
	}),
	as(harbour, "picked up", func(w *walker, ctx context.Context) (any, error) {
		return Confirm(ctx, w.tx, harbour, w.now, w.id, Draft{PickedUpOn: w.today(), Kind: "new_episode"})
	}),
	as(harbour, "undone by the provider", func(w *walker, ctx context.Context) (any, error) {
		return referral.Undo(ctx, w.tx, harbour, w.now, w.id, referral.UndoDraft{Reason: "mistake"})
	}),
}

// Nobody is ever left without somebody whose move it is, a list of theirs that shows it, and a day by which it is due.
// A list may come later where the day is known on which it will. Whoever has no release date yet is due when there is one.
func TestNothingThatCanHappenIsADeadEnd(t *testing.T) {
	w := &walker{world: newWorld(t, false), seen: map[situation]bool{}}
	err := w.pool.Try(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		w.tx = tx
		w.goTo(walked[0])
		return w.walk(t.Context(), 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	reached := map[referral.State]bool{}
	for s := range w.seen {
		reached[s.state] = true
	}
	for _, s := range referral.States() {
		if s != referral.NotPickedUp && !reached[s] { // which needs no deed: 92 days pass
			t.Errorf("%s was not reached, only %v", s, slices.Collect(maps.Keys(reached)))
		}
	}
	t.Logf("%d situations, %d deeds", len(w.seen), w.saved)
}

func (w *walker) walk(ctx context.Context, at int) error {
	now, err := w.situation(ctx, at)
	if err != nil || w.seen[now] {
		return err
	}
	w.seen[now] = true
	if err := w.check(ctx, now); err != nil {
		return err
	}
	for _, d := range deeds {
		if now.state.Final() && !strings.HasPrefix(d.name, "undone") {
			continue // it has ended: only taking that back leads on
		}
		if err := w.after(ctx, d.name, at, func() error {
			if err := w.tx.As(ctx, d.who.Scope()); err != nil {
				return err
			}
			return d.do(w, ctx)
		}); err != nil {
			return err
		}
	}
	if at+1 == len(walked) || now.state.Final() {
		return nil
	}
	return w.after(ctx, walked[at+1], at+1, func() error { return nil })
}

// after goes on from what a deed leads to, and takes it back. A deed that is refused leads nowhere.
func (w *walker) after(ctx context.Context, name string, at int, do func() error) error {
	before := w.now
	w.saved++
	point := fmt.Sprintf("deed_%d", w.saved)
	if _, err := w.tx.Exec(ctx, `SAVEPOINT `+point); err != nil {
		return err
	}
	w.now = w.now.Add(time.Second)
	if day.Of(w.now).String() != walked[at] {
		w.goTo(walked[at])
	}
	w.path = append(w.path, name)
	var err error
	if refused := do(); refused == nil {
		err = w.walk(ctx, at)
	}
	w.path, w.now = w.path[:len(w.path)-1], before
	_, undone := w.tx.Exec(ctx, `ROLLBACK TO SAVEPOINT `+point)
	_, gone := w.tx.Exec(ctx, `RELEASE SAVEPOINT `+point)
	return errors.Join(err, undone, gone)
}

func (w *walker) situation(ctx context.Context, at int) (s situation, err error) {
	if err := w.tx.As(ctx, harbour.Scope()); err != nil {
		return s, err
	}
	r, err := referral.Find(ctx, w.tx, harbour, w.now, w.id)
	if err != nil {
		return s, err
	}
	s = situation{day: at, state: r.State, unbooked: r.UnbookedReason != "", released: w.when(r.ReleasedOn)}
	if r.ReleasedOn.IsZero() {
		s.planned = w.when(r.PlannedReleaseDate)
	}
	if r.Appointment != nil {
		s.open = w.when(r.Appointment.OnDay)
	}
	if n := len(r.Appointments); n > 0 && r.Appointments[n-1].Outcome != nil {
		s.last = *r.Appointments[n-1].Outcome
	}
	return s, nil
}

// check finds the referral on a list of whose move it is.
func (w *walker) check(ctx context.Context, s situation) error {
	if s.state.Final() {
		return nil
	}
	var stands []string
	for _, who := range []staff.Who{exeter, harbour} {
		if err := w.tx.As(ctx, who.Scope()); err != nil {
			return err
		}
		for _, name := range referral.Worklists(who.Role) {
			page, err := referral.Worklist(ctx, w.tx, who, w.now, name, referral.ListFilter{})
			if err != nil {
				return err
			}
			for _, item := range page.Items {
				stands = append(stands, fmt.Sprint(name, " ", item.WhoseMove, " ", item.DueOn))
				if item.ID == w.id && item.WhoseMove == string(who.Role) && (!item.DueOn.IsZero() || item.ReleaseOn.IsZero()) {
					return nil
				}
			}
		}
	}
	if !w.comes(s) {
		w.Errorf("after %v: %+v stands on %q", w.path, s, stands)
	}
	return nil
}

// comes says that a list will show the referral on a day that is known: two weeks before its release.
func (w *walker) comes(s situation) bool {
	return s.state == referral.Booked && s.planned == "later"
}
