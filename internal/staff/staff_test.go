package staff_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

const (
	email    = "siobhan@example.org"
	password = "a long enough password"
)

var start = time.Date(2024, 1, 8, 9, 0, 0, 0, time.UTC)

type desk struct {
	*testing.T
	pool *db.Pool
}

func newDesk(t *testing.T) desk {
	d := desk{t, testdb.New(t).Pool(t)}
	d.act(func(tx *db.Tx) error { return staff.BringIn(t.Context(), tx) })
	return d
}

func (d desk) act(do func(tx *db.Tx) error) {
	d.Helper()
	if err := d.pool.Act(d.Context(), db.Scope{Part: db.Jobs}, do); err != nil {
		d.Fatal(err)
	}
}

// enrolled adds somebody of Harbour and lets them set password and second factor.
func (d desk) enrolled() (secret string) {
	d.Helper()
	d.act(func(tx *db.Tx) error {
		token, err := staff.Add(d.Context(), tx, audit.By{Actor: "console:test", Via: "console"}, start, "HARBOUR", email, "Siobhán")
		if err != nil {
			return err
		}
		key, err := staff.NewSecret(email)
		if err != nil {
			return err
		}
		secret = key.Secret()
		return staff.Enrol(d.Context(), tx, start, token, password, secret, d.code(secret, start))
	})
	return secret
}

func (d desk) code(secret string, at time.Time) string {
	d.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		d.Fatal(err)
	}
	return code
}

func (d desk) signIn(at time.Time, email, password, code string) (token string, refused error) {
	d.Helper()
	in, refused := d.try(at, staff.Try{Email: email, Password: password, Code: code})
	return in.Session, refused
}

func (d desk) try(at time.Time, try staff.Try) (in staff.Entry, refused error) {
	d.Helper()
	d.act(func(tx *db.Tx) (err error) {
		in, refused, err = staff.SignIn(d.Context(), tx, at, try)
		return err
	})
	return in, refused
}

func (d desk) signedIn(at time.Time, token string) (w staff.Who, err error) {
	err = d.pool.Act(d.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		w, err = staff.SignedIn(d.Context(), tx, at, token)
		return err
	})
	return w, err
}

func TestSigningInTakesPasswordAndAFreshCode(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	later := start.Add(time.Minute)
	for name, try := range map[string][3]string{
		"unknown account":       {"nobody@example.org", password, d.code(secret, later)},
		"wrong password":        {email, "another long password", d.code(secret, later)},
		"wrong code":            {email, password, "000000"},
		"no code":               {email, password, ""},
		"code of the enrolment": {email, password, d.code(secret, start)},
	} {
		if token, refused := d.signIn(later, try[0], try[1], try[2]); token != "" || !errors.Is(refused, staff.ErrRefused) {
			t.Errorf("%s: token %q, %v", name, token, refused)
		}
	}
	token, refused := d.signIn(later, "Siobhan@Example.org ", password, d.code(secret, later))
	if token == "" {
		t.Fatalf("refused: %v", refused)
	}
	who, err := d.signedIn(later, token)
	if err != nil || who.Organisation() != "HARBOUR" || who.Role != staff.Provider {
		t.Errorf("signed in as %+v, %v", who, err)
	}
	for name, c := range map[string]struct {
		signedIn uuid.UUID
		password string
		want     error
	}{
		"elsewhere":                              {uuid.Nil, password, staff.ErrRefused},
		"where somebody else is signed in":       {uuid.New(), password, staff.ErrRefused},
		"where they are, with a wrong password":  {who.Person(), "another long password", staff.ErrRefused},
		"where they are, as by a second sending": {who.Person(), password, staff.ErrSignedIn},
	} {
		in, refused := d.try(later, staff.Try{Email: email, Password: c.password, Code: d.code(secret, later), SignedIn: c.signedIn})
		if in.Session != "" || !errors.Is(refused, c.want) {
			t.Errorf("the same code %s: session %q, %v", name, in.Session, refused)
		}
	}
}

func TestGuessingIsStoppedAfterTenTries(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Minute)
	for range 10 {
		d.signIn(at, email, "a guess at the password", "123456")
	}
	if token, refused := d.signIn(at, email, password, d.code(secret, at)); token != "" || !errors.Is(refused, staff.ErrTooMany) {
		t.Errorf("the eleventh try: %q, %v", token, refused)
	}
	at = at.Add(5*time.Minute + time.Second)
	if token, refused := d.signIn(at, email, password, d.code(secret, at)); token == "" {
		t.Errorf("after five minutes: %v", refused)
	}
}

// A session:  sign-in ---- idle 15 min: out
//
//	sign-in -u-u-u-u-u- 10 h: out, however much it was used
func TestASessionEnds(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	in := func(at time.Time) string {
		token, refused := d.signIn(at, email, password, d.code(secret, at))
		if token == "" {
			t.Fatal(refused)
		}
		return token
	}
	gone := func(name, token string, at time.Time) {
		t.Helper()
		var missing *problem.NotFound
		if _, err := d.signedIn(at, token); !errors.As(err, &missing) {
			t.Errorf("%s: the session still works (%v)", name, err)
		}
	}
	at := start.Add(time.Hour)
	idle := in(at)
	if _, err := d.signedIn(at.Add(staff.SessionIdle-time.Second), idle); err != nil {
		t.Errorf("just inside the idle time: %v", err)
	}
	gone("idle", idle, at.Add(2*staff.SessionIdle))

	at = at.Add(time.Hour)
	used := in(at)
	for now := at; now.Before(at.Add(staff.SessionLasts)); now = now.Add(10 * time.Minute) {
		if _, err := d.signedIn(now, used); err != nil {
			t.Fatalf("after %s: %v", now.Sub(at), err)
		}
	}
	gone("ten hours", used, at.Add(staff.SessionLasts))

	at = at.Add(11 * time.Hour)
	out := in(at)
	d.act(func(tx *db.Tx) error { return staff.SignOut(t.Context(), tx, at, out) })
	gone("signed out", out, at)

	at = at.Add(time.Hour)
	disabled := in(at)
	d.act(func(tx *db.Tx) error {
		return staff.Disable(t.Context(), tx, audit.By{Actor: "console:test", Via: "console"}, at, email)
	})
	gone("disabled", disabled, at)
	gone("never begun", "made-up", at)
}

