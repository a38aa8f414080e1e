package web

import (
	"errors"
	"net/http"
	"strings"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

var signInFields = []field{
	{Name: "email", Label: "Email address", Kind: "email"},
	{Name: "password", Label: "Password", Kind: "password"},
	{Name: "code", Label: "Code", Kind: "code", Hint: "The 6-digit code that your authenticator app shows now, or one of your recovery codes"},
}

type signInBody struct {
	Fields []field
	Next   string
	Ended  string // how the session had ended (unsent.how); "" where there was none
	Typed  string // what became of what was typed in a form that was sent then (unsent.what), or nothingSent
}

func (v *visit) signInPage() error {
	if v.signedIn() {
		return v.seeOther(nextOf(v.web.QueryParam("next")))
	}
	return v.drawSignIn(http.StatusOK, form{"next": v.web.QueryParam("next"), "ended": v.web.QueryParam("ended"), "typed": v.web.QueryParam("typed")}, nil)
}

func (v *visit) drawSignIn(status int, typed form, wrong *problem.Invalid) error {
	fields, mistakes := fill(signInFields, typed, wrong)
	body := signInBody{fields, nextOf(typed["next"]), typed["ended"], typed["typed"]}
	return v.draw(status, "sign_in.html", page{Title: "Sign in", Faults: mistakes, Body: body})
}

func (v *visit) signIn() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	if wrong := missing(typed); wrong != nil {
		return v.drawSignIn(http.StatusUnprocessableEntity, typed, wrong)
	}
	try := staff.Try{Email: typed["email"], Password: typed["password"], Code: typed["code"], Device: v.device(), SignedIn: v.who.Person()}
	var in staff.Entry
	var refused error
	err = v.asService(func(tx *db.Tx) (err error) {
		in, refused, err = staff.SignIn(v.ctx, tx, v.now, try)
		return err
	})
	if err != nil {
		return err
	}
	if errors.Is(refused, staff.ErrSignedIn) {
		return v.seeOther(nextOf(typed["next"]))
	}
	if refused != nil {
		var wrong *problem.Invalid
		errors.As(refused, &wrong)
		return v.drawSignIn(http.StatusUnprocessableEntity, typed, wrong)
	}
	if err := v.begin(in.Session); err != nil {
		return err
	}
	v.web.SetCookie(v.deviceCookie(in.Device))
	return v.seeOther(nextOf(typed["next"]))
}

// missing names every box that was left empty: that is no try at guessing, and is not counted as one.
func missing(typed form) *problem.Invalid {
	var wrong problem.Corrections
	for name, sentence := range map[string]string{
		"email":    "Enter your email address",
		"password": "Enter your password",
		"code":     "Enter the 6-digit code that your authenticator app shows, or a recovery code",
	} {
		if strings.TrimSpace(typed[name]) == "" {
			wrong.Add(name, "required", sentence)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &problem.Invalid{Corrections: wrong}
}

func (v *visit) signOut() error {
	if token := v.token(); token != "" {
		if err := v.asService(func(tx *db.Tx) error { return staff.SignOut(v.ctx, tx, v.now, token) }); err != nil {
			return err
		}
	}
	v.web.SetCookie(v.cookie(""))
	return v.seeOther("/sign-in")
}
