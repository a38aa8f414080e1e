package referral

import (
	"context"
	"errors"
	"testing"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

func (w *world) search(who staff.Who, s Sought) (found []Referral, err error) {
	err = w.try(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		found, err = Search(ctx, tx, who, w.now, s)
		return err
	})
	return found, err
}

func TestSomebodyIsFoundByWhatIsExact(t *testing.T) {
	w := newWorld(t)
	made := w.make(func(d *Draft) { d.Person.NHSNumber = "9990000018" })
	w.make(func(d *Draft) { d.Person.GivenName = "Nesta" })        // born on the same day
	w.make(func(d *Draft) { d.Person.DateOfBirth = "1985-03-01" }) // of the same name
	one, born := made.Reference, "1984-02-29"
	for name, c := range map[string]struct {
		sought Sought
		found  int
	}{
		"reference":                      {Sought{Reference: one}, 1},
		"reference, copied by hand":      {Sought{Reference: " tg " + one[3:7] + one[8:]}, 1},
		"prison number":                  {Sought{PrisonNumber: "a0001bc"}, 1},
		"NHS number":                     {Sought{NHSNumber: "999 000 0018"}, 1},
		"name as matching compares it":   {Sought{GivenName: "SIAN", FamilyName: "oneill", DateOfBirth: born}, 1},
		"date of birth alone":            {Sought{DateOfBirth: born}, 2},
		"another name":                   {Sought{GivenName: "Sion", FamilyName: "O'Neill", DateOfBirth: born}, 0},
		"prison number and another name": {Sought{PrisonNumber: "A0001BC", GivenName: "Nesta", FamilyName: "O'Neill", DateOfBirth: born}, 0},
		"a reference that nobody has":    {Sought{Reference: "TG-2222-2222"}, 0},
	} {
		if found, err := w.search(exeter, c.sought); err != nil || len(found) != c.found {
			t.Errorf("%s: %d found, want %d: %v", name, len(found), c.found, err)
		}
		if found, err := w.search(channel, c.sought); err != nil || len(found) != 0 {
			t.Errorf("%s, by another prison: %d found: %v", name, len(found), err)
		}
	}
}

func TestASearchNamesEverythingThatIsWrong(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		sought Sought
		fields []string
	}{
		"nothing":           {Sought{}, []string{"reference"}},
		"no such reference": {Sought{Reference: "TG-0O1I"}, []string{"reference"}},
		"slips":             {Sought{PrisonNumber: "1234", NHSNumber: "9990000017"}, []string{"prison_number", "nhs_number"}},
		"a name alone":      {Sought{GivenName: "Siân", FamilyName: "O'Neill"}, []string{"date_of_birth"}},
		"half a name":       {Sought{GivenName: "Siân", DateOfBirth: "1984-02-29"}, []string{"family_name"}},
		"no such day":       {Sought{DateOfBirth: "1985-02-31"}, []string{"date_of_birth"}},
		"not born yet":      {Sought{DateOfBirth: "2030-01-01"}, []string{"date_of_birth"}},
	} {
		_, err := w.search(exeter, c.sought)
		var wrong *problem.Invalid
		if !errors.As(err, &wrong) || len(wrong.Corrections) != len(c.fields) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, field := range c.fields {
			if wrong.Corrections[i].Field != field {
				t.Errorf("%s: %v, want %v", name, wrong.Corrections, c.fields)
			}
		}
	}
}

func TestASearchIsAuditedByWhatItWentBy(t *testing.T) {
	w := newWorld(t)
	w.make(nil)
	if _, err := w.search(exeter, Sought{DateOfBirth: "1984-02-29"}); err != nil {
		t.Fatal(err)
	}
	w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
		var said []string
		err := tx.Select(ctx, &said, `SELECT act || ' ' || kind || ' ' || detail::text FROM audit WHERE act IN ('searched', 'shown') ORDER BY id`)
		if len(said) != 2 || said[0] != `searched person {"by": ["date_of_birth"], "found": 1}` || said[1] != `shown person {"where": "list"}` {
			t.Errorf("audited is %q", said)
		}
		return err
	})
}
