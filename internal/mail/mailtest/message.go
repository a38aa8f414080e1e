package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	_ "github.com/emersion/go-message/charset" // so that a reader may send in any character set
	gomail "github.com/emersion/go-message/mail"
)

// Message is one message as it was accepted.
type Message struct {
	Number   int // 1, 2, 3 … in order of acceptance
	At       time.Time
	From     string   // of the envelope
	To       []string // of the envelope
	UnderTLS bool
	Raw      []byte
}

// Reading is a message opened: what its reader sees.
type Reading struct {
	Header   gomail.Header
	Subject  string
	Text     string
	HTML     string
	Pictures map[string][]byte // by Content-ID
}

// Open reads the message as a mail program would.
func (m Message) Open() (Reading, error) {
	mail, err := gomail.CreateReader(bytes.NewReader(m.Raw))
	if err != nil {
		return Reading{}, fmt.Errorf("open message %d: %w", m.Number, err)
	}
	defer mail.Close()
	r := Reading{Header: mail.Header, Pictures: map[string][]byte{}}
	if r.Subject, err = mail.Header.Subject(); err != nil {
		return Reading{}, fmt.Errorf("open message %d: %w", m.Number, err)
	}
	for {
		part, err := mail.NextPart()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err == nil {
			err = r.take(part)
		}
		if err != nil {
			return Reading{}, fmt.Errorf("open message %d: %w", m.Number, err)
		}
	}
}

func (r *Reading) take(part *gomail.Part) error {
	body, err := io.ReadAll(part.Body)
	if err != nil {
		return err
	}
	header, ok := part.Header.(*gomail.InlineHeader)
	if !ok {
		return nil
	}
	kind, _, err := header.ContentType()
	switch kind {
	case "text/plain":
		r.Text = string(body)
	case "text/html":
		r.HTML = string(body)
	default:
		r.Pictures[strings.Trim(header.Get("Content-Id"), "<>")] = body
	}
	return err
}
