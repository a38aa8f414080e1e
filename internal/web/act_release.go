package web

import (
	"strings"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

func whatHappened(*visit, *referral.Referral) field {
	return field{Name: "reason", Label: "What happened?", Called: "what happened", Kind: "radios",
		Options: choices(referral.ReleaseReasons...)}
}

// notReleased are what is asked of what is no release, nor a transfer.
var notReleased = map[string]string{
	"SENT_TO_COURT":             "When were they sent to court?",
	"TEMPORARY_ABSENCE_RELEASE": "When did the temporary absence begin?",
	"RELEASED_TO_HOSPITAL":      "When did they go to hospital?",
}

// aboutRelease asks for the day; of a release alone, what goes with it as well, with what is known of that already. A
// transfer is another act's matter: the referral goes with the person.
func aboutRelease(v *visit, r *referral.Referral, happened string) asked {
	if happened == "TRANSFERRED" {
		return asked{other: "/referrals/" + r.ID.String() + "/transfer"}
	}
	page := asked{title: "When were they released?", lead: "Their three weeks and three months count from this day. The appointment is kept, unless it lies before the release.",
		button: "Confirm the release", fields: []field{v.dateField("released_on", "Day of release", "the day of release")}}
	if other := notReleased[happened]; other != "" {
		page.title, page.button = other, "Record"
		page.lead = "It is written down and changes nothing: the referral still waits for a release."
		page.fields = []field{v.dateField("released_on", "Day when it happened", "the day when it happened")}
		return page
	}
	if !r.ReleasedOn.IsZero() { // the page was left open, or opened again by its address
		page.fields = releasedOnFields(v, r)
	}
	page.fields, page.known = append(page.fields, naloxone), form{naloxone.Name: flag(r.NaloxoneSupplied)}
	if r.OpioidSubstitution.Medicine != "" {
		page.fields = append(page.fields, v.bridgingField("bridging_until"))
		page.known.setDate("bridging_until", r.OpioidSubstitution.BridgingUntil)
	}
	return page
}

func release(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	d := referral.ReleaseDraft{
		ReleasedOn: typed.date("released_on"), Reason: typed["reason"], CorrectionReason: strings.TrimSpace(typed["correction_reason"]),
		NaloxoneSupplied: typed.yesNo("naloxone_supplied"), BridgingUntil: typed.date("bridging_until"),
	}
	var wrong problem.Corrections
	if another := !r.ReleasedOn.IsZero() && d.ReleasedOn != r.ReleasedOn.String(); another && d.Reason == "RELEASED" && d.CorrectionReason == "" {
		wrong.Add("correction_reason", "required", "Enter why the earlier day was wrong")
	}
	if on, err := day.Parse(d.ReleasedOn); err == nil && d.BridgingUntil != r.OpioidSubstitution.BridgingUntil.String() {
		wrong = append(wrong, v.doubtfulBridging("bridging_until", d.BridgingUntil, on)...)
	}
	_, err := referral.Release(v.ctx, tx, v.who, v.now, r.ID, d)
	return together(wrong, err)
}

func releasedOnFields(v *visit, r *referral.Referral) []field {
	return []field{
		v.dateField("released_on", "When were they released?", "the day of release"),
		{Name: "correction_reason", Label: "Why was the earlier day wrong?", Called: "why the earlier day was wrong", Kind: "text", Hint: "Recorded before: " + r.ReleasedOn.Long()},
	}
}

// correctRelease wants a reason, as every correction on these pages does.
func correctRelease(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	d := referral.ReleaseDraft{ReleasedOn: typed.date("released_on"), Reason: "RELEASED", CorrectionReason: strings.TrimSpace(typed["correction_reason"])}
	var wrong problem.Corrections
	if d.ReleasedOn != "" && d.ReleasedOn == r.ReleasedOn.String() {
		wrong.Add("released_on", "unchanged", "This is the day that is recorded already: enter another, or go back")
	}
	if d.CorrectionReason == "" {
		wrong.Add("correction_reason", "required", "Enter why the earlier day was wrong")
	}
	_, err := referral.Release(v.ctx, tx, v.who, v.now, r.ID, d)
	err = together(wrong, err)
	if err == nil && r.ReleasedOn.IsZero() {
		return &problem.Conflict{Code: "changed_since", Message: "No release is confirmed, so there is no day to correct."}
	}
	return err
}

// whatIsKnown is asked in the words in which it was asked when the person was referred.
func whatIsKnown(*visit, *referral.Referral) field { return releaseKnown }

// aboutDate asks for the day, or why there is none. The day of a release that has happened is confirmed instead.
func aboutDate(v *visit, r *referral.Referral, known string) asked {
	page := asked{title: "What is the new day of release?", lead: "The appointment follows the date: it is kept where it still fits, else another is booked at once.",
		button: "Change the date", known: threeBoxes("planned_release_date", r.PlannedReleaseDate)}
	switch known {
	case "released":
		return asked{other: "/referrals/" + r.ID.String() + "/release?of=RELEASED"}
	case "unknown":
		page.title, page.button = "Why is no day known?", "Record that no day is known"
		page.lead = "Without a day the appointment is given up. Another is booked automatically once a day is known."
		page.fields = []field{{Name: "reason", Label: whyNoDay.Label, Kind: "text", Called: whyNoDay.Called, Hint: whyNoDay.Hint}}
		return page
	}
	page.fields = []field{
		{Name: "planned_release_date", Label: "Day of release", Called: "the new day of release", Kind: "date", Hint: "For example, " + hintDay(day.Of(v.now).Add(14)), Says: tooFar},
		{Name: "reason", Label: "Why did it change? (optional)", Called: "the reason for the change", Kind: "text"},
	}
	return page
}

// tooFar are what a planned date's limits are called on these pages.
var tooFar = map[string]string{
	"in_the_past":   "A planned release must not lie more than three months back. If they have been released, go back and say so",
	"too_far_ahead": "A planned release must not lie more than 400 days ahead",
}

// changeDate wants it said that no day is known, and why, as a referral without a day does: an empty box alone may be a
// slip, and would free a place.
func changeDate(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	d := referral.DateChange{Reason: typed["reason"]}
	var wrong problem.Corrections
	switch known := typed[releaseKnown.Name]; {
	case known != "unknown":
		d.PlannedReleaseDate, d.Certainty = typed.date("planned_release_date"), known
		if d.PlannedReleaseDate == "" {
			wrong.Add("planned_release_date", "required", "Enter the new day of release")
		}
	case strings.TrimSpace(d.Reason) == "":
		wrong.Add("reason", "required", "Enter why no day is known")
	}
	_, err := referral.ChangeDate(v.ctx, tx, v.who, v.now, r.ID, d)
	return together(wrong, err)
}
