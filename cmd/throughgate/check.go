package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"throughgate/config"
	"throughgate/internal/mail"
)

var checkCommand = command{
	name: "check", args: "[--json]", summary: "look at settings, certificate, keys, database, clock and mail server, and say how to mend what is wrong",
	help: `
  --json           as JSON
`,
	run: func(ctx context.Context, c *call) error {
		rules, err := c.settings()
		if err != nil {
			return err
		}
		found := c.look(ctx, rules)
		if err := c.printFindings(found); err != nil {
			return err
		}
		for _, f := range found {
			if !f.OK {
				return errTrouble
			}
		}
		return nil
	},
}

var errTrouble = errors.New("not everything is as it should be: see above")

// finding is what was looked at, whether it is as it should be, and how it is or can be mended.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	How  string `json:"how"`
}

func good(what, how string) finding      { return finding{what, true, how} }
func bad(what string, err error) finding { return finding{what, false, said(err)} }
func (c *call) printFindings(found []finding) error {
	if c.has("json") {
		return c.printJSON(found)
	}
	for _, f := range found {
		verdict := "ok"
		if !f.OK {
			verdict = "WRONG"
		}
		fmt.Fprintf(c.out, "%-6s %-10s %s\n", verdict, f.What, f.How)
	}
	return nil
}

// look goes on where it can after something wrong, so that all of it is mended at once.
func (c *call) look(ctx context.Context, rules *config.Config) []finding {
	found := []finding{good("settings", fmt.Sprintf("%s; prisons: %d, providers: %d", rules.Partnership.Name, len(rules.Prisons), len(rules.Providers)))}
	found = append(found, lookAtCertificate(rules.Server, c.now())...)
	if h, err := c.openWith(ctx, rules); err != nil {
		found = append(found, bad("database", err))
	} else {
		found = append(found, good("database", "answers, and its schema is as this program needs it"),
			good("key", "opens the sealed fields. Keep a copy of it apart from the database's: losing it loses the names"))
		faults, err := h.Unsafe(ctx, c.now())
		if err != nil {
			found = append(found, bad("database", err))
		}
		for _, f := range faults {
			found = append(found, bad("database", errors.New(f)))
		}
		if err == nil && len(faults) == 0 {
			found = append(found, good("clock", "agrees with the database's, whose settings are safe"))
		}
	}
	if err := mailAnswers(ctx, mail.ServerOf(rules.Mail), rules.Mail.Address); err != nil {
		return append(found, bad("mail", err))
	}
	return append(found, good("mail", "the server at "+rules.Mail.Address+" answers"))
}

// mailAnswers tries the mail server's door, without sending anything.
func mailAnswers(ctx context.Context, server mail.Server, address string) error {
	if address == "" {
		return errors.New("no mail server is set, so no report is sent: set mail.address in the settings")
	}
	if err := server.Check(); err != nil {
		return err
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("the mail server at %s does not answer: check mail.address, and that it runs", address)
	}
	return conn.Close()
}
