package staff_test

import (
	"errors"
	"testing"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// codesOf are what is wrong, by field.
func codesOf(t *testing.T, err error) map[string]string {
	t.Helper()
	found := map[string]string{}
	var wrong *problem.Invalid
	if err != nil && !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	if wrong != nil {
		for _, c := range wrong.Corrections {
			found[c.Field] = c.Code
		}
	}
	return found
}

func TestSomebodyIsAddedWithAnAddressThatMailReaches(t *testing.T) {
	d := newDesk(t)
	for address, ok := range map[string]bool{
		"o'brien+night@nhs.example.org": true,
		"a@b":                           false, "siobhan@localhost": false, "siobhan": false, "@example.org": false, "siobhan@": false, "siobhan@example": false,
		"siobhan@example.": false, "siobhan@.org": false, "a@b@example.org": false, "Siobhán <siobhan@example.org>": false, "<siobhan@example.org>": false,
		"two words@example.org": false, `"two words"@example.org`: false, "siobhan@[127.0.0.1]": false, "siobhan@example.org,a@example.org": false,
		"siobhan\u202e@example.org": false,
	} {
		d.act(func(tx *db.Tx) error {
			_, err := staff.Add(t.Context(), tx, atConsole, start, "HARBOUR", address, "Siobhán")
			if got := codesOf(t, err)["email"]; (got == "") != ok || !ok && got != "not_an_address" {
				t.Errorf("%q: %q", address, got)
			}
			return nil
		})
	}
}

func TestNobodysOwnAddressOrOrganisationBecomesTheirPassword(t *testing.T) {
	d := newDesk(t)
	secret := d.enrolled()
	d.act(func(tx *db.Tx) error {
		refused, err := staff.ChangePassword(t.Context(), tx, atConsole, start, d.person().ID, password, email)
		if got := codesOf(t, refused)["new_password"]; got != "own_words" {
			t.Errorf("changed to the address: %q", got)
		}
		return err
	})
	d.act(func(tx *db.Tx) error {
		token, err := staff.Add(t.Context(), tx, atConsole, start, "HARBOUR", "niamh@example.org", "Niamh")
		if err != nil {
			return err
		}
		err = staff.Enrol(t.Context(), tx, start, token, "harbour-harbour", secret, d.code(secret, start))
		if got := codesOf(t, err)["password"]; got != "own_words" {
			t.Errorf("enrolled with the organisation's name: %q", got)
		}
		return nil
	})
}
