package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"throughgate/internal/mail"
)

var checkCommand = command{
	name: "check", summary: "look at settings, keys, database, clock and mail server, and say how to mend what is wrong",
	run: func(ctx context.Context, c *call) error {
		rules, err := c.settings()
		if err != nil {
			return err
		}
		c.good("settings", fmt.Sprintf("%s with %d prisons and %d provider(s)", rules.Partnership.Name, len(rules.Prisons), len(rules.Providers)))
		h, err := c.openWith(ctx, rules)
		if err != nil {
			c.bad("database", err.Error())
			return errTrouble
		}
		c.good("database", "answers, and its schema is as this program needs it")
		c.good("key", "opens the sealed fields. Keep a copy of it apart from the database's: losing it loses the names")
		trouble := false
		faults, err := h.Unsafe(ctx, c.now())
		if err != nil {
			return err
		}
		for _, f := range faults {
			trouble = true
			c.bad("database", f)
		}
		if err := mailAnswers(ctx, mail.ServerOf(rules.Mail), rules.Mail.Address); err != nil {
			trouble = true
			c.bad("mail", err.Error())
		} else {
			c.good("mail", "the server at "+rules.Mail.Address+" answers")
		}
		if trouble {
			return errTrouble
		}
		return nil
	},
}

var errTrouble = errors.New("not everything is as it should be: see above")

func (c *call) good(what, how string) { fmt.Fprintf(c.out, "ok     %-10s %s\n", what, how) }
func (c *call) bad(what, how string)  { fmt.Fprintf(c.out, "WRONG  %-10s %s\n", what, how) }

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
