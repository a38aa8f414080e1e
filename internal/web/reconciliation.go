package web

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
)

// comparedAtOnce is a page of a list.
const comparedAtOnce = 50

// reconciliationBody is a prison's releases of a period held against a provider's list.
type reconciliationBody struct {
	Fields            []field
	Asked             bool
	Period            string
	Lists             []comparedList
	Current           comparedList
	Rows              []comparedRow
	Filled            map[string]bool // the columns in which a row of the page says something
	Names             bool            // the reader sees people, and not counts alone
	AlcoholOnly, CJIT bool
	Hidden            []fact // what was asked, for the filter's form
	CSV, AllCSV       string
	First, Next       string
}

// comparedList is one of the four.
type comparedList struct {
	Name, Title, About, Empty, Path string
	Count                           int
	Current                         bool
}

type comparedRow struct {
	reconcile.Compare
	Who, Released, Offered, Attended, Started, Day, Agree string
	Marks                                                 []mark
}

var comparedLists = []comparedList{
	{Name: reconcile.PrisonOnlyList, Title: "In the prison's list only", About: "Released and referred, and not on the provider's list. Find out whether the referral arrived.",
		Empty: "Everybody on the prison's list is on the provider's."},
	{Name: reconcile.ProviderOnlyList, Title: "In the provider's list only", About: "On the provider's list, and no release of the prison's that counts.",
		Empty: "Everybody on the provider's list of this period is on the prison's."},
	{Name: reconcile.DifferingList, Title: "In both, differing", About: "The release dates differ, or something by which the national system (NDTMS) links people: first initial, surname initial, date of birth or sex. " +
		"It will not link a pair in which one of these differs. Agree which side is right, and correct the other.",
		Empty: "No pair that is in both lists differs."},
	{Name: reconcile.InBothList, Title: "In both", About: "Both lists say the same. The reason says what became of the person.",
		Empty: "Nobody is in both lists with the same dates."},
}

// comparedLists are those that the reader has: a prison is not told whom only the provider knows, nor how many they are.
func (v *visit) comparedLists() []comparedList {
	return slices.DeleteFunc(slices.Clone(comparedLists), func(l comparedList) bool {
		return l.Name == reconcile.ProviderOnlyList && v.who.Role == staff.Prison
	})
}

// askedOf is what the address asks for, as typed, and as understood where it can be.
type askedOf struct {
	typed            form
	prison, provider string
	from, to         day.Date
	part             reconcile.Part
}

func (v *visit) reconciliation() error {
	a, wrong := v.askedReconciliation()
	body := reconciliationBody{Names: v.who.Role != staff.SubGroup, AlcoholOnly: a.part.AlcoholOnly, CJIT: a.part.CJIT}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	if a.typed != nil && wrong == nil {
		found, err := v.reconciled(a, comparedAtOnce+1)
		if err != nil {
			return err
		}
		body.tell(v, a, found)
	}
	fields, mistakes := fill(v.reconciliationFields(), a.typed, wrong)
	body.Fields = fields
	return v.draw(status, "reconciliation.html", page{Title: "Reconciliation", Faults: mistakes, Body: body})
}

// reconciliationFields ask for the other side, and the period; the sub-group for both sides.
func (v *visit) reconciliationFields() (list []field) {
	prisons := field{Name: "prison", Label: "Which prison?", Called: "a prison", Kind: "radios"}
	for _, p := range v.Pool.Rules.Prisons {
		prisons.Options = append(prisons.Options, option{Value: p.Code, Text: p.Name})
	}
	providers := field{Name: "provider", Label: "Which provider?", Called: "a provider", Kind: "radios"}
	for _, p := range v.Pool.Rules.Providers {
		providers.Options = append(providers.Options, option{Value: p.Code, Text: p.Name})
	}
	if v.who.Role != staff.Prison {
		list = append(list, prisons)
	}
	if v.who.Role != staff.Provider && len(providers.Options) > 1 {
		list = append(list, providers)
	}
	return append(list, field{Name: "from", Label: "First day of release", Kind: "date", Called: "the first day", Hint: v.example()},
		field{Name: "to", Label: "Last day of release", Kind: "date", Called: "the last day", Hint: v.example()})
}

