package web

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// always are the headers that no answer goes without.
var always = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=()",
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	h := newHouse(t)
	h.demo()
	b := h.as("EXI")
	style := b.open("/").Find("link[rel=stylesheet]").Last().AttrOr("href", "")
	for path, status := range map[string]int{
		"/": ok, "/sign-in": moved, "/no-such-page": none, "/referrals/x": none, "/reports": ok, "/mailbox": ok,
		style: ok, "/assets/old/throughgate.css": none,
	} {
		s := b.open(path)
		if s.status != status {
			t.Errorf("%s: %d", path, s.status)
		}
		for name, want := range always {
			if got := s.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		csp := s.header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy is %q", path, csp)
		}
		cached := s.header.Get("Cache-Control")
		if kept := path == style; kept != strings.Contains(cached, "immutable") || !kept && cached != "no-store" {
			t.Errorf("%s: Cache-Control is %q", path, cached)
		}
	}
	for _, path := range []string{"/healthz", "/api/v1/referrals", "/api/v1/no-such-call"} {
		s := h.browser().open(path)
		for name, want := range always {
			if got := s.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if csp := s.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "'self'") {
			t.Errorf("%s: the policy is %q", path, csp)
		}
	}
}

func TestHEADIsAnsweredAsGETWithoutItsBody(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	style := b.open("/").Find("link[rel=stylesheet]").Last().AttrOr("href", "")
	for path, status := range map[string]int{
		"/": ok, "/sign-in": moved, "/no-such-page": none, "/sign-out": http.StatusMethodNotAllowed, style: ok,
		"/healthz": ok, "/api/v1/openapi.yaml": ok, "/api/v1/referrals": http.StatusUnauthorized,
	} {
		r := b.form(path)
		r.Method, r.Body, r.ContentLength = http.MethodHead, nil, 0
		head, asked := b.send(r), b.open(path)
		if head.status != status || head.raw != "" || asked.status != status {
			t.Errorf("%s: HEAD %d, GET %d", path, head.status, asked.status)
		}
		for name := range always {
			if head.header.Get(name) != asked.header.Get(name) {
				t.Errorf("%s: %s is %q, to GET %q", path, name, head.header.Get(name), asked.header.Get(name))
			}
		}
	}
	for path, allow := range map[string]string{"/sign-in": "OPTIONS, GET, HEAD, POST", "/sign-out": "OPTIONS, POST", "/api/v1/referrals": "OPTIONS, GET, HEAD, POST"} {
		for _, method := range []string{http.MethodDelete, http.MethodOptions} {
			r := b.form(path)
			r.Method = method
			if got := b.send(r).header.Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow is %q", method, path, got)
			}
		}
	}
}

func TestTheAPIsErrorsAreProblemsOnTheSameServer(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/api/v1/referrals", "/api/v1/no-such-call", "/api"} {
		s := h.browser().open(path)
		if got := s.header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: %d %q", path, s.status, got)
		}
	}
	if s := h.browser().open("/no-such-page"); !strings.HasPrefix(s.header.Get("Content-Type"), "text/html") {
		t.Errorf("a page's error is %q", s.header.Get("Content-Type"))
	}
}

func TestWhatAnotherSiteSendsIsRefused(t *testing.T) {
	h := newHouse(t)
	b, id := h.as("EXI"), h.referred(draft("A1234BC")).String()
	path := "/referrals/" + id + "/withdrawal"
	form := []string{"reason", "mistaken", "on-day", "20", "on-month", "11", "on-year", "2023"}
	for name, spoil := range map[string]func(*http.Request){
		"another origin": func(r *http.Request) {
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Del("Sec-Fetch-Site")
		},
		"cross-site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"nobody knows where": func(r *http.Request) {
			r.Header.Del("Origin")
			r.Header.Del("Sec-Fetch-Site")
		},
		"a sister subdomain": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
	} {
		r := b.form(path, form...)
		spoil(r)
		if s := b.send(r); s.status != http.StatusForbidden || !strings.Contains(s.text(), "Nothing was changed") {
			t.Errorf("%s: %d", name, s.status)
		}
	}
	if s := b.open("/referrals/" + id); strings.Contains(s.text(), "Withdrawn") {
		t.Error("it was withdrawn all the same")
	}
	if s := b.post(path, form...); s.status != http.StatusSeeOther {
		t.Errorf("from our own page: %d %s", s.status, s.text())
	}
}

