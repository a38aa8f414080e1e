package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// Kind is how one attempt to send ended.
type Kind string

const (
	Sent      Kind = "sent"      // the server took the message over
	Retry     Kind = "retry"     // certainly not delivered; worth another attempt
	Failed    Kind = "failed"    // certainly not delivered; the server refused this message for good
	Uncertain Kind = "uncertain" // the whole message went out and its answer was lost
	Abandoned Kind = "abandoned" // certainly not delivered: beforeDot said no
)

// Outcome is how one attempt ended and what was answered: the server's code and words with every
// address in them blanked, or a sentence of ours where it said nothing.
type Outcome struct {
	Kind   Kind
	Answer string
}

// Send hands one rendered message to the server for one recipient. beforeDot is called when all of
// the message but its final dot is written: what it makes permanent is known before the server can
// have accepted anything, and its error stops the message. The answer to the dot alone decides
// about success. There is no QUIT: on a connection with half a message it would deliver that half,
// and after an answer it would only keep the answer from being recorded. Cancelling ctx ends the attempt up to the dot; after the dot only AnswerWait does.
//
// A 5xx answer to the sender, the recipient or the message is Failed. One given earlier (to the
// greeting, STARTTLS or AUTH) is about us and not about the message: it is Retry, so that mended
// settings still get the message out.
func Send(ctx context.Context, server Server, from, to string, eml []byte, beforeDot func() error) Outcome {
	if err := errors.Join(addressOnly(from), addressOnly(to)); err != nil {
		return Outcome{Failed, "not tried: the sender's or the recipient's address is not valid"}
	}
	if err := server.Check(); err != nil {
		return Outcome{Retry, "not tried: " + err.Error()}
	}
	raw, err := dial(ctx, server)
	if err != nil {
		return Outcome{Retry, lost(err)}
	}
	defer raw.Close()
	release := context.AfterFunc(ctx, func() { raw.Conn.Close() })
	defer release()

	client, err := server.connect(raw)
	if err != nil {
		return Outcome{Retry, lost(err)}
	}
	data, err := write(client, from, to, eml)
	if err != nil {
		return refused(err)
	}
	if err := beforeDot(); err != nil {
		return Outcome{Abandoned, "stopped before the message was complete"}
	}
	if !release() { // cancelled meanwhile, and the connection closed: the dot cannot have gone out
		return Outcome{Retry, "stopped on our side"}
	}
	raw.end = time.Now().Add(server.answerWait())
	return answered(data.CloseWithResponse())
}

// addressOnly passes what Address made, and nothing that it would change.
func addressOnly(s string) error {
	checked, err := Address(s)
	if err == nil && checked != s {
		err = badAddress()
	}
	return err
}

func dial(ctx context.Context, server Server) (*timedConn, error) {
	conn, err := (&net.Dialer{Timeout: server.timeout()}).DialContext(ctx, "tcp", server.Address)
	if err != nil {
		return nil, err
	}
	return &timedConn{Conn: conn, wait: server.timeout()}, nil
}

func write(client *smtp.Client, from, to string, eml []byte) (*smtp.DataCommand, error) {
	if err := client.Mail(from, nil); err != nil {
		return nil, err
	}
	if err := client.Rcpt(to, nil); err != nil {
		return nil, err
	}
	data, err := client.Data()
	if err != nil {
		return nil, err
	}
	_, err = data.Write(eml)
	return data, err
}

// refused is an attempt that ended before the dot.
func refused(err error) Outcome {
	var said *smtp.SMTPError
	if errors.As(err, &said) && said.Code/100 == 5 {
		return Outcome{Failed, answer(said)}
	}
	return Outcome{Retry, lost(err)}
}

// answered is an attempt whose dot was written, or may have been.
func answered(response *smtp.DataResponse, err error) Outcome {
	var said *smtp.SMTPError
	switch {
	case err == nil:
		return Outcome{Sent, answer(&smtp.SMTPError{Code: 250, Message: response.StatusText})}
	case !errors.As(err, &said):
		return Outcome{Uncertain, lost(err)}
	case said.Code/100 == 2: // 251 and the like: taken over all the same
		return Outcome{Sent, answer(said)}
	case said.Code/100 == 4:
		return Outcome{Retry, answer(said)}
	case said.Code/100 == 5:
		return Outcome{Failed, answer(said)}
	}
	return Outcome{Uncertain, answer(said)}
}

// lost puts an error into words that are fit to keep.
func lost(err error) string {
	var said *smtp.SMTPError
	switch {
	case errors.As(err, &said):
		return answer(said)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection"
	case errors.Is(err, net.ErrClosed), errors.Is(err, context.Canceled):
		return "stopped on our side"
	}
	return fit("connection failed: " + err.Error())
}

func answer(said *smtp.SMTPError) string {
	code := fmt.Sprint(said.Code)
	if c := said.EnhancedCode; c != smtp.EnhancedCodeNotSet && c != smtp.NoEnhancedCode {
		code += fmt.Sprintf(" %d.%d.%d", c[0], c[1], c[2])
	}
	return fit(code + " " + said.Message)
}

const longestAnswer = 300

var anAddress = regexp.MustCompile(`[^\s<>"'(),;:]*@[^\s<>"'(),;]*`)

// fit makes an answer fit to be kept and shown: on one line, short, and without the address that
// many servers repeat in it.
func fit(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return r == ' ' || unsafeInHeader(r)
	}), " ")
	s = anAddress.ReplaceAllString(s, "[address]")
	if r := []rune(s); len(r) > longestAnswer {
		s = string(r[:longestAnswer]) + "…"
	}
	return s
}
