package referral

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/db"
)

// everyState makes two or more referrals in each state, some with an appointment to come and some with a mark.
func (w *world) everyState() {
	w.Helper()
	for _, date := range []string{"2025-12-02", "2025-12-12", "2025-12-12"} {
		w.make(func(d *Draft) { d.PlannedReleaseDate = date })
		w.make(func(d *Draft) { d.PlannedReleaseDate, d.Substances = date, []string{"alcohol"} })
	}
	for range 2 {
		w.make(func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "remand" })
	}
	for _, date := range []string{"2025-11-28", "2025-11-20", "2025-08-31", "2025-08-30", "2025-06-20"} { // 31 August is the last day still within three months
		for _, set := range []string{"", "picked_up_on = released_on + 3", "closed = true"} {
			id := w.make(func(d *Draft) { d.PlannedReleaseDate, d.ReleasedOn = "", date }).ID
			if set != "" {
				w.sets(id, set)
			}
		}
	}
	for _, date := range []string{"2025-12-15", "2025-12-08"} {
		id := w.make(func(d *Draft) { d.PlannedReleaseDate = date }).ID
		act(w, Withdraw, exeter, id, WithdrawalDraft{Reason: "mistaken", On: "2025-12-01"})
		w.sets(id, "cjit = true")
	}
}

