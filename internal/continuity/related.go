package continuity

import (
	"maps"
	"slices"

	"throughgate/internal/day"
)

// groupsFor is how many months back the parts of tables are held against each other; the releases themselves, and who of them
// was picked up in time, over all that was ever sent.
const groupsFor = 9

// relatedTells finds the cell that, hidden, leaves the fewest small counts that follow where related counts are held against
// each other, and did not follow from the reports sent before.
func (g guard) relatedTells(s Said) string {
	ours, families := g.accountOf(s, g.leaving), familiesOf(append(slices.Clone(g.past), s))
	for _, name := range slices.Sorted(maps.Keys(families)) {
		f, asked := g.related[name]
		if !asked {
			f = g.familyOf(name, families[name], ours, s.End)
			g.related[name] = f
		}
		newly := func(cell string) int { return untold(f.told, f.beside(ours.without(cell)).pinned(g.HideUpTo)) }
		if newly("") > 0 {
			return fewest(g.untoldCells(ours, f.sums), newly)
		}
	}
	return ""
}

// family is counts of which some make up others, and what is known of them before a report.
type family struct {
	sums  []addition
	from  day.Date // what earlier days say is left out
	known []account
	ends  []day.Date
	books *books
	told  map[pin]int
}

func (g guard) familyOf(name string, sums []addition, ours account, end day.Date) *family {
	f := &family{sums: sums, from: end.AddMonths(-groupsFor)}
	if name == everybody {
		f.from = day.Date{}
	}
	about := slices.Clone(ours.since(f.from).about(sums))
	for _, a := range g.known {
		a = a.since(f.from)
		f.known, about = append(f.known, a), append(about, a.about(sums)...)
	}
	f.ends = endsOf(about)
	f.books = balanced(f.known, sums, f.ends)
	f.told = f.books.pinned(g.HideUpTo)
	return f
}

// beside are the books with the new report's account. Where it contradicts those before, it comes first.
func (f *family) beside(ours account) *books {
	ours = ours.since(f.from)
	if b, agrees := f.books.with(ours); agrees {
		return b
	}
	return balanced(append([]account{ours}, f.known...), f.sums, f.ends)
}

// about are the claims on counts that make each other up.
func (a account) about(sums []addition) []claim {
	return slices.DeleteFunc(slices.Clone(a.claims), func(c claim) bool { return !among(sums, c.of) })
}

func among(sums []addition, of string) bool {
	return slices.ContainsFunc(sums, func(s addition) bool { return s.whole == of || slices.Contains(s.parts, of) })
}

func (a account) since(from day.Date) account {
	return account{
		claims: slices.DeleteFunc(slices.Clone(a.claims), func(c claim) bool { return c.from.Before(from) }),
		rates:  slices.DeleteFunc(slices.Clone(a.rates), func(r rateSaid) bool { return r.from.Before(from) }),
	}
}

// untoldCells are the cells that say of the related counts what no report before said, those first that a reader misses
// least.
func (g guard) untoldCells(ours account, related []addition) []string {
	before := map[claim]bool{}
	for _, c := range g.alone {
		c.cell = ""
		before[c] = true
	}
	return cellsOf(slices.DeleteFunc(slices.Clone(ours.claims), func(c claim) bool {
		bare := c
		bare.cell = ""
		return before[bare] || !among(related, c.of)
	}))
}

// familiesOf are the counts that make each other up, by the table that they stand in: its parts may have changed between
// reports.
func familiesOf(all []Said) map[string][]addition {
	families := map[string][]addition{everybody: {ofEverybody}}
	for _, s := range all {
		for _, b := range s.Breakdowns {
			var groups []string
			for _, g := range b.Rows {
				groups = append(groups, ofGroup(b.Name, g.Name))
			}
			families[b.Name] = addGroups(families[b.Name], groups)
		}
		if len(s.TimeToPickUp) > lateBand {
			families[cellDays] = ofBands(s.TimeToPickUp)
		}
	}
	return families
}

// everybody is the family of the releases themselves.
const everybody = ""

var ofEverybody = addition{ofReleases, []string{ofInTime, ofNot}}

// addGroups are the sums of a breakdown: in each of releases, those picked up in time and those not, the groups make up the
// whole, and in each group the two make up its releases.
func addGroups(known []addition, groups []string) []addition {
	if known == nil {
		known = []addition{ofEverybody, {whole: ofReleases}, {whole: ofInTime}, {whole: ofNot}}
	}
	for _, of := range groups {
		if slices.Contains(known[1].parts, of) {
			continue
		}
		inTime, not := of+", "+ofInTime, of+", "+ofNot
		known[1].parts, known[2].parts, known[3].parts = append(known[1].parts, of), append(known[2].parts, inTime), append(known[3].parts, not)
		known = append(known, addition{of, []string{inTime, not}})
	}
	return known
}

func ofBands(lines []SaidLine) []addition {
	inTime, not := addition{whole: ofInTime}, addition{whole: ofNot}
	for i, l := range lines {
		if i < lateBand {
			inTime.parts = append(inTime.parts, ofDays(l.Name))
		} else {
			not.parts = append(not.parts, ofDays(l.Name))
		}
	}
	return []addition{ofEverybody, inTime, not}
}
