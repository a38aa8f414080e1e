package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// filled is a page's form as it stands, with some answers changed, as names and values in turn.
func filled(s shown, changes ...string) (pairs []string) {
	values := url.Values{}
	s.Find("main input, main textarea, main select").Each(func(_ int, box *goquery.Selection) {
		name, _ := box.Attr("name")
		kind := box.AttrOr("type", "")
		if _, on := box.Attr("checked"); (kind == "radio" || kind == "checkbox") && !on {
			return
		}
		value := box.AttrOr("value", "")
		if goquery.NodeName(box) == "textarea" {
			value = box.Text()
		}
		values.Set(name, value)
	})
	for i := 0; i < len(changes); i += 2 {
		values.Set(changes[i], changes[i+1])
	}
	for name := range values {
		pairs = append(pairs, name, values.Get(name))
	}
	return pairs
}

func TestWhatWasSentIsCorrected(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.Substances = []string{"heroin", "khat"}
	id := h.referred(d).String()
	b, path := h.as("EXI"), "/referrals/"+id+"/correction"
	page := b.open(path)
	for name, want := range map[string]string{"person.given_name": "Aoife", "person.date_of_birth-day": "29", "other_substances": "khat"} {
		if got := value(page, name); got != want {
			t.Errorf("%s is filled in with %q", name, got)
		}
	}
	if s := b.post(path, filled(page, "reason", "none")...); s.faults()["reason"] != "Nothing is changed: change what was wrong, or go back" {
		t.Errorf("nothing changed: %d %v", s.status, s.faults())
	}
	s := b.post(path, filled(page, "person.given_name", "x", "person.prison_number", "12")...)
	if s.status != http.StatusUnprocessableEntity || s.faults()["reason"] != "Enter why it was wrong" || s.faults()["person.prison_number"] == "" || s.faults()["person.given_name"] == "" {
		t.Errorf("%d %v", s.status, s.faults())
	}
	if value(s, "person.prison_number") != "12" {
		t.Error("what was typed is gone")
	}
	s = b.post(path, filled(page, "person.given_name", "Eva", "opioid_substitution.medicine", "methadone", "reason", "misheard")...)
	if s.status != http.StatusSeeOther {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	after := b.open(s.location)
	for _, want := range []string{"The referral is corrected.", "The appointment ", "Eva", "Methadone", "“misheard”", "Heroin, khat"} {
		if !strings.Contains(after.text(), want) {
			t.Errorf("%q is not said: %s", want, after.text())
		}
	}
	if s := b.post(path, filled(page, "person.given_name", "Eve", "reason", "again")...); s.status != http.StatusConflict || value(s, "person.given_name") != "Eve" {
		t.Errorf("from a stale tab: %d %s", s.status, s.text())
	}
}

func TestTheOldAndTheNewAppointmentAreSaid(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	b := h.as("EXI")
	date := func(d string) shown {
		s := b.post("/referrals/"+id+"/release-date", "known", "yes", "planned_release_date-day", d, "planned_release_date-month", "12", "planned_release_date-year", "2023")
		if s.status != http.StatusSeeOther {
			t.Fatalf("%d %s", s.status, s.text())
		}
		return b.open(s.location)
	}
	if s := date("8"); !strings.Contains(s.Find(".govuk-notification-banner").Text(), "The appointment moved: it was Tuesday 28 November 2023") || !strings.Contains(s.Find(".app-next").Text(), "Print the new card") {
		t.Errorf("it moved: %s", s.Find(".govuk-notification-banner").Text())
	}
	s := b.post("/referrals/"+id+"/release-date", "known", "no")
	if s := b.open(s.location); !strings.Contains(s.Find(".govuk-notification-banner").Text(), "There is no appointment now: no release date is known.") {
		t.Errorf("it was given up: %s", s.Find(".govuk-notification-banner").Text())
	}
}
