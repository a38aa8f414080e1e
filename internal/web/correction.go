package web

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

const (
	correctionTitle = "Correct what was sent"
	correctionLead  = "What was said before stays in the history, and the appointment follows where the need changed. The release date has a page of its own."
	correctionDone  = "The referral is corrected."
)

var whyWrong = field{Name: "reason", Label: "Why was it wrong?", Kind: "text", Called: "why it was wrong",
	Says: map[string]string{"nothing_to_correct": "Nothing is changed: change what was wrong, or go back"}}

// correctable says whether a correction may ask a page again: the day of release and the provider have acts of their own.
func (s newStep) correctable() bool {
	return (s.part != releasePart || s.path == "release-kind") && s.path != "provider"
}

// corrects is the page whose answer is corrected; nil as long as it has not been chosen.
func (v *visit) corrects() *newStep {
	at := slices.IndexFunc(newSteps, func(s newStep) bool { return s.path == v.web.QueryParam("of") && s.correctable() })
	if at < 0 {
		return nil
	}
	return &newSteps[at]
}

func (v *visit) correctionPage() error {
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	return v.drawCorrection(http.StatusOK, r, asSent(r), nil, "")
}

// drawCorrection asks which answer was wrong, and then for the right one.
func (v *visit) drawCorrection(status int, r *referral.Referral, typed form, wrong *problem.Invalid, stands string) error {
	referralPath := "/referrals/" + r.ID.String()
	body := actBody{Act: "correction", Title: correctionTitle, Name: fullName(r), R: r, Facts: v.releaseFacts(r), Version: r.Version, Cancel: referralPath, Other: stands}
	back := referralPath
	if step := v.corrects(); step != nil {
		body.Fields, body.Button, back = slices.Concat(step.fields(v), []field{whyWrong}), "Correct", referralPath+"/correction"
		sayNoLonger(body.Fields, r)
	} else {
		body.Fields, body.Button, body.Lead = []field{v.whichAnswer(r)}, "Continue", correctionLead
	}
	var mistakes faults
	body.Fields, mistakes = fill(body.Fields, typed, wrong)
	return v.draw(status, "act.html", page{Title: correctionTitle, Back: back, Faults: mistakes, Body: body})
}

// sayNoLonger says what to do where somebody does not agree any more: a referral without consent cannot stand.
func sayNoLonger(fields []field, r *referral.Referral) {
	instead := "withdraw the referral"
	if !r.ReleasedOn.IsZero() {
		instead = "ask the provider to close the referral"
	}
	for i := range fields {
		if fields[i].Name == "consent.share_with_provider" {
			fields[i].Says = map[string]string{"required": "A referral needs the person's consent. If they no longer agree, go back and " + instead + " with the reason that they declined"}
		}
	}
}

// whichAnswer offers every answer as it stands.
func (v *visit) whichAnswer(r *referral.Referral) field {
	sent := asSent(r)
	f := field{Name: "of", Label: "Which answer was wrong?", Kind: "radios", Called: "which answer was wrong"}
	for _, s := range newSteps {
		if !s.correctable() || !v.asks(s, sent) {
			continue
		}
		var words []string
		for _, a := range v.answers(s, sent) {
			if a.Words != notGiven {
				words = append(words, a.Words)
			}
		}
		if words == nil {
			words = []string{notGiven}
		}
		f.Options = append(f.Options, option{Value: s.path, Text: strings.TrimSuffix(s.title, " (optional)"), Hint: strings.Join(words, ", ")})
	}
	return f
}

// correct takes the right answer, or leads to the page of the one that was wrong.
func (v *visit) correct() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	step := v.corrects()
	if step == nil {
		return v.chooseAnswer(typed)
	}
	answers := form{"reason": typed["reason"], "entries": typed["entries"]}
	step.lay(v, answers, typed)
	err = v.act(func(tx *db.Tx) error {
		r, err := referral.Hold(v.ctx, tx, v.who, v.id, typed.version())
		if err != nil {
			return err
		}
		sent := asSent(r)
		d := corrected(sent, sent.with(answers))
		var wrong problem.Corrections
		if until := d.OpioidSubstitution.BridgingUntil; until != nil {
			wrong = v.doubtfulBridging("opioid_substitution.bridging_until", *until, r.ReleaseOn())
		}
		_, err = referral.Correct(v.ctx, tx, v.who, v.now, r.ID, d)
		return together(wrong, err)
	})
	if err == nil {
		return v.seeOther("/referrals/" + v.id.String() + "?done=correction")
	}
	return v.notCorrected(answers, err)
}

func (v *visit) chooseAnswer(typed form) error {
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	if of := v.whichAnswer(r).answer(typed["of"]); of != "" {
		return v.seeOther("/referrals/" + v.id.String() + "/correction?of=" + of)
	}
	return v.drawCorrection(http.StatusUnprocessableEntity, r, typed, &problem.Invalid{Corrections: []problem.Correction{{Field: "of", Code: "required"}}}, "")
}

// notCorrected says on the form what cannot be done, with what was typed.
func (v *visit) notCorrected(answers form, err error) error {
	var wrong *problem.Invalid
	var conflict *problem.Conflict
	status, stands := http.StatusUnprocessableEntity, ""
	switch {
	case errors.As(err, &wrong):
		wrong = &problem.Invalid{Corrections: inQuestions(answers, wrong.Corrections)}
	case errors.As(err, &conflict):
		status, stands = http.StatusConflict, conflict.ID
		wrong = &problem.Invalid{Corrections: []problem.Correction{{Code: conflict.Code, Message: conflict.Message}}}
	default:
		return err
	}
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	if stands == v.id.String() {
		stands, wrong = "", v.sinceOpened("correction", r, answers, wrong)
	}
	return v.drawCorrection(status, r, answers, wrong, stands)
}

// with are answers with others laid over them.
func (f form) with(others form) form {
	all := maps.Clone(f)
	maps.Copy(all, others)
	return all
}

// asSent is a referral as its form would have been filled in.
func asSent(r *referral.Referral) form {
	p := r.Person
	f := form{
		"person.given_name": p.GivenName, "person.family_name": p.FamilyName, "person.sex": p.Sex, "person.prison_number": p.PrisonNumber,
		"sender_reference": ownReferenceOf(r), "release_kind": r.ReleaseKind.String(), "person.nhs_number": p.NHSNumber.String(), "person.telephone": p.Telephone.String(), "notes": r.Notes.String(),
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
		Reason: typed["reason"], Notes: changed("notes"), ReleaseKind: chosen("release_kind"),
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
