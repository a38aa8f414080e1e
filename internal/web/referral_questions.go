package web

import (
	"strings"

	"throughgate/internal/day"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// Fields are named as the API names them, so that what an act finds wrong leads to its box.

func (v *visit) personQuestions() []field {
	return []field{
		{Name: "person.given_name", Label: "First name", Kind: "text", Called: "their first name", Hint: "As the prison knows them"},
		{Name: "person.family_name", Label: "Surname", Kind: "text", Called: "their surname"},
		{Name: "person.date_of_birth", Label: "Date of birth", Kind: "date", Called: "their date of birth", Hint: "For example, 31 3 1984"},
		{Name: "person.sex", Label: "Sex", Kind: "radios", Called: "their sex", Options: choices("female", "male", "not_known", "not_specified")},
		{Name: "person.prison_number", Label: "Prison number", Kind: "text", Called: "their prison number", Hint: "A letter, four figures and two letters, such as A1234BC"},
		{Name: "person.nhs_number", Label: "NHS number (optional)", Kind: "text", Hint: "Ten figures, such as 999 000 0018. Leave it out if it is not known"},
		{Name: "person.telephone", Label: "Telephone after release (optional)", Kind: "text"},
	}
}

// ownReference is the sender's own name for the referral.
var ownReference = field{Name: "sender_reference", Label: "Your own reference (optional)", Kind: "text", Hint: "Such as a case number, for your own records. No two of your referrals may have the same"}

func (v *visit) releaseQuestions() []field {
	return []field{
		{Name: "release_known", Label: "What is known of the release?", Kind: "radios", Called: "what is known of the release", Options: []option{
			{Value: "planned", Text: "It is planned for a day"}, {Value: "released", Text: "They have been released already"}, {Value: "unknown", Text: "No day is known yet"}}},
		{Name: "release_on", Label: "Day of release, if it is known", Kind: "date", Called: "the day of release", Hint: "For example, " + hintDay(day.Of(v.now).Add(14)), Says: map[string]string{
			"in_the_past":        "A planned release must not lie more than three months back. If they have been released, say so above",
			"too_far_ahead":      "A planned release must not lie more than 400 days ahead",
			"in_the_future":      "The day of a release that has happened must not lie in the future",
			"born_after_release": "The day of release must not lie before the date of birth"}},
		{Name: "release_date_certainty", Label: "How sure is the day? (optional)", Kind: "radios", Options: choices("expected", "confirmed")},
		{Name: "release_kind", Label: "Kind of release (optional)", Kind: "radios", Options: choices("conditional", "automatic", "hdc", "parole", "post_recall", "remand_or_court")},
		{Name: "release_date_unknown_reason", Label: "If no day is known: why?", Kind: "text", Called: "why no day is known", Hint: "For example, on remand"},
	}
}

// commonSubstances are those that are ticked most; everything else is typed.
var commonSubstances = []string{"heroin", "methadone", "buprenorphine", "crack cocaine", "cocaine", "alcohol", "cannabis",
	"spice (synthetic cannabinoid)", "benzodiazepines", "pregabalin", "amphetamines"}

func (v *visit) needQuestions() []field {
	medicines := choices("methadone", "buprenorphine", "long-acting buprenorphine", "other")
	medicines[3].Text = "Another opioid substitution medicine"
	bridging := v.dateField("opioid_substitution.bridging_until", "Last day of the bridging prescription (optional)", "the last day of the bridging prescription")
	bridging.Hint = "The prescription that lasts until the first appointment. For example, " + hintDay(day.Of(v.now).Add(18))
	return []field{
		{Name: "substances", Label: "Which substances?", Kind: "checkboxes", Called: "at least one substance, or name another", Hint: "Select all that apply", Options: choices(commonSubstances...)},
		{Name: "other_substances", Label: "Other substances (optional)", Kind: "text", Hint: "With commas between them"},
		{Name: "opioid_substitution.medicine", Label: "Are they on opioid substitution?", Kind: "radios", Called: "whether they are on opioid substitution",
			Options: append([]option{{Value: "none", Text: "No"}}, medicines...), Hint: "With it, the appointment is in a clinic that can prescribe"},
		bridging,
		{Name: "naloxone_supplied", Label: "Has naloxone been supplied? (optional)", Kind: "radios", Options: yesOrNo, Hint: "Given to the person, not only offered"},
	}
}

func (v *visit) consentQuestions() []field {
	list := []field{
		{Name: "consent.share_with_provider", Label: "Have they agreed that the community provider is told?", Kind: "radios", Options: agreedOrNot,
			Hint: "Without their consent nothing can be shared, and they cannot be referred",
			Says: map[string]string{"required": "They can be referred only once they have agreed that the provider is told"}},
		v.dateField("consent.recorded_on", "When did they agree? (optional)", "the day when they agreed"),
		{Name: "attends_smart", Label: "Do they attend SMART meetings in prison? (optional)", Kind: "radios", Options: yesOrNo},
		{Name: "reconnect_referred", Label: "Have they been referred to RECONNECT? (optional)", Kind: "radios", Options: yesOrNo},
		{Name: "consent.share_with_reconnect", Label: "Have they agreed that RECONNECT is told? (optional)", Kind: "radios", Options: agreedOrNot},
		{Name: "notes", Label: "Anything the provider should know (optional)", Kind: "textarea", Hint: "The provider reads this. It is not on the card"},
		ownReference,
	}
	if providers := v.Pool.Rules.Providers; len(providers) > 1 {
		to := field{Name: "provider", Label: "To which provider?", Kind: "radios", Called: "the provider"}
		for _, p := range providers {
			to.Options = append(to.Options, option{Value: p.Code, Text: p.Name})
		}
		list = append([]field{to}, list...)
	}
	return list
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

// draftOf is the referral as answered so far. Without a reference of the sender's it has the draft's own
// id for one.
func (v *visit) draftOf(typed form) referral.Draft {
	d := referral.Draft{
		SenderReference: typed["sender_reference"], Prison: v.who.Organisation(), Provider: typed["provider"],
		Person:               typed.person(),
		ReleaseKind:          typed["release_kind"],
		ReleaseDateCertainty: typed["release_date_certainty"],
		Substances:           typed.substances(),
		OpioidSubstitution:   &referral.SubstitutionDraft{Medicine: typed["opioid_substitution.medicine"], BridgingUntil: typed.date("opioid_substitution.bridging_until")},
		NaloxoneSupplied:     typed.yesNo("naloxone_supplied"),
		AttendsSMART:         typed.yesNo("attends_smart"),
		ReconnectReferred:    typed.yesNo("reconnect_referred"),
		Consent:              typed.consent(),
		Notes:                typed["notes"],
	}
	if strings.TrimSpace(d.SenderReference) == "" {
		d.SenderReference = unnamed + v.id.String()
	}
	if providers := v.Pool.Rules.Providers; len(providers) == 1 {
		d.Provider = providers[0].Code
	}
	switch typed["release_known"] {
	case "planned":
		d.PlannedReleaseDate = typed.date("release_on")
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
