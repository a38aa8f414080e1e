package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// oneDay is a date of this world in its three boxes.
func oneDay(name, d string) []string {
	return []string{name + "-day", d, name + "-month", "11", name + "-year", "2023"}
}

// rightly are the forms of the acts filled in rightly: where the act is of a referral before its release, one is made.
var rightly = map[string]struct {
	organisation string
	planned      bool // the referral awaits release
	typed        []string
}{
	"release-correction": {"EXI", false, typing([]string{"correction_reason", "a slip"}, oneDay("released_on", "17"))},
	"transfer":           {"EXI", true, typing([]string{"to_prison", "CWI"}, oneDay("on", "20"))},
	"withdrawal":         {"EXI", true, typing([]string{"reason", "mistaken"}, oneDay("on", "20"))},
	"correction?of=more": {"EXI", true, []string{"person.telephone", "07700 900123", "reason", "a new number"}},
	"pickup":             {"HARBOUR", false, typing([]string{"kind", "new_episode", "modality", "psychosocial"}, oneDay("picked_up_on", "19"))},
	"pickup-correction":  {"HARBOUR", false, typing([]string{"kind", "new_episode", "correction_reason", "a slip"}, oneDay("picked_up_on", "18"))},
	"outcome":            {"HARBOUR", false, []string{"cancelled_by", "person"}}, // it is to come, and can only be cancelled
	"appointment":        {"HARBOUR", false, nil},
	"slot":               {"HARBOUR", false, []string{"slot_id", "the last"}},
	"drop-in":            {"HARBOUR", false, oneDay("attended_on", "20")},
	"contact":            {"HARBOUR", false, typing([]string{"kind", "phone", "note", "Rang"}, oneDay("on", "20"))},
	"undo":               {"HARBOUR", false, []string{"reason", "a slip"}},
	"move":               {"HARBOUR", true, []string{"move", "yes"}},

	"release?of=RELEASED":            {"EXI", true, typing(oneDay("released_on", "20"), []string{"naloxone_supplied", "yes"})},
	"release?of=SENT_TO_COURT":       {"EXI", true, oneDay("released_on", "20")},
	"release-date?of=expected":       {"EXI", true, typing(oneDay("planned_release_date", "24"), []string{"reason", "brought forward"})},
	"release-date?of=unknown":        {"EXI", true, []string{"reason", "on remand"}},
	"closure?of=declined":            {"HARBOUR", false, oneDay("on", "20")},
	"closure?of=picked_up_elsewhere": {"HARBOUR", false, typing([]string{"provider_name", "Elsewhere"}, oneDay("on", "20"))},
}

// answered are the answers to first questions that lead to the forms tried here.
var answered = map[string][]string{
	"release":      {"?of=RELEASED", "?of=SENT_TO_COURT"},
	"release-date": {"?of=expected", "?of=unknown"},
	"closure":      {"?of=declined", "?of=picked_up_elsewhere"},
	"correction":   {"?of=more"},
}

// actPaths are the acts by their pages, in their order.
func actPaths() (forms []string) {
	paths := []string{"correction"}
	for _, a := range acts {
		paths = append(paths, a.path)
	}
	for _, path := range paths {
		if answered[path] == nil {
			forms = append(forms, path)
		}
		for _, of := range answered[path] {
			forms = append(forms, path+of)
		}
	}
	return forms
}

// made counts all that acts make, and how often referrals changed.
const made = `SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM appointment) + (SELECT count(*) FROM contact)
	+ (SELECT count(*) FROM pickup) + (SELECT count(*) FROM closure) + (SELECT coalesce(sum(version), 0) FROM referral)`

