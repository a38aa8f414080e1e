package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// walk is one person's way over all pages that they may open, in a window of their own.
type walk struct {
	tab
	inhabited
	axe string // axe-core's source
}

// TestEveryPageOfEveryRoleCanBeUsedByAnybody walks the routes as they are registered, every one of which must show
// its page: what axe-core finds fault with, as the page opens and when its form is sent empty, what sticks out on narrow
// screens or in large type, and where the focus goes.
func TestEveryPageOfEveryRoleCanBeUsedByAnybody(t *testing.T) {
	axe, w := axeCore(t), newInhabited(t)
	for _, role := range []staff.Role{"", staff.Prison, staff.Provider, staff.SubGroup, staff.Admin, staff.Audit} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			b := walk{window(t, 1280), w, axe}
			if role != "" {
				b.signInAs(role)
				b.hasItsMenuOnOneLine(role)
			}
			for _, path := range pagesOf(role) {
				for _, address := range w.addresses(role, path) {
					b.opens(path, address, http.StatusOK)
					b.sendsEmpty(path)
				}
			}
			for _, p := range answers[role] {
				b.answers(p.path, p.typed)
			}
			for _, refused := range []map[string]int{troubles[role], w.refuses[role]} {
				for address, status := range refused {
					b.opens(address, address, status)
				}
			}
			if role == staff.SubGroup {
				b.breaks()
			}
		})
	}
}

// axeCore is the source of the rules.
func axeCore(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal("no axe-core to try the pages with: 'scripts/setup axe' brings it")
	}
	return string(source)
}

// answers are pages that only a form's answer shows.
var answers = map[staff.Role][]struct {
	path  string
	typed map[string]string
}{
	staff.Prison:   {{"/find", map[string]string{"date_of_birth-day": "29", "date_of_birth-month": "2", "date_of_birth-year": "1984"}}},
	staff.Provider: {{"/closed-days/add", map[string]string{"closed_on-day": "23", "closed_on-month": "11", "closed_on-year": "2023"}}},
	staff.Admin: {
		{"/admin/people/new", map[string]string{"name": "Siobhan", "email": "siobhan@example.org", "organisation": "HARBOUR"}},
		{"/admin/keys/new", map[string]string{"organisation": "EXI", "expires": "30"}},
		{"/admin/people/:id/link", nil},
	},
}

// troubles are the pages that say what cannot be had, and why.
var troubles = map[staff.Role]map[string]int{
	"":             {"/no-such-page": http.StatusNotFound, "/sign-in?ended=kept": http.StatusOK, "/sign-in?ended=yes": http.StatusOK},
	staff.Prison:   {"/admin": http.StatusForbidden, "/no-such-page": http.StatusNotFound},
	staff.SubGroup: {"/find": http.StatusForbidden},
}

func (b walk) signInAs(role staff.Role) {
	b.tab.Helper()
	b.do(chromedp.Navigate(b.site.URL+"/demo"), chromedp.Click(`input[value="`+emailOf(organisationOf[role])+`"] + button`), chromedp.WaitReady(`.app-account`))
}

// hasItsMenuOnOneLine looks at a desk's screen: a second line would push every page down.
func (b walk) hasItsMenuOnOneLine(role staff.Role) {
	b.tab.Helper()
	lines := read(b.tab, chromedp.Evaluate[int](`new Set([...document.querySelectorAll('nav[aria-label=Menu] li')].map(li => li.getBoundingClientRect().top)).size`))
	if lines != 1 {
		b.tab.Errorf("the menu of the role %s takes %d lines", role, lines)
	}
}

// opens a page that must answer as it ought to, and looks at it whole.
func (b walk) opens(path, address string, status int) {
	b.tab.Helper()
	answer := read(b.tab, chromedp.NavigateResponse(b.site.URL+address))
	if int(answer.Status) != status {
		b.tab.Errorf("%s: %d", path, answer.Status)
		return
	}
	b.nobodyIsKeptOut(path, "document")
	b.colourIsNeverAlone(path)
	b.fits(path, 320, 768, 1280)
}

// nobodyIsKeptOut runs axe-core's rules, all of them, over a part of the page, and names each fault with where it is.
func (b walk) nobodyIsKeptOut(what, part string) {
	b.tab.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](b.axe + `; undefined`))
	found := read(b.tab, chromedp.Evaluate[string](`axe.run(`+part+`, {resultTypes: ['violations'], preload: false})
		.then(r => JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | '))))`, chromedp.EvalAwaitPromise))
	var faults []string
	if err := json.Unmarshal([]byte(found), &faults); err != nil {
		b.tab.Fatal(err)
	}
	for _, fault := range faults {
		b.tab.Errorf("%s: %s", what, fault)
	}
}

// misfits is a page's text that cannot be read as the window stands: it sticks out of the page, is cut off by its box, or
// lies on other text. What scrolls by itself may be wider than what shows of it; what is only heard is left out.
const misfits = `(() => {
	const found = [], wide = document.documentElement.clientWidth
	if (document.documentElement.scrollWidth > innerWidth) found.push('the page is ' + document.documentElement.scrollWidth + ' wide')
	const scrolls = e => { for (; e && e !== document.body; e = e.parentElement) if (/auto|scroll/.test(getComputedStyle(e).overflowX)) return true }
	const heard = '.govuk-visually-hidden, .govuk-skip-link, svg, thead, select'
	const texts = []
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
	for (let node; node = walker.nextNode();) {
		const box = node.parentElement, said = node.data.trim().slice(0, 60)
		if (!said || box.closest(heard) || !box.checkVisibility()) continue
		const range = document.createRange()
		range.selectNodeContents(node)
		for (const r of range.getClientRects()) if (r.width && r.height) texts.push({said, node, r})
		const hangs = getComputedStyle(box).whiteSpace === 'pre-wrap' // spaces at the ends of lines, which nobody sees
		if (!hangs && !scrolls(box) && range.getBoundingClientRect().right > wide + 1) found.push('sticks out: ' + said)
		for (let e = box; e !== document.body; e = e.parentElement)
			if (/hidden|clip/.test(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1) { found.push('is cut: ' + said); break }
	}
	texts.sort((a, b) => a.r.top - b.r.top)
	texts.forEach((a, i) => {
		for (let j = i + 1; j < texts.length && texts[j].r.top < a.r.bottom - 5; j++) {
			const b = texts[j]
			if (a.node !== b.node && Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left) > 2 && b.r.bottom - a.r.top > 5)
				found.push(a.said + ' lies on ' + b.said)
		}
	})
	return found.slice(0, 5)
})()`

