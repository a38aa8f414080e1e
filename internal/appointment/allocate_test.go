package appointment

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

func TestAllocate(t *testing.T) {
	pool := world(t, monday, nil)
	for _, c := range []struct {
		name string
		now  time.Time
		wish Wish
		full string // places before this moment are taken
		want string // the place, or the reason why there is none
	}{
		{name: "the day of release, from 13:00", wish: Wish{ReleaseOn: on("2025-12-02")}, want: "Tue 2 Dec 13:30"},
		{name: "not on the morning of release", wish: Wish{ReleaseOn: on("2025-12-03")}, want: "Thu 4 Dec 13:30"},
		{name: "released this morning: not before 13:00 either", wish: Wish{ReleaseOn: on("2025-12-01"), Released: true}, want: "Tue 2 Dec 13:30"},
		{name: "released before: from now on", wish: Wish{ReleaseOn: on("2025-11-03"), Released: true}, want: "Mon 1 Dec 10:00"},
		{name: "not in the past", now: at("2025-12-01 10:01"), wish: Wish{ReleaseOn: on("2025-11-03"), Released: true}, want: "Mon 1 Dec 10:30"},
		{name: "a planned day that has passed is today", wish: Wish{ReleaseOn: on("2025-11-28")}, want: "Mon 1 Dec 10:00"},
		{name: "released at the weekend", wish: Wish{ReleaseOn: on("2025-12-06")}, want: "Mon 8 Dec 10:00"},

		{name: "substitution needs a prescribing clinic", wish: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true}, want: "Wed 3 Dec 10:00"},
		{name: "prescribing, not on the morning of release", wish: Wish{ReleaseOn: on("2025-12-03"), Prescribing: true}, want: "Fri 5 Dec 13:30"},
		{name: "on the last day of bridging", wish: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true, BridgingUntil: on("2025-12-03")}, want: "Wed 3 Dec 10:00"},
		{name: "the day after bridging ends", wish: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true, BridgingUntil: on("2025-12-02")}, want: "Wed 3 Dec 10:00 after bridging"},

		{name: "Christmas has no clinics", wish: Wish{ReleaseOn: on("2025-12-24"), Prescribing: true}, want: "Mon 29 Dec 10:00"},
		{name: "the 3rd working day after Christmas Eve is the 31st", wish: Wish{ReleaseOn: on("2025-12-24"), Prescribing: true}, full: "2025-12-31 00:00", want: "Wed 31 Dec 10:00"},
		{name: "and 2 January is late", wish: Wish{ReleaseOn: on("2025-12-24"), Prescribing: true}, full: "2026-01-01 00:00", want: "Fri 2 Jan 13:30 late"},

		{name: "last day of the target", wish: Wish{ReleaseOn: on("2025-12-02")}, full: "2025-12-05 00:00", want: "Fri 5 Dec 13:30"},
		{name: "first day after the target", wish: Wish{ReleaseOn: on("2025-12-02")}, full: "2025-12-08 00:00", want: "Mon 8 Dec 10:00 late"},
		{name: "the target runs from today for a past release", wish: Wish{ReleaseOn: on("2025-11-03"), Released: true}, full: "2025-12-04 00:00", want: "Thu 4 Dec 13:30"},
		{name: "late and after bridging", wish: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true, BridgingUntil: on("2025-12-04")}, full: "2025-12-08 00:00", want: "Mon 8 Dec 10:00 late after bridging"},
		{name: "the 21st day", wish: Wish{ReleaseOn: on("2025-12-02")}, full: "2025-12-23 00:00", want: "Tue 23 Dec 13:30 late"},
		{name: "the 22nd day", wish: Wish{ReleaseOn: on("2025-12-01")}, full: "2025-12-23 00:00", want: NoFreePlace},

		{name: "no date", wish: Wish{}, want: NoReleaseDate},
		{name: "no date, and after hours", now: at("2025-12-01 23:30"), wish: Wish{Prescribing: true}, want: NoReleaseDate},
		{name: "the last open day, 26 weeks ahead", wish: Wish{ReleaseOn: on("2026-05-31")}, want: "Mon 1 Jun 10:00"},
		{name: "the morning of the last open day", wish: Wish{ReleaseOn: on("2026-06-01")}, want: BeyondOpenWeeks},
		{name: "beyond the open weeks", wish: Wish{ReleaseOn: on("2026-08-03")}, want: BeyondOpenWeeks},
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
				check(ctx, t, tx, c.now, c.wish, c.want)
				return nil
			})
		})
	}
}

// check allocates, and compares what NextFree offered, what was booked and what the referral says.
func check(ctx context.Context, t *testing.T, tx *db.Tx, now time.Time, w Wish, want string) {
	t.Helper()
	w, err := refer(ctx, tx, now, prison, w)
	if err != nil {
		t.Fatal(err)
	}
	offered, err := NextFree(ctx, tx, now, w)
	if err != nil {
		t.Fatal(err)
	}
	a, reason, err := Allocate(ctx, tx, prison, now, w)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.when() + reason; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if (offered == nil) != (a == nil) || a != nil && (!offered.StartsAt.Equal(*a.StartsAt) || offered.Clinic != a.Clinic) {
		t.Errorf("%+v was offered", offered)
	}
	var kept string
	if err := tx.Get(ctx, &kept, `SELECT coalesce(unbooked_reason, '') FROM referral WHERE id = $1`, w.ReferralID); err != nil {
		t.Fatal(err)
	}
	if kept != reason {
		t.Errorf("the referral says %q, the answer %q", kept, reason)
	}
}

