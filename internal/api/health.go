package api

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// patience is how long readiness waits for the database: a stalled link counts as none.
const patience = 2 * time.Second

// alive says that the program runs; a database that is away is no reason to restart it.
func (a *API) alive(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// ready says whether requests can be served now.
func (a *API) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), patience)
	defer cancel()
	answered := make(chan error, 1)
	go func() { answered <- a.Pool.Ping(ctx) }() // the driver may outstay the deadline on a stalled link
	select {
	case err := <-answered:
		if err != nil {
			return fmt.Errorf("not ready: %w", db.ErrAway)
		}
		return c.JSON(http.StatusOK, map[string]string{"status": "ready"})
	case <-ctx.Done():
		return fmt.Errorf("not ready: %w", db.ErrAway)
	}
}

// metrics count requests by route, never by address: no id becomes a label.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(registry *prometheus.Registry) *metrics {
	m := &metrics{
		registry: registry,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "throughgate_api_requests_total", Help: "Requests by method, route and status."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "throughgate_api_request_seconds", Help: "How long requests took, by route."}, []string{"route"}),
	}
	registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) note(c echo.Context, took time.Duration) {
	m.requests.WithLabelValues(c.Request().Method, c.Path(), fmt.Sprint(c.Response().Status)).Inc()
	m.seconds.WithLabelValues(c.Path()).Observe(took.Seconds())
}

// measure shows the metrics to monitoring only, in plain text: the site compresses it, as every answer.
func (a *API) measure(c echo.Context) error {
	if !a.monitoring(c.Request()) {
		return staff.ErrNoKey
	}
	promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP(c.Response(), c.Request())
	return nil
}

// monitoring is whoever has the token; where none is set, this machine itself. A request that came
// through a proxy here is from elsewhere.
func (a *API) monitoring(r *http.Request) bool {
	if a.MetricsToken != "" {
		sent := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		return subtle.ConstantTimeCompare([]byte(sent), []byte(a.MetricsToken)) == 1
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	forwarded := r.Header.Get("Forwarded") + r.Header.Get("X-Forwarded-For") + r.Header.Get("X-Real-Ip")
	return err == nil && net.ParseIP(host).IsLoopback() && forwarded == ""
}
