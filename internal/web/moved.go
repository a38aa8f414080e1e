package web

import (
	"encoding/json"
	"slices"

	"throughgate/internal/referral"
)

// moving are the acts that the appointment follows.
var moving = []string{"release-date", "release", "release-correction", "correction"}

// followed are the events of those acts: what happened to the appointment is written after them.
var followed = []string{"date_changed", "released", "not_a_release", "corrected"}

// moved says what the last act did to the appointment, old and new, so that nobody has to compare, and
// whether the person needs a card for it.
func (v *visit) moved(r *referral.Referral) (words string, newCard bool) {
	if !slices.Contains(moving, v.web.QueryParam("done")) || len(r.Timeline) == 0 {
		return "", false
	}
	for _, e := range slices.Backward(r.Timeline) {
		var f facts
		if slices.Contains(followed, e.Kind) || json.Unmarshal(e.Data, &f) != nil {
			break
		}
		switch {
		case (e.Kind == "booked" || e.Kind == "rebooked") && f.StartsAt != nil && f.Old != nil && f.Old.StartsAt != nil:
			return "The appointment moved: it was " + moment(v.now, *f.Old.StartsAt) + ", it is " + moment(v.now, *f.StartsAt) + ".", v.onCard(r.Appointment)
		case (e.Kind == "booked" || e.Kind == "rebooked") && f.StartsAt != nil:
			return "An appointment is booked: " + moment(v.now, *f.StartsAt) + ".", v.onCard(r.Appointment)
		case e.Kind == "unbooked":
			return "There is no appointment now: " + lower(f.Reason) + ".", false
		}
	}
	if r.Appointment == nil || r.Appointment.StartsAt == nil {
		return "", false
	}
	return "The appointment stays as it was: " + moment(v.now, *r.Appointment.StartsAt) + ".", false
}
