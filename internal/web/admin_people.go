package web

import (
	"errors"
	"net/http"
	"strings"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// personLine is somebody who signs in, as administrators see them.
type personLine struct {
	staff.Person
	OrganisationName, Standing, Added, LastSignIn string
	Self                                          bool
}

func (v *visit) personLine(p staff.Person) personLine {
	l := personLine{Person: p, Standing: "Active", Added: capital(moment(v.now, p.AddedAt)), Self: p.ID == v.who.Person()}
	l.OrganisationName = v.nameOfAny(p.Organisation)
	switch {
	case !p.TakesPart:
		l.Standing = "Organisation no longer takes part"
	case p.DisabledAt != nil:
		l.Standing = "Disabled"
	case !p.Enrolled:
		l.Standing = "Invited"
	}
	return l
}

// nameOfAny is an organisation as people know it, those without prisons or clinics as well.
func (v *visit) nameOfAny(code string) string {
	switch code {
	case "SUBGROUP", "ADMIN", "AUDIT":
		return say(strings.ToLower(code))
	}
	return nameOf(v.Pool.Rules, code)
}

func (v *visit) people() error {
	var lines []personLine
	err := v.asService(func(tx *db.Tx) error {
		people, err := staff.People(v.ctx, tx)
		for _, p := range people {
			lines = append(lines, v.personLine(p))
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "admin_people.html", page{Title: "People who sign in", Back: "/admin", Body: lines})
}

func (v *visit) addPersonPage() error { return v.drawAddPerson(http.StatusOK, form{}, nil) }

func (v *visit) drawAddPerson(status int, typed form, wrong *problem.Invalid) error {
	organisations, err := v.organisationOptions()
	if err != nil {
		return err
	}
	fields, mistakes := fill([]field{
		{Name: "name", Label: "Name", Kind: "text", Hint: "As colleagues know them"},
		{Name: "email", Label: "Email address", Kind: "email", Hint: "What they sign in with"},
		{Name: "organisation", Label: "Which organisation do they work for?", Called: "the organisation that they work for", Kind: "radios", Options: organisations},
	}, typed, wrong)
	return v.draw(status, "one_form.html", page{Title: "Add a person", Back: "/admin/people", Faults: mistakes, Body: oneForm{
		Lead:   "You are given a link for them. With it they choose their own password and set up their authenticator app.",
		Fields: fields, Button: "Add this person"}})
}

func (v *visit) addPerson() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	var token string
	err = v.asService(func(tx *db.Tx) (err error) {
		token, err = staff.Add(v.ctx, tx, v.who.By, v.now, typed["organisation"], typed["email"], typed["name"])
		return err
	})
	if wrong := (*problem.Invalid)(nil); errors.As(err, &wrong) {
		return v.drawAddPerson(http.StatusUnprocessableEntity, typed, wrong)
	}
	if err != nil {
		return err
	}
	return v.drawInvitationLink("The person is added", token)
}

// drawInvitationLink is the only page that ever shows a single-use link.
func (v *visit) drawInvitationLink(title, token string) error {
	return v.draw(http.StatusOK, "admin_shown_once.html", page{Title: title, Body: shownOnce{
		Lead:  "Send this link to the person, in a way that reaches nobody else. It works once, for 7 days. With it they choose their password and set up their authenticator app.",
		Label: "Their link", Value: v.Pool.Rules.Server.Address(v.web.Request().Host, v.Secure) + "/invitation/" + token,
		Warning: "It is not shown again. If it gets lost, make a new one on the person's page.", Path: "/admin/people", Link: "Back to the people"}})
}

// findPerson is the person whom the address names.
func (v *visit) findPerson() (l personLine, err error) {
	err = v.asService(func(tx *db.Tx) error {
		p, err := staff.Find(v.ctx, tx, v.id)
		if err != nil {
			return err
		}
		l = v.personLine(p)
		last, err := staff.LastSignIn(v.ctx, tx, v.id)
		if last != nil {
			l.LastSignIn = capital(moment(v.now, *last))
		}
		return err
	})
	return l, err
}

func (v *visit) person() error {
	l, err := v.findPerson()
	if err != nil {
		return err
	}
	p := page{Title: l.Name, Back: "/admin/people", Body: l}
	if v.web.QueryParam("done") == "disable" {
		p.Done = "They can no longer sign in, and are signed out everywhere."
	}
	return v.draw(http.StatusOK, "admin_person.html", p)
}

func (v *visit) disablePersonPage() error {
	l, err := v.findAnother()
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "ask.html", page{Title: "Stop " + l.Name + " signing in", Back: "/admin/people/" + l.ID.String(), Body: askBody{
		Say:    "They are signed out at once, everywhere, and cannot sign in again until you make them a new link. What they did stays in the record.",
		Button: "Stop them signing in", Ends: true}})
}

// errSelf keeps the last administrator from shutting the door behind themselves.
var errSelf = &problem.Conflict{Code: "changed_since", Message: "You cannot do this to your own account. Ask another administrator."}

// findAnother is findPerson for what nobody may do to themselves: the page says so, and not only its button.
func (v *visit) findAnother() (personLine, error) {
	l, err := v.findPerson()
	if err == nil && l.Self {
		err = errSelf
	}
	return l, err
}

func (v *visit) disablePerson() error {
	l, err := v.findAnother()
	if err != nil {
		return err
	}
	err = v.asService(func(tx *db.Tx) error { return staff.Disable(v.ctx, tx, v.who.By, v.now, l.Email) })
	if err != nil {
		return err
	}
	return v.seeOther("/admin/people/" + l.ID.String() + "?done=disable")
}

func (v *visit) renewPersonPage() error {
	l, err := v.findAnother()
	if err != nil {
		return err
	}
	var mark string
	err = v.asService(func(tx *db.Tx) (err error) {
		mark, err = staff.LinkMark(v.ctx, tx, v.id)
		return err
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "ask.html", page{Title: "Make a new link for " + l.Name, Back: "/admin/people/" + l.ID.String(), Body: askBody{
		Say:    "For somebody who lost their phone or password, or may sign in again. Make sure that it is really them who asks. What they sign in with until now stops working at once, on every device, and a link from before as well.",
		Hidden: []fact{{"link", mark}}, Button: "Make a new link"}})
}

func (v *visit) renewPerson() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	if _, err := v.findAnother(); err != nil {
		return err
	}
	var token string
	err = v.asService(func(tx *db.Tx) (err error) {
		token, err = staff.Renew(v.ctx, tx, v.who.By, v.now, v.id, typed["link"])
		return err
	})
	if err != nil {
		return err
	}
	return v.drawInvitationLink("A new link is made", token)
}
