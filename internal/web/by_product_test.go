package web

import (
	"slices"
	"strings"
	"testing"

	"throughgate/internal/staff"
)

// What is typed or shown of a person is in pages only: not in the log, an address, a cookie or another header.
func TestLogAddressesAndHeadersHoldNoPersonalData(t *testing.T) {
	h := newHouse(t)
	d := draft("C1234NR")
	d.SenderReference, d.Notes = "CANARY-reference", "CANARY-notes"
	d.Person.GivenName, d.Person.FamilyName, d.Person.Telephone = "CANARYgiven", "CANARYfamily", "07700 900123"
	d.PlannedReleaseDate, d.ReleasedOn = "", "2023-11-18"
	id := h.referred(d).String()
	canaries := []string{"CANARY", "C1234NR", "1984-02-29", "900123"}
	typed := []string{"given_name", "CANARYgiven", "family_name", "CANARYfamily", "prison_number", "C1234NR", "notes", "CANARY-notes", "note", "CANARY-note",
		"reason", "CANARY-reason", "email", "CANARY@example.org", "name", "CANARYname", "password", "CANARYpassword", "code", "CANARYcode", "address", "CANARY@nowhere",
		"date_of_birth-day", "29", "date_of_birth-month", "2", "date_of_birth-year", "1984", "next", "/find"}
	browsers := map[staff.Role]*browser{staff.Prison: h.as("EXI"), staff.Provider: h.as("HARBOUR"), staff.Admin: h.as("ADMIN")}
	for role, b := range browsers {
		for _, r := range (&site{}).routes() {
			if !slices.Contains(r.roles, role) || strings.HasPrefix(r.path, "/report") { // reports know nobody
				continue
			}
			path := strings.NewReplacer(":id", id, ":token", "AAAA", ":code", "MON-AM", ":day", "2023-11-22").Replace(r.path)
			asked := b.form(path, typed...)
			if r.method == get {
				asked.Method, asked.Body, asked.ContentLength = get, nil, 0
			}
			for name, values := range b.send(asked).header {
				for _, canary := range canaries {
					if strings.Contains(strings.Join(values, " "), canary) {
						t.Errorf("%s %s: %q is in header %s", r.method, path, canary, name)
					}
				}
			}
		}
	}
	log := h.log.String()
	for _, canary := range canaries {
		if at := strings.Index(log, canary); at >= 0 {
			t.Errorf("%q is in the log: %s", canary, log[max(0, at-200):min(len(log), at+100)])
		}
	}
	if !strings.Contains(log, `"status":422`) || !strings.Contains(log, `"route":"/referrals/:id/pickup"`) {
		t.Error("the log does not say what happened")
	}
}
