package appointment

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

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

// Whoever was withdrawn is not expected. Whoever was closed may come after all, and be picked up.
func TestADropInOnAReferralThatHasEnded(t *testing.T) {
	pool := world(t, monday, nil)
	wednesday := at("2025-12-03 09:00")
	for _, c := range []struct{ name, change, want string }{
		{"live", `UPDATE referral SET version = 2`, ""},
		{"withdrawn", `UPDATE referral SET released_on = NULL, planned_release_on = '2025-12-02', withdrawn_on = '2025-12-01', withdrawn_reason = 'declined'`, "changed_since"},
		{"closed", `UPDATE referral SET closed = true`, ""},
		{"picked up", `UPDATE referral SET picked_up_on = '2025-12-02'`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
				w, _ := seen(ctx, t, tx)
				if _, err := tx.Exec(ctx, c.change); err != nil {
					return err
				}
				if _, err := DropIn(ctx, tx, harbour, wednesday, w.ReferralID, "HARBOUR", on("2025-12-03")); code(err) != c.want {
					t.Errorf("got %q, want %q", code(err), c.want)
				}
				return nil
			})
		})
	}
}

// The flag is about one appointment: it goes when that one has an outcome or the referral ends, comes back with it when the
// outcome is undone, and stays when the outcome of an earlier one is corrected.
func TestTheFlagGoesWithItsAppointment(t *testing.T) {
	pool := world(t, monday, nil)
	after := at("2025-12-02 15:00")
	corrected := func(ctx context.Context, tx *db.Tx, w Wish, a *Appointment) error {
		if err := saying(after, Outcome{Outcome: "did_not_attend"})(ctx, tx, w, a); err != nil {
			return err
		}
		if _, err := Book(ctx, tx, harbour, after, w.ReferralID, nil, ""); err != nil {
			return err
		}
		if err := putFlag(ctx, tx, w); err != nil {
			return err
		}
		return saying(after, Outcome{Outcome: "did_not_attend", Reason: "our_fault", CorrectionReason: "nobody was there"})(ctx, tx, w, a)
	}
	freed := func(now time.Time) func(context.Context, *db.Tx, Wish, *Appointment) error {
		return func(ctx context.Context, tx *db.Tx, w Wish, _ *Appointment) error {
			_, err := Free(ctx, tx, harbour, now, w.ReferralID, "closed")
			return err
		}
	}
	for _, c := range []struct {
		name   string
		now    time.Time
		do     func(context.Context, *db.Tx, Wish, *Appointment) error
		want   string
		undone string // the flag once the outcome is undone; "-" where there is none to undo
	}{
		{"attended", after, saying(after, Outcome{Outcome: "attended"}), "", FlagAfterBridging},
		{"missed", after, saying(after, Outcome{Outcome: "did_not_attend"}), "", FlagAfterBridging},
		{"cancelled", monday, saying(monday, Outcome{Outcome: "cancelled", CancelledBy: "person"}), "", FlagAfterBridging},
		{"an earlier one corrected", after, corrected, FlagAfterBridging, "-"},
		{"the referral ends before it", monday, freed(monday), "", "-"},
		{"the referral ends after it", after, freed(after), "", "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			try(t, pool, harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
				w, a := seen(ctx, t, tx)
				if err := putFlag(ctx, tx, w); err != nil {
					return err
				}
				if err := c.do(ctx, tx, w, a); err != nil {
					return err
				}
				if got := flagged(ctx, t, tx, w); got != c.want {
					t.Errorf("the flag is %q, want %q", got, c.want)
				}
				if c.undone == "-" {
					return nil
				}
				var before []byte
				if err := tx.Get(ctx, &before, `SELECT was FROM event WHERE was IS NOT NULL`); err != nil {
					return err
				}
				if err := Undo(ctx, tx, c.now, before); err != nil {
					return err
				}
				if got := flagged(ctx, t, tx, w); got != c.undone {
					t.Errorf("undone, the flag is %q, want %q", got, c.undone)
				}
				return nil
			})
		})
	}
}

func putFlag(ctx context.Context, tx *db.Tx, w Wish) error {
	_, err := tx.Exec(ctx, `UPDATE referral SET appointment_flag = $2 WHERE id = $1`, w.ReferralID, FlagAfterBridging)
	return err
}

func flagged(ctx context.Context, t *testing.T, tx *db.Tx, w Wish) (flag string) {
	t.Helper()
	if err := tx.Get(ctx, &flag, `SELECT coalesce(appointment_flag, '') FROM referral WHERE id = $1`, w.ReferralID); err != nil {
		t.Fatal(err)
	}
	return flag
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
