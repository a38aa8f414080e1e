package web

import (
	"strings"
	"testing"
)

// Only the prison can give a date where none is known: its list shows the person, and the provider's says whose move it is.
func TestWhoHasNoReleaseDateIsThePrisonsMove(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "remand"
	path := "/referrals/" + h.referred(d).String()
	for who, c := range map[string]struct{ list, move string }{
		"EXI":     {"releasing_in_14_days", "Yours"},
		"HARBOUR": {"unbooked", "The prison's"},
	} {
		row := h.as(who).open("/?list=" + c.list).Find(`tr:has(a[href="` + path + `"])`).Text()
		for _, want := range []string{c.move, "As soon as a date is known"} {
			if !strings.Contains(row, want) {
				t.Errorf("%s: %q is not said: %s", who, want, row)
			}
		}
	}
}
