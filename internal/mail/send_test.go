package mail_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"throughgate/internal/mail"
	"throughgate/internal/mail/mailtest"
)

const (
	from = "reports@harbour.example"
	to   = "ann@harbour.example"
)

func start(t *testing.T, o mailtest.Options) *mailtest.Server {
	t.Helper()
	s, err := mailtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// settings are right for the server: the same TLS, and its certificate trusted.
func settings(t *testing.T, s *mailtest.Server, mode mail.TLS) mail.Server {
	t.Helper()
	if mode == mail.None {
		return mail.Server{Address: s.Address(), TLS: mode}
	}
	ca, err := s.WriteCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return mail.Server{Address: s.Address(), TLS: mode, CAFile: ca}
}

func goOn() error { return nil }

func send(t *testing.T, server mail.Server, eml []byte) mail.Outcome {
	t.Helper()
	return mail.Send(t.Context(), server, from, to, eml, goOn)
}

func TestSendUnderEachTLS(t *testing.T) {
	eml := compose(t, letter())
	for _, mode := range []mail.TLS{mail.None, mail.STARTTLS, mail.Implicit} {
		t.Run(string(mode), func(t *testing.T) {
			s := start(t, mailtest.Options{TLS: mailtest.TLS(mode)})
			if got := send(t, settings(t, s, mode), eml); got != (mail.Outcome{Kind: mail.Sent, Answer: "250 2.0.0 OK: queued"}) {
				t.Fatalf("got %+v", got)
			}
			messages := s.Messages()
			if len(messages) != 1 || messages[0].From != from || messages[0].To[0] != to {
				t.Fatalf("kept %+v", messages)
			}
			if !bytes.Equal(messages[0].Raw, eml) {
				t.Errorf("arrived as\n%s\nwant\n%s", messages[0].Raw, eml)
			}
			if messages[0].UnderTLS != (mode != mail.None) {
				t.Errorf("under TLS: %v", messages[0].UnderTLS)
			}
		})
	}
}

// Whatever is wrong with TLS, no message goes out, and certainly not in clear.
func TestSendNeverFallsBackToClear(t *testing.T) {
	eml := compose(t, letter())
	for _, c := range []struct {
		why     string
		options mailtest.Options
		mode    mail.TLS
		spoil   func(*mail.Server)
		says    string
	}{
		{"no STARTTLS offered", mailtest.Options{}, mail.STARTTLS, func(s *mail.Server) { s.CAFile = "" }, "STARTTLS"},
		{"TLS not set means STARTTLS", mailtest.Options{}, "", func(s *mail.Server) { s.CAFile = "" }, "STARTTLS"},
		{"implicit TLS to a server in clear", mailtest.Options{}, mail.Implicit, func(s *mail.Server) { s.CAFile = "" }, "tls"},
		{"certificate of nobody we trust", mailtest.Options{TLS: mailtest.STARTTLS}, mail.STARTTLS, func(s *mail.Server) { s.CAFile = "" }, "certificate"},
		{"certificate of nobody we trust, implicit", mailtest.Options{TLS: mailtest.Implicit}, mail.Implicit, func(s *mail.Server) { s.CAFile = "" }, "certificate"},
		{"certificate of another host", mailtest.Options{TLS: mailtest.STARTTLS, CertificateFor: "mail.other.example"}, mail.STARTTLS, nil, "certificate"},
		{"certificate of another host, implicit", mailtest.Options{TLS: mailtest.Implicit, CertificateFor: "mail.other.example"}, mail.Implicit, nil, "certificate"},
		{"AUTH in clear only", mailtest.Options{AuthInClear: true, Username: "u", Password: "p"}, mail.STARTTLS,
			func(s *mail.Server) { s.CAFile, s.Username, s.Password = "", "u", "p" }, "STARTTLS"},
		{"user name without TLS", mailtest.Options{AuthInClear: true, Username: "u", Password: "p"}, mail.None,
			func(s *mail.Server) { s.Username, s.Password = "u", "p" }, "never sent in clear"},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := start(t, c.options)
			server := settings(t, s, c.mode)
			if c.spoil != nil {
				c.spoil(&server)
			}
			got := send(t, server, eml)
			if got.Kind != mail.Retry || !strings.Contains(got.Answer, c.says) {
				t.Errorf("got %+v", got)
			}
			if len(s.Messages()) != 0 || len(s.SignIns()) != 0 {
				t.Errorf("%d messages, sign-ins %v", len(s.Messages()), s.SignIns())
			}
		})
	}
}