// TestAnActIsDoneOnceHoweverOftenItsFormIsSent sends each act's form as it was drawn: once, and for another person with a
// double click and then once more from a tab that was left open. Both make the same, and what was typed is not lost.
func TestAnActIsDoneOnceHoweverOftenItsFormIsSent(t *testing.T) {
	h := newHouse(t)
	browsers := map[string]*browser{"EXI": h.as("EXI"), "HARBOUR": h.as("HARBOUR")}
	for n, path := range actPaths() {
		f, there := rightly[path]
		if !there {
			t.Errorf("no row fills in the form of %s", path)
			continue
		}
		b := browsers[f.organisation]
		send := h.ready(b, path, fmt.Sprintf("A%04dBC", n))
		before := h.count(made)
		if s := send(); s.status != http.StatusSeeOther {
			t.Errorf("%s: %d %v", path, s.status, s.faults())
		}
		once := h.count(made) - before
		send = h.ready(b, path, fmt.Sprintf("A%04dBD", n))
		before = h.count(made)
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() { send() })
		}
		wait.Wait()
		stale := send()
		if thrice := h.count(made) - before; thrice != once || once == 0 {
			t.Errorf("%s: sent once it makes %d rows, sent again and again %d", path, once, thrice)
		}
		if stale.status != http.StatusConflict && (path != "transfer" || stale.status != http.StatusNotFound) {
			t.Errorf("%s from a stale tab: %d %s", path, stale.status, stale.text())
		}
		if stale.status == http.StatusConflict && path != "slot" && !strings.Contains(stale.Find(".govuk-error-summary__list").Text(), "This was already recorded today at 9am by you, and stands once: ") {
			t.Errorf("%s from a stale tab does not say when it was recorded and by whom: %s", path, stale.Find(".govuk-error-summary__list").Text())
		}
		for i := 0; i < len(f.typed) && stale.status == http.StatusConflict; i += 2 {
			if !stale.keeps(f.typed[i], f.typed[i+1]) {
				t.Errorf("%s from a stale tab loses %s", path, f.typed[i])
			}
		}
	}
}

// ready is an act's form, drawn: to be sent as often as one likes.
func (h *house) ready(b *browser, path, number string) (send func() shown) {
	h.Helper()
	f, address := rightly[path], h.formOf(b, path, number)
	page := b.open(address)
	typed := append(held(page, allBoxes), f.typed...)
	if at := slices.Index(typed, "the last"); at >= 0 {
		typed[at] = page.Find(`input[name="slot_id"]`).Last().AttrOr("value", "")
	}
	return func() shown { return b.post(address, typed...) }
}

// formOf makes a referral to which the act can be done, and is the address of its form.
func (h *house) formOf(b *browser, path, number string) string {
	h.Helper()
	f := rightly[path]
	var id uuid.UUID
	if f.planned {
		id = h.referred(draft(number))
	} else {
		id = h.released(number)
	}
	address := "/referrals/" + id.String() + "/"
	switch path {
	case "pickup-correction", "undo":
		b.post(address+"pickup", rightly["pickup"].typed...)
	case "appointment":
		b.post(address+"outcome", rightly["outcome"].typed...)
	case "move":
		h.sentElsewhere(number)
	case "slot":
		path += "?day=2023-11-27" // with places free, whoever else is booked
	}
	return address + path
}

// onlyOne are forms beside the acts' of which each makes one.
var onlyOne = map[string]struct {
	organisation string
	typed        []string
	count        string
}{
	"/referrals/new":    {"EXI", nil, `SELECT count(*) FROM referral_draft`},
	"/clinics/add":      {"HARBOUR", clinicForm, `SELECT count(*) FROM clinic WHERE code = 'SAT-AM'`},
	"/closed-days/add":  {"HARBOUR", typing(oneDay("closed_on", "22"), []string{"confirmed", "yes"}), `SELECT count(*) FROM closed_day WHERE closed_on = '2023-11-22'`},
	"/admin/people/new": {"ADMIN", []string{"name", "Siobhan", "email", "siobhan@example.org", "organisation", "EXI"}, `SELECT count(*) FROM staff WHERE name = 'Siobhan'`},
	"/admin/keys/new":   {"ADMIN", []string{"organisation", "EXI", "expires", "30"}, `SELECT count(*) FROM api_key`},
	"/recipients/new":   {"ADMIN", []string{"name", "Aoife", "address", "aoife@example.org"}, `SELECT count(*) FROM recipient`},
}

// TestOfNothingThereAreTwo sends forms beside the acts' whose page is drawn for one sending, or whose content is taken once.
func TestOfNothingThereAreTwo(t *testing.T) {
	h := newHouse(t)
	h.readers()
	for path, c := range onlyOne {
		b := h.as(c.organisation)
		typed := append(held(b.open(path), allBoxes), c.typed...)
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() { b.post(path, typed...) })
		}
		wait.Wait()
		b.post(path, typed...)
		if n := h.count(c.count); n != 1 {
			t.Errorf("%s sent three times makes %d", path, n)
		}
	}
}
