package web

import (
	"cmp"

	"throughgate/internal/day"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// longestBridging is how many days after a release a prescription can still be meant to bridge: as long as the release
// is followed at all.
const longestBridging = referral.LiveDays

// bridgingSays are what the limits of doubtfulBridging are called. The date before the release has the words of every form.
var bridgingSays = map[string]string{
	"too_long":      "The bridging prescription must not end more than three months after the release: check the month and the year",
	"already_over":  "The bridging prescription must not end before today, since the person has not been released: check the month and the year",
	"too_far_ahead": "The bridging prescription ends too far ahead: check the year",
}

func (v *visit) bridgingField(name string) field {
	f := v.dateField(name, "Last day of the bridging prescription (optional)", "the last day of the bridging prescription")
	f.Says = bridgingSays
	return f
}

// doubtfulBridging asks again for the end of a bridging prescription that cannot be right: before the release, or months
// after it. Only pages ask. What programs and files send is kept as it is: nobody's referral is lost for this one date, and
// an appointment after it is marked.
func (v *visit) doubtfulBridging(field, typed string, release day.Date) (wrong problem.Corrections) {
	until, err := day.Parse(typed)
	if err != nil { // left out, or no date, which the act says
		return nil
	}
	today := day.Of(v.now)
	switch unknown := release.IsZero(); {
	case !unknown && until.Before(release):
		wrong.Add(field, "before_release", "")
	case !unknown && until.Sub(release) > longestBridging:
		wrong.Add(field, "too_long", bridgingSays["too_long"])
	case unknown && until.Before(today):
		wrong.Add(field, "already_over", bridgingSays["already_over"])
	case unknown && until.Sub(today) > referral.MostDaysAhead+longestBridging:
		wrong.Add(field, "too_far_ahead", bridgingSays["too_far_ahead"])
	}
	return wrong
}

// doubtfulDraft asks it of somebody who is being referred. A day of release that is none is said of itself.
func (v *visit) doubtfulDraft(d referral.Draft) problem.Corrections {
	release, err := day.Parse(cmp.Or(d.ReleasedOn, d.PlannedReleaseDate))
	if err != nil && d.ReleaseDateUnknownReason == "" {
		return nil
	}
	return v.doubtfulBridging("opioid_substitution.bridging_until", d.OpioidSubstitution.BridgingUntil, release)
}

// runsOut tells the prison, whose nurse can lengthen it, that a bridging prescription ends before the appointment; "" where
// it does not, or they have been released.
func (v *visit) runsOut(r *referral.Referral) string {
	a := r.Appointment
	if v.who.Role != staff.Prison || a == nil || !a.AfterBridging || !a.Future(v.now) || !r.ReleasedOn.IsZero() {
		return ""
	}
	return "The bridging prescription ends on " + r.OpioidSubstitution.BridgingUntil.Long() + ", before the appointment: see that it lasts until " + a.OnDay.Long()
}
