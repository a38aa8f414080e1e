package staff_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

const keptAt = "/referrals/new"

// keeps tries to keep a form of a session; uuid.Nil where that is not done.
func (d desk) keeps(at time.Time, token, typed string, instead ...uuid.UUID) (id uuid.UUID) {
	d.Helper()
	form := staff.Unsent{Path: keptAt, Typed: map[string][]string{"notes": {typed}}}
	for _, form.Instead = range instead {
	}
	d.act(func(tx *db.Tx) (err error) {
		id, err = staff.KeepForm(d.Context(), tx, at, staff.SessionOf(token), form)
		return err
	})
	return id
}

// waiting are the forms that a person is offered.
func (d desk) waiting(at time.Time, person uuid.UUID) (ids []uuid.UUID) {
	d.Helper()
	d.act(func(tx *db.Tx) error {
		all, err := staff.WaitingForms(d.Context(), tx, at, person)
		for _, f := range all {
			ids = append(ids, f.ID)
		}
		return err
	})
	return ids
}

// However a session ended, what was typed in it is kept while its person may sign in again:
//
//	signed in, and typed -- the session ends -- sent, and kept -- 7 days after it was last used: not kept any more
func TestAFormIsKeptHoweverItsSessionEnded(t *testing.T) {
	for name, c := range map[string]struct {
		ends func(d desk, tx *db.Tx, at time.Time, token string) error
		sent time.Duration // after signing in
		kept bool
	}{
		"idle":                {func(desk, *db.Tx, time.Time, string) error { return nil }, time.Hour, true},
		"idle over a weekend": {func(desk, *db.Tx, time.Time, string) error { return nil }, 66 * time.Hour, true},
		"signed out": {func(d desk, tx *db.Tx, at time.Time, token string) error {
			return staff.SignOut(d.Context(), tx, at, token)
		}, time.Hour, true},
		"another began in its place": {func(d desk, tx *db.Tx, at time.Time, token string) error {
			return staff.Leave(d.Context(), tx, at, token)
		}, time.Hour, true},
		"password changed": {func(d desk, tx *db.Tx, at time.Time, _ string) error {
			refused, err := staff.ChangePassword(d.Context(), tx, atConsole, at, d.person().ID, password, "kettle violet tractor")
			if refused != nil {
				d.Error(refused)
			}
			return err
		}, time.Hour, true},
		"given a new link": {func(d desk, tx *db.Tx, at time.Time, _ string) error {
			_, err := staff.Renew(d.Context(), tx, atConsole, at, d.person().ID, "")
			return err
		}, time.Hour, true},
		"disabled": {func(d desk, tx *db.Tx, at time.Time, _ string) error {
			return staff.Disable(d.Context(), tx, atConsole, at, email)
		}, time.Hour, false},
		"long ago": {func(d desk, tx *db.Tx, at time.Time, token string) error {
			return staff.SignOut(d.Context(), tx, at, token)
		}, 8 * 24 * time.Hour, false},
		"idle for a week": {func(desk, *db.Tx, time.Time, string) error { return nil }, staff.KeptFor, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			secret := d.enrolled()
			at := start.Add(time.Hour)
			token, _ := d.signIn(at, email, password, d.code(secret, at))
			d.act(func(tx *db.Tx) error { return c.ends(d, tx, at, token) })
			sent := at.Add(c.sent)
			if id := d.keeps(sent, token, "Aoife comes by train"); (id != uuid.Nil) != c.kept {
				t.Errorf("kept as %s", id)
			}
			err := d.pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
				_, err := staff.SignedIn(t.Context(), tx, sent, token)
				return err
			})
			if err == nil {
				t.Error("the token opens something once more")
			}
		})
	}
}

