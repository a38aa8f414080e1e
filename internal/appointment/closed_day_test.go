package appointment

import (
	"context"
	"errors"
	"testing"

	"throughgate/config"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// Who waits for release is moved off a day that is closed; who holds a card is flagged; and the day
// opens again.
func TestAppointmentsFollowADayThatIsClosed(t *testing.T) {
	for name, c := range map[string]struct {
		wish                 Wish
		closed, flag, opened string
	}{
		"awaiting release": {Wish{ReleaseOn: on("2025-12-02")}, "Wed 3 Dec 10:00", "", "Wed 3 Dec 10:00"},
		"released":         {Wish{ReleaseOn: on("2025-12-01"), Released: true}, "Tue 2 Dec 13:30", FlagNotHeld, "Tue 2 Dec 13:30"},
		"no place left":    {Wish{ReleaseOn: on("2025-12-02"), Prescribing: true}, "Wed 3 Dec 10:00", "", "Wed 3 Dec 10:00"},
	} {
		pool := world(t, monday, nil)
		try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
			if err := full(ctx, tx, at("2025-12-02 00:00")); err != nil {
				return err
			}
			w, err := refer(ctx, tx, monday, harbour, c.wish)
			if err != nil {
				return err
			}
			if _, _, err := Allocate(ctx, tx, harbour, monday, w); err != nil {
				return err
			}
			if err := tx.As(ctx, jobs); err != nil {
				return err
			}
			if err := CloseDay(ctx, tx, harbour, monday, on("2025-12-02")); err != nil {
				return err
			}
			a, err := Open(ctx, tx, w.ReferralID)
			if err != nil || a.when() != c.closed || a.flag() != c.flag {
				t.Errorf("%s, closed: %s %q %v", name, a.when(), a.flag(), err)
			}
			if free := clocks(ctx, t, tx, on("2025-12-02")); free != "" {
				t.Errorf("%s: the closed day has %s", name, free)
			}
			if err := BringIn(ctx, tx, monday); err != nil {
				return err
			}
			if err := OpenDay(ctx, tx, harbour, monday, on("2025-12-02")); err != nil {
				return err
			}
			if a, err = Open(ctx, tx, w.ReferralID); err != nil || a.when() != c.opened || a.flag() != "" {
				t.Errorf("%s, opened: %s %q %v", name, a.when(), a.flag(), err)
			}
			return nil
		})
	}
}

// What the configuration closes can be opened by hand, and stays open at the next start.
func TestADayOfTheConfigurationCanBeOpened(t *testing.T) {
	pool := world(t, monday, func(c *config.Config) { c.Providers[0].ClosedDays = []string{"2025-12-10"} })
	try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		if err := OpenDay(ctx, tx, harbour, monday, on("2025-12-10")); err != nil {
			return err
		}
		if err := BringIn(ctx, tx, monday); err != nil {
			return err
		}
		if got := clocks(ctx, t, tx, on("2025-12-10")); got != "10:00 10:30 11:00 11:30" {
			t.Errorf("after a restart: %q", got)
		}
		var none *problem.NotFound
		if err := OpenDay(ctx, tx, harbour, monday, on("2025-12-10")); !errors.As(err, &none) {
			t.Errorf("opened twice: %v", err)
		}
		return nil
	})
}

func TestAClinicThatStaffChangedIsTheirs(t *testing.T) {
	yes := true
	good := ClinicDraft{Code: "MON-AM", Weekday: "monday", Starts: "09:00", Ends: "10:00", SlotMinutes: "30", Places: "1", Prescribing: &yes,
		Place: "Quay Rooms", Address: "1 Quay", AskFor: "the desk", Telephone: "01752 000001"}
	for name, spoil := range map[string]func(*ClinicDraft){
		"code":         func(d *ClinicDraft) { d.Code = "two words" },
		"weekday":      func(d *ClinicDraft) { d.Weekday = "someday" },
		"starts":       func(d *ClinicDraft) { d.Starts = "25:00" },
		"ends":         func(d *ClinicDraft) { d.Ends = "09:20" },
		"slot_minutes": func(d *ClinicDraft) { d.SlotMinutes = "4" },
		"places":       func(d *ClinicDraft) { d.Places = "many" },
		"prescribing":  func(d *ClinicDraft) { d.Prescribing = nil },
		"telephone":    func(d *ClinicDraft) { d.Telephone = " " },
	} {
		d := good
		spoil(&d)
		_, err := d.checked()
		var wrong *problem.Invalid
		if !errors.As(err, &wrong) || len(wrong.Corrections) != 1 || wrong.Corrections[0].Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	pool := world(t, monday, nil)
	try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		if err := ChangeClinic(ctx, tx, harbour, monday, good); err != nil {
			return err
		}
		if err := CloseClinic(ctx, tx, harbour, monday, "WED-AM"); err != nil {
			return err
		}
		if err := BringIn(ctx, tx, monday); err != nil {
			return err
		}
		for day, want := range map[string]string{"2025-12-08": "09:00 I 09:30 I", "2025-12-10": "", "2025-12-09": "13:30 14:00 14:30 15:00 15:30"} {
			if got := clocks(ctx, t, tx, on(day)); got != want {
				t.Errorf("%s: %q, want %q", day, got, want)
			}
		}
		if err := AddClinic(ctx, tx, prison, monday, good); err == nil {
			t.Error("a prison adds a clinic")
		}
		return nil
	})
}
