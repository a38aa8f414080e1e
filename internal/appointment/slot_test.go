package appointment

import (
	"context"
	"strings"
	"testing"
	"time"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
)

// clocks are the London times at which a clinic has open slots on a day, with how many places are free.
func clocks(ctx context.Context, t *testing.T, tx *db.Tx, d day.Date) string {
	t.Helper()
	free, err := Slots(ctx, tx, monday, "HARBOUR", d, d)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range free {
		out = append(out, s.StartsAt.Format("15:04"))
		if s.Free != 2 {
			out = append(out, strings.Repeat("I", s.Free))
		}
	}
	return strings.Join(out, " ")
}

func TestSlots(t *testing.T) {
	pool := world(t, monday, func(c *config.Config) { c.Providers[0].ClosedDays = []string{"2025-12-10"} })
	try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
		for _, c := range []struct{ name, on, want string }{
			{"today, from now on", "2025-12-01", "10:00 10:30 11:00 11:30"},
			{"the last slot ends with the clinic", "2025-12-02", "13:30 14:00 14:30 15:00 15:30"},
			{"no clinic at the weekend", "2025-12-06", ""},
			{"a closed day", "2025-12-10", ""},
			{"the same weekday a week before", "2025-12-03", "10:00 10:30 11:00 11:30"},
			{"Christmas Day", "2025-12-25", ""},
			{"Boxing Day", "2025-12-26", ""},
			{"the day after a bank holiday", "2025-12-29", "10:00 10:30 11:00 11:30"},
			{"New Year", "2026-01-01", ""},
			{"Friday before the clocks go forward", "2026-03-27", "13:30 14:00 14:30 15:00 15:30 16:00"},
			{"Monday after the clocks went forward", "2026-03-30", "10:00 10:30 11:00 11:30"},
			{"Good Friday", "2026-04-03", ""},
			{"26 weeks ahead", "2026-06-01", "10:00 10:30 11:00 11:30"},
			{"the day after", "2026-06-02", ""},
		} {
			if got := clocks(ctx, t, tx, on(c.on)); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		return nil
	})
}

// The clocks go back at 02:00 on 25 October 2026: a Sunday clinic at ten is at ten before and after,
// seven days and an hour apart, and no slot of a clinic at night is doubled.
//
//	18 Oct 10:00 BST = 09:00 UTC    25 Oct 10:00 GMT = 10:00 UTC
func TestTheClocksGoBack(t *testing.T) {
	start := at("2026-10-12 09:00")
	pool := world(t, start, func(c *config.Config) {
		c.Providers[0].Clinics = []config.Clinic{
			{Code: "SUN", Weekday: "sunday", Start: "10:00", End: "11:00", SlotMinutes: 30, Places: 2, Place: "p", AskFor: "a", Telephone: "1"},
			{Code: "NIGHT", Weekday: "sunday", Start: "00:00", End: "04:00", SlotMinutes: 60, Places: 1, Place: "p", AskFor: "a", Telephone: "1"},
		}
	})
	for d, want := range map[string]string{
		"2026-10-18": "23:00 00:00 01:00 02:00 09:00 09:30",
		"2026-10-25": "23:00 01:00 02:00 03:00 10:00 10:30", // of the two hours that show 01:00 one is used
		"2027-03-28": "00:00 01:00 02:00 09:00 09:30",       // forward: there is no 01:00 that night
	} {
		try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
			free, err := Slots(ctx, tx, start, "HARBOUR", on(d), on(d))
			var got []string
			for _, s := range free {
				got = append(got, s.StartsAt.UTC().Format("15:04"))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %s", d, got, want)
			}
			return err
		})
	}
}

func TestOpeningTwiceOpensNothing(t *testing.T) {
	pool := world(t, monday, nil)
	for _, c := range []struct {
		name string
		now  time.Time
		want int
	}{
		{"again at once", monday, 0},
		{"later the same day", monday.Add(6 * time.Hour), 0},
		{"a day later: Tuesday in 26 weeks opens", monday.AddDate(0, 0, 1), 5 * 2},
		{"and again", monday.AddDate(0, 0, 1), 0},
		{"a week later", monday.AddDate(0, 0, 7), (4 + 4 + 5 + 6) * 2},
	} {
		act(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
			opened, err := OpenSlots(ctx, tx, c.now)
			if opened != c.want {
				t.Errorf("%s: %d places, want %d", c.name, opened, c.want)
			}
			return err
		})
	}
}

// Most starts bring in what is there already: they write nothing, and still mend what is not as it ought to be.
func TestBringingInTheSameWritesOnlyWhatDiffers(t *testing.T) {
	pool := world(t, monday, nil)
	for _, c := range []struct {
		name, spoil string
		now         time.Time
		writes      bool
	}{
		{"nothing has changed", "", monday, false},
		{"a slot was closed", `UPDATE slot SET closed_at = now() WHERE id = (SELECT id FROM slot ORDER BY starts_at DESC LIMIT 1)`, monday, true},
		{"a clinic was ended", `UPDATE clinic SET active = false WHERE code = 'WED-AM'`, monday, true},
		{"its telephone differs", `UPDATE clinic SET telephone = '' WHERE code = 'WED-AM'`, monday, true},
		{"a slot too many is open", `UPDATE slot SET starts_at = starts_at + interval '1 minute' WHERE id = (SELECT id FROM slot ORDER BY starts_at DESC LIMIT 1)`, monday, true},
		{"a day has come within reach", "", monday.AddDate(0, 0, 1), true},
	} {
		try(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
			if c.spoil != "" {
				if n, err := tx.Exec(ctx, c.spoil); err != nil || n != 1 {
					t.Fatalf("%s: %d rows spoilt, %v", c.name, n, err)
				}
			}
			before := rowVersions(ctx, t, tx)
			if err := BringIn(ctx, tx, c.now); err != nil {
				return err
			}
			if wrote := rowVersions(ctx, t, tx) != before; wrote != c.writes {
				t.Errorf("%s: wrote %v", c.name, wrote)
			}
			return nil
		})
	}
}

