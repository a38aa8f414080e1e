package web

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// keptMark is the query under which a form is opened again with what was typed before its session ended.
const keptMark = "kept"

func withKept(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	q := u.Query()
	q.Set(keptMark, "yes")
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

// keepForm keeps what was typed, where the form has a page to show it on again.
func (v *visit) keepForm(r route, path string) (kept bool, err error) {
	if v.token() == "" || !v.hasPage(r.path) {
		return false, nil
	}
	if _, err := v.typed(); err != nil {
		return false, nil // an upload, say: nothing was typed that could be shown again
	}
	typed := v.web.Request().PostForm
	for _, name := range secrets {
		typed.Del(name)
	}
	if len(typed) == 0 {
		return false, nil
	}
	err = v.asService(func(tx *db.Tx) (err error) {
		u, err := url.Parse(path)
		if err != nil {
			return err
		}
		kept, err = staff.KeepForm(v.ctx, tx, v.now, v.token(), withoutKept(u), typed)
		return err
	})
	return kept, err
}

// withKeptForm opens a form with what the person had typed into it, or takes it now that they send
// it: then nothing is kept any more. Whose form it is has been decided by who signed in.
func (v *visit) withKeptForm(r route) error {
	if r.method != get {
		if err := r.handle(v); err != nil || v.web.Response().Status != http.StatusSeeOther {
			return err
		}
		return v.asService(func(tx *db.Tx) error { return staff.DropForm(v.ctx, tx, v.who.Person()) })
	}
	err := v.asService(func(tx *db.Tx) (err error) {
		v.kept, err = staff.KeptForm(v.ctx, tx, v.now, v.who.Person(), withoutKept(v.web.Request().URL))
		return err
	})
	if err != nil {
		return err
	}
	return r.handle(v)
}

// refilled is a drawn page whose boxes hold what was typed. It works on what any page drew, so that no
// form can be forgotten; hidden fields stay as the page has them, such as the version it was drawn from.
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
	case "hidden", "password", "file", "submit":
	case "radio", "checkbox":
		setAttribute(n, "checked", slices.Contains(values, attribute(n, "value")))
	default:
		dropAttribute(n, "value")
		n.Attr = append(n.Attr, html.Attribute{Key: "value", Val: value})
	}
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
