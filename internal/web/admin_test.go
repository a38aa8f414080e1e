package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/staff"
)

// mailing makes the settings such that the report can be sent to example.org.
func (h *house) mailing() {
	rules := *h.pool.Rules
	rules.Mail.AllowedDomains = []string{"example.org"}
	rules.Server.PublicURL = h.site.URL
	h.pool.Rules = &rules
}

// pathIn is the path of the first link that a page has below an address.
func pathIn(s shown, selector string) string {
	href, _ := s.Find(selector).First().Attr("href")
	return href
}

func TestAnAdministratorInvitesAPersonWhoSetsUpAndSignsIn(t *testing.T) {
	h := newHouse(t)
	admin := h.as("ADMIN")
	add := []string{"name", "Siobhán", "email", "Siobhan@example.org", "organisation", "HARBOUR"}
	for name, spoil := range map[string]struct{ field, value, want string }{
		"no name":         {"name", "", "name"},
		"no address":      {"email", "siobhan", "email"},
		"no organisation": {"organisation", "", "organisation"},
	} {
		s := admin.post("/admin/people/new", spoiled(add, spoil.field, spoil.value)...)
		if s.status != http.StatusUnprocessableEntity || len(s.faults()) != 1 || s.faults()[spoil.want] == "" {
			t.Errorf("%s: %d %v", name, s.status, s.faults())
		}
	}
	made := admin.post("/admin/people/new", add...)
	link := made.Find(".app-secret").Text()
	if made.status != http.StatusOK || !strings.HasPrefix(link, h.site.URL+"/invitation/") {
		t.Fatalf("%d, the link is %q", made.status, link)
	}
	if s := admin.post("/admin/people/new", add...); s.faults()["email"] == "" {
		t.Errorf("sent twice: %d %v", s.status, s.faults())
	}
	them, path := h.browser(), strings.TrimPrefix(link, h.site.URL)
	first := them.open(path)
	secret, sealed := first.Find(".app-secret").Text(), value(first, "secret")
	if s := them.post(path, "secret", sealed, "password", password, "code", h.code(secret, h.now)); len(codesOn(s)) != 10 {
		t.Fatalf("setting up: %d %v", s.status, s.faults())
	}
	h.now = h.now.Add(time.Minute)
	if s := them.post("/sign-in", "email", "siobhan@example.org", "password", password, "code", h.code(secret, h.now)); s.location != "/" {
		t.Errorf("signing in: %d %v", s.status, s.faults())
	}
	if list := admin.open("/admin/people"); !strings.Contains(list.text(), "Siobhán") || strings.Contains(list.raw, link) {
		t.Errorf("the list says %s", list.text())
	}
}

// spoiled is a form with another value for one field.
func spoiled(form []string, name, value string) []string {
	other := append([]string{}, form...)
	for i := 0; i < len(other); i += 2 {
		if other[i] == name {
			other[i+1] = value
		}
	}
	return other
}

func TestDisablingAndANewLinkEndWhatWasThere(t *testing.T) {
	h := newHouse(t)
	secret := h.enrolled("HARBOUR")
	admin, them := h.as("ADMIN"), h.as("HARBOUR")
	person := ""
	for _, a := range admin.open("/admin/people").Find("tbody tr").EachIter() {
		if strings.Contains(a.Text(), emailOf("HARBOUR")) {
			person, _ = a.Find("a").Attr("href")
		}
	}
	if s := admin.open(person); s.status != http.StatusOK || !strings.Contains(s.text(), "Active") {
		t.Fatalf("%s: %d %s", person, s.status, s.text())
	}
	if s := admin.post(person + "/disable"); s.status != http.StatusSeeOther {
		t.Fatalf("disabling: %d", s.status)
	}
	if s := them.open("/"); s.location != endedElsewhere {
		t.Errorf("the session goes on: %d", s.status)
	}
	h.now = h.now.Add(time.Minute)
	if s := them.post("/sign-in", "email", emailOf("HARBOUR"), "password", password, "code", h.code(secret, h.now)); s.status == http.StatusSeeOther {
		t.Error("somebody disabled signed in")
	}
	mark := admin.open(person+"/link").Find("input[name=link]").AttrOr("value", "")
	made := admin.post(person+"/link", "link", mark)
	if s := admin.post(person+"/link", "link", mark); s.status != http.StatusConflict || s.Find(".app-secret").Length() > 0 {
		t.Errorf("the form sent again: %d %s", s.status, s.text())
	}
	path := strings.TrimPrefix(made.Find(".app-secret").Text(), h.site.URL)
	if s := h.browser().open(path); s.status != http.StatusOK || !strings.Contains(s.text(), emailOf("HARBOUR")) {
		t.Errorf("the new link %q: %d", path, s.status)
	}
}

