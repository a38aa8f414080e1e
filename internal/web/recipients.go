package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/problem"
)

// readerLine is somebody on the weekly report's list.
type readerLine struct {
	ID                             uuid.UUID
	Name, Address, Added, Standing string
	Waiting                        bool // for them to follow the link
}

func (v *visit) readerLine(r mail.Recipient) readerLine {
	l := readerLine{ID: r.ID, Name: r.Name, Address: r.Address, Added: capital(moment(v.now, r.AddedAt)), Waiting: r.ConfirmedAt == nil}
	switch {
	case l.Waiting:
		l.Standing = "Waits for them to follow the link that was sent to them"
	case !mail.OnDomain(r.Address, v.Pool.Rules.Mail.AllowedDomains):
		l.Standing = "Not sent: the settings no longer allow this domain"
	default:
		l.Standing = "Confirmed " + moment(v.now, *r.ConfirmedAt)
	}
	return l
}

func (v *visit) readers() error {
	var lines []readerLine
	err := v.asService(func(tx *db.Tx) error {
		list, err := mail.Recipients(v.ctx, tx)
		for _, r := range list {
			lines = append(lines, v.readerLine(r))
		}
		return err
	})
	if err != nil {
		return err
	}
	p := page{Title: "Who receives the weekly report", Back: "/admin", Body: lines}
	switch v.web.QueryParam("done") {
	case "add":
		p.Done = "They are on the list. The report goes to them once they have followed the link that is sent to them now."
	case "remove":
		p.Done = "They are off the list."
	}
	return v.draw(http.StatusOK, "recipients.html", p)
}

// readerFields say beforehand which addresses will do.
func (v *visit) readerFields() []field {
	allowed := "The settings allow addresses at " + strings.Join(v.Pool.Rules.Mail.AllowedDomains, ", ")
	if len(v.Pool.Rules.Mail.AllowedDomains) == 0 {
		allowed = "The settings allow no address yet"
	}
	return []field{
		{Name: "name", Label: "Name", Kind: "text"},
		{Name: "address", Label: "Email address", Kind: "email", Hint: allowed,
			Says: map[string]string{"domain_not_allowed": "The settings do not allow addresses on this domain: allowed_domains, under mail"}},
	}
}

func (v *visit) addReaderPage() error { return v.drawAddReader(http.StatusOK, form{}, nil) }

func (v *visit) drawAddReader(status int, typed form, wrong *problem.Invalid) error {
	fields, mistakes := fill(v.readerFields(), typed, wrong)
	return v.draw(status, "one_form.html", page{Title: "Add somebody to the weekly report", Back: "/recipients", Faults: mistakes, Body: oneForm{
		Lead:   "A link is sent to them first. The report goes to them only after they have followed it.",
		Fields: fields, Button: "Add them and send the link"}})
}

func (v *visit) addReader() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	err = v.asService(func(tx *db.Tx) error {
		_, err := mail.AddRecipient(v.ctx, tx, v.who, v.now, typed["name"], typed["address"], false)
		return err
	})
	var wrong *problem.Invalid
	var there *problem.Conflict
	switch {
	case errors.As(err, &wrong):
		return v.drawAddReader(http.StatusUnprocessableEntity, typed, wrong)
	case errors.As(err, &there):
		said := &problem.Invalid{Corrections: []problem.Correction{{Field: "address", Code: there.Code, Message: there.Message}}}
		return v.drawAddReader(http.StatusConflict, typed, said)
	case err != nil:
		return err
	}
	return v.seeOther("/recipients?done=add")
}

func (v *visit) removeReaderPage() error {
	var name string
	err := v.asService(func(tx *db.Tx) error {
		list, err := mail.Recipients(v.ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(list, func(r mail.Recipient) bool { return r.ID == v.id })
		if at < 0 {
			return &problem.NotFound{What: "recipient"}
		}
		name = list[at].Name
		return nil
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "ask.html", page{Title: "Stop sending the weekly report to " + name, Back: "/recipients", Body: askBody{
		Say: "No more reports are sent to them, nor what is still queued for them. You can add them again.", Button: "Stop sending it to them", Ends: true}})
}

func (v *visit) removeReader() error {
	err := v.asService(func(tx *db.Tx) error { return mail.RemoveRecipient(v.ctx, tx, v.who, v.now, v.id) })
	if err != nil {
		return err
	}
	return v.seeOther("/recipients?done=remove")
}
