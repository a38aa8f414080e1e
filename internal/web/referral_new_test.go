package web

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/db"
)

// The answers of each page of "refer someone". It is 20 November 2023.
var answersOf = map[string][]string{
	"consent":       {"consent.share_with_provider", "given"},
	"name":          {"person.given_name", "Siân", "person.family_name", "O'Neill"},
	"date-of-birth": {"person.date_of_birth-day", "29", "person.date_of_birth-month", "2", "person.date_of_birth-year", "1984"},
	"sex":           {"person.sex", "female"},
	"numbers":       {"person.prison_number", "a1234bc"},
	"release":       {"release_known", "expected"},
	"release-date":  {"release_on-day", "27", "release_on-month", "11", "release_on-year", "2023"},
	"substances":    {"substances", "heroin", "other_substances", "crack"},
	"medicine":      {"opioid_substitution.medicine", "methadone"},
	"smart":         {"attends_smart", "yes"},
	"more":          {"notes", "Prefers mornings", "sender_reference", "EXI/2023/0412"},
}

// began is the address of a referral that was begun.
func (b *browser) began() string {
	b.Helper()
	s := b.post("/referrals/new", "draft", value(b.open("/referrals/new"), "draft"))
	address, begins := strings.CutSuffix(s.location, "/"+newSteps[0].path)
	if s.status != http.StatusSeeOther || !begins {
		b.Fatalf("beginning: %d %s", s.status, s.location)
	}
	return address
}

// answered answers every page to which the one before leads, up to the check.
func (b *browser) answered() (address string) {
	b.Helper()
	address = b.began()
	for at := address + "/" + newSteps[0].path; at != address+"/check"; {
		s := b.post(at, answersOf[strings.TrimPrefix(at, address+"/")]...)
		if s.status != http.StatusSeeOther {
			b.Fatalf("%s: %d %v", at, s.status, s.faults())
		}
		at = s.location
	}
	return address
}

func (h *house) count(query string) (n int) {
	h.Helper()
	h.service(func(tx *db.Tx) error { return tx.Get(h.Context(), &n, query) })
	return n
}

// Their eighteenth birthday is the day after the planned release, or that day.
func TestThatSomebodyUnder18CountsInNoFigureIsSaidBeforeAndAfterTheyAreReferred(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.answered()
	for _, c := range []struct {
		born string
		says bool
	}{{"27", false}, {"28", true}} {
		b.post(address+"/date-of-birth?change=yes", "person.date_of_birth-day", c.born, "person.date_of_birth-month", "11", "person.date_of_birth-year", "2005")
		if says := strings.Contains(b.open(address+"/check").text(), "counts in no figure"); says != c.says {
			t.Errorf("born on %s November: %t on the check page", c.born, says)
		}
	}
	b.post(address+"/check", "seen", value(b.open(address+"/check"), "seen"))
	if made := b.open(address); !strings.Contains(made.text(), "Referral made") || !strings.Contains(made.text(), "counts in no figure") {
		t.Errorf("afterwards: %s", made.text())
	}
}

func TestSomebodyIsReferredPageByPage(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.answered()
	check := b.open(address + "/check")
	for _, want := range []string{"Siân", "O'Neill", "29 February 1984", "A1234BC", "27 November 2023", "A day is planned, but may still change", "Heroin", "crack", "Methadone", "Prefers mornings", "EXI/2023/0412", "Not given"} {
		if !strings.Contains(check.text(), want) {
			t.Errorf("%q is not there to be checked: %s", want, check.text())
		}
	}
	var wait sync.WaitGroup
	for range 3 { // a double click, and one more
		wait.Go(func() {
			if s := b.post(address+"/check", "seen", value(check, "seen")); s.status != http.StatusSeeOther || s.location != address {
				t.Errorf("%d %s %s", s.status, s.location, s.text())
			}
		})
	}
	wait.Wait()
	if n := h.count(`SELECT count(*) FROM referral`); n != 1 {
		t.Errorf("%d referrals", n)
	}
	made := b.open(address)
	if link := made.Find(`a[href="tel:01752000000"]`); link.Text() != "01752 000000" {
		t.Errorf("the telephone number is no link: %q", link.Text())
	}
	for _, want := range []string{"Referral made", "TG-", "Harbour Centre", "November 2023 at", "Print the card"} {
		if !strings.Contains(made.text(), want) {
			t.Errorf("%q is not said: %s", want, made.text())
		}
	}
	if card := b.open(made.Find("a.govuk-button").AttrOr("href", "")); card.status != http.StatusOK {
		t.Errorf("the card: %d", card.status)
	}
	for _, step := range []string{"/name", "/check"} { // Back
		if s := b.open(address + step); s.location != address {
			t.Errorf("%s after it was sent: %d %s", step, s.status, s.location)
		}
	}
	if n := h.count(`SELECT count(*) FROM referral_draft WHERE typed_sealed IS NOT NULL`); n != 0 {
		t.Error("what was typed is still kept")
	}
}

