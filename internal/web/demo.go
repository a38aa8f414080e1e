package web

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"throughgate/internal/db"
	"throughgate/internal/mail/mailtest"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Demo is what the demo adds: people to sign in as with one click, and the mailbox into which every
// email goes. It is for invented people on one's own machine only.
type Demo struct {
	People  []DemoPerson
	Mailbox *mailtest.Server
}

// DemoPerson is somebody to sign in as.
type DemoPerson struct{ Role, Email string }

// About is what there is to do for them.
func (p DemoPerson) About() string {
	return map[staff.Role]string{
		staff.Prison:   "Refers people, keeps their release dates true and confirms releases.",
		staff.Provider: "Sees people after release and confirms pick-ups.",
		staff.SubGroup: "Reads the figures, never a person's record, and can send the weekly report.",
		staff.Admin:    "Adds people, API keys and readers of the report, and sees that emails arrive.",
		staff.Audit:    "Sees who did or saw what.",
	}[staff.Role(p.Role)]
}

// As is whom the button signs in.
func (p DemoPerson) As() string {
	if p.Role == string(staff.Prison) {
		return "a prison's team"
	}
	return "the " + strings.ToLower(p.RoleWords())
}

// RoleWords is the role as its button names it.
func (p DemoPerson) RoleWords() string { return say(p.Role) }

// demoRoutes are open to everybody on the demo's own machine.
var demoRoutes = []route{
	{get, "/demo", true, nil, "", onThisMachine((*visit).demo)},
	{post, "/demo/sign-in", true, nil, "", onThisMachine((*visit).demoSignIn)},
	{get, "/mailbox", true, nil, "", onThisMachine((*visit).mailbox)},
	{get, "/mailbox/:n", true, nil, "", onThisMachine((*visit).letter)},
	{get, "/mailbox/:n/html", true, nil, "", onThisMachine((*visit).letterHTML)},
}

// onThisMachine answers requests from the machine itself and to it by a name that no other site can
// take: to anybody else these pages do not exist.
func onThisMachine(handle func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		r := v.web.Request()
		if !loopback(r.RemoteAddr) || !loopback(r.Host) {
			return notThere
		}
		return handle(v)
	}
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (v *visit) demo() error {
	return v.draw(http.StatusOK, "demo.html", page{Title: "Demo: sign in as", Body: v.Demo.People})
}

// demoSignIn signs in one of the demo's people without password or code, and nobody else.
func (v *visit) demoSignIn() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	known := slices.ContainsFunc(v.Demo.People, func(p DemoPerson) bool { return p.Email == typed["email"] })
	if !known {
		return &problem.NotFound{What: "person in the demo"}
	}
	var token string
	err = v.asService(func(tx *db.Tx) (err error) {
		token, err = staff.Begin(v.ctx, tx, v.now, typed["email"])
		return err
	})
	if err != nil {
		return err
	}
	if err := v.begin(token); err != nil {
		return err
	}
	return v.seeOther("/")
}

// letterLine is an email in the mailbox.
type letterLine struct {
	Number            int
	To, Subject, When string
	Text              string
	Written           bool // it has an HTML part
}

func (v *visit) mailbox() error {
	var list []letterLine
	for _, m := range slices.Backward(v.Demo.Mailbox.Messages()) {
		list = append(list, v.letterLine(m))
	}
	return v.draw(http.StatusOK, "mailbox.html", page{Title: "Demo: mailbox", Body: list})
}

func (v *visit) letterLine(m mailtest.Message) letterLine {
	l := letterLine{Number: m.Number, When: capital(moment(v.now, m.At)), Subject: "(cannot be read)"}
	if len(m.To) > 0 {
		l.To = m.To[0]
	}
	if opened, err := m.Open(); err == nil {
		l.Subject, l.Text, l.Written = opened.Subject, opened.Text, opened.HTML != ""
	}
	return l
}

// message is the one that the address names.
func (v *visit) message() (mailtest.Message, error) {
	all := v.Demo.Mailbox.Messages()
	n, err := strconv.Atoi(v.web.Param("n"))
	if err != nil || n < 1 || n > len(all) {
		return mailtest.Message{}, &problem.NotFound{What: "email"}
	}
	return all[n-1], nil
}

func (v *visit) letter() error {
	m, err := v.message()
	if err != nil {
		return err
	}
	l := v.letterLine(m)
	v.web.Response().Header().Set("Content-Security-Policy", pagePolicy+"; frame-src 'self'")
	return v.draw(http.StatusOK, "letter.html", page{Title: l.Subject, Back: "/mailbox", Body: l})
}

// letterHTML is the email as a mail program would show it, for the frame on its page.
func (v *visit) letterHTML() error {
	m, err := v.message()
	if err != nil {
		return err
	}
	opened, err := m.Open()
	if err != nil {
		return err
	}
	// A link in the email leads out of the frame, where the page that it opens may be shown.
	html := strings.Replace(opened.HTML, "<head>", `<head><base target="_top">`, 1)
	return v.email(html, opened.Pictures, "'self'")
}
