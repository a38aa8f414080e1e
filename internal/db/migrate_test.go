package db_test

import (
	"database/sql"
	"testing"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"throughgate/internal/testdb"
	migrations "throughgate/sql"
)

// asOf gives a database the schema of an earlier version, and is what brings it up to date.
func asOf(t *testing.T, d *testdb.DB, version int64) (*sql.DB, *goose.Provider) {
	t.Helper()
	handle, err := sql.Open("postgres", d.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { handle.Close() })
	if _, err := handle.Exec(`DROP SCHEMA public CASCADE; CREATE SCHEMA public`); err != nil {
		t.Fatal(err)
	}
	files, err := migrations.Files()
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, handle, files)
	if err == nil {
		_, err = provider.UpTo(t.Context(), version)
	}
	if err != nil {
		t.Fatal(err)
	}
	return handle, provider
}

// What was counted as unplanned because it was referred on the very day of release is planned, and its day counted again.
func TestWhoWasReferredOnTheDayOfReleaseBecomesPlanned(t *testing.T) {
	handle, provider := asOf(t, testdb.New(t), 19)
	if _, err := handle.Exec(`INSERT INTO organisation (code, kind, name) VALUES ('EXI', 'prison', 'HMP Exeter')`); err != nil {
		t.Fatal(err)
	}
	for _, referred := range []string{"2023-10-31", "2023-11-01", "2023-11-02"} {
		if _, err := handle.Exec(`
			INSERT INTO referral (id, reference, nameless_bix, prison, source, referred_on, released_on, unplanned, sex, substance_group, received_at, updated_at, known_from)
			VALUES ($1, CAST($2 AS text), CAST(CAST($2 AS text) AS bytea), 'EXI', 'api', CAST(CAST($2 AS text) AS date), '2023-11-01', true, 'male', 'opiate', now(), now(), now())`, uuid.New(), referred); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := handle.Exec(`DELETE FROM changed_day`); err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	var said string
	if err := handle.QueryRow(`
		SELECT string_agg(split_part(breakdown, '|', 5) || ' ' || unplanned, ', ' ORDER BY referred_on) || ', days to count again: ' || (SELECT count(DISTINCT day) FROM changed_day)
		FROM referral`).Scan(&said); err != nil {
		t.Fatal(err)
	}
	if want := "planned false, planned false, unplanned true, days to count again: 1"; said != want {
		t.Errorf("%s, want %s", said, want)
	}
}

// What stood in clear is gone where it is sealed elsewhere, and what the service says of itself stays.
func TestTheMigrationToSealedReasonsLeavesNoneInClear(t *testing.T) {
	d := testdb.New(t)
	owner, to := asOf(t, d, 18)
	writeRows(t, owner)
	for _, statement := range []string{
		`UPDATE referral SET release_date_unknown_reason = 'CANARY'`,
		`UPDATE event SET was = '{"release_date_unknown_reason": "CANARY", "sex": "female"}'`,
		`UPDATE appointment SET overbook_reason = 'CANARY'`,
		`UPDATE pickup SET undone_at = now(), undone_by = 'test', undone_reason = 'CANARY'`,
		`UPDATE link SET undone_at = now(), undone_by = 'test', undone_reason = 'CANARY'`,
		`UPDATE match_decision SET reason = 'CANARY'`,
		`INSERT INTO pickup (id, referral_id, picked_up_on, kind, late, recorded_at, recorded_by, undone_at, undone_by, undone_reason)
			SELECT gen_random_uuid(), referral_id, picked_up_on, kind, late, now(), 'service', now(), 'service', 'judged again on what is known now' FROM pickup`,
	} {
		must(t, owner, statement)
	}
	if tables := d.TablesHolding(t, "CANARY"); len(tables) != 6 {
		t.Fatalf("CANARY stands in %v", tables)
	}
	if _, err := to.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tables := d.TablesHolding(t, "CANARY"); len(tables) > 0 {
		t.Errorf("CANARY still stands in %v", tables)
	}
	for name, query := range map[string]string{
		"what stood before":       `SELECT was = '{"sex": "female"}' FROM event`,
		"that it was overbooked":  `SELECT overbooked FROM appointment`,
		"who undid what":          `SELECT array_agg(undone_reason ORDER BY undone_reason) = '{by hand,judged again on what is known now}' FROM pickup`,
		"that a link was undone":  `SELECT undone_reason = 'by hand' FROM link`,
		"by which act it is said": `SELECT reason = 'link undone' FROM match_decision`,
	} {
		var stays bool
		if err := owner.QueryRow(query).Scan(&stays); err != nil || !stays {
			t.Errorf("%s is lost (%v)", name, err)
		}
	}
	for _, free := range []string{`UPDATE pickup SET undone_reason = 'a word'`, `UPDATE link SET undone_reason = 'a word'`, `UPDATE match_decision SET reason = 'a word'`} {
		if _, err := owner.Exec(free); err == nil {
			t.Errorf("%s was taken", free)
		}
	}
}
