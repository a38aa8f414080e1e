package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// referralBody is one person's way through the gate, as their page tells it.
type referralBody struct {
	R           *referral.Referral
	Name        string
	Person      []fact
	Release     []fact
	Need        []fact
	Appointment *appointmentBody
	Unbooked    string // why there is no appointment
	Earlier     []appointmentBody
	Next        *step
	Why         string // the next step is the next step
	Waiting     string // why there is no next step for the reader
	Others      []step
	Card        bool
	Timeline    []entry

	Contradiction string // between two entries, one of which must be wrong
	RunsOut       string // the bridging prescription, before the appointment
}

// fact is a line of a summary.
type fact struct{ Key, Value string }

// step is something that the reader may do.
type step struct{ Path, Text string }

type appointmentBody struct {
	When, Place, Address, AskFor, Telephone string
	Attempt                                 int
	Marks                                   []mark
	Outcome                                 string
}

// findReferral reads a referral for showing it, and audits that it was shown.
func (v *visit) findReferral() (r *referral.Referral, err error) {
	err = v.act(func(tx *db.Tx) (err error) {
		r, err = referral.Find(v.ctx, tx, v.who, v.now, v.id)
		return err
	})
	return r, err
}

func (v *visit) referral() error {
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	unlinkable, err := v.unlinkable(r.ID)
	if err != nil {
		return err
	}
	body := v.referralBody(r, fullName(r))
	body.Timeline = v.entries(r.Timeline, unlinkable)
	if nextStep(v.who.Role, r, v.now) == "appointment" {
		if body.Why, err = v.offer(r); err != nil {
			return err
		}
	}
	if void := v.noLongerStands(r); void != "" {
		body.Why, body.Waiting = void+" "+body.Why, void+" "+body.Waiting
	}
	moved, card := v.moved(r)
	if card != "" {
		if body.Next != nil {
			body.Others = slices.Insert(body.Others, 0, *body.Next)
		}
		body.Next, body.Why = &step{"/referrals/" + r.ID.String() + "/card", "Print the new card"}, card
	}
	done := strings.TrimSpace(v.doneTo(r) + " " + moved)
	return v.draw(http.StatusOK, "referral.html", page{Title: "Referral " + r.Reference, Back: "/", Done: done, Body: body})
}

// offer says which place the person could have next. It is not held: booking finds the next free one
// anew.
func (v *visit) offer(r *referral.Referral) (sentence string, err error) {
	err = v.act(func(tx *db.Tx) error {
		slot, err := appointment.Offer(v.ctx, tx, v.now, r.ID)
		if err != nil {
			return err
		}
		sentence = "No place is free in the days when this person could be seen."
		if slot != nil {
			sentence = "The next free place is " + moment(v.now, slot.StartsAt) + "."
		}
		if r.Appointment == nil {
			sentence = "No appointment is to come. " + sentence
		}
		return nil
	})
	return sentence, err
}

// done is what the act that led here did; only what the table of acts knows is ever said.
func (v *visit) done() string {
	for _, a := range acts {
		if a.path == v.web.QueryParam("done") {
			return a.done
		}
	}
	if v.web.QueryParam("done") == "correction" {
		return correctionDone
	}
	return decisions[v.web.QueryParam("done")]
}

// doneTo is done, where what the act made of the referral says it better.
func (v *visit) doneTo(r *referral.Referral) string {
	if v.web.QueryParam("done") == "release-date" && onlyHowSure(r) {
		return "You changed how sure the release date is. The date stays as it was."
	}
	return v.done()
}

// onlyHowSure says that the last change of the release left the date as it was.
func onlyHowSure(r *referral.Referral) bool {
	for _, e := range slices.Backward(r.Timeline) {
		if slices.Contains(followed, e.Kind) {
			return e.Kind == "corrected"
		}
	}
	return false
}

func fullName(r *referral.Referral) string {
	name := strings.TrimSpace(r.Person.GivenName + " " + r.Person.FamilyName)
	if name == "" {
		return "Name not kept"
	}
	return name
}

