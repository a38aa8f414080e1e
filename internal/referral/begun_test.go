package referral

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

var (
	sian   = staff.Who{By: audit.By{Organisation: "EXI", Actor: "staff:sian", Via: "page"}, Role: staff.Prison}
	owen   = staff.Who{By: audit.By{Organisation: "EXI", Actor: "staff:owen", Via: "page"}, Role: staff.Prison}
	ceri   = staff.Who{By: audit.By{Organisation: "CWI", Actor: "staff:sian", Via: "page"}, Role: staff.Prison}
	nobody *problem.NotFound
)

// begin begins a draft and keeps one answer of it.
func (w *world) begin(id uuid.UUID) {
	w.Helper()
	w.as(sian.Scope(), func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(Begin(ctx, tx, sian, w.now, id), Begin(ctx, tx, sian, w.now, id),
			KeepBegun(ctx, tx, w.now, id, map[string]string{"person.given_name": "Siân"}))
	})
}

func (w *world) hold(who staff.Who, id uuid.UUID) (b Begun, err error) {
	err = w.try(who.Scope(), func(ctx context.Context, tx *db.Tx) (err error) {
		b, err = HoldBegun(ctx, tx, who, id)
		return err
	})
	return b, err
}

func TestADraftIsItsTypistsAlone(t *testing.T) {
	w, id := newWorld(t), uuid.New()
	w.begin(id)
	if b, err := w.hold(sian, id); err != nil || b.Typed["person.given_name"] != "Siân" {
		t.Errorf("its typist: %+v %v", b, err)
	}
	for name, who := range map[string]staff.Who{"a colleague": owen, "another prison": ceri} {
		if _, err := w.hold(who, id); !errors.As(err, &nobody) {
			t.Errorf("%s: %v", name, err)
		}
		if err := w.try(who.Scope(), func(ctx context.Context, tx *db.Tx) error { return Discard(ctx, tx, who, id) }); !errors.As(err, &nobody) {
			t.Errorf("%s discards it: %v", name, err)
		}
	}
}

func TestADraftEndsAsItsReferral(t *testing.T) {
	w, id := newWorld(t), uuid.New()
	w.begin(id)
	made := w.make(nil)
	w.as(sian.Scope(), func(ctx context.Context, tx *db.Tx) error { return FinishBegun(ctx, tx, w.now, id, made.ID) })
	if b, err := w.hold(sian, id); err != nil || b.ReferralID.UUID != made.ID || len(b.Typed) != 0 {
		t.Errorf("%+v %v", b, err)
	}
	w.as(sian.Scope(), func(ctx context.Context, tx *db.Tx) error {
		if list, err := Unfinished(ctx, tx, sian, w.now); err != nil || len(list) != 0 {
			t.Errorf("it is still unfinished: %v %v", list, err)
		}
		return nil
	})
}

func TestADraftIsForgottenAfterItsDays(t *testing.T) {
	w := newWorld(t)
	w.begin(uuid.New())
	for days := time.Duration(7); days <= 8; days++ {
		want := int(days) - 7
		w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
			n, err := PurgeDrafts(ctx, tx, w.now.Add(days*24*time.Hour-time.Minute))
			if n != want {
				t.Errorf("before the end of day %d: %d", days, n)
			}
			return err
		})
		if n := w.count(`SELECT count(*) FROM audit WHERE act = 'purged' AND kind = 'draft' AND actor = 'service'`); n != want {
			t.Errorf("before the end of day %d: %d rows in the trail", days, n)
		}
	}
}
