package web

import (
	"bytes"
	"net/http"
	"slices"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/referral"
)

// mostExported is how many rows a downloaded list has at most; more is a job for the API.
const mostExported = 20_000

// worklistCSV is a whole worklist to keep, with the filters of the page. Everybody on it is audited,
// and so is that it was taken away.
func (v *visit) worklistCSV() error {
	name := referral.ListName(v.web.QueryParam("list"))
	if !slices.Contains(referral.Worklists(v.who.Role), name) {
		return notThere
	}
	filter := referral.ListFilter{AlcoholOnly: v.web.QueryParam("alcohol_only") != "", CJIT: v.web.QueryParam("cjit") != ""}
	rows := [][]string{{"Reference", "Name", "State", "Release", "Released", "Appointment", "Whose move", "By when", "Why no appointment", "Alcohol only", "CJIT"}}
	err := v.act(func(tx *db.Tx) error {
		for more := true; more && len(rows) <= mostExported; more = filter.Cursor != "" {
			page, err := referral.Worklist(v.ctx, tx, v.who, v.now, name, filter)
			if err != nil {
				return err
			}
			for _, item := range page.Items {
				rows = append(rows, v.cells(item))
			}
			filter.Cursor = page.NextCursor
		}
		return v.exported(tx, string(name), len(rows)-1)
	})
	if err != nil {
		return err
	}
	return v.sendCSV(worklists[name].title, rows)
}

func (v *visit) exported(tx *db.Tx, list string, rows int) error {
	return audit.Write(v.ctx, tx, v.who.By, v.now, "exported", "list", list, audit.Detail{"rows": rows})
}

func (v *visit) cells(item referral.Item) []string {
	cells := []string{item.Reference, item.Name, say(string(item.State)), item.ReleaseOn.Slash(), yesNoWords(&item.Released), "",
		capital(item.WhoseMove), item.DueOn.Slash(), "", yesNoWords(&item.AlcoholOnly), yesNoWords(&item.CJIT)}
	if item.AppointmentAt != nil {
		cells[5] = item.AppointmentAt.In(day.London).Format("02/01/2006 15:04")
	}
	if item.UnbookedReason != "" {
		cells[8] = capital(say(item.UnbookedReason))
	}
	return cells
}

func (v *visit) sendCSV(title string, rows [][]string) error {
	var out bytes.Buffer
	if err := reconcile.WriteCSV(&out, rows); err != nil {
		return err
	}
	return v.download(title+" "+day.Of(v.now).String()+".csv", "text/csv; charset=utf-8", out.Bytes())
}

// referralsBody is every referral of the reader's organisation, a page at a time.
type referralsBody struct {
	Fields      []field
	Rows        []foundRow
	Empty       string
	First, Next string
	CSV         string
}

func (v *visit) listFields() []field {
	states := []option{{Value: "", Text: "All"}}
	for _, s := range referral.States() {
		states = append(states, option{Value: string(s), Text: say(string(s))})
	}
	return []field{
		{Name: "state", Label: "State", Kind: "select", Options: states},
		{Name: "release_from", Label: "Release from (optional)", Kind: "date", Called: "the first day"},
		{Name: "release_to", Label: "Release to (optional)", Kind: "date", Called: "the last day"},
	}
}

// asked reads a filter out of the address, where it may stand: it names nobody.
func (v *visit) asked() (form, referral.Filter) {
	typed := form{}
	for name, values := range v.web.QueryParams() {
		typed[name] = values[0]
	}
	return typed, referral.Filter{State: typed["state"], ReleaseFrom: typed.date("release_from"), ReleaseTo: typed.date("release_to"), Cursor: typed["cursor"]}
}

// address is a list's page with its filter, at a place in the list.
func (v *visit) address(path, cursor string) string {
	q := v.web.QueryParams()
	q.Del("cursor")
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// referrals lists them by the day of release, earliest first.
func (v *visit) referrals() error {
	typed, filter := v.asked()
	var list referral.Page
	err := v.act(func(tx *db.Tx) (err error) {
		list, err = referral.List(v.ctx, tx, v.who, v.now, filter)
		return err
	})
	wrong, err := invalid(err)
	if err != nil {
		return err
	}
	body := referralsBody{CSV: v.address("/referrals.csv", ""), Empty: "No referral of your organisation has this state and lies in these days."}
	fields, mistakes := fill(v.listFields(), typed, wrong)
	body.Fields = fields
	for i := range list.Items {
		body.Rows = append(body.Rows, v.foundRow(&list.Items[i]))
	}
	if filter.Cursor != "" {
		body.First = v.address("/referrals", "")
	}
	if list.NextCursor != nil {
		body.Next = v.address("/referrals", *list.NextCursor)
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	return v.draw(status, "referrals.html", page{Title: "All referrals", Back: "/", Faults: mistakes, Body: body})
}

func (v *visit) referralsCSV() error {
	_, filter := v.asked()
	filter.Cursor, filter.Limit = "", 200
	rows := [][]string{{"Reference", "First name", "Surname", "Date of birth", "Sex", "Prison number", "NHS number", "State", "Prison", "Provider", "Referred",
		"Planned release", "Released", "Appointment", "Picked up", "Withdrawn"}}
	err := v.act(func(tx *db.Tx) error {
		for more := true; more && len(rows) <= mostExported; more = filter.Cursor != "" {
			page, err := referral.List(v.ctx, tx, v.who, v.now, filter)
			if err != nil {
				return err
			}
			for _, r := range page.Items {
				rows = append(rows, cellsOf(r))
			}
			if filter.Cursor = ""; page.NextCursor != nil {
				filter.Cursor = *page.NextCursor
			}
		}
		return v.exported(tx, "referrals", len(rows)-1)
	})
	if err != nil {
		return err
	}
	return v.sendCSV("All referrals", rows)
}

func cellsOf(r referral.Referral) []string {
	p, at := r.Person, ""
	if r.Appointment != nil && r.Appointment.StartsAt != nil {
		at = r.Appointment.StartsAt.In(day.London).Format("02/01/2006 15:04")
	}
	return []string{r.Reference, p.GivenName, p.FamilyName, p.DateOfBirth.Slash(), say(p.Sex), p.PrisonNumber, p.NHSNumber.String(), say(string(r.State)),
		r.Prison, r.Provider.String(), r.ReferredOn.Slash(), r.PlannedReleaseDate.Slash(), r.ReleasedOn.Slash(), at, r.PickedUpOn.Slash(), r.WithdrawnOn.Slash()}
}
