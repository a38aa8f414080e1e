package web

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// bothWays tries something with scripts and without: every page must do without.
func bothWays(t *testing.T, try func(t *testing.T, scripts bool)) {
	t.Helper()
	t.Run("with scripts", func(t *testing.T) { try(t, true) })
	t.Run("without", func(t *testing.T) { try(t, false) })
}

// desk is a window of a desk's width, in which pages' scripts run or do not.
func desk(t *testing.T, scripts bool) tab {
	t.Helper()
	b := window(t, 1280)
	if !scripts {
		b.do(withoutScripts())
	}
	return b
}

// signedIn is a window of the demo in which the organisation's person has signed in with one click.
func (h *house) signedIn(t *testing.T, organisation string, scripts bool) tab {
	t.Helper()
	h.demo()
	b := desk(t, scripts)
	b.becomes(h, organisation)
	return b
}

// becomes signs in as the organisation's person, in place of whoever was.
func (b tab) becomes(h *house, organisation string) {
	b.Helper()
	h.known(organisation)
	b.do(chromedp.Navigate(h.site.URL+"/demo"), chromedp.Click(`input[value="`+emailOf(organisation)+`"] + button`), chromedp.WaitVisible(`.app-account`))
}

// Somebody misses their appointment, and is given the next one, with and without scripts.
func TestAMissedAppointmentIsRebookedInABrowser(t *testing.T) {
	bothWays(t, func(t *testing.T, scripts bool) {
		h := newHouse(t)
		h.released("A1234BC")
		h.now = h.now.Add(3 * time.Hour) // it was at ten
		b := h.signedIn(t, "HARBOUR", scripts)
		b.do(
			chromedp.Click(`a[href="/appointments"]`),
			chromedp.WaitVisible(`button[value="did_not_attend"]`),
			chromedp.Click(`button[value="did_not_attend"]`),
			chromedp.WaitVisible(`.govuk-notification-banner--success`),
			chromedp.Click(`td a[href$="/appointment"]`),
			chromedp.WaitVisible(`main form button`),
			chromedp.Click(`main form button`),
			chromedp.WaitVisible(`.app-timeline`),
		)
		if said := read(b, chromedp.Text(`.govuk-notification-banner__heading`)); said != "An appointment is booked. It is tomorrow at 1:30pm." {
			t.Errorf("said is %q", said)
		}
		if booked := read(b, chromedp.Text(`main .govuk-summary-list`)); !strings.Contains(booked, "Tomorrow at 1:30pm") {
			t.Errorf("booked is %q", booked)
		}
	})
}

// A row that may be about somebody known is looked at and confirmed, with and without scripts.
func TestAPossibleMatchIsReviewedInABrowser(t *testing.T) {
	bothWays(t, func(t *testing.T, scripts bool) {
		h := newHouse(t)
		h.released("A1234BC")
		h.listed("Niamh", "Ní Bhriain-A1234BC")
		b := h.signedIn(t, "HARBOUR", scripts)
		b.do(
			chromedp.Click(`.app-lists a[href="/review"]`),
			chromedp.WaitVisible(`tbody th a`),
			chromedp.Click(`tbody th a`),
			chromedp.WaitVisible(`td.app-differs`),
			chromedp.Click(`main form button`), // nothing chosen
			chromedp.WaitVisible(`.govuk-error-summary`),
			chromedp.Click(`label[for=decision]`),
			chromedp.Click(`main form button`),
			chromedp.WaitVisible(`.govuk-notification-banner--success`),
		)
		if left := read(b, chromedp.Text(`main .govuk-inset-text`)); left != "Nothing waits for your decision." {
			t.Errorf("left is %q", left)
		}
	})
}
