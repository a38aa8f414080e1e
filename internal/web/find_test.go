package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestAPersonIsFoundWithinOnesOwnOrganisation(t *testing.T) {
	h := newHouse(t)
	h.referred(draft("A1234BC"))
	h.referred(draft("A2345BC"))
	born := []string{"date_of_birth-day", "29", "date_of_birth-month", "2", "date_of_birth-year", "1984"}
	for name, c := range map[string]struct {
		form  []string
		found int
	}{
		"prison number":       {[]string{"prison_number", "a1234 bc"}, 1},
		"date of birth alone": {born, 2},
		"name":                {append([]string{"given_name", "AOIFE", "family_name", "ni bhriain a1234bc"}, born...), 1},
		"nobody":              {[]string{"prison_number", "A9999ZZ"}, 0},
	} {
		for organisation, mine := range map[string]bool{"EXI": true, "HARBOUR": true, "CWI": false} {
			s := h.as(organisation).post("/find", c.form...)
			want := 0
			if mine {
				want = c.found
			}
			if s.status != http.StatusOK || s.Find("tbody tr").Length() != want {
				t.Errorf("%s, by %s: %d %s", name, organisation, s.status, s.text())
			}
			if want == 0 && !strings.Contains(s.text(), "Nobody was found") {
				t.Errorf("%s, by %s: nothing says that nobody was found", name, organisation)
			}
		}
	}
}

func TestASearchThatCannotBeMadeIsKeptWithItsFaults(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	s := b.post("/find", "given_name", "Aoife", "nhs_number", "123")
	for id, want := range map[string]string{
		"nhs_number": "This is not a valid NHS number", "family_name": "Enter the surname as well", "date_of_birth-day": "Enter the date of birth",
	} {
		if !strings.HasPrefix(s.faults()[id], want) {
			t.Errorf("%s: %v", id, s.faults())
		}
	}
	if s.status != http.StatusUnprocessableEntity || value(s, "given_name") != "Aoife" {
		t.Errorf("%d: what was typed is gone", s.status)
	}
	if s := b.post("/find"); s.faults()["reference"] == "" {
		t.Errorf("nothing typed: %v", s.faults())
	}
}
