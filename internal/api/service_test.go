package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"throughgate/internal/db"
)

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/api/v1/referrals", 200},
		{"GET", "/api/v1/referrals/none", 404},
		{"PUT", "/api/v1/referrals", 405},
		{"GET", "/api/v1/nothing", 404},
		{"GET", "/api/v1/openapi.yaml", 200},
		{"GET", "/healthz", 200},
		{"GET", "/readyz", 200},
	} {
		got := h.asks("EXI", c.method, c.path, nil).must(h, c.status)
		for _, name := range []string{"Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options",
			"Referrer-Policy", "Cache-Control", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"} {
			if got.header.Get(name) == "" {
				t.Errorf("%s %s has no %s", c.method, c.path, name)
			}
		}
		if kind := got.header.Get("Content-Type"); c.status >= 400 && kind != "application/problem+json" {
			t.Errorf("%s %s is a %s", c.method, c.path, kind)
		}
	}
}

func TestAKeyThatAsksTooFastIsToldToWait(t *testing.T) {
	h := newHouse(t, func(d *Deps) { d.RatePerSecond, d.Burst = 0.001, 2 })
	for range 2 {
		h.asks("EXI", "GET", "/api/v1/referrals", nil).must(h, 200)
	}
	got := h.asks("EXI", "GET", "/api/v1/referrals", nil).must(h, 429)
	if got.header.Get("Retry-After") == "" || got.code() != "too_many_requests" {
		t.Errorf("%v %s", got.header, got.raw)
	}
	h.asks("CWI", "GET", "/api/v1/referrals", nil).must(h, 200)
}

func TestMetricsAreForMonitoring(t *testing.T) {
	for _, c := range []struct {
		name, token, sent, from, forwarded string
		status                             int
	}{
		{"the token", "secret", "Bearer secret", "203.0.113.9:1", "", 200},
		{"another token", "secret", "Bearer public", "127.0.0.1:1", "", 401},
		{"no token", "secret", "", "127.0.0.1:1", "", 401},
		{"this machine, where no token is set", "", "", "127.0.0.1:1", "", 200},
		{"this machine by its other address", "", "", "[::1]:1", "", 200},
		{"another machine", "", "", "203.0.113.9:1", "", 401},
		{"another machine through a proxy here", "", "", "127.0.0.1:1", "203.0.113.9", 401},
		{"an empty token against none", "", "Bearer ", "203.0.113.9:1", "", 401},
	} {
		e := echo.New()
		e.HTTPErrorHandler = HandleError
		Register(e, Deps{MetricsToken: c.token})
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = c.from
		for name, value := range map[string]string{"Authorization": c.sent, "X-Forwarded-For": c.forwarded} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: %d", c.name, w.Code)
		}
	}
}

// What the requests carried appears nowhere: not in the log, not in the metrics.
func TestLogAndMetricsHoldNoPersonalData(t *testing.T) {
	h := newHouse(t)
	made := h.asks("EXI", "POST", "/api/v1/referrals", draft("CANARY-REFERENCE")).must(h, 201)
	h.asks("HARBOUR", "GET", "/api/v1/referrals/"+made.text("id"), nil).must(h, 200)
	h.asks("EXI", "GET", "/api/v1/referrals?cursor=CANARY-QUERY", nil)
	h.asks("EXI", "POST", "/api/v1/referrals", `{"CANARY-FIELD": 1}`).must(h, 400)
	h.owner(`ALTER TABLE referral ADD CONSTRAINT nobody_thought_of_this CHECK (sender_reference_bix IS NULL) NOT VALID`)
	failed := h.asks("EXI", "POST", "/api/v1/referrals", somebody(2, "CANARY-OTHER")).must(h, 500)

	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.RemoteAddr = "127.0.0.1:1"
	metrics := h.sends(r).must(h, 200).raw
	out := h.log.String() + metrics + failed.raw
	for _, secret := range []string{"CANARY", "Siân", "Neill", "A1234BC", "9990000018", "1984-02-29", "PersonAC", made.text("id"), h.keys["EXI"]} {
		if strings.Contains(out, secret) {
			t.Errorf("%q is in a by-product", secret)
		}
	}
	if !strings.Contains(h.log.String(), strings.TrimPrefix(failed.text("instance"), "urn:uuid:")) {
		t.Error("the failed request cannot be found in the log by its instance")
	}
	if !strings.Contains(h.log.String(), "nobody_thought_of_this") || !strings.Contains(metrics, `route="/api/v1/referrals/:id"`) {
		t.Errorf("log or metrics do not say what happened: %s", h.log.String())
	}
}

func TestTheDescriptionIsServedAsItIs(t *testing.T) {
	h := newHouse(t)
	if got := h.asks("", "GET", "/api/v1/openapi.yaml", nil).must(h, 200); got.raw != string(Description) {
		t.Error("another text")
	}
}

// Every code that is answered is one that a program can look up, and every call is described.
func TestTheDescriptionNamesEveryCall(t *testing.T) {
	e := echo.New()
	Register(e, Deps{})
	for _, r := range e.Routes() {
		path := strings.ReplaceAll(r.Path, ":id", "{id}")
		if !strings.Contains(string(Description), "\n  "+path+":\n") {
			t.Errorf("%s is not described", path)
		}
	}
}

func TestReportsAreShownAsTheyWereSent(t *testing.T) {
	h := newHouse(t)
	h.jobs(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO report_run (id, report, due_at, window_end, data_through, outcome, made_at, made_by, figures, subject, html, plain, csv)
			VALUES
			  ('00000000-0000-4000-8000-000000000001', 'weekly', '2023-11-13 07:00Z', '2023-11-12', '2023-11-12', 'made', '2023-11-13 07:00Z', 'service',
			    '{"m1": "44%"}', 'The rate', '<p>44%</p>', '44%', 'a,b'),
			  ('00000000-0000-4000-8000-000000000002', 'weekly', '2023-11-06 07:00Z', '2023-11-05', '2023-11-05', 'missed', '2023-11-13 07:00Z', 'service',
			    NULL, NULL, NULL, NULL, NULL),
			  ('00000000-0000-4000-8000-000000000003', 'weekly', '2023-10-30 07:00Z', '2023-10-29', '2023-10-29', 'first_start', '2023-10-30 07:00Z', 'service',
			    NULL, NULL, NULL, NULL, NULL)`)
		return err
	})
	for _, organisation := range []string{"EXI", "HARBOUR", "SUBGROUP", "ADMIN", "AUDIT"} {
		listed := listOf(h.asks(organisation, "GET", "/api/v1/reports", nil).must(h, 200), "items")
		if len(listed) != 2 || listed[0].(map[string]any)["outcome"] != "made" || listed[1].(map[string]any)["outcome"] != "missed" {
			t.Errorf("%s is shown %v", organisation, listed)
		}
		sent := h.asks(organisation, "GET", "/api/v1/reports/00000000-0000-4000-8000-000000000001", nil).must(h, 200)
		if sent.text("html") != "<p>44%</p>" || sent.body["figures"].(map[string]any)["m1"] != "44%" {
			t.Errorf("%s", sent.raw)
		}
		h.asks(organisation, "GET", "/api/v1/reports/00000000-0000-4000-8000-000000000002", nil).must(h, 200)
		h.asks(organisation, "GET", "/api/v1/reports/00000000-0000-4000-8000-000000000003", nil).must(h, 404)
	}
}