// rowVersions changes with every row written to clinics, slots and places.
func rowVersions(ctx context.Context, t *testing.T, tx *db.Tx) (versions string) {
	t.Helper()
	if err := tx.Get(ctx, &versions, `
		SELECT md5(string_agg(at, ',' ORDER BY at))
		FROM (
		  SELECT 'clinic ' || ctid AS at FROM clinic
		  UNION ALL SELECT 'slot ' || ctid FROM slot
		  UNION ALL SELECT 'place ' || ctid FROM place) AS rows`); err != nil {
		t.Fatal(err)
	}
	return versions
}

func TestSeveralServersOpenAtOnce(t *testing.T) {
	pool := world(t, monday, nil)
	together(t, 8, func(ctx context.Context) error {
		return pool.Act(ctx, jobs, func(tx *db.Tx) error { return BringIn(ctx, tx, monday.AddDate(0, 0, 14)) })
	})
	nothingOverbooked(t, pool)
}

// booked is one person on Wednesday 3 December at ten, and then the configuration changes.
func TestAChangedClinicKeepsWhatIsBooked(t *testing.T) {
	wednesday := on("2025-12-03")
	for _, c := range []struct {
		name   string
		change func(*config.Provider)
		want   string // what is still open that day
		back   string // and after the person cancels
	}{
		{"unchanged", func(*config.Provider) {}, "10:00 I 10:30 11:00 11:30", "10:00 10:30 11:00 11:30"},
		{"removed", func(p *config.Provider) { p.Clinics = append(p.Clinics[:2:2], p.Clinics[3:]...) }, "", ""},
		{"on another weekday", func(p *config.Provider) { p.Clinics[2].Weekday = "sunday" }, "", ""},
		{"closed that day", func(p *config.Provider) { p.ClosedDays = []string{wednesday.String()} }, "", ""},
		{"one place less", func(p *config.Provider) { p.Clinics[2].Places = 1 }, "10:30 I 11:00 I 11:30 I", "10:00 I 10:30 I 11:00 I 11:30 I"},
		{"one place more", func(p *config.Provider) { p.Clinics[2].Places = 3 }, "10:00 10:30 III 11:00 III 11:30 III", "10:00 III 10:30 III 11:00 III 11:30 III"},
		{"an hour later", func(p *config.Provider) { p.Clinics[2].Start = "11:00" }, "11:00 11:30", "11:00 11:30"},
		{"a quarter of an hour later, so that the booked one overlaps",
			func(p *config.Provider) { p.Clinics[2].Start, p.Clinics[2].End = "10:15", "11:15" }, "10:15 I 10:45", "10:15 I 10:45"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := world(t, monday, nil)
			provider := pool.Rules.Providers[0]
			provider.Clinics = append([]config.Clinic{}, provider.Clinics...)
			c.change(&provider)
			try(t, pool, prison.Scope(), func(ctx context.Context, tx *db.Tx) error {
				w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02"), Prescribing: true})
				if err != nil {
					return err
				}
				before, _, err := Allocate(ctx, tx, prison, monday, w)
				if err != nil {
					return err
				}
				tx.Rules.Providers[0] = provider
				if err := bringInAgain(ctx, tx); err != nil {
					return err
				}
				after, err := Open(ctx, tx, w.ReferralID)
				if err != nil || after.ID != before.ID || after.when() != "Wed 3 Dec 10:00" {
					t.Errorf("%s %v", after.when(), err)
				}
				if got := clocks(ctx, t, tx, wednesday); got != c.want {
					t.Errorf("open are %q, want %q", got, c.want)
				}
				if _, err := Free(ctx, tx, prison, monday, w.ReferralID, "withdrawn"); err != nil {
					return err
				}
				if got := clocks(ctx, t, tx, wednesday); got != c.back {
					t.Errorf("after cancelling %q, want %q", got, c.back)
				}
				return nil
			})
		})
	}
}

func bringInAgain(ctx context.Context, tx *db.Tx) error {
	if err := tx.As(ctx, jobs); err != nil {
		return err
	}
	if err := BringIn(ctx, tx, monday); err != nil {
		return err
	}
	return tx.As(ctx, prison.Scope())
}

func TestAClinicThatComesBackOpensAgain(t *testing.T) {
	pool := world(t, monday, nil)
	provider := pool.Rules.Providers[0]
	for _, step := range []struct {
		closed []string
		want   string
	}{
		{[]string{"2025-12-03"}, ""},
		{nil, "10:00 10:30 11:00 11:30"},
	} {
		pool.Rules.Providers[0].ClosedDays = step.closed
		act(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
			if err := BringIn(ctx, tx, monday); err != nil {
				return err
			}
			if got := clocks(ctx, t, tx, on("2025-12-03")); got != step.want {
				t.Errorf("closed %v: %q, want %q", step.closed, got, step.want)
			}
			return nil
		})
	}
	pool.Rules.Providers[0] = provider
}
