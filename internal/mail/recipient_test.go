package mail_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/mail/mailtest"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

var page = staff.Who{By: audit.By{Organisation: "ADMIN", Actor: "staff:1", Via: "page"}, Role: staff.Admin}

func add(t *testing.T, pool *db.Pool, who staff.Who, name, address string, confirmed bool) (r mail.Recipient, err error) {
	t.Helper()
	err = pool.Act(t.Context(), jobs, func(tx *db.Tx) (err error) {
		r, err = mail.AddRecipient(t.Context(), tx, who, monday, name, address, confirmed)
		return err
	})
	return r, err
}

func readers(t *testing.T, pool *db.Pool) (addresses []string) {
	t.Helper()
	act(t, pool, func(tx *db.Tx) error {
		list, err := mail.Readers(t.Context(), tx)
		for _, r := range list {
			addresses = append(addresses, r.Address)
		}
		return err
	})
	return addresses
}

func audited(t *testing.T, pool *db.Pool) (acts []string) {
	t.Helper()
	act(t, pool, func(tx *db.Tx) error {
		return tx.Select(t.Context(), &acts, `
			SELECT concat_ws(' ', act, split_part(actor, ':', 1), via, detail->>'confirmed_at_console')
			FROM audit
			ORDER BY id`)
	})
	return acts
}

// linkIn is the link with the path in the text of the only message.
func linkIn(t *testing.T, s *mailtest.Server, path string) (token string) {
	t.Helper()
	opened, err := s.Messages()[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`https://throughgate\.example` + path + `([A-Za-z0-9_-]+)`).FindStringSubmatch(opened.Text)
	if found == nil || !strings.Contains(opened.HTML, found[0]) {
		t.Fatalf("no link to %s in both readings:\n%s\n%s", path, opened.Text, opened.HTML)
	}
	return found[1]
}

func TestRecipientConfirmsAndLeaves(t *testing.T) {
	pool := open(t, testdb.New(t))
	s := start(t, mailtest.Options{})
	server := settings(t, s, mail.None)
	ann, err := add(t, pool, page, "  Ann O'Brien ", "Ann@Harbour.example", false)
	if err != nil {
		t.Fatal(err)
	}
	if ann.Address != "ann@harbour.example" || ann.Name != "Ann O'Brien" {
		t.Errorf("added as %q, %q", ann.Name, ann.Address)
	}
	if got := readers(t, pool); len(got) != 0 {
		t.Errorf("readers before confirming: %v", got)
	}
	deliver(t, pool, server, monday)
	token := linkIn(t, s, mail.ConfirmPath)

	confirm := func(now time.Time, token string) error {
		return pool.Act(t.Context(), jobs, func(tx *db.Tx) error {
			_, err := mail.ConfirmRecipient(t.Context(), tx, now, token)
			return err
		})
	}
	var none *problem.NotFound
	if err := confirm(monday, token+"x"); !errors.As(err, &none) {
		t.Errorf("another token: %v", err)
	}
	if err := confirm(monday.Add(14*24*time.Hour+time.Second), token); !errors.As(err, &none) {
		t.Errorf("after 14 days: %v", err)
	}
	for range 2 { // the second time changes nothing
		if err := confirm(monday.Add(14*24*time.Hour), token); err != nil {
			t.Errorf("confirm: %v", err)
		}
	}
	if got := readers(t, pool); !slices.Equal(got, []string{"ann@harbour.example"}) {
		t.Errorf("readers: %v", got)
	}

	var leave string
	act(t, pool, func(tx *db.Tx) error {
		leave = strings.TrimPrefix(mail.LeaveLink(tx, ann), "https://throughgate.example"+mail.LeavePath)
		return nil
	})
	for range 2 {
		act(t, pool, func(tx *db.Tx) error { return mail.LeaveList(t.Context(), tx, monday, leave) })
	}
	if got := readers(t, pool); len(got) != 0 {
		t.Errorf("readers after leaving: %v", got)
	}
	if err := confirm(monday, token); !errors.As(err, &none) {
		t.Errorf("confirmed after leaving: %v", err)
	}
	want := []string{"recipient_added staff page false", "recipient_confirmed recipient page", "recipient_removed recipient page"}
	if got := audited(t, pool); !slices.Equal(got, want) {
		t.Errorf("audited %q, want %q", got, want)
	}
}

// The database never holds a link that works once its message is out.
func TestConfirmLinkIsKeptAsHashOnly(t *testing.T) {
	pool := open(t, testdb.New(t))
	s := start(t, mailtest.Options{})
	if _, err := add(t, pool, page, "Ann", "ann@harbour.example", false); err != nil {
		t.Fatal(err)
	}
	deliver(t, pool, settings(t, s, mail.None), monday)
	token := linkIn(t, s, mail.ConfirmPath)
	var found bool
	act(t, pool, func(tx *db.Tx) error {
		return tx.Get(t.Context(), &found, `
			SELECT EXISTS (SELECT FROM recipient r WHERE r::text LIKE '%' || $1 || '%')
			  OR EXISTS (SELECT FROM message WHERE position(convert_to($1, 'UTF8') IN eml) > 0)
			  OR EXISTS (SELECT FROM audit a WHERE a::text LIKE '%' || $1 || '%')`, token)
	})
	if found {
		t.Error("the link's token stands in the database")
	}
}

