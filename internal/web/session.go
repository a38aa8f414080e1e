package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

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

func (v *visit) token() string {
	c, err := v.web.Request().Cookie(v.cookieName())
	if err != nil || len(c.Value) > 64 {
		return ""
	}
	return c.Value
}

// recognise finds out who asks. A session that has ended leaves a visit by nobody.
func (v *visit) recognise() error {
	token := v.token()
	if token == "" {
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
	if old := v.token(); old != "" {
		if err := v.asService(func(tx *db.Tx) error { return staff.SignOut(v.ctx, tx, v.now, old) }); err != nil {
			return err
		}
	}
	v.web.SetCookie(v.cookie(token))
	return nil
}

// askToSignIn leads to the sign-in page, and from there back. A form that was sent after its session
// had ended leads back to its page: nothing of it was recorded, and the sign-in page says so.
func (v *visit) askToSignIn() error {
	r := v.web.Request()
	q := url.Values{}
	if next := r.URL.RequestURI(); next != "/" && local(next) {
		q.Set("next", next)
	}
	if r.Method != get {
		q.Set("ended", "yes")
	}
	path := "/sign-in"
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return v.seeOther(path)
}

// local says whether a path stays on this site, whatever a browser makes of it.
func local(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t")
}

func nextOf(path string) string {
	if local(path) {
		return path
	}
	return "/"
}
