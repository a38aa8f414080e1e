package mailtest

import (
	"crypto/subtle"
	"errors"
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one connection: who sends, to whom.
type session struct {
	server   *Server
	conn     *smtp.Conn
	signedIn bool
	from     string
	to       []string
}

func (s *Server) newSession(conn *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: conn}, nil
}

func (c *session) Reset()        { c.from, c.to = "", nil }
func (c *session) Logout() error { return nil }

// ask passes the stage to Options.Answer and carries out an ErrDrop.
func (c *session) ask(stage Stage, address string) error {
	err := c.server.answer(stage, address)
	if errors.Is(err, ErrDrop) {
		c.conn.Conn().Close()
	}
	return err
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if c.server.options.Username != "" && !c.signedIn {
		return smtp.ErrAuthRequired
	}
	c.from = from
	return c.ask(Mail, from)
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := c.ask(Rcpt, to); err != nil {
		return err
	}
	c.to = append(c.to, to)
	return nil
}

// Data keeps a message only when all of it came: a connection that breaks before the dot is an
// error of the reader.
func (c *session) Data(r io.Reader) error {
	if err := c.ask(Data, ""); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := c.ask(Dot, c.to[0]); err != nil {
		return err
	}
	_, underTLS := c.conn.TLSConnectionState()
	c.server.keep(Message{From: c.from, To: c.to, Raw: raw, UnderTLS: underTLS})
	return c.ask(Accepted, c.to[0])
}

func (c *session) AuthMechanisms() []string {
	switch {
	case c.server.options.Username == "":
		return nil
	case c.server.options.Mechanisms != nil:
		return c.server.options.Mechanisms
	}
	return []string{sasl.Plain, sasl.Login}
}

func (c *session) Auth(mechanism string) (sasl.Server, error) {
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error {
			return c.signIn(username, password)
		}), nil
	case sasl.Login:
		return &loginServer{check: c.signIn}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (c *session) signIn(username, password string) error {
	o := c.server.options
	c.server.mu.Lock()
	c.server.signIns = append(c.server.signIns, username)
	c.server.mu.Unlock()
	given, wanted := []byte(username+"\x00"+password), []byte(o.Username+"\x00"+o.Password)
	if subtle.ConstantTimeCompare(given, wanted) != 1 {
		return smtp.ErrAuthFailed
	}
	c.signedIn = true
	return nil
}

// loginServer is the server's side of AUTH LOGIN, which the library lacks.
type loginServer struct {
	check    func(username, password string) error
	username []byte
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.username == nil:
		l.username = response
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(string(l.username), string(response))
}
