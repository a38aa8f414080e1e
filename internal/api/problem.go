package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Problem is the answer to what went wrong, as RFC 9457 has it.
type Problem struct {
	Type     string               `json:"type"`
	Title    string               `json:"title"`
	Status   int                  `json:"status"`
	Detail   string               `json:"detail"`
	Instance string               `json:"instance"`
	Code     string               `json:"code"`
	ID       string               `json:"id,omitempty"`     // what stands, on a 409
	Fields   []string             `json:"fields,omitempty"` // what differs, on a 409
	Errors   []problem.Correction `json:"errors,omitempty"`
}

// kinds is every code the API answers with, its status, and what it is called.
var kinds = map[string]struct {
	status int
	title  string
}{
	"bad_json":               {http.StatusBadRequest, "The request cannot be read"},
	"unknown_field":          {http.StatusBadRequest, "The request has a field that is not known"},
	"duplicate_field":        {http.StatusBadRequest, "The request has a field twice"},
	"unauthorized":           {http.StatusUnauthorized, "No key, or a key that does not work"},
	"forbidden":              {http.StatusForbidden, "Not for this role"},
	"not_found":              {http.StatusNotFound, "Not found"},
	"method_not_allowed":     {http.StatusMethodNotAllowed, "Not done this way"},
	"duplicate_referral":     {http.StatusConflict, "This release is already referred"},
	"reference_reused":       {http.StatusConflict, "This reference was sent with other content"},
	"already_recorded":       {http.StatusConflict, "Already recorded"},
	"slot_taken":             {http.StatusConflict, "The slot is taken"},
	"still_running":          {http.StatusConflict, "The same request is still running"},
	"changed_since":          {http.StatusConflict, "Changed by someone else since"},
	"too_large":              {http.StatusRequestEntityTooLarge, "Too large"},
	"unsupported_media_type": {http.StatusUnsupportedMediaType, "This kind of content is not taken"},
	"invalid":                {http.StatusUnprocessableEntity, "Something needs to be put right"},
	"idempotency_key_reused": {http.StatusUnprocessableEntity, "This Idempotency-Key was sent with other content"},
	"too_many_requests":      {http.StatusTooManyRequests, "Too many requests"},
	"headers_too_large":      {http.StatusRequestHeaderFieldsTooLarge, "Headers too large"},
	"unavailable":            {http.StatusServiceUnavailable, "Not possible at the moment"},
	"internal":               {http.StatusInternalServerError, "The service failed"},
}

// refusal is what the API itself, before any act, has against a request.
type refusal struct {
	code, detail string
	fields       []problem.Correction
}

func (r *refusal) Error() string { return r.detail }

// What a caller reads when the database is the reason.
const (
	saysAway         = "The database cannot be reached at the moment. Nothing was changed: send the same request again."
	saysUnknown      = "Whether this was recorded is not known yet: send it again, it cannot count twice."
	saysUnknownAlone = "Whether this was recorded is not known yet: read the referral before you send it again. With an Idempotency-Key it could be sent again at once, and could not count twice."
	saysWaited       = "Someone else's work on the same records took too long. Nothing was changed: send the same request again."
	saysFailed       = "The service failed. Nothing was changed. Quote the instance below when you report it."
)