func TestAnInvitationWorksOnceAndForAWeek(t *testing.T) {
	d := newDesk(t)
	var token string
	d.act(func(tx *db.Tx) (err error) {
		token, err = staff.Add(t.Context(), tx, audit.By{Actor: "console:test", Via: "console"}, start, "HARBOUR", email, "Siobhán")
		return err
	})
	key, err := staff.NewSecret(email)
	if err != nil {
		t.Fatal(err)
	}
	enrol := func(at time.Time, password, code string) error {
		return d.pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			return staff.Enrol(t.Context(), tx, at, token, password, key.Secret(), code)
		})
	}
	var wrong *problem.Invalid
	if err := enrol(start, "short", "000000"); !errors.As(err, &wrong) || len(wrong.Corrections) != 2 {
		t.Errorf("a short password and a wrong code: %v", err)
	}
	if err := enrol(start.Add(8*24*time.Hour), password, d.code(key.Secret(), start.Add(8*24*time.Hour))); err == nil || errors.Is(err, staff.ErrLinkUsed) {
		t.Errorf("after eight days: %v", err)
	}
	if err := enrol(start, password, d.code(key.Secret(), start)); err != nil {
		t.Error(err)
	}
	if err := enrol(start, password, d.code(key.Secret(), start)); !errors.Is(err, staff.ErrLinkUsed) {
		t.Errorf("used again: %v", err)
	}
	err = d.pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		if _, err := staff.Invited(t.Context(), tx, start.Add(30*24*time.Hour), token); !errors.Is(err, staff.ErrLinkUsed) {
			t.Errorf("opened a month later: %v", err)
		}
		if err := staff.Disable(t.Context(), tx, audit.By{Actor: "console:test", Via: "console"}, start, email); err != nil {
			return err
		}
		_, err := staff.Invited(t.Context(), tx, start, token)
		return err
	})
	if none := (*problem.NotFound)(nil); !errors.As(err, &none) || errors.Is(err, staff.ErrLinkUsed) {
		t.Errorf("of somebody disabled, who is not to be led to the sign-in: %v", err)
	}
}

func TestAPersonIsAddedOnlyWithWhatIsNeeded(t *testing.T) {
	d := newDesk(t)
	d.enrolled()
	for name, c := range map[string]struct {
		organisation, email, name string
		faults                    int
	}{
		"all wrong":      {"NOWHERE", "not an address", "", 3},
		"taken":          {"HARBOUR", email, "Siobhán", 1},
		"a header trick": {"HARBOUR", "a@example.org\r\nBcc: b@example.org", "A", 1},
		"two lines":      {"HARBOUR", "a@example.org", "A\nB", 1},
		"turned writing": {"HARBOUR", "a@example.org", "A\u202eB", 1},
		"much too long":  {"HARBOUR", strings.Repeat("a", 300) + "@example.org", strings.Repeat("A", 101), 2},
	} {
		err := d.pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			_, err := staff.Add(t.Context(), tx, audit.By{}, start, c.organisation, c.email, c.name)
			return err
		})
		var wrong *problem.Invalid
		if !errors.As(err, &wrong) || len(wrong.Corrections) != c.faults {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// takesPart makes Harbour take part in the pathway, or no longer, as the settings do at a start.
func (d desk) takesPart(active bool) {
	d.Helper()
	d.act(func(tx *db.Tx) error {
		_, err := tx.Exec(d.Context(), `UPDATE organisation SET active = $1 WHERE code = 'HARBOUR'`, active)
		return err
	})
}

// What holds for its API key holds for its people.
func TestNobodyOfAnOrganisationThatNoLongerTakesPartIsLetIn(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	token, refused := d.signIn(at, email, password, d.code(secret, at))
	if token == "" {
		t.Fatal(refused)
	}
	var link string
	d.act(func(tx *db.Tx) (err error) {
		link, err = staff.Add(t.Context(), tx, atConsole, at, "HARBOUR", "hal@example.org", "Hal")
		return err
	})
	later := at.Add(time.Minute)
	for _, active := range []bool{false, true} {
		d.takesPart(active)
		if _, err := d.signedIn(later, token); (err == nil) != active {
			t.Errorf("it takes part: %t, and a session: %v", active, err)
		}
		if token, refused := d.signIn(later, email, password, d.code(secret, later)); (token != "") != active {
			t.Errorf("it takes part: %t, and a sign-in: %q, %v", active, token, refused)
		}
		d.act(func(tx *db.Tx) error {
			if _, err := staff.Invited(t.Context(), tx, later, link); (err == nil) != active {
				t.Errorf("it takes part: %t, and a link: %v", active, err)
			}
			p, err := staff.Find(t.Context(), tx, d.person().ID)
			if p.TakesPart != active {
				t.Errorf("it takes part: %t, and of the person it is said that it does: %t", active, p.TakesPart)
			}
			return err
		})
	}
}
