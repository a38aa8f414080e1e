package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// csvRows are a downloaded list's rows, without its heading.
func csvRows(t *testing.T, s shown) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(s.raw, "\ufeff"))).ReadAll()
	if err != nil || len(rows) == 0 || !strings.HasPrefix(s.header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%d %v %v %s", s.status, s.header, err, s.raw)
	}
	return rows[1:]
}

func TestAListIsTakenAwayWholeAndAudited(t *testing.T) {
	h := newHouse(t)
	for i := range 52 { // a page has 50
		d := draft(fmt.Sprintf("A%04dBC", i))
		d.Person.GivenName = "=Aoife"
		if i%2 == 0 {
			d.Substances = []string{"alcohol"}
		}
		h.referred(d)
	}
	b := h.as("EXI")
	page := b.open("/?list=releasing_in_14_days&alcohol_only=yes")
	link := page.Find("a[download]").AttrOr("href", "")
	if rows := csvRows(t, b.open(link)); len(rows) != 26 || !strings.HasPrefix(rows[0][1], "'=Aoife ") {
		t.Errorf("alcohol only: %d rows, %v", len(rows), rows[0])
	}
	before := h.count(`SELECT count(*) FROM audit WHERE act = 'shown' AND kind = 'person'`)
	if rows := csvRows(t, b.open("/worklist.csv?list=releasing_in_14_days")); len(rows) != 52 {
		t.Errorf("all: %d rows", len(rows))
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE act = 'shown' AND kind = 'person'`) - before; n != 52 {
		t.Errorf("%d people audited", n)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE act = 'exported' AND kind = 'list' AND subject = 'releasing_in_14_days'`); n != 2 {
		t.Errorf("%d exports audited", n)
	}
	if s := b.open("/worklist.csv?list=unbooked"); s.status != http.StatusNotFound {
		t.Errorf("the provider's list: %d", s.status)
	}
}

func TestAllReferralsAreNarrowedByStateAndRelease(t *testing.T) {
	h := newHouse(t)
	h.referred(draft("A1234BC"))
	h.released("A2345BC")
	b := h.as("EXI")
	for query, want := range map[string]int{
		"": 2, "?state=booked": 1, "?state=released": 1, "?state=withdrawn": 0,
		"?release_from-day=20&release_from-month=11&release_from-year=2023": 1,
		"?release_to-day=20&release_to-month=11&release_to-year=2023":       1,
	} {
		s := b.open("/referrals" + query)
		if s.status != http.StatusOK || s.Find("tbody tr").Length() != want {
			t.Errorf("%q: %d, %d rows", query, s.status, s.Find("tbody tr").Length())
		}
		if rows := csvRows(t, b.open("/referrals.csv"+query)); len(rows) != want {
			t.Errorf("%q as CSV: %d rows", query, len(rows))
		}
	}
	if s := b.open("/referrals?release_from-day=31&release_from-month=2&release_from-year=2023"); s.status != http.StatusUnprocessableEntity || s.faults()["release_from-day"] == "" {
		t.Errorf("no such day: %d %v", s.status, s.faults())
	}
	if s := h.as("CWI").open("/referrals"); s.Find("tbody tr").Length() != 0 {
		t.Error("another prison sees them")
	}
}
