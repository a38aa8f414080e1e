package appointment

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

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
