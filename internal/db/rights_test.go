package db_test

import (
	"database/sql"
	"slices"
	"testing"

	"throughgate/internal/db"
	"throughgate/internal/testdb"
)

// ours are the schema's functions but those of extensions.
const ours = `
	FROM pg_proc f
	WHERE f.pronamespace = 'public'::regnamespace
	  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = f.oid AND deptype = 'e')`

// A temporary table is found before the schema's own of the same name, except where pg_temp is named last: by one with
// a trigger, whoever may call such a function would run what they like as the owner.
func TestNoFunctionFindsATemporaryTableBeforeTheSchemasOwn(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	var wrong []string
	if err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		return tx.Select(t.Context(), &wrong, `
			SELECT f.oid::regprocedure`+ours+`
			  AND (f.prosecdef OR array_to_string(f.proconfig, ' ') LIKE '%search_path%')
			  AND 'search_path=public, pg_temp' <> ALL (coalesce(f.proconfig, '{}'))`)
	}); err != nil {
		t.Fatal(err)
	}
	if len(wrong) > 0 {
		t.Errorf("SET search_path = public, pg_temp is missing: %v", wrong)
	}
}

func TestWhatRunsAsTheOwnerIsForThoseAloneWhoUseIt(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	working := []string{"earlier_referral", "hand_over", "know_person", "number_is_shared", "standing_referral"}
	for part, want := range map[db.Part][]string{db.Acts: working, db.Jobs: working, db.Counting: nil} {
		var may []string
		if err := pool.Act(t.Context(), db.Scope{Part: part}, func(tx *db.Tx) error {
			return tx.Select(t.Context(), &may, `
				SELECT f.proname`+ours+`
				  AND f.prosecdef
				  AND has_function_privilege(f.oid, 'EXECUTE')
				ORDER BY 1`)
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(may, want) {
			t.Errorf("%s may call %v, not %v", part, may, want)
		}
	}
}

const (
	somebody = `'00000000-0000-0000-0000-000000000001'`
	theirs   = `'00000000-0000-0000-0000-000000000002'` // their referral, from EXI to HARBOUR
	file     = `'00000000-0000-0000-0000-000000000003'`
	listed   = `'00000000-0000-0000-0000-000000000004'`
)

// rowsOf are one row in each table with row-level security, in an order in which they can be written; to whom it shows,
// besides the service itself: "" is nobody.
var rowsOf = []struct{ table, shownTo, insert string }{
	{"person", "EXI", `(id, prison_number_bix, date_of_birth_bix, name_bix, identity_sealed, updated_at) VALUES (` + somebody + `, '', '', '', '', now())`},
	{"referral", "EXI", `(id, reference, person_id, prison, provider, source, released_on, sex, substance_group, received_at, updated_at, known_from)
		VALUES (` + theirs + `, 'R1', ` + somebody + `, 'EXI', 'HARBOUR', 'api', '2023-11-20', 'female', 'opiate', now(), now(), now())`},
	{"referral_was", "", `(referral_id, known_from, known_until, prison, sex, substance_group, unplanned) VALUES (` + theirs + `, now(), now(), 'EXI', 'female', 'opiate', false)`},
	{"release_again", "", `(referral_id, person_id, released_on, earlier_on) VALUES (` + theirs + `, ` + somebody + `, '2023-11-20', '2023-11-01')`},
	{"appointment", "EXI", `(id, referral_id, provider, on_day, attempt, booked_at) VALUES (gen_random_uuid(), ` + theirs + `, 'HARBOUR', '2023-11-21', 1, now())`},
	{"pickup", "EXI", `(id, referral_id, picked_up_on, kind, late, recorded_at, recorded_by) VALUES (gen_random_uuid(), ` + theirs + `, '2023-11-21', 'new_episode', false, now(), 'test')`},
	{"contact", "EXI", `(id, referral_id, kind, contact_on, recorded_at, recorded_by) VALUES (gen_random_uuid(), ` + theirs + `, 'phone', '2023-11-21', now(), 'test')`},
	{"closure", "EXI", `(id, referral_id, reason, closed_on, recorded_at, recorded_by) VALUES (gen_random_uuid(), ` + theirs + `, 'died', '2023-11-21', now(), 'test')`},
	{"event", "EXI", `(id, referral_id, kind, happened_on, recorded_at, organisation, actor, via) VALUES (gen_random_uuid(), ` + theirs + `, 'referred', '2023-11-20', now(), 'EXI', 'test', 'api')`},
	{"received_file", "HARBOUR", `(id, organisation, kind, name_sealed, sha256, row_count, answer, received_at, received_by)
		VALUES (` + file + `, 'HARBOUR', 'provider_pickups', '', '', 0, '{}', now(), 'test')`},
	{"prison_row", "EXI", `(id, file_id, row_number, organisation, content_bix, answer) VALUES (gen_random_uuid(), ` + file + `, 2, 'EXI', '', 'accepted')`},
	{"provider_row", "HARBOUR", `(id, file_id, row_number, organisation, content_bix, person_bix, values_sealed, answer) VALUES (` + listed + `, ` + file + `, 2, 'HARBOUR', '', '', '', 'accepted')`},
	{"link", "HARBOUR", `(id, organisation, provider_row_id, person_id, rule, made_at, made_by) VALUES (gen_random_uuid(), 'HARBOUR', ` + listed + `, ` + somebody + `, 'name', now(), 'service')`},
	{"review", "HARBOUR", `(id, organisation, side, row_id, why, candidates, raised_at) VALUES (gen_random_uuid(), 'HARBOUR', 'provider', ` + listed + `, 'several candidates', '{}', now())`},
	{"match_decision", "HARBOUR", `(id, organisation, person_bix, person_id, same, made_at, made_by) VALUES (gen_random_uuid(), 'HARBOUR', '', ` + somebody + `, true, now(), 'test')`},
	{"referral_draft", "EXI", `(id, organisation, actor, made_at, changed_at) VALUES (gen_random_uuid(), 'EXI', 'test', now(), now())`},
	{"waiting_file", "EXI", `(id, organisation, actor, kind, name_sealed, content_sealed, result_sealed, made_at) VALUES (gen_random_uuid(), 'EXI', 'test', 'prison_releases', '', '', '', now())`},
	{"idempotency_record", "EXI", `(organisation, key_bix, call, content_bix, made_at) VALUES ('EXI', '', 'POST /', '', now())`},
}

// What everybody may read: it tells of no person.
var open = []string{"clinic", "closed_day", "organisation", "place", "report_run", "slot"}

func TestNoOrganisationSeesARowOfAnother(t *testing.T) {
	d := testdb.New(t)
	owner, err := sql.Open("postgres", d.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	writeRows(t, owner)
	pool := d.Pool(t)
	var known []string
	for _, r := range rowsOf {
		known = append(known, r.table)
		for _, organisation := range []string{"EXI", "CWI", "OTHER", ""} {
			if n := seen(t, pool, organisation, r.table); n != 0 && organisation != r.shownTo {
				t.Errorf("%q sees %d rows of %s", organisation, n, r.table)
			}
		}
		if n := seen(t, pool, r.shownTo, r.table); n != 1 && r.shownTo != "" {
			t.Errorf("%s sees %d rows of its own of %s", r.shownTo, n, r.table)
		}
	}
	if guarded := tablesWhere(t, pool, `relrowsecurity`); !slices.Equal(guarded, slices.Sorted(slices.Values(known))) {
		t.Errorf("row-level security is on %v, and tried on %v", guarded, known)
	}
	if all := tablesWhere(t, pool, `NOT relrowsecurity AND has_any_column_privilege('throughgate_acts', oid, 'SELECT')`); !slices.Equal(all, open) {
		t.Errorf("every organisation reads all of %v, not %v", all, open)
	}
}

func writeRows(t *testing.T, owner *sql.DB) {
	t.Helper()
	must(t, owner, `
		INSERT INTO organisation (code, kind, name)
		VALUES ('EXI', 'prison', 'HMP'), ('CWI', 'prison', 'HMP'), ('HARBOUR', 'provider', 'Harbour'), ('OTHER', 'provider', 'Other')`)
	for _, r := range rowsOf {
		must(t, owner, `INSERT INTO `+r.table+` `+r.insert)
	}
}

func must(t *testing.T, owner *sql.DB, statement string) {
	t.Helper()
	if _, err := owner.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// seen is how many rows of a table an organisation sees; none where it may not read it at all.
func seen(t *testing.T, pool *db.Pool, organisation, table string) (n int) {
	t.Helper()
	err := pool.Act(t.Context(), db.Scope{Part: db.Acts, Organisation: organisation}, func(tx *db.Tx) error {
		var may bool
		if err := tx.Get(t.Context(), &may, `SELECT has_table_privilege($1, 'SELECT')`, table); err != nil || !may {
			return err
		}
		return tx.Get(t.Context(), &n, `SELECT count(*) FROM `+table)
	})
	if err != nil {
		t.Fatal(table, err)
	}
	return n
}

func tablesWhere(t *testing.T, pool *db.Pool, condition string) (names []string) {
	t.Helper()
	if err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		return tx.Select(t.Context(), &names, `
			SELECT relname
			FROM pg_class
			WHERE relnamespace = 'public'::regnamespace
			  AND relkind = 'r'
			  AND `+condition+`
			ORDER BY relname`)
	}); err != nil {
		t.Fatal(err)
	}
	return names
}
