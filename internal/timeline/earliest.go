package timeline

import (
	"throughgate/internal/day"
	"throughgate/internal/problem"
)

// monthsBefore is how long before a referral something of it can have happened: in reach and the criminal justice team meet
// people before the prison refers them. A day further back is a slip of the year.
const monthsBefore = 3

// TooLongAgo refuses a day further back than three months before the person was referred, or before the release where that
// came first; it names the first day that is taken. Dates that are not known refuse nothing.
func TooLongAgo(wrong *problem.Corrections, field string, on, referred, release day.Date) {
	if first := earliest(referred, release); !on.IsZero() && on.Before(first) {
		wrong.Add(field, "too_long_ago", "This must not lie before "+first.Long()+", three months before the referral or the release: check the year.")
	}
}

func earliest(referred, release day.Date) day.Date {
	if referred.IsZero() || !release.IsZero() && release.Before(referred) {
		referred = release
	}
	if referred.IsZero() {
		return day.Date{}
	}
	return referred.AddMonths(-monthsBefore)
}