func TestSendSignsIn(t *testing.T) {
	eml := compose(t, letter())
	for _, c := range []struct {
		why        string
		mechanisms []string
		password   string
		want       mail.Outcome
	}{
		{"PLAIN", []string{"PLAIN"}, "secret", mail.Outcome{Kind: mail.Sent, Answer: "250 2.0.0 OK: queued"}},
		{"LOGIN", []string{"LOGIN"}, "secret", mail.Outcome{Kind: mail.Sent, Answer: "250 2.0.0 OK: queued"}},
		{"wrong password", []string{"PLAIN"}, "guess", mail.Outcome{Kind: mail.Retry, Answer: "535 5.7.8 Authentication failed"}},
		{"wrong password, LOGIN", []string{"LOGIN"}, "guess", mail.Outcome{Kind: mail.Retry, Answer: "535 5.7.8 Authentication failed"}},
		{"nothing we speak", []string{"SCRAM-SHA-256"}, "secret",
			mail.Outcome{Kind: mail.Retry, Answer: "connection failed: the server offers neither AUTH PLAIN nor AUTH LOGIN"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := start(t, mailtest.Options{TLS: mailtest.STARTTLS, Username: "u", Password: "secret", Mechanisms: c.mechanisms})
			server := settings(t, s, mail.STARTTLS)
			server.Username, server.Password = "u", c.password
			if got := send(t, server, eml); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	t.Run("without a user name", func(t *testing.T) {
		s := start(t, mailtest.Options{TLS: mailtest.STARTTLS, Username: "u", Password: "secret"})
		if got := send(t, settings(t, s, mail.STARTTLS), eml); got.Kind != mail.Failed {
			t.Errorf("got %+v", got)
		}
	})
}

func TestSendAnswers(t *testing.T) {
	eml := compose(t, letter())
	for _, c := range []struct {
		why  string
		at   mailtest.Stage
		says error
		kept int
		want mail.Outcome
	}{
		{"sender refused for now", mailtest.Mail, mailtest.Reply(451, "4.7.1 greylisted"), 0, mail.Outcome{Kind: mail.Retry, Answer: "451 4.7.1 greylisted"}},
		{"sender refused", mailtest.Mail, mailtest.Reply(550, "5.7.1 no"), 0, mail.Outcome{Kind: mail.Failed, Answer: "550 5.7.1 no"}},
		{"recipient refused for now", mailtest.Rcpt, mailtest.Reply(452, "mailbox full"), 0, mail.Outcome{Kind: mail.Retry, Answer: "452 mailbox full"}},
		{"recipient refused", mailtest.Rcpt, mailtest.Reply(550, "<Ann@Harbour.example>: unknown"), 0, mail.Outcome{Kind: mail.Failed, Answer: "550 <[address]>: unknown"}},
		{"message refused for now", mailtest.Dot, mailtest.Reply(421, "closing"), 0, mail.Outcome{Kind: mail.Retry, Answer: "421 closing"}},
		{"message refused", mailtest.Dot, mailtest.Reply(554, "spam"), 0, mail.Outcome{Kind: mail.Failed, Answer: "554 spam"}},
		{"gone at the sender", mailtest.Mail, mailtest.ErrDrop, 0, mail.Outcome{Kind: mail.Retry, Answer: "the server closed the connection"}},
		{"gone at the recipient", mailtest.Rcpt, mailtest.ErrDrop, 0, mail.Outcome{Kind: mail.Retry, Answer: "the server closed the connection"}},
		{"gone after the dot, not delivered", mailtest.Dot, mailtest.ErrDrop, 0, mail.Outcome{Kind: mail.Uncertain, Answer: "the server closed the connection"}},
		{"gone after the dot, delivered", mailtest.Accepted, mailtest.ErrDrop, 1, mail.Outcome{Kind: mail.Uncertain, Answer: "the server closed the connection"}},
		{"taken over by another name", mailtest.Accepted, mailtest.Reply(251, "will forward"), 1, mail.Outcome{Kind: mail.Sent, Answer: "251 will forward"}},
		{"an answer that means nothing", mailtest.Accepted, mailtest.Reply(354, "go on"), 1, mail.Outcome{Kind: mail.Uncertain, Answer: "354 go on"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, _ string) error {
				if stage == c.at {
					return c.says
				}
				return nil
			}})
			if got := send(t, settings(t, s, mail.None), eml); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if len(s.Messages()) != c.kept {
				t.Errorf("%d messages kept, want %d", len(s.Messages()), c.kept)
			}
		})
	}
}

// huge is a message that no buffer between us and the server can hold.
var huge = append([]byte("Subject: long\r\n\r\n"), bytes.Repeat([]byte(strings.Repeat("long ", 60)+"\r\n"), 64<<10)...)

func TestSendKilledInTheBody(t *testing.T) {
	reached, hold := make(chan struct{}), make(chan struct{})
	s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, _ string) error {
		if stage == mailtest.Data {
			close(reached)
			<-hold
		}
		return nil
	}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	got := mail.Send(ctx, settings(t, s, mail.None), from, to, huge, func() error {
		t.Error("the dot was to follow half a body")
		return nil
	})
	close(hold)
	s.Close()
	if got != (mail.Outcome{Kind: mail.Retry, Answer: "stopped on our side"}) || len(s.Messages()) != 0 {
		t.Errorf("got %+v, %d messages", got, len(s.Messages()))
	}
}

