package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// cookieName has the prefix that binds a cookie to this host and to HTTPS. On plain loopback, where
// browsers would refuse it, the cookie does without.
func (s *site) cookieName() string {
	if s.Secure {
		return "__Host-throughgate"
	}
	return "throughgate"
}

// cookie carries the session's token; an empty one ends it. Lax and not Strict, so that a link in
// the weekly email opens the page and not the sign-in.
func (s *site) cookie(token string) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(), Value: token, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

func (v *visit) token() string { return v.brought("", 64) }

// brought is what the browser brought in one of our cookies, by the end of its name; "" for nothing, or for more than we
// ever put into it.
func (v *visit) brought(ending string, most int) string {
	c, err := v.web.Request().Cookie(v.cookieName() + ending)
	if err != nil || len(c.Value) > most {
		return ""
	}
	return c.Value
}

// Endings of the names of cookies beside the session's.
const (
	ofDevice    = "-device"
	ofEnrolment = "-enrolment"
)

// deviceCookie carries the mark of a device in which somebody has signed in, so that failed tries
// elsewhere do not shut them out of it. It opens nothing.
func (s *site) deviceCookie(mark string) *http.Cookie {
	return &http.Cookie{Name: s.cookieName() + ofDevice, Value: mark, Path: "/", HttpOnly: true, Secure: s.Secure,
		SameSite: http.SameSiteStrictMode, MaxAge: 365 * 24 * 60 * 60}
}

func (v *visit) device() string { return v.brought(ofDevice, 64) }

// enrolmentCookie carries the secret of a second factor that is being set up, sealed to the invitation, until the account is
// set up or the browser closes. It opens nothing.
func (s *site) enrolmentCookie(sealed string) *http.Cookie {
	c := s.cookie(sealed)
	c.Name += ofEnrolment
	return c
}

// timeLeftPath is what pages ask by themselves: it is nobody's use of the session, and prolongs none.
const timeLeftPath = "/account/time-left"

// recognise finds out who asks. A session that has ended leaves a visit by nobody.
func (v *visit) recognise() error {
	token := v.token()
	if token == "" || v.web.Path() == timeLeftPath {
		return nil
	}
	err := v.asService(func(tx *db.Tx) (err error) {
		v.who, err = staff.SignedIn(v.ctx, tx, v.now, token)
		return err
	})
	if none := (*problem.NotFound)(nil); errors.As(err, &none) {
		v.who = staff.Who{}
		return nil
	}
	return err
}

// begin hands a new session to the browser and ends the one it had, if any: a token that somebody
// else planted is worth nothing after signing in.
func (v *visit) begin(token string) error {
	if err := v.leave(); err != nil {
		return err
	}
	v.web.SetCookie(v.cookie(token))
	return nil
}

// leave ends the session that the browser has, if any: from here on the visit is nobody's.
func (v *visit) leave() error {
	old := v.token()
	if old == "" {
		return nil
	}
	v.who = staff.Who{}
	v.web.SetCookie(v.cookie(""))
	return v.asService(func(tx *db.Tx) error { return staff.Leave(v.ctx, tx, v.now, old) })
}

// askToSignIn leads to the sign-in page, and from there back. It says how the session ended, where there was one. A form that
// was sent after that leads back to its page: nothing of it was recorded, and the sign-in page says what has become of what
// was typed.
func (v *visit) askToSignIn(r route) error {
	if r.method != get {
		return v.askSender(r)
	}
	q := url.Values{}
	if token := v.token(); token != "" {
		var past staff.Past
		err := v.asService(func(tx *db.Tx) (err error) {
			past, err = staff.PastOf(v.ctx, tx, staff.SessionOf(token))
			return err
		})
		if err != nil {
			return err
		}
		if past.Person != uuid.Nil {
			q.Set("ended", unsent{ranOut: past.RanOut}.how())
			q.Set("typed", nothingSent)
		}
	}
	return v.toSignIn(q, v.web.Request().URL.RequestURI())
}

func (v *visit) askSender(r route) error {
	u, err := v.setAside(r)
	if err != nil {
		return err
	}
	q, next := url.Values{"ended": {u.how()}}, v.pageOf(r)
	if typed := u.what(); typed != "" {
		q.Set("typed", typed)
	}
	if u.kept != uuid.Nil {
		next = withKept(next, u.kept)
	}
	return v.toSignIn(q, next)
}

func (v *visit) toSignIn(q url.Values, next string) error {
	if next != "/" && local(next) {
		q.Set("next", next)
	}
	path := "/sign-in"
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return v.seeOther(path)
}

// pageOf is the address at which a form is opened; the start page for a button on a page of another address.
func (v *visit) pageOf(r route) string {
	if v.hasPage(r.path) {
		return withoutKept(v.web.Request().URL)
	}
	return "/"
}

// hasPage says whether a form's address shows its page when it is opened.
func (s *site) hasPage(path string) bool {
	return slices.ContainsFunc(s.all, func(r route) bool { return r.method == get && r.path == path })
}

// local says whether a path stays on this site, whatever a browser makes of it.
func local(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t")
}

// nextOf is where signing in leads: nowhere else than on this site, and to no page that says that something was done.
func nextOf(path string) string {
	to, err := url.Parse(path)
	if err != nil || !local(path) {
		return "/"
	}
	if q := to.Query(); announces(q) {
		to.RawQuery = withoutDone(q).Encode()
		return to.RequestURI()
	}
	return path
}
