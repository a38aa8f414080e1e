package web

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// accountBody is what somebody may do about their own way in.
type accountBody struct {
	P         staff.Person
	CodesLeft int
	Change    []field // another password
	Renew     []field // other recovery codes
}

var (
	changeFields = []field{
		{Name: "password", Label: "Your password now", Kind: "password"},
		{Name: "new_password", Label: "New password", Kind: "new-password", Says: map[string]string{"required": "Enter a new password"}, Hint: "At least 12 characters. Three words that do not belong together are easy to remember and hard to guess."},
	}
	renewFields = []field{{Name: "password", Label: "Your password", Kind: "password"}}
)

func (v *visit) account() error {
	var body accountBody
	err := v.asService(func(tx *db.Tx) (err error) {
		if body.P, err = staff.Find(v.ctx, tx, v.who.Person()); err != nil {
			return err
		}
		body.CodesLeft, err = staff.RecoveryCodesLeft(v.ctx, tx, body.P.ID)
		return err
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "account.html", page{Title: "Your account", Body: body})
}

// stillHere answers whoever types for long without sending: being asked is what keeps the session.
func (v *visit) stillHere() error { return v.web.NoContent(http.StatusNoContent) }

// timeLeft answers for how many seconds the browser's session lasts yet if nobody uses it; 0 for none. It is for anybody, since
// recognising who asks would prolong the session.
func (v *visit) timeLeft() error {
	var left time.Duration
	if token := v.token(); token != "" {
		err := v.asService(func(tx *db.Tx) (err error) {
			left, err = staff.TimeLeft(v.ctx, tx, v.now, token)
			return err
		})
		if err != nil {
			return err
		}
	}
	return v.web.String(http.StatusOK, strconv.Itoa(int(math.Ceil(left.Seconds()))))
}

func (v *visit) passwordPage() error { return v.drawPassword(http.StatusOK, nil) }

func (v *visit) drawPassword(status int, wrong *problem.Invalid) error {
	fields, mistakes := fill(changeFields, form{}, wrong)
	return v.draw(status, "one_form.html", page{Title: "Change your password", Back: "/account", Faults: mistakes, Body: oneForm{
		Lead: "You are then signed out on every device, and sign in again with the new password.", Fields: fields, Button: "Change my password"}})
}

func (v *visit) changePassword() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	var refused error
	err = v.asService(func(tx *db.Tx) (err error) {
		refused, err = staff.ChangePassword(v.ctx, tx, v.who.By, v.now, v.who.Person(), typed["password"], typed["new_password"])
		return err
	})
	if err != nil {
		return err
	}
	if wrong := (*problem.Invalid)(nil); errors.As(refused, &wrong) {
		return v.drawPassword(http.StatusUnprocessableEntity, wrong)
	}
	v.web.SetCookie(v.cookie(""))
	v.who = staff.Who{}
	return v.draw(http.StatusOK, "done.html", page{Title: "Your password is changed", Body: doneBody{
		Say: "You are signed out on every device.", Path: "/sign-in", Link: "Sign in with the new password"}})
}

func (v *visit) renewCodesPage() error { return v.drawRenewCodes(http.StatusOK, nil) }

// drawRenewCodes marks the form with the codes that it replaces.
func (v *visit) drawRenewCodes(status int, wrong *problem.Invalid) error {
	var mark string
	err := v.asService(func(tx *db.Tx) (err error) {
		mark, err = staff.CodesMark(v.ctx, tx, v.who.Person())
		return err
	})
	if err != nil {
		return err
	}
	fields, mistakes := fill(renewFields, form{}, wrong)
	return v.draw(status, "one_form.html", page{Title: "Make new recovery codes", Back: "/account", Faults: mistakes, Body: oneForm{
		Lead: "The codes that you have now stop working.", Fields: fields, Hidden: []fact{{"codes", mark}}, Button: "Make new codes"}})
}

func (v *visit) renewCodes() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	var refused error
	var codes []string
	err = v.asService(func(tx *db.Tx) (err error) {
		codes, refused, err = staff.RenewRecoveryCodes(v.ctx, tx, v.who.By, v.now, v.who.Person(), typed["password"], typed["codes"])
		return err
	})
	if err != nil {
		return err
	}
	var wrong *problem.Invalid
	switch {
	case errors.As(refused, &wrong):
		return v.drawRenewCodes(http.StatusUnprocessableEntity, wrong)
	case refused != nil:
		return v.drawRenewCodes(http.StatusConflict, &problem.Invalid{Corrections: problem.Corrections{{Field: "password", Code: staff.ErrCodesMade.Code, Message: staff.ErrCodesMade.Message}}})
	}
	return v.draw(http.StatusOK, "recovery_codes.html", page{Title: "Your recovery codes", Body: codesBody{Codes: codes, Path: "/account", Link: "Back to your account"}})
}

// codesBody is the only page that ever shows recovery codes.
type codesBody struct {
	Codes      []string
	Next       string // what to do once they are kept; "" is nothing
	Path, Link string
}
