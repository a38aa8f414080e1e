package continuity

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

// everything is all that can be asked about a day's figures, as text.
func (c *cohort) everything(ask Ask) string {
	c.t.Helper()
	figures, err := Count(c.t.Context(), c.pool, ask)
	if err != nil {
		c.t.Fatal(err)
	}
	seen, err := Look(c.t.Context(), c.pool, ask)
	if err != nil {
		c.t.Fatal(err)
	}
	chart, err := Chart(c.t.Context(), c.pool, ask)
	if err != nil {
		c.t.Fatal(err)
	}
	ask.LastWhole = true
	lean, err := Count(c.t.Context(), c.pool, ask)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := json.MarshalIndent([]any{figures, seen, chart, lean}, "", " ")
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// holds compares what is answered with what is counted afresh, and says whether all of a window was kept to answer with.
func (c *cohort) holds(ask Ask, when string) (kept bool) {
	c.t.Helper()
	got := c.everything(ask)
	ask.afresh = true
	if diff := cmp.Diff(c.everything(ask), got); diff != "" {
		c.t.Fatalf("%s, asked for the window to %s with data through %s:\n%s", when, ask.WindowEnd, ask.DataThrough, diff)
	}
	ask.afresh = false
	return c.keptOf(ask) > 0
}

// keptOf is how many of the windows asked for are kept and hold.
func (c *cohort) keptOf(ask Ask) (n int) {
	c.t.Helper()
	all, open := c.restored(ask)
	return len(all) - len(open)
}

// changedDays are the days that have changed of windows that are kept but for them.
func (c *cohort) changedDays(ask Ask) (days []day.Date) {
	c.t.Helper()
	_, open := c.restored(ask)
	for _, w := range open {
		days = append(days, w.alone...)
	}
	return days
}

// restored are the windows asked for, and those of them that are not kept, or not whole.
func (c *cohort) restored(ask Ask) (all, open []*tally) {
	c.t.Helper()
	ask, err := ask.checked()
	if err == nil {
		err = c.pool.Act(c.t.Context(), db.Scope{Part: db.Counting}, func(tx *db.Tx) (err error) {
			count := newCount(ask, tx.Rules, day.WindowEnds(ask.WindowEnd, ask.Months)...)
			all = count.windows
			open, err = count.restore(c.t.Context(), tx, true)
			return err
		})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return all, open
}

func (c *cohort) keep(today day.Date) (counted int) {
	c.t.Helper()
	counted, err := Keep(c.t.Context(), c.pool, today)
	if err != nil {
		c.t.Fatal(err)
	}
	return counted
}

// The ways in which what is counted can change, of the referral $id and by a number $n.
var changesOfRows = []string{
	`UPDATE referral SET picked_up_on = CASE WHEN picked_up_on IS NULL THEN released_on + $n END WHERE id = $id`,
	`UPDATE referral SET released_on = released_on + $n, updated_at = now() WHERE id = $id`,
	`UPDATE referral SET released_on = CASE WHEN released_on IS NULL THEN DATE '2023-01-01' + $n END, updated_at = now() WHERE id = $id`,
	`UPDATE referral SET set_aside = CASE WHEN set_aside IS NULL THEN 'no consent' END, updated_at = now() WHERE id = $id`,
	`UPDATE referral SET provider = CASE WHEN provider IS NULL THEN 'HARBOUR' END, updated_at = now() WHERE id = $id`,
	`UPDATE referral SET prison = 'BRI', substance_group = 'alcohol only', age_at_release = 18 + $n, updated_at = now() WHERE id = $id`,
	`UPDATE referral SET referred_on = released_on - $n, updated_at = now() WHERE id = $id`,
	`UPDATE referral SET opioid_substitution = 'methadone', bridging_until = released_on + $n, naloxone_supplied = true WHERE id = $id`,
	`UPDATE referral SET attends_smart = true, reconnect_referred = $n > 20 WHERE id = $id`,
	`UPDATE referral SET set_aside = 'no referral made', referral_status = 'need_not_referred', exit_on = DATE '2023-02-01' + $n, updated_at = now() WHERE id = $id`,
	`UPDATE referral SET exit_on = exit_on + $n WHERE id = $id`,
	`INSERT INTO closure (id, referral_id, reason, closed_on, provider_name, recorded_at, recorded_by)
		SELECT gen_random_uuid(), id, (ARRAY['died', 'returned_to_custody', 'moved_area', 'picked_up_elsewhere'])[1 + $n % 4],
		  coalesce(released_on, DATE '2023-05-01') + $n % 25, 'Another', now(), 'service' FROM referral WHERE id = $id
		ON CONFLICT DO NOTHING`,
	`UPDATE closure SET undone_at = CASE WHEN $n > 0 THEN now() END WHERE referral_id = $id`,
	`INSERT INTO contact (id, referral_id, kind, contact_on, recorded_at, recorded_by)
		SELECT gen_random_uuid(), id, (ARRAY['cjit', 'smart_community'])[1 + $n % 2], coalesce(released_on, DATE '2023-05-01') + $n * 3, now(), 'service'
		FROM referral WHERE id = $id`,
	`UPDATE contact SET undone_at = CASE WHEN $n > 0 THEN now() END WHERE referral_id = $id`,
	`INSERT INTO appointment (id, referral_id, provider, on_day, attempt, booked_on, booked_at, outcome, outcome_at)
		SELECT gen_random_uuid(), id, 'HARBOUR', coalesce(released_on, DATE '2023-05-01') + $n * 5, 1, CASE WHEN $n % 3 = 0 THEN released_on - 2 + $n END, now(),
		  (ARRAY['attended', 'did_not_attend', NULL])[1 + $n % 3], CASE WHEN $n % 3 < 2 THEN now() END
		FROM referral WHERE id = $id`,
	`INSERT INTO appointment (id, referral_id, provider, on_day, attempt, booked_on, booked_at, outcome, outcome_at)
		SELECT gen_random_uuid(), id, 'HARBOUR', coalesce(released_on, DATE '2023-05-01') + $n % 6, 1, coalesce(released_on, DATE '2023-05-01') + $n * 3, now(),
		  'attended', now()
		FROM referral WHERE id = $id`,
	`UPDATE appointment SET outcome = 'attended', outcome_at = now() WHERE referral_id = $id AND $n > 0`,
	`UPDATE appointment SET undone_at = CASE WHEN $n > 0 THEN now() END WHERE referral_id = $id`,
	`DELETE FROM contact WHERE referral_id = $id AND $n > 0`,
	`UPDATE referral SET person_id = (SELECT person_id FROM referral WHERE released_on IS NOT NULL ORDER BY abs(released_on - $n - DATE '2023-06-01') LIMIT 1), updated_at = now() WHERE id = $id`,
}

// Whatever happens to the rows, in whatever order, and however time passes: what is answered with the help of what is kept
// is what would be counted.
func TestWhatIsKeptIsWhatWouldBeCounted(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 77))
			c := newCohort(t)
			var ids []uuid.UUID
			for _, one := range randomRows(r, 60) {
				ids = append(ids, c.add(one))
			}
			today, answered, byDay := day.MustParse("2023-06-20"), 0, 0
			for step := range 40 {
				what := "at the beginning"
				switch r.IntN(8) {
				case 0:
					today = today.Add(r.IntN(20))
					if r.IntN(2) == 0 {
						c.keep(today)
					}
				case 1, 2:
					c.keep(today)
				default:
					what = c.happen(r, ids)
				}
				through := today.Add(-1)
				ask := Ask{WindowEnd: through, DataThrough: through, Months: 6, Today: today}
				if r.IntN(3) == 0 {
					ask.WindowEnd = day.MonthEnd(through.AddMonths(-1 - r.IntN(8)))
					ask.DataThrough = ask.WindowEnd.Add(r.IntN(through.Sub(ask.WindowEnd) + 1))
				}
				if c.holds(ask, fmt.Sprintf("step %d, %s", step, what)) {
					answered++
				}
				if len(c.changedDays(ask)) > 0 {
					byDay++
				}
				c.addsUp()
			}
			if answered < 10 || byDay < 10 {
				t.Errorf("only %d answers had anything kept in them, and %d but for some days: this proves little", answered, byDay)
			}
		})
	}
}

