package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
)

// unlinkable are the links to a referral that its provider can undo.
func (v *visit) unlinkable(referralID uuid.UUID) (links map[uuid.UUID]bool, err error) {
	if v.who.Role != staff.Provider {
		return nil, nil
	}
	err = v.act(func(tx *db.Tx) error {
		ids, err := reconcile.LinksTo(v.ctx, tx, v.who, referralID)
		links = map[uuid.UUID]bool{}
		for _, id := range ids {
			links[id] = true
		}
		return err
	})
	return links, err
}

func (v *visit) unlinkPage() error { return v.drawUnlink(http.StatusOK, form{}, nil) }

func (v *visit) drawUnlink(status int, typed form, wrong *problem.Invalid) error {
	l, err := v.link()
	if err != nil {
		return err
	}
	if l.Undone {
		return v.undoneBefore(l)
	}
	q := question{
		Title: "Undo a link", Button: "Undo the link", Back: linkBack(l),
		Lead: []string{
			"A row of your list was taken to be about this referral, " + ruleWords(l.Rule) + ", " + moment(v.now, l.MadeAt) + ".",
			"Once it is undone, the row counts for nobody until it is linked again, and the pick-up that it told of is taken back. The figures are made anew. Both entries stay in the timeline.",
		},
		Fields: []field{{Name: "reason", Label: "Why was the link wrong?", Called: "why the link was wrong", Kind: "text"}},
	}
	return v.ask(status, q, typed, wrong)
}

func (v *visit) link() (l reconcile.Link, err error) {
	err = v.act(func(tx *db.Tx) error {
		l, err = reconcile.LinkOf(v.ctx, tx, v.who, v.id)
		return err
	})
	return l, err
}

func (v *visit) unlink() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	if strings.TrimSpace(typed["reason"]) == "" {
		return v.drawUnlink(http.StatusUnprocessableEntity, typed, &problem.Invalid{Corrections: []problem.Correction{{Field: "reason", Code: "required", Message: "Enter why the link was wrong"}}})
	}
	l, err := v.link()
	if err != nil {
		return err
	}
	err = reconcile.UndoLink(v.ctx, v.Pool, v.who, v.now, v.id, strings.TrimSpace(typed["reason"]))
	if none := (*problem.NotFound)(nil); errors.As(err, &none) {
		return v.undoneBefore(l)
	}
	if err != nil {
		return err
	}
	return v.seeOther(linkBack(l) + "?done=undone")
}

// undoneBefore leads to where a link that stands no more had led: the form was sent twice, or a colleague was faster.
func (v *visit) undoneBefore(l reconcile.Link) error {
	return v.seeOther(linkBack(l) + "?done=" + doneBefore)
}

func linkBack(l reconcile.Link) string {
	if !l.ReferralID.Valid {
		return "/review"
	}
	return "/referrals/" + l.ReferralID.UUID.String()
}

// ruleWords are by what a row was linked.
func ruleWords(rule string) string {
	switch rule {
	case "number":
		return "by number and date of birth"
	case "name":
		return "by name, date of birth and sex"
	case "attributor":
		return "by initials, date of birth and sex"
	}
	return "by a reviewer"
}
