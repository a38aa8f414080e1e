package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"throughgate/internal/audit"
	"throughgate/internal/db"
)

func TestTheAuditorSearchesByDayOrganisationActAndId(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	h.as("EXI").open("/referrals/" + id)
	h.as("SUBGROUP").open("/referrals/" + id)
	auditor := h.as("AUDIT")
	for name, c := range map[string]struct {
		query string
		want  []string
		not   []string
	}{
		"today":           {"", []string{"Looked at", "Referred", "Signed in"}, nil},
		"looks":           {"?act=shown", []string{"Siân of EXI, HMP Exeter"}, []string{"Refused"}},
		"the sub-group":   {"?organisation=SUBGROUP&act=refused", []string{"Siân of SUBGROUP, Sub-group", "GET /referrals/:id"}, []string{"HMP Exeter on"}},
		"the referral":    {"?subject=" + id, []string{"Referred"}, []string{"Signed in"}},
		"another day":     {"?day-day=19&day-month=11&day-year=2023", []string{"Nothing of that kind is written down"}, nil},
		"no such act":     {"?act=dreamt", []string{"Nothing of that kind is written down"}, nil},
		"a broken cursor": {"?before=x.y", []string{"Looked at"}, nil},
	} {
		s := auditor.open("/audit" + c.query)
		found := strings.Join(strings.Fields(s.Find("#main-content table, #main-content .govuk-inset-text").Text()), " ")
		if s.status != http.StatusOK {
			t.Errorf("%s: %d", name, s.status)
		}
		for _, want := range c.want {
			if !strings.Contains(found, want) {
				t.Errorf("%s: %q is missing in %s", name, want, found)
			}
		}
		for _, not := range append(c.not, "Aoife", "heroin") {
			if strings.Contains(found, not) {
				t.Errorf("%s: %q is in %s", name, not, found)
			}
		}
	}
	var searches int
	h.service(func(tx *db.Tx) error {
		return tx.Get(t.Context(), &searches, `SELECT count(*) FROM audit WHERE act = 'searched' AND organisation = 'AUDIT'`)
	})
	if searches != 7 {
		t.Errorf("%d searches are written down", searches)
	}
}

func TestWhatTheAuditorMistypesIsNamed(t *testing.T) {
	h := newHouse(t)
	s := h.as("AUDIT").open("/audit?" + url.Values{"day-day": {"31"}, "day-month": {"2"}, "day-year": {"2023"}, "subject": {"Aoife"}}.Encode())
	said := s.faults()
	if s.status != http.StatusUnprocessableEntity || len(said) != 2 || said["day-day"] == "" || said["subject"] == "" {
		t.Errorf("%d %v", s.status, said)
	}
	if s.Find("table").Length() != 0 || !strings.HasPrefix(s.title(), "Error: ") {
		t.Errorf("title %q", s.title())
	}
	if value(s, "day-day") != "31" || value(s, "day-month") != "2" || value(s, "subject") != "Aoife" {
		t.Errorf("what was typed is lost: %q, %q", value(s, "day-day"), value(s, "subject"))
	}
}

func TestTheAuditorFollowsOnePersonThroughADay(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	h.as("EXI").open("/referrals/" + id)
	h.as("SUBGROUP").open("/referrals/" + id)
	auditor := h.as("AUDIT")
	who := auditor.open("/audit?act=refused").Find("td[data-label=Who] a")
	if who.Text() != "Siân of SUBGROUP, Sub-group" {
		t.Fatalf("refused was %q", who.Text())
	}
	s := auditor.open(who.AttrOr("href", ""))
	rows := s.Find("tbody tr").Map(func(_ int, row *goquery.Selection) string {
		return strings.Join(strings.Fields(row.Find("td").Text()), " ")
	})
	if len(rows) < 2 || !strings.Contains(rows[0], "Refused") || !strings.Contains(rows[1], "Signed in") || !strings.Contains(rows[1], "The account of Siân of SUBGROUP") {
		t.Errorf("their day is %q", rows)
	}
	if h := s.Find("h2#found").Text(); h != "Today, by Siân of SUBGROUP, Sub-group" || value(s, "by") == "" {
		t.Errorf("the heading is %q", h)
	}
	if s := auditor.open("/audit?by=%00%ff&act=%00"); s.status != http.StatusOK {
		t.Errorf("a NUL: %d", s.status)
	}
}

