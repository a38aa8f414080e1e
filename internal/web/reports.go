package web

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/jobs"
	"throughgate/internal/mail"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// run is a report that was due.
type run struct {
	ID          uuid.UUID `db:"id"`
	DueAt       time.Time `db:"due_at"`
	WindowEnd   day.Date  `db:"window_end"`
	DataThrough day.Date  `db:"data_through"`
	Outcome     string    `db:"outcome"`
	MadeAt      time.Time `db:"made_at"`
	MadeBy      string    `db:"made_by"`
	Subject     string    `db:"subject"`
}

// Due is when it was due, in words.
func (r run) Due() string { return longDay(day.Of(r.DueAt)) + " at " + clock(r.DueAt) }

// ByHand says whether somebody asked for it.
func (r run) ByHand() bool { return r.MadeBy != staff.Service.By.Actor }

// Became is what became of it, in words.
func (r run) Became() string {
	switch {
	case r.Outcome != "made":
		return "Missed: the service was not running, and it was too old to make up"
	case r.ByHand():
		return "Sent by hand"
	}
	return "Sent"
}

type reportsBody struct {
	Runs   []run
	Latest latestReport
}

// latestReport is what a page offers of the report that was due last: to send it, or to open it where it is made
// already, on whose page it can be sent again.
type latestReport struct {
	CanSend bool
	Made    uuid.UUID // zero while it is not made
}

// Open is the address of the report that is made already; "" for none.
func (l latestReport) Open() string {
	if l.Made == uuid.Nil {
		return ""
	}
	return "/reports/" + l.Made.String()
}

func (v *visit) latestReport() (latestReport, error) {
	if v.SendLatestReport == nil || v.who.Must(senders...) != nil {
		return latestReport{}, nil
	}
	made, err := jobs.LatestMade(v.ctx, v.Pool, v.now)
	return latestReport{true, made}, err
}

func (v *visit) reports() error { return v.drawReports(http.StatusOK, v.web.QueryParam("said"), nil) }

func (v *visit) drawReports(status int, done string, wrong faults) error {
	var body reportsBody
	err := v.act(func(tx *db.Tx) (err error) {
		body.Runs, err = v.runs(tx)
		return err
	})
	if err == nil {
		body.Latest, err = v.latestReport()
	}
	if err != nil {
		return err
	}
	return v.draw(status, "reports.html", page{Title: "Reports sent", Done: done, Faults: wrong, Body: body})
}

// runs are all reports that were due, latest first.
func (v *visit) runs(tx *db.Tx) (list []run, err error) {
	err = tx.Select(v.ctx, &list, `
		SELECT id, due_at, window_end, data_through, outcome, made_at, made_by, coalesce(subject, '') AS subject
		FROM report_run
		WHERE outcome <> 'first_start'
		ORDER BY due_at DESC`)
	return list, err
}

// sendReport sends the latest due report, once more only where that was asked for on purpose.
func (v *visit) sendReport() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	if v.SendLatestReport == nil {
		return &problem.Unavailable{Message: "Reports cannot be sent from here."}
	}
	said, err := v.SendLatestReport(v.ctx, v.who, typed["again"] == "yes")
	var conflict *problem.Conflict
	var wrong *problem.Invalid
	switch {
	case err == nil:
		return v.seeOther("/reports?" + url.Values{"said": {said}}.Encode())
	case errors.As(err, &conflict):
		when, err := v.whenMade(conflict.ID)
		if err != nil {
			return err
		}
		return v.drawReports(http.StatusConflict, "", faults{{linkToRun(conflict.ID), when + conflict.Message}})
	case errors.As(err, &wrong):
		_, mistakes := fill(nil, form{}, wrong)
		return v.drawReports(http.StatusUnprocessableEntity, "", mistakes)
	}
	return err
}

// whenMade says when a report was made, and by whom; "" of one that is still being made.
func (v *visit) whenMade(id string) (said string, err error) {
	err = v.act(func(tx *db.Tx) error {
		all, err := v.runs(tx)
		for _, r := range all {
			by := "the service"
			switch {
			case r.MadeBy == v.who.By.Actor:
				by = "you"
			case r.ByHand():
				by = "somebody else"
			}
			if r.ID.String() == id {
				said = "It was made " + moment(v.now, r.MadeAt) + " by " + by + ". "
			}
		}
		return err
	})
	return said, err
}

// linkToRun is the anchor of a report in the list.
func linkToRun(id string) string {
	if id == "" {
		return ""
	}
	return "run-" + id
}

// sentReport is a report as it was sent, with what became of its messages.
type sentReport struct {
	run
	Plain   string `db:"plain"`
	HTML    string `db:"html"`
	Image   []byte `db:"picture"`
	CSV     []byte `db:"csv"`
	XLSX    []byte `db:"xlsx"`
	JSON    []byte `db:"figures"`
	Drawing []byte `db:"drawing"`

	Messages []messageLine `db:"-"` // for administrators: they look after the readers
	Counts   []fact        `db:"-"` // how many messages stand how
	Again    bool          `db:"-"` // it was due last, and the reader may send it again
}

type messageLine struct{ Name, Address, State, Answer string }

func (v *visit) findReport() (s sentReport, err error) {
	err = v.act(func(tx *db.Tx) error {
		err := tx.Get(v.ctx, &s, `
			SELECT id, due_at, window_end, data_through, outcome, made_at, made_by, coalesce(subject, '') AS subject,
			  coalesce(plain, '') AS plain, coalesce(html, '') AS html, picture, csv, xlsx, figures, drawing
			FROM report_run
			WHERE id = $1
			  AND outcome = 'made'`, v.id)
		if errors.Is(err, db.ErrNone) {
			return &problem.NotFound{What: "report"}
		}
		return err
	})
	return s, err
}

