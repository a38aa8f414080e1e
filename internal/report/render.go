// Package report puts the week's figures into words, tables and one picture, in the forms that leave
// the service. It is given figures that were suppressed already and cannot know a person or a small
// number, whatever it draws.
package report

import (
	"encoding/json"
	"fmt"
	"time"

	"throughgate/config"
	"throughgate/internal/continuity"
)

// Windows is how many windows a report is made of: the 24 month ends of the picture, and its own.
const Windows = 25

// PictureCID is the picture's Content-ID in the message: <img src="cid:rolling-rate">.
const PictureCID = "rolling-rate"

// Issue is what one report is made of.
type Issue struct {
	Figures continuity.Outgoing // Windows windows, oldest first, the report's own last
	Waiting Waiting
	Notes   []string // what is wrong with what the figures are made of, without counts
	MadeAt  time.Time
	Rules   *config.Config // names, target, comparators, pathway changes, suppression in force
}

// Waiting says whether work is waiting when the report is made, and never how much.
type Waiting struct {
	Unbooked       bool `db:"unbooked"`
	MissedToRebook bool `db:"missed_to_rebook"`
	LastWeek       bool `db:"last_week"` // of somebody's 21 days
}

// Rendered is the report in every form in which it leaves the service.
type Rendered struct {
	Subject string
	HTML    string // styles inline; the picture as cid:rolling-rate, nothing from elsewhere
	Text    string // the same, for who reads plain text
	PNG     []byte // nil when no rate may be shown
	SVG     []byte // the same picture, for pages
	CSV     []byte
	XLSX    []byte
	JSON    []byte
}

// Render draws the report. The same issue gives the same bytes.
func Render(i Issue) (*Rendered, error) {
	shown, err := i.shown()
	if err != nil {
		return nil, fmt.Errorf("draw the picture: %w", err)
	}
	message := email{i.Words(), shown}
	r := &Rendered{Subject: message.Subject, PNG: shown.PNG, SVG: shown.SVG}
	if r.HTML, err = message.html(); err != nil {
		return nil, fmt.Errorf("write the report as HTML: %w", err)
	}
	if r.Text, err = message.text(); err != nil {
		return nil, fmt.Errorf("write the report as text: %w", err)
	}
	sheets := Sheets(i.Figures)
	if r.CSV, err = CSV(sheets); err != nil {
		return nil, fmt.Errorf("write the figures as CSV: %w", err)
	}
	if r.XLSX, err = Workbook(message.Subject, sheets, message.Document.notes(), i.MadeAt); err != nil {
		return nil, fmt.Errorf("write the figures as a workbook: %w", err)
	}
	if r.JSON, err = json.Marshal(i.Figures); err != nil {
		return nil, fmt.Errorf("write the figures as JSON: %w", err)
	}
	return r, nil
}

// notes are what a workbook says beside its figures: the sentence to quote, how they are made, and what each means.
func (d Document) notes() []Term {
	notes := append([]Term{{"Report", d.Headline}}, d.Made...)
	if d.Hidden != "" {
		notes = append(notes, Term{"*", d.Hidden})
	}
	return append(notes, Definitions...)
}