func (v *visit) referralBody(r *referral.Referral, name string) referralBody {
	b := referralBody{R: r, Name: name, Contradiction: afterDeath(r), RunsOut: v.runsOut(r), Person: v.personFacts(r), Release: v.releaseFacts(r), Need: v.needFacts(r)}
	if r.Appointment != nil {
		a := v.appointmentBody(*r.Appointment)
		if r.AppointmentFlag != "" && !r.Appointment.AfterBridging && !r.Appointment.NotHeld {
			a.Marks = append(a.Marks, mark{capital(lower(r.AppointmentFlag)), "govuk-tag--orange"})
		}
		b.Appointment, b.Card = &a, v.onCard(r.Appointment)
	} else if r.UnbookedReason != "" {
		b.Unbooked = lower(r.UnbookedReason)
	}
	for _, a := range r.Appointments {
		if r.Appointment == nil || a.ID != r.Appointment.ID {
			b.Earlier = append(b.Earlier, v.appointmentBody(a))
		}
	}
	next := nextStep(v.who.Role, r, v.now)
	for _, a := range acts {
		switch {
		case !a.offered(v.who, r, v.now):
		case a.path == next:
			b.Next, b.Why = a.asNext(r, v.now), why(a.path, r)
		default:
			b.Others = append(b.Others, step{a.of(r), a.called(r, v.now)})
		}
	}
	if v.who.Role == staff.Prison && r.State != referral.Withdrawn {
		b.Others = append(b.Others, step{"/referrals/" + r.ID.String() + "/correction", correctionTitle})
	}
	if b.Next == nil {
		b.Waiting = v.waiting(r)
	}
	return b
}

// waiting says whose move it is when it is not the reader's.
func (v *visit) waiting(r *referral.Referral) string {
	prison, provider := nameOf(v.Pool.Rules, r.Prison), nameOf(v.Pool.Rules, r.Provider.String())
	switch {
	case r.State == referral.PickedUp:
		return "Nothing is left to do: the pick-up is confirmed."
	case r.State == referral.NotPickedUp:
		return "Three months since the release are over. A pick-up that began within them can still be recorded."
	case r.State.Final():
		return "Nothing is left to do."
	case v.who.Role == staff.Provider && r.UnbookedReason == appointment.NoReleaseDate:
		return fmt.Sprintf("No release date is known yet, so nothing can be booked. Ask %s when it will be: an appointment is booked automatically once they say.", prison)
	case v.who.Role == staff.Provider:
		return fmt.Sprintf("%s's move: keep the release date true, and confirm the release.", prison)
	case r.State == referral.Unbooked:
		return fmt.Sprintf("%s's move: book an appointment before the release.", provider)
	}
	return fmt.Sprintf("%s's move: see the person, and confirm the pick-up.", provider)
}

func (v *visit) personFacts(r *referral.Referral) []fact {
	p := r.Person
	list := []fact{{"Date of birth", p.DateOfBirth.Long()}, {"Sex", say(p.Sex)}, {"Prison number", p.PrisonNumber}}
	if p.NHSNumber != "" {
		list = append(list, fact{"NHS number", spaced(p.NHSNumber.String())})
	}
	if p.Telephone != "" {
		list = append(list, fact{"Telephone", p.Telephone.String()})
	}
	return list
}

// spaced is an NHS number as it is read out: 999 000 0018.
func spaced(n string) string {
	if len(n) != 10 {
		return n
	}
	return n[:3] + " " + n[3:6] + " " + n[6:]
}

func (v *visit) releaseFacts(r *referral.Referral) []fact {
	today := day.Of(v.now)
	var list []fact
	add := func(key string, known bool, value string) {
		if known {
			list = append(list, fact{key, value})
		}
	}
	add("Released", !r.ReleasedOn.IsZero(), capital(nearDay(today, r.ReleasedOn)))
	if r.ReleasedOn.IsZero() {
		add("Planned release", !r.PlannedReleaseDate.IsZero(), capital(nearDay(today, r.PlannedReleaseDate)))
		add("Release date", r.ReleaseDateUnknownReason != "", "Not known: "+lower(r.ReleaseDateUnknownReason))
		add("How sure", r.ReleaseDateCertainty != "", say(r.ReleaseDateCertainty))
	} else if r.PlannedReleaseDate != r.ReleasedOn {
		add("Had been planned for", !r.PlannedReleaseDate.IsZero(), capital(nearDay(today, r.PlannedReleaseDate)))
	}
	if r.State == referral.Released {
		add("Three weeks end", true, v.clockWords(r.ReleasedOn.Add(referral.TargetDays)))
		add("Three months end", true, v.clockWords(r.ReleasedOn.Add(referral.LiveDays)))
	}
	add("Picked up", !r.PickedUpOn.IsZero(), capital(nearDay(today, r.PickedUpOn))+lateWords(r))
	add("Withdrawn", !r.WithdrawnOn.IsZero(), capital(nearDay(today, r.WithdrawnOn))+": "+lower(r.WithdrawnReason))
	for _, e := range ends(r) {
		add("Closed", true, capital(nearDay(today, e.On))+": "+lower(e.reason))
	}
	add("Kind of release", r.ReleaseKind != "", say(r.ReleaseKind))
	add("Prison", true, nameOf(v.Pool.Rules, r.Prison))
	add("Provider", true, nameOf(v.Pool.Rules, r.Provider.String()))
	add("Referred", !r.ReferredOn.IsZero(), capital(nearDay(today, r.ReferredOn)))
	add("Prison's own reference", ownReferenceOf(r) != "", ownReferenceOf(r))
	return list
}

