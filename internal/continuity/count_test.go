package continuity

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/problem"
)

// A window to 31 December 2023, and every day on which something turns:
//
//	30 Sep | 1 Oct ............... 10 Dec | 11 Dec (W-20) ...... 31 Dec (W) | 1 Jan
//	  out  |              in the window   |  first three weeks              |  out
func TestEachThresholdWithItsNeighbours(t *testing.T) {
	const w, late = "2023-12-31", "2024-04-30"
	co := newCohort(t)
	for _, c := range []struct {
		why     string
		row     row
		through string
		want    string // M1, first three weeks, M2, awaiting
	}{
		{"the day before the window", row{released: "2023-09-30"}, late, "0/0 0 0/0 0"},
		{"the window's first day", row{released: "2023-10-01"}, late, "0/1 0 0/1 0"},
		{"the window's last day", row{released: "2023-12-31"}, late, "0/1 1 0/1 0"},
		{"the day after the window", row{released: "2024-01-01"}, late, "0/0 0 0/0 0"},
		{"W-21 is not in the first three weeks", row{released: "2023-12-10"}, late, "0/1 0 0/1 0"},
		{"W-20 is", row{released: "2023-12-11"}, late, "0/1 1 0/1 0"},
		{"W-20, picked up, is not waiting", row{released: "2023-12-11", picked: "2023-12-12"}, late, "1/1 0 1/1 0"},
		{"W-20, picked up after W, was waiting", row{released: "2023-12-11", picked: "2024-01-02"}, late, "0/1 1 0/1 0"},
		{"picked up on W", row{released: "2023-12-20", picked: "2023-12-31"}, late, "1/1 0 1/1 0"},
		{"picked up on W+1", row{released: "2023-12-20", picked: "2024-01-01"}, late, "0/1 1 1/1 0"},
		{"day 0", row{released: "2023-11-01", picked: "2023-11-01"}, late, "1/1 0 1/1 0"},
		{"the day before release is no pick-up", row{released: "2023-11-01", picked: "2023-10-31"}, late, "0/1 0 0/1 0"},
		{"day 21", row{released: "2023-11-01", picked: "2023-11-22"}, late, "1/1 0 1/1 0"},
		{"day 22", row{released: "2023-11-01", picked: "2023-11-23"}, late, "1/1 0 0/1 0"},
		{"day 91", row{released: "2023-10-01", picked: "2023-12-31"}, late, "1/1 0 0/1 0"},
		{"21 days across the clock change", row{released: "2023-10-20", picked: "2023-11-10"}, late, "1/1 0 1/1 0"},
		{"released on T-21 is mature", row{released: "2023-12-11"}, "2024-01-01", "0/1 1 0/1 0"},
		{"released on T-20 awaits", row{released: "2023-12-12"}, "2024-01-01", "0/1 1 0/0 1"},
		{"awaits though it is picked up", row{released: "2023-12-12", picked: "2023-12-13"}, "2024-01-01", "1/1 0 0/0 1"},
		{"picked up on T", row{released: "2023-12-11", picked: "2023-12-31"}, "2023-12-31", "1/1 0 0/0 1"},
		{"picked up after T, within 21 days of a mature release", row{released: "2023-12-10", picked: "2024-01-01"}, "2023-12-31", "0/1 0 0/1 0"},
		{"withdrawn before release", row{withdrawn: "2023-11-01"}, late, "0/0 0 0/0 0"},
		{"told to no provider", row{released: "2023-11-01", noProvider: true}, late, "0/0 0 0/0 0"},
		{"no consent", row{released: "2023-11-01", setAside: "no consent"}, late, "0/0 0 0/0 0"},
		{"no referral made", row{released: "2023-11-01", setAside: "no referral made"}, late, "0/0 0 0/0 0"},
		{"not released yet", row{}, late, "0/0 0 0/0 0"},
	} {
		t.Run(c.why, func(t *testing.T) {
			co.empty()
			co.add(c.row)
			f := co.one(w, c.through)
			got := fmt.Sprintf("%d/%d %d %d/%d %d", f.M1.PickedUp, f.M1.Releases, f.M1.FirstThreeWeeks, f.M2.PickedUp, f.M2.Releases, f.M2.Awaiting)
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// No window is longer than 92 days, so that M1 never sees day 92; S5 does.
func TestDay92IsAPickUpAndDay93IsNone(t *testing.T) {
	c := newCohort(t)
	c.add(row{released: "2023-10-01", picked: "2024-01-01"}) // day 92
	c.add(row{released: "2023-10-02", picked: "2024-01-03"}) // day 93
	w := c.one("2023-12-31", "2024-06-30")
	if w.Supporting.S5.Bands != (Bands{5: 1, 6: 1}) {
		t.Errorf("bands: %v", w.Supporting.S5.Bands)
	}
}

func TestM2AdjustedTakesTheEarliestReasonBeforeAnyPickUp(t *testing.T) {
	co := newCohort(t)
	for _, c := range []struct {
		why  string
		row  row
		want string // picked up/releases, elsewhere, died, returned, moved
	}{
		{"died on day 21", row{died: "2023-11-22"}, "0/0 0 1 0 0"},
		{"died on day 22", row{died: "2023-11-23"}, "0/1 0 0 0 0"},
		{"died before release, a wrong date", row{died: "2023-10-31"}, "0/1 0 0 0 0"},
		{"died on the day of release", row{died: "2023-11-01"}, "0/0 0 1 0 0"},
		{"returned the day before the pick-up that M2 counts", row{picked: "2023-11-10", recalled: "2023-11-09"}, "0/0 0 0 1 0"},
		{"returned on the day of the pick-up", row{picked: "2023-11-10", recalled: "2023-11-10"}, "1/1 0 0 0 0"},
		{"returned after the pick-up", row{picked: "2023-11-10", recalled: "2023-11-11"}, "1/1 0 0 0 0"},
		{"returned, picked up too late for M2", row{picked: "2023-11-30", recalled: "2023-11-11"}, "0/0 0 0 1 0"},
		{"returned, then died: the earliest", row{recalled: "2023-11-05", died: "2023-11-10"}, "0/0 0 0 1 0"},
		{"moved, then died", row{moved: "2023-11-05", died: "2023-11-10"}, "0/0 0 0 0 1"},
		{"picked up elsewhere on day 21", row{elsewhere: "2023-11-22"}, "1/1 1 0 0 0"},
		{"picked up elsewhere on day 22", row{elsewhere: "2023-11-23"}, "0/1 0 0 0 0"},
		{"picked up here and elsewhere", row{picked: "2023-11-10", elsewhere: "2023-11-12"}, "1/1 0 0 0 0"},
		{"picked up here too late, elsewhere in time", row{picked: "2023-11-30", elsewhere: "2023-11-12"}, "1/1 1 0 0 0"},
		{"picked up elsewhere, then died", row{elsewhere: "2023-11-05", died: "2023-11-10"}, "1/1 1 0 0 0"},
		{"died, then picked up elsewhere on paper", row{elsewhere: "2023-11-12", died: "2023-11-10"}, "0/0 0 1 0 0"},
	} {
		t.Run(c.why, func(t *testing.T) {
			co.empty()
			c.row.released = "2023-11-01"
			co.add(c.row)
			a := co.one("2023-12-31", "2024-01-31").M2Adjusted
			got := fmt.Sprintf("%d/%d %d %d %d %d", a.PickedUp, a.Releases, a.PickedUpElsewhere, a.Removed.Died, a.Removed.ReturnedToCustody, a.Removed.MovedArea)
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestBreakdownsHaveTheirFixedGroups(t *testing.T) {
	c := newCohort(t)
	c.add(row{released: "2023-11-01", age: 29, sex: "female", group: "alcohol only", referred: "2023-10-31", picked: "2023-11-30"})
	c.add(row{released: "2023-11-01", age: 30, prison: "BRI", referred: "2023-11-02"})
	c.add(row{released: "2023-11-01", age: 50, received: "2023-11-01", picked: "2023-11-02"})
	c.add(row{released: "2023-11-01", age: 18})
	w := c.one("2023-12-31", "2024-01-31")
	for what, g := range map[string]struct {
		groups Groups
		want   string
	}{
		"substance group": {w.BySubstanceGroup, "opiate 1/3 1/3, non-opiate only 0/0 0/0, non-opiate and alcohol 0/0 0/0, alcohol only 1/1 0/1, not recorded 0/0 0/0"},
		"prison":          {w.ByPrison, "EXI 2/3 1/3, CWI 0/0 0/0, DMI 0/0 0/0, BRI 0/1 0/1"},
		"sex":             {w.BySex, "female 1/1 0/1, male 1/3 1/3, not_known 0/0 0/0, not_specified 0/0 0/0"},
		"age band":        {w.ByAgeBand, "18-29 1/2 0/2, 30-39 0/1 0/1, 40-49 0/0 0/0, 50+ 1/1 1/1"},
		"notice":          {w.ByNotice, "planned 2/2 1/2, unplanned 0/1 0/1, not recorded 0/1 0/1"},
	} {
		var said []string
		for _, one := range g.groups {
			said = append(said, fmt.Sprintf("%s %d/%d %d/%d", one.Name, one.M1.PickedUp, one.M1.Releases, one.M2.PickedUp, one.M2.Releases))
		}
		if got := strings.Join(said, ", "); got != g.want {
			t.Errorf("by %s: %s\nwant %s", what, got, g.want)
		}
	}
}

func TestSupportingMeasures(t *testing.T) {
	c := newCohort(t)
	yes, no := new(true), new(false)
	first := c.add(row{released: "2023-11-01", referred: "2023-10-18", medicine: "methadone", bridging: "2023-11-03", naloxone: yes, smart: yes, recon: yes})
	c.appointment(first, "2023-10-20", "2023-11-03", "did_not_attend")
	c.appointment(first, "2023-11-03", "2023-11-06", "attended")
	second := c.add(row{released: "2023-11-02", received: "2023-10-20", medicine: "methadone", bridging: "2023-11-03", naloxone: no, smart: yes, recon: no})
	c.appointment(second, "2023-11-23", "2023-11-23", "cancelled") // a list says for which day it was offered
	third := c.add(row{released: "2023-11-03", group: "alcohol only"})
	c.appointment(third, "2023-11-03", "2023-11-25", "")
	c.appointment(third, "2023-10-01", "2023-10-20", "cancelled") // before the release
	fourth := c.add(row{released: "2023-11-04", referred: "2023-11-06", sex: "not_known", group: "not recorded"})
	c.appointment(fourth, "", "2023-11-30", "attended")          // a list that says nothing of an offer
	c.appointment(first, "2023-11-10", "2024-02-10", "attended") // after the data
	c.add(row{exit: "2023-11-05", status: "need_not_referred", setAside: "no referral made", noProvider: true})
	c.add(row{exit: "2023-11-05", status: "need_not_referred", setAside: "other partnership", noProvider: true})
	c.exec(`INSERT INTO contact (id, referral_id, kind, contact_on, recorded_at, recorded_by)
		SELECT gen_random_uuid(), id, 'smart_community', released_on + 28 + CAST(id = $2 AS int), '2022-01-01', 'service' FROM referral WHERE id IN ($1, $2)`, first, second)

	s := c.one("2023-12-31", "2024-01-31").Supporting
	for what, got := range map[string]struct {
		figure Figure
		want   string
	}{
		"s1":  {s.S1, "2/3 not recorded 1"},
		"s2":  {s.S2, "2/4 not recorded 0"},
		"s3":  {s.S3, "2/3 not recorded 0"},
		"s4":  {s.S4.Share14Days, "1/3 not recorded 1"},
		"s6":  {s.S6, "4/5 not recorded 0"},
		"s7":  {s.S7.Figure, "1/4 not recorded 1"},
		"s8":  {s.S8, "1/2 not recorded 0"},
		"s9":  {s.S9, "1/2 not recorded 0"},
		"s10": {s.S10, "1/2 not recorded 2"},
		"s11": {s.S11, "1/4 not recorded 2"},
		"s12": {s.S12.Figure, "10/12 not recorded 2"},
	} {
		if said := fmt.Sprintf("%d/%d not recorded %d", got.figure.Numerator, got.figure.Denominator, got.figure.NotRecorded); said != got.want {
			t.Errorf("%s is %s, want %s", what, said, got.want)
		}
	}
	if *s.S4.MedianDays != 13 {
		t.Errorf("median lead time %v", *s.S4.MedianDays)
	}
}

// A provider's list says that somebody was offered 30 November and came on the 5th. That they came is known on the 5th; what
// they were offered, on the 30th. S2 and S3 wait for the 21 days as M2 does.
func TestSomebodyWhoCameBeforeTheDayOfferedHasCome(t *testing.T) {
	c := newCohort(t)
	came := c.add(row{released: "2023-11-01"})
	c.appointment(came, "2023-11-30", "2023-11-05", "attended")
	for through, want := range map[string]string{
		"2023-11-04": "S1 0/0 S2 0/0 S3 0/0 came 0",
		"2023-11-05": "S1 0/0 S2 0/0 S3 0/0 came 1",
		"2023-11-29": "S1 0/0 S2 0/1 S3 1/1 came 1",
		"2023-11-30": "S1 0/1 S2 1/1 S3 1/1 came 1",
	} {
		o, err := Look(t.Context(), c.pool, Ask{WindowEnd: day.MustParse("2023-11-04"), DataThrough: day.MustParse(through), Today: longAfter})
		if err != nil {
			t.Fatal(err)
		}
		s := o.Figures.Windows[0].Supporting
		got := fmt.Sprintf("S1 %d/%d S2 %d/%d S3 %d/%d came %d", s.S1.Numerator, s.S1.Denominator, s.S2.Numerator, s.S2.Denominator,
			s.S3.Numerator, s.S3.Denominator, s.Came)
		if got != want {
			t.Errorf("with data through %s: %s, want %s", through, got, want)
		}
	}
}

// What was said on 1 January can be said again, whatever was learnt since.
func TestAPastFigureCanBeMadeAgain(t *testing.T) {
	c := newCohort(t)
	moved := c.add(row{person: "a", released: "2023-11-01", known: "2023-11-02"})
	c.add(row{person: "a", released: "2023-11-20", known: "2023-11-21"})
	late := c.add(row{released: "2023-11-05", known: "2023-11-06"})
	undone := c.add(row{released: "2023-11-05", picked: "2023-11-08", known: "2023-11-09"})
	c.add(row{released: "2023-11-05", known: "2024-01-05"})

	c.exec(`UPDATE referral SET set_aside = 'other partnership', updated_at = '2024-01-10' WHERE id = $1`, moved)
	c.exec(`UPDATE referral SET picked_up_on = '2023-11-10' WHERE id = $1`, late)
	c.exec(`INSERT INTO pickup (id, referral_id, picked_up_on, kind, late, recorded_at, recorded_by)
		VALUES (gen_random_uuid(), $1, '2023-11-10', 'new_episode', false, '2024-01-06', 'service')`, late)
	c.exec(`UPDATE referral SET picked_up_on = NULL WHERE id = $1`, undone)
	c.exec(`UPDATE pickup SET undone_at = '2024-01-07', undone_by = 'service', undone_reason = 'by hand' WHERE referral_id = $1`, undone)

	for at, want := range map[string]string{
		"2023-11-01": "0/0 of 0 people", "2024-01-01": "1/4 of 3 people", "2024-01-06": "2/5 of 4 people",
		"2024-01-08": "1/5 of 4 people", "2024-01-11": "1/4 of 4 people", "": "1/4 of 4 people",
	} {
		ask := Ask{WindowEnd: day.MustParse("2023-12-31"), DataThrough: day.MustParse("2023-12-31"), Today: longAfter}
		if at != "" {
			ask.AsKnownAt = new(day.MustParse(at).At(12, 0))
		}
		f, err := Count(t.Context(), c.pool, ask)
		if err != nil {
			t.Fatal(err)
		}
		m1 := f.Windows[0].M1
		if got := fmt.Sprintf("%d/%d of %d people", m1.PickedUp, m1.Releases, m1.People); got != want {
			t.Errorf("as known at %s: %s, want %s", at, got, want)
		}
	}
}

func TestAQuestionThatCannotBeAnsweredSaysWhy(t *testing.T) {
	good := Ask{WindowEnd: day.MustParse("2023-12-31"), DataThrough: day.MustParse("2023-12-31"), Months: 120, Today: day.MustParse("2024-01-01")}
	if _, err := good.checked(); err != nil {
		t.Fatal(err)
	}
	for why, c := range map[string]struct {
		spoil func(*Ask)
		field string
		names []string
	}{
		"T before W":          {func(a *Ask) { a.DataThrough = day.MustParse("2023-12-30") }, "data_through", []string{"30 December 2023", "31 December 2023"}},
		"W after yesterday":   {func(a *Ask) { a.DataThrough, a.Today = day.Date{}, day.MustParse("2023-12-31") }, "window_end", []string{"30 December 2023", "31 December 2023"}},
		"T today":             {func(a *Ask) { a.DataThrough = a.Today }, "data_through", []string{"1 January 2024", "31 December 2023"}},
		"W in the future":     {func(a *Ask) { a.WindowEnd, a.DataThrough = a.Today.Add(7), a.Today.Add(7) }, "data_through", []string{"8 January 2024", "31 December 2023"}},
		"no window":           {func(a *Ask) { a.WindowEnd = day.Date{} }, "window_end", nil},
		"too many months":     {func(a *Ask) { a.Months = 121 }, "months", []string{"120"}},
		"fewer than no month": {func(a *Ask) { a.Months = -1 }, "months", nil},
	} {
		ask := good
		c.spoil(&ask)
		_, err := ask.checked()
		var invalid *problem.Invalid
		if !errors.As(err, &invalid) || len(invalid.Corrections) != 1 || invalid.Corrections[0].Field != c.field {
			t.Errorf("%s: %v", why, err)
			continue
		}
		for _, name := range c.names {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %q does not name %s", why, err, name)
			}
		}
	}
}

func TestFiguresAreTheJSONOfTheAPI(t *testing.T) {
	c := newCohort(t)
	f, err := Count(t.Context(), c.pool, Ask{WindowEnd: day.MustParse("2023-12-31"), Months: 2, Today: day.Of(time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC))})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`{"measure":"1","data_through":"2024-01-01","partnership":"Plymouth","windows":[{"window_start":"2023-09-01","window_end":"2023-11-30",` +
			`"m1":{"releases":0,"people":0,"picked_up":0,"percent":null,"ci95":null,"first_three_weeks":0},` +
			`"m2":{"releases":0,"picked_up":0,"percent":null,"ci95":null,"awaiting":0},` +
			`"m2_adjusted":{"releases":0,"picked_up":0,"percent":null,"ci95":null,"picked_up_elsewhere":0,"removed":{"died":0,"returned_to_custody":0,"moved_area":0}},` +
			`"by_substance_group":{"opiate":{"m1":{"releases":0,"picked_up":0,"percent":null,"ci95":null},"m2":{`,
		`"by_prison":{"EXI":{`, `"supporting":{"s1":{"numerator":0,"denominator":0,"percent":null,"ci95":null,"not_recorded":0}`,
		`"s4":{"median_days":null,"share_14_days":{`, `"s5":{"bands":{"0":0,"1-3":0,"4-7":0,"8-14":0,"15-21":0,"22-92":0,"not picked up":0}}`,
		`"window_end":"2023-12-31"`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the JSON lacks %s\n%s", part, text)
		}
	}
}
