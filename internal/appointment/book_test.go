package appointment

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// code is what an error says to a program: a conflict's code, or field and code of a correction.
func code(err error) string {
	var conflict *problem.Conflict
	var invalid *problem.Invalid
	var none *problem.NotFound
	switch {
	case err == nil:
		return ""
	case errors.As(err, &conflict):
		return conflict.Code
	case errors.As(err, &invalid):
		text := ""
		for _, c := range invalid.Corrections {
			text += c.Field + " " + c.Code + ";"
		}
		return text
	case errors.As(err, &none):
		return "no " + none.What
	}
	return err.Error()
}

// slotAt is the slot of a clinic that starts at a moment.
func slotAt(ctx context.Context, t *testing.T, tx *db.Tx, starts time.Time) *uuid.UUID {
	t.Helper()
	var id uuid.UUID
	if err := tx.Get(ctx, &id, `SELECT id FROM slot WHERE starts_at = $1`, starts); err != nil {
		t.Fatal(err)
	}
	return &id
}

func TestBook(t *testing.T) {
	pool := world(t, monday, nil)
	tuesday := Wish{ReleaseOn: on("2025-12-02")}
	for _, c := range []struct {
		name     string
		wish     Wish
		had      bool // an appointment was allocated before
		full     string
		now      time.Time
		slot     string
		overbook string
		want     string // the place, or the error's code
		attempt  int
	}{
		{name: "next free", wish: tuesday, want: "Tue 2 Dec 13:30", attempt: 1},
		{name: "next free, already had", wish: tuesday, had: true, want: "Tue 2 Dec 13:30", attempt: 1},
		{name: "next free, nothing is", wish: tuesday, full: "2026-02-01 00:00", want: "slot_taken"},
		{name: "next free, no date", wish: Wish{}, want: "slot_id required;"},
		{name: "a slot", wish: tuesday, slot: "2025-12-04 14:00", want: "Thu 4 Dec 14:00", attempt: 1},
		{name: "a slot without a date", wish: Wish{}, slot: "2025-12-04 14:00", want: "Thu 4 Dec 14:00", attempt: 1},
		{name: "a slot instead of another", wish: tuesday, had: true, slot: "2025-12-04 14:00", want: "Thu 4 Dec 14:00", attempt: 2},
		{name: "the slot that is had already", wish: tuesday, had: true, slot: "2025-12-02 13:30", want: "Tue 2 Dec 13:30", attempt: 1},
		{name: "a late slot", wish: tuesday, slot: "2025-12-08 10:00", want: "Mon 8 Dec 10:00 late", attempt: 1},
		{name: "a slot after bridging", wish: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true, BridgingUntil: on("2025-12-02")},
			slot: "2025-12-03 10:00", want: "Wed 3 Dec 10:00 after bridging", attempt: 1},
		{name: "a clinic that does not prescribe, by hand", wish: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true},
			slot: "2025-12-04 14:00", want: "Thu 4 Dec 14:00", attempt: 1},
		{name: "a full slot", wish: tuesday, full: "2025-12-05 00:00", slot: "2025-12-04 14:00", want: "slot_taken"},
		{name: "a full slot with a reason", wish: tuesday, full: "2025-12-05 00:00", slot: "2025-12-04 14:00", overbook: "cannot wait", want: "Thu 4 Dec 14:00", attempt: 1},
		{name: "a slot that is over", wish: tuesday, now: at("2025-12-02 14:00"), slot: "2025-12-02 14:00", want: "slot_id past;"},
		{name: "a slot before the release", wish: tuesday, slot: "2025-12-01 10:00", want: "slot_id before_release;"},
		{name: "an appointment that is over without an outcome", wish: tuesday, had: true, now: at("2025-12-02 14:00"), want: "appointment outcome_missing;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.now.IsZero() {
				c.now = monday
			}
			try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
				if c.full != "" {
					if err := full(ctx, tx, at(c.full)); err != nil {
						return err
					}
				}
				w, err := refer(ctx, tx, monday, prison, c.wish)
				if err != nil {
					return err
				}
				if c.had {
					if _, _, err := Allocate(ctx, tx, prison, monday, w); err != nil {
						return err
					}
				}
				var slot *uuid.UUID
				if c.slot != "" {
					slot = slotAt(ctx, t, tx, at(c.slot))
				}
				a, err := Book(ctx, tx, harbour, c.now, w.ReferralID, slot, c.overbook)
				got := code(err)
				if err == nil {
					got = a.when()
				}
				if got != c.want || err == nil && a.Attempt != c.attempt {
					t.Errorf("got %q (attempt %+v), want %q", got, a, c.want)
				}
				if wrong, err := discord(ctx, tx); err != nil || wrong != "" {
					t.Errorf("%s %v", wrong, err)
				}
				return nil
			})
		})
	}
}