// 120 acts at two moments: each page goes on where the one before ended, none is told twice.
func TestTheTrailIsPaged(t *testing.T) {
	h := newHouse(t)
	auditor := h.as("AUDIT")
	h.service(func(tx *db.Tx) error {
		for _, at := range []time.Time{h.now, h.now.Add(time.Minute)} {
			var subjects []string
			for i := range 60 {
				subjects = append(subjects, fmt.Sprintf("%s %d", at.Format("15:04"), i))
			}
			if err := audit.WriteEach(t.Context(), tx, console, at, "exported", "file", subjects, nil); err != nil {
				return err
			}
		}
		return nil
	})
	seen, path, pages := map[string]bool{}, "/audit?act=exported", 0
	for path != "" && pages < 10 {
		s := auditor.open(path)
		for _, row := range s.Find("tbody tr td:last-child").EachIter() {
			if seen[row.Text()] {
				t.Errorf("%q is told twice", row.Text())
			}
			seen[row.Text()] = true
		}
		path, _ = s.Find("a[rel=next]").Attr("href")
		pages++
	}
	if len(seen) != 120 || pages != 3 {
		t.Errorf("%d acts on %d pages", len(seen), pages)
	}
}

func TestWhereSomebodyLookedIsToldInWords(t *testing.T) {
	for detail, want := range map[string]string{
		`{"where": "referral"}`:             "in the record",
		`{"where": "releasing_in_14_days"}`: "on the worklist Releasing in 14 days",
		`{"where": "list"}`:                 "on a list of referrals",
		`{"in": "reviews"}`:                 "among the possible matches",
		`{"rows": 5}`:                       "5 rows",
		`{"sessions": 1}`:                   "1 session ended",
		`{"factor": "recovery code"}`:       "with a recovery code",
		`{"factor": "demo"}`:                "with one click, in the demo",
		`{"day": "2026-11-22", "act": "shown", "organisation": "EXI", "subject": "", "by": ""}`: "only: looked at, of 22 November 2026, for EXI",
		`{"day": "", "act": "", "by": "staff:5"}`:                                               "by staff:5",
		`{"by": ["date_of_birth", "given_name", "reference"]}`:                                  "by date of birth, first name, reference",
		`{"form": "months.csv"}`:                                                                "by month, as CSV",
		`{"form": "csv"}`:                                                                       "as CSV",
		`{"form": "of somebody else"}`:                                                          "the form had been opened by somebody else",
		`{"organisation": "EXI", "days": 90}`:                                                   "for 90 days, for EXI",
		`{"answer": {"accepted": 5, "refused": 0, "to_review": 1, "set_aside": {"no consent": 2}}, "rows": 8}`: "5 accepted, 2 set aside, 1 to review, 8 rows",
		`{"sealed": "Aoife"}`: "",
	} {
		if got := told([]byte(detail)); got != want {
			t.Errorf("%s is told as %q, not %q", detail, got, want)
		}
	}
}

func TestWhoLookedAtARecord(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	h.as("HARBOUR").open("/referrals/" + id)
	h.as("ADMIN").open("/referrals/" + id)
	s := h.as("EXI").open("/referrals/" + id + "/looked")
	rows := s.Find("tbody tr td[data-label=Who]").Map(func(_ int, cell *goquery.Selection) string { return cell.Text() })
	if s.status != http.StatusOK || strings.Join(rows, "; ") != "Siân of EXI, HMP Exeter; Harbour" {
		t.Errorf("%d: %v", s.status, rows)
	}
	if how := s.Find("tbody tr").First().Find("td[data-label=How]").Text(); how != "on these pages, in the record" {
		t.Errorf("how they looked is told as %q", how)
	}
	if s := h.as("CWI").open("/referrals/" + id + "/looked"); s.status != http.StatusNotFound {
		t.Errorf("another prison: %d", s.status)
	}
}
