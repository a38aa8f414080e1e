package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/reconcile"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// appointmentsCSV is the provider's list of a day to keep. Everybody on it is audited, and so is that it was taken away.
func (v *visit) appointmentsCSV() error {
	on, err := day.Parse(v.askedDay().date("day"))
	if err != nil {
		return problem.Wrong("day", "date", "There is no such day.")
	}
	rows := [][]string{{"Reference", "Name", "State", "Time", "Where", "Attempt", "Outcome", "Alcohol only", "CJIT"}}
	err = v.act(func(tx *db.Tx) error {
		visits, err := referral.OfDay(v.ctx, tx, v.who, v.now, on, v.listFilter())
		if err != nil {
			return err
		}
		for _, one := range visits {
			line := v.visitLine(one)
			rows = append(rows, []string{one.Reference, one.Name, say(string(one.State)), cellOf(one.StartsAt), one.Place, fmt.Sprint(one.Attempt),
				line.Outcome, yesNoWords(&one.AlcoholOnly), yesNoWords(&one.CJIT)})
		}
		return v.exported(tx, "appointments", len(rows)-1)
	})
	if err != nil {
		return err
	}
	return v.sendCSV("Appointments on "+on.String(), rows)
}

// reviewCSV is all that waits for a decision: referrals that another prison has sent as well, and rows of lists, with
// what is in doubt.
func (v *visit) reviewCSV() error {
	asked := v.listFilter()
	filter := referral.ListFilter{AlcoholOnly: asked.AlcoholOnly, CJIT: asked.CJIT}
	rows := [][]string{{"What", "Name", "What is in doubt", "List", "Row", "Waiting since", "Possible matches", "Alcohol only", "CJIT"}}
	questions, err := reconcile.ReviewsOf(v.ctx, v.Pool, v.who, v.now, reconcile.Narrow{AlcoholOnly: filter.AlcoholOnly, CJIT: filter.CJIT})
	if err != nil {
		return err
	}
	err = v.act(func(tx *db.Tx) error {
		for more := v.who.Role == staff.Provider; more; more = filter.Cursor != "" {
			page, err := referral.Worklist(v.ctx, tx, v.who, v.now, referral.ToReview, filter)
			if err != nil {
				return err
			}
			for _, item := range page.Items {
				rows = append(rows, []string{"Referral " + item.Reference, item.Name, "Sent by another prison too", "", "", "", "", yesNoWords(&item.AlcoholOnly), yesNoWords(&item.CJIT)})
			}
			filter.Cursor = page.NextCursor
		}
		for _, q := range questions {
			rows = append(rows, questionCells(q))
		}
		return v.exported(tx, string(referral.ToReview), len(rows)-1)
	})
	if err != nil {
		return err
	}
	return v.sendCSV(worklists[referral.ToReview].title, rows)
}

func questionCells(q reconcile.Review) []string {
	alcoholOnly, cjit := marksAmong(q)
	var known []string
	for _, c := range q.Candidates {
		known = append(known, nameOn(c.Known))
	}
	return []string{"Row of a list", nameOn(q.Says), say(q.Why), q.File, fmt.Sprint(q.Row), cellOf(&q.RaisedAt), strings.Join(known, "; "),
		yesNoWords(&alcoholOnly), yesNoWords(&cjit)}
}

// importsCSV are the lists that the organisation has sent, each with how its rows were answered.
func (v *visit) importsCSV() error {
	return v.tableCSV(v.act, "lists_sent", "Lists sent", func(tx *db.Tx) ([][]string, error) {
		rows := [][]string{{"File", "Sent", "Rows", "Answers"}}
		files, err := reconcile.Files(v.ctx, tx, v.who)
		for _, f := range files {
			var answers []string
			for _, c := range countsOf(f.Answer) {
				answers = append(answers, c.Key+" "+c.Value)
			}
			rows = append(rows, []string{f.Name, cellOf(&f.At), strconv.Itoa(f.Rows), strings.Join(answers, "; ")})
		}
		return rows, err
	})
}

// clinicsCSV are the provider's clinics, those that are closed among them.
func (v *visit) clinicsCSV() error {
	return v.tableCSV(v.act, "clinics", "Clinics", func(tx *db.Tx) ([][]string, error) {
		rows := [][]string{{"Clinic", "Day", "Starts", "Ends", "Minutes", "Places", "Can prescribe", "Where", "Address", "Ask for", "Telephone", "Open", "Appointments to come", "The last on"}}
		clinics, err := appointment.Clinics(v.ctx, tx, v.now, v.who.Organisation())
		for _, c := range clinics {
			rows = append(rows, []string{c.Code, c.Weekday.String(), c.Starts, c.Ends, strconv.Itoa(c.SlotMinutes), strconv.Itoa(c.Places), yesNoWords(&c.Prescribing),
				c.Place, c.Address, c.AskFor, c.Telephone, yesNoWords(&c.Active), strconv.Itoa(c.Booked), c.Last.Slash()})
		}
		return rows, err
	})
}

const (
	auditedAtOnce = 1_000
	mostAudited   = 200_000 // rows of one file: a day of a large partnership has a tenth of that
)

// auditCSV is everything that a search of the trail finds.
func (v *visit) auditCSV() error {
	asked, err := v.auditAsked()
	if err != nil {
		return err
	}
	return v.tableCSV(v.asService, "audit", "Audit trail", func(tx *db.Tx) ([][]string, error) {
		heading := []string{"When", "Who", "How", "What", "To", "Id", "Detail"}
		return v.everyRow(tx, asked.query(), "Choose an organisation or what was done, and download each part.", heading, func(r audit.Row) []string {
			line := v.auditLine(r)
			return []string{toTheSecond(r.At), line.Who, line.How, line.What, line.On, line.Subject, line.Detail}
		})
	})
}

// lookedCSV is everybody who looked at a person, as far as the reader may be told.
func (v *visit) lookedCSV() error {
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	return v.tableCSV(v.asService, "looked", "Who looked at "+r.Reference, func(tx *db.Tx) ([][]string, error) {
		return v.everyRow(tx, looksAt(r), "Ask the auditor, who can search them by day.", []string{"When", "Who", "How", "Where"}, func(row audit.Row) []string {
			line := v.lookLine(row)
			return []string{toTheSecond(row.At), line.Who, line.How, line.Detail}
		})
	})
}

// everyRow reads all that a search of the trail finds, newest first, a part at a time, below its heading. More than a
// spreadsheet can use is not cut: the reader is told what to do instead.
func (v *visit) everyRow(tx *db.Tx, q audit.Query, instead string, heading []string, cells func(audit.Row) []string) ([][]string, error) {
	rows := [][]string{heading}
	q.Before, q.Limit = nil, auditedAtOnce
	for more := true; more; {
		found, err := audit.Search(v.ctx, tx, q)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			rows = append(rows, cells(r))
		}
		if more = len(found) == q.Limit; more {
			q.Before = &audit.Place{At: found[len(found)-1].At, ID: found[len(found)-1].ID}
		}
		if len(rows) > mostAudited {
			return nil, problem.Wrong("act", "too_many", fmt.Sprintf("This finds more than %d rows. %s", mostAudited, instead))
		}
	}
	return rows, nil
}

func toTheSecond(at time.Time) string { return at.In(day.London).Format("02/01/2006 15:04:05") }