// addsUp holds what is kept of windows against what is kept of their days.
func (c *cohort) addsUp() {
	c.t.Helper()
	var off int
	if err := c.handle.QueryRow(`
		SELECT count(*)
		FROM kept_window w
		WHERE by_day
		  AND (
		    SELECT (sum((counts -> 'Rates' -> 'All' ->> 'Releases')::int), sum((counts -> 'Rest' ->> 'Twice')::int))
		    FROM kept_day d
		    WHERE d.window_end = w.window_end
		  ) IS DISTINCT FROM ((rates -> 'All' ->> 'Releases')::bigint, (rest ->> 'Twice')::bigint)`).Scan(&off); err != nil || off > 0 {
		c.t.Fatalf("%d windows are not the sum of their days (%v)", off, err)
	}
}

// happen changes something of somebody; what the schema refuses has not happened.
func (c *cohort) happen(r *rand.Rand, ids []uuid.UUID) string {
	change := changeOf(changesOfRows[r.IntN(len(changesOfRows))], ids[r.IntN(len(ids))], r.IntN(40))
	if _, err := c.handle.Exec(change); err != nil {
		return "nothing"
	}
	return change
}

func changeOf(statement string, id uuid.UUID, n int) string {
	return strings.NewReplacer("$id", "'"+id.String()+"'", "$n", strconv.Itoa(n)).Replace(statement)
}

