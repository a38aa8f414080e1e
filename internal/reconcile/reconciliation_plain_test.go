package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"throughgate/internal/day"
	"throughgate/internal/staff"
)

// plain is the reconciliation as files.md has it: every release held against every row, each opened.
func (b *book) plain(prison, provider string, from, to day.Date) *Reconciliation {
	r := &Reconciliation{Prison: prison, Provider: provider, From: from, To: to, InBoth: []Compare{}, Differing: []Compare{}, PrisonOnly: []Compare{}, ProviderOnly: []Compare{}}
	releases := slices.Clone(b.releases)
	slices.SortFunc(releases, func(x, y bookRelease) int {
		return cmp.Or(x.released.Compare(y.released), slices.Compare(x.id[:], y.id[:]))
	})
	for _, one := range releases {
		if one.prison != prison || one.provider != provider || one.setAside != "" || one.withdrawn || one.released.IsZero() || !one.released.Within(from, to) {
			continue
		}
		switch c, differ := b.told(one); {
		case c.AttributorsSame == nil:
			r.PrisonOnly = append(r.PrisonOnly, c)
		case differ:
			r.Differing = append(r.Differing, c)
		default:
			r.InBoth = append(r.InBoth, c)
		}
	}
	for _, row := range b.rows {
		if row.provider == provider && row.answer != "accepted" && row.day().Within(from, to) {
			r.ProviderOnly = append(r.ProviderOnly, Compare{GivenName: row.GivenName, FamilyName: row.FamilyName, BornOn: row.BornOn, Sex: row.Sex, ExitOn: row.ReleasedOn,
				Received: true, ReceivedOn: row.ReceivedOn, OfferedOn: row.OfferedOn, AttendedOn: row.AttendedOn, StartedOn: row.StartedOn, Reason: row.reason})
		}
	}
	r.Counts = Matched{len(r.InBoth), len(r.Differing), len(r.PrisonOnly), len(r.ProviderOnly)}
	return r
}

// told is one release with all that the lists say of it, and whether it differs.
func (b *book) told(one bookRelease) (c Compare, differ bool) {
	who, id := b.people[one.person], one.id
	who.Sex = one.sex
	c = Compare{GivenName: who.GivenName, FamilyName: who.FamilyName, BornOn: who.DateOfBirth, Sex: one.sex, PrisonNumber: who.PrisonNumber, Drugs: one.drugs, ExitOn: one.released,
		OfferedOn: one.offered, AttendedOn: one.attended, StartedOn: one.picked, ReferralID: &id, AlcoholOnly: one.group == "alcohol only", CJIT: one.cjit, person: b.ids[one.person].String()}
	first(&c.OfferedOn, one.attended)
	if !one.picked.IsZero() {
		days := one.picked.Sub(one.released)
		c.DaysFromRelease = &days
	}
	alike, open, closed := true, false, false
	var said []string
	for _, row := range b.rows {
		if row.provider != one.provider || row.answer != "accepted" {
			continue
		}
		before := !row.StartedOn.IsZero() && row.StartedOn.Before(one.released)
		closed = closed || before && row.person == one.person
		if row.release < 0 || b.releases[row.release].id != one.id {
			continue
		}
		c.Received, open = true, open || before
		first(&c.ReceivedOn, row.ReceivedOn)
		first(&c.OfferedOn, row.OfferedOn)
		if note := AttributorsDiffer(who, row.identity()); note != "" {
			alike, said = false, append(said, note)
		}
		if !row.ReleasedOn.IsZero() && row.ReleasedOn != one.released {
			said = append(said, "the provider's list has another release date")
		}
	}
	switch {
	case open:
		c.KnownToService = "open episode"
	case closed:
		c.KnownToService = "closed episode"
	case c.Received:
		c.KnownToService = "new"
	}
	if !c.Received && one.picked.IsZero() {
		c.Reason = "not in the provider's list"
		if why := b.asked[one.person]; why != "" {
			c.Reason = "a row of the provider's list waits for review: " + why
		}
		return c, false
	}
	c.AttributorsSame = &alike
	if c.Reason = c.became(); len(said) > 0 {
		c.Reason = said[0]
	}
	return c, len(said) > 0
}

