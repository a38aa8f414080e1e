package web

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// keptMark is the query, and the hidden field, that names a kept form: it is opened again with what was typed before its
// session ended.
const keptMark = "kept"

func withKept(path string, id uuid.UUID) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	q := u.Query()
	q.Set(keptMark, id.String())
	u.RawQuery = q.Encode()
	return u.String()
}

func withoutKept(u *url.URL) string {
	q := u.Query()
	q.Del(keptMark)
	plain := url.URL{Path: u.Path, RawQuery: q.Encode()}
	return plain.RequestURI()
}

// secrets are never kept: they are typed again.
var secrets = []string{"password", "new_password", "code"}

// filledByPages are hidden fields that tell what was shown: a form with nothing else, such as a button, holds nothing to be kept.
var filledByPages = []string{"version", "entries", "seen", "confirmed", "draft", "key", "link", "codes"}

// unsent is what became of a form that was not carried out, since its session has ended or another has taken its place.
type unsent struct {
	ranOut bool      // the session ended by itself: nobody signed out or was signed out
	kept   uuid.UUID // under which id what was typed is kept; uuid.Nil where it is not
	lost   bool      // something was typed and could not be kept
	file   bool      // it brought a file, which is never kept
}

// nothingSent stands in the address of the sign-in page for what, where no form was sent but a page opened.
const nothingSent = "none"

// how and what are the same in the address of the sign-in page.
func (u unsent) how() string {
	if u.ranOut {
		return "yes"
	}
	return "out"
}

func (u unsent) what() string {
	switch {
	case u.file:
		return "file"
	case u.kept != uuid.Nil:
		return "kept"
	case u.lost:
		return "lost"
	}
	return ""
}

// setAside keeps a form that is not carried out, for the person in whose session its page was drawn and for nobody else.
// An uploaded file is not kept: it is read to its end, so that the browser waits for the answer, and thrown away.
func (v *visit) setAside(r route) (u unsent, err error) {
	if u.file = brings(v.web.Request()); u.file {
		_, _ = io.Copy(io.Discard, v.web.Request().Body) // too large or cut short, it is thrown away all the same
	}
	typed := v.typedByHand(r)
	u.lost = len(typed) > 0
	s := v.drawnIn
	if s == nil && v.token() != "" {
		s = staff.SessionOf(v.token())
	}
	if s == nil { // nothing to ask after
		return u, nil
	}
	err = v.asService(func(tx *db.Tx) error {
		past, err := staff.PastOf(v.ctx, tx, s)
		if err != nil {
			return err
		}
		u.ranOut = past.RanOut
		if len(typed) == 0 {
			return nil
		}
		u.kept, err = staff.KeepForm(v.ctx, tx, v.now, s, staff.Unsent{Path: v.pageOf(r), Typed: typed, Instead: v.keptID})
		u.lost = u.kept == uuid.Nil
		return err
	})
	return u, err
}

// brings says whether a form brings a file.
func brings(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/")
}

// typedByHand is what a form holds that can be shown again, where it has a page to show it on.
func (v *visit) typedByHand(r route) url.Values {
	if !v.hasPage(r.path) {
		return nil
	}
	typed, err := formSent(v.web.Request())
	if err != nil {
		return nil
	}
	for _, name := range secrets {
		typed.Del(name)
	}
	for name := range typed {
		if !slices.Contains(filledByPages, name) {
			return typed
		}
	}
	return nil
}

// withKeptForm opens a form with what the person had typed into it, or takes it now that they send
// it: then it is kept no more. Whose form it is has been decided by who signed in.
func (v *visit) withKeptForm(r route) error {
	if r.method != get {
		if err := r.handle(v); err != nil || v.web.Response().Status != http.StatusSeeOther {
			return err
		}
		return v.asService(func(tx *db.Tx) error { return staff.DropForm(v.ctx, tx, v.who.Person(), v.keptID) })
	}
	err := v.asService(func(tx *db.Tx) (err error) {
		v.kept, err = staff.KeptForm(v.ctx, tx, v.now, v.who.Person(), v.keptID, withoutKept(v.web.Request().URL))
		return err
	})
	if err != nil {
		return err
	}
	if v.kept == nil {
		v.keptID = uuid.Nil
	}
	return r.handle(v)
}

