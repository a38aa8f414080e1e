package referral

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"throughgate/internal/db"
)

func TestAPageHoldsFrom1To200(t *testing.T) {
	for limit, want := range map[int]string{-1: "limit range", 0: "", 1: "", 200: "", 201: "limit range"} {
		_, err := Filter{Limit: limit}.checked(monday)
		if got := strings.Join(faults(t, err), ", "); got != want {
			t.Errorf("%d: %q, want %q", limit, got, want)
		}
	}
}

// A list in brief leaves out what it does not show, and changes nothing of what it does.
func TestAListInBriefSaysTheSame(t *testing.T) {
	w := newWorld(t)
	w.make(nil)
	w.make(func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "awaiting the parole board" })
	w.make(func(d *Draft) {
		d.Substances, d.PlannedReleaseDate, d.ReleasedOn = []string{"alcohol"}, "", "2025-11-30"
	})
	act(w, Withdraw, exeter, w.make(nil).ID, WithdrawalDraft{Reason: "declined", On: "2025-12-01"})
	ended := w.make(nil).ID
	w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE referral SET released_on = '2025-11-20', picked_up_on = '2025-11-25', closed = true, cjit = true WHERE id = $1`, ended)
		return err
	})
	var full, brief Page
	w.as(harbour.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		if full, err = List(ctx, tx, harbour, w.now, Filter{}); err != nil {
			return err
		}
		brief, err = List(ctx, tx, harbour, w.now, Filter{Brief: true})
		return err
	})
	if len(full.Items) != 5 || len(brief.Items) != 5 {
		t.Fatalf("%d in full, %d in brief", len(full.Items), len(brief.Items))
	}
	for i, r := range full.Items {
		person := r.Person
		person.Telephone = ""
		want := Referral{ID: r.ID, Reference: r.Reference, State: r.State, Person: person, Appointment: r.Appointment, PersonID: r.PersonID, CJIT: r.CJIT,
			Facts: Facts{Prison: r.Prison, Provider: r.Provider, ReferredOn: r.ReferredOn, PlannedReleaseDate: r.PlannedReleaseDate, ReleasedOn: r.ReleasedOn,
				SubstanceGroup: r.SubstanceGroup, UnbookedReason: r.UnbookedReason, WithdrawnOn: r.WithdrawnOn, Closed: r.Closed, PickedUpOn: r.PickedUpOn}}
		if !reflect.DeepEqual(brief.Items[i], want) {
			t.Errorf("%s in brief is %+v\nand in full %+v", r.State, brief.Items[i], want)
		}
	}
}
