package staff_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// atOnce does the same four times at the same moment, and says how often it succeeded. More would only
// wait for each other's argon2 for longer than a lock may be waited for.
func (d desk) atOnce(try func(tx *db.Tx) (done bool, err error)) (succeeded int) {
	d.Helper()
	begin, results := make(chan struct{}), make(chan bool, 4)
	var all sync.WaitGroup
	for range cap(results) {
		all.Go(func() {
			<-begin
			var done bool
			err := d.pool.Act(d.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) (err error) {
				done, err = try(tx)
				return err
			})
			if none := (*problem.NotFound)(nil); err != nil && !errors.As(err, &none) {
				d.Error(err)
			}
			results <- done && err == nil
		})
	}
	close(begin)
	all.Wait()
	close(results)
	for done := range results {
		if done {
			succeeded++
		}
	}
	return succeeded
}

func TestACodeThatComesManyTimesAtOnceOpensOneSession(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	for name, code := range map[string]string{"of the app": "", "of recovery": d.recoveryCodes(start)[0]} {
		if code == "" {
			code = d.code(secret, at)
		}
		n := d.atOnce(func(tx *db.Tx) (bool, error) {
			in, _, err := staff.SignIn(d.Context(), tx, at, staff.Try{Email: email, Password: password, Code: code})
			return in.Session != "", err
		})
		if n != 1 {
			t.Errorf("a code %s opened %d sessions", name, n)
		}
		at = at.Add(10 * time.Minute) // the three others are no guesses against the next code
	}
}

func TestOnlyTenGuessesAreTriedHoweverManyComeAtOnce(t *testing.T) {
	d := newDesk(t)
	d.enrolled()
	at := start.Add(time.Hour)
	tried := 0
	for range 4 {
		tried += d.atOnce(func(tx *db.Tx) (bool, error) {
			_, refused, err := staff.SignIn(d.Context(), tx, at, staff.Try{Email: email, Password: "a guess at it all", Code: "000000"})
			return errors.Is(refused, staff.ErrRefused), err
		})
	}
	if tried != 10 {
		t.Errorf("%d guesses were tried", tried)
	}
}

// At a desk that somebody left open.
func TestOnlyTenGuessesAtAPasswordAreTriedHoweverManyComeAtOnce(t *testing.T) {
	d := newDesk(t)
	d.enrolled()
	id, tried := d.person().ID, 0
	for range 4 {
		tried += d.atOnce(func(tx *db.Tx) (bool, error) {
			refused, err := staff.ChangePassword(d.Context(), tx, atConsole, start, id, "a guess at it all", "kettle harbour violet")
			var wrong *problem.Invalid
			return errors.As(refused, &wrong) && wrong.Corrections[0].Code == "wrong", err
		})
	}
	if tried != 10 {
		t.Errorf("%d guesses were tried", tried)
	}
}

// Two people with the same link: the second must not take the first one's account over.
func TestALinkFollowedTwiceAtOnceSetsOneAccountUp(t *testing.T) {
	d := newDesk(t)
	var token string
	d.act(func(tx *db.Tx) (err error) {
		token, err = staff.Add(t.Context(), tx, audit.By{}, start, "HARBOUR", email, "Siobhán")
		return err
	})
	key, err := staff.NewSecret(email)
	if err != nil {
		t.Fatal(err)
	}
	n := d.atOnce(func(tx *db.Tx) (bool, error) {
		return true, staff.Enrol(t.Context(), tx, start, token, password, key.Secret(), d.code(key.Secret(), start))
	})
	if n != 1 {
		t.Errorf("the link worked %d times", n)
	}
}

