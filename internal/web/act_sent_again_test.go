package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Of a form from a page that was overtaken, what was recorded since is told: when, by whom and what. That somebody did
// the same is told from that they did another thing.
func TestAnOvertakenFormIsToldWhatWasRecordedSince(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.released("A1234BC").String()
	browsers := map[string]*browser{"EXI": h.as("EXI"), "HARBOUR": h.as("HARBOUR")}
	for name, c := range map[string]struct {
		first, then []string // an organisation, then what it types
		says        string
	}{
		"the same by the same person": {typing([]string{"HARBOUR"}, aContact), typing([]string{"HARBOUR"}, aContact),
			"This was already recorded today at 9am by you, and stands once: Contact. Phone"},
		"the same by another organisation": {typing([]string{"HARBOUR"}, with(aContact, "kind", "cjit")), typing([]string{"EXI"}, with(aContact, "kind", "cjit")),
			"This was already recorded today at 9am by Harbour, and stands once: Contact."},
		"of another kind": {typing([]string{"EXI"}, with(aContact, "kind", "in_reach")), typing([]string{"HARBOUR"}, with(aContact, "kind", "naloxone")),
			"Since you opened this page, today at 9am, this was recorded by HMP Exeter: Contact. In-reach"},
		"of another day": {typing([]string{"EXI"}, with(aContact, "on-day", "18")), typing([]string{"HARBOUR"}, with(aContact, "on-day", "19")),
			"Since you opened this page, today at 9am, this was recorded by HMP Exeter: Contact. Phone"},
		"with another note": {typing([]string{"EXI"}, with(aContact, "note", "Rang at noon")), typing([]string{"HARBOUR"}, with(aContact, "note", "Rang at night")),
			"Since you opened this page, today at 9am, this was recorded by HMP Exeter: Contact. Phone"},
	} {
		stale := browsers[c.then[0]].drawnForm(path+"/contact", c.then[1:]...)
		if s := browsers[c.first[0]].drawnForm(path+"/contact", c.first[1:]...)(); s.status != http.StatusSeeOther {
			t.Errorf("%s: %d %v", name, s.status, s.text())
		}
		h.now = h.now.Add(time.Second)
		s := stale()
		said := strings.Join(strings.Fields(s.Find(".govuk-error-summary__list").Text()), " ")
		if s.status != http.StatusConflict || !strings.Contains(said, c.says) || strings.Contains(said, "Since you") == strings.Contains(said, "already recorded") {
			t.Errorf("%s: %d %s", name, s.status, said)
		}
	}
}

// On the day's list a second click is told of the first.
func TestASecondClickOnTheDaysListIsToldOfTheFirst(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	h.now = h.now.Add(3 * time.Hour) // it was at ten
	b := h.as("HARBOUR")
	row := b.open("/appointments").Find("tbody tr form").First()
	typed := []string{"day", "2023-11-20", "referral", row.Find(`[name="referral"]`).AttrOr("value", ""), "version", row.Find(`[name="version"]`).AttrOr("value", "")}
	click := func(outcome string) shown {
		return b.post(row.AttrOr("action", ""), append(typed, "outcome", outcome)...)
	}
	click("attended")
	if s := click("attended"); s.status != http.StatusConflict || !strings.Contains(s.text(), "This was already recorded today at midday by you, and stands once: Attended.") {
		t.Errorf("the same: %d %s", s.status, s.text())
	}
	if s := click("did_not_attend"); s.status != http.StatusConflict || strings.Contains(s.text(), "This was already recorded") {
		t.Errorf("another outcome: %d %s", s.status, s.text())
	}
}
