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
	which := b.open(path)
	for _, want := range []string{"What is their name?", "Aoife, Ní Bhriain-A1234BC", "Heroin, khat", "29 February 1984"} {
		if !strings.Contains(which.text(), want) {
			t.Errorf("%q is not offered: %s", want, which.text())
		}
	}
	if strings.Contains(which.text(), "What is the day of release?") || strings.Contains(which.text(), "bridging") {
		t.Error("what has a page of its own, or was not asked, is offered")
	}
	if s := b.post(path, "of", "numbers"); s.location != path+"?of=numbers" {
		t.Errorf("the answer that was wrong is chosen: %d %s", s.status, s.location)
	}
	if s := b.post(path, "of", "release-date"); s.faults()["of"] != "Select which answer was wrong" {
		t.Errorf("one that is not offered: %d %v", s.status, s.faults())
	}
	numbers := b.open(path + "?of=numbers")
	if s := b.post(path+"?of=numbers", filled(numbers, "reason", "none")...); s.faults()["reason"] != "Nothing is changed: change what was wrong, or go back" {
		t.Errorf("nothing changed: %d %v", s.status, s.faults())
	}
	s := b.post(path+"?of=numbers", filled(numbers, "person.prison_number", "12")...)
	if s.status != http.StatusUnprocessableEntity || s.faults()["reason"] != "Enter why it was wrong" || s.faults()["person.prison_number"] == "" {
		t.Errorf("%d %v", s.status, s.faults())
	}
	if value(s, "person.prison_number") != "12" {
		t.Error("what was typed is gone")
	}
	name, medicine := b.open(path+"?of=name"), path+"?of=medicine"
	s = b.post(medicine, filled(b.open(medicine), "opioid_substitution.medicine", "methadone", "reason", "misheard")...)
	if s.status != http.StatusSeeOther {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	after := b.open(s.location)
	for _, want := range []string{"The referral is corrected.", "The appointment ", "Aoife", "Methadone", "“misheard”", "Heroin, khat"} {
		if !strings.Contains(after.text(), want) {
			t.Errorf("%q is not said: %s", want, after.text())
		}
	}
	if s := b.post(path+"?of=name", filled(name, "person.given_name", "Eve", "reason", "again")...); s.status != http.StatusConflict || value(s, "person.given_name") != "Eve" {
		t.Errorf("from a stale tab: %d %s", s.status, s.text())
	}
}

func TestTheOldAndTheNewAppointmentAreSaid(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	b := h.as("EXI")
	date := func(d string) shown {
		s := b.post("/referrals/"+id+"/release-date?of=expected", "planned_release_date-day", d, "planned_release_date-month", "12", "planned_release_date-year", "2023")
		if s.status != http.StatusSeeOther {
			t.Fatalf("%d %s", s.status, s.text())
		}
		return b.open(s.location)
	}
	if s := date("8"); !strings.Contains(s.Find(".govuk-notification-banner").Text(), "The appointment moved: it was Tuesday 28 November 2023") || !strings.Contains(s.Find(".app-next").Text(), "Print the new card") {
		t.Errorf("it moved: %s", s.Find(".govuk-notification-banner").Text())
	}
	if s := b.post("/referrals/"+id+"/release-date?of=unknown", "reason", " "); s.faults()["reason"] != "Enter why no day is known" {
		t.Errorf("no day is known, for no reason: %d %v", s.status, s.faults())
	}
	s := b.post("/referrals/"+id+"/release-date?of=unknown", "reason", "on remand")
	if s := b.open(s.location); !strings.Contains(s.Find(".govuk-notification-banner").Text(), "There is no appointment now: no release date is known.") {
		t.Errorf("it was given up: %s", s.Find(".govuk-notification-banner").Text())
	}
}
