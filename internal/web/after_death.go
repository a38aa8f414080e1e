package web

import (
	"throughgate/internal/day"
	"throughgate/internal/referral"
)

// afterDeath warns of what only a living person does and is recorded for a day after their death: one of the two is a
// slip. The death is taken all the same, since it stops every reminder and whoever knows of it may be unable to correct
// the other entry; "" where nothing contradicts it.
func afterDeath(r *referral.Referral) string {
	died, later := diedOn(r), day.Date{}
	if died.IsZero() {
		return ""
	}
	for _, on := range livingDays(r) {
		if on.After(died) {
			later = on
		}
	}
	if later.IsZero() {
		return ""
	}
	return "The death is recorded for " + longDay(died) + ", and that the person was seen, spoken to or recalled on " + longDay(later) +
		". One of the two days is wrong: undo or correct that entry, or ask whoever made it to."
}

func diedOn(r *referral.Referral) day.Date {
	if r.WithdrawnReason == "died" {
		return r.WithdrawnOn
	}
	for _, e := range ends(r) {
		if e.reason == "died" {
			return e.On
		}
	}
	return day.Date{}
}

// livingDays are the days on which the person came, started treatment, was in contact or returned to custody.
func livingDays(r *referral.Referral) (days []day.Date) {
	for _, a := range r.Appointments {
		if a.Outcome != nil && (*a.Outcome == "attended" || *a.Outcome == "attended_late") {
			days = append(days, a.OnDay)
		}
	}
	for _, e := range r.Timeline {
		if e.Kind == "contact" && !e.Undone {
			days = append(days, e.On)
		}
	}
	for _, e := range ends(r) {
		if e.reason == "returned_to_custody" {
			days = append(days, e.On)
		}
	}
	return append(days, r.PickedUpOn)
}
