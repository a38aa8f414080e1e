package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db/cluster"
	"throughgate/internal/demo"
	"throughgate/internal/mail/mailtest"
	"throughgate/internal/web"
)

// demoMark is the file that says that a data folder holds invented people, and how to sign in as them.
const demoMark = "demo.json"

var demoCommand = command{
	name: "demo", args: "[--listen ADDRESS] [--json]", summary: "try everything on invented people; nothing to set up",
	help: `
  --listen ADDRESS  where to serve, on this machine only (default 127.0.0.1:8080)
  --json            once ready, one line of JSON on standard output: addresses, sign-ins, API keys

Starts a private PostgreSQL under var/demo with the example cohort of 2022 and 2023 and a second one
around today, a mail server whose mailbox is a page, and one person per role to sign in as with one
click. Made anew when it was made on an earlier day.
`,
	run: runDemo,
}

// mark is what demoMark holds.
type mark struct {
	MadeOn  day.Date      `json:"made_on"`
	URL     string        `json:"url"`
	SMTP    string        `json:"smtp"`
	SignIns *demo.SignIns `json:"sign_ins"` // nil until everything is in place
}

func runDemo(ctx context.Context, c *call) error {
	listener, err := listenForDemo(c.flags["listen"])
	if err != nil {
		return err
	}
	defer listener.Close()
	if c.flags["data-dir"] == "" {
		c.flags["data-dir"] = filepath.Join("var", "demo")
	}
	dir := c.flags["data-dir"]
	was, err := readMark(dir)
	if err != nil {
		return err
	}
	postbox, err := mailtest.Start(mailtest.Options{})
	if err != nil {
		return err
	}
	c.later(postbox.Close)
	rules, err := c.settings()
	if err != nil {
		return err
	}
	was.URL, was.SMTP = "http://"+listener.Addr().String(), postbox.Address()
	was.over(rules)
	c.say("Starting a private PostgreSQL in %s ...", dir)
	h, err := c.openWith(ctx, rules)
	if err != nil {
		return err
	}
	if was.SignIns == nil {
		made, err := demo.Fill(ctx, h.Pool, c.now(), func(s string) { c.say("%s", s) })
		if err != nil {
			return err
		}
		was.MadeOn, was.SignIns = day.Of(c.now()), &made
	}
	if err := writeMark(dir, was); err != nil {
		return err
	}
	front := &front{listener: listener, demo: &web.Demo{Mailbox: postbox, People: people(was.SignIns)}}
	front.ready = func() error { return c.printDemo(rules.Server.PublicURL, postbox.Address(), dir, was.SignIns) }
	return c.serve(ctx, h, front)
}

// listenForDemo takes an address of this machine, the usual one where none is named.
func listenForDemo(listen string) (net.Listener, error) {
	if listen == "" {
		listen = defaultListen
	}
	if host, _, err := net.SplitHostPort(listen); err != nil || !loopback(host) {
		return nil, usagef("--listen takes an address of this machine, such as %s: the demo signs anybody in", defaultListen)
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("%s is taken: name another with --listen 127.0.0.1:8081", listen)
	}
	return listener, nil
}

// over puts the demo's own settings over the others: its address, its mailbox, its invented domain.
func (m mark) over(rules *config.Config) {
	rules.Mail.Address, rules.Mail.TLS, rules.Mail.Username = m.SMTP, "none", ""
	rules.Mail.From, rules.Mail.AllowedDomains = "throughgate <no-reply@"+demo.Domain+">", []string{demo.Domain}
	rules.Server = config.Server{PublicURL: m.URL}
}

// asDemo is for every other command that names a demo's folder: it works as the demo's server does, so
// that the links that it prints lead there and its mail ends in the demo's mailbox.
func (c *call) asDemo(rules *config.Config) error {
	if c.flags["data-dir"] == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(c.flags["data-dir"], demoMark))
	if err != nil {
		return nil // no demo's; whether it is a folder at all is found out when it is opened
	}
	var m mark
	if err = json.Unmarshal(text, &m); err == nil && m.SignIns != nil {
		m.over(rules)
	}
	return err
}

func people(s *demo.SignIns) (list []web.DemoPerson) {
	for _, p := range s.People {
		list = append(list, web.DemoPerson{Role: p.Role, Email: p.Email})
	}
	return list
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// readMark finds a demo of today to go on with; one of an earlier day, or one half made, is removed.
// A folder with anything else in it is refused.
func readMark(dir string) (m mark, err error) {
	text, err := os.ReadFile(filepath.Join(dir, demoMark))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if others, _ := os.ReadDir(dir); len(others) > 0 {
			return m, fmt.Errorf("%s holds something that is not a demo: name another folder with --data-dir", dir)
		}
		return m, writeMark(dir, mark{})
	case err != nil:
		return m, err
	}
	if err := json.Unmarshal(text, &m); err == nil && m.SignIns != nil && m.MadeOn == day.Of(timeNow()) {
		return m, nil
	}
	if err := cluster.Remove(filepath.Join(dir, clusterFolder)); err != nil {
		return m, fmt.Errorf("the demo in %s is of an earlier day and cannot be made anew: %w", dir, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return m, err
	}
	return mark{}, writeMark(dir, mark{})
}

func writeMark(dir string, m mark) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, demoMark), text, 0o600)
}

// printDemo says how to use it, once it answers.
func (c *call) printDemo(url, smtp, dir string, s *demo.SignIns) error {
	if c.has("json") {
		return c.printJSON(struct {
			URL     string `json:"url"`
			Mailbox string `json:"mailbox_url"`
			SMTP    string `json:"smtp"`
			DataDir string `json:"data_dir"`
			*demo.SignIns
		}{url, url + "/mailbox", smtp, dir, s})
	}
	fmt.Fprintf(c.out, "\nthroughgate demo, on invented people\n\n  Pages     %s/demo   (one click per role)\n  Mailbox   %s/mailbox\n  SMTP      %s\n\n", url, url, smtp)
	for _, p := range s.People {
		fmt.Fprintf(c.out, "  %-9s %-32s password %s  second factor %s\n", p.Role, p.Email, p.Password, p.TOTPSecret)
	}
	fmt.Fprintln(c.out)
	for _, organisation := range []string{"EXI", harbourCode} {
		fmt.Fprintf(c.out, "  API key   %-8s %s\n", organisation, s.APIKeys[organisation])
	}
	fmt.Fprintf(c.out, "\nTry, in another terminal:\n  %s rate --data-dir %s --window-end 2023-12-31\n\nCtrl-C ends it.\n", os.Args[0], dir)
	return nil
}
