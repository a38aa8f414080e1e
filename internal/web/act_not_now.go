package web

import (
	"net/http"
	"slices"

	"throughgate/internal/referral"
)

// notNow answers whoever opens the page of an act that the referral does not allow as it stands: an address that was kept,
// or a page gone back to. A form that could only be refused would be filled in for nothing.
func (v *visit) notNow(a act, r *referral.Referral) error {
	b := v.referralBody(r, fullName(r))
	body := struct {
		What, Name, Why string
		R               *referral.Referral
		Instead         []step
	}{lower(a.title), b.Name, v.whyNot(a, r), r, b.Others}
	if b.Next != nil {
		body.Instead = slices.Insert(body.Instead, 0, *b.Next)
	}
	return v.draw(http.StatusConflict, "act_not_now.html", page{Title: "Not possible now: " + body.What, Back: "/referrals/" + r.ID.String(), Body: body})
}

// whyNot says why an act is not offered, in the order in which act.offered looks.
func (v *visit) whyNot(a act, r *referral.Referral) string {
	passed := r.Appointment != nil && !r.Appointment.Future(v.now)
	switch {
	case a.path == "move":
		return "No other prison has sent this referral, or it has been decided already."
	case a.path == "undo":
		return "The last entry cannot be undone by you: it was made by another organisation or by the service, or others build on it."
	case !slices.Contains(a.states, r.State):
		return notAs(r.State)
	case a.path == "outcome":
		return "There is no appointment yet. If the person came without one, record that instead."
	case passed:
		return "What became of the last appointment has to be recorded first."
	}
	return "No release date is known yet, so there is no next free appointment."
}

// notAs says what a state rules out.
func notAs(s referral.State) string {
	switch s {
	case referral.Withdrawn:
		return "This referral is withdrawn already, so nothing more is recorded on it. If that was a mistake, the prison can undo it."
	case referral.Closed:
		return "This referral is closed already. A pick-up can still be recorded; if closing it was a mistake, whoever closed it can undo that."
	case referral.PickedUp:
		return "The pick-up is confirmed already. If that was a mistake, it can be corrected or undone."
	case referral.NotPickedUp:
		return "The three months since the release are over already. A pick-up that began within them can still be recorded."
	case referral.Released:
		return "The release is confirmed already, and this can be done only before it."
	}
	return "The release is not confirmed yet, and this can be done only after it."
}
