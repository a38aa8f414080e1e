package web

import (
	"context"
	"strings"
	"testing"

	"throughgate/internal/db"
	"throughgate/internal/pickup"
	"throughgate/internal/staff"
)

// 8 Nov                18     20            27
// |--------------------|------|-------------|
// released by Exeter   died   today         planned by Channings Wood
func TestAReferralThatADeathEndedSaysSoToThoseWhoseItIs(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.PlannedReleaseDate, d.ReleasedOn = "", "2023-11-08"
	released := h.referred(d)
	again := draft("A1234BC")
	again.Prison = "CWI"
	awaiting := h.referred(again).String()
	h.act(h.who("HARBOUR", staff.Provider), func(ctx context.Context, tx *db.Tx) error {
		_, err := pickup.Close(ctx, tx, h.who("HARBOUR", staff.Provider), h.now, released, pickup.ClosureDraft{Reason: "died", On: "2023-11-18"})
		return err
	})
	const followed = "This ended because the person's death was recorded."
	provider := h.as("HARBOUR")
	first, other := provider.open("/referrals/"+released.String()), provider.open("/referrals/"+awaiting)
	if first.Find(`a[href="/referrals/`+awaiting+`"]`).Length() != 1 || strings.Contains(first.text(), followed) {
		t.Errorf("where the death was recorded: %s", first.text())
	}
	if other.Find(`a[href="/referrals/`+released.String()+`"]`).Length() == 0 || !strings.Contains(other.text(), followed) {
		t.Errorf("the other: %s", other.text())
	}
	if page := h.as("CWI").open("/referrals/" + awaiting); strings.Contains(page.raw, released.String()) || !strings.Contains(page.text(), followed) {
		t.Errorf("to the prison of the other: %s", page.text())
	}
	if page := h.as("EXI").open("/referrals/" + released.String()); strings.Contains(page.raw, awaiting) {
		t.Error("Exeter reads of Channings Wood's referral")
	}
}
