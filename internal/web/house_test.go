package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/pquerna/otp/totp"

	"throughgate/internal/api"
	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/jobs"
	"throughgate/internal/mail/mailtest"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

// house is the whole site on a database of its own, so that tests with houses run side by side. It is Monday
// 20 November 2023, nine in the morning.
type house struct {
	*testing.T
	pool *db.Pool
	site *httptest.Server
	now  time.Time
	log  *safeBuffer
	post *mailtest.Server
}

var morning = time.Date(2023, 11, 20, 9, 0, 0, 0, time.UTC)

const password = "three words that differ"

var (
	console = audit.By{Organisation: "ADMIN", Actor: "console:test", Via: "console"}
	roles   = []string{"EXI", "CWI", "HARBOUR", "SUBGROUP", "ADMIN", "AUDIT"}
)

func newHouse(t *testing.T, change ...func(*Deps)) *house {
	t.Helper()
	t.Parallel()
	h := &house{T: t, pool: testdb.New(t).Pool(t), now: morning, log: &safeBuffer{}}
	h.service(func(tx *db.Tx) error { return staff.BringIn(t.Context(), tx) })
	h.service(func(tx *db.Tx) error { return appointment.BringIn(t.Context(), tx, h.now) })
	h.service(func(tx *db.Tx) error { return continuity.BringIn(t.Context(), tx, h.now) })
	var err error
	if h.post, err = mailtest.Start(mailtest.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.post.Close() })
	h.site = httptest.NewServer(New(h.deps(change...)))
	t.Cleanup(h.site.Close)
	return h
}

// demo makes the house a demo, whose mailbox is the house's own mail server.
func (h *house) demo() {
	h.T.Helper()
	var people []DemoPerson
	for role, organisation := range organisationOf {
		people = append(people, DemoPerson{string(role), emailOf(organisation)})
	}
	h.site.Config.Handler = New(h.deps(func(d *Deps) { d.Demo = &Demo{People: people, Mailbox: h.post} }))
}

// deps are what the program gives the site, changed as a test needs it.
func (h *house) deps(change ...func(*Deps)) Deps {
	deps := Deps{
		Pool: h.pool, Now: func() time.Time { return h.now }, Log: h.logger(),
		API: func(e *echo.Echo) { api.Register(e, api.Deps{Pool: h.pool, Log: h.logger()}) },
		SendLatestReport: func(ctx context.Context, who staff.Who, again bool) (string, error) {
			run, err := jobs.SendLatest(ctx, h.pool, who, h.now, again)
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("The report to %s is queued for %d readers.", run.WindowEnd.Long(), run.Recipients), nil
		},
	}
	for _, c := range change {
		c(&deps)
	}
	return deps
}

func (h *house) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(h.log, nil)) }

type safeBuffer struct {
	mu sync.Mutex
	to bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.to.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.to.String()
}

func (h *house) service(do func(*db.Tx) error) {
	h.Helper()
	if err := h.pool.Act(h.Context(), db.Scope{Part: db.Jobs}, do); err != nil {
		h.Fatal(err)
	}
}

func emailOf(organisation string) string { return strings.ToLower(organisation) + "@example.org" }

// added is the organisation's person, invited: enough for the demo's sign-in, which asks for no password.
func (h *house) added(organisation string) (invitation string) {
	h.Helper()
	h.service(func(tx *db.Tx) (err error) {
		invitation, err = staff.Add(h.Context(), tx, console, h.now, organisation, emailOf(organisation), "Siân of "+organisation)
		return err
	})
	return invitation
}

// enrolled is the organisation's person, with the secret of their second factor.
func (h *house) enrolled(organisation string) (secret string) {
	h.Helper()
	return h.enrols(h.added(organisation), organisation)
}

// enrols uses the organisation's invitation up.
func (h *house) enrols(token, organisation string) (secret string) {
	h.Helper()
	h.service(func(tx *db.Tx) error {
		key, err := staff.NewSecret(emailOf(organisation))
		if err != nil {
			return err
		}
		secret = key.Secret()
		return staff.Enrol(h.Context(), tx, h.now.Add(-time.Hour), token, password, secret, h.code(secret, h.now.Add(-time.Hour)))
	})
	return secret
}

func (h *house) code(secret string, at time.Time) string {
	h.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		h.Fatal(err)
	}
	return code
}

