package db_test

import (
	"database/sql"
	"testing"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"throughgate/internal/testdb"
	migrations "throughgate/sql"
)

// asOf is a database with the schema of an earlier version, and what brings it up to date.
func asOf(t *testing.T, version int64) (*sql.DB, *goose.Provider) {
	t.Helper()
	handle, err := sql.Open("postgres", testdb.New(t).OwnerDSN)
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
	handle, provider := asOf(t, 19)
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
