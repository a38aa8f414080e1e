package web

import (
	"compress/gzip"
	"path"
	"slices"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// worthCompressing is from how many bytes on an answer is sent compressed: a shorter one fits into one packet as it is.
const worthCompressing = 1400

// compressed are endings of addresses whose answers are compressed by their own format.
var compressed = []string{".png", ".xlsx", ".woff2", ".ico"}

// compress sends whoever takes it a page in an eighth of its bytes: a long list still opens on a prison's slow line. Beside
// what an attacker could have put on a page stands no secret that its length could tell: the session's token is only in the
// cookie, no form holds one, and another site cannot ask for a page with that cookie unseen (SameSite). The fastest level
// gains nearly all of it.
var compress = middleware.GzipWithConfig(middleware.GzipConfig{
	Level: gzip.BestSpeed, MinLength: worthCompressing,
	Skipper: func(web echo.Context) bool { return slices.Contains(compressed, path.Ext(web.Request().URL.Path)) },
})