func TestSendToAServerThatStopsReading(t *testing.T) {
	hold := make(chan struct{})
	s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, _ string) error {
		if stage == mailtest.Data {
			<-hold
		}
		return nil
	}})
	defer close(hold)
	server := settings(t, s, mail.None)
	server.Timeout = 200 * time.Millisecond
	if got := send(t, server, huge); got != (mail.Outcome{Kind: mail.Retry, Answer: "no answer in time"}) {
		t.Errorf("got %+v", got)
	}
}

func TestSendToAServerThatNeverSpeaks(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	server := mail.Server{Address: silent.Addr().String(), TLS: mail.None, Timeout: 100 * time.Millisecond}
	if got := send(t, server, compose(t, letter())); got != (mail.Outcome{Kind: mail.Retry, Answer: "no answer in time"}) {
		t.Errorf("got %+v", got)
	}
}

func TestSendWithTheAnswerOverdue(t *testing.T) {
	hold := make(chan struct{})
	s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, _ string) error {
		if stage == mailtest.Accepted {
			<-hold
		}
		return nil
	}})
	defer close(hold)
	server := settings(t, s, mail.None)
	server.AnswerWait = 100 * time.Millisecond
	if got := send(t, server, compose(t, letter())); got != (mail.Outcome{Kind: mail.Uncertain, Answer: "no answer in time"}) {
		t.Errorf("got %+v", got)
	}
}

func TestSendStoppedBeforeTheDot(t *testing.T) {
	s := start(t, mailtest.Options{})
	got := mail.Send(t.Context(), settings(t, s, mail.None), from, to, compose(t, letter()),
		func() error { return errors.New("no") })
	s.Close()
	if got.Kind != mail.Abandoned || len(s.Messages()) != 0 {
		t.Errorf("got %+v, %d messages", got, len(s.Messages()))
	}
}

func TestSendCancelledAtTheFence(t *testing.T) {
	s := start(t, mailtest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	got := mail.Send(ctx, settings(t, s, mail.None), from, to, compose(t, letter()),
		func() error { cancel(); return nil })
	s.Close()
	if got.Kind != mail.Retry || len(s.Messages()) != 0 {
		t.Errorf("got %+v, %d messages", got, len(s.Messages()))
	}
}

func TestSendRefusesAddressesThatAreNot(t *testing.T) {
	s := start(t, mailtest.Options{})
	server := settings(t, s, mail.None)
	for _, bad := range []string{"", "ann", "ann@harbour.example> NOTIFY=NEVER", "ann@harbour.example\r\nRCPT TO:<eve@evil.example>", "ann@HARBOUR.example"} {
		for _, pair := range [][2]string{{bad, to}, {from, bad}} {
			got := mail.Send(t.Context(), server, pair[0], pair[1], compose(t, letter()), goOn)
			if got.Kind != mail.Failed || len(s.Messages()) != 0 {
				t.Errorf("%q: got %+v", pair, got)
			}
		}
	}
}

func TestServerCheck(t *testing.T) {
	folder := t.TempDir()
	junk := filepath.Join(folder, "junk.pem")
	if err := os.WriteFile(junk, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why    string
		server mail.Server
		ok     bool
	}{
		{"STARTTLS", mail.Server{Address: "mail.example:587"}, true},
		{"implicit", mail.Server{Address: "mail.example:465", TLS: mail.Implicit, Username: "u"}, true},
		{"clear on this machine", mail.Server{Address: "127.0.0.1:1025", TLS: mail.None}, true},
		{"clear on this machine, by name", mail.Server{Address: "localhost:1025", TLS: mail.None}, true},
		{"clear on this machine, version 6", mail.Server{Address: "[::1]:1025", TLS: mail.None}, true},
		{"clear elsewhere", mail.Server{Address: "mail.example:25", TLS: mail.None}, false},
		{"clear at a name that begins like this machine", mail.Server{Address: "localhost.evil.example:25", TLS: mail.None}, false},
		{"clear elsewhere, allowed", mail.Server{Address: "mail.example:25", TLS: mail.None, ClearAllowed: true}, true},
		{"clear with a user name, even allowed", mail.Server{Address: "127.0.0.1:25", TLS: mail.None, ClearAllowed: true, Username: "u"}, false},
		{"no address", mail.Server{}, false},
		{"no port", mail.Server{Address: "mail.example"}, false},
		{"no host", mail.Server{Address: ":25"}, false},
		{"unknown TLS", mail.Server{Address: "mail.example:25", TLS: "ssl"}, false},
		{"CA file missing", mail.Server{Address: "mail.example:25", CAFile: filepath.Join(folder, "none.pem")}, false},
		{"CA file without a certificate", mail.Server{Address: "mail.example:25", CAFile: junk}, false},
	} {
		if err := c.server.Check(); (err == nil) != c.ok {
			t.Errorf("%s: got %v", c.why, err)
		}
	}
}
