package web

import (
	"errors"
	"net/http"
	"slices"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
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
		return v.change(closeDayQuestion, "shut", func(tx *db.Tx, _ form) error {
			return appointment.CloseDay(v.ctx, tx, v.who, v.now, on)
		})
	}
	q, wrong, err := v.confirmClosing(on)
	switch {
	case err != nil:
		return err
	case wrong != nil:
		return v.ask(http.StatusUnprocessableEntity, closeDayQuestion, typed, wrong)
	}
	for name, part := range threeBoxes("closed_on", on) {
		q.Hidden = append(q.Hidden, fact{name, part})
	}
	q.Hidden = append(q.Hidden, fact{"confirmed", "yes"})
	return v.ask(http.StatusOK, q, form{}, nil)
}

func closedOn(typed form) (day.Date, error) {
	text := typed.date("closed_on")
	if text == "" {
		return day.Date{}, problem.Wrong("closed_on", "required", "Enter the day")
	}
	on, err := day.Parse(text)
	if err != nil {
		return on, problem.Wrong("closed_on", "date", "Enter a real date: day, month and year in figures")
	}
	return on, nil
}

// confirmClosing says what closing the day would do. It is tried, and undone, so that what would be
// refused is said at once.
func (v *visit) confirmClosing(on day.Date) (q question, wrong *problem.Invalid, err error) {
	q = question{Caption: longDay(on), Title: "Close this day?", Button: "Close the day", Warning: true, Back: "/clinics"}
	err = v.Pool.Try(v.ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		touched, err := appointment.TouchedBy(v.ctx, tx, v.now, v.who.Organisation(), on)
		if err != nil {
			return err
		}
		q.Lead = closingWords(touched)
		if touched.Released > 0 {
			q.Links = []link{{Path: "/appointments?day=" + on.String(), Text: "Appointments on this day"}}
		}
		return appointment.CloseDay(v.ctx, tx, v.who, v.now, on)
	})
	if errors.As(err, &wrong) {
		err = nil
	}
	return q, wrong, err
}

func closingWords(t appointment.Touched) (lead []string) {
	if t.Awaiting+t.Released == 0 {
		return []string{"Nobody has an appointment on this day. Nothing more can be booked on it."}
	}
	if t.Awaiting > 0 {
		lead = append(lead, "Not released yet: "+people(t.Awaiting)+". Another appointment is booked for each at once, and their prison sees that it moved. Whoever no place is free for goes onto your unbooked list.")
	}
	if t.Released > 0 {
		lead = append(lead, "Released already: "+people(t.Released)+". They hold a card for this day, so their appointments are not moved: ring them, and choose another appointment with them.")
	}
	return lead
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
	return v.change(openDayQuestion(on), "opened", func(tx *db.Tx, _ form) error {
		return appointment.OpenDay(v.ctx, tx, v.who, v.now, on)
	})
}
