package api

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"
)

// Secure sets the headers that go with every answer of the service, to a program or to a person, errors and files among
// them; policy is what the answer may load.
func Secure(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains") // browsers heed it under HTTPS only
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// Fault is a panic, told without its value, which may hold a person's data.
type Fault struct {
	Kind  string // the type of the value
	Stack []byte
}

func (f *Fault) Error() string { return "panic: " + f.Kind }

// Guarded answers a request, and turns a panic on the way into a *Fault.
func Guarded(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		if r := recover(); r == http.ErrAbortHandler {
			panic(r)
		} else if r != nil {
			err = &Fault{fmt.Sprintf("%T", r), debug.Stack()}
		}
	}()
	return next(c)
}

// Harmless is an error's text as far as it is ours, fit for the log. Texts of other packages carry the values they stumbled
// over, and are cut where they begin.
func Harmless(err error) string {
	text := fmt.Sprint(err)
	for _, foreign := range []string{"sql: ", "pq: ", "json: ", "template: ", "strconv.", "parsing ", "missing destination"} {
		if at := strings.Index(text, foreign); at >= 0 {
			text = text[:at] + strings.TrimRight(foreign, " :.") + " (withheld)"
		}
	}
	return text
}