func TestNothingTypedIsLostWhileReferring(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.began()
	b.post(address+"/consent", answersOf["consent"]...)
	b.post(address+"/name", "person.given_name", "Siân")
	s := b.post(address+"/date-of-birth", "person.date_of_birth-day", "31", "person.date_of_birth-month", "2", "person.date_of_birth-year", "1984")
	if s.status != http.StatusUnprocessableEntity || !strings.HasPrefix(s.title(), "Error: ") {
		t.Errorf("%d %q", s.status, s.title())
	}
	for name, page := range map[string]shown{"the answer": s, "a reload": b.open(address + "/date-of-birth")} {
		if value(page, "person.date_of_birth-day") != "31" {
			t.Errorf("%s has lost what was typed: %s", name, page.text())
		}
	}
	left := b.open("/referrals/new")
	if link := left.Find(".app-begun a"); link.Text() != "Siân" || link.AttrOr("href", "") != address+"/name" {
		t.Errorf("what was begun does not go on where it was left: %s", left.text())
	}
	if s := b.post(address + "/discard"); s.location != "/referrals/new" {
		t.Errorf("discarding: %d", s.status)
	}
	if s := b.open(address + "/name"); s.status != http.StatusNotFound {
		t.Errorf("it is still there: %d", s.status)
	}
}

// Each page leads to the next that the answers leave open, and Back to the one before.
func TestOnlyWhatTheAnswersLeaveOpenIsAskedAndChecked(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.answered()
	for name, c := range map[string]struct {
		step   string
		answer []string
		next   string
		there  []string
		not    []string
	}{
		"a day is planned":  {"release", answersOf["release"], "release-date", []string{"Day of release"}, []string{"Why no day"}},
		"released already":  {"release", []string{"release_known", "released"}, "release-date", []string{"Day of release"}, []string{"Why no day"}},
		"no day is known":   {"release", []string{"release_known", "unknown"}, "no-release-date", []string{"Why no day is known"}, []string{"Day of release"}},
		"substitution":      {"medicine", answersOf["medicine"], "bridging", []string{"bridging"}, nil},
		"no substitution":   {"medicine", []string{"opioid_substitution.medicine", "none"}, "naloxone", []string{"Heroin"}, []string{"bridging"}},
		"no more substance": {"substances", []string{"substances", "heroin"}, "medicine", []string{"Heroin"}, []string{"Other substances"}},
		"one provider":      {"reconnect-consent", nil, "more", nil, []string{"provider will see them"}},
	} {
		s := b.post(address+"/"+c.step, c.answer...)
		if s.location != address+"/"+c.next {
			t.Errorf("%s: it leads to %s", name, s.location)
		}
		if back := b.open(address+"/"+c.next).Find(".govuk-back-link").AttrOr("href", ""); back != address+"/"+c.step {
			t.Errorf("%s: Back leads to %s", name, back)
		}
		check := b.open(address + "/check").Find("main").Text()
		for _, want := range c.there {
			if !strings.Contains(check, want) {
				t.Errorf("%s: %q is not there", name, want)
			}
		}
		for _, never := range c.not {
			if strings.Contains(check, never) {
				t.Errorf("%s: %q is there", name, never)
			}
		}
	}
}

