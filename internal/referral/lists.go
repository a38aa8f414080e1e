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
	back  int // its rows' clocks lie at most so many days before today: there the search begins
	due   func(f Facts, appointmentAt *time.Time, c day.Calendar) day.Date
}

// Every state that is not final stands on at least one list, or comes onto one on a day that is known:
//
//	booked        prison: releasing in 14 days, then release unconfirmed; provider: arriving this week
//	unbooked      provider: unbooked, from the first day on
//	released      provider: day 1-21, from day 22 missed to rebook while nothing is booked, today's
//	              appointments on the day of one, window closing at the end
var lists = map[ListName]list{
	ReleaseUnconfirmed: {staff.Prison, byClock + unconfirmed + afterClock + shownRows, ever, dueNextWorkingDay},
	ReleasingSoon:      {staff.Prison, byClock + releasingSoon + afterClock + shownRows, 0, dueOnRelease},
	DateChanged:        {staff.Prison, byClock + dateChanged + afterClock + shownRows, ever, dueOnRelease},
	WhatBecame:         {staff.Prison, byClock + whatBecame + afterClock + shownRows, LiveDays + 14, dueAfter(LiveDays)},
	UnbookedList:       {staff.Provider, byClock + unbooked + afterClock + shownRows, ever, dueOnRelease},
	ArrivingThisWeek:   {staff.Provider, byFlag + arriving + afterFlag + shownRows, ever, dueOnRelease},
	TodaysAppointments: {staff.Provider, byTime + todays + afterTime + shownRows, ever, dueOnTheDay},
	MissedToRebook:     {staff.Provider, byClock + missed + afterClock + shownRows, LiveDays, dueAfter(TargetDays)},
	DayOneTo21:         {staff.Provider, byClock + dayOneTo21 + afterClock + shownRows, TargetDays, dueAfter(TargetDays)},
	WindowClosing:      {staff.Provider, byClock + windowClosing + afterClock + shownRows, LiveDays, dueAfter(LiveDays)},
	ToReview:           {staff.Provider, byClock + toReview + afterClock + shownRows, ever, dueOnRelease},
}

// ever is longer than anybody waits.
const ever = 36_500