func TestAnAdministratorDoesNotShutTheDoorBehindThemselves(t *testing.T) {
	h := newHouse(t)
	admin := h.as("ADMIN")
	own := pathIn(admin.open("/admin/people"), "tbody th a")
	for _, act := range []string{"/disable", "/link"} {
		if s := admin.post(own + act); s.status != http.StatusConflict {
			t.Errorf("%s: %d", act, s.status)
		}
	}
	if s := admin.open(own); s.status != http.StatusOK || !strings.Contains(s.text(), "This is you") {
		t.Errorf("%d %s", s.status, s.text())
	}
}

func TestAKeyIsShownOnceAndRevoked(t *testing.T) {
	h := newHouse(t)
	admin := h.as("ADMIN")
	if s := admin.open("/admin/keys"); !strings.Contains(s.text(), "No key has been made yet") {
		t.Errorf("before the first: %s", s.text())
	}
	for name, c := range map[string]struct {
		form  []string
		wrong int
	}{
		"nothing":    {nil, 2},
		"too long":   {[]string{"organisation", "EXI", "expires", "400"}, 1},
		"no such":    {[]string{"organisation", "NOWHERE", "expires", "90"}, 1},
		"in letters": {[]string{"organisation", "EXI", "expires", "ninety"}, 1},
	} {
		if s := admin.post("/admin/keys/new", c.form...); s.status != http.StatusUnprocessableEntity || len(s.faults()) != c.wrong {
			t.Errorf("%s: %d %v", name, s.status, s.faults())
		}
	}
	made := admin.post("/admin/keys/new", "organisation", "EXI", "expires", "30")
	key := made.Find(".app-secret").Text()
	if !strings.HasPrefix(key, "tg_EXI_") {
		t.Fatalf("%d, the key is %q", made.status, key)
	}
	list := admin.open("/admin/keys")
	if strings.Contains(list.raw, key) || !strings.Contains(list.text(), "HMP Exeter") || !strings.Contains(list.text(), "Never") {
		t.Errorf("the list says %s", list.text())
	}
	h.service(func(tx *db.Tx) error {
		_, err := staff.KeyHolder(t.Context(), tx, h.now, key)
		return err
	})
	if s := admin.open("/admin/keys"); !strings.Contains(s.text(), "in the hour from") || strings.Count(s.text(), "Revoke") != 1 {
		t.Errorf("after its first use: %s", s.text())
	}
	revoke := pathIn(list, "td a")
	if s := admin.open(revoke); s.status != http.StatusOK {
		t.Errorf("asking: %d", s.status)
	}
	if s := admin.post(revoke); s.status != http.StatusSeeOther {
		t.Errorf("revoking: %d", s.status)
	}
	if s := admin.open("/admin/keys"); !strings.Contains(s.text(), "Revoked") {
		t.Errorf("afterwards: %s", s.text())
	}
}

