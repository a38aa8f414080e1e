package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// clinicsBody is when and where the provider sees people.
type clinicsBody struct {
	Clinics []clinicLine
	Closed  []closedLine
}

type clinicLine struct {
	appointment.Clinic
	When, Booked string
	Affected     bool // a change of it, or its closing, concerned an appointment that is still to come
}

type closedLine struct {
	On, Words string
	Affected  bool
}

var clinicsDone = map[string]string{
	"added":       "The clinic is added. Its times are open for booking.",
	"changed":     "The clinic is changed.",
	"closed":      "The clinic is closed.",
	"shut":        "The day is closed.",
	"shut-before": "The day had been closed already: nothing has changed.",
	"opened":      "The day is open again.",
}

func (v *visit) clinics() error {
	var body clinicsBody
	err := v.act(func(tx *db.Tx) error {
		concerned, err := v.concerned(tx)
		if err != nil {
			return err
		}
		all, err := appointment.Clinics(v.ctx, tx, v.now, v.who.Organisation())
		for _, c := range all {
			line := v.clinicLine(c)
			line.Affected = concerned[c.Code]
			body.Clinics = append(body.Clinics, line)
		}
		if err != nil {
			return err
		}
		closed, err := appointment.ClosedDays(v.ctx, tx, v.who.Organisation(), day.Of(v.now))
		for _, on := range closed {
			body.Closed = append(body.Closed, closedLine{on.String(), longDay(on), concerned[on.String()]})
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "clinics.html", page{Title: "Clinics and closed days", Done: clinicsDone[v.web.QueryParam("done")], Body: body})
}

// concerned are the clinics, by code, and the days, by date, whose closing or change an appointment to come followed or
// did not.
func (v *visit) concerned(tx *db.Tx) (map[string]bool, error) {
	all, err := appointment.Concerned(v.ctx, tx, v.now, v.who.Organisation())
	concerned := map[string]bool{}
	for _, c := range all {
		concerned[c.Clinic], concerned[c.On.String()] = true, true
	}
	return concerned, err
}

func (v *visit) clinicLine(c appointment.Clinic) clinicLine {
	line := clinicLine{Clinic: c, When: c.Weekday.String() + " " + clockWords(c.Starts) + " to " + clockWords(c.Ends), Booked: "Nobody"}
	if c.Booked > 0 {
		line.Booked = people(c.Booked) + ", the last on " + c.Last.Long()
	}
	return line
}

// clockWords is a time of the 24-hour clock, in which clinics are typed, as every other page says it.
func clockWords(text string) string {
	at, err := time.ParseInLocation("15:04", text, day.London)
	if err != nil {
		return text
	}
	return clock(at)
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return strconv.Itoa(n) + " people"
}

var weekdays = []option{{Value: "monday", Text: "Monday"}, {Value: "tuesday", Text: "Tuesday"}, {Value: "wednesday", Text: "Wednesday"},
	{Value: "thursday", Text: "Thursday"}, {Value: "friday", Text: "Friday"}, {Value: "saturday", Text: "Saturday"}, {Value: "sunday", Text: "Sunday"}}

var clinicFields = []field{
	{Name: "code", Label: "Short name", Kind: "text", Hint: "For yourselves, such as MON-AM"},
	{Name: "weekday", Label: "Day of the week", Kind: "radios", Options: weekdays},
	{Name: "starts", Label: "First appointment", Kind: "text", Hint: "By the 24-hour clock. For example, 10:00 or 13:30"},
	{Name: "ends", Label: "End of the last appointment", Kind: "text", Hint: "For example, 12:30 or 16:00"},
	{Name: "slot_minutes", Label: "Minutes of an appointment", Kind: "text"},
	{Name: "places", Label: "How many people are seen at the same time", Kind: "text"},
	{Name: "prescribing", Label: "Can people on opioid substitution be seen?", Kind: "radios", Options: yesOrNo},
	{Name: "place", Label: "Name of the place", Kind: "text", Hint: "This and what follows is printed on the person's card. Name neither drugs nor prison"},
	{Name: "address", Label: "Address", Kind: "text"},
	{Name: "ask_for", Label: "Whom to ask for", Kind: "text"},
	{Name: "telephone", Label: "Telephone", Kind: "text"},
	{Name: "directions", Label: "Directions (optional)", Kind: "text"},
}

func clinicDraft(typed form) appointment.ClinicDraft {
	return appointment.ClinicDraft{Code: typed["code"], Weekday: typed["weekday"], Starts: typed["starts"], Ends: typed["ends"],
		SlotMinutes: typed["slot_minutes"], Places: typed["places"], Prescribing: typed.yesNo("prescribing"), Place: typed["place"],
		Address: typed["address"], AskFor: typed["ask_for"], Telephone: typed["telephone"], Directions: typed["directions"]}
}

// typedOf is a clinic as somebody would have typed it.
func typedOf(c appointment.Clinic) form {
	return form{"code": c.Code, "weekday": strings.ToLower(c.Weekday.String()), "starts": c.Starts, "ends": c.Ends,
		"slot_minutes": strconv.Itoa(c.SlotMinutes), "places": strconv.Itoa(c.Places), "prescribing": strings.ToLower(yesNoWords(&c.Prescribing)),
		"place": c.Place, "address": c.Address, "ask_for": c.AskFor, "telephone": c.Telephone, "directions": c.Directions}
}

var addClinicQuestion = question{Title: "Add a clinic", Button: "Add the clinic", Back: "/clinics", Fields: clinicFields,
	Lead: []string{"One weekday's session at one place. Its times are open for booking at once, and whoever waits for a place is given one."}}

func (v *visit) addClinicPage() error { return v.ask(http.StatusOK, addClinicQuestion, form{}, nil) }

func (v *visit) addClinic() error {
	return v.change(addClinicQuestion, "/clinics?done=added", func(tx *db.Tx, typed form) error {
		return appointment.AddClinic(v.ctx, tx, v.who, v.now, clinicDraft(typed))
	})
}

// change carries out what the form of a question asks, and leads on.
func (v *visit) change(q question, next string, do func(tx *db.Tx, typed form) error) error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	err = v.withWaiting(func(tx *db.Tx) error { return do(tx, typed) })
	if wrong := (*problem.Invalid)(nil); errors.As(err, &wrong) {
		return v.ask(http.StatusUnprocessableEntity, q, typed, wrong)
	}
	if err != nil {
		return err
	}
	return v.seeOther(next)
}

// withWaiting changes when people can be seen. More places may have opened: whoever waits is given one in the same transaction.
func (v *visit) withWaiting(change func(tx *db.Tx) error) error {
	return v.asService(func(tx *db.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		_, err := referral.AllocateWaiting(v.ctx, tx, v.now)
		return err
	})
}

// clinic is the one in the path.
func (v *visit) clinic() (c appointment.Clinic, err error) {
	err = v.act(func(tx *db.Tx) error {
		c, err = appointment.ClinicOf(v.ctx, tx, v.now, v.who.Organisation(), v.web.Param("code"))
		return err
	})
	return c, err
}

func changeClinicQuestion(c appointment.Clinic) question {
	q := question{Caption: c.Code, Title: "Change a clinic", Button: "Change the clinic", Back: "/clinics", Fields: clinicFields[1:],
		Lead: []string{"Nobody has an appointment to come in it."}}
	if c.Booked > 0 {
		q.Lead = []string{fmt.Sprintf("Appointments to come: %s, the last on %s. Where you change the clinic's times, you are told what becomes of them before anything changes.", people(c.Booked), c.Last.Long()),
			"The place, address, name and telephone number that you give here hold for them too. Whoever has a card already has the old ones on it."}
	}
	if !c.Active {
		q.Lead = append(q.Lead, "The clinic is closed. Changing it opens it again.")
	}
	return q
}

func (v *visit) changeClinicPage() error {
	c, err := v.clinic()
	if err != nil {
		return err
	}
	return v.ask(http.StatusOK, changeClinicQuestion(c).seen(c.Mark()), typedOf(c), nil)
}

// seen adds to the form how the clinic was when the reader saw it.
func (q question) seen(mark string) question {
	q.Hidden = []fact{{"seen", mark}}
	return q
}

// changeClinic shows what follows for those who have an appointment in the clinic, and changes it once that has been
// confirmed; at once where it concerns nobody.
func (v *visit) changeClinic() error {
	c, err := v.clinic()
	if err != nil {
		return err
	}
	typed, err := v.typed()
	if err != nil {
		return err
	}
	draft := clinicDraft(typed)
	draft.Code, draft.Seen = c.Code, typed["seen"]
	change := func(tx *db.Tx) error { return appointment.ChangeClinic(v.ctx, tx, v.who, v.now, draft) }
	affected, err := v.wouldAffect(appointment.Where{Clinic: c.Code}, change)
	if err == nil && len(affected) > 0 && typed["confirmed"] != "yes" {
		return v.ask(http.StatusOK, confirmChange(c, typed, affected), form{}, nil)
	}
	if err == nil {
		err = v.withWaiting(change)
	}
	switch {
	case err != nil:
		return v.clinicNotChanged(typed, err)
	case len(affected) > 0:
		return v.seeOther("/clinics/" + c.Code + "?done=changed")
	}
	return v.seeOther("/clinics?done=changed")
}

// clinicNotChanged shows the form again with what is wrong with it, or, where somebody else was quicker, with how the clinic
// stands now: then they may change it as they typed it.
func (v *visit) clinicNotChanged(typed form, err error) error {
	wrong, stale := (*problem.Invalid)(nil), (*problem.Conflict)(nil)
	if !errors.As(err, &wrong) && !errors.As(err, &stale) {
		return err
	}
	c, unknown := v.clinic()
	switch {
	case unknown != nil:
		return unknown
	case wrong != nil:
		return v.ask(http.StatusUnprocessableEntity, changeClinicQuestion(c).seen(typed["seen"]), typed, wrong)
	}
	return v.ask(http.StatusConflict, changeClinicQuestion(c).seen(c.Mark()), typed, besideNow(clinicFields[1:], typed, typedOf(c), stale))
}

// besideNow says at each answer of an overtaken form what is recorded there now, where that is something else.
func besideNow(fields []field, typed, now form, stale *problem.Conflict) *problem.Invalid {
	said := problem.Corrections{{Code: stale.Code, Message: stale.Message}}
	for _, f := range fields {
		if recorded := now[f.Name]; recorded != strings.TrimSpace(typed[f.Name]) {
			said.Add(f.Name, stale.Code, f.named()+": "+cmp.Or(f.textOf(recorded), "nothing")+" is recorded now")
		}
	}
	return &problem.Invalid{Corrections: said}
}

// textOf is a value as the reader chooses it.
func (f field) textOf(value string) string {
	for _, o := range f.Options {
		if o.Value == value {
			return o.Text
		}
	}
	return value
}

// confirmChange says what changing the clinic would do, and carries along what was typed.
func confirmChange(c appointment.Clinic, typed form, affected []affectedLine) question {
	q := question{Caption: c.Code, Title: "Change this clinic?", Button: "Change the clinic", Warning: true, Back: "/clinics/" + c.Code + "/change",
		Affected: affected, Lead: closingWords("that the clinic would not hold any more", affected)}
	for _, f := range clinicFields[1:] {
		q.Hidden = append(q.Hidden, fact{f.Name, typed[f.Name]})
	}
	q.Hidden = append(q.Hidden, fact{"seen", typed["seen"]}, fact{"confirmed", "yes"})
	return q
}

// closeClinicQuestion says what closing the clinic would do.
func (v *visit) closeClinicQuestion(c appointment.Clinic) (q question, err error) {
	q = question{Caption: c.Code, Title: "Close this clinic?", Button: "Close the clinic", Warning: true, Back: "/clinics"}
	q.Affected, err = v.wouldAffect(appointment.Where{Clinic: c.Code}, func(tx *db.Tx) error {
		return appointment.CloseClinic(v.ctx, tx, v.who, v.now, c.Code)
	})
	q.Lead = closingWords("in this clinic", q.Affected)
	return q, err
}

func (v *visit) closeClinicPage() error {
	c, err := v.clinic()
	if err != nil {
		return err
	}
	if !c.Active {
		return v.seeOther("/clinics/" + c.Code)
	}
	q, err := v.closeClinicQuestion(c)
	if err != nil {
		return err
	}
	return v.ask(http.StatusOK, q, form{}, nil)
}

func (v *visit) closeClinic() error {
	c, err := v.clinic()
	if err != nil {
		return err
	}
	return v.change(question{}, "/clinics/"+c.Code+"?done=closed", func(tx *db.Tx, _ form) error {
		return appointment.CloseClinic(v.ctx, tx, v.who, v.now, c.Code)
	})
}

// closedClinic is the page of a clinic that was closed or changed: what is left to do about its appointments.
func (v *visit) closedClinic() error {
	c, err := v.clinic()
	if err != nil {
		return err
	}
	body := closedBody{Title: c.Code + " is closed", Open: link{Path: "/clinics/" + c.Code + "/change", Text: "Open the clinic again"}}
	if c.Active {
		body.Title, body.Open.Text = c.Code+": what became of its appointments", "Change the clinic"
	}
	return v.drawClosed(body, appointment.Where{Clinic: c.Code})
}
