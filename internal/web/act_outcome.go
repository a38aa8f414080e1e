package web

import (
	"slices"
	"strings"

	"throughgate/internal/appointment"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// whatBecame offers what can have become of the appointment: one to come can only be cancelled.
func whatBecame(v *visit, r *referral.Referral) field {
	q := field{Name: "outcome", Label: "What became of it?", Called: "what became of the appointment", Kind: "radios", Hint: v.whichAppointment(r),
		Options: choices(appointment.Outcomes...)}
	if a := subject(r); a != nil && a.Future(v.now) {
		q.Options = choices("cancelled")
	}
	return q
}

// noReason is what stands where nobody chose another reason.
const noReason = "none_given"

// aboutOutcome asks who cancelled and why somebody did not come: of somebody who came nothing, unless it corrects an
// outcome that is recorded already.
func aboutOutcome(v *visit, r *referral.Referral, outcome string) asked {
	page := asked{title: say(outcome), lead: v.whichAppointment(r) + ".", button: "Record"}
	whyNot := field{Name: "reason", Label: "Reason (optional)", Kind: "radios", Options: choices(appointment.OutcomeReasons...)}
	switch outcome {
	case "did_not_attend":
		whyNot.Label = "Reason" // one is chosen already, so it cannot be left out
		page.title, page.fields, page.known = "Why did they not attend?", []field{whyNot}, form{whyNot.Name: noReason}
	case "cancelled":
		page.title, page.button = "Who cancelled the appointment?", "Record the cancellation"
		page.lead += " The place is free for somebody else at once."
		page.fields = []field{{Name: "cancelled_by", Label: "Who cancelled it?", Called: "who cancelled it", Kind: "radios",
			Options: []option{{Value: "person", Text: "The person"}, {Value: "provider", Text: "Us"}, {Value: "prison", Text: "The prison"}}}, whyNot}
	}
	if a := subject(r); a != nil && a.Outcome != nil {
		page.title, page.button = "Correct what became of the appointment", "Correct the outcome"
		page.lead = v.whichAppointment(r) + ". It is recorded already: " + lower(*a.Outcome) + "."
		if a.OutcomeReason != nil && outcome == *a.Outcome {
			page.known = form{whyNot.Name: *a.OutcomeReason}
		}
		if outcome != *a.Outcome {
			page.lead += " You change that to: " + lower(outcome) + "."
		}
		page.fields = append(page.fields, field{Name: "correction_reason", Label: "Why was the earlier outcome wrong?", Called: "why the earlier outcome was wrong", Kind: "text"})
	}
	return page
}

// subject is the appointment that an outcome is about: the open one, else the last.
func subject(r *referral.Referral) *appointment.Appointment {
	if r.Appointment != nil || len(r.Appointments) == 0 {
		return r.Appointment
	}
	return &r.Appointments[len(r.Appointments)-1]
}

func (v *visit) whichAppointment(r *referral.Referral) string {
	a := subject(r)
	if a == nil {
		return "There is no appointment yet"
	}
	b := v.appointmentBody(*a)
	return strings.Join(slices.DeleteFunc([]string{b.When, b.Place}, func(s string) bool { return s == "" }), ", ")
}

// recordOutcome wants a reason where it corrects.
func recordOutcome(v *visit, tx *db.Tx, r *referral.Referral, typed form) (err error) {
	if r.Appointments, err = appointment.Chain(v.ctx, tx, r.ID); err != nil {
		return err
	}
	if r.Appointment, err = appointment.Open(v.ctx, tx, r.ID); err != nil {
		return err
	}
	a := subject(r)
	if a == nil {
		return problem.Wrong("outcome", "no_appointment", "There is no appointment: record a visit without an appointment instead")
	}
	o := appointment.Outcome{Outcome: typed["outcome"], Reason: typed["reason"], CancelledBy: typed["cancelled_by"], CorrectionReason: strings.TrimSpace(typed["correction_reason"])}
	var wrong problem.Corrections
	if a.Outcome != nil && o.CorrectionReason == "" {
		o.CorrectionReason = "none"
		wrong.Add("correction_reason", "required", "Enter why the earlier outcome was wrong")
	}
	_, _, err = appointment.RecordOutcome(v.ctx, tx, v.who, v.now, a.ID, o)
	return together(wrong, err)
}