func TestWhatWasTypedIsKeptForThatPersonOnly(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	token, _ := d.signIn(at, email, password, d.code(secret, at))
	person, late := d.person().ID, at.Add(time.Hour)
	id := d.keeps(late, token, "Aoife comes by train")
	if id == uuid.Nil || d.keeps(late, "made-up", "Aoife comes by train") != uuid.Nil {
		t.Fatal("kept for the wrong session")
	}
	for name, c := range map[string]struct {
		at         time.Time
		person, id uuid.UUID
		path       string
		want       int
	}{
		"theirs":       {late, person, id, keptAt, 1},
		"another's":    {late, uuid.New(), id, keptAt, 0},
		"another form": {late, person, uuid.New(), keptAt, 0},
		"another page": {late, person, id, "/find", 0},
		"six days on":  {late.Add(6 * 24 * time.Hour), person, id, keptAt, 1},
		"a week on":    {late.Add(staff.KeptFor), person, id, keptAt, 0},
	} {
		d.act(func(tx *db.Tx) error {
			typed, err := staff.KeptForm(t.Context(), tx, c.at, c.person, c.id, c.path)
			if len(typed) != c.want {
				t.Errorf("%s: %d fields", name, len(typed))
			}
			return err
		})
	}
	var stored []byte
	d.act(func(tx *db.Tx) error {
		return tx.Get(t.Context(), &stored, `SELECT typed_sealed || typed_bix FROM kept_form`)
	})
	if strings.Contains(string(stored), "Aoife") {
		t.Error("it is stored in clear")
	}
	if n := len(d.waiting(late, person)) + len(d.waiting(late, uuid.New())); n != 1 {
		t.Errorf("%d forms are offered", n)
	}
	d.act(func(tx *db.Tx) error { return staff.DropForm(t.Context(), tx, person, id) })
	if len(d.waiting(late, person)) != 0 {
		t.Error("sent, it is still kept")
	}
}

// Every tab that was left open keeps its own form; none is kept twice, and never without end.
func TestTheFormsOfSeveralTabsAreKeptEachOnce(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	token, _ := d.signIn(at, email, password, d.code(secret, at))
	person := d.person().ID
	train, bus := d.keeps(at, token, "train"), d.keeps(at.Add(time.Second), token, "bus")
	if again := d.keeps(at.Add(2*time.Second), token, "train"); again != train {
		t.Error("the same form sent twice is kept twice")
	}
	if got := d.waiting(at, person); !slices.Equal(got, []uuid.UUID{train, bus}) {
		t.Errorf("%v wait, not %v", got, []uuid.UUID{train, bus})
	}
	car := d.keeps(at.Add(3*time.Second), token, "car", train)
	if got := d.waiting(at, person); !slices.Equal(got, []uuid.UUID{car, bus}) {
		t.Errorf("once a kept form was filled in anew, %v wait", got)
	}
	var last uuid.UUID
	for n := range 25 {
		last = d.keeps(at.Add(time.Minute), token, fmt.Sprint("tab ", n))
	}
	if got := d.waiting(at, person); len(got) != 20 || !slices.Contains(got, last) {
		t.Errorf("%d wait after 27 tabs", len(got))
	}
	d.act(func(tx *db.Tx) error { return staff.DropForms(t.Context(), tx, person) })
	if len(d.waiting(at, person)) != 0 {
		t.Error("discarded, they are still kept")
	}
}

// A mark is drawn into pages: it names the session, and is no token.
func TestAPagesMarkNamesItsSessionAndOpensNothing(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	token, _ := d.signIn(at, email, password, d.code(secret, at))
	mark := staff.SessionOf(token).Mark()
	if strings.Contains(mark, token) || !slices.Equal(staff.Marked(mark), staff.SessionOf(token)) {
		t.Errorf("the mark is %q", mark)
	}
	for name, not := range map[string]string{"nothing": "", "made up": "AAAA", "the token": token, "cut short": mark[:len(mark)-2]} {
		if got := staff.Marked(not); got != nil {
			t.Errorf("%s names %x", name, got)
		}
	}
	err := d.pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		_, err := staff.SignedIn(t.Context(), tx, at, mark)
		return err
	})
	if none := (*problem.NotFound)(nil); !errors.As(err, &none) {
		t.Errorf("the mark opens the session: %v", err)
	}
	d.act(func(tx *db.Tx) error {
		theirs, err := staff.PastOf(t.Context(), tx, staff.SessionOf(token))
		if theirs.Person != d.person().ID || !theirs.RanOut {
			t.Errorf("its past is %+v", theirs)
		}
		return err
	})
	d.act(func(tx *db.Tx) error { return staff.SignOut(t.Context(), tx, at, token) })
	d.act(func(tx *db.Tx) error {
		ended, err := staff.PastOf(t.Context(), tx, staff.SessionOf(token))
		nobodys, err2 := staff.PastOf(t.Context(), tx, staff.SessionOf("made-up"))
		if ended.RanOut || nobodys.Person != uuid.Nil || err2 != nil {
			t.Errorf("signed out it is %+v, made up %+v %v", ended, nobodys, err2)
		}
		return err
	})
}
