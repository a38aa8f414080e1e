package web

import (
	"errors"
	"net/http"
	"slices"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// Closing a day has two pages: which day, and then what happens to the appointments that stand there.
var closeDayQuestion = question{Title: "Close a day", Button: "Continue", Back: "/clinics",
	Lead:   []string{"A day on which you see nobody, besides the bank holidays. You are told what happens to the appointments on it before anything changes."},
	Fields: []field{{Name: "closed_on", Label: "Which day?", Called: "the day", Kind: "date"}}}

func (v *visit) closeDayPage() error { return v.ask(http.StatusOK, closeDayQuestion, form{}, nil) }

// closeDay shows what follows, and closes the day once that has been confirmed.
func (v *visit) closeDay() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	on, err := closedOn(typed)
	if err != nil {
		var wrong *problem.Invalid
		errors.As(err, &wrong)
		return v.ask(http.StatusUnprocessableEntity, closeDayQuestion, typed, wrong)
	}
	if typed["confirmed"] == "yes" {
		return v.closeConfirmed(on)
	}
	q, err := v.confirmClosing(on)
	if wrong := (*problem.Invalid)(nil); errors.As(err, &wrong) {
		return v.ask(http.StatusUnprocessableEntity, closeDayQuestion, typed, wrong)
	}
	if err != nil {
		return err
	}
	for name, part := range threeBoxes("closed_on", on) {
		q.Hidden = append(q.Hidden, fact{name, part})
	}
	q.Hidden = append(q.Hidden, fact{"confirmed", "yes"})
	return v.ask(http.StatusOK, q, form{}, nil)
}

// closeConfirmed closes the day and leads to what is left to do about its appointments. Sent twice, it leads there as well.
func (v *visit) closeConfirmed(on day.Date) error {
	err := v.asService(func(tx *db.Tx) error {
		if err := appointment.CloseDay(v.ctx, tx, v.who, v.now, on); err != nil {
			return err
		}
		_, err := referral.AllocateWaiting(v.ctx, tx, v.now)
		return err
	})
	wrong, rest := invalid(err)
	switch {
	case rest != nil:
		return rest
	case wrong == nil:
		return v.seeOther("/closed-days/" + on.String() + "?done=shut")
	case wrong.Corrections[0].Code == "already":
		return v.seeOther("/closed-days/" + on.String() + "?done=shut-before")
	}
	return v.ask(http.StatusUnprocessableEntity, closeDayQuestion, threeBoxes("closed_on", on), wrong)
}

func closedOn(typed form) (day.Date, error) {
	text := typed.date("closed_on")
	if text == "" {
		return day.Date{}, problem.Wrong("closed_on", "required", "Enter the day")
	}
	on, err := day.Parse(text)
	if err != nil {
		return on, problem.Wrong("closed_on", "date", "Enter a real date")
	}
	return on, nil
}

// confirmClosing says what closing the day would do. What would be refused is said at once.
func (v *visit) confirmClosing(on day.Date) (q question, err error) {
	q = question{Caption: longDay(on), Title: "Close this day?", Button: "Close the day", Warning: true, Back: "/clinics"}
	q.Affected, err = v.wouldAffect(appointment.Where{On: on}, func(tx *db.Tx) error {
		return appointment.CloseDay(v.ctx, tx, v.who, v.now, on)
	})
	q.Lead = closingWords("on this day", q.Affected)
	return q, err
}

// closingWords are what follows from closing a day or a clinic, before the appointments are listed.
func closingWords(where string, affected []affectedLine) []string {
	if len(affected) == 0 {
		return []string{"Nobody has an appointment " + where + ". Nothing more can be booked " + where + "."}
	}
	return []string{capital(people(len(affected))) + " " + hasWords(len(affected)) + " an appointment " + where +
		". Whoever is not released yet is moved at once, and their prison finds it among its changed dates, to print a new card."}
}

func hasWords(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// closedBody is what became of the appointments where a day or a clinic was closed.
type closedBody struct {
	Title    string
	Lead     []string
	Affected []affectedLine
	Open     link // to open it again
}

// closedDay is the page of a closed day: what is left to do about the appointments that stood on it.
func (v *visit) closedDay() error {
	on, err := v.dayInPath()
	if err != nil {
		return err
	}
	body := closedBody{Title: longDay(on) + " is closed", Open: link{Path: "/closed-days/" + on.String() + "/open", Text: "Open the day again"}}
	return v.drawClosed(body, appointment.Where{On: on})
}

func (v *visit) drawClosed(body closedBody, where appointment.Where) (err error) {
	err = v.act(func(tx *db.Tx) error {
		body.Affected, err = v.affected(tx, where)
		return err
	})
	if err != nil {
		return err
	}
	body.Lead = []string{"What became of the appointments that were booked. Whoever was not released yet has been moved, and their prison finds them among its changed dates."}
	if len(body.Affected) == 0 {
		body.Lead = []string{"No appointment was affected."}
	}
	return v.draw(http.StatusOK, "closed.html", page{Title: body.Title, Back: "/clinics", Done: clinicsDone[v.web.QueryParam("done")], Body: body})
}

func openDayQuestion(on day.Date) question {
	return question{Caption: longDay(on), Title: "Open this day again?", Button: "Open the day", Back: "/clinics",
		Lead: []string{"Clinics are held as on any other such weekday. Whoever waits for a place is given one."}}
}

func (v *visit) dayInPath() (day.Date, error) {
	on, err := day.Parse(v.web.Param("day"))
	if err != nil {
		return on, &problem.NotFound{What: "closed day"}
	}
	var closed []day.Date
	err = v.act(func(tx *db.Tx) error {
		closed, err = appointment.ClosedDays(v.ctx, tx, v.who.Organisation(), on)
		return err
	})
	if err == nil && !slices.Contains(closed, on) {
		err = &problem.NotFound{What: "closed day"}
	}
	return on, err
}

func (v *visit) openDayPage() error {
	on, err := v.dayInPath()
	if err != nil {
		return err
	}
	return v.ask(http.StatusOK, openDayQuestion(on), form{}, nil)
}

func (v *visit) openDay() error {
	on, err := v.dayInPath()
	if err != nil {
		return err
	}
	return v.change(openDayQuestion(on), "/clinics?done=opened", func(tx *db.Tx, _ form) error {
		return appointment.OpenDay(v.ctx, tx, v.who, v.now, on)
	})
}
