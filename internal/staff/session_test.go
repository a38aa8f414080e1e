package staff_test

import (
	"testing"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// A session ends 15 minutes after it was last used and 10 hours after signing in, whichever comes first:
//
//	signed in -------- used -- 15 min --> ends
//	    \-------------- 10 h -----------> ends
func TestHowLongASessionLastsYet(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	at := start.Add(time.Hour)
	token, _ := d.signIn(at, email, password, d.code(secret, at))
	for name, c := range map[string]struct {
		used, asked time.Duration // after signing in
		token       string
		left        time.Duration
	}{
		"just signed in":              {0, 0, token, 15 * time.Minute},
		"asked, which is no use":      {0, 14 * time.Minute, token, time.Minute},
		"idle":                        {0, 15 * time.Minute, token, 0},
		"used":                        {time.Hour, time.Hour + 5*time.Minute, token, 10 * time.Minute},
		"soon there for 10 hours":     {594 * time.Minute, 595 * time.Minute, token, 5 * time.Minute},
		"there for 10 hours":          {599 * time.Minute, 600 * time.Minute, token, 0},
		"of a session that never was": {0, 0, "made-up", 0},
	} {
		d.act(func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE session SET seen_at = $1`, at.Add(c.used))
			return err
		})
		d.lasts(name, at.Add(c.asked), c.token, c.left)
	}
	d.takesPart(false)
	d.lasts("of an organisation that no longer takes part", at, token, 0)
	d.takesPart(true)
	d.act(func(tx *db.Tx) error { return staff.Disable(t.Context(), tx, atConsole, at, email) })
	d.lasts("disabled", at, token, 0)
}

func (d desk) lasts(name string, at time.Time, token string, want time.Duration) {
	d.Helper()
	var left time.Duration
	d.act(func(tx *db.Tx) (err error) {
		left, err = staff.TimeLeft(d.Context(), tx, at, token)
		return err
	})
	if left != want {
		d.Errorf("%s: %v left, not %v", name, left, want)
	}
}
