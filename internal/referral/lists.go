package referral

import (
	"time"

	"throughgate/internal/day"
	"throughgate/internal/staff"
)

// list is one worklist: whose, by which statement, and by when its rows are due.
type list struct {
	role  staff.Role
	query string
	due   func(f Facts, appointmentAt *time.Time, c day.Calendar) day.Date
}

// Every state that is not final stands on at least one list, or comes onto one on a day that is known:
//
//	booked        prison: releasing in 14 days, then release unconfirmed; provider: arriving this week
//	unbooked      provider: unbooked, from the first day on
//	released      provider: day 1-21, from day 22 missed to rebook while nothing is booked, today's
//	              appointments on the day of one, window closing at the end
var lists = map[ListName]list{
	ReleaseUnconfirmed: {staff.Prison, items + byClock + where + unconfirmed + marks + afterClock, dueNextWorkingDay},
	ReleasingSoon:      {staff.Prison, items + byClock + where + releasingSoon + marks + afterClock, dueOnRelease},
	DateChanged:        {staff.Prison, items + byClock + where + dateChanged + marks + afterClock, dueOnRelease},
	WhatBecame:         {staff.Prison, items + byClock + where + whatBecame + marks + afterClock, dueAfter(LiveDays)},
	UnbookedList:       {staff.Provider, items + byClock + where + unbooked + marks + afterClock, dueOnRelease},
	ArrivingThisWeek:   {staff.Provider, items + byFlag + where + arriving + marks + afterFlag, dueOnRelease},
	TodaysAppointments: {staff.Provider, items + byTime + where + todays + marks + afterTime, dueOnTheDay},
	MissedToRebook:     {staff.Provider, items + byClock + where + missed + marks + afterClock, dueAfter(TargetDays)},
	DayOneTo21:         {staff.Provider, items + byClock + where + dayOneTo21 + marks + afterClock, dueAfter(TargetDays)},
	WindowClosing:      {staff.Provider, items + byClock + where + windowClosing + marks + afterClock, dueAfter(LiveDays)},
	ToReview:           {staff.Provider, items + byClock + where + toReview + marks + afterClock, dueOnRelease},
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

// The parts of the lists' statements. $1 is the asker's organisation, $2 today, $3 the last planned date
// that is unconfirmed by now, $4 and $5 the filters, $6 to $8 the row to go on after, $9 the page's length.
const (
	items = `
		SELECT r.id, r.reference, r.person_id, r.provider, r.planned_release_on, r.released_on, r.unbooked_reason,
		  r.appointment_flag, r.withdrawn_on, r.closed, r.picked_up_on, r.substance_group,
		  p.prison_number_bix, p.identity_sealed, a.starts_at AS appointment_at,
		  EXISTS (SELECT FROM contact c WHERE c.referral_id = r.id AND c.kind = 'cjit' AND c.undone_at IS NULL) AS cjit,`
	byClock = ` 0 AS rank, ` + clock + `::text AS key`
	byFlag  = ` ` + flagged + ` AS rank, ` + clock + `::text AS key`
	byTime  = ` 0 AS rank, a.starts_at::text AS key`
	where   = `
		FROM referral r
		JOIN person p ON p.id = r.person_id
		LEFT JOIN appointment a ON a.referral_id = r.id AND a.outcome IS NULL AND a.slot_id IS NOT NULL AND a.undone_at IS NULL
		WHERE `
	marks = `
		  AND (NOT $4::boolean OR r.substance_group = 'alcohol only')
		  AND (NOT $5::boolean OR EXISTS (SELECT FROM contact c WHERE c.referral_id = r.id AND c.kind = 'cjit' AND c.undone_at IS NULL))
		  AND $2::date IS NOT NULL AND $3::date IS NOT NULL`
	afterClock = `
		  AND $6::integer IS NOT NULL
		  AND (` + clock + `, r.id) > ($7::date, $8::uuid)
		ORDER BY ` + clock + `, r.id
		LIMIT $9`
	afterFlag = `
		  AND (` + flagged + `, ` + clock + `, r.id) > ($6::integer, $7::date, $8::uuid)
		ORDER BY ` + flagged + `, ` + clock + `, r.id
		LIMIT $9`
	afterTime = `
		  AND $6::integer IS NOT NULL
		  AND (a.starts_at, r.id) > ($7::timestamptz, $8::uuid)
		ORDER BY a.starts_at, r.id
		LIMIT $9`
	// An appointment after the bridging prescription ends comes first: that gap can cost a life.
	flagged = `CASE WHEN r.appointment_flag = 'after_bridging' THEN 0 ELSE 1 END`

	awaiting = `r.released_on IS NULL AND r.withdrawn_on IS NULL AND r.provider IS NOT NULL`
	running  = `r.withdrawn_on IS NULL AND r.picked_up_on IS NULL AND NOT r.closed`

	// A planned date that has passed: from the next working day on, not assumed to have been a release.
	unconfirmed = `r.prison = $1 AND ` + awaiting + ` AND r.planned_release_on <= $3::date`

	releasingSoon = `r.prison = $1 AND ` + awaiting + ` AND r.planned_release_on BETWEEN $2::date AND $2::date + 14`

	// For two weeks: time to give the person the new card.
	dateChanged = `r.prison = $1 AND ` + awaiting + ` AND r.date_changed_at >= $2::date - 14`

	// Everybody released in the last three months, and two weeks longer to read how it ended.
	whatBecame = `r.prison = $1 AND r.provider IS NOT NULL AND r.released_on IS NOT NULL
		  AND ` + clock + ` >= $2::date - 106`

	unbooked = `r.provider = $1 AND r.unbooked_reason IS NOT NULL AND ` + running + `
		  AND (r.released_on IS NULL OR r.released_on >= $2::date - 92)`

	// The release is today or in the next six days, or the appointment comes too late for the prescription.
	arriving = `r.provider = $1 AND ` + running + `
		  AND (` + clock + ` BETWEEN $2::date AND $2::date + 6
		    OR r.appointment_flag = 'after_bridging' AND ` + clock + ` >= $2::date - 92)`

	// Today's, and those of earlier days whose outcome nobody has recorded.
	todays = `r.provider = $1 AND r.id IN (
		    SELECT t.referral_id
		    FROM appointment t
		    WHERE t.provider = $1 AND t.outcome IS NULL AND t.undone_at IS NULL AND t.slot_id IS NOT NULL AND t.on_day <= $2::date)`

	// Nothing is booked: the last appointment was missed or cancelled, or three weeks went by.
	missed = `r.provider = $1 AND ` + running + ` AND r.unbooked_reason IS NULL
		  AND ` + clock + ` >= $2::date - 92
		  AND NOT EXISTS (
		    SELECT FROM appointment o
		    WHERE o.referral_id = r.id AND o.outcome IS NULL AND o.slot_id IS NOT NULL AND o.undone_at IS NULL)
		  AND (r.released_on < $2::date - 21
		    OR (
		      SELECT l.outcome IN ('did_not_attend', 'cancelled')
		      FROM appointment l
		      WHERE l.referral_id = r.id AND l.undone_at IS NULL
		      ORDER BY l.attempt DESC
		      LIMIT 1))`

	dayOneTo21 = `r.provider = $1 AND r.released_on IS NOT NULL AND r.picked_up_on IS NULL AND NOT r.closed
		  AND r.released_on BETWEEN $2::date - 21 AND $2::date`

	windowClosing = `r.provider = $1 AND r.released_on IS NOT NULL AND r.picked_up_on IS NULL AND NOT r.closed
		  AND r.released_on BETWEEN $2::date - 92 AND $2::date - 79`

	toReview = `r.provider = $1 AND r.asked_for_by IS NOT NULL AND r.withdrawn_on IS NULL`

	counted        = ` AS name, count(*) AS n FROM referral r WHERE $3::date IS NOT NULL AND `
	and            = ` UNION ALL SELECT `
	countsOfPrison = `SELECT '` + string(ReleaseUnconfirmed) + `'` + counted + unconfirmed +
		and + `'` + string(ReleasingSoon) + `'` + counted + releasingSoon +
		and + `'` + string(DateChanged) + `'` + counted + dateChanged +
		and + `'` + string(WhatBecame) + `'` + counted + whatBecame
	countsOfProvider = `SELECT '` + string(UnbookedList) + `'` + counted + unbooked +
		and + `'` + string(ArrivingThisWeek) + `'` + counted + arriving +
		and + `'` + string(TodaysAppointments) + `'` + counted + todays +
		and + `'` + string(MissedToRebook) + `'` + counted + missed +
		and + `'` + string(DayOneTo21) + `'` + counted + dayOneTo21 +
		and + `'` + string(WindowClosing) + `'` + counted + windowClosing +
		and + `'` + string(ToReview) + `'` + counted + toReview
)