func (v *visit) sentReport() error {
	s, err := v.findReport()
	if err != nil {
		return err
	}
	latest, err := v.latestReport()
	if err != nil {
		return err
	}
	s.Again = latest.CanSend && latest.Made == s.ID
	if err := v.messagesOf(&s); err != nil {
		return err
	}
	v.web.Response().Header().Set("Content-Security-Policy", pagePolicy+"; frame-src 'self'")
	return v.draw(http.StatusOK, "report_sent.html", page{Title: s.Subject, Back: "/reports", Body: s})
}

// messagesOf adds what became of the messages: whose they are only for administrators.
func (v *visit) messagesOf(s *sentReport) error {
	var all []mail.Status
	err := v.asService(func(tx *db.Tx) (err error) {
		all, err = mail.StatusOf(v.ctx, tx, s.ID)
		return err
	})
	if err != nil {
		return err
	}
	counts := map[mail.State]int{}
	for _, m := range all {
		counts[m.State]++
		if v.who.Role == staff.Admin {
			s.Messages = append(s.Messages, messageLineOf(m))
		}
	}
	for _, state := range everyState {
		if n := counts[state]; n > 0 {
			s.Counts = append(s.Counts, fact{stateWords[state], count(n, "message", "messages")})
		}
	}
	return nil
}

func messageLineOf(m mail.Status) messageLine {
	l := messageLine{Name: m.Name, Address: m.Address, State: stateWords[m.State]}
	if m.Sending > 1 {
		l.State += fmt.Sprintf(", sending %d", m.Sending)
	}
	if m.LastAnswer != nil {
		l.Answer = *m.LastAnswer
	}
	return l
}

// stateWords are what a report's page calls where a message stands.
var stateWords = map[mail.State]string{
	mail.Queued: "Waiting to be sent", mail.Sending: "Being sent", mail.DotCommitted: "Being sent",
	mail.IsSent: "Sent", mail.IsFailed: "Failed",
	mail.LeftUncertain: "Uncertain: the mail server did not say whether it took it",
}

// Files are the forms in which the report can be taken away.
func (s sentReport) Files() (list []fact) {
	for _, f := range s.forms() {
		if f.content != nil {
			list = append(list, fact{f.name, f.says})
		}
	}
	return list
}

// sentForm is one of them.
type sentForm struct {
	name, says, kind string
	content          []byte
}

func (s sentReport) forms() []sentForm {
	return []sentForm{
		{"report.xlsx", "The figures (XLSX)", asXLSX, s.XLSX},
		{"report.csv", "The figures (CSV)", asCSV, s.CSV},
		{"report.json", "The figures (JSON)", asJSON, s.JSON},
		{"report.png", "The picture (PNG)", asPNG, s.Image},
		{"report.svg", "The picture (SVG)", asSVG, s.Drawing},
		{"report.txt", "The text", asText, []byte(s.Plain)},
	}
}

// sentFile is one form of a report as it was sent, to be kept.
func (v *visit) sentFile() error {
	s, err := v.findReport()
	if err != nil {
		return err
	}
	for _, f := range s.forms() {
		if f.name == v.web.Param("file") && f.content != nil {
			return v.attach("continuity-of-care-"+s.WindowEnd.String()+f.name[len("report"):], f.kind, f.content)
		}
	}
	return &problem.NotFound{What: "file"}
}

// previewBody is a report that nobody was sent.
type previewBody struct{ Subject, Plain string }

// preview shows what would go out if the report were due now: rounded, small numbers hidden. Each of its two parts draws it
// anew, and nothing is kept.
func (v *visit) preview() error {
	r, err := jobs.PreviewNow(v.ctx, v.Pool, v.now)
	if err != nil {
		return err
	}
	v.web.Response().Header().Set("Content-Security-Policy", pagePolicy+"; frame-src 'self'")
	return v.draw(http.StatusOK, "report_preview.html", page{Title: "What would go out now", Back: "/reports", Body: previewBody{r.Subject, r.Text}})
}

func (v *visit) previewAsSent() error {
	r, err := jobs.PreviewNow(v.ctx, v.Pool, v.now)
	if err != nil {
		return err
	}
	return v.email(r.HTML, map[string][]byte{"": r.PNG}, "'self'")
}

// reportAsSent is the email itself. It has styles written into it, as emails must, and its picture.
func (v *visit) reportAsSent() error {
	s, err := v.findReport()
	if err != nil {
		return err
	}
	pictures := map[string][]byte{"": s.Image}
	return v.email(s.HTML, pictures, "'self'")
}

// emailPolicy is for a document that is an email: inline styles and inline pictures, nothing else.
const emailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors "

var contentID = regexp.MustCompile(`cid:([^"'\s>]+)`)

// email answers with an email's HTML, the pictures it carries written into it. One picture without a
// name stands for any.
func (v *visit) email(html string, pictures map[string][]byte, framedBy string) error {
	html = contentID.ReplaceAllStringFunc(html, func(cid string) string {
		picture, there := pictures[strings.TrimPrefix(cid, "cid:")]
		if !there {
			picture = pictures[""]
		}
		return "data:" + http.DetectContentType(picture) + ";base64," + base64.StdEncoding.EncodeToString(picture)
	})
	h := v.web.Response().Header()
	h.Set("Content-Security-Policy", emailPolicy+framedBy)
	if framedBy == "'self'" {
		h.Set("X-Frame-Options", "SAMEORIGIN")
	}
	return v.web.HTML(http.StatusOK, html)
}
