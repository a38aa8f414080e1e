package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/jobs"
	"throughgate/internal/mail"
)

// readers are on the list, and mail goes to the house's own server.
func (h *house) readers(addresses ...string) {
	h.Helper()
	rules := h.pool.Rules
	rules.Mail.Address, rules.Mail.TLS, rules.Mail.AllowedDomains = h.post.Address(), "none", []string{"example.org"}
	rules.Server.PublicURL = h.site.URL
	who := h.who("ADMIN", "admin")
	who.By.Actor, who.By.Via = "console:test", "console" // who alone may confirm for somebody
	for _, address := range addresses {
		h.service(func(tx *db.Tx) error {
			_, err := mail.AddRecipient(h.Context(), tx, who, h.now, "Reader", address, true)
			return err
		})
	}
}

func (h *house) deliver() {
	h.Helper()
	if _, err := mail.DeliverDue(h.Context(), h.pool, mail.ServerOf(h.pool.Rules.Mail), func() time.Time { return h.now }); err != nil {
		h.Fatal(err)
	}
}

func TestTheLatestReportIsSentOnceAndAgainOnlyOnPurpose(t *testing.T) {
	h := newHouse(t)
	h.demo()
	h.readers("chair@example.org")
	if made, err := jobs.MakeDue(t.Context(), h.pool, h.now); err != nil || len(made) > 0 { // as the service starts for the first time
		t.Fatal(made, err)
	}
	b := h.as("SUBGROUP")
	if s := b.open("/report"); s.Find(`form[action="/reports/send"] button`).Text() != "Send the latest due report now" {
		t.Fatalf("there is no button: %s", s.text())
	}
	sent := b.sendReport()
	if sent.status != http.StatusOK || sent.Find(".govuk-notification-banner--success").Length() != 1 {
		t.Fatalf("%d %s", sent.status, sent.text())
	}
	h.deliver()
	path := sent.Find("tbody a").AttrOr("href", "")
	one := b.open(path)
	for _, want := range []string{"1 message", "Sent", "19 November 2023", "Send this report again"} {
		if !strings.Contains(one.text(), want) {
			t.Errorf("the report's page does not say %q: %s", want, one.text())
		}
	}
	if strings.Contains(one.text(), "chair@example.org") {
		t.Error("the sub-group sees the readers' addresses")
	}
	if s := h.as("ADMIN").open(path); !strings.Contains(s.text(), "chair@example.org") {
		t.Error("the administrator does not see the readers' addresses")
	}
	again := b.post("/reports/send")
	if again.status != http.StatusConflict || len(again.faults()) != 1 {
		t.Errorf("once more by mistake: %d %v", again.status, again.faults())
	}
	for id, said := range again.faults() {
		if again.Find("#"+id).Length() != 1 || !strings.HasPrefix(said, "It was made today at 9am by you. ") {
			t.Errorf("the message does not lead to the report, or does not say when it was made: %q, %s", id, said)
		}
	}
	if s := b.post("/reports/send", "again", "yes"); s.status != http.StatusSeeOther {
		t.Errorf("again on purpose: %d %s", s.status, s.text())
	}
	h.deliver()
	if n := len(h.post.Messages()); n != 2 {
		t.Errorf("%d emails", n)
	}
	for _, page := range []string{"/report", "/reports"} {
		s := b.open(page)
		if open := s.Find(`#send ~ p a[role="button"]`).AttrOr("href", ""); open != path || s.Find(`form[action="/reports/send"]`).Length() > 0 {
			t.Errorf("%s offers to send what is sent, or leads to %q", page, open)
		}
	}
	h.now = h.now.AddDate(0, 0, 7)
	if s := b.open(path); strings.Contains(s.text(), "Send this report again") {
		t.Error("once another report is due, this one is offered to be sent again: the other would be")
	}
}

// sendReport sends the latest and opens the page that this leads to, where reloading sends nothing.
func (b *browser) sendReport() shown {
	b.Helper()
	s := b.post("/reports/send")
	if s.status != http.StatusSeeOther {
		b.Fatalf("sending: %d %s", s.status, s.text())
	}
	return b.open(s.location)
}

func TestNoLinkMakesAPageSaySomething(t *testing.T) {
	h := newHouse(t)
	b := h.as("ADMIN")
	if s := b.open("/reports?said=Ring+0123"); strings.Contains(s.text(), "Ring") || s.Find(".govuk-notification-banner").Length() > 0 {
		t.Error(s.text())
	}
}

