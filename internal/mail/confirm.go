package mail

import (
	"context"
	_ "embed"
	htmltemplate "html/template"
	"strings"
	"text/template"
	"time"

	"throughgate/internal/db"
)

// The first message says who asked, what the report is and is not, and what happens if one does
// nothing. Its two readings say the same.
var (
	//go:embed confirm.txt
	confirmText string
	//go:embed confirm.html
	confirmHTML string

	confirmTextTemplate = template.Must(template.New("confirm.txt").Parse(confirmText))
	confirmHTMLTemplate = htmltemplate.Must(htmltemplate.New("confirm.html").Parse(confirmHTML))
)

func askToConfirm(ctx context.Context, tx *db.Tx, now time.Time, r Recipient, token string) error {
	said := struct{ Name, Partnership, Link string }{r.Name, tx.Rules.Partnership.Name, link(tx, ConfirmPath, token)}
	var text, html strings.Builder
	if err := confirmTextTemplate.Execute(&text, said); err != nil {
		return err
	}
	if err := confirmHTMLTemplate.Execute(&html, said); err != nil {
		return err
	}
	_, err := Queue(ctx, tx, now, Outgoing{
		Purpose:   ForConfirm,
		Recipient: r,
		Letter: Letter{
			Subject: "Confirm that the weekly continuity of care report may be sent to you",
			Text:    text.String(),
			HTML:    html.String(),
		},
	})
	return err
}
