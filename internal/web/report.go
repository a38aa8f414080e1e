package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"throughgate/config"
	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/jobs"
	"throughgate/internal/picture"
	"throughgate/internal/problem"
	"throughgate/internal/report"
)

// reportBody is the report for signed-in people: exact counts, never a person.
type reportBody struct {
	report.Document
	Start, End, Through string
	ToYesterday         bool // as the page opens by itself, and not for another window
	M1, M2, M2Adj       headline
	Rates               drawn
	Control             control
	Funnel, Bands, Time drawn
	Groups              []table
	Supporting          []explained
	Alcohol             table
	Fields, Senders     table
	Ends                drawn // the months since the first release; it has no picture
	Reconciliations     []link
	Made                []fact
	Latest              latestReport
	Query               string // of this window, for its files

	Months []option // the month ends to choose from
	Chosen string
	Asked  []field
}

// headline is one of the three rates.
type headline struct {
	Percent, Of, Interval, Beside string
}

// drawn is a picture with the same numbers as a table.
type drawn struct {
	Picture template.HTML
	Keys    []iconSaid // what its marks and lines are
	Caption string
	Marks   []picture.Mark
	Table   table
}

// control is the control chart with its icons, each in words too.
type control struct {
	Drawn drawn
	Icons []iconSaid
}

type iconSaid struct {
	Icon template.HTML
	Says string
}

// table is figures in rows; all columns but the first hold numbers.
type table struct {
	Title   string
	First   string // what the rows are
	Columns []string
	Rows    []line
}

// line is a row of a table of figures.
type line struct {
	Name  string
	Cells []string
}

// explained is a figure with what it means.
type explained struct {
	line
	Meaning string
}

// report shows the figures to yesterday, or of the window that the address names.
func (v *visit) report() error {
	o, wrong, err := v.lookedAt()
	if err != nil {
		return err
	}
	typed := form{}
	for _, name := range []string{"window_end-day", "window_end-month", "window_end-year", "data_through-day", "data_through-month", "data_through-year"} {
		typed[name] = v.web.QueryParam(name)
	}
	fields, mistakes := fill(v.windowFields(), typed, wrong)
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	body, err := v.reportBody(o)
	if err != nil {
		return err
	}
	body.Asked = fields
	if body.Latest, err = v.latestReport(); err != nil {
		return err
	}
	return v.draw(status, "report.html", page{Title: "Report", Faults: mistakes, Body: body})
}

// lookedAt are the figures that the address asks for; where it cannot be answered, those to yesterday, and what is wrong.
func (v *visit) lookedAt() (o *continuity.Overview, wrong *problem.Invalid, err error) {
	today := day.Of(v.now)
	end, through, wrong := v.window(today.Add(-1))
	o, err = continuity.Look(v.ctx, v.Pool, continuity.Ask{WindowEnd: end, DataThrough: through, Today: today})
	if asked, refused := err.(*problem.Invalid); refused {
		wrong = asked
		o, err = continuity.Look(v.ctx, v.Pool, continuity.Ask{WindowEnd: today.Add(-1), Today: today})
	}
	return o, wrong, err
}

func (v *visit) windowFields() []field {
	return []field{
		{Name: "window_end", Label: "Last day of the three months (optional)", Kind: "date", Hint: v.example()},
		{Name: "data_through", Label: "Last day that the data cover (optional)", Kind: "date", Hint: "Yesterday, unless you enter another"},
	}
}

// window is what the address asks for: window_end=2023-12-31, or the three boxes of the form.
func (v *visit) window(yesterday day.Date) (end, through day.Date, wrong *problem.Invalid) {
	var faults problem.Corrections
	read := func(name string) (d day.Date) {
		text := v.web.QueryParam(name)
		if text == "" {
			text = form{name + "-day": v.web.QueryParam(name + "-day"), name + "-month": v.web.QueryParam(name + "-month"), name + "-year": v.web.QueryParam(name + "-year")}.date(name)
		}
		if text == "" {
			return d
		}
		d, err := day.Parse(text)
		if err != nil {
			faults.Add(name, "date", "Enter a real date")
		}
		return d
	}
	end, through = read("window_end"), read("data_through")
	if end.IsZero() {
		end = yesterday
	}
	if len(faults) > 0 {
		return yesterday, day.Date{}, &problem.Invalid{Corrections: faults}
	}
	return end, through, nil
}

// exactIssue is the report of an overview in exact counts, with the words that the emailed one has.
func (v *visit) exactIssue(o *continuity.Overview) report.Issue {
	open := *v.Pool.Rules
	open.Suppression.Enabled = false
	return report.Issue{Figures: o.Exact(&open), Rules: &open, MadeAt: v.now}
}