func TestAReportOpensAsItWasSent(t *testing.T) {
	h := newHouse(t)
	h.demo()
	h.readers("chair@example.org")
	b := h.as("ADMIN")
	path := b.sendReport().Find("tbody a").AttrOr("href", "")
	s := b.open(path + "/as-sent")
	csp := s.header.Get("Content-Security-Policy")
	if s.status != http.StatusOK || strings.Contains(s.raw, "cid:") || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script") {
		t.Errorf("%d %q", s.status, csp)
	}
	h.deliver()
	letter := b.open("/mailbox/1")
	if letter.status != http.StatusOK || letter.Find("iframe[sandbox]").AttrOr("src", "") != "/mailbox/1/html" || letter.Find(".app-text").Text() == "" {
		t.Errorf("%d %s", letter.status, letter.text())
	}
	html := b.open("/mailbox/1/html")
	if html.status != http.StatusOK || strings.Contains(html.raw, "cid:") || html.header.Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Errorf("the email: %d %v", html.status, html.header)
	}
}

func TestFiguresToYesterdayAndOfAnyWindow(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	b := h.as("SUBGROUP")
	s := b.open("/report")
	for _, want := range []string{"Figures to yesterday; today's entries count tomorrow.", "20 August 2023 to 19 November 2023", "0 of 1 release picked up", "HMP Exeter"} {
		if !strings.Contains(s.text(), want) {
			t.Errorf("%q is not said: %s", want, s.text())
		}
	}
	for path, want := range map[string]string{
		"/report?window_end=2023-10-31&data_through=2023-11-10":              "1 August 2023 to 31 October 2023",
		"/report?window_end-day=31&window_end-month=10&window_end-year=2023": "1 August 2023 to 31 October 2023",
		"/report?window_end=2023-10-31":                                      "With data through 19 November 2023.",
		"/report?window_end=2023-11-20":                                      "There is a problem",
		"/report?window_end=2023-10-31&data_through=2023-10-30":              "There is a problem",
		"/report?window_end-day=31&window_end-month=2&window_end-year=2023":  "Last day of the three months must be a real date",
		"/report?window_end=Aoife":                                           "Last day of the three months must be a real date",
	} {
		if s := b.open(path); !strings.Contains(s.text(), want) {
			t.Errorf("%s does not say %q: %d", path, want, s.status)
		}
	}
}

func TestAReaderConfirmsAndLeavesByAPostOnly(t *testing.T) {
	h := newHouse(t)
	h.readers()
	h.service(func(tx *db.Tx) error {
		_, err := mail.AddRecipient(t.Context(), tx, h.who("ADMIN", "admin"), h.now, "Reader", "reader@example.org", false)
		return err
	})
	h.deliver()
	confirm := h.linkIn(0, mail.ConfirmPath)
	b := h.browser()
	if s := b.open(confirm); s.status != http.StatusOK || h.confirmed() != 0 {
		t.Errorf("opening the link: %d, %d confirmed", s.status, h.confirmed())
	}
	if s := b.post(confirm); s.status != http.StatusOK || h.confirmed() != 1 {
		t.Errorf("confirming: %d, %d confirmed", s.status, h.confirmed())
	}
	h.as("ADMIN").post("/reports/send")
	h.deliver()
	leave := h.linkIn(1, mail.LeavePath)
	if s := b.open(leave); s.status != http.StatusOK || h.confirmed() != 1 {
		t.Errorf("opening the link to leave: %d", s.status)
	}
	// As a mail program does it for its reader: without cookies and without a page.
	byMail := b.form(leave, "List-Unsubscribe", "One-Click") // as mail programs do
	byMail.Header.Del("Origin")
	byMail.Header.Del("Sec-Fetch-Site")
	if s := b.send(byMail); s.status != http.StatusOK || h.confirmed() != 0 {
		t.Errorf("leaving: %d, %d confirmed", s.status, h.confirmed())
	}
	if s := b.open(leave); s.status != http.StatusOK {
		t.Errorf("the link to leave, once they have left: %d", s.status)
	}
	for name, dead := range map[string]string{"of somebody who left": confirm, "cut short": confirm[:len(confirm)-1], "to leave, cut short": leave[:len(leave)-1]} {
		if s := b.open(dead); s.status != http.StatusNotFound || !strings.Contains(s.text(), "This link does not work") || s.Find("form").Length() > 0 {
			t.Errorf("opening a link %s: %d %s", name, s.status, s.text())
		}
	}
}

func (h *house) confirmed() (n int) {
	h.service(func(tx *db.Tx) error {
		return tx.Get(context.Background(), &n, `SELECT count(*) FROM recipient WHERE confirmed_at IS NOT NULL AND removed_at IS NULL`)
	})
	return n
}

// linkIn is the path of a link in an email.
func (h *house) linkIn(message int, path string) string {
	h.Helper()
	all := h.post.Messages()
	if len(all) <= message {
		h.Fatalf("there are %d emails", len(all))
	}
	opened, err := all[message].Open()
	if err != nil {
		h.Fatal(err)
	}
	_, rest, found := strings.Cut(opened.Text, h.site.URL+path)
	if !found {
		h.Fatalf("no link to %s in %s", path, opened.Text)
	}
	return path + strings.Fields(rest)[0]
}
