package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

func TestEveryErrorHasItsStatus(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"something to put right", problem.Wrong("on", "required", "Needed."), 422, "invalid"},
		{"no such thing", &problem.NotFound{What: "referral"}, 404, "not_found"},
		{"not theirs to do", &problem.Forbidden{Message: "No."}, 403, "forbidden"},
		{"a duplicate", &problem.Conflict{Code: "duplicate_referral"}, 409, "duplicate_referral"},
		{"a full slot", &problem.Conflict{Code: "slot_taken"}, 409, "slot_taken"},
		{"an act's own conflict", &problem.Conflict{Code: "some_new_one"}, 409, "some_new_one"},
		{"not possible now", &problem.Unavailable{Message: "Later."}, 503, "unavailable"},
		{"the database is away", db.ErrAway, 503, "unavailable"},
		{"nobody knows", fmt.Errorf("%w: %w", db.ErrUnknown, db.ErrAway), 503, "unavailable"},
		{"a lock that did not come free", &db.Refusal{State: "55P03"}, 503, "unavailable"},
		{"a deadlock", &db.Refusal{State: "40P01"}, 503, "unavailable"},
		{"a statement that ran too long", &db.Refusal{State: "57014"}, 503, "unavailable"},
		{"out of time", context.DeadlineExceeded, 503, "unavailable"},
		{"no key", staff.ErrNoKey, 401, "unauthorized"},
		{"a bomb", problem.Wrong("file", problem.TooLarge, "The workbook unpacks to more than 200 MiB."), 413, "too_large"},
		{"a large body", &http.MaxBytesError{Limit: most}, 413, "too_large"},
		{"no such address", echo.ErrNotFound, 404, "not_found"},
		{"no such method", echo.ErrMethodNotAllowed, 405, "method_not_allowed"},
		{"a constraint nobody thought of", &db.Refusal{State: "23505", Constraint: "x"}, 500, "internal"},
		{"anything else", errors.New("pq: password authentication failed for Siân"), 500, "internal"},
		{"wrapped", fmt.Errorf("while booking: %w", &problem.NotFound{What: "slot"}), 404, "not_found"},
		{"two at once", errors.Join(&problem.Conflict{Code: "duplicate_referral"}, db.ErrAway), 409, "duplicate_referral"},
	} {
		p := problemOf(c.err).complete("0")
		if p.Status != c.status || p.Code != c.code {
			t.Errorf("%s: %d %s, not %d %s", c.name, p.Status, p.Code, c.status, c.code)
		}
		if p.Title == "" || p.Type == "" || strings.Contains(p.Detail, "Siân") {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

func TestAnUnknownOutcomeSaysThatItMayBeSentAgain(t *testing.T) {
	if p := problemOf(db.ErrUnknown); !strings.Contains(p.Detail, "not known yet: send it again, it cannot count twice") {
		t.Error(p.Detail)
	}
}

func TestTheLogHasNoForeignTexts(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"our own", errors.New("the calendar is empty"), "the calendar is empty"},
		{"a refusal", &db.Refusal{State: "23505", Constraint: "one_x", Table: "x"}, `PostgreSQL refused: SQLSTATE 23505, constraint "one_x", table "x"`},
		{"a scan", fmt.Errorf("reading a person: %w", errors.New(`sql: Scan error on column index 0: converting "Siân"`)), "reading a person: sql (withheld)"},
		{"a driver", errors.New(`pq: invalid input syntax for type uuid: "Siân"`), "pq (withheld)"},
		{"a page", errors.New(`template: card.html:3: executing at <.Name>: "Siân"`), "template (withheld)"},
		{"a parser", fmt.Errorf("read: %w", errors.New(`parsing time "Siân"`)), "read: parsing (withheld)"},
		{"a panic", &Fault{Kind: "string"}, "panic: string"},
	} {
		if got := Harmless(c.err); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}
