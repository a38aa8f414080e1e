package reconcile

import (
	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/person"
)

// Why a provider's row waits for a person: one of these, and no other (files.md).
const (
	WhyForename          = "forename differs"
	WhySurname           = "surname differs"
	WhyInitialsOnly      = "initials only"
	WhyOneDigit          = "date of birth one digit different"
	WhySwapped           = "day and month swapped"
	WhySex               = "sex differs or missing"
	WhyPartOfName        = "part of a name"
	WhySeveralCandidates = "several candidates"
	WhySeveralPeople     = "several provider people"
	WhyByHand            = "contradicts an entry made by hand"
)

// resemblances are the ways to be like somebody without being them by a tier; the first that fits
// anybody is the reason.
var resemblances = []struct {
	why   string
	holds func(a, b identity) bool
}{
	{WhyForename, func(a, b identity) bool {
		return a.sameBirth(b) && a.sameSex(b) && a.sameFamily(b) && initial(a.plainGiven) != initial(b.plainGiven)
	}},
	{WhySurname, func(a, b identity) bool {
		return a.sameBirth(b) && a.sameSex(b) && a.sameGiven(b) && initial(a.plainFamily) != initial(b.plainFamily)
	}},
	{WhyInitialsOnly, func(a, b identity) bool {
		return a.sameBirth(b) && a.sameSex(b) && a.sameInitials(b) && !a.sameGiven(b) && !a.sameFamily(b)
	}},
	{WhyOneDigit, func(a, b identity) bool { return a.sameNames(b) && oneDigitApart(a.born, b.born) && !a.otherSex(b) }},
	{WhySwapped, func(a, b identity) bool { return a.sameNames(b) && swapped(a.born, b.born) && !a.otherSex(b) }},
	{WhySex, func(a, b identity) bool { return a.sameNames(b) && a.sameBirth(b) && !a.sameSex(b) }},
	{WhyPartOfName, func(a, b identity) bool {
		return a.sameBirth(b) && a.sameSex(b) &&
			(person.SameFirstToken(a.given, b.given) || person.ShareSurnamePart(a.family, b.family))
	}},
}

// otherSex says that both sexes are known and differ: with another date of birth as well, a name is
// too little to ask a person about.
func (i identity) otherSex(j identity) bool {
	return i.sex != j.sex && i.sex != sexNotKnown && j.sex != sexNotKnown && i.sex != "" && j.sex != ""
}

// resembles finds people whom no tier names but a person might recognise. Only a row with a start that
// fits a release of theirs is worth the question.
func (m *matching) resembles(r *listed) (why string, candidates []uuid.UUID) {
	if r.started.IsZero() {
		return "", nil
	}
	people := m.allowed(r, append(append([]*known{}, m.byBirth[r.who.born]...), m.byNames[r.who.names()]...))
	for _, like := range resemblances {
		var alike []*known
		for _, k := range people {
			if like.holds(k.who, r.who) {
				alike = append(alike, k)
			}
		}
		if candidates = fitting(r, alike); len(candidates) > 0 {
			return like.why, candidates
		}
	}
	return "", nil
}

// oneDigitApart compares the dates as eight digits.
func oneDigitApart(a, b day.Date) bool {
	x, y := a.String(), b.String()
	if len(x) != len(y) {
		return false
	}
	differ := 0
	for i := range len(x) {
		if x[i] != y[i] {
			differ++
		}
	}
	return differ == 1
}

func swapped(a, b day.Date) bool {
	return a != b && a.Year() == b.Year() && int(a.Month()) == b.Day() && a.Day() == int(b.Month())
}
