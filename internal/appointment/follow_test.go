package appointment

import (
	"context"
	"testing"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

// Someone has a place; then the release date moves, or the release comes.
func TestFollow(t *testing.T) {
	pool := world(t, monday, nil)
	tuesday := Wish{ReleaseOn: on("2025-12-02")} // has Tue 2 Dec 13:30
	for _, c := range []struct {
		name       string
		had        Wish
		full       string // places before this moment were taken when the first place was booked
		now        time.Time
		wish       Wish
		want       string // the place now, or the reason; "kept" when it is the same appointment
		flag       string
		wantEvents string
	}{
		{name: "the same date", had: tuesday, wish: tuesday, want: "kept", wantEvents: "booked"},
		{name: "a day earlier, still in the target", had: tuesday, wish: Wish{ReleaseOn: on("2025-12-01")}, want: "kept", wantEvents: "booked"},
		{name: "later, past the place", had: tuesday, wish: Wish{ReleaseOn: on("2025-12-10")}, want: "Thu 11 Dec 13:30", wantEvents: "booked rebooked"},
		{name: "earlier, so that the place is late", had: Wish{ReleaseOn: on("2025-12-16")}, wish: tuesday, want: "Tue 2 Dec 13:30", wantEvents: "booked rebooked"},
		{name: "earlier by more than 21 days", had: Wish{ReleaseOn: on("2026-02-03")}, wish: tuesday, want: "Tue 2 Dec 13:30", wantEvents: "booked rebooked"},
		{name: "a Friday before Christmas brought forward", had: Wish{ReleaseOn: on("2025-12-27")}, wish: Wish{ReleaseOn: on("2025-12-24")}, want: "kept", wantEvents: "booked"},
		{name: "late, and nothing earlier is free", had: Wish{ReleaseOn: on("2025-12-09")}, full: "2025-12-12 00:00", wish: tuesday, want: "kept late", wantEvents: "booked"},
		{name: "more than 21 days off, and nothing is free", had: Wish{ReleaseOn: on("2026-02-03")}, full: "2026-02-01 00:00", wish: tuesday, want: NoFreePlace, wantEvents: "booked unbooked"},
		{name: "to a date beyond the open weeks", had: tuesday, wish: Wish{ReleaseOn: on("2026-08-03")}, want: BeyondOpenWeeks, wantEvents: "booked unbooked"},
		{name: "to no date", had: tuesday, wish: Wish{}, want: NoReleaseDate, wantEvents: "booked cancelled unbooked"},
		{name: "from no date", had: Wish{}, wish: tuesday, want: "Tue 2 Dec 13:30", wantEvents: "unbooked booked"},
		{name: "still no date", had: Wish{}, wish: Wish{}, want: NoReleaseDate, wantEvents: "unbooked"},

		{name: "a need that came to light", had: tuesday, wish: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true}, want: "Wed 3 Dec 10:00", wantEvents: "booked rebooked"},
		{name: "bridging that ends sooner", had: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true, BridgingUntil: on("2025-12-05")}, full: "2025-12-04 00:00",
			wish: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true, BridgingUntil: on("2025-12-04")}, want: "kept after bridging", flag: FlagAfterBridging, wantEvents: "booked"},

		{name: "released on the day", had: tuesday, now: at("2025-12-02 09:30"), wish: Wish{ReleaseOn: on("2025-12-02"), Released: true}, want: "kept", wantEvents: "booked"},
		{name: "released early: stays, outside the target", had: Wish{ReleaseOn: on("2025-12-16")}, now: at("2025-12-02 09:30"),
			wish: Wish{ReleaseOn: on("2025-12-02"), Released: true}, want: "kept", flag: FlagOutsideTarget, wantEvents: "booked"},
		{name: "released early: stays, after bridging", had: Wish{ReleaseOn: on("2025-12-16"), Prescribing: true}, now: at("2025-12-02 09:30"),
			wish: Wish{ReleaseOn: on("2025-12-02"), Released: true, Prescribing: true, BridgingUntil: on("2025-12-05")},
			want: "kept after bridging", flag: FlagAfterBridging, wantEvents: "booked"},
		{name: "released late, after the place", had: tuesday, now: at("2025-12-04 09:30"),
			wish: Wish{ReleaseOn: on("2025-12-04"), Released: true}, want: "Thu 4 Dec 13:30", wantEvents: "booked rebooked"},
		{name: "released on the morning of the place", had: Wish{ReleaseOn: on("2025-12-02"), Prescribing: true}, now: at("2025-12-03 08:00"),
			wish: Wish{ReleaseOn: on("2025-12-03"), Released: true, Prescribing: true}, want: "kept", flag: FlagOutsideTarget, wantEvents: "booked"},
		{name: "release told when the place is over", had: tuesday, now: at("2025-12-04 09:30"),
			wish: Wish{ReleaseOn: on("2025-12-02"), Released: true}, want: "kept", wantEvents: "booked"},
		{name: "released without a place", had: Wish{}, now: at("2025-12-04 09:30"),
			wish: Wish{ReleaseOn: on("2025-12-03"), Released: true}, want: "Thu 4 Dec 13:30", wantEvents: "unbooked booked"},
		{name: "a date that passed is put off: nobody could have come", had: tuesday, now: at("2025-12-04 09:30"),
			wish: Wish{ReleaseOn: on("2025-12-11")}, want: "Thu 11 Dec 13:30", wantEvents: "booked rebooked"},
		{name: "no date any more, the place over: for the provider to record", had: tuesday, now: at("2025-12-04 09:30"),
			wish: Wish{}, want: NoReleaseDate, wantEvents: "booked unbooked"},
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
				w, err := refer(ctx, tx, monday, prison, c.had)
				if err != nil {
					return err
				}
				first, _, err := Allocate(ctx, tx, prison, monday, w)
				if err != nil {
					return err
				}
				c.wish.ReferralID, c.wish.Provider = w.ReferralID, w.Provider
				moved, err := Follow(ctx, tx, prison, c.now, c.wish)
				if err != nil {
					return err
				}
				if got := movedText(first, moved); got != c.want || moved.Flag != c.flag {
					t.Errorf("got %q flag %q, want %q flag %q", got, moved.Flag, c.want, c.flag)
				}
				agrees(ctx, t, tx, c.wish, c.now, moved)
				if got := events(ctx, t, tx, w.ReferralID); got != c.wantEvents {
					t.Errorf("events %q, want %q", got, c.wantEvents)
				}
				return nil
			})
		})
	}
}

