package api

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/labstack/echo/v4"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

// house is the API on a database of its own, with a key for every organisation. It is Monday
// 20 November 2023, nine in the morning.
type house struct {
	*testing.T
	database *testdb.DB
	pool     *db.Pool
	web      http.Handler
	now      time.Time
	keys     map[string]string
	log      *locked
	desc     routers.Router
}

var morning = time.Date(2023, 11, 20, 9, 0, 0, 0, time.UTC)

var console = staff.Who{By: audit.By{Organisation: "ADMIN", Actor: "console:test", Via: "console"}, Role: staff.Admin}

func newHouse(t *testing.T, change ...func(*Deps)) *house {
	t.Helper()
	database := testdb.New(t)
	description, err := described()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, database: database, pool: database.Pool(t), now: morning, keys: map[string]string{}, log: &locked{}, desc: description}
	h.jobs(func(ctx context.Context, tx *db.Tx) error { return staff.BringIn(ctx, tx) })
	h.jobs(func(ctx context.Context, tx *db.Tx) error { return appointment.BringIn(ctx, tx, h.now) })
	h.jobs(func(ctx context.Context, tx *db.Tx) error {
		_, err := appointment.OpenSlots(ctx, tx, h.now)
		return err
	})
	for _, organisation := range []string{"EXI", "CWI", "HARBOUR", "SUBGROUP", "ADMIN", "AUDIT"} {
		h.keys[organisation] = h.key(organisation, staff.KeyDays)
	}
	h.web = h.server(h.pool, change...)
	return h
}

// server is one of any number of servers on the house's database.
func (h *house) server(pool *db.Pool, change ...func(*Deps)) http.Handler {
	deps := Deps{Pool: pool, Now: func() time.Time { return h.now }, Log: slog.New(slog.NewJSONHandler(h.log, nil))}
	for _, c := range change {
		c(&deps)
	}
	e := echo.New()
	e.HTTPErrorHandler = HandleError
	Register(e, deps)
	return e
}

func (h *house) jobs(act func(context.Context, *db.Tx) error) {
	h.Helper()
	ctx := h.Context()
	if err := h.pool.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error { return act(ctx, tx) }); err != nil {
		h.Fatal(err)
	}
}

// owner changes the schema, as nobody but a migration may.
func (h *house) owner(statement string) {
	h.Helper()
	owner, err := sql.Open("postgres", h.database.OwnerDSN)
	if err != nil {
		h.Fatal(err)
	}
	defer owner.Close()
	if _, err := owner.Exec(statement); err != nil {
		h.Fatal(err)
	}
}

func (h *house) key(organisation string, days int) (clear string) {
	h.Helper()
	h.jobs(func(ctx context.Context, tx *db.Tx) (err error) {
		_, clear, err = staff.CreateKey(ctx, tx, console, h.now, organisation, days)
		return err
	})
	return clear
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (r reply) code() string { return r.text("code") }

func (r reply) text(field string) string {
	s, _ := r.body[field].(string)
	return s
}

// fields are those that the answer's corrections name.
func (r reply) fields() (all []string) {
	list, _ := r.body["errors"].([]any)
	for _, e := range list {
		all = append(all, e.(map[string]any)["field"].(string))
	}
	return all
}

// asks sends a request as an organisation. The body is JSON text, or a value to be written as JSON.
func (h *house) asks(organisation, method, path string, body any, headers ...string) reply {
	h.Helper()
	return h.sends(h.request(organisation, method, path, body, headers...))
}

func (h *house) request(organisation, method, path string, body any, headers ...string) *http.Request {
	h.Helper()
	var text []byte
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
	default:
		var err error
		if text, err = json.Marshal(body); err != nil {
			h.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(text))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if key := h.keys[organisation]; key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// sends holds request and answer against the description: what is answered with success was a
// request as described, and every answer is as described.
func (h *house) sends(r *http.Request) reply {
	h.Helper()
	return h.sendsTo(h.web, r)
}

func (h *house) sendsTo(server http.Handler, r *http.Request) reply {
	h.Helper()
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		h.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	raw := w.Body.String()
	r.Body = io.NopCloser(bytes.NewReader(sent))
	h.holdAgainst(r, w.Code, w.Header(), raw)
	got := reply{status: w.Code, header: w.Header(), raw: raw}
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal([]byte(raw), &got.body); err != nil {
			h.Fatalf("%s %s answered what is not JSON: %v", r.Method, r.URL.Path, err)
		}
	}
	return got
}

func (h *house) holdAgainst(r *http.Request, status int, header http.Header, raw string) {
	h.Helper()
	route, params, err := h.desc.FindRoute(r)
	if err != nil {
		return // not the API's: the test looks at the answer itself
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if status < 300 {
		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			h.Errorf("%s %s was accepted, but is not as described: %v", r.Method, r.URL.Path, err)
		}
	}
	output := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: status, Header: header, Options: options}
	output.SetBodyBytes([]byte(raw))
	if err := openapi3filter.ValidateResponse(r.Context(), output); err != nil {
		h.Errorf("%s %s: the answer is not as described: %v\n%s", r.Method, r.URL.Path, err, raw)
	}
}

// described reads the description once; that it is valid OpenAPI 3.1 is part of every test.
var described = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(Description)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// settled waits until every transaction that ran beside the ones before has ended, those of other
// tests on the same server too: events are told only then.
func (h *house) settled() {
	h.Helper()
	for began := time.Now(); time.Since(began) < 5*time.Minute; {
		if h.count(`SELECT count(*) FROM event, pg_sleep(0.01) WHERE tx >= pg_snapshot_xmin(pg_current_snapshot())`) == 0 {
			return
		}
	}
	h.Fatal("another transaction does not end")
}

// must fails unless the answer has the status.
func (r reply) must(h *house, status int) reply {
	h.Helper()
	if r.status != status {
		h.Fatalf("answered %d, not %d: %s", r.status, status, r.raw)
	}
	return r
}

// locked is the log that all servers of a house write to.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A valid referral, to spoil one thing of.
func draft(reference string) map[string]any {
	return map[string]any{
		"sender_reference": reference, "prison": "EXI", "provider": "HARBOUR",
		"person": map[string]any{
			"prison_number": "A1234BC", "nhs_number": "9990000018", "given_name": "Siân", "family_name": "O'Neill",
			"date_of_birth": "1984-02-29", "sex": "female", "telephone": nil,
		},
		"referred_on": "2023-11-20", "planned_release_date": "2023-12-04", "release_kind": "conditional",
		"release_date_certainty": "expected", "released_on": nil,
		"substances":          []any{"heroin", "crack cocaine"},
		"opioid_substitution": map[string]any{"medicine": "methadone", "bridging_until": "2023-12-08"},
		"naloxone_supplied":   true, "attends_smart": true, "reconnect_referred": false,
		"consent": map[string]any{"share_with_provider": "given", "share_with_reconnect": "refused", "recorded_on": "2023-11-20"},
		"notes":   "Prefers mornings.",
	}
}

// somebody is the draft of another person.
func somebody(n int, reference string) map[string]any {
	d := draft(reference)
	letters := string([]byte{'A' + byte(n/26%26), 'A' + byte(n%26)})
	d["person"] = map[string]any{
		"prison_number": "B1000" + letters, "given_name": "Test" + letters, "family_name": "Person" + letters,
		"date_of_birth": "1980-01-01", "sex": "male",
	}
	return d
}
