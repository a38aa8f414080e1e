package web

import (
	"errors"
	"net/http"
	"strconv"

	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/problem"
)

// standings are the states of an email as people read them: what each means, and what to do.
var standings = map[mail.State]struct{ Text, Colour, About string }{
	mail.Queued:        {"Queued", "govuk-tag--blue", "It is sent automatically."},
	mail.Sending:       {"Being sent", "govuk-tag--blue", "An attempt is under way."},
	mail.DotCommitted:  {"Being sent", "govuk-tag--blue", "An attempt is under way, and the mail server may have it already."},
	mail.IsSent:        {"Sent", "govuk-tag--green", "The mail server took it."},
	mail.IsFailed:      {"Failed", "govuk-tag--red", "The mail server refused it for good, or there were too many attempts. It did not arrive."},
	mail.LeftUncertain: {"Uncertain", "govuk-tag--orange", "The connection broke before the mail server's last answer. It may have arrived or not: ask the person, or look at the mail server's log."},
}

// The states of which an email needs a person, and all in the order in which it goes through them.
var (
	troubledStates = []mail.State{mail.LeftUncertain, mail.IsFailed}
	everyState     = []mail.State{mail.Queued, mail.Sending, mail.DotCommitted, mail.IsSent, mail.IsFailed, mail.LeftUncertain}
)

// mailLine is an email of the queue.
type mailLine struct {
	mail.Line
	What, Queued, Next, Settled, Answer string
	Standing, Colour, About             string
	MayGoAgain                          bool
}

func (v *visit) mailLine(m mail.Line) mailLine {
	s := standings[m.State]
	l := mailLine{Line: m, What: "Weekly report", Queued: capital(moment(v.now, m.QueuedAt)),
		Standing: s.Text, Colour: s.Colour, About: s.About, MayGoAgain: m.State == mail.IsFailed || m.State == mail.LeftUncertain}
	if m.Purpose == mail.ForConfirm {
		l.What = "Link to confirm an address"
	}
	if m.State == mail.Queued && m.NextTryAt.After(v.now) {
		l.Next = capital(moment(v.now, m.NextTryAt))
	}
	if m.SettledAt != nil {
		l.Settled = capital(moment(v.now, *m.SettledAt))
	}
	if m.LastAnswer != nil {
		l.Answer = *m.LastAnswer
	}
	return l
}

// mailBody is the queue: what needs a person first, or everything.
type mailBody struct {
	Counts   []standingCount
	Lines    []mailLine
	All      bool
	Next     int // the next page; 0 on the last
	Troubled int
}

type standingCount struct {
	Text, Colour string
	N            int
}

// askedStates are those of emails that need a person, or all where those are asked for.
func (v *visit) askedStates() []mail.State {
	if v.web.QueryParam("show") == "all" {
		return everyState
	}
	return troubledStates
}

func (v *visit) mailQueue() error {
	states := v.askedStates()
	body := mailBody{All: len(states) == len(everyState)}
	number, err := strconv.Atoi(v.web.QueryParam("page"))
	if err != nil || number < 1 || number > 1e6 {
		number = 1
	}
	err = v.asService(func(tx *db.Tx) error {
		counts, err := mail.Standings(v.ctx, tx)
		if err != nil {
			return err
		}
		body.count(counts)
		lines, err := mail.Standing(v.ctx, tx, (number-1)*mail.LinesAtOnce, states...)
		for _, l := range lines {
			body.Lines = append(body.Lines, v.mailLine(l))
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(body.Lines) == mail.LinesAtOnce {
		body.Next = number + 1
	}
	return v.draw(http.StatusOK, "admin_mail.html", page{Title: "Emails", Back: "/admin", Body: body})
}

func (b *mailBody) count(counts map[mail.State]int) {
	counts[mail.Sending] += counts[mail.DotCommitted]
	for _, s := range everyState {
		if s != mail.DotCommitted {
			b.Counts = append(b.Counts, standingCount{standings[s].Text, standings[s].Colour, counts[s]})
		}
	}
	b.Troubled = counts[mail.IsFailed] + counts[mail.LeftUncertain]
}

// mailOneBody is one email with what was tried.
type mailOneBody struct {
	mailLine
	Attempts []attemptLine
}

type attemptLine struct {
	N                       int
	Began, Outcome, Message string
}

var attemptWords = map[mail.Kind]string{"sent": "Sent", "retry": "Not taken for now, tried again later", "failed": "Failed", "uncertain": "Uncertain"}

func (v *visit) findMail() (body mailOneBody, err error) {
	err = v.asService(func(tx *db.Tx) error {
		l, err := mail.Find(v.ctx, tx, v.id)
		if err != nil {
			return err
		}
		body.mailLine = v.mailLine(l)
		attempts, err := mail.AttemptsOf(v.ctx, tx, v.id)
		for _, a := range attempts {
			line := attemptLine{N: a.Attempt, Began: capital(moment(v.now, a.BeganAt)), Outcome: "Did not end"}
			if a.Outcome != nil {
				line.Outcome = attemptWords[*a.Outcome]
			}
			if a.Answer != nil {
				line.Message = *a.Answer
			}
			body.Attempts = append(body.Attempts, line)
		}
		return err
	})
	return body, err
}

func (v *visit) mailOne() error {
	body, err := v.findMail()
	if err != nil {
		return err
	}
	p := page{Title: body.What + " to " + body.Name, Back: "/admin/mail", Body: body}
	if v.web.QueryParam("done") == "again" {
		p.Done = "It is queued again."
	}
	return v.draw(http.StatusOK, "admin_mail_one.html", p)
}

func (v *visit) sendMailAgainPage() error {
	body, err := v.findMail()
	if err != nil {
		return err
	}
	if !body.MayGoAgain {
		return v.seeOther("/admin/mail/" + v.id.String())
	}
	say := "It did not arrive. Has what made it fail been put right? Else it fails again."
	if body.State == mail.LeftUncertain {
		say = "It may have arrived already: then it arrives twice. Ask the person first, or look at the mail server's log. It carries the same Message-ID, by which some mailboxes show it once."
	}
	return v.draw(http.StatusOK, "ask.html", page{Title: "Send this email to " + body.Name + " again", Back: "/admin/mail/" + v.id.String(),
		Body: askBody{Say: say, Button: "Send it again"}})
}

func (v *visit) sendMailAgain() error {
	if _, err := v.findMail(); err != nil {
		return err
	}
	err := v.asService(func(tx *db.Tx) error { return mail.SendAgain(v.ctx, tx, v.who, v.now, v.id) })
	if changed := (*problem.Conflict)(nil); errors.As(err, &changed) {
		return changed
	}
	if err != nil {
		return err
	}
	return v.seeOther("/admin/mail/" + v.id.String() + "?done=again")
}
