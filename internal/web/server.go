// Package web is the pages people work with: sign-in, worklists, one person's way through the gate,
// the report. Every page is drawn in memory before it is sent, and works without JavaScript.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"throughgate/internal/api"
	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Deps is what the pages work with.
type Deps struct {
	Pool   *db.Pool
	Now    func() time.Time // time.Now when nil
	Log    *slog.Logger     // slog.Default() when nil
	Secure bool             // people reach the service by HTTPS: cookies are for HTTPS only
	Demo   *Demo            // nil outside the demo

	// API adds the API's routes to the same server; none are added when it is nil.
	API func(*echo.Echo)

	// SendLatestReport makes and queues the report of the latest due time, and says in a sentence
	// what it did. Sent already, it is sent once more only when again is true: else a
	// problem.Conflict. Nil where no report can be sent.
	SendLatestReport func(ctx context.Context, who staff.Who, again bool) (string, error)
}

// site is what handlers share.
type site struct {
	Deps
	look   look
	all    []route
	origin *http.CrossOriginProtection
}

// New is the one server that carries the pages and, when given, the API.
func New(deps Deps) *echo.Echo {
	s := &site{Deps: deps, look: newLook(), origin: http.NewCrossOriginProtection()}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if !s.look.styled {
		s.Log.Warn("built without its stylesheet: pages are readable, but plain; 'make build' brings it")
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.fail
	e.Pre(compress, s.guard)
	e.GET("/assets/:version/:file", s.asset)
	s.all = s.routes()
	for _, r := range s.all {
		e.Add(r.method, r.path, s.serve(r))
	}
	if s.API != nil {
		s.API(e)
	}
	return e
}

// routes are all there are: the demo's only in the demo.
func (s *site) routes() []route {
	all := slices.Concat(routes, actRoutes())
	if s.Demo != nil {
		all = append(all, demoRoutes...)
	}
	return all
}

// visit is one request under way: who asks, when, for what.
type visit struct {
	*site
	web echo.Context
	ctx context.Context
	now time.Time
	who staff.Who // nobody on pages for everybody
	id  uuid.UUID // from the path, where it has one

	drawnIn   staff.Session // in which session the page of the form was drawn; nil where it does not say
	keptID    uuid.UUID     // the kept form that the page shows; uuid.Nil for none
	keptForms []keptForm    // of the reader, to be offered

	kept   url.Values // typed before the session ended, or what cannot be taken: to be shown in the form once more
	unseen []string   // the boxes for which it cannot be taken (unseen.go)
}

// signedIn says whether it is known who asks.
func (v *visit) signedIn() bool { return v.who.Role != "" }

// serve is the way of every request: who is it, may they, and then the page's own handler.
func (s *site) serve(r route) echo.HandlerFunc {
	return func(web echo.Context) error {
		v := &visit{site: s, web: web, ctx: web.Request().Context(), now: s.Now()}
		if !r.takesTime() {
			v.ctx = db.Awaited(v.ctx)
		}
		web.Set(visiting, v)
		if err := v.recognise(); err != nil {
			return err
		}
		if !r.open {
			v.readMarks()
			if !v.signedIn() {
				return v.askToSignIn(r)
			}
		}
		if err := v.mustBeTheirs(r); err != nil {
			return err
		}
		if err := v.permit(r); err != nil {
			return err
		}
		if err := v.identify(r.of); err != nil {
			return err
		}
		v.onlyJustDone()
		return v.seen(r, func() error {
			if v.keptID != uuid.Nil {
				return v.withKeptForm(r)
			}
			return r.handle(v)
		})
	}
}

// unhurried are the pages behind which whole files are read, made, or judged again.
var unhurried = []string{"/imports", "/links/", "/reconciliation", "/report", "/review"}

// takesTime says whether whoever asks expects to wait for more than a page.
func (r route) takesTime() bool {
	begins := func(path string) bool { return strings.HasPrefix(r.path, path) }
	return strings.HasSuffix(r.path, ".csv") || slices.ContainsFunc(unhurried, begins)
}

// permit refuses a role that the route does not name, and leaves a row that the auditor sees.
func (v *visit) permit(r route) error {
	if r.open || v.who.Must(r.roles...) == nil {
		return nil
	}
	err := v.act(func(tx *db.Tx) error {
		return audit.Write(v.ctx, tx, v.who.By, v.now, "refused", "page", r.method+" "+r.path, nil)
	})
	if err != nil {
		return err
	}
	return v.who.Must(r.roles...)
}

// identify reads the id in the path. What cannot be an id answers like one that does not exist.
func (v *visit) identify(what string) (err error) {
	if what == "" {
		return nil
	}
	if v.id, err = uuid.Parse(v.web.Param("id")); err != nil || len(v.web.Param("id")) != 36 {
		return &problem.NotFound{What: what}
	}
	return nil
}

// act runs in one transaction what the person asked for, within what their organisation may see.
func (v *visit) act(do func(*db.Tx) error) error {
	return v.Pool.Act(v.ctx, v.who.Scope(), do)
}

// asService runs what has to look across organisations: signing in, invitations, the report's list.
func (v *visit) asService(do func(*db.Tx) error) error {
	return v.Pool.Act(v.ctx, db.Scope{Part: db.Jobs}, do)
}

// fail answers an error: with a problem for programs, with a page for people.
func (s *site) fail(err error, web echo.Context) {
	switch {
	case web.Response().Committed:
	case api.Owns(web.Request().URL.Path):
		api.HandleError(err, web)
	default:
		s.failPage(err, web)
	}
}
