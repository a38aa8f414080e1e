package web

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
)

// Whatever went wrong, whoever is signed in finds their menu and a way on.
func TestAnErrorPageKeepsTheReadersMenu(t *testing.T) {
	h := newHouse(t)
	h.site.Config.Handler = New(h.deps(func(d *Deps) {
		d.API = func(e *echo.Echo) { e.GET("/broken", func(echo.Context) error { panic("Aoife") }) }
	}))
	b, stranger := h.as("HARBOUR"), h.browser()
	for name, c := range map[string]struct {
		method, path string
		spoil        func(*http.Request)
		status       int
	}{
		"no such page":     {method: get, path: "/no-such-page", status: http.StatusNotFound},
		"no such address":  {method: get, path: "/%00", status: http.StatusNotFound},
		"another role's":   {method: get, path: "/admin", status: http.StatusForbidden},
		"no such referral": {method: get, path: "/referrals/x", status: http.StatusNotFound},
		"only to be sent":  {method: get, path: "/sign-out", status: http.StatusMethodNotAllowed},
		"our own mistake":  {method: get, path: "/broken", status: http.StatusInternalServerError},
		"compressed":       {method: post, path: "/find", status: http.StatusUnsupportedMediaType, spoil: func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }},
		"another site's":   {method: post, path: "/find", status: http.StatusForbidden, spoil: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }},
	} {
		r := b.form(c.path)
		if r.Method = c.method; c.spoil != nil {
			c.spoil(r)
		}
		s := b.send(r)
		if s.status != c.status || s.Find(`nav[aria-label=Menu] a[href="/appointments"]`).Length() != 1 || s.Find(`form[action="/sign-out"]`).Length() != 1 ||
			s.Find(`main a[href="/"]`).Length() != 1 {
			t.Errorf("%s: %d %s", name, s.status, s.text())
		}
	}
	if s := stranger.open("/no-such-page"); s.status != http.StatusNotFound || s.Find("nav").Length() != 0 || s.Find(`main a[href="/"]`).Length() != 1 {
		t.Errorf("a stranger: %d %s", s.status, s.text())
	}
}
