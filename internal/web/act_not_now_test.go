package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"throughgate/internal/staff"
)

// Whichever state a referral is in, the page of an act has a form where the referral's page leads to it, and else says why
// there is none.
func TestAnActThatCannotBeDoneSaysWhyInsteadOfAsking(t *testing.T) {
	h := newHouse(t)
	by := map[staff.Role]*browser{staff.Prison: h.as("EXI"), staff.Provider: h.as("HARBOUR")}
	withdrawn, closed := h.referred(draft("A1234BC")).String(), h.released("A1234BD").String()
	pickedUp := h.released("A1234BE").String()
	undated := draft("A1234BF")
	undated.PlannedReleaseDate, undated.ReleaseDateUnknownReason = "", "on remand"
	by[staff.Prison].post("/referrals/"+withdrawn+"/withdrawal", rightly["withdrawal"].typed...)
	by[staff.Provider].post("/referrals/"+closed+"/closure?of=died", oneDay("on", "19")...)
	by[staff.Provider].post("/referrals/"+pickedUp+"/pickup", rightly["pickup"].typed...)
	for state, id := range map[string]string{
		"withdrawn": withdrawn, "closed": closed, "picked up": pickedUp, "released": h.released("A1234BG").String(),
		"booked": h.referred(draft("A1234BH")).String(), "without a date": h.referred(undated).String(),
	} {
		for role, b := range by {
			offered := b.open("/referrals/" + id).raw
			for _, a := range acts {
				if !slices.Contains(a.roles, role) {
					continue
				}
				path := "/referrals/" + id + "/" + a.path
				page := b.open(path)
				form := page.status == http.StatusOK && page.Find("main form[method=post]").Length() == 1
				refused := page.status == http.StatusConflict && strings.HasPrefix(page.title(), "Not possible now") && page.Find(`main a.govuk-button[href="/referrals/`+id+`"]`).Length() == 1
				if led := strings.Contains(offered, `href="`+path+`"`) || strings.Contains(offered, `href="`+path+`?`); form != led || refused == led {
					t.Errorf("%s, %s of a %s: led there %t: %d %s", state, a.path, role, led, page.status, page.text())
				}
			}
		}
	}
	page := by[staff.Provider].open("/referrals/" + withdrawn + "/drop-in")
	if !strings.Contains(page.text(), "withdrawn already") {
		t.Errorf("why is not said: %s", page.text())
	}
}
