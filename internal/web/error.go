package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"throughgate/internal/api"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// trouble is what an error page says: what is the matter, and what to do now.
type trouble struct {
	Status      int
	Heading     string
	Paragraphs  []string
	MayTryAgain bool // the same page may work in a moment
}

// troubleOf is the one table from error to page. What it does not know is the service's own fault,
// and shows nothing of it.
func troubleOf(err error) trouble {
	var (
		none      *problem.NotFound
		forbidden *problem.Forbidden
		conflict  *problem.Conflict
		away      *problem.Unavailable
		invalid   *problem.Invalid
		tooLarge  *http.MaxBytesError
		another   *errDrawnForAnother
		routing   *echo.HTTPError
	)
	switch {
	case errors.As(err, &another):
		return another.told()
	case errors.As(err, &none):
		return notFound(none.Error())
	case errors.As(err, &forbidden):
		return trouble{Status: http.StatusForbidden, Heading: "You cannot see this page",
			Paragraphs: []string{forbidden.Message, "If your work needs it, ask your administrator."}}
	case errors.Is(err, errElsewhere):
		return trouble{Status: http.StatusForbidden, Heading: "This did not come from one of our pages",
			Paragraphs: []string{"Nothing was changed. Open the page again from your worklist and send it from there."}}
	case errors.As(err, &conflict):
		return trouble{Status: http.StatusConflict, Heading: "This does not fit what is recorded", Paragraphs: []string{conflict.Message}}
	case errors.As(err, &invalid):
		return trouble{Status: http.StatusUnprocessableEntity, Heading: "The address of this page cannot be used", Paragraphs: messages(invalid)}
	case errors.As(err, &tooLarge):
		return trouble{Status: http.StatusRequestEntityTooLarge, Heading: "That is too much text",
			Paragraphs: []string{"Nothing was changed. Go back, shorten it and send it again."}}
	case errors.Is(err, db.ErrUnknown):
		return unavailable("Whether it was recorded is not known yet. Look at the page again before you send it once more.")
	case errors.As(err, &away):
		return unavailable(away.Message)
	case isAway(err):
		return unavailable("Nothing was changed. Try again in a minute.")
	case errors.As(err, &routing):
		return ofRouting(routing.Code)
	}
	return trouble{Status: http.StatusInternalServerError, Heading: "Sorry, there is a problem with the service",
		Paragraphs: []string{"Nothing was changed.", "Try again later. If it happens again, tell your administrator the time and what you did."}, MayTryAgain: true}
}

func messages(invalid *problem.Invalid) (said []string) {
	for _, c := range invalid.Corrections {
		said = append(said, c.Message)
	}
	return said
}

// isAway says whether the database, or a lock in it, could not be had in time.
func isAway(err error) bool {
	var refused *db.Refusal
	tooLong := errors.As(err, &refused) && refused.State == "57014"
	return tooLong || db.Waited(err) || db.Clashed(err) || errors.Is(err, db.ErrAway) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

func notFound(what string) trouble {
	return trouble{Status: http.StatusNotFound, Heading: "Page not found", Paragraphs: []string{what,
		"If you typed the address, check it is correct. If you followed a link, what it led to may now belong to another organisation."}}
}

// deadLink is for whoever followed a link with a token that leads nowhere, or nowhere any more.
var deadLink = trouble{Status: http.StatusNotFound, Heading: "This link does not work", Paragraphs: []string{
	"It was used already, is too old, or was not copied whole.",
	"Copy the whole link from the message. If it still does not work, ask whoever gave it to you for another."}}

func unavailable(what string) trouble {
	return trouble{Status: http.StatusServiceUnavailable, Heading: "Sorry, the service is unavailable",
		Paragraphs: []string{what}, MayTryAgain: true}
}

func ofRouting(status int) trouble {
	switch status {
	case http.StatusNotFound:
		return notFound("There is no page at this address.")
	case http.StatusMethodNotAllowed:
		return trouble{Status: status, Heading: "This page cannot be opened that way",
			Paragraphs: []string{"Nothing was changed. Go to the start page and open it from there."}}
	case http.StatusUnsupportedMediaType:
		return trouble{Status: status, Heading: "This cannot be read",
			Paragraphs: []string{"Nothing was changed. Open the page again, and send it from there."}}
	}
	return trouble{Status: status, Heading: "The page could not be shown", Paragraphs: []string{"Nothing was changed. Go to the start page and open it from there."}}
}

// failPage draws the page for an error.
func (s *site) failPage(err error, web echo.Context) {
	t := troubleOf(err)
	if t.Status == http.StatusNotFound && web.Param("token") != "" {
		t = deadLink
	}
	v, known := web.Get(visiting).(*visit)
	if !known {
		v = s.strayed(web)
	}
	if t.Status == http.StatusServiceUnavailable {
		web.Response().Header().Set("Retry-After", "2")
	}
	if drawn := v.draw(t.Status, "error.html", page{Title: t.Heading, Body: t}); drawn != nil {
		s.Log.Error("error page", "error", api.Harmless(drawn))
		http.Error(web.Response(), t.Heading, t.Status)
	}
}

// strayed is the visit of somebody whom no route met: at an address that there is not, or refused before it.
// Whoever is signed in keeps their menu; where that cannot be found out, the page goes without.
func (s *site) strayed(web echo.Context) *visit {
	v := &visit{site: s, web: web, ctx: db.Awaited(web.Request().Context()), now: s.Now()}
	if v.recognise() != nil {
		v.who = staff.Who{}
	}
	web.Set(visiting, v)
	return v
}

// Answers of the pages' own.
var (
	notThere = echo.NewHTTPError(http.StatusNotFound)
	notTaken = echo.NewHTTPError(http.StatusUnsupportedMediaType)
)