// askedReconciliation reads the address. Nothing typed yet is no mistake.
func (v *visit) askedReconciliation() (a askedOf, wrong *problem.Invalid) {
	q := v.web.QueryParams()
	if len(q) == 0 {
		return a, nil
	}
	a.typed = form{}
	for name := range q {
		a.typed[name] = q.Get(name)
	}
	a.part = reconcile.Part{List: q.Get("list"), AlcoholOnly: q.Get("alcohol_only") != "", CJIT: q.Get("cjit") != "", Skip: v.skipped()}
	var found problem.Corrections
	a.prison = v.sideOf(&found, staff.Prison, "prison", q.Get("prison"))
	a.provider = v.sideOf(&found, staff.Provider, "provider", q.Get("provider"))
	a.from, a.to = asDate(&found, a.typed, "from"), asDate(&found, a.typed, "to")
	if !a.from.IsZero() && !a.to.IsZero() && a.to.Before(a.from) {
		found.Add("to", "before_from", "The last day must not lie before the first")
	}
	if len(found) > 0 {
		wrong = &problem.Invalid{Corrections: found}
	}
	return a, wrong
}

// sideOf is the reader's own organisation where it is on that side; else the one that was chosen.
func (v *visit) sideOf(wrong *problem.Corrections, role staff.Role, name, typed string) string {
	if v.who.Role == role {
		return v.who.Organisation()
	}
	rules := v.Pool.Rules
	var known []string
	for _, p := range rules.Prisons {
		if role == staff.Prison {
			known = append(known, p.Code)
		}
	}
	for _, p := range rules.Providers {
		if role == staff.Provider {
			known = append(known, p.Code)
		}
	}
	switch {
	case slices.Contains(known, typed):
		return typed
	case typed == "" && len(known) == 1:
		return known[0]
	}
	wrong.Add(name, "required", "Select a "+name)
	return ""
}

func asDate(wrong *problem.Corrections, typed form, name string) day.Date {
	text := typed.date(name)
	on, err := day.Parse(text)
	switch {
	case text == "":
		wrong.Add(name, "required", "Enter the day")
	case err != nil:
		wrong.Add(name, "date", "Enter a real date")
	default:
		return on
	}
	return day.Date{}
}

func (v *visit) reconciled(a askedOf, most int) (*reconcile.Reconciliation, error) {
	if lists := v.comparedLists(); !slices.ContainsFunc(lists, func(l comparedList) bool { return l.Name == a.part.List }) && most > 0 {
		a.part.List = lists[0].Name
	}
	a.part.Limit = most
	return reconcile.ReconcilePart(v.ctx, v.Pool, v.who, v.now, a.prison, a.provider, a.from, a.to, a.part)
}

