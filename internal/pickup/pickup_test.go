package pickup

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

var (
	exeter  = staff.Who{By: audit.By{Organisation: "EXI", Actor: "key:exi", Via: "api"}, Role: staff.Prison}
	harbour = staff.Who{By: audit.By{Organisation: "HARBOUR", Actor: "staff:harbour", Via: "page"}, Role: staff.Provider}
)

// world is a database with one person, planned for release on 9 December 2025 and booked that day.
type world struct {
	*testing.T
	pool *db.Pool
	now  time.Time
	id   uuid.UUID
}

// goTo moves the clock to five in the afternoon of a day.
func (w *world) goTo(date string) { w.now = day.MustParse(date).At(17, 0) }

func (w *world) try(scope db.Scope, do func(context.Context, *db.Tx) error) error {
	w.now = w.now.Add(time.Second)
	return w.pool.Act(w.Context(), scope, func(tx *db.Tx) error { return do(w.Context(), tx) })
}

func (w *world) as(scope db.Scope, do func(context.Context, *db.Tx) error) {
	w.Helper()
	if err := w.try(scope, do); err != nil {
		w.Fatal(err)
	}
}

// newWorld goes on until the release on the planned day, where released.
func newWorld(t *testing.T, released bool) *world {
	w := &world{T: t, pool: testdb.New(t).Pool(t)}
	w.goTo("2025-12-01")
	w.as(db.Scope{Part: db.Jobs}, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO organisation (code, kind, name)
			VALUES ('EXI', 'prison', 'HMP Exeter'), ('HARBOUR', 'provider', 'Harbour')`); err != nil {
			return err
		}
		if err := appointment.BringIn(ctx, tx, w.now); err != nil {
			return err
		}
		_, err := appointment.OpenSlots(ctx, tx, w.now)
		return err
	})
	w.as(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		made, err := referral.Make(ctx, tx, exeter, w.now, referral.Draft{
			SenderReference: "EXI-1", Prison: "EXI", Provider: "HARBOUR", PlannedReleaseDate: "2025-12-09",
			Person:     referral.PersonDraft{PrisonNumber: "A1234BC", GivenName: "Siân", FamilyName: "O'Neill", DateOfBirth: "1984-02-29", Sex: "female"},
			Substances: []string{"heroin"}, Consent: referral.ConsentDraft{ShareWithProvider: "given"},
		})
		if err == nil {
			w.id = made.ID
		}
		return err
	})
	if released {
		w.goTo("2025-12-09")
		w.as(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
			_, err := referral.Release(ctx, tx, exeter, w.now, w.id, referral.ReleaseDraft{ReleasedOn: "2025-12-09", Reason: "RELEASED"})
			return err
		})
	}
	return w
}

func (w *world) confirm(d Draft) (c *referral.Changed, err error) {
	err = w.try(harbour.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		c, err = Confirm(ctx, tx, harbour, w.now, w.id, d)
		return err
	})
	return c, err
}

func (w *world) close(who staff.Who, d ClosureDraft) (c *referral.Changed, err error) {
	err = w.try(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		c, err = Close(ctx, tx, who, w.now, w.id, d)
		return err
	})
	return c, err
}

func (w *world) contact(who staff.Who, d ContactDraft) (c *referral.Changed, err error) {
	err = w.try(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		c, err = Contact(ctx, tx, who, w.now, w.id, d)
		return err
	})
	return c, err
}

func (w *world) undo(who staff.Who) (c *referral.Changed, err error) {
	err = w.try(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		c, err = referral.Undo(ctx, tx, who, w.now, w.id, referral.UndoDraft{Reason: "mistake"})
		return err
	})
	return c, err
}

func (w *world) count(query string) (n int) {
	w.Helper()
	w.as(db.Scope{Part: db.Jobs}, func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &n, query) })
	return n
}

// said is the state, or what was wrong, in short.
func said(c *referral.Changed, err error) string {
	var wrong *problem.Invalid
	var conflict *problem.Conflict
	var forbidden *problem.Forbidden
	switch {
	case errors.As(err, &wrong):
		fields := []string{}
		for _, f := range wrong.Corrections {
			fields = append(fields, f.Field+" "+f.Code)
		}
		return strings.Join(fields, ", ")
	case errors.As(err, &conflict):
		return conflict.Code
	case errors.As(err, &forbidden):
		return "forbidden"
	case err != nil:
		return err.Error()
	case c.Unchanged:
		return "unchanged"
	}
	return string(c.State)
}

func TestAPickUpLiesBetweenReleaseAndToday(t *testing.T) {
	w := newWorld(t, true)
	w.goTo("2025-12-11")
	for _, c := range []struct{ on, kind, want string }{
		{"2025-12-08", "new_episode", "picked_up_on before_release"},
		{"2025-12-12", "new_episode", "picked_up_on in_the_future"},
		{"2025-12-32", "new_episode", "picked_up_on date"},
		{"", "", "kind required, picked_up_on required"},
		{"2025-12-10", "drop_in", "kind not_recognised"},
		{"2025-12-09", "new_episode", "picked_up"},
		{"2025-12-09", "resumed_episode", "unchanged"},
		{"2025-12-11", "resumed_episode", "already_recorded"},
	} {
		if got := said(w.confirm(Draft{PickedUpOn: c.on, Kind: c.kind})); got != c.want {
			t.Errorf("%s on %s: %s, want %s", c.kind, c.on, got, c.want)
		}
	}
}

func TestNothingIsPickedUpBeforeTheReleaseIsConfirmed(t *testing.T) {
	w := newWorld(t, false)
	w.goTo("2025-12-11")
	if got := said(w.confirm(Draft{PickedUpOn: "2025-12-10", Kind: "new_episode"})); got != "picked_up_on not_released" {
		t.Error(got)
	}
	if got := said(w.close(harbour, ClosureDraft{Reason: "declined", On: "2025-12-10"})); got != "on not_released" {
		t.Error(got)
	}
}

func TestAPickUpIsCorrectedWithAReasonAndTheCorrectionUndone(t *testing.T) {
	w := newWorld(t, true)
	w.goTo("2025-12-12")
	for _, d := range []Draft{
		{PickedUpOn: "2025-12-10", Kind: "new_episode", Modality: "prescribing"},
		{PickedUpOn: "2025-12-11", Kind: "new_episode", CorrectionReason: "misread"},
	} {
		if got := said(w.confirm(d)); got != "picked_up" {
			t.Fatal(got)
		}
	}
	if n := w.count(`SELECT count(*) FROM pickup WHERE undone_reason = 'by hand' AND picked_up_on = '2025-12-10'`); n != 1 {
		t.Error("the earlier one is not kept")
	}
	for _, want := range []string{"2025-12-10", ""} {
		if _, err := w.undo(harbour); err != nil {
			t.Fatal(err)
		}
		if n := w.count(`SELECT count(*) FROM referral r LEFT JOIN pickup p ON p.referral_id = r.id AND p.undone_at IS NULL
			WHERE concat(p.picked_up_on) = '` + want + `' AND concat(r.picked_up_on) = '` + want + `'`); n != 1 {
			t.Errorf("what stands is not %q", want)
		}
	}
	if got := said(w.confirm(Draft{PickedUpOn: "2025-12-12", Kind: "new_episode"})); got != "picked_up" {
		t.Error("after both are undone:", got)
	}
}

func TestTheKindOfAPickUpIsCorrectedWithAReason(t *testing.T) {
	w := newWorld(t, true)
	w.goTo("2025-12-12")
	for _, c := range []struct {
		name   string
		d      Draft
		stands string
	}{
		{"first", Draft{PickedUpOn: "2025-12-10", Kind: "new_episode", Modality: "prescribing"}, "new_episode prescribing"},
		{"again", Draft{PickedUpOn: "2025-12-10", Kind: "new_episode"}, "new_episode prescribing"},
		{"another kind without a reason", Draft{PickedUpOn: "2025-12-10", Kind: "resumed_episode"}, "new_episode prescribing"},
		{"a reason of spaces", Draft{PickedUpOn: "2025-12-10", Kind: "resumed_episode", CorrectionReason: " "}, "new_episode prescribing"},
		{"with a reason", Draft{PickedUpOn: "2025-12-10", Kind: "resumed_episode", Modality: "prescribing", CorrectionReason: "was open"}, "resumed_episode prescribing"},
	} {
		if got := said(w.confirm(c.d)); got != "picked_up" && got != "unchanged" {
			t.Fatalf("%s: %s", c.name, got)
		}
		if n := w.count(`SELECT count(*) FROM pickup WHERE undone_at IS NULL AND kind || ' ' || modality = '` + c.stands + `'`); n != 1 {
			t.Errorf("%s: %s does not stand", c.name, c.stands)
		}
	}
}

func TestAPickUpAfterThreeMonthsIsLate(t *testing.T) {
	for on, late := range map[string]int{"2026-03-11": 0, "2026-03-12": 1} { // day 92 and day 93
		w := newWorld(t, true)
		w.goTo("2026-04-01")
		if got := said(w.confirm(Draft{PickedUpOn: on, Kind: "new_episode"})); got != "picked_up" {
			t.Error(got)
		}
		if n := w.count(`SELECT count(*) FROM pickup WHERE late`); n != late {
			t.Errorf("on %s: %d are late", on, n)
		}
	}
}

func TestPickUpAndClosureFreeWhatIsToCome(t *testing.T) {
	for name, end := range map[string]func(*world) (*referral.Changed, error){
		"picked_up": func(w *world) (*referral.Changed, error) {
			return w.confirm(Draft{PickedUpOn: "2025-12-09", Kind: "resumed_episode"})
		},
		"closed": func(w *world) (*referral.Changed, error) {
			return w.close(exeter, ClosureDraft{Reason: "died", On: "2025-12-09"})
		},
	} {
		w := newWorld(t, false)
		w.now = day.MustParse("2025-12-09").At(9, 0)
		w.as(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
			_, err := referral.Release(ctx, tx, exeter, w.now, w.id, referral.ReleaseDraft{ReleasedOn: "2025-12-09", Reason: "RELEASED"})
			return err
		})
		c, err := end(w)
		if got := said(c, err); got != name || c.OldAppointment == nil || c.NewAppointment != nil {
			t.Errorf("%s: %s", name, got)
		}
		if n := w.count(`SELECT count(*) FROM place WHERE appointment_id IS NOT NULL`); n != 0 {
			t.Errorf("%s: %d places are held", name, n)
		}
	}
}

func TestClosures(t *testing.T) {
	w := newWorld(t, true)
	w.goTo("2025-12-20")
	for _, c := range []struct {
		who  staff.Who
		d    ClosureDraft
		want string
	}{
		{harbour, ClosureDraft{}, "reason required, on required"},
		{harbour, ClosureDraft{Reason: "lost", On: "2025-12-10"}, "reason not_recognised"},
		{harbour, ClosureDraft{Reason: "died", On: "2025-12-08"}, "on before_release"},
		{harbour, ClosureDraft{Reason: "died", On: "2025-12-21"}, "on in_the_future"},
		{harbour, ClosureDraft{Reason: "picked_up_elsewhere", On: "2025-12-10"}, "provider_name required"},
		{harbour, ClosureDraft{Reason: "declined", On: "2025-12-10", ProviderName: "Other"}, "provider_name not_applicable"},
		{exeter, ClosureDraft{Reason: "declined", On: "2025-12-10"}, "forbidden"},
		{exeter, ClosureDraft{Reason: "returned_to_custody", On: "2025-12-10"}, "closed"},
		{harbour, ClosureDraft{Reason: "returned_to_custody", On: "2025-12-10"}, "unchanged"},
		{harbour, ClosureDraft{Reason: "returned_to_custody", On: "2025-12-11"}, "already_recorded"},
		{harbour, ClosureDraft{Reason: "died", On: "2025-12-15"}, "closed"},
	} {
		if got := said(w.close(c.who, c.d)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.d, got, c.want)
		}
	}
	if got := said(w.undo(harbour)); got != "closed" {
		t.Errorf("one of two ends undone: %s", got)
	}
	if got := said(w.undo(exeter)); got != "released" {
		t.Errorf("both undone: %s", got)
	}
}

func TestAContactIsRecordedAndMovesNothing(t *testing.T) {
	w := newWorld(t, false)
	for _, kind := range ContactKinds {
		if got := said(w.contact(exeter, ContactDraft{Kind: kind, On: "2025-12-01", Note: "Canary of a note"})); got != "booked" {
			t.Errorf("%s: %s", kind, got)
		}
	}
	for want, d := range map[string]ContactDraft{
		"kind required, on required": {}, "kind not_recognised": {Kind: "treatment", On: "2025-12-01"}, "on in_the_future": {Kind: "phone", On: "2025-12-02"},
		"on too_long_ago": {Kind: "phone", On: "2025-08-31"}, // referred on 1 December
	} {
		if got := said(w.contact(harbour, d)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if n := w.count(`SELECT count(*) FROM contact c JOIN event e USING (referral_id) WHERE e.kind = 'contact' AND (c::text || e::text) LIKE '%Canary%'`); n != 0 {
		t.Error("a note stands in clear")
	}
	if got := said(w.undo(exeter)); got != "booked" || w.count(`SELECT count(*) FROM contact WHERE undone_at IS NOT NULL`) != 1 {
		t.Errorf("undone: %s", got)
	}
	if got := said(w.contact(harbour, ContactDraft{Kind: "in_reach", On: "2025-09-01"})); got != "booked" {
		t.Errorf("three months before the referral: %s", got)
	}
}

func TestAContactSentAgainIsOne(t *testing.T) {
	w := newWorld(t, false)
	rang := func(change func(*ContactDraft)) ContactDraft {
		d := ContactDraft{Kind: "phone", On: "2025-12-01", Note: "Rang"}
		change(&d)
		return d
	}
	asIs := func(*ContactDraft) {}
	for _, c := range []struct {
		what  string
		who   staff.Who
		d     ContactDraft
		makes int
	}{
		{"the first", exeter, rang(asIs), 1},
		{"sent again", exeter, rang(asIs), 0},
		{"by somebody else", harbour, rang(asIs), 1},
		{"another note", exeter, rang(func(d *ContactDraft) { d.Note = "Rang once more" }), 1},
		{"without a note", exeter, rang(func(d *ContactDraft) { d.Note = "" }), 1},
		{"without a note, sent again", exeter, rang(func(d *ContactDraft) { d.Note = "" }), 0},
		{"another day", exeter, rang(func(d *ContactDraft) { d.On = "2025-11-30" }), 1},
		{"another kind", exeter, rang(func(d *ContactDraft) { d.Kind = "in_reach" }), 1},
	} {
		before := w.count(`SELECT count(*) FROM contact`)
		changed, err := w.contact(c.who, c.d)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if made := w.count(`SELECT count(*) FROM contact`) - before; made != c.makes || changed.Unchanged != (c.makes == 0) {
			t.Errorf("%s makes %d, unchanged %v", c.what, made, changed.Unchanged)
		}
	}
	if _, err := w.undo(exeter); err != nil {
		t.Fatal(err)
	}
	if changed, err := w.contact(exeter, rang(func(d *ContactDraft) { d.Kind = "in_reach" })); err != nil || changed.Unchanged {
		t.Errorf("after it was undone: %v %v", changed, err)
	}
}

func TestOnlyTheProviderPicksUp(t *testing.T) {
	w := newWorld(t, true)
	err := w.try(exeter.Scope(), func(ctx context.Context, tx *db.Tx) error {
		_, err := Confirm(ctx, tx, exeter, w.now, w.id, Draft{PickedUpOn: "2025-12-09", Kind: "new_episode"})
		return err
	})
	if got := said(nil, err); got != "forbidden" {
		t.Error(got)
	}
}