func movedText(first *Appointment, m Moved) string {
	if m.New == nil || first == nil || m.New.ID != first.ID {
		return m.New.when() + m.Reason
	}
	kept := *m.New
	rest := kept.when()[len(kept.StartsAt.Format("Mon 2 Jan 15:04")):]
	return "kept" + rest
}

// agrees holds the rows against the answer.
func agrees(ctx context.Context, t *testing.T, tx *db.Tx, w Wish, now time.Time, m Moved) {
	t.Helper()
	open, err := Open(ctx, tx, w.ReferralID)
	if err != nil {
		t.Fatal(err)
	}
	var row struct{ Reason, Flag string }
	if err := tx.Get(ctx, &row, `
		SELECT coalesce(unbooked_reason, '') AS reason, coalesce(appointment_flag, '') AS flag
		FROM referral WHERE id = $1`, w.ReferralID); err != nil {
		t.Fatal(err)
	}
	if row.Reason != m.Reason || row.Flag != m.Flag && m.New.when() != "" {
		t.Errorf("the row says %+v, the answer reason %q flag %q", row, m.Reason, m.Flag)
	}
	if open != nil && open.Future(now) && (m.New == nil || m.New.ID != open.ID || m.New.when() != open.when()) {
		t.Errorf("open is %s, answered %s", open.when(), m.New.when())
	}
	if wrong, err := discord(ctx, tx); err != nil || wrong != "" {
		t.Errorf("%s %v", wrong, err)
	}
}

