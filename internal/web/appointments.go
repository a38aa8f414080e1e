package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/timeline"
)

// dayBody is the provider's list of one day.
type dayBody struct {
	On                day.Date
	Heading           string
	Closed            string // why nobody is seen on the day; "" for an ordinary one
	Earlier, Later    string
	AlcoholOnly, CJIT bool
	Date              field
	Visits            []visitLine
	CSV               string // the address of the day, to keep
	Empty             string
}

// visitLine is one appointment, with what may be done about it on the spot.
type visitLine struct {
	referral.Visit
	Time, Outcome string
	Begun         bool
	Marks         []mark
	Next          *step
}

func (v *visit) appointments() error {
	return v.drawDay(http.StatusOK, v.askedDay(), nil, outcomesDone[v.web.QueryParam("done")])
}

var outcomesDone = map[string]string{
	"attended":       "Attended: the outcome is recorded.",
	"attended_late":  "Attended, late: the outcome is recorded.",
	"did_not_attend": "Did not attend: the outcome is recorded. Offer the person another appointment.",
}

// askedDay is the day in the address, of a link or of the form with its three boxes; today where it names none.
func (v *visit) askedDay() form {
	if on, err := day.Parse(v.web.QueryParam("day")); err == nil {
		return threeBoxes("day", on)
	}
	if !v.web.QueryParams().Has("day-day") {
		return threeBoxes("day", day.Of(v.now))
	}
	typed := form{}
	for _, part := range []string{"day-day", "day-month", "day-year"} {
		typed[part] = v.web.QueryParam(part)
	}
	return typed
}

// threeBoxes is a date as somebody would have typed it into its three boxes; no date leaves them empty.
func threeBoxes(name string, on day.Date) form {
	f := form{}
	f.setDate(name, on)
	return f
}

// drawDay shows a day; one that does not exist leaves today's list under what is wrong with it.
func (v *visit) drawDay(status int, typed form, said *problem.Invalid, done string) error {
	on, err := day.Parse(typed.date("day"))
	if err != nil {
		on, status = day.Of(v.now), http.StatusUnprocessableEntity
		said = &problem.Invalid{Corrections: []problem.Correction{{Field: "day", Code: "date"}}}
	}
	filter := referral.ListFilter{AlcoholOnly: v.web.QueryParam("alcohol_only") != "", CJIT: v.web.QueryParam("cjit") != ""}
	body := dayBody{On: on, Heading: longDay(on), Earlier: dayAddress(on.Add(-1), filter), Later: dayAddress(on.Add(1), filter),
		AlcoholOnly: filter.AlcoholOnly, CJIT: filter.CJIT, Empty: "Nobody who was referred from prison has an appointment on this day."}
	if filter.AlcoholOnly || filter.CJIT {
		body.Empty = "Nobody on this day has the mark you chose. Take the filter off to see everybody."
	}
	body.CSV = strings.Replace(dayAddress(on, filter), "/appointments", "/appointments.csv", 1)
	err = v.act(func(tx *db.Tx) error {
		visits, err := referral.OfDay(v.ctx, tx, v.who, v.now, on, filter)
		for _, one := range visits {
			body.Visits = append(body.Visits, v.visitLine(one))
		}
		if err != nil {
			return err
		}
		body.Closed, err = appointment.WhyClosed(v.ctx, tx, v.who.Organisation(), on)
		return err
	})
	if err != nil {
		return err
	}
	fields, mistakes := fill([]field{{Name: "day", Label: "Another day", Kind: "date", Called: "the day"}}, typed, said)
	body.Date = fields[0]
	return v.draw(status, "appointments.html", page{Title: "Appointments on " + body.Heading, Faults: mistakes, Done: done, Body: body})
}

func dayAddress(on day.Date, f referral.ListFilter) string {
	q := url.Values{"day": {on.String()}}
	if f.AlcoholOnly {
		q.Set("alcohol_only", "yes")
	}
	if f.CJIT {
		q.Set("cjit", "yes")
	}
	return "/appointments?" + q.Encode()
}

