package web

import (
	"bytes"
	"slices"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/referral"
)

// worklistCSV is a whole worklist to keep, with the filters and in the order of the page. Everybody on it is audited,
// and so is that it was taken away.
func (v *visit) worklistCSV() error {
	name := referral.ListName(v.web.QueryParam("list"))
	if !slices.Contains(referral.Worklists(v.who.Role), name) {
		return notThere
	}
	filter := v.listFilter()
	filter.Cursor = ""
	rows := [][]string{{"Reference", "Name", "State", "Release", "Released", "Appointment", "Whose move", "By when", "Why no appointment", "Alcohol only", "CJIT"}}
	err := v.act(func(tx *db.Tx) error {
		for more := true; more; more = filter.Cursor != "" {
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
	cells := []string{item.Reference, item.Name, say(string(item.State)), item.ReleaseOn.Slash(), yesNoWords(&item.Released), cellOf(item.AppointmentAt),
		capital(item.WhoseMove), item.DueOn.Slash(), "", yesNoWords(&item.AlcoholOnly), yesNoWords(&item.CJIT)}
	if item.UnbookedReason != "" {
		cells[8] = capital(say(item.UnbookedReason))
	}
	return cells
}

// tableCSV is a list to keep: whole, however many pages it has, as it is read in one transaction, within what the
// organisation may see or as the service. That it was taken away is audited under the list's name. The rows begin with
// their heading.
func (v *visit) tableCSV(within func(func(*db.Tx) error) error, list, title string, read func(*db.Tx) (rows [][]string, err error)) error {
	var rows [][]string
	err := within(func(tx *db.Tx) (err error) {
		if rows, err = read(tx); err != nil {
			return err
		}
		return v.exported(tx, list, len(rows)-1)
	})
	if err != nil {
		return err
	}
	return v.sendCSV(title, rows)
}

func (v *visit) sendCSV(title string, rows [][]string) error {
	var out bytes.Buffer
	if err := reconcile.WriteCSV(&out, rows); err != nil {
		return err
	}
	return v.downloadCSV(title, out.Bytes())
}

func (v *visit) downloadCSV(title string, file []byte) error {
	return v.download(title+" "+day.Of(v.now).String()+".csv", "text/csv; charset=utf-8", file)
}

func cellOf(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.In(day.London).Format("02/01/2006 15:04")
}
