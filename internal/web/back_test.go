package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// sending is a form in a browser, filled in rightly, and how much there is of what it makes.
type sending struct {
	what, address string
	typed         []string
	count         string
}

// inScripts are the forms tried with pages' scripts as well, one of each kind of answer: with scripts each answer is also
// reloaded.
var inScripts = []string{"contact", "outcome", "/admin/keys/new"}

// TestBackAndReloadMakeNoSecondOfAnythingAndLoseNothing does what people do who are not sure whether it worked: they
// reload what they are told, go back, fill the form in as before and send it again.
func TestBackAndReloadMakeNoSecondOfAnythingAndLoseNothing(t *testing.T) {
	bothWays(t, func(t *testing.T, scripts bool) {
		h := newHouse(t)
		h.readers()
		tabs := map[string]tab{}
		for _, organisation := range []string{"EXI", "HARBOUR", "ADMIN"} {
			tabs[organisation] = h.signedIn(t, organisation, scripts)
		}
		for organisation, forms := range h.sendings() {
			for _, s := range forms {
				if !scripts || slices.Contains(inScripts, s.what) {
					tabs[organisation].sendsOnce(h, s, scripts)
				}
			}
		}
	})
}

// sendings are all forms of which each makes one, by whose they are.
func (h *house) sendings() map[string][]sending {
	h.Helper()
	h.released("A9999BC")
	h.listed("Niamh", "Ní Bhriain-A9999BC")
	all := map[string][]sending{
		"EXI":     {{"a list", h.as("EXI").upload("list.csv", mendedList).location, nil, `SELECT count(*) FROM referral`}},
		"HARBOUR": {{"a match", "/review/" + h.openReview(), []string{"decision", "reject"}, `SELECT count(*) FROM review WHERE settled_at IS NOT NULL`}},
	}
	for n, what := range actPaths() {
		f := rightly[what]
		all[f.organisation] = append(all[f.organisation], sending{what, h.formOf(h.as(f.organisation), what, fmt.Sprintf("A%04dBC", n)), f.typed, made})
	}
	for what, f := range onlyOne {
		address := pathIn(h.as(f.organisation).open(path.Dir(what)), `main a[href^="`+what+`"]`)
		if what != "/referrals/new" { // which begins a referral, and is tried with it
			all[f.organisation] = append(all[f.organisation], sending{what, cmp.Or(address, what), f.typed, f.count})
		}
	}
	return all
}

// sendsOnce sends a form, goes back to it and sends it again.
func (b tab) sendsOnce(h *house, s sending, reloading bool) {
	b.Helper()
	before := h.count(s.count)
	b.do(chromedp.Navigate(h.site.URL + s.address))
	if reloading {
		b.reloadsWhatIsWrong(s)
		b.do(chromedp.Navigate(h.site.URL + s.address))
	}
	pages := b.sendsAll(s.typed)
	once := h.count(s.count)
	if once == before || strings.Contains(b.said(), "already") {
		b.Errorf("%s, sent once, makes %d: %s", s.what, once-before, b.said())
	}
	if reloading {
		b.reloads()
	}
	b.responds(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`history.go(-%d)`, pages)))
	if read(b, chromedp.Evaluate[bool](mainForm+` !== null`)) {
		b.sendsAll(s.typed)
	}
	if said := b.said(); !saysItIsDone.MatchString(said) {
		b.Errorf("%s, sent again, is told: %s", s.what, said)
	}
	if again := h.count(s.count); again != once {
		b.Errorf("%s: %d after it was sent, %d after Back and once more", s.what, once-before, again-before)
	}
}

// saysItIsDone is how pages tell that something was done before.
var saysItIsDone = regexp.MustCompile(`already|has been decided|cannot be undone|Nothing is changed|no such|is stored`)

// reloadsWhatIsWrong leaves the first answer out. What is wrong is said, and the rest is there; also after a reload.
func (b tab) reloadsWhatIsWrong(s sending) {
	b.Helper()
	rest := s.typed[2:]
	b.fills(rest)
	for _, answer := range []func() int{b.presses, b.reloads} {
		if status := answer(); status != http.StatusUnprocessableEntity {
			b.Errorf("%s, without %s: %d %s", s.what, s.typed[0], status, b.said())
			return
		}
		if lost := b.lost(rest); len(lost) > 0 {
			b.Errorf("%s, without %s, has lost %v", s.what, s.typed[0], lost)
		}
	}
}

// said is what a page says first: its heading and what is done, wrong or the matter.
func (b tab) said() string {
	b.Helper()
	return read(b, chromedp.Evaluate[string](`[...document.querySelectorAll('h1, h1 + p, .govuk-notification-banner__heading, .govuk-error-summary__body')]
		.map(e => e.innerText.trim()).join(' / ')`))
}

const mainForm = `document.querySelector('main form[method=post]')`

