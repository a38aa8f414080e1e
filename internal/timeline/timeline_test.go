package timeline

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

var (
	now    = time.Date(2025, 12, 1, 23, 30, 0, 0, time.UTC)
	exeter = staff.Who{By: audit.By{Organisation: "EXI", Actor: "key:1", Via: "api"}, Role: staff.Prison}
	moor   = staff.Who{By: audit.By{Organisation: "DMI", Actor: "key:2", Via: "file"}, Role: staff.Prison}
)

// world is a database with a referral of Exeter's and one of Dartmoor's.
func world(t *testing.T) (pool *db.Pool, exeters, moors uuid.UUID) {
	t.Helper()
	pool = testdb.New(t).Pool(t)
	exeters, moors = uuid.New(), uuid.New()
	act(t, pool, db.Scope{Part: db.Jobs}, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO organisation (code, kind, name)
			VALUES ('EXI', 'prison', 'Exeter'), ('DMI', 'prison', 'Dartmoor'), ('HARBOUR', 'provider', 'Harbour')`); err != nil {
			return err
		}
		for id, prison := range map[uuid.UUID]string{exeters: "EXI", moors: "DMI"} {
			if _, err := tx.Exec(ctx, `
				WITH p AS (
				  INSERT INTO person (id, prison_number_bix, date_of_birth_bix, name_bix, identity_sealed, updated_at)
				  VALUES ($1, $2, 'b', 'n', 's', $3)
				)
				INSERT INTO referral (id, reference, person_id, prison, provider, source, sex, substance_group, received_at, updated_at, known_from)
				VALUES ($1, $4, $1, $4, 'HARBOUR', 'api', 'male', 'opiate', $3, $3, $3)`, id, id[:], now, prison); err != nil {
				return err
			}
		}
		return nil
	})
	return pool, exeters, moors
}

func act(t *testing.T, pool *db.Pool, scope db.Scope, do func(context.Context, *db.Tx) error) {
	t.Helper()
	if err := pool.Act(t.Context(), scope, func(tx *db.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// wrote is the id of an event that was recorded; each of these tests has one of a kind.
func wrote(ctx context.Context, tx *db.Tx, who staff.Who, e Event) (id uuid.UUID, err error) {
	if err = Record(ctx, tx, who, now, e); err == nil {
		err = tx.Get(ctx, &id, `SELECT id FROM event WHERE referral_id = $1 AND kind = $2`, e.ReferralID, e.Kind)
	}
	return id, err
}

func TestOf(t *testing.T) {
	pool, exeters, moors := world(t)
	var first uuid.UUID
	act(t, pool, exeter.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		first, err = wrote(ctx, tx, exeter, Event{ReferralID: exeters, Kind: "referred", On: day.MustParse("2025-11-20"),
			Data: map[string]any{"certainty": "expected"}, Was: map[string]any{"date": nil}, Note: "canary: shares a cell"})
		if err != nil {
			return err
		}
		return Record(ctx, tx, exeter, now, Event{ReferralID: exeters, Kind: "undone", Undoes: &first})
	})
	act(t, pool, moor.Scope(), func(ctx context.Context, tx *db.Tx) error {
		return Record(ctx, tx, moor, now, Event{ReferralID: moors, Kind: "referred"})
	})
	act(t, pool, exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		entries, err := Of(ctx, tx, exeters)
		if err != nil || len(entries) != 2 {
			t.Fatalf("%+v %v", entries, err)
		}
		e := entries[0]
		if e.ID != first || e.Kind != "referred" || e.On.String() != "2025-11-20" || !e.At.Equal(now) || e.Organisation != "EXI" || e.Actor != "key:1" ||
			e.Via != "api" || string(e.Data) != `{"certainty": "expected"}` || string(e.Was) != `{"date": null}` || e.Note != "canary: shares a cell" || !e.Undone {
			t.Errorf("%+v", e)
		}
		if u := entries[1]; *u.Undoes != first || u.Undone || u.Note != "" || string(u.Was) != "null" || string(u.Data) != "{}" || u.On.String() != "2025-12-01" {
			t.Errorf("%+v", u)
		}
		if others, err := Of(ctx, tx, moors); err != nil || len(others) != 0 {
			t.Errorf("another prison's: %+v %v", others, err)
		}
		return nil
	})
	act(t, pool, db.Scope{Part: db.Jobs}, func(ctx context.Context, tx *db.Tx) error {
		var clear bool
		err := tx.Get(ctx, &clear, `SELECT position('canary'::bytea IN note_sealed) > 0 FROM event WHERE id = $1`, first)
		if clear {
			t.Error("the note stands in clear")
		}
		return err
	})
}

func TestNothingIsUndoneTwice(t *testing.T) {
	pool, exeters, _ := world(t)
	err := pool.Try(t.Context(), exeter.Scope(), func(tx *db.Tx) error {
		id, err := wrote(t.Context(), tx, exeter, Event{ReferralID: exeters, Kind: "referred"})
		if err != nil {
			return err
		}
		undo := Event{ReferralID: exeters, Kind: "undone", Undoes: &id}
		return Record(t.Context(), tx, exeter, now, undo, undo)
	})
	if !db.Broke(err, "undone_once") {
		t.Error(err)
	}
}

func TestAnEventOfAnotherIsNotWritten(t *testing.T) {
	pool, _, moors := world(t)
	err := pool.Try(t.Context(), exeter.Scope(), func(tx *db.Tx) error {
		return Record(t.Context(), tx, exeter, now, Event{ReferralID: moors, Kind: "referred"})
	})
	if err == nil {
		t.Error("Exeter wrote on a referral of Dartmoor's")
	}
}

func TestRecordIsAudited(t *testing.T) {
	pool, exeters, _ := world(t)
	var entries []Entry
	act(t, pool, exeter.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		if err = Record(ctx, tx, exeter, now, Event{ReferralID: exeters, Kind: "referred"}, Event{ReferralID: exeters, Kind: "booked"}); err != nil {
			return err
		}
		entries, err = Of(ctx, tx, exeters)
		return err
	})
	act(t, pool, db.Scope{Part: db.Jobs}, func(ctx context.Context, tx *db.Tx) error {
		var rows []string
		err := tx.Select(ctx, &rows, `
			SELECT concat_ws(' ', organisation, actor, via, act, kind, subject, detail->>'event')
			FROM audit
			ORDER BY id`)
		want := []string{
			"EXI key:1 api referred referral " + exeters.String() + " " + entries[0].ID.String(),
			"EXI key:1 api booked referral " + exeters.String() + " " + entries[1].ID.String(),
		}
		if strings.Join(rows, "\n") != strings.Join(want, "\n") {
			t.Errorf("audited:\n%s", strings.Join(rows, "\n"))
		}
		return err
	})
}

// kinds reads everything after a position, two at a time.
func kinds(t *testing.T, pool *db.Pool, who staff.Who, after string) (all, end string) {
	t.Helper()
	end = after
	act(t, pool, who.Scope(), func(ctx context.Context, tx *db.Tx) error {
		for {
			page, err := Changes(ctx, tx, end, 2)
			if err != nil || page.Next == nil {
				return err
			}
			for _, c := range page.Items {
				all += c.Kind + " "
			}
			end = *page.Next
		}
	})
	return all, end
}

// told reads on from a position until it has been told what is wanted. An event is held back while it cannot be told
// whether another transaction of the server, a neighbour test's for one, might still write.
func told(t *testing.T, pool *db.Pool, who staff.Who, after, want string) (end string) {
	t.Helper()
	var all, more string
	for began := time.Now(); ; {
		more, after = kinds(t, pool, who, after)
		if all += more; all == want {
			return after
		}
		if !strings.HasPrefix(want, all) || time.Since(began) > 5*time.Minute {
			t.Fatalf("told: %s, not %s", all, want)
		}
	}
}

// A slow transaction writes first and ends last: what a quick one wrote meanwhile waits for it, so
// that a reader never passes over the slow one's event.
//
//	slow   referred ------------------------- commit
//	quick             released, commit
//	reads                             nothing         both
func TestChangesMissNothing(t *testing.T) {
	pool, exeters, moors := world(t)
	put := func(who staff.Who, id uuid.UUID, kind string) {
		act(t, pool, who.Scope(), func(ctx context.Context, tx *db.Tx) error {
			return Record(ctx, tx, who, now, Event{ReferralID: id, Kind: kind})
		})
	}
	put(exeter, exeters, "referred")
	put(moor, moors, "not Exeter's")
	end := told(t, pool, exeter, "", "referred ")
	act(t, pool, exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		err := Record(ctx, tx, exeter, now, Event{ReferralID: exeters, Kind: "slow1"}, Event{ReferralID: exeters, Kind: "slow2"},
			Event{ReferralID: exeters, Kind: "slow3"})
		put(exeter, exeters, "quick")
		if seen, _ := kinds(t, pool, exeter, end); seen != "" {
			t.Errorf("while the slow one runs: %s", seen)
		}
		return err
	})
	end = told(t, pool, exeter, end, "slow1 slow2 slow3 quick ")
	if seen, _ := kinds(t, pool, exeter, end); seen != "" {
		t.Errorf("and again: %s", seen)
	}
}

// Another database of the same server has a transaction open, older than the event: no reason to wait.
func TestChangesDoNotWaitForOtherDatabases(t *testing.T) {
	pool, exeters, _ := world(t)
	elsewhere, others, _ := world(t)
	act(t, elsewhere, exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		err := Record(ctx, tx, exeter, now, Event{ReferralID: others, Kind: "elsewhere"})
		act(t, pool, exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
			return Record(ctx, tx, exeter, now, Event{ReferralID: exeters, Kind: "here"})
		})
		told(t, pool, exeter, "", "here ")
		return err
	})
}

// A transaction that has begun to write, though no event yet, is waited for as well.
func TestChangesWaitForWhoHasYetToWrite(t *testing.T) {
	pool, exeters, _ := world(t)
	act(t, pool, exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_current_xact_id()`); err != nil {
			return err
		}
		act(t, pool, exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
			return Record(ctx, tx, exeter, now, Event{ReferralID: exeters, Kind: "quick"})
		})
		if seen, _ := kinds(t, pool, exeter, ""); seen != "" {
			t.Errorf("seen: %s", seen)
		}
		return Record(ctx, tx, exeter, now, Event{ReferralID: exeters, Kind: "slow"})
	})
	told(t, pool, exeter, "", "slow quick ")
}

