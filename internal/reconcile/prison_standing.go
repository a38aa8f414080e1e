package reconcile

import (
	"slices"
	"strings"

	"throughgate/internal/day"
)

// Standing is whether a prison row is ours to count, and if not, why not.
type Standing string

// Why a prison row is set aside (files.md); the first that fits is the reason.
const (
	Counts           Standing = ""
	NotARelease      Standing = "not a release"
	OtherPartnership Standing = "other partnership"
	Under18          Standing = "under 18"
	NoConsent        Standing = "no consent"
	NoReferralMade   Standing = "no referral made"
)

const adult = 18

// Standing judges the row for the partnership with these DAT codes. A row that awaits its release is
// judged by what it already says; what it leaves open does not speak against it.
func (p PrisonRow) Standing(datCodes []string) Standing {
	switch reason := p.eligible(datCodes); {
	case reason != Counts:
		return reason
	case p.Consent == "no":
		return NoConsent
	case p.ReferralStatus != statusReferred && !(p.Awaits() && p.ReferralStatus == ""):
		return NoReferralMade
	}
	return Counts
}

// eligible is Standing without consent and referral: a release of an adult to this partnership.
func (p PrisonRow) eligible(datCodes []string) Standing {
	switch {
	case !p.isRelease():
		return NotARelease
	case !p.isOurs(datCodes):
		return OtherPartnership
	case day.Age(p.BornOn, p.On()) < adult:
		return Under18
	}
	return Counts
}

func (p PrisonRow) isRelease() bool {
	says := func(value, wanted string) bool { return value == wanted || value == "" && p.Awaits() }
	return says(p.DischargeReason, transferredNotInCustody) && says(p.ExitReason, released)
}

func (p PrisonRow) isOurs(datCodes []string) bool {
	if p.Destination == "" && p.Awaits() {
		return true
	}
	return slices.ContainsFunc(datCodes, func(code string) bool { return strings.EqualFold(code, p.Destination) })
}

// Awaits says that the person has not been released yet, as far as the row knows.
func (p PrisonRow) Awaits() bool { return p.ExitOn.IsZero() }

// On is the day the row is about: the exit, else the planned date.
func (p PrisonRow) On() day.Date {
	if p.Awaits() {
		return p.PlannedOn
	}
	return p.ExitOn
}

// UnmetNeed says that the row counts for referral coverage as a need that was not referred: every
// other test of eligibility holds.
func (p PrisonRow) UnmetNeed(datCodes []string) bool {
	return p.ReferralStatus == statusNeed && !p.Awaits() && p.eligible(datCodes) == Counts
}

// MayKeepName says whether the person's name may be kept. It may not where they were not referred
// although they needed it, or did not consent; such a row cannot be matched.
func (p PrisonRow) MayKeepName() bool {
	return p.ReferralStatus != statusNeed && p.Consent != "no"
}