// problemOf is the one table from error to answer. What it does not know is the service's own
// fault, and shows nothing of it.
func problemOf(err error) Problem {
	var (
		refused   *refusal
		invalid   *problem.Invalid
		none      *problem.NotFound
		forbidden *problem.Forbidden
		conflict  *problem.Conflict
		away      *problem.Unavailable
		tooLarge  *http.MaxBytesError
		routing   *echo.HTTPError
	)
	switch {
	case errors.As(err, &refused):
		return Problem{Code: refused.code, Detail: refused.detail, Errors: refused.fields}
	case errors.As(err, &invalid) && invalid.TooLarge():
		return Problem{Code: problem.TooLarge, Detail: invalid.Corrections[0].Message, Errors: invalid.Corrections}
	case errors.As(err, &invalid):
		return Problem{Code: "invalid", Detail: inWords(len(invalid.Corrections)), Errors: invalid.Corrections}
	case errors.As(err, &none):
		return Problem{Code: "not_found", Detail: none.Error()}
	case errors.As(err, &forbidden):
		return Problem{Code: "forbidden", Detail: forbidden.Message}
	case errors.As(err, &conflict):
		return Problem{Code: conflict.Code, Detail: conflict.Message, ID: conflict.ID, Fields: conflict.Fields}
	case errors.As(err, &away):
		return Problem{Code: "unavailable", Detail: away.Message}
	case errors.As(err, &tooLarge):
		return Problem{Code: "too_large", Detail: fmt.Sprintf("At most %d KiB are taken.", tooLarge.Limit>>10)}
	case errors.Is(err, staff.ErrNoKey):
		return Problem{Code: "unauthorized", Detail: "Send a key that works, as 'Authorization: Bearer KEY'."}
	case errors.Is(err, db.ErrUnknown):
		return Problem{Code: "unavailable", Detail: saysUnknown}
	case errors.Is(err, db.ErrAway), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), cancelled(err):
		return Problem{Code: "unavailable", Detail: saysAway}
	case db.Waited(err), db.Clashed(err):
		return Problem{Code: "unavailable", Detail: saysWaited}
	case errors.As(err, &routing):
		return ofRouting(routing.Code)
	}
	return Problem{Code: "internal", Detail: saysFailed}
}

// cancelled is a statement that PostgreSQL ended because it ran too long or nobody waits for it.
func cancelled(err error) bool {
	var r *db.Refusal
	return errors.As(err, &r) && r.State == "57014"
}

func ofRouting(status int) Problem {
	switch status {
	case http.StatusNotFound:
		return Problem{Code: "not_found", Detail: "There is nothing at this address."}
	case http.StatusMethodNotAllowed:
		return Problem{Code: "method_not_allowed", Detail: "This address does not take this method; header Allow says which it takes."}
	case http.StatusRequestEntityTooLarge:
		return Problem{Code: "too_large", Detail: "The request is larger than what is taken here."}
	case http.StatusServiceUnavailable:
		return Problem{Code: "unavailable", Detail: saysAway}
	}
	return Problem{Code: "internal", Detail: saysFailed}
}

func inWords(n int) string {
	if n == 1 {
		return "One thing needs to be put right; nothing was recorded."
	}
	return fmt.Sprintf("%d things need to be put right; nothing was recorded.", n)
}

// complete fills in what follows from the code.
func (p Problem) complete(instance string) Problem {
	kind, known := kinds[p.Code]
	if !known { // an act's own code: what it conflicts with is still said
		kind.status, kind.title = http.StatusConflict, "Does not fit what is recorded"
	}
	p.Type = "urn:throughgate:problem:" + p.Code
	p.Title, p.Status = kind.title, kind.status
	p.Instance = "urn:uuid:" + instance
	return p
}

// HandleError answers an error with its problem and logs those that are the service's own. It is
// the error handler for every path that Owns names.
func HandleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := problemOf(err).complete(requestID(c))
	Secure(c.Response().Header(), answerPolicy)
	switch p.Status {
	case http.StatusUnauthorized:
		c.Response().Header().Set("WWW-Authenticate", `Bearer realm="throughgate"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		c.Response().Header().Set("Retry-After", retryAfter(p.Status))
	}
	c.Set(failure, err)
	c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
	if write(c, p.Status, p) != nil {
		c.Response().Flush() // the caller has gone; there is nobody left to tell
	}
}

func retryAfter(status int) string {
	if status == http.StatusTooManyRequests {
		return "1"
	}
	return "2"
}

// Owns says whether a path is the API's, so that its errors are problems and not pages.
func Owns(path string) bool {
	return path == "/api" || strings.HasPrefix(path, "/api/") || path == "/healthz" || path == "/readyz" || path == "/metrics"
}
