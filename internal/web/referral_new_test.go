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
	"person": {"person.given_name", "Siân", "person.family_name", "O'Neill", "person.date_of_birth-day", "29", "person.date_of_birth-month", "2",
		"person.date_of_birth-year", "1984", "person.sex", "female", "person.prison_number", "a1234bc"},
	"release": {"release_known", "planned", "release_on-day", "27", "release_on-month", "11", "release_on-year", "2023", "release_date_certainty", "expected"},
	"need":    {"substances", "heroin", "other_substances", "crack", "opioid_substitution.medicine", "methadone"},
	"consent": {"consent.share_with_provider", "given", "attends_smart", "yes", "notes", "Prefers mornings", "sender_reference", "EXI/2023/0412"},
}

// began is the address of a referral that was begun.
func (b *browser) began() string {
	b.Helper()
	s := b.post("/referrals/new", "draft", value(b.open("/referrals/new"), "draft"))
	if s.status != http.StatusSeeOther || !strings.HasSuffix(s.location, "/person") {
		b.Fatalf("beginning: %d %s", s.status, s.location)
	}
	return strings.TrimSuffix(s.location, "/person")
}

// answered answers every page, up to the check.
func (b *browser) answered() (address string) {
	b.Helper()
	address = b.began()
	for _, step := range newSteps {
		if s := b.post(address+"/"+step.path, answersOf[step.path]...); s.status != http.StatusSeeOther {
			b.Fatalf("%s: %d %v", step.path, s.status, s.faults())
		}
	}
	return address
}

func (h *house) count(query string) (n int) {
	h.Helper()
	h.service(func(tx *db.Tx) error { return tx.Get(h.Context(), &n, query) })
	return n
}

