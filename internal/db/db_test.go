package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/testdb"
)

func count(t *testing.T, pool *db.Pool, query string, args ...any) (n int) {
	t.Helper()
	if err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		return tx.Get(t.Context(), &n, query, args...)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

const addOrganisation = `INSERT INTO organisation (code, kind, name) VALUES ($1, 'prison', 'HMP Test')`

func TestAnActHappensWholeOrNotAtAll(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	ctx := t.Context()
	jobs := db.Scope{Part: db.Jobs}
	stop := errors.New("stop")
	acts := map[string]func(*db.Tx) error{
		"an error":  func(*db.Tx) error { return stop },
		"a refusal": func(tx *db.Tx) error { _, err := tx.Exec(ctx, addOrganisation, "ONE"); return err },
		"a panic":   func(*db.Tx) error { panic("stop") },
	}
	for name, second := range acts {
		func() {
			defer func() { _ = recover() }()
			if err := pool.Act(ctx, jobs, func(tx *db.Tx) error {
				if _, err := tx.Exec(ctx, addOrganisation, "ONE"); err != nil {
					return err
				}
				return second(tx)
			}); err == nil {
				t.Errorf("%s: the act went through", name)
			}
		}()
		if n := count(t, pool, `SELECT count(*) FROM organisation WHERE code = 'ONE'`); n != 0 {
			t.Errorf("%s left half an act", name)
		}
	}
	if err := pool.Try(ctx, jobs, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, addOrganisation, "ONE")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, pool, `SELECT count(*) FROM organisation WHERE code = 'ONE'`); n != 0 {
		t.Error("a try stored something")
	}
}

func TestARefusalNamesTheConstraintAndNoValue(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO organisation (code, kind, name) VALUES ('X', 'Secret-Value', 'X')`)
		return err
	})
	if !db.Broke(err, "organisation_kind_check") {
		t.Errorf("got %v", err)
	}
	if err == nil || strings.Contains(err.Error(), "Secret-Value") {
		t.Errorf("the row's value is in the error: %v", err)
	}
}

func TestALockThatDoesNotComeFreeIsToldApart(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	ctx := t.Context()
	jobs := db.Scope{Part: db.Jobs}
	err := pool.Act(ctx, jobs, func(first *db.Tx) error {
		if _, err := first.Exec(ctx, addOrganisation, "ONE"); err != nil {
			return err
		}
		return pool.Act(ctx, jobs, func(second *db.Tx) error {
			if _, err := second.Exec(ctx, `SELECT set_config('lock_timeout', '50', true)`); err != nil {
				return err
			}
			_, err := second.Exec(ctx, addOrganisation, "ONE")
			return err
		})
	})
	if !db.Waited(err) {
		t.Errorf("got %v", err)
	}
}

func TestADatabaseThatIsAwayIsToldApart(t *testing.T) {
	if _, err := db.Open(t.Context(), db.Options{DSN: "host=/nowhere user=nobody dbname=none sslmode=disable"}); !errors.Is(err, db.ErrAway) {
		t.Errorf("a missing server: %v", err)
	}
	pool := testdb.New(t).Pool(t)
	err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		if err := tx.As(t.Context(), db.Scope{Part: "none"}); err != nil {
			return err
		}
		tx.Exec(t.Context(), `SELECT pg_terminate_backend(pg_backend_pid())`)
		_, err := tx.Exec(t.Context(), addOrganisation, "ONE")
		return err
	})
	if !errors.Is(err, db.ErrAway) {
		t.Errorf("a connection that was ended: %v", err)
	}
}

// Figures, jobs and files may take longer than whoever waits for a page does.
func TestWhatSomebodyWaitsForIsGivenUpSooner(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	for _, c := range []struct {
		name  string
		ctx   context.Context
		part  db.Part
		limit string
	}{
		{"a job", t.Context(), db.Jobs, "15s"},
		{"a page", db.Awaited(t.Context()), db.Jobs, "6s"},
		{"figures on a page", db.Awaited(t.Context()), db.Counting, "15s"},
		{"a job after a page, on the same connection", t.Context(), db.Jobs, "15s"},
	} {
		var limit string
		if err := pool.Act(c.ctx, db.Scope{Part: c.part}, func(tx *db.Tx) error {
			return tx.Get(c.ctx, &limit, `SELECT current_setting('statement_timeout')`)
		}); err != nil || limit != c.limit {
			t.Errorf("%s: statements end after %s, want %s (%v)", c.name, limit, c.limit, err)
		}
	}
}

// The only connection is taken. Whoever waits is told so, and what nobody waits for has its turn in the end.
func TestWhoeverWaitsDoesNotWaitForAConnectionForEver(t *testing.T) {
	pool, err := db.Open(t.Context(), db.Options{DSN: testdb.New(t).DSN, MaxConnections: 1, Awaited: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	nothing := func(*db.Tx) error { return nil }
	patient := make(chan error, 1)
	if err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(*db.Tx) error {
		go func() { patient <- pool.Act(t.Context(), db.Scope{Part: db.Jobs}, nothing) }()
		if err := pool.Act(db.Awaited(t.Context()), db.Scope{Part: db.Jobs}, nothing); !errors.Is(err, db.ErrAway) {
			t.Errorf("without a connection: %v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-patient; err != nil {
		t.Error(err)
	}
}

func TestAScopeThatIsRefusedLeavesItsConnectionUsable(t *testing.T) {
	d := testdb.New(t)
	pool, err := db.Open(t.Context(), db.Options{DSN: d.DSN, MaxConnections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for range 2 {
		var refused *db.Refusal
		if err := pool.Act(t.Context(), db.Scope{Part: "nobody", Organisation: "it's"}, nil); !errors.As(err, &refused) {
			t.Errorf("a part that does not exist: %v", err)
		}
		if n := count(t, pool, `SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolname = $1`, string(db.Jobs)); n != 1 {
			t.Error("the next transaction is not in its own part")
		}
	}
}

func TestAnOrganisationSeesOnlyItsOwnWithoutAnyPredicate(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	ctx := t.Context()
	if err := pool.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		for _, code := range []string{"ONE", "TWO"} {
			if _, err := tx.Exec(ctx, addOrganisation, code); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"ONE", "TWO"} {
		if err := pool.Act(ctx, db.Scope{Part: db.Acts, Organisation: code}, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `
				INSERT INTO received_file (id, organisation, kind, name_sealed, sha256, row_count, answer, received_at, received_by)
				VALUES (gen_random_uuid(), $1, 'prison_releases', '', '', 0, '{}', now(), 'test')`, code)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	if err := pool.Act(ctx, db.Scope{Part: db.Acts, Organisation: "ONE"}, func(tx *db.Tx) error {
		return tx.Select(ctx, &seen, `SELECT organisation FROM received_file`)
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0] != "ONE" {
		t.Errorf("ONE sees the files of %v", seen)
	}
	err := pool.Act(ctx, db.Scope{Part: db.Acts, Organisation: "ONE"}, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE received_file SET organisation = 'TWO'`)
		return err
	})
	var refused *db.Refusal
	if !errors.As(err, &refused) || refused.State != "42501" {
		t.Errorf("a row was given away: %v", err)
	}
}

