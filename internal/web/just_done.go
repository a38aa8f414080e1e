package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
)

// ofDone ends the name of the cookie that stands for what was done just now.
const ofDone = "-done"

// doneFor is how many seconds a browser has for following from an act to the page that says that it is done.
const doneFor = 60

// saysDone are the parts of an address by which the page that follows an act says what was done.
var saysDone = []string{"done", "said"}

// seeOther ends a state-changing request, so that reloading the next page repeats nothing. Where that page is to say what was
// done, a cookie lets it do so once, in this browser and now: the same address, opened again after the act was undone or sent
// to a colleague, must not say it of what no longer stands.
func (v *visit) seeOther(path string) error {
	if to, err := url.Parse(path); err == nil && announces(to.Query()) {
		c := v.cookie(markOfAddress(to))
		c.Name += ofDone
		c.MaxAge = doneFor
		v.web.SetCookie(c)
	}
	return v.web.Redirect(http.StatusSeeOther, path)
}

// onlyJustDone takes out of an address what it says was done, unless the act has just led here; then it has been said.
func (v *visit) onlyJustDone() {
	q := v.web.QueryParams()
	if !announces(q) {
		return
	}
	if v.brought(ofDone, 64) == markOfAddress(v.web.Request().URL) {
		c := v.cookie("")
		c.Name += ofDone
		v.web.SetCookie(c)
		return
	}
	withoutDone(q)
}

func withoutDone(q url.Values) url.Values {
	for _, part := range saysDone {
		q.Del(part)
	}
	return q
}

func announces(q url.Values) bool { return slices.ContainsFunc(saysDone, q.Has) }

func markOfAddress(u *url.URL) string {
	sum := sha256.Sum256([]byte(u.RequestURI()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
