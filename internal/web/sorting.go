package web

import (
	"net/url"

	"throughgate/internal/day"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// orderWords are what the orders are called.
var orderWords = map[referral.Order]string{
	referral.ByClock: "Most urgent first", referral.ByState: "State",
	referral.ByRelease: "Release date, earliest first", referral.ByReleaseLatest: "Release date, latest first",
	referral.ByAppointment: "Appointment, earliest first", referral.ByAppointmentLatest: "Appointment, latest first",
}

// sorting is the form above a worklist: in which order, and who of all.
type sorting struct {
	Orders, States    []option
	AlcoholOnly, CJIT bool
}

// listFilter reads out of the address how a list is to be read. It names nobody, and so may stand there.
func (v *visit) listFilter() referral.ListFilter {
	return referral.ListFilter{
		AlcoholOnly: v.web.QueryParam("alcohol_only") != "",
		CJIT:        v.web.QueryParam("cjit") != "",
		State:       referral.State(v.web.QueryParam("state")),
		Order:       referral.Order(v.web.QueryParam("order")),
		Cursor:      v.web.QueryParam("cursor"),
	}
}

// narrowed is a list's address with what narrows and sorts it, but from its first row on; more are further names and
// values in turn.
func narrowed(path string, f referral.ListFilter, more ...string) string {
	q := url.Values{}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	for name, value := range map[string]string{"state": string(f.State), "order": string(f.Order)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, on := range map[string]bool{"alcohol_only": f.AlcoholOnly, "cjit": f.CJIT} {
		if on {
			q.Set(name, "yes")
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// sorting is the form of a worklist, with what was chosen.
func (v *visit) sorting(name referral.ListName, f referral.ListFilter) sorting {
	s := sorting{AlcoholOnly: f.AlcoholOnly, CJIT: f.CJIT, Orders: chosen(orderOptions(referral.OrdersOf(name)), string(f.Order))}
	if states := referral.StatesOf(name, day.Of(v.now)); len(states) > 1 {
		s.States = chosen(stateOptions(states), string(f.State))
	}
	return s
}

func orderOptions(orders []referral.Order) (list []option) {
	for _, o := range orders {
		list = append(list, option{Value: string(o), Text: orderWords[o]})
	}
	return list
}

func stateOptions(states []referral.State) []option {
	list := []option{{Value: "", Text: "All"}}
	for _, s := range states {
		list = append(list, option{Value: string(s), Text: say(string(s))})
	}
	return list
}

// narrows says whether somebody who stands on the list may be left out of it.
func narrows(f referral.ListFilter) bool { return f.AlcoholOnly || f.CJIT || f.State != "" }

// asTyped is the list as it would be without what cannot be understood, and what is wrong with that.
func asTyped(f referral.ListFilter, wrong *problem.Invalid) (referral.ListFilter, faults) {
	var said faults
	f.Cursor = ""
	for _, c := range wrong.Corrections {
		switch c.Field {
		case "order":
			f.Order = ""
			said = append(said, mistake{"order", "This list cannot be sorted in that way: choose one of these"})
		case "state":
			f.State = ""
			said = append(said, mistake{"state", "There is no such state: choose one of these"})
		default:
			said = append(said, mistake{"", "This page of the list cannot be found. Here is the first one"})
		}
	}
	return f, said
}
