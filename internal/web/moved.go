package web

import (
	"encoding/json"
	"slices"

	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// moving are the acts that the appointment follows, and those that book another.
var (
	moving  = []string{"release-date", "release", "release-correction", "correction"}
	booking = []string{"appointment", "slot"}
)

// followed are the events of those acts: what happened to the appointment is written after them.
var followed = []string{"date_changed", "released", "not_a_release", "corrected"}

// moved says what the last act did to the appointment, old and new, so that nobody has to compare; and why the person
// needs a card for it, "" where they do not.
func (v *visit) moved(r *referral.Referral) (words, card string) {
	booked := slices.Contains(booking, v.web.QueryParam("done"))
	if !booked && !slices.Contains(moving, v.web.QueryParam("done")) || len(r.Timeline) == 0 {
		return "", ""
	}
	for _, e := range slices.Backward(r.Timeline) {
		var f facts
		if slices.Contains(followed, e.Kind) || json.Unmarshal(e.Data, &f) != nil {
			break
		}
		switch {
		case (e.Kind == "booked" || e.Kind == "rebooked") && f.StartsAt != nil:
			return v.bookedWords(f, booked), v.cardWords(r, f)
		case e.Kind == "unbooked":
			return "There is no appointment now: " + lower(f.Reason) + ".", ""
		}
	}
	if r.Appointment == nil || r.Appointment.StartsAt == nil {
		return "", ""
	}
	return "The appointment stays as it was: " + moment(v.now, *r.Appointment.StartsAt) + ".", ""
}

// bookedWords say when an appointment is, and was; that it is booked is said already where that was the act.
func (v *visit) bookedWords(f facts, said bool) string {
	at := moment(v.now, *f.StartsAt) + "."
	switch {
	case f.Old != nil && f.Old.StartsAt != nil:
		return "The appointment moved: it was " + moment(v.now, *f.Old.StartsAt) + ", it is " + at
	case said:
		return "It is " + at
	}
	return "An appointment is booked: " + at
}

// cardWords are why a new card is needed: before the release the prison hands it out, after it whoever acted tells the person.
func (v *visit) cardWords(r *referral.Referral, f facts) string {
	switch {
	case !v.onCard(r.Appointment):
		return ""
	case r.ReleasedOn.IsZero() && v.who.Role == staff.Prison:
		return "The card that the person has may be out of date."
	case r.ReleasedOn.IsZero():
		return ""
	case f.TellPerson:
		return "Tell the person: their card has the old time."
	}
	return "Tell the person when and where it is."
}

// noLongerStands says that a card which the person may hold is for an appointment that was given up, with none in its
// place; "" where there is none, or they gave it up themselves.
func (v *visit) noLongerStands(r *referral.Referral) string {
	if r.Appointment != nil || len(r.Appointments) == 0 || r.State.Final() && r.State != referral.Withdrawn || r.WithdrawnReason == "died" {
		return ""
	}
	last := r.Appointments[len(r.Appointments)-1]
	if !last.Future(v.now) || last.CancelledBy == nil || *last.CancelledBy == "person" {
		return ""
	}
	at := moment(v.now, *last.StartsAt)
	if r.ReleasedOn.IsZero() {
		return "Take back the card, if they have one: the appointment on it, " + at + ", no longer stands."
	}
	return "Tell the person: the appointment on their card, " + at + ", no longer stands."
}