func (v *visit) visitLine(one referral.Visit) visitLine {
	line := visitLine{Visit: one, Time: "No time", Begun: !one.Future(v.now), Marks: v.appointmentBody(one.Appointment).Marks}
	if one.StartsAt != nil {
		line.Time = clock(*one.StartsAt)
	}
	if one.Overbooked {
		line.Marks = append(line.Marks, mark{"Overbooked", "govuk-tag--orange"})
	}
	if one.AlcoholOnly {
		line.Marks = append(line.Marks, alcoholMark)
	}
	if one.CJIT {
		line.Marks = append(line.Marks, cjitMark)
	}
	if one.Outcome != nil {
		line.Outcome = v.appointmentBody(one.Appointment).Outcome
		line.Next = afterOutcome(one)
	}
	return line
}

// afterOutcome is what is left to do for somebody who was seen, or was not.
func afterOutcome(one referral.Visit) *step {
	path := "/referrals/" + one.ReferralID.String()
	switch seen := *one.Outcome == "attended" || *one.Outcome == "attended_late"; {
	case one.State != referral.Released:
		return nil
	case seen:
		return &step{path + "/pickup", "Confirm pick-up"}
	case !one.Open:
		return &step{path + "/appointment", "Book the next free appointment"}
	}
	return nil
}

// visitOutcome records with one click what became of an appointment. Sent twice it is recorded once,
// and the list says that it stands.
func (v *visit) visitOutcome() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	err = v.act(func(tx *db.Tx) error {
		if err := v.holdFor(tx, typed); err != nil {
			return err
		}
		_, _, err := appointment.RecordOutcome(v.ctx, tx, v.who, v.now, v.id, appointment.Outcome{Outcome: typed["outcome"]})
		return err
	})
	if _, err := day.Parse(typed["day"]); err != nil {
		typed["day"] = day.Of(v.now).String()
	}
	on := threeBoxes("day", day.MustParse(typed["day"]))
	var wrong *problem.Invalid
	var conflict *problem.Conflict
	switch {
	case errors.As(err, &wrong):
		return v.drawDay(http.StatusUnprocessableEntity, on, wrong, "")
	case errors.As(err, &conflict):
		said, err := v.notTwice(typed, conflict)
		if err != nil {
			return err
		}
		return v.drawDay(http.StatusConflict, on, said, "")
	case err != nil:
		return err
	}
	return v.seeOther("/appointments?day=" + url.QueryEscape(typed["day"]) + "&done=" + url.QueryEscape(typed["outcome"]))
}

// notTwice says when the outcome that was sent had been recorded, and by whom; or why else it cannot be recorded.
func (v *visit) notTwice(typed form, conflict *problem.Conflict) (said *problem.Invalid, err error) {
	said = &problem.Invalid{Corrections: []problem.Correction{{Code: conflict.Code, Message: conflict.Message}}}
	id, unknown := uuid.Parse(typed["referral"])
	if unknown != nil {
		return said, nil
	}
	err = v.act(func(tx *db.Tx) error {
		if _, err := referral.Hold(v.ctx, tx, v.who, id, 0); err != nil {
			return err
		}
		events, err := timeline.Of(v.ctx, tx, id)
		if again := v.recordedAlready("outcome", events, form{"outcome": typed["outcome"], "appointment_id": v.id.String()}); again != nil {
			said = again
		}
		return err
	})
	return said, err
}

// holdFor refuses a list that has been overtaken: the referral has changed since it was shown.
func (v *visit) holdFor(tx *db.Tx, typed form) error {
	id, err := uuid.Parse(typed["referral"])
	if err != nil {
		return nil // the act itself finds the referral
	}
	_, err = referral.Hold(v.ctx, tx, v.who, id, typed.version())
	return err
}
