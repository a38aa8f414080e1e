package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"throughgate/internal/staff"
)

// spoilt is a form filled in with what cannot be taken, in every box that can be wrong.
type spoilt struct {
	role  staff.Role
	step  string   // of the pages that share a route
	typed []string // names and values in turn
	wrong []string // the boxes to which the answer must lead, all at once
}

// noDay is a date that does not exist.
func noDay(name string) []string {
	return []string{name + "-day", "31", name + "-month", "2", name + "-year", "2023"}
}

func typing(parts ...[]string) []string { return slices.Concat(parts...) }

// spoiltForms has a row for every form there is.
var spoiltForms = map[string][]spoilt{
	"/sign-in":                {{typed: []string{"email", "nobody"}, wrong: []string{"password", "code"}}},
	"/invitation/:token":      {{typed: []string{"password", "short", "code", "1"}, wrong: []string{"password", "code"}}},
	"/account/password":       {{role: staff.Prison, typed: []string{"password", "another", "new_password", "short"}, wrong: []string{"password", "new_password"}}},
	"/account/recovery-codes": {{role: staff.Prison, typed: []string{"password", "another"}, wrong: []string{"password"}}},
	"/review/:id":             {{role: staff.Provider, wrong: []string{"decision"}}, {role: staff.Prison, wrong: []string{"decision"}}},
	"/links/:id/undo":         {{role: staff.Provider, typed: []string{"reason", " "}, wrong: []string{"reason"}}},
	"/imports":                {{role: staff.Prison, wrong: []string{"file"}}},
	"/find": {{role: staff.Prison, typed: typing([]string{"prison_number", "12", "nhs_number", "1", "given_name", "Aoife"}, noDay("date_of_birth")),
		wrong: []string{"prison_number", "nhs_number", "family_name", "date_of_birth-day"}}},
	"/referrals/new/:id/:step": {
		{role: staff.Prison, step: "consent", typed: noDay("consent.recorded_on"), wrong: []string{"consent.share_with_provider", "consent.recorded_on-day"}},
		{role: staff.Prison, step: "name", typed: []string{"person.given_name", "-"}, wrong: []string{"person.given_name", "person.family_name"}},
		{role: staff.Prison, step: "date-of-birth", typed: noDay("person.date_of_birth"), wrong: []string{"person.date_of_birth-day"}},
		{role: staff.Prison, step: "sex", wrong: []string{"person.sex"}},
		{role: staff.Prison, step: "numbers", typed: []string{"person.prison_number", "12", "person.nhs_number", "1"}, wrong: []string{"person.prison_number", "person.nhs_number"}},
		{role: staff.Prison, step: "release-date", typed: noDay("release_on"), wrong: []string{"release_on-day"}},
		{role: staff.Prison, step: "release", wrong: []string{"release_known"}},
		{role: staff.Prison, step: "substances", typed: []string{"other_substances", ""}, wrong: []string{"substances"}},
		{role: staff.Prison, step: "bridging", typed: noDay("opioid_substitution.bridging_until"), wrong: []string{"opioid_substitution.bridging_until-day"}},
		{role: staff.Prison, step: "medicine", wrong: []string{"opioid_substitution.medicine"}},
	},
	"/clinics/add": {{role: staff.Provider, typed: []string{"code", "", "weekday", "noday", "starts", "10.0", "ends", "9", "slot_minutes", "many", "places", "0"},
		wrong: []string{"code", "weekday", "starts", "ends", "slot_minutes", "places", "prescribing", "place", "address", "ask_for", "telephone"}}},
	"/clinics/:code/change": {{role: staff.Provider, typed: []string{"weekday", "noday", "starts", "10.0", "ends", "9", "slot_minutes", "many", "places", "0"},
		wrong: []string{"weekday", "starts", "ends", "slot_minutes", "places", "prescribing", "place", "address", "ask_for", "telephone"}}},
	"/closed-days/add":  {{role: staff.Provider, typed: noDay("closed_on"), wrong: []string{"closed_on-day"}}},
	"/admin/people/new": {{role: staff.Admin, typed: []string{"name", "", "email", "siobhan"}, wrong: []string{"name", "email", "organisation"}}},
	"/admin/keys/new":   {{role: staff.Admin, typed: []string{"expires", "many"}, wrong: []string{"organisation", "expires"}}},
	"/recipients/new":   {{role: staff.Admin, typed: []string{"name", "", "address", "aoife"}, wrong: []string{"name", "address"}}},

	"/referrals/:id/release": {
		{role: staff.Prison, wrong: []string{"reason"}},
		{role: staff.Prison, step: "?of=RELEASED", typed: noDay("released_on"), wrong: []string{"released_on-day"}},
		{role: staff.Prison, step: "?of=SENT_TO_COURT", typed: noDay("released_on"), wrong: []string{"released_on-day"}},
	},
	"/referrals/:id/release-correction": {{role: staff.Prison, typed: noDay("released_on"), wrong: []string{"released_on-day", "correction_reason"}}},
	"/referrals/:id/release-date": {
		{role: staff.Prison, wrong: []string{"release_known"}},
		{role: staff.Prison, step: "?of=expected", typed: typing([]string{"reason", strings.Repeat("again ", 200)}, noDay("planned_release_date")), wrong: []string{"planned_release_date-day", "reason"}},
		{role: staff.Prison, step: "?of=confirmed", typed: []string{"reason", "brought forward"}, wrong: []string{"planned_release_date-day"}},
		{role: staff.Prison, step: "?of=unknown", typed: []string{"reason", strings.Repeat("again ", 200)}, wrong: []string{"reason"}},
	},
	"/referrals/:id/transfer":   {{role: staff.Prison, typed: noDay("on"), wrong: []string{"to_prison", "on-day"}}},
	"/referrals/:id/withdrawal": {{role: staff.Prison, typed: noDay("on"), wrong: []string{"reason", "on-day"}}},
	"/referrals/:id/correction": {
		{role: staff.Prison, wrong: []string{"of"}},
		{role: staff.Prison, step: "?of=name", typed: []string{"person.given_name", "-"}, wrong: []string{"person.given_name", "person.family_name", "reason"}},
		{role: staff.Prison, step: "?of=numbers", typed: []string{"person.prison_number", "12", "person.nhs_number", "1"}, wrong: []string{"person.prison_number", "person.nhs_number", "reason"}},
		{role: staff.Prison, step: "?of=date-of-birth", typed: noDay("person.date_of_birth"), wrong: []string{"person.date_of_birth-day", "reason"}},
		{role: staff.Prison, step: "?of=substances", wrong: []string{"substances", "reason"}},
	},
	"/referrals/:id/move":              {{role: staff.Provider, wrong: []string{"move"}}},
	"/referrals/:id/pickup":            {{role: staff.Provider, typed: typing([]string{"modality", "psychosocial"}, noDay("picked_up_on")), wrong: []string{"picked_up_on-day", "kind"}}},
	"/referrals/:id/pickup-correction": {{role: staff.Provider, typed: typing([]string{"modality", "psychosocial"}, noDay("picked_up_on")), wrong: []string{"picked_up_on-day", "kind", "correction_reason"}}},
	"/referrals/:id/outcome":           {{role: staff.Provider, wrong: []string{"cancelled_by"}}, {role: staff.Provider, typed: []string{"reason", "acceptable"}, wrong: []string{"cancelled_by"}}},
	"/referrals/:id/slot":              {{role: staff.Provider, wrong: []string{"slot_id"}}},
	"/referrals/:id/drop-in":           {{role: staff.Provider, typed: noDay("attended_on"), wrong: []string{"attended_on-day"}}},
	"/referrals/:id/contact":           {{role: staff.Provider, typed: typing([]string{"note", "Rang"}, noDay("on")), wrong: []string{"kind", "on-day"}}},
	"/referrals/:id/closure": {
		{role: staff.Provider, wrong: []string{"reason"}},
		{role: staff.Prison, wrong: []string{"reason"}},
		{role: staff.Provider, step: "?of=died", typed: noDay("on"), wrong: []string{"on-day"}},
		{role: staff.Provider, step: "?of=picked_up_elsewhere", typed: noDay("on"), wrong: []string{"on-day", "provider_name"}},
	},
	"/referrals/:id/undo": {{role: staff.Provider, typed: []string{"reason", " "}, wrong: []string{"reason"}}},
}

