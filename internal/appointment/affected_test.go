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
		who, err := bookedOnTuesday(ctx, tx, Wish{ReleaseOn: on("2025-12-02")}, Wish{ReleaseOn: on("2025-12-01"), Released: true})
		if err != nil {
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
		if all, err := Concerned(ctx, tx, monday, "HARBOUR"); err != nil || len(all) != 1 || all[0] != (Concerns{"TUE-PM", on("2025-12-02")}) {
			t.Errorf("of all clinics and days: %+v %v", all, err)
		}
		if all, err := Concerned(ctx, tx, at("2025-12-03 00:00"), "HARBOUR"); err != nil || len(all) != 0 {
			t.Errorf("when the day is over: %+v %v", all, err)
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

// Three are to be seen in Tuesday's clinic at 13:30 and 14:00; two of them were released and hold cards.
//
//	13:30  released, released
//	14:00  awaits release
func TestAppointmentsFollowAClinicWhoseTimesChange(t *testing.T) {
	yes := true
	as := func(change func(*ClinicDraft)) ClinicDraft {
		d := ClinicDraft{Code: "TUE-PM", Weekday: "tuesday", Starts: "13:30", Ends: "16:00", SlotMinutes: "30", Places: "2", Prescribing: &yes,
			Place: "Quay Rooms", Address: "1 Quay", AskFor: "the desk", Telephone: "01752 000001"}
		change(&d)
		return d
	}
	pool := world(t, monday, nil)
	for name, c := range map[string]struct {
		change func(*ClinicDraft)
		waits  string
		flag   string
		stands int
	}{
		"another place":   {func(d *ClinicDraft) { d.Place = "Harbour Centre" }, "Tue 2 Dec 14:00", "", 0},
		"another weekday": {func(d *ClinicDraft) { d.Weekday = "thursday" }, "Wed 3 Dec 10:00", FlagNotHeld, 2},
		"later":           {func(d *ClinicDraft) { d.Starts = "14:00" }, "Tue 2 Dec 14:00", FlagNotHeld, 2},
		"ends before":     {func(d *ClinicDraft) { d.Ends = "14:00" }, "Wed 3 Dec 10:00", "", 0},
	} {
		try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
			who, err := bookedOnTuesday(ctx, tx, Wish{ReleaseOn: on("2025-12-01"), Released: true}, Wish{ReleaseOn: on("2025-12-01"), Released: true}, Wish{ReleaseOn: on("2025-12-02")})
			if err != nil {
				return err
			}
			if err := ChangeClinic(ctx, tx, harbour, monday, as(c.change)); err != nil {
				return err
			}
			for i, want := range []string{"Tue 2 Dec 13:30", "Tue 2 Dec 13:30", c.waits} {
				a, err := Open(ctx, tx, who[i].ReferralID)
				flag := c.flag
				if i == 2 {
					flag = ""
				}
				if err != nil || a.when() != want || a.flag() != flag {
					t.Errorf("%s, %d: %s %q %v", name, i, a.when(), a.flag(), err)
				}
			}
			all, err := AffectedBy(ctx, tx, monday, monday, "HARBOUR", Where{Clinic: "TUE-PM"})
			stands := 0
			for _, a := range all {
				if a.Stands {
					stands++
				}
			}
			moved := 0
			if c.waits != "Tue 2 Dec 14:00" {
				moved = 1
			}
			if err != nil || stands != c.stands || len(all) != c.stands+moved {
				t.Errorf("%s: %+v %v", name, all, err)
			}
			if told, err := Concerned(ctx, tx, monday, "HARBOUR"); err != nil || len(told) > 0 != (len(all) > 0) {
				t.Errorf("%s: of all clinics and days %+v %v", name, told, err)
			}
			return nil
		})
	}
}

