package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"regexp"
	"time"

	gomail "github.com/wneessen/go-mail"

	"throughgate/internal/day"
)

// Letter is one message to one person, in both its readings: plain text and HTML say the same.
type Letter struct {
	From            string // "name@domain", or "A name <name@domain>"
	ReplyTo         string // where answers go; "" for the sender
	ToName          string // "" when not known
	ToAddress       string
	Subject         string
	Text            string
	HTML            string  // styles already inline
	InlinePNG       Picture // the zero value for none
	MessageID       string  // without its angle brackets; the same on every attempt
	Date            time.Time
	ListUnsubscribe string // address of the page where one leaves; "" where there is nothing to leave
}

// Picture is a PNG that travels inside the message; the HTML shows it as <img src="cid:CID">.
type Picture struct {
	CID string
	PNG []byte
}

var (
	messageID = regexp.MustCompile(`^[A-Za-z0-9.+_-]{1,120}@[A-Za-z0-9.-]{1,120}$`)
	contentID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,60}$`)
)

// Compose writes the letter as it goes over the wire. The same letter gives the same bytes, on any
// machine, and two that differ in their Message-ID alone differ in nothing else. Whatever could add a
// header of its own is refused.
func Compose(l Letter) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(l.address(msg), l.head(msg), l.body(msg)); err != nil {
		return nil, fmt.Errorf("compose a letter: %w", err)
	}
	var written bytes.Buffer
	if _, err := msg.WriteTo(&written); err != nil {
		return nil, fmt.Errorf("compose a letter: %w", err)
	}
	return fixBoundaries(written.Bytes()), nil
}

func (l Letter) address(msg *gomail.Msg) error {
	from, err := Mailbox(l.From)
	if err != nil {
		return err
	}
	to, err := mailbox(l.ToName, l.ToAddress)
	if err != nil {
		return err
	}
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	if l.ReplyTo == "" {
		return nil
	}
	reply, err := Mailbox(l.ReplyTo)
	msg.ReplyToMailAddress(reply)
	return err
}

// Mailbox reads "name@domain" or "A name <name@domain>", as the sender is written in the
// configuration.
func Mailbox(s string) (*netmail.Address, error) {
	parsed, err := netmail.ParseAddress(s)
	if err != nil {
		return nil, badAddress()
	}
	return mailbox(parsed.Name, parsed.Address)
}

func mailbox(name, address string) (*netmail.Address, error) {
	checked, err := Address(address)
	if err != nil {
		return nil, err
	}
	return &netmail.Address{Name: name, Address: checked}, HeaderText("name", name)
}

func (l Letter) head(msg *gomail.Msg) error {
	if !messageID.MatchString(l.MessageID) {
		return errors.New("the Message-ID is not of the form left@right")
	}
	if l.Date.IsZero() {
		return errors.New("the letter has no date")
	}
	msg.SetMessageIDWithValue(l.MessageID)
	msg.SetDateWithValue(l.Date.In(day.London))
	msg.Subject(l.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies, please
	return errors.Join(HeaderText("subject", l.Subject), l.leave(msg))
}

func (l Letter) leave(msg *gomail.Msg) error {
	if l.ListUnsubscribe == "" {
		return nil
	}
	u, err := url.Parse(l.ListUnsubscribe)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return errors.New("the address for leaving is not a web address")
	}
	// u.String escapes whatever could end the header or its angle brackets.
	msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+u.String()+">")
	return nil
}

func (l Letter) body(msg *gomail.Msg) error {
	if l.Text == "" || l.HTML == "" {
		return errors.New("a letter needs its text and its HTML")
	}
	msg.SetBodyString(gomail.TypeTextPlain, l.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	if l.InlinePNG.CID == "" {
		return nil
	}
	if !contentID.MatchString(l.InlinePNG.CID) {
		return errors.New("the picture's Content-ID has other than letters, digits and . _ -")
	}
	return msg.EmbedReader(l.InlinePNG.CID+".png", bytes.NewReader(l.InlinePNG.PNG),
		gomail.WithFileContentID("<"+l.InlinePNG.CID+">"), gomail.WithFileContentType("image/png"))
}

// randomBoundary is what the library writes between parts; with one fixed boundary for all levels
// (its only other way) a picture beside two readings could not be told apart.
var randomBoundary = regexp.MustCompile(`(?m)^ boundary=([0-9a-f]{60})\r?$`)

// fixBoundaries writes the same boundary into every message, one for each level. It is a hash, and so in no text by chance.
func fixBoundaries(eml []byte) []byte {
	for level, found := range randomBoundary.FindAllSubmatch(eml, -1) {
		sum := sha256.Sum256(fmt.Appendf(nil, "throughgate's boundary %d", level))
		eml = bytes.ReplaceAll(eml, found[1], []byte(hex.EncodeToString(sum[:30])))
	}
	return eml
}
