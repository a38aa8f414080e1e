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

func (d desk) holder(now time.Time, clear string) (who staff.Who, err error) {
	d.Helper()
	d.act(func(tx *db.Tx) error {
		who, err = staff.KeyHolder(d.Context(), tx, now, clear)
		return nil
	})
	return who, err
}

var (
	noon  = time.Date(2023, 11, 20, 12, 20, 0, 0, time.UTC)
	clerk = staff.Who{By: audit.By{Organisation: "ADMIN", Actor: "console:test", Via: "console"}, Role: staff.Admin}
)

func (d desk) create(organisation string, days int) (key staff.Key, clear string) {
	d.Helper()
	d.act(func(tx *db.Tx) (err error) {
		key, clear, err = staff.CreateKey(d.Context(), tx, clerk, noon, organisation, days)
		return err
	})
	return key, clear
}

func TestAKeyActsForItsOrganisation(t *testing.T) {
	d := newDesk(t)
	for organisation, role := range map[string]staff.Role{"EXI": staff.Prison, "HARBOUR": staff.Provider, "SUBGROUP": staff.SubGroup} {
		key, clear := d.create(organisation, 90)
		who, err := d.holder(noon, clear)
		if err != nil || who.Organisation() != organisation || who.Role != role || who.By.Actor != "key:"+key.ID.String() || who.By.Via != "api" {
			t.Errorf("%s: %+v %v", organisation, who, err)
		}
		if !strings.HasPrefix(clear, "tg_"+organisation+"_") || len(clear) < len("tg__")+len(organisation)+26 {
			t.Errorf("%s: a key of another form", organisation)
		}
	}
}

func TestAKeyIsStoredAsAHash(t *testing.T) {
	d := newDesk(t)
	_, clear := d.create("EXI", 90)
	d.act(func(tx *db.Tx) error {
		var rows []string
		err := tx.Select(d.Context(), &rows, `SELECT row_to_json(k)::text FROM api_key k UNION ALL SELECT row_to_json(a)::text FROM audit a`)
		if all := strings.Join(rows, "\n"); strings.Contains(all, clear) || strings.Contains(all, strings.TrimPrefix(clear, "tg_EXI_")) {
			t.Error("the key stands in the database")
		}
		return err
	})
}

func TestKeysThatDoNotWorkAnyMore(t *testing.T) {
	d := newDesk(t)
	key, clear := d.create("EXI", 90)
	for _, c := range []struct {
		name  string
		at    time.Time
		clear string
		works bool
	}{
		{"in its last second", noon.AddDate(0, 0, 90).Add(-time.Second), clear, true},
		{"when it has expired", noon.AddDate(0, 0, 90), clear, false},
		{"with a letter changed", noon, clear[:len(clear)-1] + "!", false},
		{"nothing", noon, "", false},
		{"its hash's name alone", noon, "tg_EXI_", false},
	} {
		if _, err := d.holder(c.at, c.clear); (err == nil) != c.works || err != nil && !errors.Is(err, staff.ErrNoKey) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for range 2 { // revoking again changes nothing
		d.act(func(tx *db.Tx) error { return staff.RevokeKey(d.Context(), tx, clerk, noon, key.ID) })
	}
	if _, err := d.holder(noon, clear); !errors.Is(err, staff.ErrNoKey) {
		t.Errorf("it works after it was revoked: %v", err)
	}
	_, other := d.create("CWI", 90)
	d.act(func(tx *db.Tx) error {
		_, err := tx.Exec(d.Context(), `UPDATE organisation SET active = false WHERE code = 'CWI'`)
		return err
	})
	if _, err := d.holder(noon, other); !errors.Is(err, staff.ErrNoKey) {
		t.Errorf("it works for an organisation that no longer takes part: %v", err)
	}
	d.act(func(tx *db.Tx) error {
		keys, err := staff.Keys(d.Context(), tx)
		for _, k := range keys {
			if k.TakesPart != (k.Organisation == "EXI") {
				t.Errorf("of a key of %s it is said that it takes part: %t", k.Organisation, k.TakesPart)
			}
		}
		return err
	})
}

func TestUseIsNotedToTheHour(t *testing.T) {
	d := newDesk(t)
	_, clear := d.create("EXI", 90)
	for _, at := range []time.Time{noon, noon.Add(time.Minute), noon.Add(time.Hour), noon} {
		if _, err := d.holder(at, clear); err != nil {
			t.Fatal(err)
		}
	}
	d.act(func(tx *db.Tx) error {
		all, err := staff.Keys(d.Context(), tx)
		if err == nil && !all[0].LastUsedAt.Equal(noon.Add(time.Hour).Truncate(time.Hour)) {
			t.Errorf("last used %v", all[0].LastUsedAt)
		}
		return err
	})
}

func TestKeysThatAreNotMade(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		name, organisation string
		days               int
	}{
		{"for nobody known", "ZZZ", 90},
		{"for no time", "EXI", 0},
		{"for more than a year", "EXI", 366},
	} {
		err := d.pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			_, _, err := staff.CreateKey(t.Context(), tx, clerk, noon, c.organisation, c.days)
			return err
		})
		if wrong := (*problem.Invalid)(nil); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	err := d.pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		return staff.RevokeKey(t.Context(), tx, clerk, noon, uuid.New())
	})
	if none := (*problem.NotFound)(nil); !errors.As(err, &none) {
		t.Errorf("a key that is none was revoked: %v", err)
	}
}

func TestHowLongAKeyWorksIsSaidInDays(t *testing.T) {
	for text, days := range map[string]int{"90d": 90, "1d": 1, "365": 365, "366d": 0, "0d": 0, "-1d": 0, "3m": 0, "": 0, "9 d": 0} {
		got, err := staff.ParseKeyDays(text)
		if got != days || (err == nil) != (days > 0) {
			t.Errorf("%q: %d %v", text, got, err)
		}
	}
}