// One place less: the card that somebody released holds is kept, and who awaits release is moved.
func TestWhoAwaitsReleaseIsMovedWhereAsManyAreNotSeenAnyMore(t *testing.T) {
	yes := true
	pool := world(t, monday, nil)
	for name, last := range map[string]Wish{
		"Wed 3 Dec 10:00": {ReleaseOn: on("2025-12-02")},
		"Tue 2 Dec 13:30": {ReleaseOn: on("2025-12-01"), Released: true},
	} {
		try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
			var w Wish
			for _, wish := range []Wish{{ReleaseOn: on("2025-12-01"), Released: true}, last} {
				if err := full(ctx, tx, at("2025-12-02 00:00")); err != nil {
					return err
				}
				var err error
				if w, err = refer(ctx, tx, monday, harbour, wish); err != nil {
					return err
				}
				if _, _, err := Allocate(ctx, tx, harbour, monday, w); err != nil {
					return err
				}
			}
			if err := tx.As(ctx, jobs); err != nil {
				return err
			}
			if err := ChangeClinic(ctx, tx, harbour, monday, ClinicDraft{Code: "TUE-PM", Weekday: "tuesday", Starts: "13:30", Ends: "14:00", SlotMinutes: "30",
				Places: "1", Prescribing: &yes, Place: "Quay Rooms", Address: "1 Quay", AskFor: "the desk", Telephone: "01752 000001"}); err != nil {
				return err
			}
			if a, err := Open(ctx, tx, w.ReferralID); err != nil || a.when() != name || a.flag() != "" {
				t.Errorf("got %s %q %v, want %s", a.when(), a.flag(), err, name)
			}
			return nil
		})
	}
}

// A form that was opened before somebody else changed the clinic does not put back what they changed.
func TestAClinicThatWasChangedInTheMeantimeIsNotPutBack(t *testing.T) {
	yes := true
	d := ClinicDraft{Code: "TUE-PM", Weekday: "tuesday", Starts: "13:30", Ends: "16:00", SlotMinutes: "30", Places: "3", Prescribing: &yes,
		Place: "Quay Rooms", Address: "1 Quay", AskFor: "the desk", Telephone: "01752 000001"}
	pool := world(t, monday, nil)
	try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		seen, err := ClinicOf(ctx, tx, monday, "HARBOUR", "TUE-PM")
		if err != nil {
			return err
		}
		d.Seen = seen.Mark()
		for n, want := range []string{"", "", "changed_since"} { // changed, sent twice, and put back from an old page
			if n == 2 {
				d.Places = "2"
			}
			if got := code(ChangeClinic(ctx, tx, harbour, monday, d)); got != want {
				t.Errorf("%d: %q, want %q", n, got, want)
			}
		}
		return nil
	})
}

// bookedOnTuesday books people one after the other for 2 December, and goes on as the service.
func bookedOnTuesday(ctx context.Context, tx *db.Tx, wishes ...Wish) (who []Wish, err error) {
	for _, wish := range wishes {
		if err := full(ctx, tx, at("2025-12-02 00:00")); err != nil {
			return nil, err
		}
		w, err := refer(ctx, tx, monday, harbour, wish)
		if err != nil {
			return nil, err
		}
		if _, _, err := Allocate(ctx, tx, harbour, monday, w); err != nil {
			return nil, err
		}
		who = append(who, w)
	}
	return who, tx.As(ctx, jobs)
}

// Staff may book by hand before a release date is known. When the day is closed they go without, and stand among those concerned.
func TestWhoWasBookedByHandWithoutAReleaseDateIsAmongThoseConcerned(t *testing.T) {
	pool := world(t, monday, nil)
	try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		w, err := refer(ctx, tx, monday, harbour, Wish{})
		if err != nil {
			return err
		}
		if _, err := Book(ctx, tx, harbour, monday, w.ReferralID, slotAt(ctx, t, tx, at("2025-12-04 14:00")), ""); err != nil {
			return err
		}
		if err := tx.As(ctx, jobs); err != nil {
			return err
		}
		if err := CloseDay(ctx, tx, harbour, monday, on("2025-12-04")); err != nil {
			return err
		}
		all, err := AffectedBy(ctx, tx, monday, monday, "HARBOUR", Where{On: on("2025-12-04")})
		if err != nil || len(all) != 1 || all[0].ReferralID != w.ReferralID || all[0].Stands || all[0].NewAt != nil || all[0].Unbooked != NoReleaseDate {
			t.Errorf("%+v %v", all, err)
		}
		return nil
	})
}
