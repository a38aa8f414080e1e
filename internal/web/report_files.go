package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"throughgate/internal/audit"
	"throughgate/internal/continuity"
	"throughgate/internal/db"
	"throughgate/internal/picture"
	"throughgate/internal/report"
)

// The kinds of files.
const (
	asCSV  = "text/csv; charset=utf-8"
	asJSON = "application/json"
	asXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	asPNG  = "image/png"
	asSVG  = "image/svg+xml"
	asText = "text/plain; charset=utf-8"
)

// reportCSV, reportXLSX, reportJSON and monthsCSV are the exact figures of the page, to be kept by those who may see them
// there. That they were taken is audited.
func (v *visit) reportCSV() error {
	return v.takeFigures("csv", asCSV, func(o *continuity.Overview) ([]byte, error) { return report.CSV(v.exactSheets(o)) })
}

func (v *visit) reportXLSX() error {
	return v.takeFigures("xlsx", asXLSX, func(o *continuity.Overview) ([]byte, error) {
		words := v.exactIssue(o).Words()
		notes := append([]report.Term{{Name: "Report", Text: words.Headline}}, words.Made...)
		return report.Workbook(words.Subject, v.exactSheets(o), append(notes, report.Definitions...), v.now)
	})
}

// reportJSON is what 'throughgate rate --json' prints for the window.
func (v *visit) reportJSON() error {
	return v.takeFigures("json", asJSON, func(o *continuity.Overview) ([]byte, error) { return json.Marshal(o.Figures) })
}

func (v *visit) monthsCSV() error {
	return v.takeFigures("months.csv", asCSV, func(o *continuity.Overview) ([]byte, error) {
		return report.CSV([]report.Sheet{endsSheet(o.MonthEnds)})
	})
}

func (v *visit) takeFigures(form, kind string, write func(*continuity.Overview) ([]byte, error)) error {
	o, wrong, err := v.lookedAt()
	switch {
	case err != nil:
		return err
	case wrong != nil:
		return wrong
	}
	file, err := write(o)
	if err != nil {
		return err
	}
	end := o.Figures.Last().End
	err = v.act(func(tx *db.Tx) error {
		return audit.Write(v.ctx, tx, v.who.By, v.now, "exported", "report", end.String(), audit.Detail{"form": form, "data_through": o.Figures.DataThrough})
	})
	if err != nil {
		return err
	}
	return v.attach(fmt.Sprintf("exact-figures-%s.%s", end, form), kind, file)
}

// attach answers with a file to keep.
func (v *visit) attach(name, kind string, file []byte) error {
	v.web.Response().Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, name))
	return v.web.Blob(http.StatusOK, kind, file)
}

// exactSheets are the report's tables in exact counts, and those that are never sent: the other breakdowns, completeness by
// field and sender, the control chart's months, the curve's days, and all months.
func (v *visit) exactSheets(o *continuity.Overview) []report.Sheet {
	w := o.Figures.Last()
	own := report.Line{Start: w.Start.String(), End: w.End.String()}
	sheets := report.Sheets(v.exactIssue(o).Figures)
	for _, one := range []struct {
		name   string
		groups continuity.Groups
	}{{"By sex", w.BySex}, {"By age", w.ByAgeBand}, {"By notice", w.ByNotice}} {
		sheets = append(sheets, report.Sheet{Name: one.name, Lines: groupFigures(own, one.groups)})
	}
	complete := report.Sheet{Name: "Completeness"}
	for _, part := range slices.Concat(w.Supporting.S12.ByField, w.Supporting.S12.BySender) {
		complete.Lines = append(complete.Lines, lineOf(own, "s12", part.Name, part.Numerator, part.Denominator, part.Share))
	}
	return append(sheets, complete, monthsSheet(o.Chart), curveSheet(own, o.Curve), endsSheet(o.MonthEnds))
}

func groupFigures(own report.Line, groups continuity.Groups) (lines []report.Line) {
	for _, g := range groups {
		lines = append(lines, lineOf(own, report.NameM1, g.Name, g.M1.PickedUp, g.M1.Releases, g.M1.Share),
			lineOf(own, report.NameM2, g.Name, g.M2.PickedUp, g.M2.Releases, g.M2.Share))
	}
	return lines
}

// lineOf is an exact figure as files carry it.
func lineOf(own report.Line, figure, group string, some, all int, s continuity.Share) report.Line {
	own.Figure, own.Group, own.Of, own.PickedUp = figure, group, strconv.Itoa(all), strconv.Itoa(some)
	if s.Percent != nil {
		own.Percent, own.Low, own.High = s.Percent.String(), s.CI95.Low.String(), s.CI95.High.String()
	}
	return own
}

// endsSheet is M1 and M2 of every month end since the first release.
func endsSheet(ends []continuity.Window) report.Sheet {
	s := report.Sheet{Name: "Every month"}
	for _, w := range ends {
		own := report.Line{Start: w.Start.String(), End: w.End.String()}
		s.Lines = append(s.Lines, lineOf(own, report.NameM1, "", w.M1.PickedUp, w.M1.Releases, w.M1.Share),
			lineOf(own, report.NameM2, "", w.M2.PickedUp, w.M2.Releases, w.M2.Share))
	}
	return s
}

func monthsSheet(c *continuity.ControlChart) report.Sheet {
	s := report.Sheet{Name: "Control chart"}
	for _, m := range c.Months {
		own := report.Line{Start: m.Start.String(), Note: signalWords(m)}
		s.Lines = append(s.Lines, lineOf(own, "M2 by month of release", picture.Month(m.Start), m.PickedUp, m.Releases, continuity.ShareOf(m.PickedUp, m.Releases)))
	}
	return s
}

func curveSheet(own report.Line, c continuity.Curve) report.Sheet {
	s := report.Sheet{Name: "Curve"}
	for i, d := range c {
		own.Figure, own.Group = "share picked up by each day (Kaplan-Meier)", fmt.Sprintf("day %d", i)
		own.Of, own.PickedUp, own.Percent, own.Low, own.High = strconv.Itoa(d.AtRisk), strconv.Itoa(d.PickedUp), tenths(d.Share), "", ""
		if d.CI95 != nil {
			own.Low, own.High = tenths(d.CI95.Low), tenths(d.CI95.High)
		}
		s.Lines = append(s.Lines, own)
	}
	return s
}

// tenths is a share in per cent to one decimal.
func tenths(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) }
