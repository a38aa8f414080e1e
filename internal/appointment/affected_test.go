package appointment

import (
	"context"
	"testing"

	"throughgate/internal/db"
)

// Two people are to be seen in Tuesday's clinic of 2 December when it is closed: one awaits release on
// that Tuesday, one was released the day before and holds a card.
func TestAppointmentsFollowAClinicThatIsClosed(t *testing.T) {
	pool := world(t, monday, nil)
	try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		var who []Wish
		for _, wish := range []Wish{{ReleaseOn: on("2025-12-02")}, {ReleaseOn: on("2025-12-01"), Released: true}} {
			if err := full(ctx, tx, at("2025-12-02 00:00")); err != nil {
				return err
			}
			w, err := refer(ctx, tx, monday, harbour, wish)
			if err != nil {
				return err
			}
			if _, _, err := Allocate(ctx, tx, harbour, monday, w); err != nil {
				return err
			}
			who = append(who, w)
		}
		if err := tx.As(ctx, jobs); err != nil {
			return err
		}
		if err := CloseClinic(ctx, tx, harbour, monday, "TUE-PM"); err != nil {
			return err
		}
		waits, err := Open(ctx, tx, who[0].ReferralID)
		if err != nil || waits.when() != "Wed 3 Dec 10:00" {
			t.Errorf("awaiting release: %s %v", waits.when(), err)
		}
		holds, err := Open(ctx, tx, who[1].ReferralID)
		if err != nil || holds.when() != "Tue 2 Dec 13:30" || holds.flag() != FlagNotHeld {
			t.Errorf("released: %s %q %v", holds.when(), holds.flag(), err)
		}
		var told bool
		if err := tx.Get(ctx, &told, `SELECT date_changed_at IS NOT NULL FROM referral WHERE id = $1`, who[0].ReferralID); err != nil || !told {
			t.Errorf("the prison is not told: %v", err)
		}
		for _, c := range []struct {
			name  string
			where Where
			since string
			want  int
		}{
			{"the clinic", Where{Clinic: "TUE-PM"}, "2025-12-01 00:00", 2},
			{"the day", Where{On: on("2025-12-02")}, "2025-12-01 00:00", 2},
			{"what was moved earlier is left out", Where{Clinic: "TUE-PM"}, "2025-12-02 00:00", 1},
			{"another day", Where{On: on("2025-12-09")}, "2025-12-01 00:00", 0},
		} {
			all, err := AffectedBy(ctx, tx, monday, at(c.since), "HARBOUR", c.where)
			if err != nil || len(all) != c.want {
				t.Errorf("%s: %+v %v", c.name, all, err)
			}
			for _, a := range all {
				if a.Stands != a.Released || a.Stands == (a.NewAt != nil) || a.Unbooked != "" {
					t.Errorf("%s: %+v", c.name, a)
				}
			}
		}
		yes := true
		if err := ChangeClinic(ctx, tx, harbour, monday, ClinicDraft{Code: "TUE-PM", Weekday: "tuesday", Starts: "13:30", Ends: "16:00", SlotMinutes: "30",
			Places: "2", Prescribing: &yes, Place: "Quay Rooms", Address: "1 Quay", AskFor: "the desk", Telephone: "01752 000001"}); err != nil {
			return err
		}
		if holds, err = Open(ctx, tx, who[1].ReferralID); err != nil || holds.when() != "Tue 2 Dec 13:30" || holds.flag() != "" {
			t.Errorf("opened again: %s %q %v", holds.when(), holds.flag(), err)
		}
		return nil
	})
}

// Somebody on opioid substitution, not released yet, is not left in a clinic that prescribes no more.
func TestAClinicThatPrescribesNoMoreLosesThoseWhoNeedIt(t *testing.T) {
	pool := world(t, monday, nil)
	try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		w, err := refer(ctx, tx, monday, harbour, Wish{ReleaseOn: on("2025-12-02"), Prescribing: true})
		if err != nil {
			return err
		}
		if _, _, err := Allocate(ctx, tx, harbour, monday, w); err != nil {
			return err
		}
		if err := tx.As(ctx, jobs); err != nil {
			return err
		}
		no := false
		if err := ChangeClinic(ctx, tx, harbour, monday, ClinicDraft{Code: "WED-AM", Weekday: "wednesday", Starts: "10:00", Ends: "12:00", SlotMinutes: "30",
			Places: "2", Prescribing: &no, Place: "Quay Rooms", Address: "1 Quay", AskFor: "the desk", Telephone: "01752 000001"}); err != nil {
			return err
		}
		if a, err := Open(ctx, tx, w.ReferralID); err != nil || a.when() != "Fri 5 Dec 13:30" {
			t.Errorf("%s %v", a.when(), err)
		}
		return nil
	})
}