func TestCountingReadsNoSealedColumn(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	for _, query := range []string{`SELECT count(identity_sealed) FROM person`, `SELECT count(detail_sealed) FROM referral`, `SELECT count(note_sealed) FROM contact`} {
		err := pool.Act(t.Context(), db.Scope{Part: db.Counting}, func(tx *db.Tx) error {
			var n int
			return tx.Get(t.Context(), &n, query)
		})
		var refused *db.Refusal
		if !errors.As(err, &refused) || refused.State != "42501" {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestNobodyRewritesTheAuditOrTheTimeline(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	for _, part := range []db.Part{db.Acts, db.Counting, db.Jobs} {
		for _, query := range []string{`UPDATE audit SET act = ''`, `DELETE FROM audit`, `UPDATE event SET kind = ''`, `DELETE FROM event`} {
			err := pool.Act(t.Context(), db.Scope{Part: part, Organisation: "EXI"}, func(tx *db.Tx) error {
				_, err := tx.Exec(t.Context(), query)
				return err
			})
			var refused *db.Refusal
			if !errors.As(err, &refused) || refused.State != "42501" {
				t.Errorf("%s as %s: %v", query, part, err)
			}
		}
	}
}

func TestSeveralServersMigrateAtOnce(t *testing.T) {
	d := testdb.New(t)
	done := make(chan error)
	for range 4 {
		go func() { done <- db.Migrate(context.Background(), d.OwnerDSN, "throughgate") }()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	s, err := db.SchemaOf(t.Context(), d.DSN)
	if err != nil || !s.Current() || s.Has == 0 {
		t.Errorf("schema %+v, %v", s, err)
	}
}

func TestEveryTableAndColumnSaysWhatItMeans(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	var silent []string
	if err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		return tx.Select(t.Context(), &silent, `
			SELECT c.relname || coalesce('.' || a.attname, '')
			FROM pg_class c
			LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			WHERE c.relnamespace = 'public'::regnamespace
			  AND c.relkind = 'r'
			  AND c.relname <> 'goose_db_version'
			  AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)
			ORDER BY 1`)
	}); err != nil {
		t.Fatal(err)
	}
	if len(silent) > 0 {
		t.Errorf("without COMMENT ON: %v", silent)
	}
}

func TestUnsafeSettingsAreNamed(t *testing.T) {
	pool := testdb.New(t).Pool(t) // the tests' own cluster gives up durability for speed
	faults, err := pool.Unsafe(t.Context(), time.Now().Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(faults, "\n")
	for _, want := range []string{"fsync", "full_page_writes", "synchronous_commit", "clock"} {
		if !strings.Contains(said, want) {
			t.Errorf("%s is not named in:\n%s", want, said)
		}
	}
}

func TestOnlyASafeAddressIsTaken(t *testing.T) {
	for dsn, safe := range map[string]bool{
		"postgres://u@db.example.org/x?sslmode=verify-full": true,
		"postgres:///x?host=/run/postgresql":                true,
		"host=/run/postgresql user=u dbname=x":              true,
		"host=db user=u sslmode=verify-full":                true,
		"postgres://u@db.example.org/x":                     false,
		"postgres://u@db.example.org/x?sslmode=require":     false,
		"postgres://u@localhost/x?sslmode=disable":          false,
		"host=db user=u":                                    false,
	} {
		if err := db.SafeAddress(dsn); (err == nil) != safe {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}
