package jobs

import (
	"errors"
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"throughgate/internal/day"
)

// DueTimes are the moments after from, up to and including to, at which a schedule of five cron
// fields in London's clock time is due, oldest first. The cron library alone would drop a run in the
// hour that the clock skips and double it in the hour that it repeats; here every clock time of the
// schedule is due once each day: a skipped one as late after the jump as it would have been after
// the hour began, a repeated one when the clocks show it for the first time.
func DueTimes(schedule string, from, to time.Time) ([]time.Time, error) {
	spec, err := clockSchedule(schedule)
	if err != nil {
		return nil, err
	}
	var due []time.Time
	last := clockOf(to).Add(clockShift)
	for clock := spec.Next(clockOf(from).Add(-clockShift)); !clock.IsZero() && !clock.After(last); clock = spec.Next(clock) {
		if at := momentOf(clock); at.After(from) && !at.After(to) {
			due = append(due, at)
		}
	}
	slices.SortFunc(due, time.Time.Compare)
	return slices.CompactFunc(due, time.Time.Equal), nil
}

// clockShift is more than any change of the clocks.
const clockShift = 2 * time.Hour

// clockSchedule reads the schedule so that it counts in clock times, which are held as if they were
// UTC: no hour of them is skipped or repeated.
func clockSchedule(schedule string) (*cron.SpecSchedule, error) {
	parsed, err := cron.ParseStandard(schedule)
	if err != nil {
		return nil, errors.New("report.schedule is not five cron fields, such as \"0 7 * * 1\"")
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok || spec.Location != time.Local {
		return nil, errors.New("report.schedule names days and times in London, not a gap between runs or another time zone")
	}
	spec.Location = time.UTC
	return spec, nil
}

// clockOf is what London's clocks show at a moment.
func clockOf(at time.Time) time.Time {
	_, ahead := at.In(day.London).Zone()
	return at.UTC().Add(time.Duration(ahead) * time.Second)
}

// momentOf is when London's clocks show a time: for the first time where they show it twice, and
// counted on from before the jump where they never do.
func momentOf(clock time.Time) time.Time {
	earlier := clock.Add(-aheadAt(clock.Add(-24 * time.Hour)))
	later := clock.Add(-aheadAt(clock.Add(24 * time.Hour)))
	if !clockOf(earlier).Equal(clock) && clockOf(later).Equal(clock) {
		return later.In(day.London)
	}
	return earlier.In(day.London)
}

// aheadAt is how far London's clocks are ahead of UTC.
func aheadAt(at time.Time) time.Duration { return clockOf(at).Sub(at) }

// lookBack is how far back the latest due time is looked for, a little at first: schedules are
// weekly, but a yearly one is a schedule too.
var lookBack = []time.Duration{8 * 24 * time.Hour, 32 * 24 * time.Hour, 4 * 366 * 24 * time.Hour}

// latestDue is the newest due time that has come; false when there is none in four years.
func latestDue(schedule string, now time.Time) (time.Time, bool, error) {
	for _, back := range lookBack {
		due, err := DueTimes(schedule, now.Add(-back), now)
		if err != nil {
			return time.Time{}, false, err
		}
		if len(due) > 0 {
			return due[len(due)-1], true, nil
		}
	}
	return time.Time{}, false, nil
}

// coverage is what a report due at a moment covers: data through the day before, and the window that
// ends on the last Sunday before the day it is due.
func coverage(due time.Time) (windowEnd, dataThrough day.Date) {
	dataThrough = day.Of(due).Add(-1)
	return dataThrough.Add(-int(dataThrough.Weekday())), dataThrough
}