// part is what of the whole a part shows, and to whom.
func (r *Reconciliation) part(p Part, role staff.Role) *Reconciliation {
	shown := *r
	if role == staff.Prison {
		shown.Counts.ProviderOnly = 0
	}
	for name, list := range map[string]*[]Compare{InBothList: &shown.InBoth, DifferingList: &shown.Differing, PrisonOnlyList: &shown.PrisonOnly, ProviderOnlyList: &shown.ProviderOnly} {
		left := []Compare{}
		for _, c := range *list {
			if (p.List == "" || p.List == name) && (!p.AlcoholOnly || c.AlcoholOnly) && (!p.CJIT || c.CJIT) && (role == staff.Provider || role == staff.Prison && name != ProviderOnlyList) {
				left = append(left, c)
			}
		}
		left = left[min(p.Skip, len(left)):]
		if p.Limit > 0 {
			left = left[:min(p.Limit, len(left))]
		}
		*list = left
	}
	return &shown
}

func TestAReconciliationIsWhatHoldingEveryReleaseAgainstEveryRowGives(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("book ", seed), func(t *testing.T) {
			t.Parallel()
			h, b := open(t), newBook(seed)
			b.store(h)
			if n := b.plain("EXI", "HARBOUR", on("12-01"), on("12-31")).Counts; min(n.InBoth, n.Differing, n.PrisonOnly, n.ProviderOnly) == 0 {
				t.Fatalf("a list is empty: %+v", n)
			}
			for _, part := range []Part{{}, {List: InBothList, Skip: 3, Limit: 5}, {List: InBothList, Limit: 200}, {List: DifferingList, Skip: 1, Limit: 4}, {List: PrisonOnlyList, Limit: 7},
				{List: ProviderOnlyList, Skip: 2, Limit: 3}, {List: InBothList, AlcoholOnly: true, Limit: 3}, {List: PrisonOnlyList, CJIT: true}, {AlcoholOnly: true, CJIT: true, Limit: 2}} {
				h.equal(b, part, staff.Provider, "EXI", "HARBOUR", on("12-01"), on("12-31"))
			}
			h.equal(b, Part{}, staff.Prison, "CWI", "HARBOUR", on("11-20"), on("12-15"))
			h.equal(b, Part{List: InBothList, Skip: 500}, staff.Prison, "EXI", "OTHER", on("11-20"), on("12-15"))
			h.equal(b, Part{}, staff.SubGroup, "EXI", "HARBOUR", on("12-10"), on("12-10"))
		})
	}
}

// equal asks for a part, and holds it, and who was audited, against the book.
func (h *house) equal(b *book, part Part, role staff.Role, prison, provider string, from, to day.Date) {
	h.t.Helper()
	h.now = h.now.Add(time.Second)
	who := as(role, map[staff.Role]string{staff.Prison: prison, staff.Provider: provider, staff.SubGroup: "SUBGROUP"}[role])
	got, err := ReconcilePart(h.t.Context(), h.pool, who, h.now, prison, provider, from, to, part)
	h.must(err)
	want := b.plain(prison, provider, from, to).part(part, role)
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(Compare{}), gocmp.Comparer(func(a, b day.Date) bool { return a == b })); diff != "" {
		h.t.Errorf("%+v of %s and %s for the %s (- plain, + service):\n%s", part, prison, provider, role, diff)
	}
	audited := h.lines(`SELECT subject FROM audit WHERE act = 'shown' AND kind = 'person' AND at = $1`, h.now)
	if shown := want.shown(); !slices.Equal(slices.Sorted(slices.Values(shown)), slices.Sorted(slices.Values(audited))) {
		h.t.Errorf("%+v shows %d people and audits %d", part, len(shown), len(audited))
	}
}
