package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"html/template"
	"image/png"
	"net/http"

	"github.com/pquerna/otp"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

var invitationFields = []field{
	{Name: "password", Label: "Choose a password", Kind: "new-password", Hint: "At least 12 characters. Three words that do not belong together are easy to remember and hard to guess."},
	{Name: "code", Label: "Code from your authenticator app", Kind: "code", Hint: "The 6-digit code that it shows now"},
}

// invitationBody is the page on which somebody sets password and second factor. The secret travels
// with the form, sealed to the invitation, so that nothing is stored before the form is sent; and with the browser, so that
// whoever comes back to the page need not set their app up again. Whoever opens the link elsewhere is shown another secret:
// who saw the link before its owner knows nothing of the owner's second factor.
type invitationBody struct {
	Name, Email  string
	Fields       []field
	QR           template.URL
	Secret       string // to type where there is no camera
	SealedSecret string
}

const secretPlace = "invitation.totp"

func (v *visit) invitationPage() error {
	return v.drawInvitation(http.StatusOK, form{}, nil)
}

func (v *visit) drawInvitation(status int, typed form, wrong *problem.Invalid) error {
	var body invitationBody
	token := v.web.Param("token")
	err := v.asService(func(tx *db.Tx) error {
		p, err := staff.Invited(v.ctx, tx, v.now, token)
		if err != nil {
			return err
		}
		key, err := v.secret(tx, p, token, typed)
		if err != nil {
			return err
		}
		body, err = enrolment(tx, p, token, key)
		return err
	})
	if err != nil {
		return v.unlessUsed(err)
	}
	v.web.SetCookie(v.enrolmentCookie(body.SealedSecret))
	var mistakes faults
	body.Fields, mistakes = fill(invitationFields, typed, wrong)
	return v.draw(status, "invitation.html", page{Title: "Set up your account", Faults: mistakes, Body: body})
}

// secret is the one that came with the form or the browser, or a new one: who scanned it before a slip of the
// fingers need not scan another.
func (v *visit) secret(tx *db.Tx, p staff.Person, token string, typed form) (*otp.Key, error) {
	for _, text := range []string{typed["secret"], v.brought(ofEnrolment, 1024)} {
		sealed, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(sealed) == 0 {
			continue
		}
		if url, err := tx.Keys.Open(secretPlace, token, sealed); err == nil {
			return otp.NewKeyFromURL(string(url))
		}
	}
	return staff.NewSecret(p.Email)
}

func enrolment(tx *db.Tx, p staff.Person, token string, key *otp.Key) (body invitationBody, err error) {
	sealed, err := tx.Keys.Seal(secretPlace, token, []byte(key.URL()))
	if err != nil {
		return body, err
	}
	picture, err := key.Image(220, 220)
	if err != nil {
		return body, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return body, err
	}
	return invitationBody{
		Name: p.Name, Email: p.Email, Secret: key.Secret(),
		QR:           template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes())),
		SealedSecret: base64.RawURLEncoding.EncodeToString(sealed),
	}, nil
}

func (v *visit) enrol() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	token := v.web.Param("token")
	var codes []string
	err = v.asService(func(tx *db.Tx) error {
		p, err := staff.Invited(v.ctx, tx, v.now, token)
		if err != nil {
			return err
		}
		key, err := v.secret(tx, p, token, typed)
		if err != nil {
			return err
		}
		if err := staff.Enrol(v.ctx, tx, v.now, token, typed["password"], key.Secret(), typed["code"]); err != nil {
			return err
		}
		by := audit.By{Organisation: p.Organisation, Actor: "staff:" + p.ID.String(), Via: "page"}
		codes, err = staff.NewRecoveryCodes(v.ctx, tx, by, v.now, p.ID)
		return err
	})
	var wrong *problem.Invalid
	switch {
	case errors.As(err, &wrong):
		return v.drawInvitation(http.StatusUnprocessableEntity, typed, wrong)
	case err != nil:
		return v.unlessUsed(err)
	}
	if err := v.leave(); err != nil { // of whoever used this browser before
		return err
	}
	v.web.SetCookie(v.enrolmentCookie(""))
	return v.draw(http.StatusOK, "recovery_codes.html", page{Title: "Your account is ready: keep your recovery codes", Body: codesBody{
		Codes: codes, Next: "Then sign in. Wait until your app shows another code: the one that you have just used works once.",
		Path: "/sign-in", Link: "I have kept them: sign in"}})
}

// unlessUsed is an error, or the page for whoever comes back to a link by which an account was set up: they sent the form
// twice, reloaded its answer, or went back to it.
func (v *visit) unlessUsed(err error) error {
	if !errors.Is(err, staff.ErrLinkUsed) {
		return err
	}
	return v.draw(http.StatusNotFound, "invitation_used.html", page{Title: "Your account is set up already"})
}

// doneBody is the page after something that needs no signing in.
type doneBody struct{ Say, Path, Link string }
