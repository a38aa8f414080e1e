package web

import (
	"strconv"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/staff"
)

// reportsCSV is the list of reports as sent; each report has its own files on its page.
func (v *visit) reportsCSV() error {
	return v.tableCSV(v.asService, "reports", "Reports sent", func(tx *db.Tx) ([][]string, error) {
		rows := [][]string{{"Due", "Three months to", "Data through", "What became of it", "Made", "Subject"}}
		runs, err := v.runs(tx)
		for _, r := range runs {
			rows = append(rows, []string{cellOf(&r.DueAt), r.WindowEnd.Slash(), r.DataThrough.Slash(), r.Became(), cellOf(r.made()), r.Subject})
		}
		return rows, err
	})
}

// made is when the report was made; nil for one that was missed.
func (r run) made() *time.Time {
	if r.Outcome != "made" {
		return nil
	}
	return &r.MadeAt
}

func (v *visit) organisationsCSV() error {
	return v.tableCSV(v.asService, "organisations", "Organisations", func(tx *db.Tx) ([][]string, error) {
		rows := [][]string{{"Name", "Code", "Role", "Active", "People", "API keys"}}
		list, err := staff.Organisations(v.ctx, tx, v.now)
		for _, o := range list {
			rows = append(rows, []string{o.Name, o.Code, say(string(o.Kind)), yesNoWords(&o.Active), strconv.Itoa(o.People), strconv.Itoa(o.Keys)})
		}
		return rows, err
	})
}

func (v *visit) peopleCSV() error {
	return v.tableCSV(v.asService, "people", "People who sign in", func(tx *db.Tx) ([][]string, error) {
		rows := [][]string{{"Name", "Email address", "Organisation", "Added", "Standing", "Disabled"}}
		people, err := staff.People(v.ctx, tx)
		for _, p := range people {
			l := v.personLine(p)
			rows = append(rows, []string{l.Name, l.Email, l.OrganisationName, cellOf(&l.AddedAt), l.Standing, cellOf(l.DisabledAt)})
		}
		return rows, err
	})
}

// keysCSV tells of keys what their page tells: never a key itself, of which nothing but a hash is stored.
func (v *visit) keysCSV() error {
	return v.tableCSV(v.asService, "keys", "API keys", func(tx *db.Tx) ([][]string, error) {
		rows := [][]string{{"Key", "Organisation", "Made", "Last used, to the hour", "Works until", "Standing", "Revoked"}}
		keys, err := staff.Keys(v.ctx, tx)
		for _, k := range keys {
			l := v.keyLine(k)
			rows = append(rows, []string{k.ID.String()[:8], l.OrganisationName, cellOf(&k.MadeAt), cellOf(k.LastUsedAt), day.Of(k.ExpiresAt).Slash(), l.Standing, cellOf(k.RevokedAt)})
		}
		return rows, err
	})
}

// mailCSV is the queue as far as the page shows it: what failed or is uncertain, or everything.
func (v *visit) mailCSV() error {
	states := v.askedStates()
	return v.tableCSV(v.asService, "emails", "Emails", func(tx *db.Tx) ([][]string, error) {
		rows := [][]string{{"Email", "To", "Address", "Queued", "Attempts", "Standing", "Settled", "The mail server's last answer"}}
		for more := true; more; {
			lines, err := mail.Standing(v.ctx, tx, len(rows)-1, states...)
			if err != nil {
				return nil, err
			}
			for _, m := range lines {
				l := v.mailLine(m)
				rows = append(rows, []string{l.What, l.Name, l.Address, cellOf(&m.QueuedAt), strconv.Itoa(m.Attempt), l.Standing, cellOf(m.SettledAt), l.Answer})
			}
			more = len(lines) == mail.LinesAtOnce
		}
		return rows, nil
	})
}

func (v *visit) readersCSV() error {
	return v.tableCSV(v.asService, "recipients", "Readers of the weekly report", func(tx *db.Tx) ([][]string, error) {
		rows := [][]string{{"Name", "Email address", "Added", "Confirmed", "Standing"}}
		list, err := mail.Recipients(v.ctx, tx)
		for _, r := range list {
			l := v.readerLine(r)
			rows = append(rows, []string{l.Name, l.Address, cellOf(&r.AddedAt), cellOf(r.ConfirmedAt), l.Standing})
		}
		return rows, err
	})
}