// discardKept forgets every form that is kept for the person.
func (v *visit) discardKept() error {
	if err := v.asService(func(tx *db.Tx) error { return staff.DropForms(v.ctx, tx, v.who.Person()) }); err != nil {
		return err
	}
	return v.seeOther("/")
}

// keptForm is a form that is kept for the reader, as their start page offers it.
type keptForm struct{ Path, Title, Sent, Until string }

// titleOfForm is what a form is for, by the address of its page: never whom it is about.
func titleOfForm(path string) string {
	path, _, _ = strings.Cut(path, "?")
	for _, a := range acts {
		if strings.HasPrefix(path, "/referrals/") && strings.HasSuffix(path, "/"+a.path) {
			return a.title
		}
	}
	return "Form"
}

// findKeptForms looks for forms that the reader filled in and that were never carried out, to offer them on the start page.
func (v *visit) findKeptForms() error {
	return v.asService(func(tx *db.Tx) error {
		all, err := staff.WaitingForms(v.ctx, tx, v.now, v.who.Person())
		for _, f := range all {
			v.keptForms = append(v.keptForms, keptForm{withKept(f.Path, f.ID), titleOfForm(f.Path), moment(v.now, f.At), moment(v.now, f.Until)})
		}
		return err
	})
}

// refilled is a drawn page whose boxes hold what was typed. It works on what any page drew, so that no
// form can be forgotten. What tells what was shown, such as the version, is put back as well: where somebody else has been
// at work on the same since, the act says so before it takes what was typed.
func refilled(page []byte, typed url.Values) ([]byte, error) {
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return nil, err
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && attribute(n, "name") != "" {
			refill(n, typed[attribute(n, "name")])
		}
	}
	var out bytes.Buffer
	err = html.Render(&out, root)
	return out.Bytes(), err
}

func refill(n *html.Node, values []string) {
	value := strings.Join(values[:min(1, len(values))], "")
	switch n.DataAtom {
	case atom.Textarea:
		for n.FirstChild != nil {
			n.RemoveChild(n.FirstChild)
		}
		n.AppendChild(&html.Node{Type: html.TextNode, Data: value})
	case atom.Select:
		for option := range n.Descendants() {
			if option.DataAtom == atom.Option {
				setAttribute(option, "selected", slices.Contains(values, attribute(option, "value")))
			}
		}
	case atom.Input:
		refillInput(n, value, values)
	}
}

func refillInput(n *html.Node, value string, values []string) {
	switch strings.ToLower(attribute(n, "type")) {
	case "hidden":
		if slices.Contains(filledByPages, attribute(n, "name")) && value != "" {
			setValue(n, value)
		}
	case "password", "file", "submit":
	case "radio", "checkbox":
		setAttribute(n, "checked", slices.Contains(values, attribute(n, "value")))
	default:
		setValue(n, value)
	}
}

func setValue(n *html.Node, value string) {
	dropAttribute(n, "value")
	n.Attr = append(n.Attr, html.Attribute{Key: "value", Val: value})
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func dropAttribute(n *html.Node, key string) {
	var rest []html.Attribute
	for _, a := range n.Attr {
		if a.Key != key {
			rest = append(rest, a)
		}
	}
	n.Attr = rest
}

// setAttribute sets an attribute that has no value, or takes it away.
func setAttribute(n *html.Node, key string, on bool) {
	dropAttribute(n, key)
	if on {
		n.Attr = append(n.Attr, html.Attribute{Key: key})
	}
}
