// Package api is the door for the partners' own programs: JSON over HTTP, as openapi.yaml describes
// it. It reads strictly, lets an act do the work in one transaction, and answers the same request
// sent again as it answered the first.
package api

import (
	"context"
	_ "embed"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Description is the API in OpenAPI 3.1.
//
//go:embed openapi.yaml
var Description []byte

// Deps is what the API works with.
type Deps struct {
	Pool *db.Pool
	Now  func() time.Time // time.Now when nil
	Log  *slog.Logger     // slog.Default() when nil

	// RatePerSecond and Burst limit each key; zero is 2,000 and 4,000. That stops a program caught
	// in a loop, and never a prison that sends a year's referrals at once.
	RatePerSecond float64
	Burst         int

	// MetricsToken is what monitoring sends as its bearer token, from THROUGHGATE_METRICS_TOKEN.
	// Without one, only this machine itself may read the metrics.
	MetricsToken string
}

// API is what handlers share.
type API struct {
	Deps
	limits  limits
	metrics *metrics
}

// Register adds the API's routes, and those that watch the service, to the server.
func Register(e *echo.Echo, deps Deps) *API {
	a := &API{Deps: deps}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Log == nil {
		a.Log = slog.Default()
	}
	a.limits = newLimits(a.RatePerSecond, a.Burst)
	a.metrics = newMetrics(prometheus.NewRegistry())
	for _, r := range routes {
		e.Add(r.method, r.path, a.serve(r), a.around)
	}
	e.GET("/api/v1/openapi.yaml", a.describe, a.around)
	e.GET("/healthz", a.alive, a.around)
	e.GET("/readyz", a.ready, a.around)
	e.GET("/metrics", a.measure, a.around)
	return a
}

// describe is for anybody: the description holds nothing but words.
func (a *API) describe(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", Description)
}

// call is one request under way: who asks, when, for what.
type call struct {
	*API
	web echo.Context
	ctx context.Context
	who staff.Who
	now time.Time
	id  uuid.UUID // from the path, where it has one

	unwritable *unwritable // what is wrong with the body already, named with all else that is

	content []byte  // what was sent, however it was spelt
	keys    []claim // under which it may be sent again
}

// serve is the way of every request: who is it, may they, and then the route's own handler.
func (a *API) serve(r route) echo.HandlerFunc {
	return func(web echo.Context) error {
		c := &call{API: a, web: web, ctx: db.Awaited(web.Request().Context()), now: a.Now()}
		if err := c.authenticate(); err != nil {
			return err
		}
		if !a.limits.allow(c.who.By.Actor) {
			return &refusal{code: "too_many_requests", detail: "This key sends more than is taken in a second. Wait as long as Retry-After says."}
		}
		if err := c.permit(r); err != nil {
			return err
		}
		if err := c.identify(r.of); err != nil {
			return err
		}
		answer, err := r.handle(c)
		if err != nil {
			return err
		}
		return answer.send(web)
	}
}

// identify reads the id in the path. What cannot be an id answers like one that does not exist.
func (c *call) identify(what string) (err error) {
	if what == "" {
		return nil
	}
	if c.id, err = uuid.Parse(c.web.Param("id")); err != nil || len(c.web.Param("id")) != 36 {
		return &problem.NotFound{What: what}
	}
	return nil
}

// limits is how fast each key may ask, by the key's id.
type limits struct {
	each  rate.Limit
	burst int
	mine  *keyed[*rate.Limiter]
}

func newLimits(perSecond float64, burst int) limits {
	if perSecond == 0 {
		perSecond, burst = 2000, 4000
	}
	return limits{each: rate.Limit(perSecond), burst: max(burst, 1), mine: &keyed[*rate.Limiter]{}}
}

func (l limits) allow(actor string) bool {
	return l.mine.of(actor, func() *rate.Limiter { return rate.NewLimiter(l.each, l.burst) }).Allow()
}
