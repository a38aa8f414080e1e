package web

import "throughgate/internal/reconcile"

// doubts are the reasons why a row waits for a person, each with what it means and what to look at.
var doubts = map[string]string{
	reconcile.WhyForename:          "Surname, date of birth and sex are the same, but the first names begin with different letters. It may be a middle name or a name they go by, or a brother, sister or twin.",
	reconcile.WhySurname:           "First name, date of birth and sex are the same, but the surnames begin with different letters. It may be a married or an earlier name, or somebody else.",
	reconcile.WhyInitialsOnly:      "Date of birth, sex and both initials are the same, but neither name is. It may be two short forms of the same names, or somebody else.",
	reconcile.WhyOneDigit:          "Names and sex are the same, and one figure of the date of birth is different. It may be a slip, or somebody else of the same name.",
	reconcile.WhySwapped:           "Names and sex are the same, and day and month of the date of birth have changed places. It is most likely a slip.",
	reconcile.WhySex:               "Names and date of birth are the same, but the sex differs or is missing on one side.",
	reconcile.WhyPartOfName:        "Date of birth and sex are the same, and a part of the name. It may be a second first name or one half of a double surname.",
	reconcile.WhySeveralCandidates: "The row fits several people who are known equally well. Compare the numbers and the dates.",
	reconcile.WhySeveralPeople:     "Several people on the list fit one person who is known. Only one of them can be that person.",
	reconcile.WhyByHand:            "Somebody has recorded by hand that treatment started on another day than the row says.",
	reconcile.WhyDaysApart:         "The row has a release two to seven days from one that is known, and no reception date. It may be the same release with a corrected date, or another.",
	reconcile.WhyOtherBirth:        "The prison number is known with another date of birth. One of the two is a slip, or the number is.",
	reconcile.WhyOtherNumbers:      "The prison number belongs to one person who is known, and the NHS number to another.",
}

// meaning is what a question's reason means. Of several people who are known equally well only those are shown beside the
// row whose release its dates fit: where that is one, nobody should take them for the only one.
func meaning(r reconcile.Review) string {
	if r.Why == reconcile.WhySeveralCandidates && len(r.Candidates) == 1 {
		return "The row fits several people who are known equally well. Only this one has a release that its dates fit. Find shows the others by their date of birth: look at them before you decide."
	}
	return doubts[r.Why]
}

// consequences say what each answer does, before it is given.
func consequences(r reconcile.Review) (yes, no string) {
	switch {
	case r.Side == "prison" && r.Why == reconcile.WhyDaysApart:
		return "If you say yes, the row's date becomes the date of the release that is known, and its appointment follows.",
			"If you say no, the row is taken in as another release of the same person."
	case r.Side == "prison":
		return "If you say yes, the row is taken in for the person who is known, with their number and date of birth.",
			"If you say no, the row is set aside and nobody is referred by it. Correct the number or the date of birth in your list, and upload it again."
	case r.Why == reconcile.WhyByHand:
		return "If you say yes, the row's date takes the place of the one that was recorded by hand, which stays in the timeline.",
			"If you say no, what was recorded by hand stands, and the row changes nothing."
	}
	return "If you say yes, every row of the list with this name, date of birth and sex is linked to them" + pickUpWords(r) + ". It can be undone on the referral's page.",
		"If you say no, those rows count for nobody, and you are not asked again."
}

func pickUpWords(r reconcile.Review) string {
	if r.StartedOn.IsZero() {
		return ""
	}
	return ", and they count as picked up by the start of treatment on " + r.StartedOn.Long()
}
