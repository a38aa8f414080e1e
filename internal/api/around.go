package api

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"throughgate/internal/audit"
)

// What a request's context carries for the log line.
const (
	asker    = "api.asker"
	failure  = "api.failure"
	instance = "api.instance"
)

// answerPolicy lets an answer of data load nothing at all.
const answerPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// around stands around every request: security headers, a guard against panics, the log line and
// the counting.
func (a *API) around(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		Secure(c.Response().Header(), answerPolicy)
		if err := Guarded(next, c); err != nil {
			HandleError(err, c)
		}
		took := time.Since(began)
		a.metrics.note(c, took)
		a.note(c, took)
		return nil
	}
}

// note logs the request by its route: neither its address, which has ids and queries, nor anything
// from its body.
func (a *API) note(c echo.Context, took time.Duration) {
	status, level := c.Response().Status, slog.LevelInfo
	by, _ := c.Get(asker).(audit.By)
	fields := []slog.Attr{
		slog.String("instance", requestID(c)),
		slog.String("method", c.Request().Method),
		slog.String("route", c.Path()),
		slog.Int("status", status),
		slog.Duration("took", took.Round(time.Microsecond)),
		slog.String("from", c.RealIP()), // as configured proxies say
		slog.String("organisation", by.Organisation),
		slog.String("actor", by.Actor),
	}
	if err, failed := c.Get(failure).(error); failed && status >= http.StatusInternalServerError {
		level = slog.LevelError
		fields = append(fields, slog.String("error", Harmless(err)))
		if f := (*Fault)(nil); errors.As(err, &f) {
			fields = append(fields, slog.String("stack", string(f.Stack)))
		}
	}
	a.Log.LogAttrs(c.Request().Context(), level, "request", fields...)
}

// requestID names this request in the answer and in the log.
func requestID(c echo.Context) string {
	id, known := c.Get(instance).(string)
	if !known {
		id = uuid.NewString()
		c.Set(instance, id)
	}
	return id
}