func TestAnAddressThatNothingCanHaveIsNotThere(t *testing.T) {
	h := newHouse(t)
	b := h.as("HARBOUR")
	for _, path := range []string{"/clinics/%00/change", "/clinics/%ff/change", "/closed-days/%0a/open", "/%00"} {
		if s := b.open(path); s.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, s.status)
		}
	}
}

func TestFormsThatAreNoFormsAreRefused(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		spoil  func(*http.Request)
		status int
	}{
		"JSON":       {func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, http.StatusUnsupportedMediaType},
		"no escapes": {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("email=%zz")); r.ContentLength = 9 }, http.StatusUnsupportedMediaType},
		"compressed": {func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, http.StatusUnsupportedMediaType},
	} {
		r := h.browser().form("/sign-in", "email", "a@example.org")
		c.spoil(r)
		if s := h.browser().send(r); s.status != c.status {
			t.Errorf("%s: %d", name, s.status)
		}
	}
	list := h.browser().form("/imports")
	list.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	list.Header.Set("Content-Encoding", "gzip")
	if s := h.as("EXI").send(list); s.status != http.StatusUnsupportedMediaType {
		t.Errorf("a compressed list: %d", s.status)
	}
	if s := h.browser().post("/sign-in", "email", strings.Repeat("a", 300<<10)); s.status != http.StatusRequestEntityTooLarge {
		t.Errorf("300 KB: %d", s.status)
	}
}

func TestEachErrorHasItsPage(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"not found":       {&problem.NotFound{What: "referral"}, http.StatusNotFound},
		"not theirs":      {&problem.Forbidden{Message: "no"}, http.StatusForbidden},
		"conflict":        {&problem.Conflict{Message: "no"}, http.StatusConflict},
		"database away":   {db.ErrAway, http.StatusServiceUnavailable},
		"outcome unknown": {db.ErrUnknown, http.StatusServiceUnavailable},
		"lock not free":   {&db.Refusal{State: "55P03"}, http.StatusServiceUnavailable},
		"ran too long":    {&db.Refusal{State: "57014"}, http.StatusServiceUnavailable},
		"no such page":    {echo.ErrNotFound, http.StatusNotFound},
		"no such method":  {echo.ErrMethodNotAllowed, http.StatusMethodNotAllowed},
		"our own mistake": {errors.New("pq: value Aoife"), http.StatusInternalServerError},
		"another refusal": {&db.Refusal{State: "23505", Constraint: "x"}, http.StatusInternalServerError},
	} {
		got := troubleOf(c.err)
		if got.Status != c.status || got.Heading == "" || len(got.Paragraphs) == 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if strings.Contains(strings.Join(got.Paragraphs, " "), "Aoife") {
			t.Errorf("%s shows what must not be shown", name)
		}
	}
}

func TestAPanicIsAPageAndALogLineWithoutItsValue(t *testing.T) {
	h := newHouse(t)
	broken := func(e *echo.Echo) { e.GET("/broken", func(echo.Context) error { panic("Aoife") }) }
	h.site.Config.Handler = New(Deps{Pool: h.pool, Log: h.logger(), API: broken})
	s := h.browser().open("/broken")
	if s.status != http.StatusInternalServerError || !strings.Contains(s.text(), "there is a problem with the service") {
		t.Errorf("%d %s", s.status, s.text())
	}
	if log := h.log.String(); strings.Contains(log, "Aoife") || !strings.Contains(log, "panic") {
		t.Errorf("the log says %s", log)
	}
}
