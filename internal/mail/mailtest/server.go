// Package mailtest is a real mail server that keeps what it accepts in memory: the mailbox of the
// demonstration, and in tests a server that can be told to be slow, to refuse, or to vanish.
package mailtest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// TLS is what the server offers.
type TLS string

const (
	None     TLS = "none"
	STARTTLS TLS = "starttls"
	Implicit TLS = "implicit"
)

// Stage is a moment at which the server asks Options.Answer what to do.
type Stage string

const (
	Mail     Stage = "mail"     // the sender was named
	Rcpt     Stage = "rcpt"     // a recipient was named
	Data     Stage = "data"     // a message begins; nothing of its body is read yet
	Dot      Stage = "dot"      // the whole message was read; it is not accepted yet
	Accepted Stage = "accepted" // it is in the mailbox; the answer is not given yet
)

// Options are how the server behaves. The zero value takes everything, in clear.
type Options struct {
	Listen         string // "127.0.0.1:0" when empty
	TLS            TLS
	CertificateFor string // host name in the certificate; 127.0.0.1 and localhost when empty
	Username       string // with a user name AUTH is asked for before a sender is taken
	Password       string
	Mechanisms     []string // PLAIN and LOGIN when nil
	AuthInClear    bool     // offers AUTH without TLS, as no server should
	// Answer is called at each stage with the address it is about ("" at Data; the first recipient
	// at Dot and Accepted) and may block. nil goes on; Reply refuses; ErrDrop closes the connection.
	Answer func(Stage, string) error
}

// Reply is a refusal in the server's words, such as Reply(452, "mailbox full").
func Reply(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: text}
}

// ErrDrop, returned by Options.Answer, closes the connection without another word.
var ErrDrop = errors.New("mailtest: drop the connection")

// Server is a mail server that runs.
type Server struct {
	options     Options
	smtp        *smtp.Server
	listener    net.Listener
	certificate []byte // PEM
	done        chan struct{}

	mu       sync.Mutex
	messages []Message
	arrived  chan struct{} // closed and made anew at each message
	signIns  []string
}

// Start listens and serves until Close.
func Start(o Options) (*Server, error) {
	s := &Server{options: o, arrived: make(chan struct{}), done: make(chan struct{})}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain = "mailtest"
	s.smtp.MaxMessageBytes = 32 << 20
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = time.Minute, time.Minute
	s.smtp.AllowInsecureAuth = o.AuthInClear
	s.smtp.ErrorLog = log.New(io.Discard, "", 0) // broken connections are what tests make
	if err := s.listen(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.done)
		s.smtp.Serve(s.listener)
	}()
	return s, nil
}

func (s *Server) listen() error {
	address := s.options.Listen
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.listener = listener
	if s.options.TLS != STARTTLS && s.options.TLS != Implicit {
		return nil
	}
	pair, certificate, err := selfSigned(s.options.CertificateFor)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s.certificate = certificate
	s.smtp.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if s.options.TLS == Implicit {
		s.listener = tls.NewListener(listener, s.smtp.TLSConfig)
	}
	return nil
}

// Close ends the server and every connection to it.
func (s *Server) Close() error {
	err := s.smtp.Close()
	s.listener.Close() // again, should Serve not have begun: an error then says that it was closed
	<-s.done
	return err
}

// Address is where the server listens, as host:port.
func (s *Server) Address() string { return s.listener.Addr().String() }

// WriteCA writes the certificate to trust into the folder and gives back the file's path.
func (s *Server) WriteCA(folder string) (string, error) {
	path := filepath.Join(folder, "mail-ca.pem")
	return path, os.WriteFile(path, s.certificate, 0o600)
}

// SignIns are the user names that signed in, in order.
func (s *Server) SignIns() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.signIns)
}

// Messages are all messages accepted so far, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Wait gives back the messages as soon as there are n of them.
func (s *Server) Wait(ctx context.Context, n int) ([]Message, error) {
	for {
		s.mu.Lock()
		messages, arrived := slices.Clone(s.messages), s.arrived
		s.mu.Unlock()
		if len(messages) >= n {
			return messages, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return messages, ctx.Err()
		}
	}
}

func (s *Server) keep(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Number, m.At = len(s.messages)+1, time.Now()
	s.messages = append(s.messages, m)
	close(s.arrived)
	s.arrived = make(chan struct{})
}

func (s *Server) answer(stage Stage, address string) error {
	if s.options.Answer == nil {
		return nil
	}
	return s.options.Answer(stage, address)
}