// Whoever chose on a page drawn before is not to overlook it, be the time free or full.
func TestAnotherTimeRaisesTheVersionAlsoWhereItIsOverbooked(t *testing.T) {
	pool := world(t, monday, nil)
	for name, before := range map[string]string{"free": "2025-12-01 00:00", "full": "2025-12-05 00:00"} {
		try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
			w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
			if err != nil {
				return err
			}
			if _, _, err := Allocate(ctx, tx, prison, monday, w); err != nil {
				return err
			}
			if err := full(ctx, tx, at(before)); err != nil {
				return err
			}
			var was, is int
			version := `SELECT version FROM referral WHERE id = $1`
			if err := tx.Get(ctx, &was, version, w.ReferralID); err != nil {
				return err
			}
			a, err := Book(ctx, tx, harbour, monday, w.ReferralID, slotAt(ctx, t, tx, at("2025-12-04 14:00")), "cannot wait")
			if err != nil || a.Overbooked != (name == "full") {
				t.Errorf("%s: %+v %v", name, a, err)
			}
			if err := tx.Get(ctx, &is, version, w.ReferralID); err != nil || is != was+1 {
				t.Errorf("%s: version %d, then %d %v", name, was, is, err)
			}
			return nil
		})
	}
}

func TestBookRefusesWhoNeedsNoAppointment(t *testing.T) {
	pool := world(t, monday, nil)
	for _, c := range []struct{ name, change, want string }{
		{"live", `UPDATE referral SET version = 2`, ""},
		{"withdrawn", `UPDATE referral SET withdrawn_on = '2025-12-01', withdrawn_reason = 'declined'`, "changed_since"},
		{"closed", `UPDATE referral SET closed = true`, "changed_since"},
		{"picked up", `UPDATE referral SET picked_up_on = '2025-12-01'`, "changed_since"},
		{"addressed to nobody", `UPDATE referral SET provider = NULL`, "no referral"},
	} {
		t.Run(c.name, func(t *testing.T) {
			try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
				w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, c.change); err != nil {
					return err
				}
				if _, err := Book(ctx, tx, harbour, monday, w.ReferralID, nil, ""); code(err) != c.want {
					t.Errorf("got %q, want %q", code(err), c.want)
				}
				return nil
			})
		})
	}
}

// Two members of staff take the last place of one slot for two people, at once.
func TestTheLastPlaceOfAChosenSlot(t *testing.T) {
	pool := world(t, monday, nil)
	var wishes [8]Wish
	var slot *uuid.UUID
	act(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		for i := range wishes {
			if wishes[i], err = refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")}); err != nil {
				return err
			}
		}
		slot = slotAt(ctx, t, tx, at("2025-12-04 14:00"))
		return nil
	})
	next := make(chan Wish, len(wishes))
	for _, w := range wishes {
		next <- w
	}
	outcomes := make(chan string, len(wishes))
	together(t, len(wishes), func(ctx context.Context) error {
		w := <-next
		outcomes <- code(pool.Act(ctx, harbour.Scope(), func(tx *db.Tx) error {
			_, err := Book(ctx, tx, harbour, monday, w.ReferralID, slot, " ") // which is no reason to overbook
			return err
		}))
		return nil
	})
	close(outcomes)
	count := map[string]int{}
	for o := range outcomes {
		count[o]++
	}
	if count[""] != 2 || count["slot_taken"] != 6 {
		t.Errorf("%v", count)
	}
	nothingOverbooked(t, pool)
}

// seen is a referral with a place on Tuesday 2 December at 13:30.
func seen(ctx context.Context, t *testing.T, tx *db.Tx) (Wish, *Appointment) {
	t.Helper()
	w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02"), Released: true})
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := Allocate(ctx, tx, prison, monday, w)
	if err != nil {
		t.Fatal(err)
	}
	return w, a
}

