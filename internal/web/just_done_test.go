package web

import (
	"strings"
	"testing"
)

// What was done is said once, to whoever did it: an address that is opened again, later or by somebody else, cannot say of
// a pick-up that was taken back that it is confirmed, nor of somebody who signs in that they cannot.
func TestWhatWasDoneIsSaidOnceToWhoeverDidIt(t *testing.T) {
	h := newHouse(t)
	secret := h.enrolled("HARBOUR")
	path := "/referrals/" + h.released("A1234BC").String()
	provider, admin := h.as("HARBOUR"), h.as("ADMIN")
	h.known("EXI")
	person := pathIn(admin.open("/admin/people"), `tr:contains("`+emailOf("EXI")+`") a`)
	for _, c := range []struct {
		does     *browser
		at, says string
		form     []string
		another  *browser
	}{
		{provider, path + "/pickup", "The pick-up is confirmed.", typing([]string{"kind", "new_episode"}, oneDay("picked_up_on", "19")), h.as("HARBOUR")},
		{admin, person + "/disable", "They can no longer sign in", nil, h.as("ADMIN")},
	} {
		s := c.does.post(c.at, c.form...)
		if s := c.another.open(s.location); strings.Contains(s.text(), c.says) {
			t.Errorf("%s: it is said to somebody else", c.at)
		}
		if s := c.does.open(strings.Replace(s.location, "done=", "done=x", 1)); strings.Contains(s.text(), c.says) {
			t.Errorf("%s: it is said at another address", c.at)
		}
		if s := c.does.open(s.location); !strings.Contains(s.text(), c.says) {
			t.Errorf("%s: it is not said: %d %s", c.at, s.status, s.text())
		}
		if s := c.does.open(s.location); strings.Contains(s.text(), c.says) {
			t.Errorf("%s: it is said again", c.at)
		}
	}
	signedOut := h.browser()
	in := signedOut.post("/sign-in", "email", emailOf("HARBOUR"), "password", password, "code", h.code(secret, h.now), "next", path+"?done=pickup")
	if s := signedOut.open(in.location); in.location != path || strings.Contains(s.text(), "The pick-up is confirmed.") {
		t.Errorf("after signing in, at %s: %s", in.location, s.text())
	}
	undone := provider.post(path+"/undo", "reason", "somebody else")
	for _, old := range []string{"pickup", "release", "closure"} {
		if s := provider.open(path + "?done=" + old); s.Find(".govuk-notification-banner").Length() != 0 {
			t.Errorf("after %s, ?done=%s says %s", undone.location, old, s.Find(".govuk-notification-banner").Text())
		}
	}
}
