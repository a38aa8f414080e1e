package web

import (
	"net/http"
	"unicode/utf8"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// cardBody is what the person carries through the gate. Whoever finds the card learns neither of
// custody nor of treatment: it says where and when, and the first name of whom it is for.
type cardBody struct {
	GivenName                                     string
	Day, Time                                     string
	Place, Address, AskFor, Telephone, Directions string
	Back                                          string
	Long                                          bool // it needs smaller type to be one page
}

// longCard is how many characters fit on A5 in the large type, besides the headings.
const longCard = 330

func (v *visit) card() error {
	var r *referral.Referral
	err := v.act(func(tx *db.Tx) (err error) {
		r, err = referral.Find(v.ctx, tx, v.who, v.now, v.id)
		return err
	})
	if err != nil {
		return err
	}
	a := r.Appointment
	if !v.onCard(a) {
		return &problem.NotFound{What: "appointment to come, and so no card"}
	}
	return v.draw(http.StatusOK, "card.html", page{Title: "Appointment card", Body: cardOf(r, a)})
}

// onCard says whether an appointment is one to hand a card out for: to come, and still held.
func (v *visit) onCard(a *appointment.Appointment) bool {
	return a != nil && a.Future(v.now) && !a.NotHeld
}

func cardOf(r *referral.Referral, a *appointment.Appointment) cardBody {
	written := r.Person.GivenName + a.Place + a.Address + a.AskFor + a.Telephone + a.Directions
	return cardBody{
		Long:      utf8.RuneCountInString(written) > longCard,
		GivenName: r.Person.GivenName,
		Day:       longDay(day.Of(*a.StartsAt)), Time: clock(*a.StartsAt),
		Place: a.Place, Address: a.Address, AskFor: a.AskFor, Telephone: a.Telephone, Directions: a.Directions,
		Back: "/referrals/" + r.ID.String(),
	}
}
