package web

import (
	"bytes"
	"io"
	"net/http"

	"throughgate/config"
	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/referral"
)

// referralsBody is every referral of the reader's organisation, a page at a time.
type referralsBody struct {
	Fields            []field
	AlcoholOnly, CJIT bool
	Rows              []foundRow
	Empty             string
	First, Next       string
	CSV               string
}

func referralsFields() []field {
	return []field{
		{Name: "order", Label: "Sort by", Kind: "select", Options: orderOptions(referral.Orders())},
		{Name: "state", Label: "State", Kind: "select", Options: stateOptions(referral.States())},
		{Name: "release_from", Label: "Release from (optional)", Kind: "date", Called: "the first day"},
		{Name: "release_to", Label: "Release to (optional)", Kind: "date", Called: "the last day", Says: map[string]string{"range": "The last day must not lie before the first"}},
	}
}

// askedReferrals reads a filter out of the address, where it may stand: it names nobody.
func (v *visit) askedReferrals() (form, referral.Filter) {
	typed, list := form{}, v.listFilter()
	for name, values := range v.web.QueryParams() {
		typed[name] = values[0]
	}
	if list.Order == "" {
		list.Order = referral.ByClock
	}
	return typed, referral.Filter{State: typed["state"], ReleaseFrom: typed.date("release_from"), ReleaseTo: typed.date("release_to"),
		AlcoholOnly: list.AlcoholOnly, CJIT: list.CJIT, Order: list.Order, Cursor: list.Cursor, Brief: true}
}

// sameList is the list's page, or file, with all that was asked for, at a place in the list.
func (v *visit) sameList(path, cursor string) string {
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

// referrals lists all of the reader's own, in the order and as far as they are asked for.
func (v *visit) referrals() error {
	typed, filter := v.askedReferrals()
	var list referral.Page
	err := v.act(func(tx *db.Tx) (err error) {
		list, err = referral.List(v.ctx, tx, v.who, v.now, filter)
		return err
	})
	wrong, err := invalid(err)
	if err != nil {
		return err
	}
	body := referralsBody{CSV: v.sameList("/referrals.csv", ""), AlcoholOnly: filter.AlcoholOnly, CJIT: filter.CJIT,
		Empty: "No referral of your organisation is as you chose. Leave a choice open to see more."}
	if len(v.web.QueryParams()) == 0 {
		body.Empty = "Nobody has been referred yet."
	}
	fields, mistakes := fill(referralsFields(), typed, wrong)
	body.Fields = fields
	for i := range list.Items {
		body.Rows = append(body.Rows, v.foundRow(&list.Items[i]))
	}
	if filter.Cursor != "" {
		body.First = v.sameList("/referrals", "")
	}
	if list.NextCursor != nil {
		body.Next = v.sameList("/referrals", *list.NextCursor)
	}
	status := http.StatusOK
	if wrong != nil {
		status, body.Empty = http.StatusUnprocessableEntity, "Put right what is named above to see the list."
	}
	return v.draw(status, "referrals.html", page{Title: "All referrals", Back: "/", Faults: mistakes, Body: body})
}

// exportedAtOnce is how many referrals are read at a time until all of a list are there.
const exportedAtOnce = 200

var referralHeadings = []string{"Reference", "First name", "Surname", "Date of birth", "Sex", "Prison number", "NHS number", "State", "Prison", "Provider",
	"Referred", "Planned release", "Released", "Appointment", "Picked up", "Withdrawn", "Alcohol only", "CJIT"}

// referralsCSV is the whole list to keep. It is written as it is read: of 100,000 people there is never more than one
// page at a time, beside the file. The file goes out once it is stored who is in it.
func (v *visit) referralsCSV() error {
	_, filter := v.askedReferrals()
	filter.Cursor, filter.Limit = "", exportedAtOnce
	var file bytes.Buffer
	err := v.act(func(tx *db.Tx) error {
		file.Reset()
		rows, err := v.writeReferrals(tx, &file, filter)
		if err != nil {
			return err
		}
		return v.exported(tx, "referrals", rows)
	})
	if err != nil {
		return err
	}
	return v.downloadCSV("All referrals", file.Bytes())
}

// writeReferrals writes the list page after page, and says how many are on it.
func (v *visit) writeReferrals(tx *db.Tx, to io.Writer, filter referral.Filter) (rows int, err error) {
	table, err := reconcile.NewCSV(to)
	if err != nil {
		return 0, err
	}
	if err := table.Write(referralHeadings); err != nil {
		return 0, err
	}
	for more := true; more; more = filter.Cursor != "" {
		page, err := referral.List(v.ctx, tx, v.who, v.now, filter)
		if err != nil {
			return rows, err
		}
		for _, r := range page.Items {
			if err := table.Write(cellsOf(r)); err != nil {
				return rows, err
			}
		}
		rows += len(page.Items)
		if filter.Cursor = ""; page.NextCursor != nil {
			filter.Cursor = *page.NextCursor
		}
	}
	return rows, table.End()
}

func cellsOf(r referral.Referral) []string {
	p, at, alcoholOnly := r.Person, "", r.SubstanceGroup == config.AlcoholOnly
	if r.Appointment != nil {
		at = cellOf(r.Appointment.StartsAt)
	}
	return []string{r.Reference, p.GivenName, p.FamilyName, p.DateOfBirth.Slash(), say(p.Sex), p.PrisonNumber, p.NHSNumber.String(), say(string(r.State)),
		r.Prison, r.Provider.String(), r.ReferredOn.Slash(), r.PlannedReleaseDate.Slash(), r.ReleasedOn.Slash(), at, r.PickedUpOn.Slash(), r.WithdrawnOn.Slash(),
		yesNoWords(&alcoholOnly), yesNoWords(&r.CJIT)}
}