// fits holds a page against the widths of a telephone, which is also that of a desk at four times the size, of a
// tablet and of a desk: all of it can be read.
func (b walk) fits(what string, widths ...int64) {
	b.tab.Helper()
	for _, width := range widths {
		b.do(chromedp.EmulateViewport(width, 900))
		for _, text := range read(b.tab, chromedp.Evaluate[[]string](misfits)) {
			b.tab.Errorf("%s, on a screen of %d: %s", what, width, text)
		}
	}
}

// sends fills the page's form in, emptying what is not named, and sends it. It says what was answered; 0 when the page
// has no form that asks for anything.
func (b walk) sends(typed map[string]string) (status int) {
	b.tab.Helper()
	names, err := json.Marshal(typed)
	if err != nil {
		b.tab.Fatal(err)
	}
	const asks = `const form = [...document.querySelectorAll('main form[method=post]')].find(f => f.querySelector('input:not([type=hidden]), textarea, select'))`
	if !read(b.tab, chromedp.Evaluate[bool](`(() => {`+asks+`; return !!form})()`)) && typed != nil {
		return 0
	}
	answer, err := chromedp.RunResponse(b.ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
		%s ?? document.querySelector('main form[method=post]')
		const typed = %s ?? {}
		for (const box of form.elements) {
			if (box.type === 'radio' || box.type === 'checkbox') box.checked = typed[box.name] === box.value
			else if (box.type !== 'hidden' && box.type !== 'file' && box.name) box.value = typed[box.name] ?? ''
		}
		form.submit()
	})()`, asks, names)))
	if err != nil {
		b.tab.Fatal(err)
	}
	return int(answer.Status)
}

// sendsEmpty sends the page's form, if it has one, without what it asks for: the answer lists what is wrong, has the
// focus there, leads to the boxes and says so in its title. What need not be answered says so in its heading.
func (b walk) sendsEmpty(path string) {
	b.tab.Helper()
	heading := read(b.tab, chromedp.Text(`h1`))
	status := b.sends(map[string]string{})
	if status == 0 || status == http.StatusOK && strings.HasSuffix(heading, "(optional)") {
		return
	}
	what := path + ", sent empty"
	if status != http.StatusUnprocessableEntity {
		b.tab.Errorf("%s: %d %s", what, status, heading)
		return
	}
	read(b.tab, chromedp.Poll[bool](`document.activeElement.matches('.govuk-error-summary')`))
	if title := read(b.tab, chromedp.Title()); !strings.HasPrefix(title, "Error: ") {
		b.tab.Errorf("%s: the title is %q", what, title)
	}
	for _, broken := range read(b.tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll('.govuk-error-summary a')]
		.filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.textContent)`)) {
		b.tab.Errorf("%s: %q leads nowhere", what, broken)
	}
	b.nobodyIsKeptOut(what, `{include: [['.govuk-error-summary'], ['.govuk-form-group--error']]}`) // the rest was tried with the page
	b.finds(what, colourAlone)
	if !slices.Contains(eitherOr, path) {
		b.finds(what, misnamed)
	}
	b.fits(what, 320, 1280)
}

// answers fills a page's form in and looks at what its answer shows.
func (b walk) answers(path string, typed map[string]string) {
	b.tab.Helper()
	for _, address := range b.addresses("", path) {
		b.do(chromedp.Navigate(b.site.URL + address))
		if status := b.sends(typed); status != http.StatusOK {
			b.tab.Errorf("%s, filled in: %d %s", path, status, read(b.tab, chromedp.Text(`main`)))
		}
		b.nobodyIsKeptOut(path+", filled in", "document")
		b.fits(path+", filled in", 320, 768, 1280)
	}
}

// breaks shows the pages of faults that are the service's own, on servers beside the first that have them.
func (b walk) breaks() {
	b.tab.Helper()
	for status, fault := range map[int]error{
		http.StatusInternalServerError: errors.New("a fault"),
		http.StatusServiceUnavailable:  &problem.Unavailable{Message: "The database is away."},
	} {
		broken := httptest.NewServer(New(b.deps(func(d *Deps) {
			d.SendLatestReport = func(context.Context, staff.Who, bool) (string, error) { return "", fault }
		})))
		defer broken.Close()
		b.do(chromedp.Navigate(broken.URL + b.at["/reports/:id"][0]))
		answer, err := chromedp.RunResponse(b.ctx, chromedp.Click(`form[action="/reports/send"] button`))
		if err != nil {
			b.tab.Fatal(err)
		}
		if int(answer.Status) != status {
			b.tab.Errorf("%v: %d", fault, answer.Status)
		}
		b.nobodyIsKeptOut(http.StatusText(status), "document")
		b.fits(http.StatusText(status), 320, 768, 1280)
	}
}
