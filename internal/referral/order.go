package referral

import (
	"slices"

	"throughgate/internal/day"
)

// Order is how a list is sorted, as addresses name it. Names are sealed, so no list is sorted by them.
type Order string

const (
	ByClock             Order = "clock"              // whoever waits for somebody's move before all that is over, oldest clock first
	ByRelease           Order = "release"            // day of release, actual or planned; where none is known, last
	ByReleaseLatest     Order = "release_latest"     // the same backwards; where none is known, last as well
	ByAppointment       Order = "appointment"        // the appointment without an outcome; who has none comes last
	ByAppointmentLatest Order = "appointment_latest" // the same backwards; who has none comes last as well
	ByState             Order = "state"              // in the order of byNeed, and within a state by release
)

// Orders are all of them, the usual one first.
func Orders() []Order {
	return []Order{ByClock, ByRelease, ByReleaseLatest, ByAppointment, ByAppointmentLatest, ByState}
}

// byNeed are the states, those that need somebody's move first.
var byNeed = []State{Unbooked, Booked, Released, NotPickedUp, PickedUp, Closed, Withdrawn}

// piece is one stretch of the index that lists are read from: a stage, and the days between which the clock lies,
// both included.
type piece struct {
	stage    string
	from, to day.Date
}

// The first and last day of any clock; the last stands for a date that is not known (column clock_on).
var (
	earliest = day.MustParse("1900-01-01")
	unknown  = day.MustParse("9999-12-31")
)

// pieceOf is where the referrals of a state lie. Stage and state are the same, but that the stage "released" is over
// once its three months are.
func pieceOf(s State, today day.Date) piece {
	switch s {
	case Released:
		return piece{"released", today.Add(-LiveDays), unknown}
	case NotPickedUp:
		return piece{"released", earliest, today.Add(-LiveDays - 1)}
	}
	return piece{string(s), earliest, unknown}
}

// everything is where all referrals lie.
func everything(today day.Date) (pieces []piece) {
	for _, s := range byNeed {
		pieces = append(pieces, pieceOf(s, today))
	}
	return pieces
}

// cut is what of the pieces lies within one.
func cut(pieces []piece, by piece) (parts []piece) {
	for _, p := range pieces {
		if p.from.Before(by.from) {
			p.from = by.from
		}
		if p.to.After(by.to) {
			p.to = by.to
		}
		if p.stage == by.stage && !p.to.Before(p.from) {
			parts = append(parts, p)
		}
	}
	return parts
}

// between is what of the pieces lies between two days, both included.
func between(pieces []piece, from, to day.Date) (parts []piece) {
	for _, p := range pieces {
		parts = append(parts, cut([]piece{p}, piece{p.stage, from, to})...)
	}
	return parts
}

// ofStates is what of the pieces holds referrals of these states.
func ofStates(pieces []piece, today day.Date, states ...State) (parts []piece) {
	for _, s := range states {
		parts = append(parts, cut(pieces, pieceOf(s, today))...)
	}
	return parts
}

// run is a part of a list that is in one order throughout. A list is its runs one after the other.
type run struct {
	pieces []piece
	by     way
	where  string // a condition of the list's own
	few    bool   // its referrals are so few that each one's appointment is looked up; found out when it is read
}

// byTime says that it is in the order of appointments.
func (r run) byTime() bool { return r.by == soonest || r.by == furthest }

// way is how a run is read.
type way int

const (
	forwards      way = iota // by clock
	backwards                // by clock, latest first
	soonest                  // by the open appointment; who has none is not in it
	furthest                 // by the open appointment, latest first
	unappointed              // by clock, who has no open appointment
	flaggedFirst             // by clock, whose appointment comes after the bridging prescription ends
	flaggedNoMore            // by clock, everybody else
	anyhow                   // only to be counted
)

// runs are a list's, in an order.
func (o Order) runs(pieces []piece, today day.Date, where string) (runs []run) {
	add := func(by way, parts []piece) { runs = append(runs, run{pieces: parts, by: by, where: where}) }
	switch o {
	case ByRelease:
		add(forwards, pieces)
	case ByReleaseLatest:
		add(backwards, between(pieces, earliest, unknown.Add(-1)))
		add(forwards, between(pieces, unknown, unknown))
	case ByAppointment:
		add(soonest, pieces)
		add(unappointed, pieces)
	case ByAppointmentLatest:
		add(furthest, pieces)
		add(unappointed, pieces)
	case ByState:
		for _, s := range byNeed {
			add(forwards, ofStates(pieces, today, s))
		}
	default:
		final := slices.IndexFunc(byNeed, State.Final)
		add(forwards, ofStates(pieces, today, byNeed[:final]...))
		add(forwards, ofStates(pieces, today, byNeed[final:]...))
	}
	return whole(runs)
}
