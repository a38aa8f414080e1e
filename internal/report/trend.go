package report

import (
	"slices"

	"throughgate/internal/day"
	"throughgate/internal/picture"
)

// The picture in an email is laid out for a phone, 350 points broad, and has dots enough for a wide screen.
const (
	emailWide = 350
	emailFine = 3.2
	fileWide  = 640 // points, of the picture as a file
)

// Rates draws the rolling rate at the month ends, from the figures of the report.
func (i Issue) Rates() picture.Picture {
	rates := make([]picture.Rate, len(i.Figures.Trend))
	for n, t := range i.Figures.Trend {
		rates[n].End = t.End
		rates[n].Percent, rates[n].Low, rates[n].High, rates[n].Shown = t.Rate.Values()
	}
	return picture.Rates(rates, i.Marks(), i.Rules.Partnership.LocalTarget)
}

// shown is the picture with what stands around it; without a rate that may be shown, words alone.
func (i Issue) shown() (shownPicture, error) {
	p := i.Rates()
	shown := shownPicture{
		CID:     PictureCID,
		Alt:     p.Alt,
		Caption: "Share picked up, of those released in the three months to each month end; the band is its 95% interval.",
		Marks:   i.Marks(),
	}
	if len(p.Dots) == 0 {
		return shown, nil
	}
	shown.SVG = p.File(fileWide)
	var err error
	shown.PNG, err = p.PNG(emailWide, emailFine)
	return shown, err
}

// Marks are the documented changes that lie within the picture, lettered in order of time.
func (i Issue) Marks() (marks []picture.Mark) {
	trend := i.Figures.Trend
	if len(trend) == 0 {
		return nil
	}
	for on, what := range i.Rules.Report.PathwayChanges {
		d, err := day.Parse(on)
		if err == nil && d.Within(trend[0].End, trend[len(trend)-1].End) {
			marks = append(marks, picture.Mark{On: d, What: what})
		}
	}
	slices.SortFunc(marks, func(a, b picture.Mark) int { return a.On.Compare(b.On) })
	for n := range marks {
		marks[n].Letter = picture.Letter(n)
	}
	return marks
}