// Each of the changes by itself makes what it belongs to be counted again: none goes unnoticed, neither in a window that is
// kept whole nor in one that is kept by day.
func TestEveryChangeIsNoticed(t *testing.T) {
	for _, today := range []day.Date{day.MustParse("2024-02-01"), day.MustParse("2023-09-01")} {
		t.Run(today.String(), func(t *testing.T) {
			t.Parallel()
			c := newCohort(t)
			ask := Ask{WindowEnd: day.MustParse("2023-06-30"), DataThrough: today.Add(-1), Today: today}
			for _, change := range changesOfRows {
				c.empty()
				c.add(row{person: "again", released: "2023-04-20"})
				id := c.add(row{person: "again", released: "2023-05-20", exit: "2023-05-20", picked: "2023-05-28", died: "2023-06-01"})
				c.appointment(id, "", "2023-05-22", "")
				c.exec(`INSERT INTO contact (id, referral_id, kind, contact_on, recorded_at, recorded_by) VALUES ($1, $2, 'cjit', '2023-05-21', now(), 'service')`, uuid.New(), id)
				c.keep(today)
				if c.keptOf(ask) != 1 {
					t.Fatal("nothing is kept")
				}
				changed, err := c.handle.Exec(changeOf(change, id, 3))
				if err != nil {
					t.Fatalf("%v\n%s", err, change)
				}
				if n, err := changed.RowsAffected(); n == 0 || c.keptOf(ask) != 0 {
					t.Errorf("%d rows changed (%v), and nobody noticed: %s", n, err, change)
				}
			}
		})
	}
}

// Of the window to yesterday the day that has changed is counted again, by whoever asks and by the next call, and no other.
func TestOnlyTheDayThatChangedIsCountedAgain(t *testing.T) {
	c := newCohort(t)
	for _, one := range randomRows(rand.New(rand.NewPCG(2, 2)), 40) {
		c.add(one)
	}
	id := c.add(row{released: "2023-05-20", prison: "BRI"})
	today := day.MustParse("2023-06-12")
	ask := Ask{WindowEnd: today.Add(-1), DataThrough: today.Add(-1), Today: today}
	c.keep(today)
	c.exec(`UPDATE referral SET released_on = '2023-05-23', prison = 'EXI', updated_at = now() WHERE id = $1`, id)
	was, is := day.MustParse("2023-05-20"), day.MustParse("2023-05-23")
	if diff := cmp.Diff([]string{was.String(), is.String()}, texts(c.changedDays(ask))); diff != "" {
		t.Error(diff)
	}
	c.holds(ask, "while two days are counted by themselves")
	c.exec(`UPDATE kept_day SET counts = '{}' WHERE day NOT IN ($1, $2)`, was, is)
	if n := c.keep(today); n != 2 {
		t.Errorf("%d windows were counted again, and not the one to yesterday and the one to the end of May", n)
	}
	if !c.holds(ask, "when they have been counted again") {
		t.Error("it is not kept")
	}
}

func texts(days []day.Date) (list []string) {
	for _, d := range days {
		list = append(list, d.String())
	}
	return list
}

// What another program counted, or another cluster, is not read; nor what was counted to another day while it still counts.
func TestWhatSomebodyElseKeptIsNotRead(t *testing.T) {
	c := newCohort(t)
	c.add(row{released: "2023-05-20", picked: "2023-05-25"})
	late := c.add(row{released: "2023-05-21"})
	c.appointment(late, "", "2024-01-20", "") // a fact that the data cover only later
	today := day.MustParse("2023-12-01")
	ask := Ask{WindowEnd: day.MustParse("2023-06-30"), DataThrough: today.Add(-1), Today: today}
	c.keep(today)
	if !c.holds(ask, "on the day") {
		t.Fatal("nothing is kept")
	}
	ask.Today = day.MustParse("2024-02-01")
	ask.DataThrough = ask.Today.Add(-1)
	if c.holds(ask, "when the data cover the late appointment") {
		t.Error("what did not know the late appointment was used")
	}
	c.keep(ask.Today)
	ask.Today = day.MustParse("2024-05-01")
	ask.DataThrough = ask.Today.Add(-1)
	if !c.holds(ask, "when time changes nothing any more") {
		t.Error("what holds for good was not used")
	}
	for _, other := range []string{`made_by = 'another program'`, `cluster = cluster + 1`} {
		c.keep(ask.Today)
		c.exec(`UPDATE kept_window SET rates = '{"All": {"Releases": 99}}', ` + other)
		if c.holds(ask, other) {
			t.Error(other + ": was read")
		}
	}
}

// A second call has nothing to do, and two at once do not stand in each other's way.
func TestCountingAheadIsDoneOnce(t *testing.T) {
	c := newCohort(t)
	for _, one := range randomRows(rand.New(rand.NewPCG(1, 1)), 40) {
		c.add(one)
	}
	today := day.MustParse("2024-02-01")
	done := make(chan error, 4)
	for range cap(done) {
		go func() {
			_, err := Keep(t.Context(), c.pool, today)
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := c.keep(today); n != 0 {
		t.Errorf("%d windows were counted again, though nothing changed", n)
	}
	var noted int
	if err := c.handle.QueryRow(`SELECT count(*) FROM changed_day`).Scan(&noted); err != nil || noted != 0 {
		t.Errorf("%d notes of changes are left (%v)", noted, err)
	}
}