// Someone without an open appointment: what became of the last one decides whether the service books.
func TestFollowAfterAnOutcome(t *testing.T) {
	pool := world(t, monday, nil)
	wednesday := at("2025-12-03 09:00") // the place was on Tuesday
	for _, c := range []struct {
		name    string
		outcome Outcome
		wish    Wish
		want    string
	}{
		{"missed while still inside", Outcome{Outcome: "did_not_attend"}, Wish{ReleaseOn: on("2025-12-10")}, "Thu 11 Dec 13:30"},
		{"missed, and released after it", Outcome{Outcome: "did_not_attend"}, Wish{ReleaseOn: on("2025-12-03"), Released: true}, "Thu 4 Dec 13:30"},
		{"missed after the release: staff rebook", Outcome{Outcome: "did_not_attend"}, Wish{ReleaseOn: on("2025-12-02"), Released: true}, ""},
		{"cancelled by the person after the release: staff rebook", Outcome{Outcome: "cancelled", CancelledBy: "person"}, Wish{ReleaseOn: on("2025-12-02"), Released: true}, ""},
		{"cancelled, not released", Outcome{Outcome: "cancelled", CancelledBy: "provider"}, Wish{ReleaseOn: on("2025-12-02")}, "Thu 4 Dec 13:30"},
		{"attended: nothing more to book", Outcome{Outcome: "attended"}, Wish{ReleaseOn: on("2025-12-02")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
				w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
				if err != nil {
					return err
				}
				first, _, err := Allocate(ctx, tx, prison, monday, w)
				if err != nil {
					return err
				}
				if _, _, err := RecordOutcome(ctx, tx, harbour, wednesday, first.ID, c.outcome); err != nil {
					return err
				}
				c.wish.ReferralID, c.wish.Provider = w.ReferralID, w.Provider
				full(ctx, tx, at("2025-12-04 00:00"))
				moved, err := Follow(ctx, tx, prison, wednesday, c.wish)
				if got := moved.New.when() + moved.Reason; got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				return err
			})
		})
	}
}

func TestFree(t *testing.T) {
	pool := world(t, monday, nil)
	try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
		w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
		if err != nil {
			return err
		}
		if freed, err := Free(ctx, tx, prison, monday, w.ReferralID, "withdrawn"); freed != nil || err != nil {
			t.Errorf("nothing to free: %v %v", freed, err)
		}
		first, _, err := Allocate(ctx, tx, prison, monday, w)
		if err != nil {
			return err
		}
		if freed, err := Free(ctx, tx, prison, at("2025-12-02 13:30"), w.ReferralID, "closed"); freed != nil || err != nil {
			t.Errorf("one that has begun is for the provider to record: %v %v", freed, err)
		}
		freed, err := Free(ctx, tx, prison, monday, w.ReferralID, "withdrawn")
		if err != nil || freed.ID != first.ID || *freed.Outcome != "cancelled" || *freed.CancelledBy != "service" {
			t.Errorf("%+v %v", freed, err)
		}
		if got := clocks(ctx, t, tx, on("2025-12-02")); got != "13:30 14:00 14:30 15:00 15:30" {
			t.Errorf("open are %s", got)
		}
		second, _, err := Allocate(ctx, tx, prison, monday, w)
		if err != nil || second.when() != "Tue 2 Dec 13:30" || second.Attempt != 2 {
			t.Errorf("%+v %v", second, err)
		}
		chain, err := Chain(ctx, tx, w.ReferralID)
		if err != nil || len(chain) != 2 || chain[0].ID != first.ID || chain[1].ID != second.ID || chain[0].OnDay != day.MustParse("2025-12-02") {
			t.Errorf("%+v %v", chain, err)
		}
		return nil
	})
}