func (w *world) sets(id uuid.UUID, what string) {
	w.Helper()
	w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE referral SET `+what+` WHERE id = $1`, id)
		return err
	})
}

// sortedAs is what each order means, said once more and in another way.
func sortedAs(o Order) func(a, b Referral) int {
	clock := func(r Referral) string {
		if r.ReleaseOn().IsZero() {
			return "unknown"
		}
		return r.ReleaseOn().String()
	}
	byClock := func(a, b Referral) int {
		return cmp.Or(cmp.Compare(clock(a), clock(b)), cmp.Compare(a.ID.String(), b.ID.String()))
	}
	at := func(r Referral) int64 { return r.Appointment.StartsAt.Unix() }
	over := map[State]int{PickedUp: 1, NotPickedUp: 1, Closed: 1, Withdrawn: 1}
	return func(a, b Referral) int {
		switch o {
		case ByClock:
			return cmp.Or(cmp.Compare(over[a.State], over[b.State]), byClock(a, b))
		case ByReleaseLatest:
			if (clock(a) == "unknown") == (clock(b) == "unknown") && clock(a) != "unknown" {
				return byClock(b, a)
			}
		case ByAppointment, ByAppointmentLatest:
			switch {
			case a.Appointment == nil || b.Appointment == nil:
				if (a.Appointment == nil) != (b.Appointment == nil) {
					return cmp.Compare(at0(a), at0(b))
				}
			case o == ByAppointment:
				return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a.ID.String(), b.ID.String()))
			default:
				return cmp.Or(cmp.Compare(at(b), at(a)), cmp.Compare(b.ID.String(), a.ID.String()))
			}
		case ByState:
			return cmp.Or(cmp.Compare(slices.Index(byNeed, a.State), slices.Index(byNeed, b.State)), byClock(a, b))
		}
		return byClock(a, b)
	}
}

// at0 puts who has an appointment before who has none.
func at0(r Referral) int {
	if r.Appointment == nil {
		return 1
	}
	return 0
}

func (w *world) whole(f Filter) (all []Referral) {
	w.Helper()
	for {
		page := w.list(harbour, f)
		if all = append(all, page.Items...); page.NextCursor == nil {
			return all
		}
		f.Cursor = *page.NextCursor
	}
}

func idsOf(list []Referral) (ids []uuid.UUID) {
	for _, r := range list {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestEveryOrderIsWholeOnPagesOfAnyLength(t *testing.T) {
	w := newWorld(t)
	w.everyState()
	all := w.whole(Filter{})
	if n := w.count(`SELECT count(*) FROM referral`); len(all) != n {
		t.Fatalf("%d of %d are listed", len(all), n)
	}
	for _, o := range Orders() {
		want := slices.Clone(all)
		slices.SortFunc(want, sortedAs(o))
		for _, limit := range []int{3, 200} {
			if got := w.whole(Filter{Order: o, Limit: limit}); !slices.Equal(idsOf(got), idsOf(want)) {
				t.Errorf("%s by %d: another order", o, limit)
			}
		}
		for _, s := range States() {
			in := slices.DeleteFunc(slices.Clone(want), func(r Referral) bool { return r.State != s })
			if got := w.whole(Filter{Order: o, State: string(s)}); len(in) < 2 || !slices.Equal(idsOf(got), idsOf(in)) {
				t.Errorf("%s, %s alone: %d of %d, or another order", o, s, len(got), len(in))
			}
		}
		for mark, f := range map[string]Filter{"alcohol only": {AlcoholOnly: true}, "CJIT": {CJIT: true}} {
			marked := slices.DeleteFunc(slices.Clone(want), func(r Referral) bool {
				return f.AlcoholOnly && r.SubstanceGroup != "alcohol only" || f.CJIT && !r.CJIT
			})
			f.Order = o
			if got := w.whole(f); len(marked) < 2 || !slices.Equal(idsOf(got), idsOf(marked)) {
				t.Errorf("%s, %s alone: %d of %d, or another order", o, mark, len(got), len(marked))
			}
		}
	}
}

func TestEveryWorklistIsTheSameInEachOfItsOrders(t *testing.T) {
	w := newWorld(t)
	w.everyState()
	w.goTo("2025-12-04")
	for name, l := range lists {
		who := exeter
		if l.role == harbour.Role {
			who = harbour
		}
		in := func(f ListFilter) (ids []string) {
			w.as(who.Scope(), func(ctx context.Context, tx *db.Tx) error {
				page, err := Worklist(ctx, tx, who, w.now, name, f)
				for _, item := range page.Items {
					ids = append(ids, item.ID.String())
				}
				return err
			})
			slices.Sort(ids)
			return ids
		}
		want := in(ListFilter{})
		for _, o := range OrdersOf(name) {
			if got := in(ListFilter{Order: o}); !slices.Equal(got, want) {
				t.Errorf("%s by %s: %d of %d", name, o, len(got), len(want))
			}
		}
		var states []string
		for _, s := range StatesOf(name, on("2025-12-04")) {
			states = append(states, in(ListFilter{State: s})...)
		}
		if slices.Sort(states); !slices.Equal(states, want) {
			t.Errorf("%s: its states have %d of %d", name, len(states), len(want))
		}
	}
}

func TestAListsAddressChangedByHandIsRefusedInWords(t *testing.T) {
	w := newWorld(t)
	for name, f := range map[string]ListFilter{
		"order":                     {Order: "name"},
		"an order of another list":  {Order: ByAppointment},
		"state":                     {State: "lost"},
		"cursor":                    {Cursor: "x"},
		"a cursor that is no place": {Cursor: cursor{0, "'; --", uuid.Nil}.String()},
		"a cursor before the start": {Cursor: cursor{-1, "2025-12-01", uuid.Nil}.String()},
	} {
		err := w.try(harbour.Scope(), func(ctx context.Context, tx *db.Tx) error {
			_, err := Worklist(ctx, tx, harbour, w.now, UnbookedList, f)
			return err
		})
		if got := faults(t, err); len(got) != 1 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheMarkOfCJITFollowsTheContactsThatStand(t *testing.T) {
	w := newWorld(t)
	id := w.make(nil).ID
	marked := func() int { return w.count(`SELECT count(*) FROM referral WHERE cjit`) }
	for _, step := range []struct {
		do   string
		want int
	}{
		{`INSERT INTO contact (id, referral_id, kind, contact_on, recorded_at, recorded_by) VALUES (gen_random_uuid(), $1, 'phone', '2025-12-01', now(), '')`, 0},
		{`INSERT INTO contact (id, referral_id, kind, contact_on, recorded_at, recorded_by) VALUES (gen_random_uuid(), $1, 'cjit', '2025-12-01', now(), '')`, 1},
		{`UPDATE contact SET undone_at = now() WHERE kind = 'cjit' AND referral_id = $1`, 0},
	} {
		w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, step.do, id)
			return err
		})
		if n := marked(); n != step.want {
			t.Errorf("after %.20s: %d marked", step.do, n)
		}
	}
}
