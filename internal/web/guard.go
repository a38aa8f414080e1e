package web

import (
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"throughgate/internal/api"
	"throughgate/internal/mail"
	"throughgate/internal/reconcile"
)

// visiting is the key under which a request's visit is kept, so that an error page knows who reads it.
const visiting = "web.visit"

// pagePolicy lets a page load what this service itself serves, and nothing else: no script or style
// written into a page runs. data: is for the QR code of an invitation,
// connect-src for staying signed in (own/idle.js).
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard stands around every request, before it is known whether anything answers it.
func (s *site) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(web echo.Context) error {
		api.Secure(web.Response().Header(), pagePolicy)
		headLikeGet(web)
		if api.Owns(web.Request().URL.Path) {
			return next(web) // the API logs and guards its own, and its keys are not in cookies
		}
		began := time.Now()
		err := api.Guarded(func(web echo.Context) error { return s.guarded(next, web) }, web)
		if err != nil {
			s.fail(err, web)
		}
		s.note(web, err, time.Since(began))
		return nil
	}
}

// headLikeGet routes HEAD as GET, with all that follows from asking; from the first byte of the answer on
// it is HEAD again, so that the server keeps the body back. Whoever is told what an address takes is told
// of it too.
func headLikeGet(web echo.Context) {
	r, asked := web.Request(), web.Request().Method
	if asked == http.MethodHead {
		r.Method = get
	}
	web.Response().Before(func() {
		r.Method = asked
		if h := web.Response().Header(); strings.Contains(h.Get(echo.HeaderAllow), get) {
			h.Set(echo.HeaderAllow, strings.Replace(h.Get(echo.HeaderAllow), get, get+", "+http.MethodHead, 1))
		}
	})
}

// guarded refuses what another site makes a browser send, what no page could be for, and more than anybody types.
func (s *site) guarded(next echo.HandlerFunc, web echo.Context) error {
	if s.origin.Check(web.Request()) != nil || !saysWhence(web.Request()) {
		return errElsewhere
	}
	if path := web.Request().URL.Path; !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl) {
		return notThere // PostgreSQL could not even be asked for it
	}
	if web.Request().Header.Get("Content-Encoding") != "" {
		return notTaken // a few kilobytes could unpack to gigabytes
	}
	web.Request().Body = http.MaxBytesReader(web.Response(), web.Request().Body, mostOf(web.Request()))
	return next(web)
}

// saysWhence says whether what changes something names the page that it was sent from, as every browser does, in Origin or
// in Sec-Fetch-Site. Mail programs are none: they send a letter's List-Unsubscribe by themselves (RFC 8058), to an address
// that holds the reader's own token.
func saysWhence(r *http.Request) bool {
	return r.Method != post || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || strings.HasPrefix(r.URL.Path, mail.LeavePath)
}

// mostTyped is the largest form taken: far more than anybody types.
const mostTyped = 256 << 10

// mostOf is how much a request may bring: the page for partners' lists takes a whole file.
func mostOf(r *http.Request) int64 {
	if r.URL.Path == "/imports" {
		return reconcile.MaxFileBytes + api.MostEnvelope
	}
	return mostTyped
}

// errElsewhere is a form that another site made somebody's browser send.
var errElsewhere = errors.New("sent from another site")

// note logs the request by its route: neither its address, which has ids and tokens, nor anything
// that was typed.
func (s *site) note(web echo.Context, err error, took time.Duration) {
	status := web.Response().Status
	line := s.Log.With("method", web.Request().Method, "route", web.Path(), "status", status, "took", took.Round(time.Microsecond),
		"from", web.RealIP()) // as configured proxies say
	if v, known := web.Get(visiting).(*visit); known && v.signedIn() {
		line = line.With("organisation", v.who.Organisation(), "actor", v.who.By.Actor)
	}
	gone := web.Request().Context().Err() != nil // whoever asked waits no more: nothing failed
	if status < http.StatusInternalServerError || gone {
		line.Info("page")
		return
	}
	if f := (*api.Fault)(nil); errors.As(err, &f) {
		line = line.With("stack", string(f.Stack))
	}
	line.Error("page", "error", api.Harmless(err))
}