// A change leads back to the check, by way of what it opens.
func TestAChangedAnswerLeadsBackToTheCheck(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.answered()
	for _, c := range []struct {
		step   string
		answer []string
		next   string
	}{
		{"name", answersOf["name"], "check"},
		{"release", []string{"release_known", "released"}, "release-date?change=yes"}, // the 27th is still to come
		{"release-date", oneDay("release_on", "17"), "check"},
		{"release", []string{"release_known", "expected"}, "check"}, // the date still stands
		{"release", []string{"release_known", "unknown"}, "no-release-date?change=yes"},
		{"no-release-date", []string{"release_date_unknown_reason", "on remand"}, "check"},
		{"release", []string{"release_known", "confirmed"}, "release-date?change=yes"},
		{"release-date", oneDay("release_on", "24"), "check"},
		{"medicine", []string{"opioid_substitution.medicine", "none"}, "check"},
		{"medicine", answersOf["medicine"], "bridging?change=yes"},
		{"bridging", nil, "check"},
	} {
		change := b.open(address + "/check").Find(`a[href="` + address + "/" + c.step + `?change=yes"]`)
		page := b.open(change.AttrOr("href", ""))
		if back := page.Find(".govuk-back-link").AttrOr("href", ""); back != address+"/check" {
			t.Errorf("%s: Back leads to %q", c.step, back)
		}
		if s := b.post(address+"/"+c.step+"?change=yes", c.answer...); s.location != address+"/"+c.next {
			t.Errorf("%s leads to %s %v", c.step, s.location, s.faults())
		}
	}
	if check := b.open(address + "/check").text(); strings.Contains(check, "on remand") {
		t.Errorf("a day is known, and still the check tells why none was: %s", check)
	}
	if s := b.post(address + "/check"); s.status != http.StatusSeeOther {
		t.Errorf("%d %v", s.status, s.faults())
	}
	if n := h.count(`SELECT count(*) FROM referral WHERE release_date_certainty = 'confirmed'`); n != 1 {
		t.Error("the referral does not say what was answered last")
	}
}

