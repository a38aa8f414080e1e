package referral

import (
	"slices"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/staff"
)

// list is one worklist: whose, who stands on it, and by when its rows are due.
type list struct {
	role   staff.Role
	pieces func(today, unconfirmed day.Date) []piece // where its referrals lie ...
	where  string                                    // ... and what else is true of them
	orders []Order
	own    func(order Order, pieces []piece, today day.Date, where string) []run // where its orders are not everybody's
	due    func(f Facts, appointmentAt *time.Time, c day.Calendar) day.Date
}

// Every state that is not final stands on a list of whose move it is; who is booked comes onto one 14 days before the
// planned release:
//
//	booked        prison: releasing in 14 days, then release unconfirmed; provider: arriving this week
//	no date known prison: releasing in 14 days, last; provider: unbooked, while nothing is booked by hand
//	unbooked      provider: unbooked, from the first day on
//	released      provider: day 1-21, from day 22 missed to rebook or, without a place, unbooked; today's
//	              appointments on the day of one, window closing at the end
var lists = map[ListName]list{
	// A planned date that has passed: from the next working day on, not assumed to have been a release.
	ReleaseUnconfirmed: {role: staff.Prison, orders: Orders(), due: dueNextWorkingDay,
		pieces: func(_, unconfirmed day.Date) []piece { return stagesBetween(earliest, unconfirmed, awaiting) }},

	// A planned date that passed at a weekend stays until the next working day. Who has no date may be released any day.
	ReleasingSoon: {role: staff.Prison, orders: Orders(), due: dueOnRelease,
		pieces: func(today, unconfirmed day.Date) []piece {
			return append(stagesBetween(unconfirmed.Add(1), today.Add(14), awaiting), stagesBetween(unknown, unknown, awaiting)...)
		}},

	// For two weeks: time to give the person the new card.
	DateChanged: {role: staff.Prison, orders: Orders(), due: dueOnRelease, where: ` AND r.date_changed_at >= $8::date - 14`,
		pieces: func(today, _ day.Date) []piece { return stagesBetween(earliest, unknown, awaiting) }},

	// Everybody released in the last three months, and two weeks longer to read how it ended.
	WhatBecame: {role: staff.Prison, orders: Orders(), due: dueAfter(LiveDays),
		pieces: func(today, _ day.Date) []piece {
			return stagesBetween(today.Add(-LiveDays-14), unknown, []string{"released", "picked_up", "closed"})
		}},

	UnbookedList: {role: staff.Provider, orders: withoutAppointment, due: dueOnRelease, where: ` AND r.unbooked_reason IS NOT NULL`,
		pieces: func(today, _ day.Date) []piece {
			return append(stagesBetween(earliest, unknown, []string{"unbooked"}), stagesBetween(today.Add(-LiveDays), unknown, []string{"released"})...)
		}},

	// The release is today or in the next six days, or the appointment comes too late for the prescription.
	ArrivingThisWeek: {role: staff.Provider, orders: Orders(), due: dueOnRelease, own: flaggedThenOthers,
		where:  ` AND (r.clock_on BETWEEN $8::date AND $8::date + 6 OR r.appointment_flag = 'after_bridging')`,
		pieces: func(today, _ day.Date) []piece { return stagesBetween(today.Add(-LiveDays), unknown, running) }},

	// Today's, and those of earlier days whose outcome nobody has recorded.
	TodaysAppointments: {role: staff.Provider, orders: []Order{ByClock, ByAppointmentLatest}, due: dueOnTheDay, own: inOrderOfTheDay,
		where:  ` AND t.provider = $1 AND t.on_day <= $8::date`,
		pieces: func(today, _ day.Date) []piece { return everything(today) }},

	MissedToRebook: {role: staff.Provider, orders: withoutAppointment, due: dueAfter(TargetDays), where: missed, own: releasedFirst,
		pieces: func(today, _ day.Date) []piece {
			return stagesBetween(today.Add(-LiveDays), unknown, []string{"released", "booked"})
		}},

	DayOneTo21: {role: staff.Provider, orders: Orders(), due: dueAfter(TargetDays),
		pieces: func(today, _ day.Date) []piece {
			return stagesBetween(today.Add(-TargetDays), today, []string{"released"})
		}},

	WindowClosing: {role: staff.Provider, orders: Orders(), due: dueAfter(LiveDays),
		pieces: func(today, _ day.Date) []piece {
			return stagesBetween(today.Add(-LiveDays), today.Add(-LiveDays+13), []string{"released"})
		}},

	ToReview: {role: staff.Provider, orders: Orders(), due: dueOnRelease, where: ` AND r.asked_for_by IS NOT NULL`,
		pieces: func(today, _ day.Date) []piece {
			return ofStates(everything(today), today, byNeed[:len(byNeed)-1]...) // all but the withdrawn
		}},
}