func TestAllocateAnswersTheWholeAppointment(t *testing.T) {
	pool := world(t, monday, nil)
	try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
		w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
		if err != nil {
			return err
		}
		a, _, err := Allocate(ctx, tx, prison, monday, w)
		if err != nil {
			return err
		}
		if a.Clinic != "TUE-PM" || a.Place != "Harbour Centre" || a.Address != "Ashburton House, Plymouth" || a.AskFor != "the duty worker" ||
			a.Telephone != "01752 000000" || a.Attempt != 1 || a.Outcome != nil || a.EndsAt.Sub(*a.StartsAt) != 30*time.Minute {
			t.Errorf("%+v", a)
		}
		open, err := Open(ctx, tx, w.ReferralID)
		if err != nil || open.ID != a.ID || open.OnDay != on("2025-12-02") || *open.SlotID != *a.SlotID {
			t.Errorf("%+v %v", open, err)
		}
		return nil
	})
}

func TestTiesGoToTheFirstClinicCode(t *testing.T) {
	pool := world(t, monday, func(c *config.Config) {
		second := c.Providers[0].Clinics[1]
		second.Code = "A-TUE-PM"
		c.Providers[0].Clinics = append(c.Providers[0].Clinics, second)
	})
	try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
		for _, want := range []string{"A-TUE-PM", "A-TUE-PM", "TUE-PM", "TUE-PM", "A-TUE-PM"} {
			w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
			if err != nil {
				return err
			}
			if a, _, err := Allocate(ctx, tx, prison, monday, w); err != nil || a.Clinic != want {
				t.Errorf("%v %v, want %s", a, err, want)
			}
		}
		return nil
	})
}

func TestReasonsOfAProvider(t *testing.T) {
	release := Wish{ReleaseOn: on("2025-12-02"), Prescribing: true}
	for _, c := range []struct {
		name   string
		change func(*config.Config)
		wish   Wish
		want   string
	}{
		{"closed on every day in reach", func(c *config.Config) {
			for d := on("2025-12-02"); !d.After(on("2025-12-23")); d = d.Add(1) {
				c.Providers[0].ClosedDays = append(c.Providers[0].ClosedDays, d.String())
			}
		}, release, ProviderClosed},
		{"no clinic at all", func(c *config.Config) { c.Providers[0].Clinics = nil }, release, ProviderClosed},
		{"no clinic at all, and beyond the open weeks", func(c *config.Config) { c.Providers[0].Clinics = nil },
			Wish{ReleaseOn: on("2026-08-03")}, BeyondOpenWeeks},
		{"no clinic prescribes", unprescribing, release, NoPrescribing},
		{"nor needs to", unprescribing, Wish{ReleaseOn: on("2025-12-02")}, "Tue 2 Dec 13:30"},
		{"a closed day is passed over", func(c *config.Config) { c.Providers[0].ClosedDays = []string{"2025-12-03"} }, release, "Fri 5 Dec 13:30"},
		{"a proclaimed bank holiday too", func(c *config.Config) {
			c.Calendar = day.NewCalendar(map[day.Date]string{on("2025-12-03"): "Jubilee"})
		}, release, "Fri 5 Dec 13:30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := world(t, monday, c.change)
			try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
				check(ctx, t, tx, monday, c.wish, c.want)
				return nil
			})
		})
	}
}

func unprescribing(c *config.Config) {
	for i := range c.Providers[0].Clinics {
		c.Providers[0].Clinics[i].Prescribing = false
	}
}

func TestAReasonThatStoodBeforeIsNoEvent(t *testing.T) {
	pool := world(t, monday, nil)
	try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
		w, err := refer(ctx, tx, monday, prison, Wish{})
		if err != nil {
			return err
		}
		for range 2 {
			if _, _, err := Allocate(ctx, tx, prison, monday, w); err != nil {
				return err
			}
		}
		if got := events(ctx, t, tx, w.ReferralID); got != "unbooked" {
			t.Errorf("events: %s", got)
		}
		w.ReleaseOn = on("2025-12-02")
		if _, _, err := Allocate(ctx, tx, prison, monday, w); err != nil {
			return err
		}
		if got := events(ctx, t, tx, w.ReferralID); got != "unbooked booked" {
			t.Errorf("events: %s", got)
		}
		return nil
	})
}

// events are the kinds of a referral's events; each must have its audit row.
func events(ctx context.Context, t testing.TB, tx *db.Tx, referralID uuid.UUID) string {
	t.Helper()
	var kinds, audited string
	if err := tx.Get(ctx, &kinds, `SELECT coalesce(string_agg(kind, ' ' ORDER BY seq), '') FROM event WHERE referral_id = $1`, referralID); err != nil {
		t.Fatal(err)
	}
	if err := tx.As(ctx, jobs); err != nil {
		t.Fatal(err)
	}
	if err := tx.Get(ctx, &audited, `SELECT coalesce(string_agg(act, ' ' ORDER BY id), '') FROM audit WHERE subject = $1`, referralID.String()); err != nil {
		t.Fatal(err)
	}
	if err := tx.As(ctx, prison.Scope()); err != nil {
		t.Fatal(err)
	}
	if kinds != audited {
		t.Errorf("events %q, audited %q", kinds, audited)
	}
	return kinds
}

func TestTwoBookingsOfOneReferralAreAConflict(t *testing.T) {
	pool := world(t, monday, nil)
	err := pool.Try(t.Context(), prison.Scope(), func(tx *db.Tx) error {
		w, err := refer(t.Context(), tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
		if err != nil {
			return err
		}
		if _, _, err := Allocate(t.Context(), tx, prison, monday, w); err != nil {
			return err
		}
		_, _, err = Allocate(t.Context(), tx, prison, monday, w)
		return err
	})
	if conflict := (*problem.Conflict)(nil); !errors.As(err, &conflict) || conflict.Code != "changed_since" {
		t.Error(err)
	}
}
