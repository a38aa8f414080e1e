package mail

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"throughgate/config"
)

// TLS is how the way to the mail server is protected. The zero value is STARTTLS.
type TLS string

const (
	STARTTLS TLS = "starttls" // begin in clear, change to TLS before anything is said; no change, no mail
	Implicit TLS = "implicit" // TLS from the first byte, usually port 465
	None     TLS = "none"     // in clear: on this machine only, unless ClearAllowed
)

// Server says where mail is handed in, and how.
type Server struct {
	Address      string // host:port; the certificate must bear the host's name
	TLS          TLS
	ClearAllowed bool   // None also off this machine, because somebody decided so
	CAFile       string // PEM certificates to trust instead of the system's
	Username     string // "" hands mail in without signing in
	Password     string
	HelloName    string        // how we introduce ourselves; "localhost" when empty
	Timeout      time.Duration // longest wait for one read or write; 30 seconds when zero
	AnswerWait   time.Duration // longest wait for the answer to a whole message; 5 minutes when zero
}

// ServerOf is the mail server of the configuration. We introduce ourselves by the sender's domain.
func ServerOf(c config.Mail) Server {
	s := Server{Address: c.Address, TLS: TLS(c.TLS), CAFile: c.CAFile, Username: c.Username, Password: c.Password}
	if sender, err := Mailbox(c.From); err == nil {
		_, s.HelloName, _ = strings.Cut(sender.Address, "@")
	}
	return s
}

// Check names every fault of the settings at once; nil means that mail can be tried.
func (s Server) Check() error {
	var faults []error
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil || host == "" {
		faults = append(faults, errors.New("the mail server's address must be host:port"))
	}
	switch s.mode() {
	case STARTTLS, Implicit:
		_, err := s.tlsConfig()
		faults = append(faults, err)
	case None:
		faults = append(faults, s.checkClear(host))
	default:
		faults = append(faults, errors.New("the mail server's TLS must be starttls, implicit or none"))
	}
	return errors.Join(faults...)
}

func (s Server) checkClear(host string) error {
	if s.Username != "" {
		return errors.New("a user name for the mail server needs TLS: the password is never sent in clear")
	}
	if !s.ClearAllowed && !loopback(host) {
		return errors.New("mail without TLS is for a server on this machine only: use starttls or implicit, or allow mail in clear explicitly")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s Server) mode() TLS              { return cmp.Or(s.TLS, STARTTLS) }
func (s Server) timeout() time.Duration { return cmp.Or(s.Timeout, 30*time.Second) }
func (s Server) answerWait() time.Duration {
	return cmp.Or(s.AnswerWait, 5*time.Minute)
}

func (s Server) tlsConfig() (*tls.Config, error) {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, errors.New("the mail server's address must be host:port")
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, fmt.Errorf("the mail server's CA file: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("the mail server's CA file holds no certificate")
	}
	return config, nil
}

// connect opens the way up to where a message may begin: connected, introduced, under TLS where
// TLS was asked for, signed in where a user name is set. On an error nothing stays open.
func (s Server) connect(raw *timedConn) (*smtp.Client, error) {
	client, err := s.introduce(raw)
	if err == nil && s.Username != "" {
		err = s.signIn(client)
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return client, nil
}

func (s Server) introduce(raw *timedConn) (*smtp.Client, error) {
	client, err := s.wrap(raw)
	if err != nil {
		return nil, err
	}
	if err := client.Hello(cmp.Or(s.HelloName, "localhost")); err != nil {
		return nil, err
	}
	if state, ok := client.TLSConnectionState(); s.mode() != None && (!ok || !state.HandshakeComplete) {
		return nil, errors.New("the connection is not under TLS")
	}
	return client, nil
}

func (s Server) wrap(raw *timedConn) (*smtp.Client, error) {
	if s.mode() == None {
		return smtp.NewClient(raw), nil
	}
	config, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	if s.mode() == Implicit {
		return smtp.NewClient(tls.Client(raw, config)), nil
	}
	return smtp.NewClientStartTLS(raw, config)
}

// signIn runs only under TLS: Check refuses a user name without it, and so does this.
func (s Server) signIn(client *smtp.Client) error {
	if _, ok := client.TLSConnectionState(); !ok {
		return errors.New("the password is never sent in clear")
	}
	switch {
	case client.SupportsAuth(sasl.Plain):
		return client.Auth(sasl.NewPlainClient("", s.Username, s.Password))
	case client.SupportsAuth(sasl.Login):
		return client.Auth(sasl.NewLoginClient(s.Username, s.Password))
	}
	return errors.New("the server offers neither AUTH PLAIN nor AUTH LOGIN")
}

// timedConn puts a deadline on every read and write: the client library writes a message's body
// with none, and a stalled server would hold us for ever.
type timedConn struct {
	net.Conn
	wait time.Duration // for each read or write
	end  time.Time     // when set, the last moment for all of them together
}

func (c *timedConn) deadline() time.Time {
	if !c.end.IsZero() {
		return c.end
	}
	return time.Now().Add(c.wait)
}

func (c *timedConn) Read(b []byte) (int, error) {
	if err := c.Conn.SetReadDeadline(c.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *timedConn) Write(b []byte) (int, error) {
	if err := c.Conn.SetWriteDeadline(c.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
