package web

import (
	"encoding/json"
	"slices"
	"time"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// nextStep is the path of the one act that the referral waits for from the reader; "" for none.
func nextStep(role staff.Role, r *referral.Referral, now time.Time) string {
	if role == staff.Prison {
		return prisonsStep(r, day.Of(now))
	}
	switch seen, passed := attended(r), r.Appointment != nil && !r.Appointment.Future(now); {
	case r.State.Final():
		return ""
	case r.LaterID != nil:
		return "closure"
	case r.State == referral.Unbooked && r.UnbookedReason != appointment.NoReleaseDate:
		return "appointment"
	case passed:
		return "outcome"
	case !seen && inDanger(r, day.Of(now)):
		return "slot"
	case !seen && r.Appointment == nil && r.State != referral.Unbooked: // missed or cancelled, before the release as after
		return "appointment"
	case r.State == referral.Released:
		return "pickup"
	}
	return ""
}

// inDanger says that an appointment to come cannot be held, or comes after a prescription that another could still
// come before.
func inDanger(r *referral.Referral, today day.Date) bool {
	a := r.Appointment
	return a != nil && (a.NotHeld || a.AfterBridging && !r.OpioidSubstitution.BridgingUntil.Before(today))
}

// prisonsStep: a person who has moved takes the referral along; once the planned day has come, what happened; before it,
// the date is kept true.
func prisonsStep(r *referral.Referral, today day.Date) string {
	switch {
	case r.State != referral.Booked && r.State != referral.Unbooked:
		return ""
	case transferred(r):
		return "transfer"
	case !r.PlannedReleaseDate.IsZero() && !r.PlannedReleaseDate.After(today):
		return "release"
	}
	return "release-date"
}

// transferred says that the last that is known of a release not yet confirmed is a transfer, as a prison's program says
// it, without the prison that has the person now.
func transferred(r *referral.Referral) bool {
	for _, e := range slices.Backward(r.Timeline) {
		var f facts
		switch {
		case e.Undone:
		case e.Kind == "transferred", e.Kind == "date_changed":
			return false
		case e.Kind == "not_a_release" && json.Unmarshal(e.Data, &f) == nil:
			return f.Reason == "TRANSFERRED"
		}
	}
	return false
}

// reasons say why a next step is the next step.
var reasons = map[string]string{
	"release":      "The planned day has come.",
	"transfer":     "They were transferred: the prison that has them now sees nothing of the referral until you hand it over.",
	"release-date": "Keep the release date true: if it changes, say so here, and the appointment follows.",
	"outcome":      "The appointment is over.",
	"closure":      "The person has been referred again for a later release, so they must have returned to custody since this one.",
	"pickup":       "Once the person has started treatment.",
	"slot":         "The appointment comes after the bridging prescription ends. Ring the person if they are out, and choose one that will do.",
}

// why is the reason for a next step of this referral.
func why(path string, r *referral.Referral) string {
	if path == "slot" && r.Appointment.NotHeld {
		return "No clinic is held at the time of the appointment. Ring the person if they are out, and choose another."
	}
	return reasons[path]
}

// asNext is the page of a next step. An end that is known already is not asked for again.
func (a act) asNext(r *referral.Referral, now time.Time) *step {
	if a.path == "closure" {
		return &step{a.of(r) + "?of=returned_to_custody", "Close as returned to custody"}
	}
	return &step{a.of(r), a.called(r, now)}
}

func attended(r *referral.Referral) bool {
	for _, a := range r.Appointments {
		if a.Outcome != nil && (*a.Outcome == "attended" || *a.Outcome == "attended_late") {
			return true
		}
	}
	return false
}
