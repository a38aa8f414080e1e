package web

import (
	"net/http"

	"throughgate/internal/db"
	"throughgate/internal/jobs"
	"throughgate/internal/mail"
	"throughgate/internal/staff"
)

// adminBody is the administrator's start page: what waits for them first.
type adminBody struct {
	Troubled int            // emails that failed or are uncertain
	Troubles []jobs.Trouble // who has gone quiet, fields filled in less often, and reports that did not go out
}

func (v *visit) admin() error {
	var body adminBody
	err := v.asService(func(tx *db.Tx) error {
		counts, err := mail.Standings(v.ctx, tx)
		body.Troubled = counts[mail.IsFailed] + counts[mail.LeftUncertain]
		return err
	})
	if err != nil {
		return err
	}
	if body.Troubles, err = jobs.Troubles(v.ctx, v.Pool, v.now); err != nil {
		return err
	}
	return v.draw(http.StatusOK, "admin.html", page{Title: "Administration", Body: body})
}

func (v *visit) organisations() error {
	var list []staff.Organisation
	err := v.asService(func(tx *db.Tx) (err error) {
		list, err = staff.Organisations(v.ctx, tx, v.now)
		return err
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "admin_organisations.html", page{Title: "Organisations", Back: "/admin", Body: list})
}

func (v *visit) settings() error {
	list, err := v.Pool.Rules.InForce()
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "admin_settings.html", page{Title: "Settings in force", Back: "/admin", Body: list})
}

// organisationOptions are the organisations that people and keys can be added to.
func (v *visit) organisationOptions() (list []option, err error) {
	var all []staff.Organisation
	err = v.asService(func(tx *db.Tx) (err error) {
		all, err = staff.Organisations(v.ctx, tx, v.now)
		return err
	})
	for _, o := range all {
		if o.Active {
			list = append(list, option{Value: o.Code, Text: o.Name})
		}
	}
	return list, err
}

// oneForm is a page with one form, and what follows from sending it.
type oneForm struct {
	Lead   string
	Fields []field
	Hidden []fact
	Button string
}

// shownOnce is a page with something that is shown this one time.
type shownOnce struct {
	Lead, Label, Value, Warning string
	Path, Link                  string
}
