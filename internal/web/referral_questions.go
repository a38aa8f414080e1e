package web

import (
	"slices"
	"strings"

	"throughgate/internal/day"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// newStep is one page of "refer someone", which asks one thing. What was answered is kept after each, right or
// wrong, so that Back, a reload or an ended session loses nothing.
type newStep struct {
	path, part, title string
	fields            func(*visit) []field
}

const releasePart = "The release"

// newSteps begin with what decides whether somebody can be referred at all.
var newSteps = []newStep{
	{"consent", "Consent", "Has the person agreed that the community provider is told?", (*visit).consentQuestions},
	{"name", "The person", "What is their name?", same(givenName, familyName)},
	{"date-of-birth", "The person", "What is their date of birth?", same(dateOfBirth)},
	{"sex", "The person", "What is their sex?", same(sex)},
	{"numbers", "The person", "What are their prison number and NHS number?", same(prisonNumber, nhsNumber)},
	{"release", releasePart, "What is known of the release?", same(releaseKnown)},
	{"release-date", releasePart, "What is the day of release?", (*visit).releaseDateQuestion},
	{"no-release-date", releasePart, "Why is no day known?", same(whyNoDay)},
	{"release-kind", releasePart, "What kind of release is it? (optional)", same(releaseKind)},
	{"substances", "Treatment need", "Which substances do they need help with?", same(substances, otherSubstances)},
	{"medicine", "Treatment need", "Are they on opioid substitution?", same(medicine)},
	{"bridging", "Treatment need", "When does the bridging prescription end? (optional)", (*visit).bridgingQuestion},
	{"naloxone", "Treatment need", "Has naloxone been supplied? (optional)", same(naloxone)},
	{"smart", "Support", "Do they attend SMART meetings in prison? (optional)", same(smart)},
	{"reconnect", "Support", "Have they been referred to RECONNECT? (optional)", same(reconnect)},
	{"reconnect-consent", "Support", "Have they agreed that RECONNECT is told? (optional)", same(reconnectConsent)},
	{"provider", "Anything else", "Which provider will see them?", (*visit).providerQuestion},
	{"more", "Anything else", "Is there anything else to say? (optional)", same(telephone, notes, ownReference)},
}

// same are questions that are the same on every day.
func same(list ...field) func(*visit) []field { return func(*visit) []field { return list } }

// Fields are named as the API names them, so that what an act finds wrong leads to its box.
var (
	givenName    = field{Name: "person.given_name", Label: "First name", Kind: "text", Called: "their first name", Hint: "As the prison knows them"}
	familyName   = field{Name: "person.family_name", Label: "Surname", Kind: "text", Called: "their surname"}
	dateOfBirth  = field{Name: "person.date_of_birth", Label: "Date of birth", Kind: "date", Called: "their date of birth", Hint: "For example, 31 3 1984"}
	sex          = field{Name: "person.sex", Label: "Sex", Kind: "radios", Called: "their sex", Options: choices(referral.Sexes...)}
	prisonNumber = field{Name: "person.prison_number", Label: "Prison number", Kind: "text", Called: "their prison number", Hint: "A letter, four figures and two letters, such as A1234BC"}
	nhsNumber    = field{Name: "person.nhs_number", Label: "NHS number (optional)", Kind: "text", Hint: "10 digits, such as 999 000 0018. Leave it out if it is not known"}
	telephone    = field{Name: "person.telephone", Label: "Telephone after release (optional)", Kind: "text"}

	releaseKnown = field{Name: "release_known", Label: "What is known of the release?", Kind: "radios", Called: "what is known of the release", Options: []option{
		{Value: "confirmed", Text: "A day is planned and confirmed"}, {Value: "expected", Text: "A day is planned, but may still change"},
		{Value: "released", Text: "They have been released already"}, {Value: "unknown", Text: "No day is known yet"}}}
	releaseKind = field{Name: "release_kind", Label: "Kind of release (optional)", Kind: "radios",
		Options: choices(referral.ReleaseKinds...)}
	whyNoDay = field{Name: "release_date_unknown_reason", Label: "Why no day is known", Kind: "text", Called: "why no day is known", Hint: "For example, on remand"}

	substances = field{Name: "substances", Label: "Which substances?", Kind: "checkboxes", Called: "at least one substance, or name another", Hint: "Select all that apply",
		Options: choices(commonSubstances...)}
	otherSubstances = field{Name: "other_substances", Label: "Other substances (optional)", Kind: "text", Hint: "With commas between them"}
	medicine        = field{Name: "opioid_substitution.medicine", Label: "Are they on opioid substitution?", Kind: "radios", Called: "whether they are on opioid substitution",
		Options: medicines(), Hint: "With it, the appointment is in a clinic that can prescribe"}
	naloxone = field{Name: "naloxone_supplied", Label: "Has naloxone been supplied? (optional)", Kind: "radios", Options: yesOrNo, Hint: "Given to the person, not only offered"}

	smart            = field{Name: "attends_smart", Label: "Do they attend SMART meetings in prison? (optional)", Kind: "radios", Options: yesOrNo}
	reconnect        = field{Name: "reconnect_referred", Label: "Have they been referred to RECONNECT? (optional)", Kind: "radios", Options: yesOrNo}
	reconnectConsent = field{Name: "consent.share_with_reconnect", Label: "Have they agreed that RECONNECT is told? (optional)", Kind: "radios", Options: agreedOrNot}

	notes = field{Name: "notes", Label: "Anything the provider should know (optional)", Called: "what the provider should know", Kind: "textarea", Hint: "The provider reads this. It is not on the card"}
	// ownReference is the sender's own name for the referral.
	ownReference = field{Name: "sender_reference", Label: "Your own reference (optional)", Kind: "text", Hint: "Such as a case number, for your own records. No two of your referrals may have the same"}
)

// commonSubstances are those that are ticked most; everything else is typed.
var commonSubstances = []string{"heroin", "methadone", "buprenorphine", "crack cocaine", "cocaine", "alcohol", "cannabis",
	"spice (synthetic cannabinoid)", "benzodiazepines", "pregabalin", "amphetamines"}

func medicines() []option {
	list := choices("methadone", "buprenorphine", "long-acting buprenorphine", "other")
	list[3].Text = "Another opioid substitution medicine"
	return append([]option{{Value: "none", Text: "No"}}, list...)
}

func (v *visit) consentQuestions() []field {
	return []field{
		{Name: "consent.share_with_provider", Label: "Have they agreed that the community provider is told?", Kind: "radios", Options: agreedOrNot,
			Hint: "Without their consent nothing can be shared, and they cannot be referred",
			Says: map[string]string{"required": "They can be referred only once they have agreed that the provider is told"}},
		v.dateField("consent.recorded_on", "When did they agree? (optional)", "the day when they agreed"),
	}
}

func (v *visit) releaseDateQuestion() []field {
	return []field{{Name: "release_on", Label: "Day of release", Kind: "date", Called: "the day of release", Hint: "For example, " + hintDay(day.Of(v.now).Add(14)), Says: map[string]string{
		"in_the_past":        "A planned release must not lie more than three months back. If they have been released, go back and say so",
		"too_far_ahead":      "A planned release must not lie more than 400 days ahead",
		"in_the_future":      "The day of a release that has happened must not lie in the future",
		"born_after_release": "The day of release must not lie before the date of birth"}}}
}

func (v *visit) bridgingQuestion() []field {
	f := v.bridgingField("opioid_substitution.bridging_until")
	f.Hint = "The prescription that lasts until the first appointment. Leave it out if there is none. For example, " + hintDay(day.Of(v.now).Add(18))
	return []field{f}
}

// providerQuestion is asked where there are several to choose from.
func (v *visit) providerQuestion() []field {
	if len(v.Pool.Rules.Providers) < 2 {
		return nil
	}
	to := field{Name: "provider", Label: "Provider", Kind: "radios", Called: "the provider"}
	for _, p := range v.Pool.Rules.Providers {
		to.Options = append(to.Options, option{Value: p.Code, Text: p.Name})
	}
	return []field{to}
}

var agreedOrNot = []option{{Value: "given", Text: "Yes"}, {Value: "refused", Text: "No"}}

func hintDay(d day.Date) string { return d.At(0, 0).Format("2 1 2006") }

// dateInWords is a date in words, or as it was typed where it is none.
func dateInWords(text string) string {
	if d, err := day.Parse(text); err == nil {
		return d.Long()
	}
	return text
}

// unnamed begins the sender's reference of a referral made here by somebody who gave none: the rest is
// the draft's own id.
const unnamed = "page-"

// ownReferenceOf is the sender's reference that the prison gave; "" where it gave none.
func ownReferenceOf(r *referral.Referral) string {
	if strings.HasPrefix(r.SenderReference.String(), unnamed) {
		return ""
	}
	return r.SenderReference.String()
}

// leftOpen says whether a question is one that the other answers leave open. What was typed where it no longer is
// becomes no part of the referral.
func leftOpen(name string, typed form) bool {
	switch name {
	case "release_on":
		return typed["release_known"] != "unknown"
	case "release_date_unknown_reason":
		return typed["release_known"] == "unknown"
	case "opioid_substitution.bridging_until":
		return onSubstitution(typed)
	}
	return true
}

func onSubstitution(typed form) bool {
	medicine := typed["opioid_substitution.medicine"]
	return medicine != "" && medicine != "none"
}

// asks says whether a page asks anything of somebody who answered so.
func (v *visit) asks(s newStep, typed form) bool {
	return slices.ContainsFunc(s.fields(v), func(f field) bool { return leftOpen(f.Name, typed) })
}

// draftOf is the referral as answered so far. Without a reference of the sender's it has the draft's own
// id for one.
func (v *visit) draftOf(typed form) referral.Draft {
	d := referral.Draft{
		SenderReference: typed["sender_reference"], Prison: v.who.Organisation(), Provider: typed["provider"],
		Person:             typed.person(),
		ReleaseKind:        typed["release_kind"],
		Substances:         typed.substances(),
		OpioidSubstitution: &referral.SubstitutionDraft{Medicine: typed["opioid_substitution.medicine"]},
		NaloxoneSupplied:   typed.yesNo("naloxone_supplied"),
		AttendsSMART:       typed.yesNo("attends_smart"),
		ReconnectReferred:  typed.yesNo("reconnect_referred"),
		Consent:            typed.consent(),
		Notes:              typed["notes"],
	}
	if strings.TrimSpace(d.SenderReference) == "" {
		d.SenderReference = unnamed + v.id.String()
	}
	if providers := v.Pool.Rules.Providers; len(providers) == 1 {
		d.Provider = providers[0].Code
	}
	if onSubstitution(typed) {
		d.OpioidSubstitution.BridgingUntil = typed.date("opioid_substitution.bridging_until")
	}
	switch known := typed["release_known"]; known {
	case "confirmed", "expected":
		d.PlannedReleaseDate, d.ReleaseDateCertainty = typed.date("release_on"), known
	case "released":
		d.ReleasedOn = typed.date("release_on")
	case "unknown":
		d.ReleaseDateUnknownReason = typed["release_date_unknown_reason"]
	}
	return d
}

func (f form) person() referral.PersonDraft {
	return referral.PersonDraft{
		PrisonNumber: f["person.prison_number"], NHSNumber: f["person.nhs_number"],
		GivenName: f["person.given_name"], FamilyName: f["person.family_name"],
		DateOfBirth: f.date("person.date_of_birth"), Sex: f["person.sex"], Telephone: f["person.telephone"],
	}
}

func (f form) consent() referral.ConsentDraft {
	return referral.ConsentDraft{ShareWithProvider: f["consent.share_with_provider"], ShareWithReconnect: f["consent.share_with_reconnect"],
		RecordedOn: f.date("consent.recorded_on")}
}

// substances are those that were ticked, and those that were typed with commas between them.
func (f form) substances() (list []string) {
	for _, ticked := range strings.Split(f["substances"], "\n") {
		if ticked != "" {
			list = append(list, ticked)
		}
	}
	for _, typed := range strings.FieldsFunc(f["other_substances"], func(r rune) bool { return strings.ContainsRune(",;\n", r) }) {
		if typed = strings.TrimSpace(typed); typed != "" {
			list = append(list, typed)
		}
	}
	return list
}

// inQuestions are an act's faults, each on the question of these pages that it is about.
func inQuestions(typed form, found problem.Corrections) (list problem.Corrections) {
	for _, c := range found {
		switch c.Field {
		case "planned_release_date", "released_on":
			c.Field = "release_on"
			if c.Code == "required" {
				c.Field = missingOfRelease(typed)
			}
		case "substances":
			if c.Code != "required" && typed["other_substances"] != "" {
				c.Field = "other_substances"
			}
		}
		list = append(list, c)
	}
	return list
}

// missingOfRelease is the question about the release that was left open.
func missingOfRelease(typed form) string {
	switch typed["release_known"] {
	case "":
		return "release_known"
	case "unknown":
		return "release_date_unknown_reason"
	}
	return "release_on"
}
