package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

const (
	correctionTitle = "Correct what was sent"
	correctionLead  = "Change only what was wrong. What was said before stays in the history, and the appointment follows where the need changed. The release date has a page of its own."
	correctionDone  = "The referral is corrected."
)

// correctable are the questions of a referral that a correction asks again, and why they are.
func (v *visit) correctable() []field {
	list := slices.Concat(
		[]field{givenName, familyName, dateOfBirth, sex, prisonNumber, nhsNumber, telephone, substances, otherSubstances, medicine},
		v.bridgingQuestion(), []field{naloxone}, v.consentQuestions(), []field{smart, reconnect, reconnectConsent, notes, ownReference})
	return append(list, field{Name: "reason", Label: "Why was it wrong?", Kind: "text", Called: "why it was wrong",
		Says: map[string]string{"nothing_to_correct": "Nothing is changed: change what was wrong, or go back"}})
}

func (v *visit) correctionPage() error {
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	return v.drawCorrection(http.StatusOK, r, asSent(r), nil)
}

func (v *visit) drawCorrection(status int, r *referral.Referral, typed form, wrong *problem.Invalid) error {
	fields, mistakes := fill(v.correctable(), typed, wrong)
	back := "/referrals/" + r.ID.String()
	return v.draw(status, "act.html", page{Title: correctionTitle, Back: back, Faults: mistakes, Body: actBody{
		Act: "correction", Title: correctionTitle, Lead: correctionLead, Button: "Correct", Name: fullName(r), R: r,
		Facts: v.releaseFacts(r), Fields: fields, Version: r.Version, Back: back,
	}})
}

func (v *visit) correct() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	typed["substances"] = v.several("substances")
	err = v.act(func(tx *db.Tx) error {
		r, err := referral.Hold(v.ctx, tx, v.who, v.id, typed.version())
		if err != nil {
			return err
		}
		_, err = referral.Correct(v.ctx, tx, v.who, v.now, r.ID, corrected(asSent(r), typed))
		return err
	})
	if err == nil {
		return v.seeOther("/referrals/" + v.id.String() + "?done=correction")
	}
	var wrong *problem.Invalid
	var conflict *problem.Conflict
	status := http.StatusUnprocessableEntity
	switch {
	case errors.As(err, &wrong):
		wrong = &problem.Invalid{Corrections: inQuestions(typed, wrong.Corrections)}
	case errors.As(err, &conflict):
		status, wrong = http.StatusConflict, &problem.Invalid{Corrections: []problem.Correction{{Code: conflict.Code, Message: conflict.Message}}}
	default:
		return err
	}
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	return v.drawCorrection(status, r, typed, wrong)
}

// asSent is a referral as its form would have been filled in.
func asSent(r *referral.Referral) form {
	p := r.Person
	f := form{
		"person.given_name": p.GivenName, "person.family_name": p.FamilyName, "person.sex": p.Sex, "person.prison_number": p.PrisonNumber,
		"sender_reference": ownReferenceOf(r), "person.nhs_number": p.NHSNumber.String(), "person.telephone": p.Telephone.String(), "notes": r.Notes.String(),
		"opioid_substitution.medicine": r.OpioidSubstitution.Medicine.String(),
		"naloxone_supplied":            flag(r.NaloxoneSupplied), "attends_smart": flag(r.AttendsSMART), "reconnect_referred": flag(r.ReconnectReferred),
		"consent.share_with_provider": r.Consent.ShareWithProvider.String(), "consent.share_with_reconnect": r.Consent.ShareWithReconnect.String(),
	}
	if f["opioid_substitution.medicine"] == "" {
		f["opioid_substitution.medicine"] = "none"
	}
	f.setDate("person.date_of_birth", p.DateOfBirth)
	f.setDate("opioid_substitution.bridging_until", r.OpioidSubstitution.BridgingUntil)
	f.setDate("consent.recorded_on", r.Consent.RecordedOn)
	var ticked, others []string
	for _, s := range r.Substances {
		if slices.Contains(commonSubstances, s) {
			ticked = append(ticked, s)
		} else {
			others = append(others, s)
		}
	}
	f["substances"], f["other_substances"] = strings.Join(ticked, "\n"), strings.Join(others, ", ")
	return f
}

func flag(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

// corrected gives to the act only what was changed on the form: the rest is not judged again.
func corrected(before, typed form) referral.CorrectionDraft {
	changed := func(name string) *string { return differs(before[name], typed[name]) }
	chosen := func(name string) *string { // what cannot be unchosen was left as it was
		if typed[name] == "" {
			return nil
		}
		return changed(name)
	}
	changedDate := func(name string) *string { return differs(before.date(name), typed.date(name)) }
	d := referral.CorrectionDraft{
		Reason: typed["reason"], Notes: changed("notes"),
		Person: &referral.PersonCorrection{
			GivenName: changed("person.given_name"), FamilyName: changed("person.family_name"), DateOfBirth: changedDate("person.date_of_birth"),
			Sex: chosen("person.sex"), PrisonNumber: changed("person.prison_number"), NHSNumber: changed("person.nhs_number"), Telephone: changed("person.telephone"),
		},
		OpioidSubstitution: &referral.SubstitutionCorrect{Medicine: chosen("opioid_substitution.medicine"), BridgingUntil: changedDate("opioid_substitution.bridging_until")},
		Consent: &referral.ConsentCorrection{ShareWithProvider: chosen("consent.share_with_provider"),
			ShareWithReconnect: chosen("consent.share_with_reconnect"), RecordedOn: changedDate("consent.recorded_on")},
		NaloxoneSupplied: changedFlag(before, typed, "naloxone_supplied"), AttendsSMART: changedFlag(before, typed, "attends_smart"),
		ReconnectReferred: changedFlag(before, typed, "reconnect_referred"),
	}
	if strings.TrimSpace(typed["sender_reference"]) != "" { // a referral keeps the one that it has
		d.SenderReference = changed("sender_reference")
	}
	if now := typed.substances(); !slices.Equal(sorted(before.substances()), sorted(now)) {
		d.Substances = &now
	}
	return d
}

// differs is what was typed where it is not what stood there; line ends are the browser's own.
func differs(before, typed string) *string {
	typed = strings.ReplaceAll(typed, "\r\n", "\n")
	if typed == strings.ReplaceAll(before, "\r\n", "\n") {
		return nil
	}
	return &typed
}

func changedFlag(before, typed form, name string) *bool {
	if before[name] == typed[name] {
		return nil
	}
	return typed.yesNo(name)
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
