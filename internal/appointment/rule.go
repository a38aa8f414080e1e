package appointment

import (
	"time"

	"throughgate/config"
	"throughgate/internal/day"
)

// span is where the rule of workflow.md ("Appointment") lets a referral's place lie:
//
//	release or today,                    target:               within:
//	whichever is later                   3rd working day       21st day
//	|-- release day: from 13:00 -- ... --|--------- late ------|
//	 ^ from                               target                until
//
// The earliest free place inside it, in a clinic that can see the need, is the one. It is in the
// target, and before the bridging prescription ends, whenever any place is: so one search finds it.
type span struct {
	from        time.Time // no place that starts earlier
	until       day.Date  // nor after this day
	target      day.Date  // last day that is not late
	bridged     day.Date  // last day of the bridging prescription; none where there is none
	prescribing bool
}

// span needs a known release date.
func (w Wish) span(now time.Time, rules *config.Config) span {
	today := day.Of(now)
	later := today
	if w.ReleaseOn.After(today) {
		later = w.ReleaseOn
	}
	s := span{
		from:        now,
		until:       later.Add(rules.Allocation.WithinDays),
		target:      rules.Calendar.AddWorking(later, rules.Allocation.TargetWorkingDays),
		bridged:     w.BridgingUntil,
		prescribing: w.Prescribing,
	}
	// People travel from the gate, so on the day of release itself the morning is too early.
	minutes, _ := config.Clock(rules.Allocation.ReleaseDayFrom)
	if out := w.ReleaseOn.At(0, minutes); out.After(now) {
		s.from = out
	}
	return s
}

// allows says whether a place may be had at all, be it late.
func (s span) allows(a *Appointment) bool {
	return !a.NotHeld && !a.NoRoom && !a.StartsAt.Before(s.from) && !a.OnDay.After(s.until) && (a.Prescribing || !s.prescribing)
}

func (s span) late(on day.Date) bool { return on.After(s.target) }

func (s span) afterBridging(on day.Date) bool {
	return !s.bridged.IsZero() && on.After(s.bridged)
}

// satisfied says that a place is all the rule asks: nothing earlier needs to be looked for.
func (s span) satisfied(a *Appointment) bool {
	return s.allows(a) && !s.late(a.OnDay) && !s.afterBridging(a.OnDay)
}

// openUntil is the last day for which slots are open.
func openUntil(now time.Time, rules *config.Config) day.Date {
	return day.Of(now).Add(7 * rules.Allocation.OpenWeeks)
}
