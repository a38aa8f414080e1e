package appointment

import (
	"context"
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"throughgate/config"
	"throughgate/internal/db"
)

// Whatever is done in whatever order, a place holds one person, and what the service books or keeps
// is what the rule asks for.
func TestNothingIsEverOverbooked(t *testing.T) {
	pool := world(t, monday, func(c *config.Config) {
		c.Allocation.OpenWeeks = 5
		for i := range c.Providers[0].Clinics {
			clinic := &c.Providers[0].Clinics[i]
			clinic.Places, clinic.SlotMinutes = 1, 60 // so that places run short
		}
	})
	if checks := flag.Lookup("rapid.checks").Value; checks.String() == "100" {
		checks.Set("40") // a check is some thirty acts on the database; -rapid.checks asks for more
	}
	rapid.Check(t, func(rt *rapid.T) {
		pool.Rules.Providers[0].ClosedDays = nil
		err := pool.Try(t.Context(), harbour.Scope(), func(tx *db.Tx) error {
			y := &yard{ctx: t.Context(), tx: tx, now: monday}
			rt.Repeat(map[string]func(*rapid.T){
				"refer":     y.refer,
				"refer two": func(rt *rapid.T) { y.refer(rt); y.refer(rt) },
				"follow":    y.follow,
				"outcome":   y.outcome,
				"undo":      y.undo,
				"book":      y.book,
				"free":      y.free,
				"time": func(rt *rapid.T) {
					y.now = y.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(rt, "hours")) * time.Hour)
				},
				"close": y.closeDays,
				"":      y.inOrder,
			})
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// yard is what the property test has done so far.
type yard struct {
	ctx    context.Context
	tx     *db.Tx
	now    time.Time
	wishes []Wish
	undone []uuid.UUID
}

func (y *yard) must(rt *rapid.T, err error) {
	if err != nil {
		rt.Fatal(err)
	}
}

func (y *yard) draw(rt *rapid.T) Wish {
	w := Wish{Prescribing: rapid.Bool().Draw(rt, "prescribing")}
	if days := rapid.IntRange(-1, 40).Draw(rt, "release in"); days >= 0 {
		w.ReleaseOn = on("2025-12-01").Add(days)
	}
	if n := rapid.IntRange(0, 10).Draw(rt, "bridging days"); w.Prescribing && !w.ReleaseOn.IsZero() && n > 0 {
		w.BridgingUntil = w.ReleaseOn.Add(n)
	}
	return w
}

func (y *yard) refer(rt *rapid.T) {
	w, err := refer(y.ctx, y.tx, y.now, harbour, y.draw(rt))
	y.must(rt, err)
	y.wishes = append(y.wishes, w)
	a, reason, err := Allocate(y.ctx, y.tx, harbour, y.now, w)
	y.must(rt, err)
	y.asTheRuleSays(rt, w, a, reason)
}

// any is somebody referred before; the test skips the step while there is nobody.
func (y *yard) any(rt *rapid.T) *Wish {
	if len(y.wishes) == 0 {
		rt.Skip("nobody yet")
	}
	return &y.wishes[rapid.IntRange(0, len(y.wishes)-1).Draw(rt, "who")]
}

func (y *yard) follow(rt *rapid.T) {
	w := y.any(rt)
	fresh := y.draw(rt)
	fresh.ReferralID, fresh.Provider = w.ReferralID, w.Provider
	fresh.Released = w.Released || !fresh.ReleaseOn.IsZero() && !fresh.ReleaseOn.At(0, 0).After(y.now) && rapid.Bool().Draw(rt, "released")
	if fresh.Released && fresh.ReleaseOn.IsZero() {
		fresh.ReleaseOn = w.ReleaseOn
	}
	before, err := Open(y.ctx, y.tx, w.ReferralID)
	y.must(rt, err)
	y.must(rt, fresh.write(y.ctx, y.tx))
	*w = fresh
	moved, err := Follow(y.ctx, y.tx, harbour, y.now, fresh)
	y.must(rt, err)
	switch {
	case fresh.Released && before != nil && !before.OnDay.Before(fresh.ReleaseOn):
		if moved.New == nil || moved.New.ID != before.ID {
			rt.Fatalf("the card says %s, moved to %s", before.when(), moved.New.when())
		}
	case moved.New == nil || moved.New.Future(y.now):
		y.asTheRuleSays(rt, fresh, moved.New, moved.Reason)
	}
}

// asTheRuleSays holds what was booked or kept against the rule: it is allowed, its marks are true,
// and where it is not all that is asked, nothing earlier is free.
func (y *yard) asTheRuleSays(rt *rapid.T, w Wish, a *Appointment, reason string) {
	next, err := NextFree(y.ctx, y.tx, y.now, w)
	y.must(rt, err)
	if a == nil {
		if reason != "" && next != nil {
			rt.Fatalf("%s, and %v is free", reason, next.StartsAt)
		}
		return
	}
	s := w.span(y.now, y.tx.Rules)
	if !s.allows(a) || a.Late != s.late(a.OnDay) || a.AfterBridging != s.afterBridging(a.OnDay) {
		rt.Fatalf("%+v asked, got %s", w, a.when())
	}
	if !s.satisfied(a) && next != nil && next.StartsAt.Before(*a.StartsAt) {
		rt.Fatalf("%s booked, and %v is free", a.when(), next.StartsAt)
	}
}

func (y *yard) outcome(rt *rapid.T) {
	a, err := Open(y.ctx, y.tx, y.any(rt).ReferralID)
	y.must(rt, err)
	if a == nil {
		rt.Skip("nothing open")
	}
	o := Outcome{Outcome: "cancelled", CancelledBy: "person"}
	if !a.Future(y.now) {
		o = Outcome{Outcome: rapid.SampledFrom([]string{"attended", "did_not_attend"}).Draw(rt, "outcome")}
	}
	_, _, err = RecordOutcome(y.ctx, y.tx, harbour, y.now, a.ID, o)
	y.must(rt, err)
}

// undo takes back the outcome that was recorded last, while nothing else is open.
func (y *yard) undo(rt *rapid.T) {
	w := y.any(rt)
	open, err := Open(y.ctx, y.tx, w.ReferralID)
	y.must(rt, err)
	latest, err := last(y.ctx, y.tx, w.ReferralID)
	y.must(rt, err)
	if open != nil || latest == nil || latest.settledByAnotherAct() || slices.Contains(y.undone, latest.ID) ||
		latest.CancelledBy != nil && !latest.Future(y.now) { // over: it stands without a place, and wants another outcome
		rt.Skip("nothing to undo")
	}
	var before []byte
	y.must(rt, y.tx.Get(y.ctx, &before, `
		SELECT was FROM event WHERE referral_id = $1 AND was IS NOT NULL ORDER BY seq DESC LIMIT 1`, w.ReferralID))
	if err := Undo(y.ctx, y.tx, y.now, before); code(err) != "" && code(err) != "slot_taken" {
		rt.Fatal(err)
	}
	y.undone = append(y.undone, latest.ID)
}

// settledByAnotherAct says that no outcome was recorded: the place was freed or given up for another.
func (a *Appointment) settledByAnotherAct() bool {
	return a.CancelledBy != nil && (*a.CancelledBy == "service" || a.OutcomeReason != nil && *a.OutcomeReason == rebooked)
}

func (y *yard) book(rt *rapid.T) {
	w := y.any(rt)
	var slots []uuid.UUID
	y.must(rt, y.tx.Select(y.ctx, &slots, `SELECT id FROM slot WHERE starts_at > $1 ORDER BY starts_at LIMIT 20`, y.now))
	var chosen *uuid.UUID
	if len(slots) > 0 && rapid.Bool().Draw(rt, "by hand") {
		chosen = &slots[rapid.IntRange(0, len(slots)-1).Draw(rt, "slot")]
	}
	reason := rapid.SampledFrom([]string{"", "cannot wait"}).Draw(rt, "overbook")
	_, err := Book(y.ctx, y.tx, harbour, y.now, w.ReferralID, chosen, reason)
	known := []string{"", "slot_taken", "slot_id required;", "slot_id closed;", "slot_id before_release;", "appointment outcome_missing;"}
	if !slices.Contains(known, code(err)) {
		rt.Fatal(err)
	}
	if code(err) == "slot_taken" {
		rt.Skip("the caller would undo the transaction; this test goes on in it")
	}
}

func (y *yard) free(rt *rapid.T) {
	_, err := Free(y.ctx, y.tx, harbour, y.now, y.any(rt).ReferralID, "withdrawn")
	y.must(rt, err)
}

func (y *yard) closeDays(rt *rapid.T) {
	y.tx.Rules.Providers[0].ClosedDays = nil
	for range rapid.IntRange(0, 4).Draw(rt, "closed days") {
		d := on("2025-12-01").Add(rapid.IntRange(0, 30).Draw(rt, "closed"))
		y.tx.Rules.Providers[0].ClosedDays = append(y.tx.Rules.Providers[0].ClosedDays, d.String())
	}
	y.must(rt, y.tx.As(y.ctx, jobs))
	y.must(rt, BringIn(y.ctx, y.tx, y.now))
	y.must(rt, y.tx.As(y.ctx, harbour.Scope()))
}

func (y *yard) inOrder(rt *rapid.T) {
	wrong, err := discord(y.ctx, y.tx)
	y.must(rt, err)
	if wrong != "" {
		rt.Fatal(wrong)
	}
}
