package web

import (
	"bytes"
	"errors"
	"html"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"

	"throughgate/internal/problem"
)

// saysUnseen follows the name of the box.
const saysUnseen = " holds a character that cannot be seen. Type it again by hand"

// cannotBeSeen says whether the text holds what nobody can type or see: a NUL, another control character than a tab or the end of
// a line, or bytes that are no text. It would be stored as something else than what was sent, or not at all.
func cannotBeSeen(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, unseenRune)
}

func unseenRune(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }

// onlySeen is the text without what cannot be seen.
func onlySeen(text string) string {
	return strings.Map(func(r rune) rune {
		if unseenRune(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// formSent is what a posted form holds, as sent. A body of another kind than a form's is an error.
func formSent(r *http.Request) (url.Values, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "" && kind != "application/x-www-form-urlencoded" {
		return nil, notTaken
	}
	err := r.ParseForm()
	if tooLarge := (*http.MaxBytesError)(nil); err != nil && !errors.As(err, &tooLarge) {
		return nil, notTaken // not in the way in which forms are written
	}
	return r.PostForm, err
}

// withUnseen are the names of the boxes that hold what cannot be seen.
func withUnseen(sent url.Values) (names []string) {
	for name, values := range sent {
		if cannotBeSeen(name) || slices.ContainsFunc(values, cannotBeSeen) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// seen hands a form on to the page's own handler, unless it holds what cannot be seen: then its page is shown again
// and says so, whatever the form is for. An uploaded file is for the handler to judge.
func (v *visit) seen(r route, handle func() error) error {
	if r.method == get || brings(v.web.Request()) {
		return handle()
	}
	sent, err := formSent(v.web.Request())
	names := withUnseen(sent)
	switch {
	case err != nil:
		return err
	case len(names) == 0:
		return handle()
	}
	at := slices.IndexFunc(v.all, func(o route) bool { return o.method == get && o.path == r.path })
	if at < 0 || v.permit(v.all[at]) != nil {
		return problem.Wrong("", "control_character", "What was sent"+saysUnseen)
	}
	v.unseen = names
	v.kept = url.Values{}
	for name, values := range sent {
		for _, value := range values {
			v.kept.Add(name, onlySeen(value))
		}
	}
	return v.all[at].handle(v)
}

// drawUnseen is the page of a form as it was sent, with a fault at each box that holds what cannot be seen. The boxes are
// found on whatever page was drawn, so that none can be forgotten.
func (v *visit) drawUnseen(name string, p page) error {
	plain, err := v.drawn(name, p)
	if err != nil {
		return err
	}
	asks, err := goquery.NewDocumentFromReader(bytes.NewReader(plain))
	if err != nil {
		return err
	}
	for _, box := range inOrder(asks, v.unseen) {
		p.Faults = append(p.Faults, faultAt(asks, box))
	}
	if plain, err = v.drawn(name, p); err != nil {
		return err
	}
	if plain, err = refilled(plain, v.kept); err != nil {
		return err
	}
	filled, err := goquery.NewDocumentFromReader(bytes.NewReader(plain))
	if err != nil {
		return err
	}
	for _, m := range p.Faults {
		markAt(filled, m)
	}
	whole, err := filled.Html()
	if err != nil {
		return err
	}
	return v.web.HTML(http.StatusUnprocessableEntity, whole)
}

// inOrder are the names as their boxes stand on the page; last those that have none which the person can see.
func inOrder(page *goquery.Document, names []string) []string {
	var ordered []string
	page.Find("main [name]").Each(func(_ int, box *goquery.Selection) {
		if name := box.AttrOr("name", ""); slices.Contains(names, name) && !slices.Contains(ordered, name) && box.AttrOr("type", "") != "hidden" {
			ordered = append(ordered, name)
		}
	})
	for _, name := range names {
		if !slices.Contains(ordered, name) {
			ordered = append(ordered, name)
		}
	}
	return ordered
}

// boxOf is where the person types what is sent under the name; none where they cannot see it.
func boxOf(page *goquery.Document, name string) *goquery.Selection {
	return page.Find("main [name]").FilterFunction(func(_ int, box *goquery.Selection) bool {
		return box.AttrOr("name", "") == name && box.AttrOr("type", "") != "hidden"
	}).First()
}

// faultAt names the box as the page does: by the question that it belongs to, else by its own label.
func faultAt(page *goquery.Document, name string) mistake {
	box := boxOf(page, name)
	asked := box.Closest("fieldset").Find("legend").First()
	if asked.Length() == 0 {
		asked = box.Closest(".govuk-form-group").Find("label").First()
	}
	label := strings.TrimSuffix(strings.TrimSpace(asked.Text()), "?")
	if label == "" {
		label = "What was sent"
	}
	return mistake{box.AttrOr("id", ""), label + saysUnseen}
}

// markAt says at the box what the top of the page says of it.
func markAt(page *goquery.Document, m mistake) {
	box := page.Find("main [id]").FilterFunction(func(_ int, box *goquery.Selection) bool { return m.Anchor != "" && box.AttrOr("id", "") == m.Anchor })
	box.Closest(".govuk-form-group").AddClass("govuk-form-group--error")
	box.SetAttr("aria-describedby", strings.TrimSpace(box.AttrOr("aria-describedby", "")+" "+m.Anchor+"-error"))
	box.BeforeHtml(`<p class="govuk-error-message" id="` + html.EscapeString(m.Anchor+"-error") + `">` + html.EscapeString(m.Message) + `</p>`)
}
