package web

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/staff"
)

// notPages are addresses that answer with something else than a page of ours.
var notPages = []string{"/account/still-here", "/referrals.csv", "/worklist.csv", "/reports/:id/as-sent", "/mailbox/:n/html",
	"/imports/:id/result", "/reconciliation.csv"}

// alike are pages that every role sees in the same words: tried as one of them sees them.
var alike = []string{"/account", "/account/password", "/account/recovery-codes", "/reports", "/reports/:id", "/no-such-page"}

// inhabited is a site with something on its pages, and one person per role to sign in as.
func inhabited(t *testing.T) (h *house, at *strings.Replacer) {
	h = newHouse(t)
	var people []DemoPerson
	for organisation, role := range map[string]staff.Role{"EXI": staff.Prison, "HARBOUR": staff.Provider, "SUBGROUP": staff.SubGroup, "ADMIN": staff.Admin, "AUDIT": staff.Audit} {
		h.enrolled(organisation)
		people = append(people, DemoPerson{string(role), emailOf(organisation)})
	}
	id := h.released("A1234BC").String()
	h.referred(draft("A1234BD"))
	letter := h.letters()[mail.LeftUncertain]
	var person, reader, key uuid.UUID
	h.service(func(tx *db.Tx) error {
		made, _, err := staff.CreateKey(t.Context(), tx, h.who("ADMIN", staff.Admin), h.now, "EXI", 30)
		if err != nil {
			return err
		}
		key = made.ID
		if err := tx.Get(t.Context(), &person, `SELECT id FROM staff WHERE organisation = 'HARBOUR'`); err != nil {
			return err
		}
		return tx.Get(t.Context(), &reader, `SELECT id FROM recipient LIMIT 1`)
	})
	h.site.Config.Handler = New(h.deps(func(d *Deps) { d.Demo = &Demo{People: people, Mailbox: h.post} }))
	return h, strings.NewReplacer(
		"/referrals/new/:id", "/referrals/new/"+uuid.NewString(), "/referrals/:id", "/referrals/"+id,
		"/admin/people/:id", "/admin/people/"+person.String(), "/admin/keys/:id", "/admin/keys/"+key.String(),
		"/admin/mail/:id", "/admin/mail/"+letter.String(), "/recipients/:id", "/recipients/"+reader.String(),
		":id", uuid.NewString(), ":token", "AAAA", ":n", "1", ":code", "MON-AM", ":day", "2023-11-22", ":step", "name")
}

// pagesOf are the pages that a role may open; of "" those that anybody may.
func pagesOf(role staff.Role) (paths []string) {
	for _, r := range (&site{Deps: Deps{Demo: &Demo{}}}).routes() {
		if r.method == get && !slices.Contains(notPages, r.path) && (role == "" && r.open || slices.Contains(r.roles, role)) {
			paths = append(paths, r.path)
		}
	}
	return append(paths, "/no-such-page")
}

// TestEveryPageOfEveryRoleCanBeUsedByAnybody walks the routes as they are registered: what axe-core finds
// fault with, as the page opens and when its form is sent empty, and what sticks out on narrow screens.
func TestEveryPageOfEveryRoleCanBeUsedByAnybody(t *testing.T) {
	axe, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal("no axe-core to try the pages with: 'scripts/setup axe' brings it")
	}
	h, at := inhabited(t)
	seen := map[string]bool{}
	for _, role := range append([]staff.Role{""}, staff.Prison, staff.Provider, staff.SubGroup, staff.Admin, staff.Audit) {
		t.Run(string(role), func(t *testing.T) {
			b := window(t, 1280)
			if role != "" {
				b.signInAs(h, role)
			}
			for _, path := range pagesOf(role) {
				if seen[path] && slices.Contains(alike, path) {
					continue
				}
				seen[path] = true
				b.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(h.site.URL+at.Replace(path)))
				b.axe(string(axe), path)
				b.fits(path)
				if b.sendsEmpty() {
					b.axe(string(axe), path+", sent empty")
					b.fits(path + ", sent empty")
				}
			}
		})
	}
}

func (b tab) signInAs(h *house, role staff.Role) {
	b.Helper()
	email := map[staff.Role]string{staff.Prison: "exi", staff.Provider: "harbour", staff.SubGroup: "subgroup", staff.Admin: "admin", staff.Audit: "audit"}[role]
	b.do(chromedp.Navigate(h.site.URL+"/demo"), chromedp.Click(`input[value="`+email+`@example.org"] + button`), chromedp.WaitReady(`.app-account`))
}

// axe runs axe-core's rules, all of them, and names each fault with where it is.
func (b tab) axe(source, what string) {
	b.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](source + `; undefined`))
	found := read(b, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ['violations'], preload: false})
		.then(r => JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | '))))`, chromedp.EvalAwaitPromise))
	var faults []string
	if err := json.Unmarshal([]byte(found), &faults); err != nil {
		b.Fatal(err)
	}
	for _, f := range faults {
		b.Errorf("%s: %s", what, f)
	}
}

// fits holds a page against the widths of a telephone, a tablet and a desk.
func (b tab) fits(what string) {
	b.Helper()
	for _, width := range []int64{768, 320} {
		b.do(chromedp.EmulateViewport(width, 900))
		if wide := read(b, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > width {
			b.Errorf("%s is %d pixels wide on a screen of %d", what, wide, width)
		}
	}
	b.do(chromedp.EmulateViewport(1280, 900))
}

// sendsEmpty sends the page's form without what it asks for, and shows the answer in its place when that
// finds fault: with its list of problems, and a title that says so.
func (b tab) sendsEmpty() bool {
	b.Helper()
	status := read(b, chromedp.Evaluate[int](`(async () => {
		const form = [...document.querySelectorAll('main form[method=post]')]
			.find(f => f.querySelector('input:not([type=hidden]):not([type=file]), textarea, select'))
		if (!form) return 0
		const body = new URLSearchParams()
		form.querySelectorAll('input[type=hidden]').forEach(i => body.append(i.name, i.value))
		const answer = await fetch(form.getAttribute('action') || location.href, {method: 'POST', body})
		const html = await answer.text()
		if (answer.status !== 422) return answer.status
		document.open(); document.write(html); document.close()
		return answer.status
	})()`, chromedp.EvalAwaitPromise))
	if status != http.StatusUnprocessableEntity {
		return false
	}
	b.do(chromedp.WaitReady(`.govuk-error-summary`))
	if title := read(b, chromedp.Title()); !strings.HasPrefix(title, "Error: ") {
		b.Errorf("the title is %q", title)
	}
	for _, broken := range read(b, chromedp.Evaluate[[]string](`[...document.querySelectorAll('.govuk-error-summary a')]
		.filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.textContent)`)) {
		b.Errorf("%q leads nowhere", broken)
	}
	return true
}
