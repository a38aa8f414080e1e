package staff_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

var atConsole = audit.By{Actor: "console:test", Via: "console"}

func (d desk) person() (p staff.Person) {
	d.Helper()
	d.act(func(tx *db.Tx) error {
		people, err := staff.People(d.Context(), tx)
		if err == nil {
			p = people[0]
		}
		return err
	})
	return p
}

func (d desk) recoveryCodes(at time.Time) (codes []string) {
	d.Helper()
	id := d.person().ID
	d.act(func(tx *db.Tx) (err error) {
		codes, err = staff.NewRecoveryCodes(d.Context(), tx, atConsole, at, id)
		return err
	})
	return codes
}

func TestARecoveryCodeStandsInOnceForTheApp(t *testing.T) {
	d := newDesk(t)
	d.enrolled()
	old, codes := d.recoveryCodes(start), d.recoveryCodes(start)
	at := start.Add(time.Hour)
	if len(codes) != 10 || codes[0] == codes[1] {
		t.Fatalf("codes %v", codes)
	}
	for name, c := range map[string]struct {
		password, code string
	}{
		"wrong password":     {"another long password", codes[0]},
		"replaced by others": {password, old[0]},
		"made up":            {password, "0000 0000 0000"},
	} {
		if token, _ := d.signIn(at, email, c.password, c.code); token != "" {
			t.Errorf("%s: it worked", name)
		}
	}
	if token, refused := d.signIn(at, email, password, codes[0]); token == "" {
		t.Errorf("as written: %v", refused)
	}
	if token, _ := d.signIn(at, email, password, codes[0]); token != "" {
		t.Error("a code worked twice")
	}
	if token, refused := d.signIn(at, email, password, strings.ReplaceAll(codes[1], " ", "-")); token == "" {
		t.Errorf("with hyphens: %v", refused)
	}
	var left int
	id := d.person().ID
	d.act(func(tx *db.Tx) (err error) {
		left, err = staff.RecoveryCodesLeft(t.Context(), tx, id)
		return err
	})
	if left != 8 {
		t.Errorf("%d are left", left)
	}
}

func TestGuessingElsewhereShutsNobodyOutOfTheirOwnDevice(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	in, refused := d.try(at, staff.Try{Email: email, Password: password, Code: d.code(secret, at)})
	if in.Device == "" {
		t.Fatalf("no mark: %v", refused)
	}
	at = at.Add(time.Minute)
	for range 12 {
		d.signIn(at, email, "a guess at the password", "123456")
		d.try(at, staff.Try{Email: email, Password: "a guess at the password", Code: "123456", Device: "a planted mark"})
	}
	if _, refused := d.try(at, staff.Try{Email: email, Password: password, Code: d.code(secret, at), Device: "a planted mark"}); !errors.Is(refused, staff.ErrTooMany) {
		t.Errorf("a mark that was never given out: %v", refused)
	}
	again, refused := d.try(at, staff.Try{Email: email, Password: password, Code: d.code(secret, at), Device: in.Device})
	if again.Session == "" || again.Device != in.Device {
		t.Errorf("on the known device: %+v, %v", again, refused)
	}
	for range 10 {
		d.try(at, staff.Try{Email: email, Password: "a guess at the password", Code: "123456", Device: in.Device})
	}
	at = at.Add(time.Minute)
	if _, refused := d.try(at, staff.Try{Email: email, Password: password, Code: d.code(secret, at), Device: in.Device}); !errors.Is(refused, staff.ErrTooMany) {
		t.Errorf("guessing on the known device: %v", refused)
	}
}

func TestCommonPasswordsAreRefused(t *testing.T) {
	d := newDesk(t)
	d.enrolled()
	id := d.person().ID
	at := start.Add(time.Hour)
	for try, ok := range map[string]bool{
		"three odd words walk": true, "Fahrrad-Kühlschrank-9": true, "kettle harbour violet": true,
		"Password2024!": false, "passwordpassword": false, "qwertyuiop123": false, "P@ssw0rd2023!!": false,
		"123456789012": false, "aaaaaaaaaaaa": false, "abcabcabcabc": false, "iloveyou!!!!!": false, "Liverpool1892": false,
		"1q2w3e4r5t6y": false, "LetMeIn!LetMeIn!": false,
	} {
		var refused error
		d.act(func(tx *db.Tx) (err error) {
			at = at.Add(time.Minute)
			refused, err = staff.ChangePassword(t.Context(), tx, atConsole, at, id, "not the password", try)
			return err
		})
		var wrong *problem.Invalid
		if !errors.As(refused, &wrong) {
			t.Fatal("a wrong password was taken")
		}
		common := false
		for _, c := range wrong.Corrections {
			common = common || c.Code == "common"
		}
		if common == ok {
			t.Errorf("%q is common: %v", try, common)
		}
	}
}