// Beside the one reader who gets the report: one for each reason not to.
func TestReadersAndWhyNot(t *testing.T) {
	pool := open(t, testdb.New(t))
	pool.Rules.Mail.AllowedDomains = append(pool.Rules.Mail.AllowedDomains, "elsewhere.example")
	s := start(t, mailtest.Options{})
	server := settings(t, s, mail.None)
	queue(t, pool, "reads@harbour.example", "left@harbour.example", "domain@elsewhere.example")
	unconfirmed, err := add(t, pool, console, "Unconfirmed", "unconfirmed@harbour.example", false)
	if err != nil {
		t.Fatal(err)
	}
	act(t, pool, func(tx *db.Tx) error {
		_, err := mail.Queue(t.Context(), tx, monday, reportTo(unconfirmed))
		return err
	})
	act(t, pool, func(tx *db.Tx) error {
		all, err := mail.Recipients(t.Context(), tx)
		for _, r := range all {
			if r.Address == "left@harbour.example" {
				err = mail.RemoveRecipient(t.Context(), tx, page, monday, r.ID)
			}
		}
		return err
	})
	pool.Rules.Mail.AllowedDomains = []string{"harbour.example"}

	if got := readers(t, pool); !slices.Equal(got, []string{"reads@harbour.example"}) {
		t.Errorf("readers: %v", got)
	}
	deliver(t, pool, server, monday) // all four were queued before the list changed
	want := []string{"reads@harbour.example", "unconfirmed@harbour.example"}
	if got := received(s); !slices.Equal(got, want) {
		t.Errorf("received %v, want %v", got, want)
	}
	for _, m := range s.Messages() {
		opened, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		if isLink := strings.HasPrefix(opened.Subject, "Confirm"); isLink != (m.To[0] == "unconfirmed@harbour.example") {
			t.Errorf("%s was sent %q", m.To[0], opened.Subject)
		}
	}
}

func TestAddRecipientRefuses(t *testing.T) {
	pool := open(t, testdb.New(t))
	if _, err := add(t, pool, page, "Ann", "ann@harbour.example", false); err != nil {
		t.Fatal(err)
	}
	prison := page
	prison.Role = staff.Prison
	for _, c := range []struct {
		why           string
		who           staff.Who
		name, address string
		confirmed     bool
		code          string
	}{
		{"line break in the name", page, "Ann\r\nBcc: e@evil.example", "bob@harbour.example", false, "name invalid_characters"},
		{"no name", page, " ", "bob@harbour.example", false, "name missing"},
		{"no address", page, "Bob", "bob", false, "address invalid_address"},
		{"line break in the address", page, "Bob", "bob@harbour.example\r\nRCPT TO:<e@evil.example>", false, "address invalid_address"},
		{"both at once", page, "", "bob", false, "name missing, address invalid_address"},
		{"domain that is not allowed", page, "Bob", "bob@evil.example", false, "address domain_not_allowed"},
		{"on the list already", page, "Ann again", "ANN@harbour.example", false, "conflict"},
		{"a prison's person", prison, "Bob", "bob@harbour.example", false, "forbidden"},
		{"confirmed from a page", page, "Bob", "bob@harbour.example", true, "forbidden"},
	} {
		_, err := add(t, pool, c.who, c.name, c.address, c.confirmed)
		if got := codeOf(err); got != c.code {
			t.Errorf("%s: got %q (%v), want %q", c.why, got, err, c.code)
		}
	}
	if got := audited(t, pool); len(got) != 1 {
		t.Errorf("refusals left %v", got)
	}
}

func TestConfirmedAtTheConsoleIsAudited(t *testing.T) {
	pool := open(t, testdb.New(t))
	pool.Rules.Server.PublicURL = "" // no link is needed
	if _, err := add(t, pool, console, "Ann", "ann@harbour.example", true); err != nil {
		t.Fatal(err)
	}
	if got := readers(t, pool); !slices.Equal(got, []string{"ann@harbour.example"}) {
		t.Errorf("readers: %v", got)
	}
	if got := audited(t, pool); !slices.Equal(got, []string{"recipient_added console console true"}) {
		t.Errorf("audited: %q", got)
	}
	if _, err := add(t, pool, console, "Bob", "bob@harbour.example", false); codeOf(err) != "server.public_url missing" {
		t.Errorf("a link without an address: %v", err)
	}
}

// codeOf is an error in a word.
func codeOf(err error) string {
	var invalid *problem.Invalid
	var conflict *problem.Conflict
	var forbidden *problem.Forbidden
	switch {
	case errors.As(err, &invalid):
		var codes []string
		for _, c := range invalid.Corrections {
			codes = append(codes, c.Field+" "+c.Code)
		}
		return strings.Join(codes, ", ")
	case errors.As(err, &conflict):
		return "conflict"
	case errors.As(err, &forbidden):
		return "forbidden"
	}
	return ""
}