func (v *visit) reportBody(o *continuity.Overview) (b reportBody, err error) {
	w, rules, yesterday := o.Figures.Last(), v.Pool.Rules, day.Of(v.now).Add(-1)
	issue := v.exactIssue(o)
	if err := jobs.Beside(v.ctx, v.Pool, o, &issue); err != nil {
		return b, err
	}
	b = reportBody{
		Document: issue.Words(),
		Start:    w.Start.Long(), End: w.End.Long(), Through: o.Figures.DataThrough.Long(),
		ToYesterday: w.End == yesterday && o.Figures.DataThrough == yesterday,
		M1: headlineOf(w.M1.PickedUp, w.M1.Releases, w.M1.Share,
			fmt.Sprintf("%s. Of those not picked up, %d were released in the last three weeks.", count(w.M1.People, "person", "people"), w.M1.FirstThreeWeeks)),
		M2: headlineOf(w.M2.PickedUp, w.M2.Releases, w.M2.Share,
			fmt.Sprintf("%d more await their outcome: their 21 days are not over.", w.M2.Awaiting)),
		M2Adj:      headlineOf(w.M2Adjusted.PickedUp, w.M2Adjusted.Releases, w.M2Adjusted.Share, adjustedWords(w.M2Adjusted)),
		Groups:     groupsOf(w, rules),
		Supporting: supportingLines(w.Supporting),
		Alcohol:    alcoholTable(w.Supporting), Fields: fieldTable(w.Supporting.S12), Senders: senderTable(w.Supporting.S12, rules),
		Ends:            drawn{Table: endsTable(o.MonthEnds)},
		Reconciliations: v.reconciliationsOf(w),
		Query:           "?" + url.Values{"window_end": {w.End.String()}, "data_through": {o.Figures.DataThrough.String()}}.Encode(),
	}
	b.draw(o, issue)
	b.Months, b.Chosen = monthsToChoose(o, yesterday), w.End.String()
	b.Made = []fact{
		{"Definition", "measure " + o.Figures.Measure + ": releases with an onward referral and those picked up, counted by release"},
		{"Window", w.Start.Long() + " to " + w.End.Long() + ", both days included"},
		{"Data through", o.Figures.DataThrough.Long() + "; what is recorded later revises these figures"},
		{"Intervals", "95%, Wilson score; of the time to pick-up, Greenwood's on the log-log scale"},
		{"Counts", "exact, for people who are signed in. What goes out by email is rounded, and small numbers are hidden"},
		{"Made", moment(v.now, v.now)},
	}
	return b, nil
}

// monthsToChoose are the month ends since the first release, newest first.
func monthsToChoose(o *continuity.Overview, yesterday day.Date) (list []option) {
	if len(o.MonthEnds) == 0 {
		return nil
	}
	first := o.MonthEnds[0].End
	for end := day.MonthEnd(yesterday); !end.Before(first); end = day.MonthEnd(end.Add(1 - end.Day()).Add(-1)) {
		if !end.After(yesterday) {
			list = append(list, option{Value: end.String(), Text: end.Long(), Chosen: end == o.Figures.Last().End})
		}
	}
	return list
}

// reconciliationsOf lead to each prison's releases of the window, held against the provider's list.
func (v *visit) reconciliationsOf(w *continuity.Window) (list []link) {
	for _, p := range v.Pool.Rules.Prisons {
		for _, provider := range v.Pool.Rules.Providers {
			q := url.Values{"prison": {p.Code}, "provider": {provider.Code}}
			for name, d := range map[string]day.Date{"from": w.Start, "to": w.End} {
				boxes := form{}
				boxes.setDate(name, d)
				for box, value := range boxes {
					q.Set(box, value)
				}
			}
			list = append(list, link{Path: "/reconciliation?" + q.Encode(), Text: p.Name + " and " + provider.Name})
		}
	}
	return list
}

// groupsOf are M1 and M2 by the values of each kind, all of them whether there are releases or not.
func groupsOf(w *continuity.Window, rules *config.Config) (tables []table) {
	for _, one := range []struct {
		title  string
		groups continuity.Groups
		name   func(string) string
	}{
		{"By substance group", w.BySubstanceGroup, sayWord},
		{"By prison", w.ByPrison, func(code string) string { return nameOf(rules, code) }},
		{"By sex", w.BySex, sayWord},
		{"By age at release", w.ByAgeBand, sayWord},
		{"By notice", w.ByNotice, sayWord},
	} {
		tables = append(tables, table{Title: one.title, First: "Group", Columns: rateColumns, Rows: groupLines(one.groups, one.name)})
	}
	return tables
}

// sayWord is what a breakdown's value is called: "non-opiate only" as well as "not_known".
func sayWord(value string) string { return say(value) }

func headlineOf(x, n int, s continuity.Share, beside string) headline {
	if s.Percent == nil {
		return headline{Percent: "No releases", Of: "Nobody to count in this window.", Beside: beside}
	}
	return headline{s.Percent.String() + "%", fmt.Sprintf("%d of %s picked up", x, count(n, "release", "releases")), intervalWords(s), beside}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func intervalWords(s continuity.Share) string {
	if s.CI95 == nil {
		return ""
	}
	return fmt.Sprintf("95%% interval %s%% to %s%%", s.CI95.Low, s.CI95.High)
}

func adjustedWords(a continuity.Adjusted) string {
	return fmt.Sprintf("Left out: %d died, %d returned to custody, %d moved out of the area. Counted as picked up: %d by another provider.",
		a.Removed.Died, a.Removed.ReturnedToCustody, a.Removed.MovedArea, a.PickedUpElsewhere)
}