// address is the same question with another list, or another page of it.
func (a askedOf) address(path, list string, skip int) string {
	q := url.Values{}
	for name, value := range a.typed {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, value := range map[string]string{"list": list, "skip": strconv.Itoa(skip)} {
		if q.Del(name); value != "" && value != "0" {
			q.Set(name, value)
		}
	}
	return path + "?" + q.Encode()
}

func (b *reconciliationBody) tell(v *visit, a askedOf, found *reconcile.Reconciliation) {
	b.Asked = true
	b.Period = fmt.Sprintf("%s and %s, releases from %s to %s", nameOf(v.Pool.Rules, a.prison), nameOf(v.Pool.Rules, a.provider), a.from.Long(), a.to.Long())
	counts := map[string]int{reconcile.InBothList: found.Counts.InBoth, reconcile.DifferingList: found.Counts.Differing,
		reconcile.PrisonOnlyList: found.Counts.PrisonOnly, reconcile.ProviderOnlyList: found.Counts.ProviderOnly}
	lists := v.comparedLists()
	for i, l := range lists {
		l.Count, l.Path = counts[l.Name], a.address("/reconciliation", l.Name, 0)
		l.Current = l.Name == a.part.List || i == 0 && !slices.ContainsFunc(lists, func(o comparedList) bool { return o.Name == a.part.List })
		if l.Current {
			b.Current = l
		}
		b.Lists = append(b.Lists, l)
	}
	rows := slices.Concat(found.InBoth, found.Differing, found.PrisonOnly, found.ProviderOnly)
	for _, c := range rows[:min(len(rows), comparedAtOnce)] {
		row := comparedRowOf(c)
		b.Rows = append(b.Rows, row)
		b.fill(row)
	}
	if len(rows) > comparedAtOnce {
		b.Next = a.address("/reconciliation", b.Current.Name, a.part.Skip+comparedAtOnce)
	}
	if a.part.Skip > 0 {
		b.First = a.address("/reconciliation", b.Current.Name, 0)
	}
	b.CSV, b.AllCSV = a.address("/reconciliation.csv", b.Current.Name, 0), a.address("/reconciliation.csv", "", 0)
	for _, name := range slices.Sorted(maps.Keys(a.typed)) {
		if name != "alcohol_only" && name != "cjit" && name != "skip" {
			b.Hidden = append(b.Hidden, fact{name, a.typed[name]})
		}
	}
}

// fill counts a row's columns: one in which no row says anything is left out.
func (b *reconciliationBody) fill(row comparedRow) {
	if b.Filled == nil {
		b.Filled = map[string]bool{}
	}
	for column, said := range map[string]string{"Offered": row.Offered, "Attended": row.Attended, "Started": row.Started, "Agree": row.Agree} {
		b.Filled[column] = b.Filled[column] || said != unsaid
	}
}

// unsaid stands in a cell that says nothing.
const unsaid = "–"

func comparedRowOf(c reconcile.Compare) comparedRow {
	row := comparedRow{Compare: c, Who: c.GivenName + " " + c.FamilyName, Released: orDash(c.ExitOn), Offered: orDash(c.OfferedOn),
		Attended: orDash(c.AttendedOn), Started: orDash(c.StartedOn), Agree: unsaid}
	if c.DaysFromRelease != nil {
		row.Day = fmt.Sprintf("day %d", *c.DaysFromRelease)
	}
	if c.AttributorsSame != nil {
		row.Agree = yesNoWords(c.AttributorsSame)
	}
	if c.AlcoholOnly {
		row.Marks = append(row.Marks, alcoholMark)
	}
	if c.CJIT {
		row.Marks = append(row.Marks, cjitMark)
	}
	return row
}

func orDash(d day.Date) string {
	if d.IsZero() {
		return unsaid
	}
	return d.At(12, 0).Format("2 Jan 2006")
}

// reconciliationCSV is a list, or all four, to work through in a spreadsheet. That it left is audited.
func (v *visit) reconciliationCSV() error {
	if v.who.Role == staff.SubGroup {
		return &problem.Forbidden{Message: "The lists name people. You see their counts."}
	}
	a, wrong := v.askedReconciliation()
	if wrong != nil {
		return wrong
	}
	if a.typed == nil {
		return v.seeOther("/reconciliation")
	}
	found, err := v.reconciled(a, 0)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := found.WriteCSV(&file); err != nil {
		return err
	}
	err = v.act(func(tx *db.Tx) error {
		return audit.Write(v.ctx, tx, v.who.By, v.now, "exported", "reconciliation", a.prison+" "+a.provider, audit.Detail{"from": a.from, "to": a.to, "list": a.part.List})
	})
	if err != nil {
		return err
	}
	v.web.Response().Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="reconciliation-%s-%s.csv"`, a.from, a.to))
	return v.web.Blob(http.StatusOK, "text/csv; charset=utf-8", file.Bytes())
}
