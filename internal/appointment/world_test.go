package appointment

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/config"
	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

// December 2025        January 2026
// Mo Tu We Th Fr       Mo Tu We Th Fr
//
//	1  2  3  4  5                 -  2
//	8  9 10 11 12        5  6  7  8  9
//
// 15 16 17 18 19
// 22 23 24  -  -        - bank holidays: 25 and 26 December, 1 January
// 29 30 31
//
// Built-in clinics: MON-AM 10:00, WED-AM 10:00 and FRI-PM 13:30 prescribe; TUE-PM 13:30 and
// THU-PM 13:30 do not. Two places a slot, a slot each half hour.
var monday = at("2025-12-01 09:00")

func at(clock string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", clock, day.London)
	if err != nil {
		panic(err)
	}
	return t
}

var on = day.MustParse

var (
	jobs    = db.Scope{Part: db.Jobs}
	prison  = staff.Who{By: audit.By{Organisation: "EXI", Actor: "key:test", Via: "api"}, Role: staff.Prison}
	harbour = staff.Who{By: audit.By{Organisation: "HARBOUR", Actor: "staff:test", Via: "page"}, Role: staff.Provider}
)

// world is a database with the built-in clinics, changed as a test says, and slots open from now on.
func world(t testing.TB, now time.Time, change func(*config.Config)) *db.Pool {
	t.Helper()
	pool := testdb.New(t).Pool(t)
	if change != nil {
		change(pool.Rules)
	}
	act(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO organisation (code, kind, name)
			VALUES ('EXI', 'prison', 'HMP Exeter'), ('CWI', 'prison', 'HMP Channings Wood'), ('HARBOUR', 'provider', 'Harbour')`); err != nil {
			return err
		}
		return BringIn(ctx, tx, now)
	})
	return pool
}

func act(t testing.TB, pool *db.Pool, scope db.Scope, do func(context.Context, *db.Tx) error) {
	t.Helper()
	if err := pool.Act(t.Context(), scope, func(tx *db.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// try is an act that leaves nothing behind.
func try(t testing.TB, pool *db.Pool, scope db.Scope, do func(context.Context, *db.Tx) error) {
	t.Helper()
	if err := pool.Try(t.Context(), scope, func(tx *db.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// refer writes a referral that asks for w, and answers w with its id. The transaction goes on as who.
func refer(ctx context.Context, tx *db.Tx, now time.Time, who staff.Who, w Wish) (Wish, error) {
	w.ReferralID, w.Provider = uuid.New(), "HARBOUR"
	if err := tx.As(ctx, jobs); err != nil {
		return w, err
	}
	person := uuid.New()
	if _, err := tx.Exec(ctx, `
		INSERT INTO person (id, prison_number_bix, date_of_birth_bix, name_bix, identity_sealed, updated_at)
		VALUES ($1, $2, 'b', 'n', 's', $3)`, person, person[:], now); err != nil {
		return w, err
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO referral (id, reference, person_id, prison, provider, source, sex, substance_group,
		  received_at, updated_at, known_from)
		VALUES ($1, $2, $3, 'EXI', 'HARBOUR', 'api', 'male', 'opiate', $4, $4, $4)`,
		w.ReferralID, fmt.Sprint(w.ReferralID), person, now); err != nil {
		return w, err
	}
	if err := w.write(ctx, tx); err != nil {
		return w, err
	}
	return w, tx.As(ctx, who.Scope())
}

// write makes the referral's row say what the wish says.
func (w Wish) write(ctx context.Context, tx *db.Tx) error {
	planned, released := w.ReleaseOn, day.Date{}
	if w.Released {
		planned, released = day.Date{}, w.ReleaseOn
	}
	var medicine *string
	if w.Prescribing {
		medicine = orNil("methadone")
	}
	_, err := tx.Exec(ctx, `
		UPDATE referral
		SET planned_release_on = $2, released_on = $3, opioid_substitution = $4, bridging_until = $5
		WHERE id = $1`, w.ReferralID, planned, released, medicine, w.BridgingUntil)
	return err
}

// full fills every place that starts before a moment.
func full(ctx context.Context, tx *db.Tx, before time.Time) error {
	if err := tx.As(ctx, jobs); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE place SET open = false WHERE starts_at < $1`, before)
	return err
}

// when is an appointment in short: "Tue 2 Dec 13:30", with its flags.
func (a *Appointment) when() string {
	if a == nil {
		return ""
	}
	text := a.StartsAt.Format("Mon 2 Jan 15:04")
	if a.Late {
		text += " late"
	}
	if a.AfterBridging {
		text += " after bridging"
	}
	return text
}
