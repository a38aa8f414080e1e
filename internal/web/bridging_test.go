package web

import (
	"net/http"
	"strings"
	"testing"

	"throughgate/internal/day"
	"throughgate/internal/referral"
)

func onDay(name string, d day.Date) []string {
	typed := form{}
	typed.setDate(name, d)
	return []string{name + "-day", typed[name+"-day"], name + "-month", typed[name+"-month"], name + "-year", typed[name+"-year"]}
}

// It is 20 November 2023. Each limit stands beside the day that is still taken.
func TestTheEndOfABridgingPrescriptionIsAskedAgainWhereItCannotBeRight(t *testing.T) {
	v := &visit{now: morning}
	planned := day.New(2023, 11, 27)
	for _, c := range []struct {
		name    string
		until   string
		release day.Date
		code    string
	}{
		{"left out", "", planned, ""},
		{"no date, which the act says", "2023-02-31", planned, ""},
		{"the day of release", "2023-11-27", planned, ""},
		{"the day before", "2023-11-26", planned, "before_release"},
		{"92 days after", "2024-02-27", planned, ""},
		{"93 days after", "2024-02-28", planned, "too_long"},
		{"no day of release is known: today", "2023-11-20", day.Date{}, ""},
		{"yesterday", "2023-11-19", day.Date{}, "already_over"},
		{"after the last day that can be planned", "2025-03-26", day.Date{}, ""},
		{"further", "2025-03-27", day.Date{}, "too_far_ahead"},
	} {
		code := ""
		if wrong := v.doubtfulBridging("bridging_until", c.until, c.release); len(wrong) > 0 {
			code = wrong[0].Code
		}
		if code != c.code {
			t.Errorf("%s: %q, want %q", c.name, code, c.code)
		}
	}
}

// Whoever refers, confirms the release or corrects is asked; a program's date is kept as it was sent, as is one that stands.
func TestEveryFormThatAsksForTheBridgingPrescriptionAsksAgain(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	const until, early = "opioid_substitution.bridging_until", "The last day of the bridging prescription must not lie before the release"
	address := b.answered()
	if s := b.post(address+"/bridging", oneDay(until, "26")...); s.faults()[until+"-day"] != early {
		t.Errorf("referring: %d %v", s.status, s.faults())
	}
	if s := b.post(address + "/check"); s.status != http.StatusUnprocessableEntity || s.faults()["change-"+until] != early {
		t.Errorf("sent all the same: %d %v", s.status, s.faults())
	}

	d := draft("A1234BD")
	d.PlannedReleaseDate = "2023-11-20"
	d.OpioidSubstitution = &referral.SubstitutionDraft{Medicine: "methadone", BridgingUntil: "2013-11-24"}
	path := "/referrals/" + h.referred(d).String()
	if s := b.post(path+"/correction?of=bridging", append(onDay(until, day.New(2033, 11, 24)), "reason", "slip")...); s.faults()[until+"-day"] != bridgingSays["too_long"] {
		t.Errorf("correcting: %d %v", s.status, s.faults())
	}
	release := func(bridging day.Date) shown {
		return b.post(path+"/release?of=RELEASED", append(onDay("bridging_until", bridging), oneDay("released_on", "20")...)...)
	}
	if s := release(day.New(2023, 11, 19)); s.faults()["bridging_until-day"] != early {
		t.Errorf("confirming the release: %d %v", s.status, s.faults())
	}
	if s := release(day.New(2013, 11, 24)); s.status != http.StatusSeeOther {
		t.Errorf("left as it stands: %d %v", s.status, s.faults())
	}
}

func TestThePrisonIsToldOfABridgingPrescriptionThatEndsBeforeTheAppointment(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	d := draft("A1234BE")
	d.OpioidSubstitution = &referral.SubstitutionDraft{Medicine: "methadone", BridgingUntil: "2023-11-27"}
	path := "/referrals/" + h.referred(d).String()
	told := func(b *browser) string {
		next := b.open(path).Find(".app-next")
		return next.Find("a[href='"+path+"/correction?of=bridging']").Text() + " " + next.Text()
	}
	const words = "The bridging prescription ends on 27 November 2023, before the appointment: see that it lasts until"
	if said := told(b); !strings.HasPrefix(said, "correct it here ") || !strings.Contains(said, words) {
		t.Errorf("the prison is told %q", said)
	}
	if said := told(h.as("HARBOUR")); strings.Contains(said, words) {
		t.Errorf("the provider is told %q", said)
	}
	longer := append(onDay("opioid_substitution.bridging_until", day.New(2023, 12, 20)), "reason", "lengthened")
	if s := b.post(path+"/correction?of=bridging", longer...); s.status != http.StatusSeeOther {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	if said := told(b); strings.Contains(said, words) {
		t.Errorf("once it lasts: %q", said)
	}

	address := b.answered()
	b.post(address+"/bridging", oneDay("opioid_substitution.bridging_until", "27")...)
	b.post(address+"/check", "seen", value(b.open(address+"/check"), "seen"))
	if said := b.open(address).text(); !strings.Contains(said, words) {
		t.Errorf("once the referral is made: %s", said)
	}
}
