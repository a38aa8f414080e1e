package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// passes lets time go by for the service and for the page, which somebody then looks at again.
func (b tab) passes(h *house, d time.Duration) {
	b.Helper()
	h.now = h.now.Add(d)
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
		const now = Date.now
		Date.now = () => now() + %d
		document.dispatchEvent(new Event('visibilitychange'))
	})()`, d.Milliseconds())))
}

// whenSeen is when the service last saw whoever is signed in.
func (h *house) whenSeen() (at time.Time) {
	h.Helper()
	h.service(func(tx *db.Tx) error { return tx.Get(h.Context(), &at, `SELECT max(seen_at) FROM session`) })
	return at
}

const (
	warned = `document.getElementById('idle').open`
	// countsAsking counts how often the page asks to keep its session.
	countsAsking = `const asks = fetch
		let asked = 0
		window.fetch = (path, ...how) => {
			if (path === '/account/still-here') asked++
			return asks(path, ...how)
		}`
)

// focusedOn waits for the dialog, and is the name of the button in it that has the focus.
func (b tab) focusedOn() string {
	b.Helper()
	read(b, chromedp.Poll[bool](warned))
	return read(b, chromedp.Evaluate[string](`document.activeElement.textContent`))
}

// Two minutes before a session ends for want of use a page says so; whoever types is kept signed in while they do, and not
// for a key of long ago.
func TestAPageWarnsBeforeItsSessionEnds(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn(t, "EXI", true)
	b.do(chromedp.Navigate(h.site.URL+"/find"), chromedp.WaitReady(`#idle`), chromedp.Evaluate[chromedp.Void](countsAsking))

	b.passes(h, 10*time.Minute)
	b.do(chromedp.SendKeys(`#reference`, "TG-1"))
	read(b, chromedp.Poll[bool](`performance.getEntriesByType('resource').some(r => r.name.endsWith('/account/still-here') && r.responseEnd > 0)`))
	if n := read(b, chromedp.Evaluate[int](`asked`)); n != 1 || !h.whenSeen().Equal(h.now) {
		t.Errorf("for whoever types the page asks %d times in a minute, and they were seen at %v", n, h.whenSeen())
	}

	lastKey := h.now
	b.passes(h, staff.SessionIdle-time.Minute)
	if on := b.focusedOn(); on != "Stay signed in" {
		t.Errorf("14 minutes after the last key the focus is on %q", on)
	}
	if !h.whenSeen().Equal(lastKey) {
		t.Error("the warning itself prolongs the session")
	}
	b.typed(kb.Enter)
	read(b, chromedp.Poll[bool](`!`+warned))
	if !h.whenSeen().Equal(h.now) {
		t.Error("who asked to stay is not kept signed in")
	}
}

// What is done in one tab keeps the session for all: none says that it has ended without asking.
func TestATabKnowsWhatIsDoneInAnother(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn(t, "EXI", true)
	b.do(chromedp.Navigate(h.site.URL+"/find"), chromedp.WaitReady(`#idle`), chromedp.SendKeys(`#reference`, "TG"))

	b.passes(h, staff.SessionIdle-time.Minute)
	read(b, chromedp.Poll[bool](warned))
	b.do(chromedp.Evaluate[chromedp.Void](`fetch('/account')`, chromedp.EvalAwaitPromise)) // as another tab does
	b.passes(h, staff.SessionIdle-5*time.Minute)
	read(b, chromedp.Poll[bool](`!`+warned))

	b.passes(h, 5*time.Minute)
	if on := b.focusedOn(); on != "Close" {
		t.Errorf("at the end the focus is on %q", on)
	}
	b.says("You have been signed out")
	b.typed(kb.Enter)
	if typed := read(b, chromedp.Evaluate[string](`document.getElementById('reference').value`)); typed != "TG" || read(b, chromedp.Evaluate[bool](warned)) {
		t.Errorf("after the end what was typed is %q", typed)
	}
}

// A form that is sent after its session has ended is there as it was typed once its person has signed in: idle, and with
// somebody else signed in meanwhile in another tab.
func TestWhatWasTypedIsThereAfterSigningInInABrowser(t *testing.T) {
	bothWays(t, func(t *testing.T, scripts bool) {
		h := newHouse(t)
		secret := h.enrolled("HARBOUR")
		h.known("EXI")
		form := h.site.URL + "/referrals/" + h.released("A1234BC").String() + "/contact"
		b := h.signedIn(t, "HARBOUR", scripts)
		b.do(chromedp.Navigate(form))
		b.fills(rightly["contact"].typed)
		h.now = h.now.Add(staff.SessionIdle + time.Minute)
		b.next("Sign in")
		b.says("What you typed is kept")
		b.do(chromedp.SendKeys(`#email`, emailOf("HARBOUR")), chromedp.SendKeys(`#password`, password), chromedp.SendKeys(`#code`, h.code(secret, h.now)))
		b.next("Record contact")
		b.recordsWhatWasKept()

		other := b.another()
		b.do(chromedp.Navigate(form))
		b.fills(with(rightly["contact"].typed, "note", "Rang again"))
		other.do(chromedp.Navigate(h.site.URL + "/"))
		other.signsOut()
		other.becomes(h, "EXI")
		b.next("Somebody else is signed in now")
		b.says("You are signed in as Siân of EXI")
		b.signsOut()
		b.becomes(h, "HARBOUR")
		if scripts {
			w := walk{tab: b, axe: axeCore(t)}
			w.nobodyIsKeptOut("a start page with kept forms", "document")
			w.fits("a start page with kept forms", 320, 1280)
		}
		b.do(chromedp.Click(`#kept-forms + ul a`), chromedp.WaitVisible(`#note`))
		b.recordsWhatWasKept("note", "Rang again")
		b.do(chromedp.Navigate(h.site.URL + "/"))
		if read(b, chromedp.Evaluate[bool](`document.querySelector('#kept-forms') !== null`)) {
			b.Error("what was recorded is still offered")
		}
		b.has(h, `SELECT count(*) FROM contact`, 2)
	})
}

// recordsWhatWasKept finds a contact in its form as it was typed, and sends it.
func (b tab) recordsWhatWasKept(changes ...string) {
	b.Helper()
	b.says("What you had typed is in the form again")
	typed := with(rightly["contact"].typed, changes...)
	if lost := b.lost(typed); len(lost) > 0 {
		b.Errorf("the form has lost %v", lost)
	}
	b.next("Aoife")
	b.says("The contact is recorded.")
}

// another is a second tab of the same browser, with its cookies.
func (b tab) another() tab {
	b.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.Cleanup(cancel)
	b.ctx = ctx
	b.do(focused())
	return b
}