// What was typed on a page that is not asked any more becomes no part of the referral.
func TestABridgingPrescriptionGoesWithItsMedicine(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.answered()
	b.post(address+"/bridging", oneDay("opioid_substitution.bridging_until", "30")...)
	b.post(address+"/medicine", "opioid_substitution.medicine", "none")
	if s := b.post(address + "/check"); s.status != http.StatusSeeOther {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	if n := h.count(`SELECT count(*) FROM referral WHERE bridging_until IS NULL`); n != 1 {
		t.Error("the prescription is kept without its medicine")
	}
}

func TestAPrisonsOwnReferenceIsKeptShownAndItsAlone(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	made := b.post(b.answered() + "/check")
	card := b.open(made.location).Find(`main a[href$="/card"]`).AttrOr("href", "")
	if s := b.open(strings.TrimSuffix(card, "/card")); !strings.Contains(s.text(), "Prison's own referenceEXI/2023/0412") {
		t.Errorf("it is not shown: %s", s.text())
	}
	address := b.answered()
	b.post(address+"/numbers", "person.prison_number", "A1234BD")
	s := b.post(address + "/check")
	if s.status != http.StatusConflict || s.faults()["change-sender_reference"] != "Another referral has this reference of yours already: give another, or leave it out" {
		t.Errorf("given twice: %d %v", s.status, s.faults())
	}
	b.post(address+"/more", "sender_reference", " ")
	if s := b.post(address + "/check"); s.status != http.StatusSeeOther {
		t.Fatalf("left out: %d %s", s.status, s.text())
	}
	if s := b.open(address); strings.Contains(s.text(), unnamed) {
		t.Error("a made-up reference is shown")
	}
}

func TestWhatEachPageOfAReferralRefuses(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.answered()
	for name, c := range map[string]struct {
		step   string
		answer []string
		anchor string
		says   string
	}{
		"no consent":             {"consent", []string{"consent.share_with_provider", "refused"}, "consent.share_with_provider", "They can be referred only once they have agreed that the provider is told"},
		"no surname":             {"name", with(answersOf["name"], "person.family_name", "N/A"), "person.family_name", "Their surname is not a name. Give the name that the prison knows the person by"},
		"a name left out":        {"name", []string{"person.given_name", "Siân"}, "person.family_name", "Enter their surname"},
		"no such day":            {"date-of-birth", noDay("person.date_of_birth"), "person.date_of_birth-day", "Their date of birth must be a real date"},
		"no sex":                 {"sex", nil, "person.sex", "Select their sex"},
		"nothing of the release": {"release", nil, "release_known", "Select what is known of the release"},
		"no day":                 {"release-date", nil, "release_on-day", "Enter the day of release"},
		"planned in two years":   {"release-date", []string{"release_on-day", "1", "release_on-month", "11", "release_on-year", "2025"}, "release_on-day", "A planned release must not lie more than 400 days ahead"},
		"no substance":           {"substances", nil, "substances", "Select at least one substance, or name another"},
		"substitution left open": {"medicine", nil, "opioid_substitution.medicine", "Select whether they are on opioid substitution"},
	} {
		s := b.post(address+"/"+c.step, c.answer...)
		if s.status != http.StatusUnprocessableEntity || s.faults()[c.anchor] != c.says {
			t.Errorf("%s: %d %v", name, s.status, s.faults())
		}
		if s.Find("[id='"+c.anchor+"']").Length() != 1 {
			t.Errorf("%s: the link leads nowhere", name)
		}
		b.post(address+"/"+c.step, answersOf[c.step]...)
	}
	// What is wrong only beside another answer.
	for name, c := range map[string]struct{ known, step, anchor, says string }{
		"no reason for no day": {"unknown", "no-release-date", "release_date_unknown_reason", "Enter why no day is known"},
		"released tomorrow":    {"released", "release-date", "release_on-day", "The day of a release that has happened must not lie in the future"},
	} {
		b.post(address+"/release", "release_known", c.known)
		if s := b.post(address+"/"+c.step, oneDay("release_on", "21")...); s.faults()[c.anchor] != c.says {
			t.Errorf("%s: %v", name, s.faults())
		}
	}
	// Whoever goes straight to the check is told there, with a link to each page.
	b.post(address + "/release")
	s := b.post(address + "/check")
	if s.status != http.StatusUnprocessableEntity || s.faults()["change-release_known"] != "Select what is known of the release" {
		t.Errorf("%d %v", s.status, s.faults())
	}
	change := b.open(s.Find("#change-release_known").AttrOr("href", ""))
	if s := b.post("/" + strings.TrimPrefix(change.Find(".govuk-back-link").AttrOr("href", ""), "/")); s.status != http.StatusUnprocessableEntity {
		t.Errorf("Back from a change leads to the check: %d", s.status)
	}
}

func TestAnswersThatChangedInAnotherTabAreCheckedAgain(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.answered()
	seen := value(b.open(address+"/check"), "seen")
	h.now = h.now.Add(1e9)
	b.post(address+"/name?change=yes", with(answersOf["name"], "person.given_name", "Nesta")...)
	if s := b.post(address+"/check", "seen", seen); s.status != http.StatusConflict || !strings.Contains(s.text(), "Nesta") {
		t.Errorf("%d %s", s.status, s.text())
	}
}

func TestSomebodyReferredAlreadyIsNamedByALink(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	b := h.as("EXI")
	address := b.answered()
	s := b.post(address + "/check")
	if s.status != http.StatusConflict || s.Find("a[href='/referrals/"+id+"']").Length() != 1 {
		t.Errorf("%d %s", s.status, s.text())
	}
}

func TestADraftIsNobodyElses(t *testing.T) {
	h := newHouse(t)
	address := h.as("EXI").answered()
	other := h.as("CWI")
	for _, path := range []string{"", "/name", "/check"} {
		if s := other.open(address + path); s.status != http.StatusNotFound || strings.Contains(s.raw, "Neill") {
			t.Errorf("GET %s: %d", path, s.status)
		}
	}
	for _, path := range []string{"/name", "/check"} {
		if s := other.post(address+path, answersOf["name"]...); s.status != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, s.status)
		}
	}
	if s := h.as("EXI").open("/referrals/new/" + uuid.NewString() + "/name"); s.status != http.StatusNotFound {
		t.Errorf("one that was never begun: %d", s.status)
	}
}

func TestTheSubstancesToTickAreKnown(t *testing.T) {
	h := newHouse(t)
	for _, name := range commonSubstances {
		if kept, ok := h.pool.Rules.Vocabulary.Drug(name); !ok || kept != name {
			t.Errorf("%s is kept as %q", name, kept)
		}
	}
}