func TestChangingThePasswordEndsEverySession(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	one, _ := d.signIn(at, email, password, d.code(secret, at))
	at = at.Add(time.Minute)
	two, _ := d.signIn(at, email, password, d.code(secret, at))
	id := d.person().ID
	const fresh = "kettle harbour violet"
	d.act(func(tx *db.Tx) error {
		refused, err := staff.ChangePassword(t.Context(), tx, atConsole, at, id, password, fresh)
		return errors.Join(refused, err)
	})
	for _, token := range []string{one, two} {
		if _, err := d.signedIn(at, token); err == nil {
			t.Error("a session goes on")
		}
	}
	d.act(func(tx *db.Tx) error {
		refused, err := staff.ChangePassword(t.Context(), tx, atConsole, at, id, password, "another kettle of fish")
		if refused == nil {
			t.Error("it was changed by somebody who knows the old one only")
		}
		return err
	})
	var told int
	d.act(func(tx *db.Tx) error {
		return tx.Get(t.Context(), &told, `SELECT count(*) FROM audit WHERE act = 'password refused' AND subject = $1`, id.String())
	})
	if told != 1 {
		t.Errorf("the auditor is told of %d wrong passwords", told)
	}
	at = at.Add(time.Minute)
	if token, _ := d.signIn(at, email, password, d.code(secret, at)); token != "" {
		t.Error("the old password still works")
	}
	if token, refused := d.signIn(at, email, fresh, d.code(secret, at)); token == "" {
		t.Errorf("the new one does not: %v", refused)
	}
}

func TestSigningOutEndsThePersonsSessionsEverywhere(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	here, _ := d.signIn(at, email, password, d.code(secret, at))
	at = at.Add(time.Minute)
	there, _ := d.signIn(at, email, password, d.code(secret, at))
	d.act(func(tx *db.Tx) error { return staff.Leave(t.Context(), tx, at, there) })
	if _, err := d.signedIn(at, here); err != nil {
		t.Errorf("leaving one session ended another: %v", err)
	}
	at = at.Add(time.Minute)
	there, _ = d.signIn(at, email, password, d.code(secret, at))
	d.act(func(tx *db.Tx) error { return staff.SignOut(t.Context(), tx, at, here) })
	if _, err := d.signedIn(at, there); err == nil {
		t.Error("the other device is still signed in")
	}
}

func TestTheAuditorIsToldOfEverySigningOut(t *testing.T) {
	d := newDesk(t)
	d.enrolled()
	at, id := start.Add(time.Hour), d.person().ID
	themselves := "staff:" + id.String()
	for _, c := range []struct {
		name   string
		begins int // sessions
		end    func(tx *db.Tx, token string) error
		told   string // by whom, of how many sessions; "" is no row
	}{
		{"one of two sessions", 2, func(tx *db.Tx, token string) error { return staff.Leave(t.Context(), tx, at, token) }, themselves + " 1"},
		{"everywhere", 1, func(tx *db.Tx, token string) error { return staff.SignOut(t.Context(), tx, at, token) }, themselves + " 2"},
		{"a session that never was", 0, func(tx *db.Tx, _ string) error { return staff.SignOut(t.Context(), tx, at, "made-up") }, ""},
		{"an idle session", 1, func(tx *db.Tx, token string) error {
			return staff.SignOut(t.Context(), tx, at.Add(staff.SessionIdle), token)
		}, ""},
		{"by an administrator", 1, func(tx *db.Tx, _ string) error { return staff.Disable(t.Context(), tx, atConsole, at, email) }, atConsole.Actor + " 1"},
		{"again by an administrator", 0, func(tx *db.Tx, _ string) error { return staff.Disable(t.Context(), tx, atConsole, at, email) }, ""},
	} {
		var told string
		d.act(func(tx *db.Tx) (err error) {
			var last int
			if err := tx.Get(t.Context(), &last, `SELECT max(id) FROM audit`); err != nil {
				return err
			}
			var token string
			for range c.begins {
				if token, err = staff.Begin(t.Context(), tx, at, email); err != nil {
					return err
				}
			}
			if err := c.end(tx, token); err != nil {
				return err
			}
			return tx.Get(t.Context(), &told, `
				SELECT coalesce(string_agg(actor || ' ' || (detail ->> 'sessions'), ', '), '')
				FROM audit
				WHERE id > $1
				  AND act = 'signed out'
				  AND subject = $2`, last, id.String())
		})
		if told != c.told {
			t.Errorf("%s: the auditor is told %q, want %q", c.name, told, c.told)
		}
	}
}

func TestALostSecondFactorIsSetUpAnewByLink(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	codes := d.recoveryCodes(start)
	at := start.Add(time.Hour)
	in, _ := d.signIn(at, email, password, d.code(secret, at))
	id, token := d.person().ID, ""
	d.act(func(tx *db.Tx) error { return staff.Disable(t.Context(), tx, atConsole, at, email) })
	d.act(func(tx *db.Tx) (err error) {
		token, err = staff.Renew(t.Context(), tx, atConsole, at, id, "")
		return err
	})
	if _, err := d.signedIn(at, in); err == nil {
		t.Error("the session goes on")
	}
	at = at.Add(time.Minute)
	for _, code := range []string{d.code(secret, at), codes[0]} {
		if token, _ := d.signIn(at, email, password, code); token != "" {
			t.Error("what was lost still opens the account")
		}
	}
	key, err := staff.NewSecret(email)
	if err != nil {
		t.Fatal(err)
	}
	d.act(func(tx *db.Tx) error {
		return staff.Enrol(t.Context(), tx, at, token, password, key.Secret(), d.code(key.Secret(), at))
	})
	at = at.Add(time.Minute)
	if token, refused := d.signIn(at, email, password, d.code(key.Secret(), at)); token == "" {
		t.Errorf("with the new app: %v", refused)
	}
	err = d.pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		_, err := staff.Renew(t.Context(), tx, atConsole, at, uuid.New(), "")
		return err
	})
	if none := (*problem.NotFound)(nil); !errors.As(err, &none) {
		t.Errorf("for nobody: %v", err)
	}
}
