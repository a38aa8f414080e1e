package staff_test

import (
	"testing"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// Somebody signs in twice, a day apart, each time on a device that is not known:
//
//	in, a form kept, a failed try -- 24 h: the try goes; in again -- a week: the form -- 30 days: the first session -- a year: the first device
//
// The second session is their last: it stays.
func TestWhatSigningInHasLeftBehindIsForgotten(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	const aDay = 24 * time.Hour
	first := start.Add(time.Hour)
	token, _ := d.signIn(first, email, password, d.code(secret, first))
	d.keeps(first, token, "her sister's telephone")
	d.signIn(first, email, "a guess at it all", "000000")
	again := first.Add(aDay)
	d.signIn(again, email, password, d.code(secret, again))
	for _, c := range []struct {
		name                            string
		after                           time.Duration
		tries, forms, sessions, devices int
	}{
		{"a day", aDay, 1, 1, 2, 2},
		{"a day, and more", aDay + time.Second, 0, 1, 2, 2},
		{"a week", staff.KeptFor, 0, 1, 2, 2},
		{"a week, and more", staff.KeptFor + time.Second, 0, 0, 2, 2},
		{"30 days", 30 * aDay, 0, 0, 2, 2},
		{"30 days, and more", 30*aDay + time.Second, 0, 0, 1, 2},
		{"a year", 365 * aDay, 0, 0, 1, 2},
		{"a year, and more", 365*aDay + time.Second, 0, 0, 1, 1},
		{"two years", 2 * 365 * aDay, 0, 0, 1, 0},
	} {
		d.act(func(tx *db.Tx) error { return staff.Purge(t.Context(), tx, first.Add(c.after)) })
		var left struct{ Tries, Forms, Sessions, Devices int }
		d.act(func(tx *db.Tx) error {
			return tx.Get(t.Context(), &left, `
				SELECT (SELECT count(*) FROM sign_in_try) AS tries,
				  (SELECT count(*) FROM kept_form) AS forms,
				  (SELECT count(*) FROM session) AS sessions,
				  (SELECT count(*) FROM known_device) AS devices`)
		})
		if left.Tries != c.tries || left.Forms != c.forms || left.Sessions != c.sessions || left.Devices != c.devices {
			t.Errorf("after %s: %+v are left", c.name, left)
		}
	}
	var last *time.Time
	d.act(func(tx *db.Tx) (err error) {
		last, err = staff.LastSignIn(t.Context(), tx, d.person().ID)
		return err
	})
	if last == nil || !last.Equal(again) {
		t.Errorf("they last signed in at %v", last)
	}
}
