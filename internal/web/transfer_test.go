package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"throughgate/internal/db"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

func TestWhoWasTransferredIsHandedOverToThePrisonThatHasThem(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.referred(draft("A1234BC")).String()
	b := h.as("EXI")
	if s := b.post(path+"/release", "reason", "TRANSFERRED"); s.location != path+"/transfer" {
		t.Errorf("the answer leads to %d %q", s.status, s.location)
	}
	if s := b.post(path+"/transfer", "to_prison", "CWI", "on-day", "20", "on-month", "11", "on-year", "2023"); s.status != http.StatusSeeOther {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	if s := h.as("CWI").open(path); s.status != http.StatusOK || s.Find(".app-next a").AttrOr("href", "") != path+"/release-date" {
		t.Errorf("the other prison's next step: %d %s", s.status, s.Find(".app-next").Text())
	}
}

// A prison's program knows that somebody was transferred, and not where to.
func TestATransferOfWhichTheOtherPrisonIsNotKnownIsTheNextStep(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC"))
	path, who := "/referrals/"+id.String(), h.who("EXI", staff.Prison)
	h.act(who, func(ctx context.Context, tx *db.Tx) error {
		_, err := referral.Release(ctx, tx, who, h.now, id, referral.ReleaseDraft{ReleasedOn: "2023-11-20", Reason: "TRANSFERRED"})
		return err
	})
	b := h.as("EXI")
	if next := b.open(path).Find(".app-next"); next.Find("a").AttrOr("href", "") != path+"/transfer" || !strings.Contains(next.Text(), "hand it over") {
		t.Errorf("the next step: %s", next.Text())
	}
	undo, date := []string{"/undo", "reason", "a slip"}, append([]string{"/release-date?of=expected"}, oneDay("planned_release_date", "28")...)
	for _, step := range []struct {
		form []string
		next string
	}{{date, "/release-date"}, {undo, "/transfer"}, {undo, "/release-date"}} {
		if s := b.post(path+step.form[0], step.form[1:]...); s.status != http.StatusSeeOther {
			t.Fatalf("%s: %d %v", step.form[0], s.status, s.faults())
		}
		if next := b.open(path).Find(".app-next a").AttrOr("href", ""); next != path+step.next {
			t.Errorf("after %s the next step is %s", step.form[0], next)
		}
	}
}