// lateWords mark a pick-up more than three months after the release.
func lateWords(r *referral.Referral) string {
	if r.PickedUpOn.IsZero() || r.PickedUpOn.Sub(r.ReleasedOn) <= referral.LiveDays {
		return ""
	}
	return " (" + latePickUp + ")"
}

// end is why a referral was closed, and when that happened.
type end struct {
	On     day.Date
	reason string
}

// ends are the closures that stand.
func ends(r *referral.Referral) (list []end) {
	for _, e := range r.Timeline {
		var f facts
		if e.Kind == "closed" && !e.Undone && json.Unmarshal(e.Data, &f) == nil {
			list = append(list, end{e.On, f.Reason})
		}
	}
	return list
}

func (v *visit) clockWords(on day.Date) string {
	today := day.Of(v.now)
	if n := on.Sub(today); n > 1 {
		return longDay(on) + " (" + left(n) + ")"
	}
	return capital(nearDay(today, on))
}

func (v *visit) needFacts(r *referral.Referral) []fact {
	list := []fact{{"Substances", capital(strings.Join(r.Substances, ", "))}}
	if m := r.OpioidSubstitution.Medicine; m != "" {
		words := capital(m.String())
		if until := r.OpioidSubstitution.BridgingUntil; !until.IsZero() {
			words += ", bridging prescription until " + until.Long()
		}
		list = append(list, fact{"Opioid substitution", words})
	}
	list = append(list,
		fact{"Naloxone supplied", yesNoWords(r.NaloxoneSupplied)},
		fact{"Attends SMART", yesNoWords(r.AttendsSMART)},
		fact{"Referred to RECONNECT", yesNoWords(r.ReconnectReferred)},
		fact{"Consent to share with the provider", consentWords(r.Consent.ShareWithProvider)},
		fact{"Consent to share with RECONNECT", consentWords(r.Consent.ShareWithReconnect)})
	if on := r.Consent.RecordedOn; !on.IsZero() {
		list = append(list, fact{"Consent recorded on", on.Long()})
	}
	return list
}

func yesNoWords(b *bool) string {
	switch {
	case b == nil:
		return "Not recorded"
	case *b:
		return "Yes"
	}
	return "No"
}

func consentWords(t referral.Text) string {
	if t == "" {
		return "Not recorded"
	}
	return say(t)
}

func (v *visit) appointmentBody(a appointment.Appointment) appointmentBody {
	b := appointmentBody{Place: a.Place, Address: a.Address, AskFor: a.AskFor, Telephone: a.Telephone, Attempt: a.Attempt}
	if a.StartsAt != nil {
		b.When = capital(moment(v.now, *a.StartsAt))
	} else {
		b.When = capital(nearDay(day.Of(v.now), a.OnDay))
	}
	if a.Late {
		b.Marks = append(b.Marks, mark{"Later than the target", "govuk-tag--orange"})
	}
	if a.AfterBridging {
		b.Marks = append(b.Marks, mark{"After the bridging prescription", "govuk-tag--red"})
	}
	if a.NotHeld && a.Outcome == nil && a.Future(v.now) {
		b.Marks = append(b.Marks, mark{capital(lower(appointment.FlagNotHeld)), "govuk-tag--red"})
	}
	switch {
	case a.Outcome == nil && a.StartsAt != nil && !a.Future(v.now):
		b.Outcome = "Outcome not recorded yet"
	case a.Outcome != nil:
		b.Outcome = say(*a.Outcome)
		if a.OutcomeReason != nil {
			b.Outcome += ": " + givenUp(*a.OutcomeReason)
		}
	}
	return b
}