// The id of the last event is as good a position as the cursor; another organisation's is none.
func TestAReaderGoesOnAfterTheLastEventByItsID(t *testing.T) {
	pool, exeters, moors := world(t)
	put := func(who staff.Who, id uuid.UUID, kind string) (written uuid.UUID) {
		act(t, pool, who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
			written, err = wrote(ctx, tx, who, Event{ReferralID: id, Kind: kind})
			return err
		})
		return written
	}
	put(exeter, exeters, "one")
	two := put(exeter, exeters, "two")
	theirs := put(moor, moors, "not Exeter's")
	put(exeter, exeters, "three")
	told(t, pool, exeter, two.String(), "three ")
	for _, after := range []uuid.UUID{theirs, uuid.New()} {
		act(t, pool, exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := Changes(ctx, tx, after.String(), 10); !errors.As(err, new(*problem.Invalid)) {
				t.Errorf("after an event that is not to be seen: %v", err)
			}
			return nil
		})
	}
}

func TestAPositionIsTakenAsItWasGiven(t *testing.T) {
	pool, _, _ := world(t)
	act(t, pool, exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		for _, after := range []string{"", "0.0", "12.3"} {
			if _, err := Changes(ctx, tx, after, 10); err != nil {
				t.Errorf("%q: %v", after, err)
			}
		}
		for _, after := range []string{"x", "1", "1.", ".1", "1.2.3", "1.2 ", "-1.2", "1.-2", "1.2x", "99999999999999999999.1"} {
			if _, err := Changes(ctx, tx, after, 10); !errors.As(err, new(*problem.Invalid)) {
				t.Errorf("%q: %v", after, err)
			}
		}
		return nil
	})
}