// browser is one person's browser. It follows no redirects by itself, so that a test sees each.
type browser struct {
	*house
	client *http.Client
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.Fatal(err)
	}
	return &browser{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// known is the organisation's person, if nobody has brought them in yet.
func (h *house) known(organisation string) {
	h.Helper()
	var there bool
	h.service(func(tx *db.Tx) error {
		return tx.Get(h.Context(), &there, `SELECT EXISTS (SELECT FROM staff WHERE email = $1)`, emailOf(organisation))
	})
	if !there {
		h.added(organisation)
	}
}

// as is a browser in which the organisation's person is signed in.
func (h *house) as(organisation string) *browser {
	h.Helper()
	h.known(organisation)
	var token string
	h.service(func(tx *db.Tx) (err error) {
		token, err = staff.Begin(h.Context(), tx, h.now, emailOf(organisation))
		return err
	})
	b := h.browser()
	b.client.Jar.SetCookies(b.address("/"), []*http.Cookie{{Name: "throughgate", Value: token}})
	return b
}

func (h *house) address(path string) *url.URL {
	u, err := url.Parse(h.site.URL + path)
	if err != nil {
		h.Fatal(err)
	}
	return u
}

// shown is an answer, read.
type shown struct {
	*goquery.Document
	status   int
	location string
	header   http.Header
	raw      string
}

// text is the page's text with single spaces.
func (s shown) text() string { return strings.Join(strings.Fields(s.Find("body").Text()), " ") }

func (s shown) title() string { return s.Find("title").Text() }

// faults are what the error summary says, each with where it leads.
func (s shown) faults() map[string]string {
	found := map[string]string{}
	s.Find(".govuk-error-summary__list a").Each(func(_ int, a *goquery.Selection) {
		href, _ := a.Attr("href")
		found[strings.TrimPrefix(href, "#")] = a.Text()
	})
	return found
}

func (b *browser) open(path string) shown {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), get, b.site.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	return b.send(r)
}

// post sends a form as its page would: names and values in turn.
func (b *browser) post(path string, form ...string) shown {
	b.Helper()
	return b.send(b.form(path, form...))
}

func (b *browser) form(path string, form ...string) *http.Request {
	b.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	r, err := http.NewRequestWithContext(b.Context(), post, b.site.URL+path, strings.NewReader(values.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.site.URL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

func (b *browser) send(r *http.Request) shown {
	b.Helper()
	answer, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	page, err := goquery.NewDocumentFromReader(bytes.NewReader(raw))
	if err != nil {
		b.Fatal(err)
	}
	return shown{page, answer.StatusCode, answer.Header.Get("Location"), answer.Header, string(raw)}
}

// draft is somebody whom Exeter refers, to be released on a day.
func draft(number string) referral.Draft {
	return referral.Draft{
		SenderReference: "EXI-" + number, Prison: "EXI", Provider: "HARBOUR",
		Person: referral.PersonDraft{PrisonNumber: number, GivenName: "Aoife", FamilyName: "Ní Bhriain-" + number,
			DateOfBirth: "1984-02-29", Sex: "female"},
		PlannedReleaseDate: "2023-11-27", Substances: []string{"heroin", "crack cocaine"},
		Consent: referral.ConsentDraft{ShareWithProvider: "given"},
	}
}

func (h *house) who(organisation string, role staff.Role) staff.Who {
	return staff.Who{By: audit.By{Organisation: organisation, Actor: "staff:test", Via: "page"}, Role: role, Name: "Test"}
}

// referred takes a referral in.
func (h *house) referred(d referral.Draft) (id uuid.UUID) {
	h.Helper()
	who := h.who(d.Prison, staff.Prison)
	h.act(who, func(ctx context.Context, tx *db.Tx) error {
		made, err := referral.Make(ctx, tx, who, h.now, d)
		if err == nil {
			id = made.ID
		}
		return err
	})
	return id
}

func (h *house) act(who staff.Who, do func(context.Context, *db.Tx) error) {
	h.Helper()
	if err := h.pool.Act(h.Context(), who.Scope(), func(tx *db.Tx) error { return do(h.Context(), tx) }); err != nil {
		h.Fatal(err)
	}
}

// released is a referral whose release is confirmed for the day before yesterday.
func (h *house) released(number string) uuid.UUID {
	h.Helper()
	d := draft(number)
	d.PlannedReleaseDate, d.ReleasedOn = "", "2023-11-18"
	return h.referred(d)
}

// attended records that the person came without an appointment, so that the next step is the pick-up.
func (h *house) attended() {
	h.Helper()
	who := h.who("HARBOUR", staff.Provider)
	h.act(who, func(ctx context.Context, tx *db.Tx) error {
		var id uuid.UUID
		if err := tx.Get(ctx, &id, `SELECT id FROM referral`); err != nil {
			return err
		}
		_, err := appointment.DropIn(ctx, tx, who, h.now, id, "HARBOUR", day.MustParse("2023-11-19"))
		return err
	})
}