// sendsAll sends the form, and once more where it then asks to be sure. It says how many pages that were.
func (b tab) sendsAll(typed []string) (pages int) {
	b.Helper()
	b.fills(typed)
	b.presses()
	if !read(b, chromedp.Evaluate[bool](`document.querySelector('input[type=hidden][name=confirmed]') !== null`)) {
		return 1
	}
	b.presses()
	return 2
}

// withTyped runs a script over what is typed: names and values in turn.
func withTyped[T any](b tab, typed []string, script string) T {
	b.Helper()
	pairs, err := json.Marshal(typed)
	if err != nil {
		b.Fatal(err)
	}
	return read(b, chromedp.Evaluate[T](fmt.Sprintf(`(() => {
		const typed = %s ?? [], lost = []
		for (let i = 0; i < typed.length; i += 2) {
			const boxes = [...%s.querySelectorAll('[name="' + typed[i] + '"]')], value = typed[i + 1]
			const box = value === 'the last' ? boxes.at(-1) : boxes.find(b => b.value === value) ?? boxes[0]
			const chosen = box?.type === 'radio' || box?.type === 'checkbox'
			%s
		}
		return lost
	})()`, pairs, mainForm, script)))
}

// fills types into the page's form and chooses.
func (b tab) fills(typed []string) {
	b.Helper()
	withTyped[[]string](b, typed, `if (chosen) box.checked = true; else if (box && box.type !== 'hidden') box.value = value`)
}

// lost are the names of what was typed or chosen and is not there any more.
func (b tab) lost(typed []string) []string {
	b.Helper()
	return withTyped[[]string](b, typed, `if (box && (chosen ? !box.checked : box.value !== value)) lost.push(typed[i])`)
}

// presses sends the page's form with its button, and says how that was answered.
func (b tab) presses() (status int) {
	b.Helper()
	return b.responds(chromedp.Evaluate[chromedp.Void](mainForm + `.querySelector('button').click()`))
}

// reloads asks for the page anew; if it was the answer to a form, by sending that again.
func (b tab) reloads() (status int) {
	b.Helper()
	return b.responds(chromedp.Evaluate[chromedp.Void](`location.reload()`))
}

func (b tab) responds(step chromedp.Action[chromedp.Void]) (status int) {
	b.Helper()
	answer, err := chromedp.RunResponse(b.ctx, step)
	if err != nil {
		b.Fatal(err)
	}
	return int(answer.Status)
}

// TestAReferralIsMadeOnceAndItsAnswersAreKeptInABrowser goes back from a question, from the check and from the
// confirmation.
func TestAReferralIsMadeOnceAndItsAnswersAreKeptInABrowser(t *testing.T) {
	bothWays(t, func(t *testing.T, scripts bool) {
		h := newHouse(t)
		b := h.signedIn(t, "EXI", scripts)
		address := h.site.URL + h.as("EXI").answered()
		b.do(chromedp.Navigate(address + "/name"))
		b.fills(answersOf["name"])
		b.presses()
		b.goesBackTo("name")
		b.do(chromedp.Navigate(address+"/more"), chromedp.Navigate(address+"/"+checkStep))
		b.goesBackTo("more")
		b.presses()
		b.next("Referral made")
		b.do(chromedp.Reload(), chromedp.NavigateBack())
		b.says("Referral made")
		if n := h.count(`SELECT count(*) FROM referral`); n != 1 {
			t.Errorf("%d referrals", n)
		}
	})
}

// goesBackTo a question, where what was answered still is.
func (b tab) goesBackTo(step string) {
	b.Helper()
	b.do(chromedp.NavigateBack())
	if at := path.Base(read(b, chromedp.Evaluate[string](`location.pathname`))); at != step {
		b.Fatalf("Back leads to %s, not to %s", at, step)
	}
	if lost := b.lost(answersOf[step]); len(lost) > 0 {
		b.Errorf("%s has lost %v", step, lost)
	}
}

// With scripts a double click sends one form. That two make one without is tried in TestAnActIsDoneOnceHoweverOftenItsFormIsSent.
func TestADoubleClickSendsOneForm(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn(t, "HARBOUR", true)
	b.do(chromedp.Navigate(h.site.URL + h.formOf(nil, "contact", "A1234BC")))
	b.fills(rightly["contact"].typed)
	sent := read(b, chromedp.Evaluate[int](`(() => {
		let sent = 0
		const form = `+mainForm+`
		form.addEventListener('submit', () => { sent++ })
		for (const click of [1, 2]) form.querySelector('button').click()
		return sent
	})()`))
	b.do(chromedp.WaitReady(`.govuk-notification-banner--success`))
	if n := h.count(`SELECT count(*) FROM contact`); n != 1 || sent != 1 {
		t.Errorf("sent %d times, %d contacts", sent, n)
	}
}
