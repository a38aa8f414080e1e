package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"throughgate/internal/audit"
	"throughgate/internal/db"
)

// What a request's context carries for the log line.
const (
	asker    = "api.asker"
	failure  = "api.failure"
	instance = "api.instance"
)

// around stands around every request: security headers, a guard against panics, the log line and
// the counting.
func (a *API) around(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		secure(c.Response().Header())
		if err := guarded(next, c); err != nil {
			HandleError(err, c)
		}
		took := time.Since(began)
		a.metrics.note(c, took)
		a.note(c, took)
		return nil
	}
}

// secure sets the headers that go with every answer, errors among them.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "interest-cohort=()")
}

// fault is a panic, told without its value, which may hold a person's data.
type fault struct {
	kind  string
	stack []byte
}

func (f *fault) Error() string { return "panic: " + f.kind }

func guarded(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		if r := recover(); r != nil && r != http.ErrAbortHandler {
			err = &fault{fmt.Sprintf("%T", r), debug.Stack()}
		} else if r != nil {
			panic(r)
		}
	}()
	return next(c)
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
		fields = append(fields, slog.String("error", harmless(err)))
		if f := (*fault)(nil); errors.As(err, &f) {
			fields = append(fields, slog.String("stack", string(f.stack)))
		}
	}
	a.Log.LogAttrs(c.Request().Context(), level, "request", fields...)
}

// harmless is an error's text as far as it is ours. Texts of lib/pq, database/sql and the parsers
// carry the values they stumbled over, and are cut where they begin.
func harmless(err error) string {
	switch {
	case errors.Is(err, db.ErrAway), errors.Is(err, db.ErrUnknown), errors.Is(err, context.Canceled):
		return strings.TrimSpace(err.Error())
	}
	text := err.Error()
	for _, foreign := range []string{"sql: ", "pq: ", "json: ", "strconv.", "parsing ", "missing destination"} {
		if at := strings.Index(text, foreign); at >= 0 {
			text = text[:at] + strings.TrimRight(foreign, " :.") + " (withheld)"
		}
	}
	return text
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
