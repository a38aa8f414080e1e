package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
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

func TestOtherListsAreTakenAwayWholeAndAudited(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.PlannedReleaseDate, d.ReleasedOn, d.Person.GivenName = "", "2023-11-18", "=Aoife"
	h.referred(d)
	h.listed("Niamh", "Ní Bhriain-A1234BC")
	provider, auditor := h.as("HARBOUR"), h.as("AUDIT")
	for path, c := range map[string]struct {
		by                   *browser
		from, list, guarded  string
		rows, column, people int
	}{
		"/appointments.csv?day=2023-11-20": {provider, "/appointments?day=2023-11-20", "appointments", "'=Aoife Ní Bhriain-A1234BC", 1, 1, 1},
		"/review.csv":                      {provider, "/review", "to_review", "'=Aoife Ní Bhriain-A1234BC", 1, 6, 1},
		"/audit.csv?act=referred&day-day=20&day-month=11&day-year=2023": {auditor, "/audit?act=referred", "audit", "Referred", 1, 3, 0},
	} {
		if link := c.by.open(c.from).Find("a[download]").AttrOr("href", ""); link != path {
			t.Errorf("%s leads to %q", c.from, link)
		}
		shown := func() int { return h.count(`SELECT count(*) FROM audit WHERE act = 'shown' AND kind = 'person'`) }
		before := shown()
		rows := csvRows(t, c.by.open(path))
		if len(rows) != c.rows || rows[0][c.column] != c.guarded {
			t.Errorf("%s: %v", path, rows)
		}
		if n := shown() - before; n != c.people {
			t.Errorf("%s: %d people audited", path, n)
		}
		if n := h.count(`SELECT count(*) FROM audit WHERE act = 'exported' AND subject = '` + c.list + `'`); n != 1 {
			t.Errorf("%s: %d exports audited", path, n)
		}
	}
}

// One look of the provider's, a thousand each of another prison's and of the own prison's programs, and two of a colleague:
// the file has all but the other prison's, however many a page shows, and names nobody of the provider.
func TestWhoLookedIsTakenAwayWholeAndAudited(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	h.service(func(tx *db.Tx) error {
		_, err := staff.Add(t.Context(), tx, console, h.now, "EXI", emailOf("EXI"), "=Siân")
		return err
	})
	h.as("HARBOUR").open("/referrals/" + id)
	h.service(func(tx *db.Tx) error {
		for _, organisation := range []string{"CWI", "EXI"} {
			by := audit.By{Organisation: organisation, Actor: "key:1", Via: "api"}
			if err := audit.WriteEach(t.Context(), tx, by, h.now, "shown", "referral", slices.Repeat([]string{id}, auditedAtOnce), nil); err != nil {
				return err
			}
		}
		return nil
	})
	b := h.as("EXI")
	page := b.open("/referrals/" + id + "/looked")
	if n := page.Find("tbody tr").Length(); n != looksTold || !strings.Contains(page.text(), "These are the latest 200") {
		t.Errorf("the page tells %d", n)
	}
	rows := csvRows(t, b.open(page.Find("a[download]").AttrOr("href", "")))
	if len(rows) != auditedAtOnce+3 { // and two of this browser
		t.Fatalf("%d rows", len(rows))
	}
	if first, last := rows[0], rows[len(rows)-1]; first[1] != "'=Siân, HMP Exeter" || last[1] != "Harbour" {
		t.Errorf("from %v to %v", first, last)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE act = 'exported' AND subject = 'looked' AND detail ->> 'rows' = '1003'`); n != 1 {
		t.Errorf("%d exports audited", n)
	}
}

// Four people: C released on the 18th, F with alcohol planned for the 21st, D for the 27th, and G for the 28th, withdrawn.
func TestAListIsSortedAndNarrowedOnThePageAndInItsFile(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	h.referred(draft("A1234BD"))
	alcohol, gone := draft("A1234BF"), draft("A1234BG")
	alcohol.PlannedReleaseDate, alcohol.Substances, gone.PlannedReleaseDate = "2023-11-21", []string{"alcohol"}, "2023-11-28"
	h.referred(alcohol)
	withdrawn, exeter := h.referred(gone), h.who("EXI", staff.Prison)
	h.act(exeter, func(ctx context.Context, tx *db.Tx) error {
		_, err := referral.Withdraw(ctx, tx, exeter, h.now, withdrawn, referral.WithdrawalDraft{Reason: "mistaken", On: "2023-11-20"})
		return err
	})
	b := h.as("EXI")
	for query, want := range map[string]string{
		"":                                   "C F D G", // what is over comes last
		"?order=release":                     "C F D G",
		"?order=release_latest":              "G D F C",
		"?order=appointment":                 "C F D G", // who has none comes last ...
		"?order=appointment_latest":          "D F C G", // ... both ways
		"?order=state":                       "F D C G",
		"?alcohol_only=yes":                  "F",
		"?cjit=yes":                          "",
		"?state=booked&order=release_latest": "D F",
		"?state=withdrawn&order=appointment": "G",
		"?alcohol_only=yes&state=picked_up":  "",
	} {
		s := b.open("/referrals" + query)
		var page, file []string
		for _, row := range s.Find("tbody tr th a").EachIter() {
			page = append(page, row.Text()[len(row.Text())-1:])
		}
		for _, row := range csvRows(t, b.open(s.Find("a[download]").AttrOr("href", "/referrals.csv"+query))) {
			file = append(file, row[2][len(row[2])-1:])
		}
		if strings.Join(page, " ") != want || !slices.Equal(page, file) {
			t.Errorf("%q: page %v, file %v, want %s", query, page, file, want)
		}
	}
	if s := b.open("/referrals?alcohol_only=yes"); !strings.Contains(s.Find("tbody tr th .govuk-tag").Text(), "Alcohol only") {
		t.Error("the mark is not on the row")
	}
}

func TestAnAddressChangedByHandIsAnsweredInWordsAboveTheList(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	b := h.as("EXI")
	for query, field := range map[string]string{"order=name": "order", "state=lost": "state", "cursor=x": ""} {
		s := b.open("/?list=what_became&" + query)
		if s.status != http.StatusUnprocessableEntity || !strings.HasPrefix(s.title(), "Error: ") || s.Find("tbody tr").Length() != 1 {
			t.Errorf("%s: %d %s", query, s.status, s.text())
		}
		if _, named := s.faults()[field]; field != "" && (!named || s.Find("#"+field).Length() != 1) {
			t.Errorf("%s: %v", query, s.faults())
		}
		if s := b.open("/referrals?" + query); s.status != http.StatusUnprocessableEntity || strings.Contains(s.raw, "lost") {
			t.Errorf("all referrals, %s: %d", query, s.status)
		}
	}
}

func TestCountsSayWhereTheyStop(t *testing.T) {
	for n, want := range map[int]string{0: "0", 99: "99", 100: "99+"} {
		if got := bounded(n); got != want {
			t.Errorf("%d is told as %s", n, got)
		}
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
