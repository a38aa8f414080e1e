package reconcile

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"throughgate/internal/day"
)

// Which release a start or an appointment belongs to, in days from the release.
const (
	reach        = 92 // a start later than this is late: kept, and counted in no figure
	reachForward = 92 // an appointment after the release ...
	reachBack    = 14 // ... and before it
)

// What a row says about its release.
const (
	rolePickUp      = "pickup"
	roleContact     = "contact"
	roleAppointment = "appointment"
	roleLate        = "late"
)

// verdict is what one row of the provider's list comes to.
type verdict struct {
	answer     string // Accepted, SetAside or ToReview
	reason     string // of an accepted row: what NDTMS will make of the pair
	rule       string
	role       string
	person     uuid.UUID
	release    uuid.UUID   // the referral it belongs to; none where no release fits
	candidates []uuid.UUID // people, for a review

	pickedUpOn    day.Date // the row's start (or attendance) where it is the release's pick-up
	resumed, late bool
	appointmentOf uuid.UUID // the release that its appointment belongs to
	contactOf     uuid.UUID // the release that its contact is shown with
}

// start is the release that the row's start belongs to: the latest on or before it. Only where no
// release lies on or before the start, the attendance stands for it: an episode opened before the
// release and resumed.
func (r *listed) start(releases []knownRelease) (at int, on day.Date, ok bool) {
	for _, on := range []day.Date{r.started, r.attended} {
		if r.started.IsZero() || on.IsZero() {
			continue
		}
		if at := latest(releases, on); at >= 0 {
			return r.pinned(releases, at, on), on, true
		}
	}
	return 0, day.Date{}, false
}

// latest is the last release on or before the day, -1 if none is.
func latest(releases []knownRelease, on day.Date) int {
	for at := len(releases) - 1; at >= 0; at-- {
		if !releases[at].on.After(on) {
			return at
		}
	}
	return -1
}

// pinned keeps a link that a reviewer made, as long as its release still lies on or before the start.
func (r *listed) pinned(releases []knownRelease, at int, on day.Date) int {
	for i, release := range releases {
		if release.id == r.pin && r.pin != uuid.Nil && !release.on.After(on) && release.setAside == "" {
			return i
		}
	}
	return at
}

// fits says whether the row has a start that belongs to a release of theirs, at most 92 days after it.
func (r *listed) fits(k *known) bool {
	at, on, ok := r.start(k.releases)
	return ok && on.Sub(k.releases[at].on) <= reach
}

// near says whether the row is about a release of theirs by its day: the start, or where it has none,
// the appointment.
func (r *listed) near(k *known) bool {
	if r.started.IsZero() {
		return r.nearest(k.releases) >= 0
	}
	return r.fits(k)
}

// nearest is the release whose day is nearest the row's attended, else offered date, from 14 days
// before the release to 92 days after; equally near two, the later. -1 if there is none.
func (r *listed) nearest(releases []knownRelease) int {
	on := r.attended
	if on.IsZero() {
		on = r.offered
	}
	best, distance := -1, 0
	for i, release := range releases {
		days := on.Sub(release.on)
		if on.IsZero() || days < -reachBack || days > reachForward {
			continue
		}
		if away := max(days, -days); best < 0 || away <= distance {
			best, distance = i, away
		}
	}
	return best
}

// place gives every linked row its release and role, and each release the earliest of its starts.
func (m *matching) place() {
	starts := map[uuid.UUID][]int{} // rows by release
	byHand := map[uuid.UUID]day.Date{}
	for i := range m.rows {
		if m.verdicts[i].answer != "" {
			continue
		}
		releases := m.releasesOf(m.found[i])
		m.verdicts[i] = m.rows[i].placed(m.verdicts[i], releases)
		if v := &m.verdicts[i]; !v.pickedUpOn.IsZero() {
			starts[v.release] = append(starts[v.release], i)
		}
		for _, release := range releases {
			if !release.byHand.IsZero() {
				byHand[release.id] = release.byHand
			}
		}
	}
	for id, rows := range starts {
		m.elect(rows, byHand[id])
	}
}

// releasesOf are the releases of everybody that the row was found to be, oldest first.
func (m *matching) releasesOf(f found) []knownRelease {
	if len(f.candidates) == 1 {
		return f.candidates[0].releases
	}
	var all []knownRelease
	for _, k := range f.candidates {
		all = append(all, k.releases...)
	}
	slices.SortFunc(all, earlier)
	return all
}

// placed is what the row says by itself; elect then chooses among the starts of one release.
func (r *listed) placed(v verdict, releases []knownRelease) verdict {
	v.answer, v.role = Accepted, roleContact
	near := r.nearest(releases)
	if near >= 0 && releases[near].setAside == "" {
		v.appointmentOf, v.contactOf = releases[near].id, releases[near].id
	}
	at, on, belongs := r.start(releases)
	switch {
	case r.rejected:
		return verdict{answer: SetAside, reason: RejectedInReview, rule: v.rule, person: v.person}
	case belongs && releases[at].setAside != "" && on.Sub(releases[at].on) <= reach:
		return verdict{answer: SetAside, reason: KnownNotCounted + releases[at].setAside, rule: v.rule, person: v.person,
			appointmentOf: v.appointmentOf}
	case belongs:
		v.release, v.role = releases[at].id, rolePickUp
		v.late = on.Sub(releases[at].on) > reach
		if v.late {
			v.role = roleLate
		}
		if releases[at].setAside == "" {
			v.contactOf, v.pickedUpOn, v.resumed = v.release, on, on != r.started
		}
	case !r.started.IsZero():
		v.release = v.appointmentOf
	case near >= 0 && releases[near].setAside != "":
		return verdict{answer: SetAside, reason: KnownNotCounted + releases[near].setAside, rule: v.rule, person: v.person}
	case near >= 0:
		v.release, v.role = releases[near].id, roleAppointment
	}
	return v
}

// elect lets a release take the earliest of its starts. The others are contacts: they never fall back
// to an earlier release. Beside a pick-up confirmed by hand another day is a question for a person.
func (m *matching) elect(rows []int, byHand day.Date) {
	slices.SortFunc(rows, func(i, j int) int {
		a, b := &m.verdicts[i], &m.verdicts[j]
		return cmp.Or(a.pickedUpOn.Compare(b.pickedUpOn), cmp.Compare(rank(a.rule), rank(b.rule)), cmp.Compare(m.rows[i].content, m.rows[j].content))
	})
	for n, i := range rows {
		v := &m.verdicts[i]
		switch {
		case !byHand.IsZero() && v.pickedUpOn == byHand: // the row says what was confirmed by hand
			v.pickedUpOn = day.Date{}
		case !byHand.IsZero() && !v.late:
			*v = verdict{answer: ToReview, reason: WhyByHand, rule: v.rule, person: v.person, appointmentOf: v.appointmentOf,
				candidates: []uuid.UUID{v.person}}
		case !byHand.IsZero() || n > 0:
			v.pickedUpOn = day.Date{}
			if !v.late {
				v.role = roleContact
			}
		}
	}
}
