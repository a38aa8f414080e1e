package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

const sessions = `SELECT count(*) FROM session WHERE ended_at IS NULL`

// TestBackReloadAndSendingAgainSignNobodyInTwice signs in with a slip, with a code of the app and with a recovery code.
func TestBackReloadAndSendingAgainSignNobodyInTwice(t *testing.T) {
	bothWays(t, func(t *testing.T, scripts bool) {
		h := newHouse(t)
		secret := h.enrolled("HARBOUR")
		recovery := h.recoveryCode("HARBOUR")
		b := desk(t, scripts)
		with := func(code string) []string {
			return []string{"email", emailOf("HARBOUR"), "password", password, "code", code}
		}
		b.do(chromedp.Navigate(h.site.URL + "/sign-in?ended=yes&typed=kept&next=/clinics"))
		b.slips(with("000000"), "email")
		b.standsAt("/sign-in", "is kept for you")

		b.fills(with(h.code(secret, h.now)))
		b.sendsTwice()
		b.standsAt("/clinics", "Clinics")
		b.reloads()
		b.standsAt("/clinics", "Clinics")
		b.do(chromedp.Navigate(h.site.URL+"/appointments"), chromedp.NavigateBack(), chromedp.Navigate(h.site.URL+"/sign-in"))
		b.standsAt("/", "Siân of HARBOUR")
		b.has(h, sessions, 1)

		b.signsOut()
		b.do(chromedp.NavigateBack())
		b.standsAt("/sign-in", "Sign in")
		for _, used := range []string{h.code(secret, h.now), recovery} {
			if used == recovery {
				b.fills(with(recovery))
				b.presses()
				b.standsAt("/", "Siân of HARBOUR")
				b.has(h, sessions, 1)
				b.signsOut()
			}
			b.slips(with(used), "email")
			b.standsAt("/sign-in", "Codes can be used once")
			b.has(h, sessions, 0)
			b.do(chromedp.Navigate(h.site.URL + "/sign-in"))
		}
	})
}

// TestBackReloadAndSendingAgainSetAnAccountUpOnce takes up an invitation with a slip, and comes back to it.
func TestBackReloadAndSendingAgainSetAnAccountUpOnce(t *testing.T) {
	bothWays(t, func(t *testing.T, scripts bool) {
		h := newHouse(t)
		link := h.site.URL + "/invitation/" + h.added("EXI")
		b := desk(t, scripts)
		b.do(chromedp.Navigate(link))
		secret := b.secretShown()
		b.slips([]string{"password", "short", "code", "000000"})
		for _, comesBack := range []chromedp.Action[chromedp.Void]{chromedp.Reload(), chromedp.Navigate(link)} {
			b.do(comesBack)
			if again := b.secretShown(); again != secret {
				t.Error("whoever comes back would have to set their app up again")
			}
		}

		b.fills([]string{"password", password, "code", h.code(secret, h.now)})
		b.presses()
		b.standsAt("/invitation", "keep your recovery codes")
		for _, comesBack := range []chromedp.Action[chromedp.Void]{chromedp.Reload(), chromedp.Navigate(link)} {
			b.do(comesBack)
			b.standsAt("/invitation", "Your account is set up already")
		}
		b.has(h, `SELECT count(*) FROM recovery_code`, 10)
		b.has(h, `SELECT count(*) FROM audit WHERE act = 'enrolled'`, 1)

		h.now = h.now.Add(time.Minute)
		b.do(chromedp.Click(`main a.govuk-button`), chromedp.WaitReady(`#email`))
		b.fills([]string{"email", emailOf("EXI"), "password", password, "code", h.code(secret, h.now)})
		b.presses()
		b.standsAt("/", "Siân of EXI")
	})
}

// recoveryCode gives the organisation's person codes, and is one of them.
func (h *house) recoveryCode(organisation string) (code string) {
	h.Helper()
	h.service(func(tx *db.Tx) error {
		people, err := staff.People(h.Context(), tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(people, func(p staff.Person) bool { return p.Email == emailOf(organisation) })
		codes, err := staff.NewRecoveryCodes(h.Context(), tx, console, h.now, people[at].ID)
		code = strings.Join(codes[:min(1, len(codes))], "")
		return err
	})
	return code
}

// slips sends a form with something wrong in it, and the answer once more by a reload. Only what is named is still there:
// passwords and codes are typed again.
func (b tab) slips(typed []string, kept ...string) {
	b.Helper()
	b.fills(typed)
	for _, answer := range []func() int{b.presses, b.reloads} {
		if status := answer(); status != http.StatusUnprocessableEntity {
			b.Errorf("a slip is answered with %d: %s", status, b.said())
		}
		lost := b.lost(typed)
		for i := 0; i < len(typed); i += 2 {
			if slices.Contains(lost, typed[i]) == slices.Contains(kept, typed[i]) {
				b.Errorf("after a slip, %v are lost of %v", lost, typed)
			}
		}
	}
}

// sendsTwice sends the page's form, and once more when the browser has the answer to the first but does not show it yet.
func (b tab) sendsTwice() {
	b.Helper()
	read(b, chromedp.Evaluate[int](`(form => fetch(form.action, {method: 'POST', redirect: 'manual', body: new URLSearchParams(new FormData(form))}).then(r => r.status))(`+mainForm+`)`,
		chromedp.EvalAwaitPromise))
	b.presses()
}

func (b tab) signsOut() {
	b.Helper()
	b.responds(chromedp.Click(`form[action="/sign-out"] button`))
	b.standsAt("/sign-in", "Sign in")
}

// standsAt a path, or below it, on a page that says something.
func (b tab) standsAt(path, says string) {
	b.Helper()
	at, text := read(b, chromedp.Evaluate[string](`location.pathname`)), read(b, chromedp.Evaluate[string](`document.body.innerText`))
	if at != path && (path == "/" || !strings.HasPrefix(at, path)) || !strings.Contains(text, says) {
		b.Fatalf("the browser is at %s, not at %s with %q: %s", at, path, says, text)
	}
}

// has so many of what is counted.
func (b tab) has(h *house, query string, want int) {
	b.Helper()
	if n := h.count(query); n != want {
		b.Errorf("%s: %d, want %d", query, n, want)
	}
}

func (b tab) secretShown() string {
	b.Helper()
	return read(b, chromedp.TextContent(`.app-secret`))
}
