package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"throughgate/internal/referral"
)

// From the sign-in page to a confirmed pick-up, with nothing but what the pages offer.
func TestAProviderConfirmsAPickUpInABrowser(t *testing.T) {
	h := newHouse(t)
	secret := h.enrolled("HARBOUR")
	h.released("A1234BC")
	h.attended()
	b := window(t, 1280)

	// Sent empty, the page leads to its list of faults.
	b.do(chromedp.Navigate(h.site.URL+"/"), chromedp.Click(`main button`), chromedp.WaitVisible(`.govuk-error-summary`))
	if at := read(b, chromedp.Evaluate[string](`document.activeElement.className`)); !strings.Contains(at, "govuk-error-summary") {
		t.Errorf("after an empty form the focus is on %q", at)
	}
	if title := read(b, chromedp.Title()); !strings.HasPrefix(title, "Error: ") {
		t.Errorf("and the title is %q", title)
	}

	b.do(
		chromedp.SendKeys(`#email`, emailOf("HARBOUR")),
		chromedp.SendKeys(`#password`, password),
		chromedp.SendKeys(`#code`, h.code(secret, h.now)),
		chromedp.Click(`main button`),
		chromedp.WaitVisible(`.app-lists`),
		chromedp.Click(listLinkTo(referral.DayOneTo21)),
		chromedp.WaitVisible(`.app-lists__current a[href$=`+string(referral.DayOneTo21)+`]`),
	)
	if name := read(b, chromedp.Text(`tbody th a`)); !strings.Contains(name, "Aoife") {
		t.Errorf("the list names %q", name)
	}
	b.do(
		chromedp.Click(`tbody th a`),
		chromedp.WaitVisible(`.app-next a.govuk-button`),
		chromedp.Click(`.app-next a.govuk-button`),
		chromedp.SendKeys(`#picked_up_on-day`, "19"),
		chromedp.SendKeys(`#picked_up_on-month`, "11"),
		chromedp.SendKeys(`#picked_up_on-year`, "2023"),
		chromedp.Click(`label[for=kind]`),
		chromedp.Click(`main button`),
		chromedp.WaitVisible(`.govuk-notification-banner--success`),
	)
	if said := read(b, chromedp.Text(`.govuk-notification-banner__heading`)); said != "The pick-up is confirmed." {
		t.Errorf("said is %q", said)
	}
}

func listLinkTo(name referral.ListName) string {
	return `.app-lists a[href="/?list=` + string(name) + `"]`
}

// Nothing may stick out sideways on a small telephone.
func TestNoPageIsWiderThanASmallTelephone(t *testing.T) {
	h := newHouse(t)
	h.demo()
	h.added("HARBOUR")
	id := h.released("A1234BC").String()
	b := window(t, 320)
	b.do(chromedp.EmulateViewport(320, 640), chromedp.Navigate(h.site.URL+"/demo"),
		chromedp.Click(`input[value="`+emailOf("HARBOUR")+`"] + button`), chromedp.WaitVisible(`.app-lists`))
	for _, path := range []string{"/", "/?list=day_1_to_21", "/referrals/" + id, "/referrals/" + id + "/card", "/referrals/" + id + "/pickup",
		"/referrals/" + id + "/closure", "/report", "/reports", "/mailbox", "/demo", "/no-such-page"} {
		b.do(chromedp.Navigate(h.site.URL + path))
		if wide := read(b, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)); wide > 320 {
			t.Errorf("%s is %d pixels wide", path, wide)
		}
	}
}
