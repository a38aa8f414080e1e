package reconcile

import (
	"slices"
	"testing"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// names are whom a part of the reconciliation of December shows.
func (h *house) names(part Part) (shown []string, counts Matched) {
	h.t.Helper()
	r, err := ReconcilePart(h.t.Context(), h.pool, as(staff.Provider, "HARBOUR"), h.now, "EXI", "HARBOUR", on("12-01"), on("12-31"), part)
	h.must(err)
	for _, list := range [][]Compare{r.InBoth, r.Differing, r.PrisonOnly, r.ProviderOnly} {
		for _, c := range list {
			shown = append(shown, c.GivenName+" "+c.FamilyName)
		}
	}
	return shown, r.Counts
}

func TestAReconciliationIsShownInPagesAndCountedWhole(t *testing.T) {
	h := open(t)
	h.prison("EXI", releases(plain(), plain(wordClientReference, "B1234BC", wordGiven, "Anna", wordReception, ""), plain(wordClientReference, "D1234BC", wordGiven, "Dora", wordReception, ""),
		plain(wordClientReference, "C1234BC", wordGiven, "Sara", wordFamily, "Jones", wordDrug1, "Alcohol", wordDrug2, "", wordDrug3, "")))
	h.provider(pickups(picked(), picked(wordGiven, "Nobody", wordFamily, "Known", wordBorn, "01/01/1990"),
		with(goodPickup(), wordPrisonNumber, "C1234BC", wordNHSNumber, "", wordGiven, "Zara", wordFamily, "Jones")))
	want := Matched{InBoth: 1, Differing: 1, PrisonOnly: 2, ProviderOnly: 1}
	all, counts := h.names(Part{})
	if counts != want || len(all) != 5 {
		t.Fatalf("%v, %+v", all, counts)
	}
	var paged []string
	for _, list := range []string{InBothList, DifferingList, PrisonOnlyList, ProviderOnlyList} {
		for skip := range 3 {
			before := h.audited()
			page, counts := h.names(Part{List: list, Skip: skip, Limit: 1})
			if paged = append(paged, page...); counts != want || len(page) > 1 {
				t.Errorf("%s from %d: %v, %+v", list, skip, page, counts)
			}
			if n := h.audited() - before; list != ProviderOnlyList && n != len(page) {
				t.Errorf("%s from %d shows %d and audits %d", list, skip, len(page), n)
			}
		}
	}
	if !slices.Equal(paged, all) {
		t.Errorf("page by page %v, at once %v", paged, all)
	}
	if marked, counts := h.names(Part{AlcoholOnly: true}); !slices.Equal(marked, []string{"Sara Jones"}) || counts != want {
		t.Errorf("alcohol only: %v, %+v", marked, counts)
	}
	// Rows that came before they were indexed are opened instead, and stand where they stood.
	h.sql(`UPDATE provider_row SET on_day = NULL, name_bix = NULL, date_of_birth_bix = NULL, sex = NULL, released_on = NULL`)
	if old, counts := h.names(Part{}); !slices.Equal(old, all) || counts != want {
		t.Errorf("without the index %v, %+v", old, counts)
	}
}

func (h *house) audited() (n int) {
	h.t.Helper()
	h.act(func(tx *db.Tx) error {
		return tx.Get(h.t.Context(), &n, `SELECT count(*) FROM audit WHERE act = 'shown' AND kind = 'person'`)
	})
	return n
}
