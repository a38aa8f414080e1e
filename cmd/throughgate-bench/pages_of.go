package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// allReferrals is the list of all referrals in each order, deep as well, and with filters.
func (r *reader) allReferrals() (list []opened) {
	for _, order := range []string{"clock", "release", "release_latest", "appointment", "appointment_latest", "state"} {
		first := "/referrals?order=" + order
		list = slices.Concat(list, at(first), []opened{r.deep(first, 40)}, at(first+"&cjit=yes", first+"&alcohol_only=yes&state=closed"))
	}
	for _, state := range []string{"booked", "unbooked", "released", "picked_up", "not_picked_up", "withdrawn", "closed"} {
		list = append(list, at("/referrals?state="+state)...)
	}
	return list
}

// onLists are a role's worklists, each a few pages deep and in another order as well, and one referral from them.
func (r *reader) onLists(lists ...string) (list []opened, err error) {
	for _, name := range lists {
		first, other := "/?list="+name, "&order=release_latest"
		if name == "todays_appointments" {
			other = "&order=appointment_latest"
		}
		list = slices.Concat(list, at(first), []opened{r.deep(first, 5)}, at(first+other, first+"&cjit=yes"))
	}
	one, err := r.follow("/referrals?state=released", "tbody a")
	return append(list, opened{path: one, what: "one referral"}, opened{path: one + "/looked", what: "who looked at it"}), err
}

func finds() []opened {
	return []opened{
		{path: "/find", form: url.Values{"date_of_birth-day": {"14"}, "date_of_birth-month": {"3"}, "date_of_birth-year": {"1984"}}, what: "find by date of birth"},
		{path: "/find", form: url.Values{"prison_number": {"A0100BA"}}, what: "find by prison number"},
	}
}

// lastQuarter is the three months before this one, as the reconciliation asks for them.
func (r *reader) lastQuarter(what, more string, pages int) opened {
	first := time.Date(time.Now().Year(), time.Now().Month(), 1, 0, 0, 0, 0, time.UTC)
	from, to := first.AddDate(0, -3, 0), first.AddDate(0, 0, -1)
	p := r.deep(fmt.Sprintf("/reconciliation?from-day=%d&from-month=%d&from-year=%d&to-day=%d&to-month=%d&to-year=%d%s",
		from.Day(), from.Month(), from.Year(), to.Day(), to.Month(), to.Year(), more), pages)
	p.what = "reconciliation of a quarter, " + what
	return p
}

func (r *reader) reconciliations(more string) []opened {
	return []opened{r.lastQuarter("prison's list only", more, 0), r.lastQuarter("in both", more+"&list=in_both", 0),
		r.lastQuarter("in both, page 6", more+"&list=in_both", 5), r.lastQuarter("differing", more+"&list=differing", 0),
		r.lastQuarter("provider's list only", more+"&list=provider_only", 0)}
}

// downloads are whole lists as CSV: a worklist, all referrals, what became of them, and the four lists of a quarter.
func (r *reader) downloads(worklist, more string) (list []opened) {
	quarter := r.lastQuarter("all four lists", more, 0)
	quarter.path = strings.Replace(quarter.path, "?", ".csv?", 1)
	for _, p := range append(at("/worklist.csv?list="+worklist, "/referrals.csv", "/referrals.csv?state=picked_up"), quarter) {
		p.whole = true
		list = append(list, p)
	}
	return list
}

func prisonPages(r *reader) ([]opened, error) {
	list, err := r.onLists("release_unconfirmed", "releasing_in_14_days", "date_changed", "what_became")
	return slices.Concat(at("/"), list, r.allReferrals(), finds(), r.reconciliations(""), r.downloads("what_became", ""),
		at("/review", "/imports", "/report", "/reports", "/referrals/new")), err
}

func providerPages(r *reader) ([]opened, error) {
	list, err := r.onLists("unbooked", "arriving_this_week", "todays_appointments", "missed_to_rebook", "day_1_to_21", "window_closing")
	return slices.Concat(at("/"), list, r.allReferrals(), finds(), r.reconciliations("&prison=EXI"), r.downloads("day_1_to_21", "&prison=EXI"),
		at("/review", "/appointments", "/clinics", "/imports", "/report", "/reports")), err
}

func groupPages(r *reader) ([]opened, error) {
	return append(at("/report", "/reports"), r.lastQuarter("counts", "&prison=EXI", 0),
		opened{path: "/report", what: "report, a pick-up recorded just before", changed: pickUp("released_on DESC, id")},
		opened{path: "/report", what: "report, and others of three weeks in the last seconds", changed: pickUp("random()")}), nil
}

// pickUp records the pick-up of the first of the last three weeks' releases in some order, or takes it back.
func pickUp(order string) string {
	return `
		UPDATE referral
		SET picked_up_on = CASE WHEN picked_up_on IS NULL THEN released_on END
		WHERE id = (
		  SELECT id
		  FROM referral
		  WHERE released_on BETWEEN current_date - 21 AND current_date - 1
		    AND set_aside IS NULL
		    AND withdrawn_on IS NULL
		  ORDER BY ` + order + `
		  LIMIT 1
		)`
}

func adminPages(*reader) ([]opened, error) {
	return at("/admin", "/admin/people", "/admin/mail", "/recipients"), nil
}

func auditPages(r *reader) ([]opened, error) {
	one, err := r.follow("/audit?act=shown", "tbody a")
	return append(at("/audit"), r.deep("/audit", 10), opened{path: one, what: "what was done to one person"}), err
}