func TestRecordOutcome(t *testing.T) {
	pool := world(t, monday, nil)
	before, after := at("2025-12-02 13:29"), at("2025-12-02 13:30")
	for _, c := range []struct {
		name   string
		now    time.Time
		say    Outcome
		want   string // "" or the error's code
		events string
	}{
		{"attended", after, Outcome{Outcome: "attended"}, "", "booked attended"},
		{"attended late", after, Outcome{Outcome: "attended_late"}, "", "booked attended"},
		{"missed for a good reason", after, Outcome{Outcome: "did_not_attend", Reason: "acceptable"}, "", "booked missed"},
		{"missed, nothing said", after, Outcome{Outcome: "did_not_attend"}, "", "booked missed"},
		{"cancelled beforehand", before, Outcome{Outcome: "cancelled", CancelledBy: "person"}, "", "booked cancelled"},
		{"attended before it began", before, Outcome{Outcome: "attended"}, "outcome in_future;", "booked"},
		{"missed before it began", before, Outcome{Outcome: "did_not_attend"}, "outcome in_future;", "booked"},
		{"nothing known", after, Outcome{Outcome: "seen"}, "outcome unknown;", "booked"},
		{"nothing known in any field", after, Outcome{Outcome: "seen", Reason: "rain", CancelledBy: "weather"},
			"outcome unknown;reason unknown;cancelled_by required;", "booked"},
		{"cancelled by nobody", after, Outcome{Outcome: "cancelled"}, "cancelled_by required;", "booked"},
		{"cancelled by the service, by hand", after, Outcome{Outcome: "cancelled", CancelledBy: "service"}, "cancelled_by required;", "booked"},
		{"attended with a reason, cancelled by somebody", after, Outcome{Outcome: "attended", Reason: "acceptable", CancelledBy: "person"},
			"reason not_applicable;cancelled_by not_applicable;", "booked"},
		{"missed for a reason of one's own", after, Outcome{Outcome: "did_not_attend", Reason: "rain"}, "reason unknown;", "booked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
				w, a := seen(ctx, t, tx)
				of, got, err := RecordOutcome(ctx, tx, harbour, c.now, a.ID, c.say)
				if code(err) != c.want || err == nil && (*got.Outcome != c.say.Outcome || of != w.ReferralID) {
					t.Errorf("got %+v %q, want %q", got, code(err), c.want)
				}
				if got := events(ctx, t, tx, w.ReferralID); got != c.events {
					t.Errorf("events %q, want %q", got, c.events)
				}
				if wrong, err := discord(ctx, tx); err != nil || wrong != "" {
					t.Errorf("%s %v", wrong, err)
				}
				return nil
			})
		})
	}
}

func TestASecondOutcomeNeedsAReason(t *testing.T) {
	pool := world(t, monday, nil)
	after := at("2025-12-02 15:00")
	try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
		w, a := seen(ctx, t, tx)
		say := func(o Outcome) string {
			_, _, err := RecordOutcome(ctx, tx, harbour, after, a.ID, o)
			return code(err)
		}
		for _, c := range []struct {
			say  Outcome
			want string
		}{
			{Outcome{Outcome: "did_not_attend", Reason: "our_fault"}, ""},
			{Outcome{Outcome: "attended"}, "already_recorded"},
			{Outcome{Outcome: "did_not_attend", Reason: "our_fault"}, "already_recorded"},
			{Outcome{Outcome: "attended", CorrectionReason: "  "}, "already_recorded"},
			{Outcome{Outcome: "attended", CorrectionReason: "was in the other room"}, ""},
		} {
			if got := say(c.say); got != c.want {
				t.Errorf("%+v: %q, want %q", c.say, got, c.want)
			}
		}
		chain, err := Chain(ctx, tx, w.ReferralID)
		if err != nil || len(chain) != 1 || *chain[0].Outcome != "attended" || chain[0].OutcomeReason != nil {
			t.Errorf("%+v %v", chain, err)
		}
		return nil
	})
}

func TestAnotherProvidersAppointmentIsNotThere(t *testing.T) {
	pool := world(t, monday, nil)
	try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
		_, a := seen(ctx, t, tx)
		for _, who := range []string{"EXI", "CWI"} {
			other := harbour
			other.By.Organisation = who
			if _, _, err := RecordOutcome(ctx, tx, other, monday, a.ID, Outcome{Outcome: "cancelled", CancelledBy: "prison"}); code(err) != "no appointment" {
				t.Errorf("%s: %v", who, err)
			}
		}
		if _, _, err := RecordOutcome(ctx, tx, harbour, monday, uuid.New(), Outcome{Outcome: "attended"}); code(err) != "no appointment" {
			t.Error(err)
		}
		return nil
	})
}

