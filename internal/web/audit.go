package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// auditLine is one row as it is read.
type auditLine struct {
	When, Who, How, What, On, Subject, Detail string

	By string // address of all that the same one did that day
}

func (v *visit) auditLine(r audit.Row) auditLine {
	l := auditLine{When: capital(moment(v.now, r.At)), Who: v.actor(r), How: say(r.Via), What: auditedAct(r.Act),
		On: on(r), Subject: r.Subject, Detail: told(r.Detail)}
	if !strings.HasPrefix(r.Actor, "console:") { // whose login name is not for addresses
		that := auditAsked{form: form{}, by: r.Actor}
		that.setDate("day", day.Of(r.At))
		l.By = that.address("")
	}
	return l
}

// actor is who acted: a person by name, a program or the service by what it is.
func (v *visit) actor(r audit.Row) string {
	organisation := v.nameOfAny(r.Organisation)
	kind, rest, _ := strings.Cut(r.Actor, ":")
	switch {
	case r.Name != nil && r.Organisation == "":
		return *r.Name
	case r.Name != nil:
		return *r.Name + ", " + organisation
	case kind == "key":
		return "API key " + rest[:min(8, len(rest))] + ", " + organisation
	case kind == "console":
		return rest + ", at the server's console"
	case kind == "nobody":
		return "Somebody not signed in"
	case kind == "recipient":
		return "A reader of the report"
	}
	return "The service"
}

// auditAsked is what the auditor asks for, as it stands in the address: ids and days, never a name.
type auditAsked struct {
	form
	day    day.Date
	by     string // one actor, as a row names them; "" is anybody
	before *audit.Place
}

func (v *visit) auditAsked() (asked auditAsked, err error) {
	asked.form = form{}
	for name, values := range v.web.QueryParams() {
		asked.form[name] = strings.ToValidUTF8(strings.ReplaceAll(values[0], "\x00", "\uFFFD"), "\uFFFD")
	}
	var wrong problem.Corrections
	asked.form["subject"] = strings.TrimSpace(asked.form["subject"])
	if subject := asked.form["subject"]; subject != "" {
		if _, err := uuid.Parse(subject); err != nil {
			wrong.Add("subject", "not_an_id", "An id has 36 letters, figures and hyphens, as in the address of a page. Names cannot be searched for")
		}
	}
	if date := asked.form.date("day"); date != "" {
		if asked.day, err = day.Parse(date); err != nil {
			wrong.Add("day", "date", "The day must be a real date")
		}
	}
	asked.before, asked.by = placeOf(asked.form["before"]), asked.form["by"]
	if asked.day.IsZero() && asked.form["subject"] == "" && len(wrong) == 0 {
		asked.day = day.Of(v.now)
		asked.form["day-day"], asked.form["day-month"], asked.form["day-year"] =
			strconv.Itoa(asked.day.Day()), strconv.Itoa(int(asked.day.Month())), strconv.Itoa(asked.day.Year())
	}
	return asked, wrong.Err()
}

// placeOf reads where the page before ended; nil for what is no place.
func placeOf(text string) *audit.Place {
	at, id, _ := strings.Cut(text, ".")
	micro, err1 := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if err1 != nil || err2 != nil {
		return nil
	}
	return &audit.Place{At: time.UnixMicro(micro).UTC(), ID: n}
}

const auditPage = 50

func (a auditAsked) query() audit.Query {
	q := audit.Query{Act: a.form["act"], Actor: a.by, Before: a.before, Limit: auditPage + 1}
	if o := a.form["organisation"]; o != "" {
		q.Organisations = []string{o}
	}
	if s := a.form["subject"]; s != "" {
		q.Subjects = []string{s}
	}
	if !a.day.IsZero() {
		q.From, q.To = a.day.At(0, 0), a.day.Add(1).At(0, 0)
	}
	return q
}

// auditBody is the trail's page.
type auditBody struct {
	Day, Subject        field
	Organisations, Acts []option
	Lines               []auditLine
	Asked               string // in words
	By                  string // one actor, as asked for
	Next, First         string
	CSV                 string // the address of all that was found, to keep
	Wrong               bool
}

func (v *visit) audit() error {
	asked, err := v.auditAsked()
	var wrong *problem.Invalid
	if err != nil && !errors.As(err, &wrong) {
		return err
	}
	body := auditBody{Wrong: wrong != nil}
	if body.Organisations, err = v.organisationOptions(); err != nil {
		return err
	}
	fields, mistakes := fill([]field{
		{Name: "day", Label: "Day (optional)", Kind: "date", Hint: "Leave empty to search every day for one id"},
		{Name: "subject", Label: "Id of what it was done to (optional)", Kind: "text", Hint: "As in the address of a page, or in the list below. Names cannot be searched for"},
	}, asked.form, wrong)
	body.Day, body.Subject = fields[0], fields[1]
	body.Organisations = chosen(body.Organisations, asked.form["organisation"])
	body.Acts = chosen(auditedActs, asked.form["act"])
	if wrong != nil {
		return v.draw(http.StatusUnprocessableEntity, "audit.html", page{Title: "Audit trail", Faults: mistakes, Body: body})
	}
	rows, err := v.searchAudit(asked)
	if err != nil {
		return err
	}
	body.tell(v, asked, rows)
	return v.draw(http.StatusOK, "audit.html", page{Title: "Audit trail", Body: body})
}

func chosen(options []option, value string) (list []option) {
	for _, o := range options {
		o.Chosen = o.Value == value
		list = append(list, o)
	}
	return list
}

// searchAudit reads the trail, and leaves a row about having done so.
func (v *visit) searchAudit(asked auditAsked) (rows []audit.Row, err error) {
	err = v.asService(func(tx *db.Tx) error {
		if rows, err = audit.Search(v.ctx, tx, asked.query()); err != nil {
			return err
		}
		detail := audit.Detail{"day": "", "act": asked.form["act"], "organisation": asked.form["organisation"], "subject": asked.form["subject"], "by": asked.by}
		if !asked.day.IsZero() {
			detail["day"] = asked.day.String()
		}
		return audit.Write(v.ctx, tx, v.who.By, v.now, "searched", "audit", "", detail)
	})
	return rows, err
}

func (b *auditBody) tell(v *visit, asked auditAsked, rows []audit.Row) {
	more := len(rows) > auditPage
	rows = rows[:min(auditPage, len(rows))]
	for _, r := range rows {
		b.Lines = append(b.Lines, v.auditLine(r))
	}
	b.Asked = "Any day"
	if !asked.day.IsZero() {
		b.Asked = capital(nearDay(day.Of(v.now), asked.day))
	}
	if asked.by != "" && len(b.Lines) > 0 {
		b.By, b.Asked = asked.by, b.Asked+", by "+b.Lines[0].Who
	}
	b.CSV = strings.Replace(asked.address(""), "/audit", "/audit.csv", 1)
	if asked.before != nil {
		b.First = asked.address("")
	}
	if more {
		last := rows[len(rows)-1]
		b.Next = asked.address(fmt.Sprintf("%d.%d", last.At.UnixMicro(), last.ID))
	}
}

func (a auditAsked) address(before string) string {
	q := url.Values{}
	for _, name := range []string{"day-day", "day-month", "day-year", "organisation", "act", "subject"} {
		if a.form[name] != "" {
			q.Set(name, a.form[name])
		}
	}
	if a.by != "" {
		q.Set("by", a.by)
	}
	if before != "" {
		q.Set("before", before)
	}
	return "/audit?" + q.Encode()
}
