package demo

import (
	"slices"
	"testing"
	"time"

	"throughgate/internal/appointment"
	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

// Whoever tries the review finds a case of each kind of work: also one with two people to choose between.
func TestTheDemoHasAMatchWithTwoPeopleToChooseBetween(t *testing.T) {
	t.Parallel()
	pool := testdb.New(t).Pool(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	if err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		if err := staff.BringIn(t.Context(), tx); err != nil {
			return err
		}
		return appointment.BringIn(t.Context(), tx, now)
	}); err != nil {
		t.Fatal(err)
	}
	if err := takePast(t.Context(), pool, now); err != nil {
		t.Fatal(err)
	}
	reviews, err := reconcile.Reviews(t.Context(), pool, providerWorker, now)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(reviews, func(r reconcile.Review) bool {
		return len(r.Candidates) == 2 && r.Why == reconcile.WhySeveralCandidates
	}) {
		t.Errorf("%d questions, and none with two people", len(reviews))
	}
}