func TestSomebodyIsReferredPageByPage(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.answered()
	check := b.open(address + "/check")
	for _, want := range []string{"Siân", "O'Neill", "29 February 1984", "a1234bc", "27 November 2023", "Heroin", "crack", "Methadone", "Prefers mornings", "EXI/2023/0412", "Not given"} {
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
	for _, want := range []string{"Referral made", "TG-", "Harbour Centre", "November 2023 at", "Print the card"} {
		if !strings.Contains(made.text(), want) {
			t.Errorf("%q is not said: %s", want, made.text())
		}
	}
	if card := b.open(made.Find("a.govuk-button").AttrOr("href", "")); card.status != http.StatusOK {
		t.Errorf("the card: %d", card.status)
	}
	for _, step := range []string{"/person", "/check"} { // Back
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
	s := b.post(address+"/person", "person.given_name", "Siân", "person.date_of_birth-day", "31", "person.date_of_birth-month", "2", "person.date_of_birth-year", "1984",
		"person.prison_number", "12", "person.nhs_number", "1")
	if s.status != http.StatusUnprocessableEntity || !strings.HasPrefix(s.title(), "Error: ") {
		t.Errorf("%d %q", s.status, s.title())
	}
	for id, want := range map[string]string{
		"person.family_name":       "Enter their surname",
		"person.date_of_birth-day": "Their date of birth must be a real date",
		"person.sex":               "Select their sex",
		"person.prison_number":     "A prison number is a letter",
		"person.nhs_number":        "This is not a valid NHS number",
	} {
		if got := s.faults()[id]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q in %v", id, got, s.faults())
		}
	}
	for name, page := range map[string]shown{"the answer": s, "a reload": b.open(address + "/person")} {
		if value(page, "person.given_name") != "Siân" || value(page, "person.date_of_birth-day") != "31" {
			t.Errorf("%s has lost what was typed: %s", name, page.text())
		}
	}
	left := b.open("/referrals/new")
	if link := left.Find(".app-begun a"); link.Text() != "Siân" || link.AttrOr("href", "") != address+"/check" {
		t.Errorf("what was begun is not offered: %s", left.text())
	}
	if s := b.post(address + "/discard"); s.location != "/referrals/new" {
		t.Errorf("discarding: %d", s.status)
	}
	if s := b.open(address + "/person"); s.status != http.StatusNotFound {
		t.Errorf("it is still there: %d", s.status)
	}
}

// Questions that the answers leave no room for are not there to be checked.
func TestOnlyWhatWasAskedIsChecked(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	address := b.answered()
	for name, c := range map[string]struct {
		step   string
		answer []string
		there  []string
		not    []string
	}{
		"a day is planned": {"release", answersOf["release"], []string{"Day of release"}, []string{"If no day is known"}},
		"no day is known":  {"release", []string{"release_known", "unknown", "release_date_unknown_reason", "on remand"}, []string{"If no day is known", "on remand"}, []string{"Day of release", "How sure"}},
		"no substitution":  {"need", []string{"substances", "heroin", "opioid_substitution.medicine", "none"}, []string{"Heroin"}, []string{"bridging", "Other substances"}},
	} {
		b.post(address+"/"+c.step, c.answer...)
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

func TestAPrisonsOwnReferenceIsKeptShownAndItsAlone(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	made := b.post(b.answered() + "/check")
	card := b.open(made.location).Find(`main a[href$="/card"]`).AttrOr("href", "")
	if s := b.open(strings.TrimSuffix(card, "/card")); !strings.Contains(s.text(), "Prison's own referenceEXI/2023/0412") {
		t.Errorf("it is not shown: %s", s.text())
	}
	address := b.began()
	for _, step := range newSteps {
		b.post(address+"/"+step.path, with(answersOf[step.path], "person.prison_number", "A1234BD")...)
	}
	s := b.post(address + "/check")
	if s.status != http.StatusConflict || s.faults()["change-consent"] != "Another referral has this reference of yours already: give another, or leave it out" {
		t.Errorf("given twice: %d %v", s.status, s.faults())
	}
	b.post(address+"/consent", with(answersOf["consent"], "sender_reference", " ")...)
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
		"no surname":              {"person", with(answersOf["person"], "person.family_name", "N/A"), "person.family_name", "Their surname is not a name. Give the name that the prison knows the person by."},
		"nothing of the release":  {"release", nil, "release_known", "Select what is known of the release"},
		"no day":                  {"release", []string{"release_known", "planned"}, "release_on-day", "Enter the day of release"},
		"no reason for no day":    {"release", []string{"release_known", "unknown"}, "release_date_unknown_reason", "Enter why no day is known"},
		"released tomorrow":       {"release", []string{"release_known", "released", "release_on-day", "21", "release_on-month", "11", "release_on-year", "2023"}, "release_on-day", "The day of a release that has happened must not lie in the future"},
		"planned in two years":    {"release", []string{"release_known", "planned", "release_on-day", "1", "release_on-month", "11", "release_on-year", "2025"}, "release_on-day", "A planned release must not lie more than 400 days ahead"},
		"no substance":            {"need", []string{"opioid_substitution.medicine", "none"}, "substances", "Select at least one substance, or name another"},
		"substitution left open":  {"need", []string{"substances", "heroin"}, "opioid_substitution.medicine", "Select whether they are on opioid substitution"},
		"bridging without a need": {"need", []string{"substances", "heroin", "opioid_substitution.medicine", "none", "opioid_substitution.bridging_until-day", "1", "opioid_substitution.bridging_until-month", "12", "opioid_substitution.bridging_until-year", "2023"}, "opioid_substitution.bridging_until-day", "A bridging prescription needs its medicine."},
		"no consent":              {"consent", []string{"consent.share_with_provider", "refused"}, "consent.share_with_provider", "They can be referred only once they have agreed that the provider is told"},
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
	// Whoever goes straight to the check is told there, with a link to each page.
	b.post(address + "/release")
	s := b.post(address + "/check")
	if s.status != http.StatusUnprocessableEntity || s.faults()["change-release"] != "Select what is known of the release" {
		t.Errorf("%d %v", s.status, s.faults())
	}
	change := b.open(s.Find("#change-release").AttrOr("href", ""))
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
	b.post(address+"/person?change=yes", append(answersOf["person"], "person.given_name", "Nesta")...)
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
	for _, path := range []string{"", "/person", "/check"} {
		if s := other.open(address + path); s.status != http.StatusNotFound || strings.Contains(s.raw, "Neill") {
			t.Errorf("GET %s: %d", path, s.status)
		}
	}
	for _, path := range []string{"/person", "/check"} {
		if s := other.post(address+path, answersOf["person"]...); s.status != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, s.status)
		}
	}
	if s := h.as("EXI").open("/referrals/new/" + uuid.NewString() + "/person"); s.status != http.StatusNotFound {
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