// begin is where the first page begins. That the first row may not lie earlier is in the list's condition
// as well, but an index is entered at one place, and that is the cursor's.
func (l list) begin(today day.Date) cursor {
	return cursor{Rank: start.Rank, Key: today.Add(-l.back).String()}
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

// The parts of the lists' statements: a page's rows are found first, by an index in the list's order, and
// only theirs are the people and appointments that are looked up. $1 is the asker's organisation, $2
// today, $3 the last planned date that is unconfirmed by now, $4 and $5 the filters, $6 to $8 the row
// to go on after, $9 the page's length.
const (
	byClock = `
		WITH page AS (
		  SELECT r.id, 0 AS rank, r.clock_on::text AS key
		  FROM referral r
		  WHERE `
	byFlag = `
		WITH page AS (
		  SELECT r.id, ` + flagged + ` AS rank, r.clock_on::text AS key
		  FROM referral r
		  WHERE `
	byTime = `
		WITH page AS (
		  SELECT r.id, 0 AS rank, t.starts_at::text AS key
		  FROM appointment t
		  JOIN referral r ON r.id = t.referral_id
		  WHERE `
	marks = `
		    AND (NOT $4::boolean OR r.substance_group = 'alcohol only')
		    AND (NOT $5::boolean OR EXISTS (SELECT FROM contact c WHERE c.referral_id = r.id AND c.kind = 'cjit' AND c.undone_at IS NULL))
		    AND $2::date IS NOT NULL AND $3::date IS NOT NULL AND $6::integer IS NOT NULL`
	afterClock = marks + `
		    AND (r.clock_on, r.id) > ($7::date, $8::uuid)
		  ORDER BY r.clock_on, r.id
		  LIMIT $9
		)`
	afterFlag = marks + `
		    AND (` + flagged + `, r.clock_on, r.id) > ($6::integer, $7::date, $8::uuid)
		  ORDER BY ` + flagged + `, r.clock_on, r.id
		  LIMIT $9
		)`
	afterTime = marks + `
		    AND (t.starts_at, r.id) > ($7::timestamptz, $8::uuid)
		  ORDER BY t.starts_at, r.id
		  LIMIT $9
		)`
	shownRows = `
		SELECT r.id, r.reference, r.person_id, r.provider, r.planned_release_on, r.released_on, r.unbooked_reason,
		  r.appointment_flag, r.withdrawn_on, r.closed, r.picked_up_on, r.substance_group,
		  p.prison_number_bix, p.identity_sealed, a.starts_at AS appointment_at, page.rank, page.key,
		  EXISTS (SELECT FROM contact c WHERE c.referral_id = r.id AND c.kind = 'cjit' AND c.undone_at IS NULL) AS cjit
		FROM page
		JOIN referral r ON r.id = page.id
		JOIN person p ON p.id = r.person_id
		LEFT JOIN appointment a ON a.referral_id = r.id AND a.outcome IS NULL AND a.slot_id IS NOT NULL AND a.undone_at IS NULL
		ORDER BY page.rank, page.key, page.id`
	// An appointment after the bridging prescription ends comes first: that gap can cost a life.
	flagged = `CASE WHEN r.appointment_flag = 'after_bridging' THEN 0 ELSE 1 END`

	awaiting = `r.released_on IS NULL AND r.withdrawn_on IS NULL AND r.provider IS NOT NULL`
	running  = `r.withdrawn_on IS NULL AND r.picked_up_on IS NULL AND NOT r.closed`

	// A planned date that has passed: from the next working day on, not assumed to have been a release.
	unconfirmed = `r.prison = $1 AND ` + awaiting + ` AND r.clock_on <= $3::date`

	releasingSoon = `r.prison = $1 AND ` + awaiting + ` AND r.clock_on BETWEEN $2::date AND $2::date + 14`

	// For two weeks: time to give the person the new card.
	dateChanged = `r.prison = $1 AND ` + awaiting + ` AND r.date_changed_at IS NOT NULL
		  AND r.date_changed_at >= $2::date - 14`

	// Everybody released in the last three months, and two weeks longer to read how it ended.
	whatBecame = `r.prison = $1 AND r.provider IS NOT NULL AND r.released_on IS NOT NULL
		  AND r.clock_on >= $2::date - 106`

	unbooked = `r.provider = $1 AND r.unbooked_reason IS NOT NULL AND ` + running + `
		  AND (r.released_on IS NULL OR r.released_on >= $2::date - 92)`

	// The release is today or in the next six days, or the appointment comes too late for the prescription.
	arriving = `(r.provider = $1 AND r.clock_on BETWEEN $2::date AND $2::date + 6 AND r.provider IS NOT NULL
		    OR r.provider = $1 AND r.appointment_flag = 'after_bridging' AND r.clock_on >= $2::date - 92)
		    AND ` + running

	// Today's, and those of earlier days whose outcome nobody has recorded.
	todays = `r.provider = $1 AND t.provider = $1 AND t.outcome IS NULL AND t.undone_at IS NULL AND t.slot_id IS NOT NULL
		    AND t.on_day <= $2::date`

	// Nothing is booked: the last appointment was missed or cancelled, or three weeks went by.
	missed = `r.provider = $1 AND ` + running + ` AND r.unbooked_reason IS NULL
		  AND r.clock_on >= $2::date - 92
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
		  AND r.clock_on BETWEEN $2::date - 21 AND $2::date`

	windowClosing = `r.provider = $1 AND r.released_on IS NOT NULL AND r.picked_up_on IS NULL AND NOT r.closed
		  AND r.clock_on BETWEEN $2::date - 92 AND $2::date - 79`

	toReview = `r.provider = $1 AND r.asked_for_by IS NOT NULL AND r.withdrawn_on IS NULL`

	counted        = ` AS name, count(*) AS n FROM referral r WHERE $3::date IS NOT NULL AND `
	countedByTime  = ` AS name, count(*) AS n FROM appointment t JOIN referral r ON r.id = t.referral_id WHERE $3::date IS NOT NULL AND `
	and            = ` UNION ALL SELECT `
	countsOfPrison = `SELECT '` + string(ReleaseUnconfirmed) + `'` + counted + unconfirmed +
		and + `'` + string(ReleasingSoon) + `'` + counted + releasingSoon +
		and + `'` + string(DateChanged) + `'` + counted + dateChanged +
		and + `'` + string(WhatBecame) + `'` + counted + whatBecame
	countsOfProvider = `SELECT '` + string(UnbookedList) + `'` + counted + unbooked +
		and + `'` + string(ArrivingThisWeek) + `'` + counted + arriving +
		and + `'` + string(TodaysAppointments) + `'` + countedByTime + todays +
		and + `'` + string(MissedToRebook) + `'` + counted + missed +
		and + `'` + string(DayOneTo21) + `'` + counted + dayOneTo21 +
		and + `'` + string(WindowClosing) + `'` + counted + windowClosing +
		and + `'` + string(ToReview) + `'` + counted + toReview
)
