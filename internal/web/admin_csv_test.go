package web

import (
	"slices"
	"strings"
	"testing"

	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/staff"
)

// TestListsOfTheServiceAreTakenAwayWholeGuardedAndAudited asks for each list where its page leads to it. What people typed
// begins as a formula would, and nothing in any of the files lets anybody in.
func TestListsOfTheServiceAreTakenAwayWholeGuardedAndAudited(t *testing.T) {
	h := newHouse(t)
	invitation := h.added("EXI")
	h.enrolled("HARBOUR")
	h.letters()
	var key string
	h.service(func(tx *db.Tx) (err error) {
		if _, key, err = staff.CreateKey(t.Context(), tx, h.who("ADMIN", staff.Admin), h.now, "EXI", 30); err != nil {
			return err
		}
		if _, err = staff.Add(t.Context(), tx, console, h.now, "CWI", "cwi@example.org", "=Niamh"); err != nil {
			return err
		}
		_, err = mail.AddRecipient(t.Context(), tx, h.who("ADMIN", staff.Admin), h.now, "=Aoife", "aoife@example.org", false)
		return err
	})
	admin, prison, provider := h.as("ADMIN"), h.as("EXI"), h.as("HARBOUR")
	admin.sendReport()
	prison.post(prison.upload("=list.csv", mendedList).location + "/store")
	provider.post("/clinics/add", append(slices.Clone(clinicForm), "place", "=Harbour")...)
	for path, c := range map[string]struct {
		by               *browser
		from, list, cell string
		rows             int
	}{
		"/reports.csv":             {prison, "/reports", "reports", "Sent by hand", 1},
		"/admin/organisations.csv": {admin, "/admin/organisations", "organisations", "HMP Exeter", 7},
		"/admin/people.csv":        {admin, "/admin/people", "people", "'=Niamh", 4},
		"/admin/keys.csv":          {admin, "/admin/keys", "keys", "Works", 1},
		"/admin/mail.csv":          {admin, "/admin/mail", "emails", "Uncertain", 2},
		"/admin/mail.csv?show=all": {admin, "/admin/mail?show=all", "emails", "'=Aoife", 5},
		"/recipients.csv":          {admin, "/recipients", "recipients", "'=Aoife", 5},
		"/imports.csv":             {prison, "/imports", "lists_sent", "'=list.csv", 1},
		"/clinics.csv":             {provider, "/clinics", "clinics", "'=Harbour", 6},
	} {
		if link := c.by.open(c.from).Find("a[download]").AttrOr("href", ""); link != path {
			t.Errorf("%s leads to %q", c.from, link)
		}
		taken := func() int {
			return h.count(`SELECT count(*) FROM audit WHERE act = 'exported' AND kind = 'list' AND subject = '` + c.list + `'`)
		}
		before := taken()
		file := c.by.open(path)
		rows := csvRows(t, file)
		if len(rows) != c.rows || !slices.Contains(slices.Concat(rows...), c.cell) {
			t.Errorf("%s: %d rows, without %q: %q", path, len(rows), c.cell, rows)
		}
		if n := taken() - before; n != 1 {
			t.Errorf("%s: %d exports audited", path, n)
		}
		for what, secret := range map[string]string{"the key": key, "an invitation": invitation, "a password": password} {
			if strings.Contains(file.raw, secret) {
				t.Errorf("%s holds %s", path, what)
			}
		}
	}
}

// The mail queue has pages; its file has none.
func TestTheWholeMailQueueIsTakenAway(t *testing.T) {
	h := newHouse(t)
	h.mailing()
	h.service(func(tx *db.Tx) error {
		for i := range mail.LinesAtOnce + 1 {
			address := strings.Repeat("a", i+1) + "@example.org"
			if _, err := mail.AddRecipient(t.Context(), tx, staff.Who{By: console, Role: staff.Admin}, h.now, "Reader", address, false); err != nil {
				return err
			}
		}
		return nil
	})
	if rows := csvRows(t, h.as("ADMIN").open("/admin/mail.csv?show=all")); len(rows) != mail.LinesAtOnce+1 {
		t.Errorf("%d emails", len(rows))
	}
}
