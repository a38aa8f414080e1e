// Package report puts the week's figures into words, tables and one picture, in the forms that leave
// the service. It is given figures that were suppressed already and cannot know a person or a small
// number, whatever it draws.
package report

import (
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
	CSV     []byte
	XLSX    []byte
}

// Render draws the report. The same issue gives the same bytes.
func Render(i Issue) (*Rendered, error) {
	d, err := i.document()
	if err != nil {
		return nil, fmt.Errorf("draw the picture: %w", err)
	}
	r := &Rendered{Subject: d.Subject, PNG: d.Picture.PNG}
	if r.HTML, err = d.html(); err != nil {
		return nil, fmt.Errorf("write the report as HTML: %w", err)
	}
	if r.Text, err = d.text(); err != nil {
		return nil, fmt.Errorf("write the report as text: %w", err)
	}
	if r.CSV, err = d.csv(); err != nil {
		return nil, fmt.Errorf("write the figures as CSV: %w", err)
	}
	if r.XLSX, err = d.xlsx(i.MadeAt); err != nil {
		return nil, fmt.Errorf("write the figures as a workbook: %w", err)
	}
	return r, nil
}
