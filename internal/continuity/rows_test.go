package continuity

import (
	"database/sql"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/testdb"
)

// longAfter is a day on which all that the tests' cohorts cover is over.
var longAfter = day.MustParse("2025-06-01")

// cohort is a database to count in, filled row by row.
type cohort struct {
	t      testing.TB
	pool   *db.Pool
	handle *sql.DB // as the owner, so that any row can be written
	people map[string]uuid.UUID
}

func newCohort(t testing.TB) *cohort {
	t.Helper()
	d := testdb.New(t)
	handle, err := sql.Open("postgres", d.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { handle.Close() })
	c := &cohort{t: t, pool: d.Pool(t), handle: handle, people: map[string]uuid.UUID{}}
	c.exec(`INSERT INTO organisation (code, kind, name)
		VALUES ('EXI', 'prison', 'HMP Exeter'), ('CWI', 'prison', 'HMP Channings Wood'), ('DMI', 'prison', 'HMP Dartmoor'),
		  ('BRI', 'prison', 'HMP Bristol'), ('HARBOUR', 'provider', 'Harbour')`)
	return c
}

func (c *cohort) exec(statement string, args ...any) {
	c.t.Helper()
	if _, err := c.handle.Exec(statement, args...); err != nil {
		c.t.Fatalf("%v\n%s", err, statement)
	}
}

// empty takes all releases out again, which is quicker than another database.
func (c *cohort) empty() {
	c.t.Helper()
	for _, table := range []string{"pickup", "closure", "contact", "appointment", "release_again", "referral_was", "referral"} {
		c.exec("DELETE FROM " + table)
	}
}

// row is one referral and what became of it. What a test leaves out is as most referrals are.
type row struct {
	person                 string // none: somebody of their own
	prison, group, sex     string
	setAside, status       string
	age                    int
	referred, received     string
	released, exit         string
	picked, withdrawn      string
	died, recalled, moved  string
	elsewhere              string
	medicine, bridging     string
	naloxone, smart, recon *bool
	noProvider             bool
	known                  string // when it came in
}

// add writes the row and returns its id.
func (c *cohort) add(r row) uuid.UUID {
	c.t.Helper()
	id := uuid.New()
	if _, err := c.handle.Exec(insertReferral, c.arguments(id, r)...); err != nil {
		c.t.Fatal(err)
	}
	if r.picked != "" {
		c.exec(`INSERT INTO pickup (id, referral_id, picked_up_on, kind, late, recorded_at, recorded_by)
			VALUES ($1, $2, $3, 'new_episode', false, $4, 'service')`, uuid.New(), id, r.picked, orElse(r.known, "2022-01-01"))
	}
	for reason, on := range map[string]string{"died": r.died, "returned_to_custody": r.recalled, "moved_area": r.moved, "picked_up_elsewhere": r.elsewhere} {
		if on != "" {
			c.exec(`INSERT INTO closure (id, referral_id, reason, closed_on, provider_name, recorded_at, recorded_by)
				VALUES ($1, $2, $3, $4, 'Another', $5, 'service')`, uuid.New(), id, reason, on, orElse(r.known, "2022-01-01"))
		}
	}
	return id
}

const insertReferral = `
	INSERT INTO referral (id, reference, person_id, prison, provider, source, referred_on, received_on, released_on, exit_on, exit_reason,
	  discharge_reason, referral_status, set_aside, age_at_release, sex, substance_group, picked_up_on, withdrawn_on, withdrawn_reason,
	  opioid_substitution, bridging_until, naloxone_supplied, attends_smart, reconnect_referred, received_at, updated_at, known_from)
	VALUES (CAST($1 AS uuid), CAST(CAST($1 AS uuid) AS text), $2, $3, $4, 'file', $5, $6, $7, $8, 'RELEASED', 'transferred_not_in_custody', $9, $10, $11, $12, $13, $14, $15, $16,
	  $17, $18, $19, $20, $21, $22, $22, $22)`

func (c *cohort) arguments(id uuid.UUID, r row) []any {
	withdrawnReason := ""
	if r.withdrawn != "" {
		withdrawnReason = "duplicate"
	}
	provider := "HARBOUR"
	if r.noProvider {
		provider = ""
	}
	age := r.age
	if age == 0 {
		age = 35
	}
	return []any{id, c.person(r.person), orElse(r.prison, "EXI"), null(provider), null(r.referred), null(r.received), null(r.released),
		null(r.exit), orElse(r.status, "referred"), null(r.setAside), age, orElse(r.sex, "male"), orElse(r.group, "opiate"),
		null(r.picked), null(r.withdrawn), null(withdrawnReason), null(r.medicine), null(r.bridging), r.naloxone, r.smart, r.recon,
		orElse(r.known, "2022-01-01")}
}

func (c *cohort) person(name string) uuid.UUID {
	if id, known := c.people[name]; known && name != "" {
		return id
	}
	id := uuid.New()
	c.exec(`INSERT INTO person (id, prison_number_bix, date_of_birth_bix, name_bix, identity_sealed, updated_at)
		VALUES ($1, $2, '', '', '', now())`, id, id[:])
	c.people[name] = id
	return id
}

// appointment gives a referral an appointment; an outcome is recorded on its day.
func (c *cohort) appointment(referral uuid.UUID, booked, on, outcome string) {
	c.t.Helper()
	var by *string
	if outcome == "cancelled" {
		by = new("service")
	}
	c.exec(`INSERT INTO appointment (id, referral_id, provider, on_day, attempt, booked_on, booked_at, outcome, cancelled_by, outcome_at)
		VALUES ($1, $2, 'HARBOUR', $3, 1, $4, '2022-01-01', $5, $6, CAST($3 AS date) + interval '12 hours')`,
		uuid.New(), referral, on, null(booked), null(outcome), by)
}

// one counts a single window to end, with data through through.
func (c *cohort) one(end, through string) Window {
	c.t.Helper()
	f, err := Count(c.t.Context(), c.pool, Ask{WindowEnd: day.MustParse(end), DataThrough: day.MustParse(through), Today: longAfter})
	if err != nil {
		c.t.Fatal(err)
	}
	return f.Windows[0]
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// breaks says whether the row is refused by the named constraint.
func (c *cohort) breaks(r row, constraint string) bool {
	_, err := c.handle.Exec(insertReferral, c.arguments(uuid.New(), r)...)
	refused, ok := err.(*pq.Error)
	return ok && refused.Constraint == constraint
}
