package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"throughgate/internal/appointment"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// act is something that happens to a referral: one page with one form, and the act of the pathway
// that it calls, the same as the API's.
type act struct {
	path   string
	title  string // the link to the page, and its heading
	lead   string // what follows from it
	button string
	done   string // said once it is done
	roles  []staff.Role
	states []referral.State                             // in which it can be done
	fields func(v *visit, r *referral.Referral) []field // nil where the act has a first question (act_first.go)
	do     func(v *visit, tx *db.Tx, r *referral.Referral, typed form) error
}

// offered says whether the act makes sense for the reader as the referral stands. It spares them links to pages that would
// refuse, and forms on them: whether a form that was sent is taken, the act itself decides.
func (a act) offered(who staff.Who, r *referral.Referral, now time.Time) bool {
	passed := r.Appointment != nil && !r.Appointment.Future(now)
	switch {
	case a.path == "outcome" && len(r.Appointments) == 0:
		return false
	case a.path == "appointment" && (passed || r.UnbookedReason == appointment.NoReleaseDate), a.path == "slot" && passed:
		return false // what became of the last one is recorded first; without a date, a time is chosen
	case a.path == "move" && r.AskedForBy == "":
		return false
	case a.path == "undo" && referral.LastUndoable(who, r.Timeline) == nil:
		return false
	}
	return slices.Contains(a.roles, who.Role) && slices.Contains(a.states, r.State)
}

// of is the address of the act's page for a referral.
func (a act) of(r *referral.Referral) string { return "/referrals/" + r.ID.String() + "/" + a.path }

// called is what the act is called as the referral stands.
func (a act) called(r *referral.Referral, now time.Time) string {
	about := subject(r)
	switch {
	case a.path != "outcome" || about == nil:
		return a.title
	case about.Outcome != nil:
		return "Correct what became of the appointment"
	case about.Future(now):
		return "Cancel the appointment"
	}
	return a.title
}

// actBody is an act's page.
type actBody struct {
	Act     string
	Title   string
	Lead    string
	Stands  string // the appointment to come that the act may move or give up
	Other   string // id of the referral that stands in the way
	Offer   string // the place that would be booked
	Button  string
	Name    string
	R       *referral.Referral
	Facts   []fact
	Days    []link // to choose a slot from
	Fields  []field
	Version int // of the referral, as the reader saw it
	Cancel  string
}

// actRoutes are the pages of the acts and the forms on them, each for the act's own roles.
func actRoutes() (list []route) {
	for _, a := range acts {
		path := "/referrals/:id/" + a.path
		list = append(list,
			route{get, path, false, a.roles, "referral", func(v *visit) error { return v.actPage(a, http.StatusOK, nil, nil) }},
			route{post, path, false, a.roles, "referral", func(v *visit) error { return v.answerAct(a) }})
	}
	return list
}

// actPage shows the form with what is known; again, with what was typed and what is wrong with it.
func (v *visit) actPage(a act, status int, typed form, wrong *problem.Invalid) error {
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	if status == http.StatusOK && v.kept == nil && !a.offered(v.who, r, v.now) {
		return v.notNow(a, r)
	}
	if status == http.StatusConflict {
		wrong = v.sinceOpened(a.path, r, typed, wrong)
	}
	asks, _ := v.asking(a, r)
	body := actBody{
		Act: a.path, Title: asks.title, Lead: asks.lead, Button: asks.button, Name: fullName(r), R: r,
		Facts: v.releaseFacts(r), Fields: asks.fields, Version: r.Version, Cancel: "/referrals/" + r.ID.String(),
	}
	if r.Appointment != nil && r.Appointment.Future(v.now) && !asks.first && !slices.Contains(leaveItAlone, a.path) {
		body.Stands = "The appointment now: " + v.whichAppointment(r) + "."
	}
	switch {
	case a.path == "slot":
		err = v.offerSlots(&body)
	case a.path == "appointment" && a.offered(v.who, r, v.now):
		body.Offer, err = v.offer(r)
	}
	if err != nil {
		return err
	}
	if typed == nil {
		typed = asks.known
	}
	var mistakes faults
	body.Fields, mistakes = fill(body.Fields, typed, saidOnce(body.Fields, wrong))
	return v.draw(status, "act.html", page{Title: body.Title, Back: cmp.Or(asks.back, body.Cancel), Faults: mistakes, Body: body})
}

// leaveItAlone are the acts that move no appointment, or name the one that they are about themselves.
var leaveItAlone = []string{"contact", "outcome", "move"}

// saidOnce leaves of a fault between two fields the one that the page asks.
func saidOnce(fields []field, wrong *problem.Invalid) *problem.Invalid {
	if wrong == nil {
		return nil
	}
	asked := func(c problem.Correction) bool {
		return slices.ContainsFunc(fields, func(f field) bool { return f.Name == c.Field })
	}
	left := slices.DeleteFunc(slices.Clone(wrong.Corrections), func(c problem.Correction) bool {
		return !asked(c) && slices.ContainsFunc(wrong.Corrections, func(o problem.Correction) bool { return asked(o) && o.Code == c.Code })
	})
	return &problem.Invalid{Corrections: left}
}

// carryOut does what the form asks. What cannot be done is said on the form, with what was typed.
func (v *visit) carryOut(a act, typed form) error {
	var again bool // it was recorded before, and is once
	err := v.act(func(tx *db.Tx) error {
		r, err := referral.Hold(v.ctx, tx, v.who, v.id, typed.version())
		if err != nil {
			return err
		}
		if err := a.do(v, tx, r, typed); err != nil {
			return err
		}
		again, err = r.AsHeld(v.ctx, tx)
		return err
	})
	var wrong *problem.Invalid
	var conflict *problem.Conflict
	switch {
	case err == nil && again:
		return v.seeOther("/referrals/" + v.id.String() + "?done=" + doneBefore)
	case err == nil:
		return v.seeOther(v.after(a))
	case errors.As(err, &wrong):
		return v.actPage(a, http.StatusUnprocessableEntity, typed, wrong)
	case errors.As(err, &conflict):
		said := &problem.Invalid{Corrections: []problem.Correction{{Code: conflict.Code, Message: conflict.Message}}}
		return v.actPage(a, http.StatusConflict, typed, said)
	}
	return err
}

// doneBefore leads to what is said of an act that made nothing new.
const doneBefore = "before"

// after is where an act leads: back to the referral, or to the worklists when it has left the
// reader's hands.
func (v *visit) after(a act) string {
	if a.path == "transfer" {
		return "/?done=transfer"
	}
	return "/referrals/" + v.id.String() + "?done=" + a.path
}

// version is the one that the reader saw; 0, which fits any, for whoever sends none.
func (f form) version() int {
	n, err := strconv.Atoi(f["version"])
	if err != nil {
		return 0
	}
	return n
}