func TestDropIn(t *testing.T) {
	pool := world(t, monday, nil)
	wednesday := at("2025-12-03 09:00")
	for _, c := range []struct {
		name string
		on   day.Date
		want string
	}{
		{"today", on("2025-12-03"), ""},
		{"on the day of release", on("2025-12-02"), ""},
		{"before the release", on("2025-12-01"), "attended_on before_release;"},
		{"tomorrow", on("2025-12-04"), "attended_on in_future;"},
		{"on no day", day.Date{}, "attended_on required;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
				w, _ := seen(ctx, t, tx)
				a, err := DropIn(ctx, tx, harbour, wednesday, w.ReferralID, "HARBOUR", c.on)
				if code(err) != c.want {
					t.Fatalf("got %q, want %q", code(err), c.want)
				}
				if err != nil {
					return nil
				}
				if *a.Outcome != "attended" || a.Attempt != 2 || a.StartsAt != nil || a.OnDay != c.on {
					t.Errorf("%+v", a)
				}
				if _, err = DropIn(ctx, tx, harbour, wednesday, w.ReferralID, "HARBOUR", c.on); code(err) != "already_recorded" {
					t.Errorf("again: %v", err)
				}
				return nil
			})
		})
	}
	t.Run("before a release to come, years ago", func(t *testing.T) {
		try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
			w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-09")})
			if err != nil {
				return err
			}
			if _, err := DropIn(ctx, tx, harbour, wednesday, w.ReferralID, "HARBOUR", on("2005-12-03")); code(err) != "attended_on too_long_ago;" {
				t.Errorf("%v", err)
			}
			return nil
		})
	})
}

func TestUndo(t *testing.T) {
	pool := world(t, monday, nil)
	after := at("2025-12-02 15:00")
	for _, c := range []struct {
		name string
		now  time.Time
		do   func(context.Context, *db.Tx, Wish, *Appointment) error
		want string
	}{
		{"attended", after, saying(after, Outcome{Outcome: "attended"}), ""},
		{"missed", after, saying(after, Outcome{Outcome: "did_not_attend"}), ""},
		{"cancelled, the place still free", monday, saying(monday, Outcome{Outcome: "cancelled", CancelledBy: "person"}), ""},
		{"cancelled, the place given away", monday, func(ctx context.Context, tx *db.Tx, w Wish, a *Appointment) error {
			if err := saying(monday, Outcome{Outcome: "cancelled", CancelledBy: "person"})(ctx, tx, w, a); err != nil {
				return err
			}
			return full(ctx, tx, at("2026-01-01 00:00"))
		}, "slot_taken"},
		{"cancelled, another one booked", monday, func(ctx context.Context, tx *db.Tx, w Wish, a *Appointment) error {
			if err := saying(monday, Outcome{Outcome: "cancelled", CancelledBy: "person"})(ctx, tx, w, a); err != nil {
				return err
			}
			_, err := Book(ctx, tx, harbour, monday, w.ReferralID, nil, "")
			return err
		}, "changed_since"},
	} {
		t.Run(c.name, func(t *testing.T) {
			try(t, pool, harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
				w, a := seen(ctx, t, tx)
				if err := c.do(ctx, tx, w, a); err != nil {
					return err
				}
				var before []byte
				if err := tx.Get(ctx, &before, `SELECT was FROM event WHERE was IS NOT NULL`); err != nil {
					return err
				}
				if err := Undo(ctx, tx, c.now, before); code(err) != c.want {
					t.Errorf("got %v, want %q", err, c.want)
				}
				if c.want != "" {
					return nil
				}
				if open, err := Open(ctx, tx, w.ReferralID); err != nil || open == nil || open.ID != a.ID || open.CancelledBy != nil {
					t.Errorf("%+v %v", open, err)
				}
				if wrong, err := discord(ctx, tx); err != nil || wrong != "" {
					t.Errorf("%s %v", wrong, err)
				}
				return nil
			})
		})
	}
}

func saying(now time.Time, o Outcome) func(context.Context, *db.Tx, Wish, *Appointment) error {
	return func(ctx context.Context, tx *db.Tx, _ Wish, a *Appointment) error {
		_, _, err := RecordOutcome(ctx, tx, harbour, now, a.ID, o)
		return err
	}
}
