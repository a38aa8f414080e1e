package audit_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/testdb"
)

// What was done to somebody is read in pages, newest first: whatever it was, and however much of it at one moment.
func TestTheRowsOfASubjectAreReadWhole(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	at := time.Date(2025, 12, 1, 9, 0, 0, 0, time.UTC)
	err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		for n := range 24 { // four at a moment, of two kinds and three subjects, by two organisations
			by := audit.By{Organisation: []string{"EXI", "HARBOUR"}[n/2%2], Actor: "service", Via: "job"}
			kind, subject := []string{"person", "referral"}[n%2], fmt.Sprint("subject ", n%3)
			if err := audit.Write(t.Context(), tx, by, at.Add(time.Duration(n/4)*time.Minute), "shown", kind, subject, nil); err != nil {
				return err
			}
		}
		var all []audit.Row
		if err := tx.Select(t.Context(), &all, `SELECT id, at, organisation, kind, subject FROM audit WHERE act = 'shown' ORDER BY at DESC, id DESC`); err != nil {
			return err
		}
		for name, c := range map[string]struct {
			audit.Query
			fits func(audit.Row) bool
		}{
			"of one":             {audit.Query{Subjects: []string{"subject 0"}}, func(r audit.Row) bool { return r.Subject == "subject 0" }},
			"of two":             {audit.Query{Subjects: []string{"subject 0", "subject 2"}}, func(r audit.Row) bool { return r.Subject != "subject 1" }},
			"by an organisation": {audit.Query{Subjects: []string{"subject 1"}, Organisations: []string{"EXI"}}, func(r audit.Row) bool { return r.Subject == "subject 1" && r.Organisation == "EXI" }},
			"in a stretch of time": {audit.Query{Subjects: []string{"subject 1"}, From: at.Add(time.Minute), To: at.Add(4 * time.Minute)}, func(r audit.Row) bool {
				return r.Subject == "subject 1" && !r.At.Before(at.Add(time.Minute)) && r.At.Before(at.Add(4*time.Minute))
			}},
			"of nobody":             {audit.Query{Subjects: []string{"subject 3"}}, func(audit.Row) bool { return false }},
			"of another act's name": {audit.Query{Subjects: []string{"subject 1"}, Act: "referred"}, func(audit.Row) bool { return false }},
		} {
			var want, got []int64
			for _, r := range all {
				if c.fits(r) {
					want = append(want, r.ID)
				}
			}
			q := c.Query
			q.Limit = 2
			for more := true; more; {
				rows, err := audit.Search(t.Context(), tx, q)
				if err != nil {
					return err
				}
				for _, r := range rows {
					got, q.Before = append(got, r.ID), &audit.Place{At: r.At, ID: r.ID}
				}
				more = len(rows) == q.Limit
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: rows %v, want %v", name, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
