package report

import (
	_ "embed"
	"fmt"
	"html"
	htmltemplate "html/template"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/vanng822/go-premailer/premailer"
)

var (
	//go:embed email.html
	emailHTML string
	//go:embed email.txt
	emailText string
	//go:embed email.css
	emailCSS string

	htmlTemplate = htmltemplate.Must(htmltemplate.New("email.html").Funcs(htmltemplate.FuncMap{
		"styles": func() htmltemplate.CSS { return htmltemplate.CSS(emailCSS) },
		"cid":    func(id string) htmltemplate.URL { return htmltemplate.URL("cid:" + id) }, // one of ours
	}).Parse(emailHTML))
	textTemplate = template.Must(template.New("email.txt").Funcs(template.FuncMap{
		"wrap": wrap, "upper": strings.ToUpper, "facing": facing,
	}).Parse(emailText))
)

// email is what the message is drawn from.
type email struct {
	Document
	Picture shownPicture
}

// html is the message as HTML. Its styles are written on each element, because many mail programs
// drop a style sheet; what is left of the sheet is for dark mode, where one is kept.
func (d email) html() (string, error) {
	var page strings.Builder
	if err := htmlTemplate.Execute(&page, d); err != nil {
		return "", err
	}
	inliner, err := premailer.NewPremailerFromString(page.String(), premailer.NewOptions())
	if err != nil {
		return "", err
	}
	return inliner.Transform()
}

func (d email) text() (string, error) {
	var page strings.Builder
	err := textTemplate.Execute(&page, d)
	return page.String(), err
}

// lineWidth is where lines of plain text end, so that they also fit after being quoted.
const lineWidth = 72

// wrap breaks a sentence into lines between words.
func wrap(sentence string) string {
	var out strings.Builder
	width := 0
	for _, word := range strings.Fields(sentence) {
		length := utf8.RuneCountInString(word)
		switch {
		case width == 0:
		case width+1+length > lineWidth:
			out.WriteByte('\n')
			width = 0
		default:
			out.WriteByte(' ')
			width++
		}
		out.WriteString(word)
		width += length
	}
	return out.String()
}

// nameWidth is how broad the names of a table of plain text are; the longest value fits beside them.
const nameWidth = 41

// facing is a name with its value in a column of their own, a line lower where the name is long.
func facing(name, value string) string {
	if utf8.RuneCountInString(name) > nameWidth {
		name += "\n" + strings.Repeat(" ", nameWidth)
	}
	return fmt.Sprintf("%-*s %s", nameWidth, name, value)
}

// HTMLWithLeave adds for one reader how to leave the list. The report that is kept has no reader.
func HTMLWithLeave(page, link string) string {
	if link == "" {
		return page
	}
	leave := `<p style="max-width:568px;margin:0 auto;padding:0 16px 32px 16px;font-size:14px">` +
		`You get this report because you asked for it. <a class="link" style="color:#1d70b8" href="` +
		html.EscapeString(link) + `">Leave the list</a>.</p>`
	return strings.Replace(page, "</body>", leave+"</body>", 1)
}

// TextWithLeave is HTMLWithLeave for plain text.
func TextWithLeave(page, link string) string {
	if link == "" {
		return page
	}
	return page + "\nYou get this report because you asked for it. To leave the list, open:\n" + link + "\n"
}