var (
	awaiting = []string{"booked", "unbooked"}
	running  = []string{"booked", "unbooked", "released"}

	// Where hardly anybody has an appointment to come, none is sorted by.
	withoutAppointment = []Order{ByClock, ByRelease, ByReleaseLatest, ByState}
)

// Three weeks went by without a pick-up, whatever is booked; or the day of the appointment to come was closed; or
// nothing is booked, the last appointment having been missed or cancelled. What is quick to see is looked at first: that
// none was ever missed or cancelled, which a small index tells. The flag is compared so that none is no and not
// unknown: of what is unknown AND something, PostgreSQL looks the something up.
const missed = ` AND r.unbooked_reason IS NULL
		    AND CASE
		      WHEN r.released_on < $8::date - 21 THEN true
		      WHEN r.appointment_flag IS NOT DISTINCT FROM 'day_closed' AND ` + openOf + ` THEN true
		      WHEN (
		        SELECT true
		        FROM appointment m
		        WHERE m.referral_id = r.id AND m.undone_at IS NULL AND m.outcome IN ('did_not_attend', 'cancelled')
		        LIMIT 1) IS NULL THEN false
		      WHEN ` + openOf + ` THEN false
		      ELSE (
		        SELECT l.outcome IN ('did_not_attend', 'cancelled')
		        FROM appointment l
		        WHERE l.referral_id = r.id AND l.undone_at IS NULL
		        ORDER BY l.attempt DESC
		        LIMIT 1)
		      END`

func stagesBetween(from, to day.Date, stages []string) (pieces []piece) {
	for _, s := range stages {
		pieces = append(pieces, piece{s, from, to})
	}
	return pieces
}

// flaggedThenOthers puts first whose appointment comes after the bridging prescription ends.
func flaggedThenOthers(order Order, pieces []piece, today day.Date, where string) []run {
	if order != ByClock {
		return order.runs(pieces, today, where)
	}
	return whole([]run{{pieces: pieces, by: flaggedFirst}, {pieces: between(pieces, today, today.Add(6)), by: flaggedNoMore}})
}

// releasedFirst puts first whose clocks run: of those still in prison hardly anybody has missed an appointment, and nearly
// all have one to come.
func releasedFirst(order Order, pieces []piece, today day.Date, where string) []run {
	if order != ByClock {
		return order.runs(pieces, today, where)
	}
	return whole([]run{{pieces: ofStates(pieces, today, Released), where: where}, {pieces: ofStates(pieces, today, Booked), where: where}})
}

// inOrderOfTheDay is a list of appointments: everybody on it has one.
func inOrderOfTheDay(order Order, pieces []piece, _ day.Date, where string) []run {
	if order == ByAppointmentLatest {
		return whole([]run{{pieces: pieces, by: furthest, where: where}})
	}
	return whole([]run{{pieces: pieces, by: soonest, where: where}})
}

// whole are the runs in which somebody may stand.
func whole(runs []run) []run {
	return slices.DeleteFunc(runs, func(r run) bool { return len(r.pieces) == 0 })
}

// runs are the list's, in an order; of one state alone, where one is asked for.
func (l list) runs(order Order, state State, today, unconfirmed day.Date) []run {
	pieces := l.pieces(today, unconfirmed)
	if state != "" {
		pieces = ofStates(pieces, today, state)
	}
	if order == "" {
		order = ByClock
	}
	if l.own != nil {
		return l.own(order, pieces, today, l.where)
	}
	return order.runs(pieces, today, l.where)
}

func dueOnRelease(f Facts, _ *time.Time, _ day.Calendar) day.Date { return f.ReleaseOn() }

func dueNextWorkingDay(f Facts, _ *time.Time, c day.Calendar) day.Date {
	return c.AddWorking(f.PlannedReleaseDate, 1)
}

func dueOnTheDay(f Facts, at *time.Time, _ day.Calendar) day.Date {
	if at == nil {
		return f.ReleaseOn()
	}
	return day.Of(*at)
}

// dueAfter is so many days after the release; on the release while it is to come.
func dueAfter(days int) func(Facts, *time.Time, day.Calendar) day.Date {
	return func(f Facts, _ *time.Time, _ day.Calendar) day.Date {
		if f.ReleasedOn.IsZero() {
			return f.PlannedReleaseDate
		}
		return f.ReleasedOn.Add(days)
	}
}
