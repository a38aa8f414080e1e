package referral

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/config"
	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
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
var (
	exeter  = staff.Who{By: audit.By{Organisation: "EXI", Actor: "key:exi", Via: "api"}, Role: staff.Prison}
	channel = staff.Who{By: audit.By{Organisation: "CWI", Actor: "key:cwi", Via: "api"}, Role: staff.Prison}
	harbour = staff.Who{By: audit.By{Organisation: "HARBOUR", Actor: "staff:harbour", Via: "page"}, Role: staff.Provider}
	jobs    = db.Scope{Part: db.Jobs}
)

var on = day.MustParse

// world is a database with the built-in prisons and clinics, and a clock that every act moves on.
type world struct {
	testing.TB
	pool *db.Pool
	db   *testdb.DB
	now  time.Time
	sent int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	d := testdb.New(t)
	w := &world{TB: t, db: d, pool: d.Pool(t), now: on("2025-12-01").At(9, 0)} // a Monday
	w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO organisation (code, kind, name)
			VALUES ('EXI', 'prison', 'HMP Exeter'), ('CWI', 'prison', 'HMP Channings Wood'),
			  ('DMI', 'prison', 'HMP Dartmoor'), ('HARBOUR', 'provider', 'Harbour')`); err != nil {
			return err
		}
		return errors.Join(appointment.BringIn(ctx, tx, w.now), open26(ctx, tx, w.now))
	})
	return w
}

func open26(ctx context.Context, tx *db.Tx, now time.Time) error {
	_, err := appointment.OpenSlots(ctx, tx, now)
	return err
}

func (w *world) as(scope db.Scope, do func(context.Context, *db.Tx) error) {
	w.Helper()
	if err := w.try(scope, do); err != nil {
		w.Fatal(err)
	}
}

func (w *world) try(scope db.Scope, do func(context.Context, *db.Tx) error) error {
	w.now = w.now.Add(time.Second)
	return w.pool.Act(w.Context(), scope, func(tx *db.Tx) error { return do(w.Context(), tx) })
}

// goTo moves the clock to nine o'clock on a day.
func (w *world) goTo(date string) { w.now = on(date).At(9, 0) }

// draft is a valid referral of somebody new; a test spoils one thing of it.
func (w *world) draft() Draft {
	w.sent++
	yes := true
	return Draft{
		SenderReference: fmt.Sprintf("EXI-%d", w.sent), Prison: "EXI", Provider: "HARBOUR",
		Person: PersonDraft{
			PrisonNumber: fmt.Sprintf("A%04dBC", w.sent), GivenName: "Siân", FamilyName: "O'Neill",
			DateOfBirth: "1984-02-29", Sex: "female", Telephone: "07700 900123",
		},
		ReferredOn: "2025-11-28", PlannedReleaseDate: "2025-12-09", ReleaseKind: "conditional", ReleaseDateCertainty: "expected",
		Substances:       []string{"heroin", "crack cocaine"},
		NaloxoneSupplied: &yes,
		Consent:          ConsentDraft{ShareWithProvider: "given", ShareWithReconnect: "refused", RecordedOn: "2025-11-28"},
		Notes:            "Prefers mornings.",
	}
}

func (w *world) tryMake(who staff.Who, d Draft) (made *Made, err error) {
	err = w.try(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		made, err = Make(ctx, tx, who, w.now, d)
		return err
	})
	return made, err
}

// make refers somebody who is as the draft says.
func (w *world) make(change func(*Draft)) *Made {
	w.Helper()
	d := w.draft()
	if change != nil {
		change(&d)
	}
	made, err := w.tryMake(exeter, d)
	if err != nil {
		w.Fatal(err)
	}
	return made
}

// act does one act on a referral and answers where it stands.
func act[D any](w *world, verb func(context.Context, *db.Tx, staff.Who, time.Time, uuid.UUID, D) (*Changed, error), who staff.Who, id uuid.UUID, d D) *Changed {
	w.Helper()
	c, err := tryAct(w, verb, who, id, d)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func tryAct[D any](w *world, verb func(context.Context, *db.Tx, staff.Who, time.Time, uuid.UUID, D) (*Changed, error), who staff.Who, id uuid.UUID, d D) (c *Changed, err error) {
	err = w.try(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		c, err = verb(ctx, tx, who, w.now, id, d)
		return err
	})
	return c, err
}

func (w *world) release(id uuid.UUID, date string) *Changed {
	w.Helper()
	return act(w, Release, exeter, id, ReleaseDraft{ReleasedOn: date, Reason: "RELEASED"})
}

func (w *world) find(who staff.Who, id uuid.UUID) *Referral {
	w.Helper()
	var r *Referral
	w.as(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		r, err = Find(ctx, tx, who, w.now, id)
		return err
	})
	return r
}

func (w *world) count(query string, args ...any) (n int) {
	w.Helper()
	w.as(jobs, func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &n, query, args...) })
	return n
}

// onDay is an appointment's day, "" for none.
func onDay(a *appointment.Appointment) string {
	if a == nil {
		return ""
	}
	return day.Of(*a.StartsAt).String()
}

// faults are the fields and codes of an *problem.Invalid, as "field code".
func faults(t testing.TB, err error) (found []string) {
	t.Helper()
	var invalid *problem.Invalid
	if err == nil {
		return nil
	}
	if !errors.As(err, &invalid) {
		t.Fatalf("%v is not a list of corrections", err)
	}
	for _, c := range invalid.Corrections {
		found = append(found, c.Field+" "+c.Code)
	}
	return found
}

// conflict is the code of a *problem.Conflict, "" for none.
func conflict(err error) string {
	var c *problem.Conflict
	if errors.As(err, &c) {
		return c.Code
	}
	return ""
}

var builtIn = config.BuiltIn()

func (w *world) worklist(who staff.Who, name ListName) Items {
	w.Helper()
	var page Items
	w.as(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		page, err = Worklist(ctx, tx, who, w.now, name, ListFilter{})
		return err
	})
	return page
}