func TestReadersOfTheReportAreAddedAndRemoved(t *testing.T) {
	h := newHouse(t)
	h.mailing()
	admin := h.as("ADMIN")
	for name, c := range map[string]struct{ name, address, field string }{
		"no name":        {"", "a@example.org", "name"},
		"no address":     {"Aoife", "aoife", "address"},
		"another domain": {"Aoife", "aoife@elsewhere.example", "address"},
	} {
		s := admin.post("/recipients/new", "name", c.name, "address", c.address)
		if s.status != http.StatusUnprocessableEntity || s.faults()[c.field] == "" || value(s, "address") != c.address {
			t.Errorf("%s: %d %v", name, s.status, s.faults())
		}
	}
	add := []string{"name", "Aoife", "address", "aoife@example.org"}
	if s := admin.post("/recipients/new", add...); s.location != "/recipients?done=add" {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	if s := admin.post("/recipients/new", add...); s.status != http.StatusConflict || s.faults()["address"] == "" {
		t.Errorf("added twice: %d %v", s.status, s.faults())
	}
	list := admin.open("/recipients")
	if !strings.Contains(list.text(), "Waits for them to follow the link") {
		t.Errorf("the list says %s", list.text())
	}
	remove := pathIn(list, "td a")
	if s := admin.open(remove); s.status != http.StatusOK {
		t.Errorf("asking: %d", s.status)
	}
	if s := admin.post(remove); s.location != "/recipients?done=remove" {
		t.Errorf("removing: %d", s.status)
	}
	if s := admin.post(remove); s.status != http.StatusNotFound {
		t.Errorf("removing twice: %d", s.status)
	}
}

// letters puts an email at each state into the outbox, and says which is which.
func (h *house) letters() map[mail.State]uuid.UUID {
	h.Helper()
	h.mailing()
	ids := map[mail.State]uuid.UUID{}
	who := staff.Who{By: console, Role: staff.Admin}
	h.service(func(tx *db.Tx) error {
		for _, state := range []mail.State{mail.Queued, mail.IsSent, mail.IsFailed, mail.LeftUncertain} {
			r, err := mail.AddRecipient(h.Context(), tx, who, h.now, "Reader "+string(state), string(state)+"@example.org", false)
			if err != nil {
				return err
			}
			var id uuid.UUID
			if err := tx.Get(h.Context(), &id, `UPDATE message SET state = $2, last_answer = '550 no' WHERE recipient_id = $1 RETURNING id`, r.ID, string(state)); err != nil {
				return err
			}
			if _, err := tx.Exec(h.Context(), `
				INSERT INTO message_attempt (message_id, attempt, began_at, ended_at, outcome, answer)
				VALUES ($1, 1, $2, $2, 'failed', '550 no such mailbox')`, id, h.now); err != nil {
				return err
			}
			ids[state] = id
		}
		return nil
	})
	return ids
}

func TestEmailsThatFailedOrAreUncertainAreSentAgainOnPurposeOnly(t *testing.T) {
	h := newHouse(t)
	ids := h.letters()
	admin := h.as("ADMIN")
	if s := admin.open("/admin"); !strings.Contains(s.text(), "2 emails need your decision") {
		t.Errorf("the start page says %s", s.text())
	}
	if s := admin.open("/admin/mail"); s.Find("tbody tr").Length() != 2 {
		t.Errorf("the queue shows %s", s.text())
	}
	if s := admin.open("/admin/mail?show=all"); s.Find("tbody tr").Length() != 4 {
		t.Errorf("everything is %s", s.text())
	}
	for state, c := range map[mail.State]struct {
		offered bool
		status  int
	}{
		mail.Queued: {false, http.StatusConflict}, mail.IsSent: {false, http.StatusConflict},
		mail.IsFailed: {true, http.StatusSeeOther}, mail.LeftUncertain: {true, http.StatusSeeOther},
	} {
		path := "/admin/mail/" + ids[state].String()
		one := admin.open(path)
		if one.status != http.StatusOK || !strings.Contains(one.text(), "550 no such mailbox") {
			t.Errorf("%s: %d %s", state, one.status, one.text())
		}
		if offered := one.Find(`a[href$="/send-again"]`).Length() > 0; offered != c.offered {
			t.Errorf("%s: offered %v", state, offered)
		}
		if s := admin.post(path + "/send-again"); s.status != c.status {
			t.Errorf("%s sent again: %d", state, s.status)
		}
	}
	if s := admin.post("/admin/mail/" + ids[mail.IsFailed].String() + "/send-again"); s.status != http.StatusConflict {
		t.Errorf("clicked twice: %d", s.status)
	}
}

func TestOrganisationsAndSettingsAreShown(t *testing.T) {
	h := newHouse(t)
	h.mailing()
	h.pool.Rules.Mail.Password = "not to be shown"
	admin := h.as("ADMIN")
	if s := admin.open("/admin/organisations"); s.Find("tbody tr").Length() != 7 || !strings.Contains(s.text(), "HMP Exeter") {
		t.Errorf("organisations: %s", s.text())
	}
	s := admin.open("/admin/settings")
	if !strings.Contains(s.text(), "hide_up_to: 7") || strings.Contains(s.raw, "not to be shown") {
		t.Errorf("settings: %s", s.text())
	}
	headings := s.Find("h2").Map(func(_ int, h *goquery.Selection) string { return h.Text() })
	if len(headings) < 10 {
		t.Errorf("the sections are %v", headings)
	}
}

// What nobody may do to themselves is said when its page is opened, and nothing comes of sending its form.
func TestNobodyCutsThemselvesOff(t *testing.T) {
	h := newHouse(t)
	admin := h.as("ADMIN")
	self := pathIn(admin.open("/admin/people"), "table a")
	for _, act := range []string{"/disable", "/link"} {
		for name, s := range map[string]shown{"opened": admin.open(self + act), "sent": admin.post(self + act)} {
			if s.status != http.StatusConflict || !strings.Contains(s.text(), "You cannot do this to your own account.") || s.Find("main form").Length() > 0 {
				t.Errorf("%s %s: %d %s", act, name, s.status, s.text())
			}
		}
	}
	if s := admin.open(self); s.status != http.StatusOK || !strings.Contains(s.text(), "This is you.") {
		t.Errorf("their own page: %d %s", s.status, s.text())
	}
}
