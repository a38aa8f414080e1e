package web

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// An administrator invites somebody, who sets up their account and signs in: with the keyboard alone.
func TestAPersonIsInvitedAndSignsInWithTheKeyboardAlone(t *testing.T) {
	bothWays(t, invites)
}

func invites(t *testing.T, scripts bool) {
	h := newHouse(t)
	secret := h.enrolled("ADMIN")
	b := desk(t, scripts)
	b.do(chromedp.Navigate(h.site.URL + "/admin/people/new"))
	b.tabTo(`#email`)
	b.typed(emailOf("ADMIN"), kb.Tab, password, kb.Tab, h.code(secret, h.now), kb.Enter)
	b.do(chromedp.WaitReady(`#organisation`))

	// Sent empty first: the focus goes to the list of problems, and Enter on a problem leads to its box.
	b.tabTo(`#name`)
	b.typed(kb.Enter)
	b.do(chromedp.WaitReady(`.govuk-error-summary`))
	if scripts {
		read(b, chromedp.Poll[bool](`document.activeElement.matches('.govuk-error-summary')`))
	}
	b.tabTo(`.govuk-error-summary a[href="#name"]`)
	b.enter()
	if at := read(b, chromedp.Evaluate[string](`document.activeElement.id`)); at != "name" {
		t.Errorf("the problem leads to %q", at)
	}
	b.typed("Siobhan")
	b.tabTo(`#email`)
	b.typed("siobhan@example.org")
	b.tabTo(`#organisation`)
	b.typed(" ")
	b.tabTo(`main form button`)
	b.typed(kb.Enter)
	b.do(chromedp.WaitReady(`.app-secret`))
	link := read(b, chromedp.Text(`.app-secret`))

	// Their own browser would be another; here the administrator signs out first.
	b.do(chromedp.Navigate(h.site.URL + "/account"))
	b.tabTo(`main form button`)
	b.typed(kb.Enter)
	b.do(chromedp.WaitReady(`#email`), chromedp.Navigate(link), chromedp.WaitReady(`#password`))
	theirs := read(b, chromedp.TextContent(`.app-secret`))
	b.tabTo(`#password`)
	b.typed(password, kb.Tab, h.code(theirs, h.now), kb.Enter)
	b.do(chromedp.WaitReady(`.app-codes`))
	if n := read(b, chromedp.Evaluate[int](`document.querySelectorAll('.app-codes code').length`)); n != 10 {
		t.Errorf("%d recovery codes", n)
	}

	h.now = h.now.Add(time.Minute)
	b.tabTo(`main a.govuk-button`)
	b.typed(kb.Enter)
	b.do(chromedp.WaitReady(`#email`))
	b.tabTo(`#email`)
	b.typed("siobhan@example.org", kb.Tab, password, kb.Tab, h.code(theirs, h.now), kb.Enter)
	b.do(chromedp.WaitReady(`.app-account`))
	if who := read(b, chromedp.Text(`.app-account`)); !strings.Contains(who, "Siobhan") {
		t.Errorf("signed in is %q", who)
	}
}

// typed presses keys where the focus is, as somebody without a mouse does.
func (b tab) typed(keys ...string) {
	b.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

// enter presses the Enter key as a keyboard does: what it does when it goes down is not done again by its letter.
func (b tab) enter() {
	b.Helper()
	key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13}
	up := key
	up.Type, up.Text = input.DispatchKeyEventTypeKeyUp, ""
	b.do(command(input.DispatchKeyEvent, key), command(input.DispatchKeyEvent, up))
}

// tabTo presses Tab until the focus is where it is wanted: what cannot be reached that way cannot be
// used without a mouse.
func (b tab) tabTo(selector string) {
	b.Helper()
	for range 40 {
		b.typed(kb.Tab)
		if read(b, chromedp.Evaluate[bool]("document.activeElement.matches(`"+selector+"`)")) {
			return
		}
	}
	b.Fatalf("Tab does not lead to %s", selector)
}