// buttons are forms in which nothing is typed or chosen.
var buttons = []string{
	"/sign-out", "/account/kept/discard", "/report/confirm/:token", "/report/leave/:token", "/reports/send", "/referrals/new", "/referrals/new/:id/discard",
	"/appointments/:id/outcome", "/imports/:id/store", "/clinics/:code/close", "/closed-days/:day/open", "/admin/people/:id/disable",
	"/admin/people/:id/link", "/admin/keys/:id/revoke", "/admin/mail/:id/send-again", "/recipients/:id/remove", "/referrals/:id/appointment", "/demo/sign-in",
}

// TestEveryFormNamesAllThatIsWrongAtOnceAndKeepsWhatWasTyped walks the forms as they are registered.
func TestEveryFormNamesAllThatIsWrongAtOnceAndKeepsWhatWasTyped(t *testing.T) {
	w := newInhabited(t)
	for _, r := range (&site{Deps: Deps{Demo: &Demo{}}}).routes() {
		if r.method != post || slices.Contains(buttons, r.path) {
			continue
		}
		if len(spoiltForms[r.path]) == 0 {
			t.Errorf("no row spoils the form of %s", r.path)
		}
		for _, s := range spoiltForms[r.path] {
			w.spoils(r.path, s)
		}
	}
}