// Codes that were shown are not replaced behind the back of whoever prints them.
func TestAFormForNewRecoveryCodesMakesThemOnce(t *testing.T) {
	d := newDesk(t)
	d.enrolled()
	d.recoveryCodes(start)
	id := d.person().ID
	renew := func(mark string) (made bool) {
		d.act(func(tx *db.Tx) error {
			codes, refused, err := staff.RenewRecoveryCodes(t.Context(), tx, atConsole, start, id, password, mark)
			if made = len(codes) == 10; !made && !errors.Is(refused, staff.ErrCodesMade) {
				t.Errorf("%d codes, %v", len(codes), refused)
			}
			return err
		})
		return made
	}
	mark := func() (mark string) {
		d.act(func(tx *db.Tx) (err error) {
			mark, err = staff.CodesMark(t.Context(), tx, id)
			return err
		})
		return mark
	}
	drawn := mark()
	n := d.atOnce(func(tx *db.Tx) (bool, error) {
		codes, _, err := staff.RenewRecoveryCodes(t.Context(), tx, atConsole, start, id, password, drawn)
		return len(codes) > 0, err
	})
	if n != 1 {
		t.Errorf("codes were made %d times", n)
	}
	for _, c := range []struct {
		name, mark string
		made       bool
	}{{"of the same form", drawn, false}, {"of a form drawn since", mark(), true}, {"without a mark", "", true}} {
		if made := renew(c.mark); made != c.made {
			t.Errorf("%s: made %t", c.name, made)
		}
	}
}

func TestTheAuditorIsToldAtWhoseAccountSomebodyTried(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	d.signIn(at, email, password, d.code(secret, at))
	d.signIn(at, "nobody@example.org", password, "000000")
	for range 11 {
		d.signIn(at, email, "a guess at it all", "000000")
	}
	told := map[string]int{}
	d.act(func(tx *db.Tx) error {
		rows, err := audit.Search(t.Context(), tx, audit.Query{From: at, To: at.Add(time.Hour), Limit: 50})
		for _, r := range rows {
			who := "unknown"
			if r.About != nil {
				who = *r.About
			}
			told[r.Act+" "+who+" "+r.Organisation]++
		}
		return err
	})
	want := map[string]int{"signed in Siobhán HARBOUR": 1, "sign-in refused unknown ": 1, "sign-in refused Siobhán ": 10, "sign-in stopped Siobhán ": 1}
	for row, n := range want {
		if told[row] != n {
			t.Errorf("%q is told %d times, not %d: %v", row, told[row], n, told)
		}
	}
}

// Somebody without an account cannot fill the audit trail: of all the tries that are stopped, at once or one after the
// other, one row is left for each account and five minutes.
func TestTheAuditorIsToldOnceThatAnAccountIsTriedOnAndOn(t *testing.T) {
	d := newDesk(t)
	told := func(at time.Time, who string) (n int) {
		d.signIn(at, who, "a guess at it all", "000000")
		d.act(func(tx *db.Tx) error { // and nine more, without their argon2
			_, err := tx.Exec(t.Context(), `
				INSERT INTO sign_in_try (account, at)
				SELECT account, at FROM sign_in_try CROSS JOIN generate_series(2, 10) WHERE at = $1 AND stopped_at IS NULL`, at)
			return err
		})
		for _, when := range []time.Time{at, at.Add(4 * time.Minute)} {
			stopped := d.atOnce(func(tx *db.Tx) (bool, error) {
				_, refused, err := staff.SignIn(d.Context(), tx, when, staff.Try{Email: who, Password: "a guess at it all", Code: "000000"})
				return errors.Is(refused, staff.ErrTooMany), err
			})
			if stopped < 2 {
				t.Fatalf("%d tries were stopped", stopped)
			}
		}
		d.act(func(tx *db.Tx) error {
			return tx.Get(t.Context(), &n, `SELECT count(*) FROM audit WHERE act = 'sign-in stopped'`)
		})
		return n
	}
	at := start.Add(time.Hour)
	for i, c := range []struct {
		at  time.Time
		who string
	}{{at, "nobody@example.org"}, {at, "another@example.org"}, {at.Add(10 * time.Minute), "nobody@example.org"}} {
		if n := told(c.at, c.who); n != i+1 {
			t.Errorf("after %s at %s: told %d times", c.at, c.who, n)
		}
	}
}
