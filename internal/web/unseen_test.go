package web

import (
	"net/http"
	"slices"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// Faults stand in the order of the form, so that whoever mends them goes down the page once; what has no box comes last.
func TestFaultsOfWhatCannotBeSeenStandInTheOrderOfTheForm(t *testing.T) {
	s := newHouse(t).browser().post("/sign-in", "code", "1\x002", "email", "a\x00@example.org", "ended", "\x00", "password", "\x00")
	links := s.Find(".govuk-error-summary__list a").Map(func(_ int, a *goquery.Selection) string { return a.AttrOr("href", "") })
	if s.status != http.StatusUnprocessableEntity || !slices.Equal(links, []string{"#email", "#password", "#code"}) {
		t.Errorf("%d, and the faults lead to %q", s.status, links)
	}
	if last := s.Find(".govuk-error-summary__list li").Last().Text(); last != "What was sent"+saysUnseen {
		t.Errorf("the last fault is %q", last)
	}
}
