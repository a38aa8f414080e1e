package web

import (
	"errors"
	"net/http"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// findBody is the search form and, once it was sent, whom it found.
type findBody struct {
	Fields   []field
	Searched bool
	Found    []foundRow
	All      bool // as many as a search answers: there may be more
}

type foundRow struct {
	ID, Name, Reference, Born, Release, Appointment string
	State                                           referral.State
	Marks                                           []mark
}

var findFields = []field{
	{Name: "reference", Label: "Our reference", Kind: "text", Hint: "Such as TG-7F3K-2Q9D"},
	{Name: "prison_number", Label: "Prison number", Kind: "text", Hint: "Such as A1234BC"},
	{Name: "nhs_number", Label: "NHS number", Kind: "text", Hint: "10 digits, such as 999 000 0018"},
	{Name: "given_name", Label: "First name", Kind: "text", Called: "the first name as well", Hint: "The whole name and the date of birth. Capitals, accents and hyphens do not matter"},
	{Name: "family_name", Label: "Surname", Kind: "text", Called: "the surname as well"},
	{Name: "date_of_birth", Label: "Date of birth", Kind: "date", Called: "the date of birth", Hint: "Alone, it lists everybody born on that day. For example, 31 3 1984"},
}

func (v *visit) findPage() error {
	return v.drawFind(http.StatusOK, form{}, nil, findBody{})
}

func (v *visit) drawFind(status int, typed form, wrong *problem.Invalid, body findBody) error {
	var mistakes faults
	body.Fields, mistakes = fill(findFields, typed, wrong)
	return v.draw(status, "find.html", page{Title: "Find a person", Back: "/", Faults: mistakes, Body: body})
}

// find answers in the reply to the form itself: an address never names a person.
func (v *visit) find() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	var found []referral.Referral
	err = v.act(func(tx *db.Tx) error {
		found, err = referral.Search(v.ctx, tx, v.who, v.now, referral.Sought{
			Reference: typed["reference"], PrisonNumber: typed["prison_number"], NHSNumber: typed["nhs_number"],
			GivenName: typed["given_name"], FamilyName: typed["family_name"], DateOfBirth: typed.date("date_of_birth"),
		})
		return err
	})
	if wrong := (*problem.Invalid)(nil); errors.As(err, &wrong) {
		return v.drawFind(http.StatusUnprocessableEntity, typed, wrong, findBody{})
	}
	if err != nil {
		return err
	}
	body := findBody{Searched: true, All: len(found) == referral.MostFound}
	for i := range found {
		body.Found = append(body.Found, v.foundRow(&found[i]))
	}
	return v.drawFind(http.StatusOK, typed, nil, body)
}

func (v *visit) foundRow(r *referral.Referral) foundRow {
	row := foundRow{ID: r.ID.String(), Name: fullName(r), Reference: r.Reference, Born: r.Person.DateOfBirth.Long(), State: r.State,
		Marks: marksOf(r.SubstanceGroup == config.AlcoholOnly, r.CJIT), Release: releaseWords(day.Of(v.now), r.ReleaseOn(), !r.ReleasedOn.IsZero()), Appointment: "None"}
	if r.Appointment != nil && r.Appointment.StartsAt != nil {
		row.Appointment = v.atWords(*r.Appointment.StartsAt)
	} else if r.UnbookedReason != "" {
		row.Appointment = "None: " + lower(r.UnbookedReason)
	}
	return row
}
