package continuity

import (
	"database/sql"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/day"
)

// Somebody's act is under way while the windows are counted, and is done when they have been.
func TestAnActUnderWayMakesWhatWasCountedVoid(t *testing.T) {
	c := newCohort(t)
	id := c.add(row{released: "2023-05-20"})
	today := day.MustParse("2024-02-01")
	ask := Ask{WindowEnd: day.MustParse("2023-06-30"), DataThrough: today.Add(-1), Today: today}
	act := c.begin()
	if _, err := act.Exec(`UPDATE referral SET picked_up_on = '2023-05-25' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	c.keep(today)
	if !c.holds(ask, "before the act is committed") {
		t.Error("nothing is kept")
	}
	if err := act.Commit(); err != nil {
		t.Fatal(err)
	}
	if c.holds(ask, "after it is") {
		t.Error("what had not seen the act was used")
	}
	if c.keep(today) == 0 || !c.holds(ask, "counted again") {
		t.Error("it was not counted again")
	}
}

// One confirms a release while another books an appointment for it: neither sees the other's row, and the month must be
// noted all the same.
func TestAnAppointmentWaitsForTheReleaseItWouldMiss(t *testing.T) {
	c := newCohort(t)
	c.add(row{released: "2023-05-19"})
	id := c.add(row{})
	today := day.MustParse("2024-02-01")
	ask := Ask{WindowEnd: day.MustParse("2023-06-30"), DataThrough: today.Add(-1), Today: today}
	booking := c.begin()
	if _, err := booking.Exec(`INSERT INTO appointment (id, referral_id, provider, on_day, attempt, booked_on, booked_at)
		VALUES ($1, $2, 'HARBOUR', '2023-05-22', 1, '2023-05-01', now())`, uuid.New(), id); err != nil {
		t.Fatal(err)
	}
	confirmed := make(chan error, 1)
	go func() {
		_, err := c.handle.Exec(`UPDATE referral SET released_on = '2023-05-20', updated_at = now() WHERE id = $1`, id)
		confirmed <- err
	}()
	c.eventually(`SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
		OR EXISTS (SELECT FROM referral WHERE id = $1 AND released_on IS NOT NULL)`, id)
	c.keep(today)
	if err := booking.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-confirmed; err != nil {
		t.Fatal(err)
	}
	c.holds(ask, "booked and released at once")
}

// begin is a transaction of the owner's.
func (c *cohort) begin() *sql.Tx {
	c.t.Helper()
	tx, err := c.handle.Begin()
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { tx.Rollback() })
	return tx
}

// eventually asks until the answer is true.
func (c *cohort) eventually(question string, args ...any) {
	c.t.Helper()
	for {
		var holds bool
		if err := c.handle.QueryRowContext(c.t.Context(), question, args...).Scan(&holds); err != nil {
			c.t.Fatal(err)
		}
		if holds {
			return
		}
	}
}
