package reconcile

import (
	"cmp"
	"slices"
)

// Which release a prison's row is (files.md, "Which release is it"), in days between the exits.
const (
	sameRelease     = 1 // whatever the reception dates
	perhapsTheSame  = 7 // where a reception date is missing: a person must say
	WhyDaysApart    = "two to seven days from a known release, without a reception date"
	WhyOtherBirth   = "the prison number is known with another date of birth"
	WhyOtherNumbers = "its numbers belong to different people"
)

// whichRelease finds the release that the row is about among those known of the person. ask holds
// those that it may be; neither means that it is another release.
func whichRelease(row PrisonRow, all []*kept) (same *kept, ask []*kept) {
	all = slices.DeleteFunc(slices.Clone(all), func(k *kept) bool { return !k.WithdrawnOn.IsZero() })
	for _, rule := range rulesFor(row) {
		if k := nearest(row, all, rule); k != nil {
			return k, nil
		}
	}
	for _, k := range all {
		if row.days(k) <= perhapsTheSame && (row.ReceptionOn.IsZero() || k.ReceptionOn.IsZero()) {
			ask = append(ask, k)
		}
	}
	return nil, ask
}

// nameless is the first of these that is kept without a name. Nobody could look at a row that is: of two such a few days
// apart the later is taken for a correction, but a release with a name is not taken back by one unseen.
func nameless(all []*kept) *kept {
	for _, k := range all {
		if k.NamelessBix != nil {
			return k
		}
	}
	return nil
}

type releaseRule func(PrisonRow, *kept) bool

// rulesFor are the ways to be the same release, strongest first. A row about an actual or planned
// release looks for releases and for who awaits one; a transfer or a day at court first for its own
// like, since it leaves alone who awaits release.
func rulesFor(row PrisonRow) []releaseRule {
	if row.isRelease() {
		return []releaseRule{
			both(PrisonRow.dayApart, actual), both(PrisonRow.sameSpell, notGone), PrisonRow.mayEnd,
			PrisonRow.dayApart, PrisonRow.sameSpell,
		}
	}
	return []releaseRule{PrisonRow.dayApart, PrisonRow.sameSpell, PrisonRow.mayEnd}
}

func both(a, b releaseRule) releaseRule {
	return func(row PrisonRow, k *kept) bool { return a(row, k) && b(row, k) }
}

func actual(_ PrisonRow, k *kept) bool { return !k.ReleasedOn.IsZero() }

// notGone leaves out departures that were no release.
func notGone(_ PrisonRow, k *kept) bool { return k.awaits() || !k.ReleasedOn.IsZero() }

// dayApart: exits at most one day apart are one release.
func (p PrisonRow) dayApart(k *kept) bool { return !k.awaits() && p.days(k) <= sameRelease }

// sameSpell: the same reception is the same time in prison, and so the same release.
func (p PrisonRow) sameSpell(k *kept) bool {
	return !p.ReceptionOn.IsZero() && p.ReceptionOn == k.ReceptionOn
}

// mayEnd: somebody who awaits release has one referral, whatever the dates. Only an exit before the
// reception that it counts from is of an earlier time in prison.
func (p PrisonRow) mayEnd(k *kept) bool {
	return k.awaits() && (p.Awaits() || k.ReceptionOn.IsZero() || !p.ExitOn.Before(k.ReceptionOn))
}

const never = 1 << 30

// days are between the row's day and the day on which the person left.
func (p PrisonRow) days(k *kept) int {
	if k.awaits() || p.On().IsZero() {
		return never
	}
	days := p.On().Sub(k.left())
	return max(days, -days)
}

// nearest is, of those that a rule names, the one of the same spell, else with the nearest exit.
func nearest(row PrisonRow, all []*kept, rule releaseRule) *kept {
	fit := slices.DeleteFunc(slices.Clone(all), func(k *kept) bool { return !rule(row, k) })
	if len(fit) == 0 {
		return nil
	}
	return slices.MinFunc(fit, func(a, b *kept) int {
		return cmp.Or(-compareBool(row.sameSpell(a), row.sameSpell(b)), cmp.Compare(row.days(a), row.days(b)), slices.Compare(a.ID[:], b.ID[:]))
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// changesNothing says that a departure which was no release does not speak of this record: the person
// is still awaiting release somewhere, or left later in the same spell.
func (p PrisonRow) changesNothing(k *kept) bool {
	if p.isRelease() {
		return false
	}
	return k.awaits() || k.left().Sub(p.ExitOn) > sameRelease
}