// spoils fills the form in wrong and holds the answer against the row.
func (w inhabited) spoils(path string, s spoilt) {
	w.Helper()
	b := w.browser()
	if s.role != "" {
		b = w.as(organisationOf[s.role])
	}
	address := w.addresses(s.role, path)[0]
	if s.step != "" {
		address = strings.TrimSuffix(address, checkStep) + s.step
	}
	page, what := b.open(address), path+s.step
	if s.role != "" && page.Find(`form[method="post"]`).Length() != page.Find(`form[method="post"] > input[name="`+pageMark+`"]`).Length() {
		w.Errorf("%s: a form does not tell in whose session it was drawn", what)
	}
	w.refusesUnseen(b, address, what, page)
	answer := b.post(address, append(held(page, hiddenBoxes), s.typed...)...)
	if answer.status != http.StatusUnprocessableEntity || !strings.HasPrefix(answer.title(), "Error: ") {
		w.Errorf("%s: %d %q", what, answer.status, answer.title())
		return
	}
	if named := slices.Sorted(maps.Keys(answer.faults())); !slices.Equal(named, slices.Sorted(slices.Values(s.wrong))) {
		w.Errorf("%s names %q, not %q", what, answer.faults(), s.wrong)
	}
	for anchor := range answer.faults() {
		if box := answer.Find(`[id="` + anchor + `"]`); box.Closest(".govuk-form-group--error").Find(".govuk-error-message").Length() == 0 {
			w.Errorf("%s: nothing is said at %q", what, anchor)
		}
	}
	for i := 0; i < len(s.typed); i += 2 {
		if name := s.typed[i]; !slices.Contains(secrets, name) && !answer.keeps(name, s.typed[i+1]) {
			w.Errorf("%s has lost %q in %s", what, s.typed[i+1], name)
		}
	}
}

// refusesUnseen types a NUL into each box of the form: it would be stored as something that nobody typed.
func (w inhabited) refusesUnseen(b *browser, address, what string, page shown) {
	w.Helper()
	boxes := page.Find(`main form[method="post"]`).Find("input[type=text], input[type=email], input[type=password], textarea")
	for _, name := range boxes.Map(func(_ int, box *goquery.Selection) string { return box.AttrOr("name", "") }) {
		answer := b.post(address, append(held(page, allBoxes), name, "Jo\x00hn")...)
		said := answer.faults()[name]
		if answer.status != http.StatusUnprocessableEntity || !strings.Contains(said, "holds a character that cannot be seen") || strings.HasPrefix(said, " ") ||
			answer.Find(`[id="`+name+`-error"]`).Length() != 1 || answer.keeps(name, "Jo\x00hn") {
			w.Errorf("%s takes a NUL in %s: %d %q", what, name, answer.status, answer.faults())
		}
		if kind := answer.Find(`[name="`+name+`"]`).AttrOr("type", ""); kind != "password" && !answer.keeps(name, "John") {
			w.Errorf("%s has lost what was typed into %s", what, name)
		}
	}
}

// What a page's form holds before anybody types: what nobody sees, and all of it.
const (
	hiddenBoxes = "input[type=hidden]"
	allBoxes    = "input[type=hidden], input[type=text], input[checked], textarea"
)

// held are the names and values of boxes of a page's form, in turn.
func held(page shown, boxes string) (fields []string) {
	page.Find(`main form[method="post"]`).Find(boxes).Each(func(_ int, box *goquery.Selection) {
		fields = append(fields, box.AttrOr("name", ""), box.AttrOr("value", box.Text()))
	})
	return fields
}

// keeps says whether a box holds what was typed, or a choice is still made.
func (s shown) keeps(name, typed string) bool {
	box := s.Find(`[name="` + name + `"]`)
	if kind := box.AttrOr("type", ""); kind == "radio" || kind == "checkbox" {
		_, chosen := box.Filter(`[value="` + typed + `"]`).Attr("checked")
		return chosen || box.Filter(`[value="`+typed+`"]`).Length() == 0
	}
	return box.AttrOr("value", box.Text()) == typed
}
