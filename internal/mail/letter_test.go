package mail_test

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	tgmail "throughgate/internal/mail"
	"throughgate/internal/mail/mailtest"
)

// letter is a valid letter with everything in it.
func letter() tgmail.Letter {
	return tgmail.Letter{
		From:            "Throughgate <reports@harbour.example>",
		ReplyTo:         "team@harbour.example",
		ToName:          `Ann "Annie" Ó Long, RN`,
		ToAddress:       "ann@harbour.example",
		Subject:         "44% picked up – three months to 31 December 2023",
		Text:            "44% of about 75 people.\n.\nFrom here on more.\n",
		HTML:            `<p>44% of about 75 people – <img src="cid:rate" alt="The rate"></p>`,
		InlinePNG:       tgmail.Picture{CID: "rate", PNG: []byte("\x89PNG picture")},
		MessageID:       "report.2024-01-08.1@throughgate.example",
		Date:            time.Date(2024, 7, 8, 6, 0, 0, 0, time.UTC),
		ListUnsubscribe: "https://throughgate.example/leave/abc",
	}
}

func compose(t *testing.T, l tgmail.Letter) []byte {
	t.Helper()
	eml, err := tgmail.Compose(l)
	if err != nil {
		t.Fatal(err)
	}
	return eml
}

func TestComposeIsReadAsWritten(t *testing.T) {
	l := letter()
	r, err := mailtest.Message{Raw: compose(t, l)}.Open()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(r.Text, "\r\n", "\n")
	if r.Subject != l.Subject || text != l.Text || r.HTML != l.HTML {
		t.Errorf("subject %q, text %q, HTML %q", r.Subject, text, r.HTML)
	}
	if !bytes.Equal(r.Pictures["rate"], l.InlinePNG.PNG) {
		t.Errorf("pictures: %q", r.Pictures)
	}
	to, err := r.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Name != l.ToName || to[0].Address != l.ToAddress {
		t.Errorf("To: %v, %v", to, err)
	}
	for name, want := range map[string]string{
		"Message-Id":       "<report.2024-01-08.1@throughgate.example>",
		"Date":             "Mon, 08 Jul 2024 07:00:00 +0100",
		"List-Unsubscribe": "<https://throughgate.example/leave/abc>",
		"Reply-To":         "<team@harbour.example>",
		"Auto-Submitted":   "auto-generated",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestComposeIsTheSameEveryTime(t *testing.T) {
	first := compose(t, letter())
	if !bytes.Equal(first, compose(t, letter())) {
		t.Error("the same letter gave other bytes")
	}
	other := letter()
	other.MessageID = "report.2024-01-15.1@throughgate.example"
	if bytes.Equal(first, compose(t, other)) {
		t.Error("another Message-ID gave the same bytes")
	}
}

func TestComposeWithoutPictureOrExtras(t *testing.T) {
	l := letter()
	l.InlinePNG, l.ReplyTo, l.ListUnsubscribe, l.ToName = tgmail.Picture{}, "", "", ""
	eml := compose(t, l)
	r, err := mailtest.Message{Raw: eml}.Open()
	if err != nil || r.HTML != l.HTML || len(r.Pictures) != 0 {
		t.Errorf("HTML %q, %d pictures, %v", r.HTML, len(r.Pictures), err)
	}
	for _, absent := range []string{"Reply-To", "List-Unsubscribe", "multipart/related"} {
		if bytes.Contains(eml, []byte(absent)) {
			t.Errorf("%s stands in a letter without it", absent)
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	for why, spoil := range map[string]func(*tgmail.Letter){
		"line break in the sender":     func(l *tgmail.Letter) { l.From = "A\r\nBcc: e@evil.example <a@b.example>" },
		"two senders":                  func(l *tgmail.Letter) { l.From = "a@b.example, c@d.example" },
		"no sender":                    func(l *tgmail.Letter) { l.From = "" },
		"line break in the reply-to":   func(l *tgmail.Letter) { l.ReplyTo = "a@b.example\r\nBcc: e@evil.example" },
		"line break in the name":       func(l *tgmail.Letter) { l.ToName = "Ann\r\nBcc: e@evil.example" },
		"line feed in the name":        func(l *tgmail.Letter) { l.ToName = "Ann\nBcc: e@evil.example" },
		"display part in the address":  func(l *tgmail.Letter) { l.ToAddress = "Ann <ann@harbour.example>" },
		"line break in the address":    func(l *tgmail.Letter) { l.ToAddress = "ann@harbour.example\r\nX: y" },
		"line break in the subject":    func(l *tgmail.Letter) { l.Subject = "44%\r\n\r\nbody" },
		"line separator in subject":    func(l *tgmail.Letter) { l.Subject = "44%\u2028X: y" },
		"line break in the Message-ID": func(l *tgmail.Letter) { l.MessageID = "a@b.example\r\nX: y" },
		"brackets in the Message-ID":   func(l *tgmail.Letter) { l.MessageID = "<a@b.example>" },
		"no Message-ID":                func(l *tgmail.Letter) { l.MessageID = "" },
		"no date":                      func(l *tgmail.Letter) { l.Date = time.Time{} },
		"no text":                      func(l *tgmail.Letter) { l.Text = "" },
		"no HTML":                      func(l *tgmail.Letter) { l.HTML = "" },
		"line break in the Content-ID": func(l *tgmail.Letter) { l.InlinePNG.CID = "a\r\nX: y" },
		"line break in the leave link": func(l *tgmail.Letter) { l.ListUnsubscribe = "https://a.example/\r\nX: y" },
		"script as the leave link":     func(l *tgmail.Letter) { l.ListUnsubscribe = "javascript:alert(1)" },
	} {
		l := letter()
		spoil(&l)
		if eml, err := tgmail.Compose(l); err == nil {
			t.Errorf("%s: composed\n%s", why, eml)
		}
	}
}

// Whatever is typed, a letter that is composed has exactly the headers of one with plain words in
// it, and one recipient.
func FuzzComposeAddsNoHeader(f *testing.F) {
	f.Add("Ann", "44%", "/leave")
	f.Add("Ann\r\nBcc: e@evil.example", "44%\nX: y", "/leave>\r\nX: y")
	f.Add("=?utf-8?q?Ann=0D=0AX:_y?=", "=?utf-8?b?DQpYOiB5?=", "/%0d%0aX:y")
	f.Add(strings.Repeat("a b ", 50), strings.Repeat("ü ", 100), "/\u00a0")
	f.Fuzz(func(t *testing.T, name, subject, leave string) {
		l := letter()
		l.ToName, l.Subject, l.ListUnsubscribe = name, subject, "https://throughgate.example"+leave
		eml, err := tgmail.Compose(l)
		if err != nil {
			return
		}
		if got, want := headers(t, eml), headers(t, compose(t, letter())); !slices.Equal(got, want) {
			t.Fatalf("headers %v, want %v", got, want)
		}
	})
}

func headers(t *testing.T, eml []byte) []string {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(eml))
	if err != nil {
		t.Fatal(err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "ann@harbour.example" {
		t.Fatalf("To: %v, %v", to, err)
	}
	var names []string
	for name, values := range m.Header {
		for range values {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
