package api

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
)

const startOfCanary = "First name,Surname,Date of birth,Sex,Our reference,Referral received,Structured treatment start\n" +
	"Canary,Eithne,29/02/1984,Female,CANARY-ref,20/11/2023,20/11/2023\n"

// Each act is done with the word CANARY in everything that staff write of a person in their own words, and some are done
// upon others, so that what stood before is kept as well. Two fields are left out, since they are no words about a person
// and stand in clear: which treatment began, and the name of another provider.
func TestAStolenDatabaseHoldsNoWordOfWhatStaffWrote(t *testing.T) {
	h := newHouse(t)
	one := h.everyActOnACanary()
	for _, text := range []string{"CANARY", "Eithne", "C1234NR", "9990000018", "1984-02-29"} {
		if tables := h.database.TablesHolding(t, text); len(tables) > 0 {
			t.Errorf("%s stands in clear in %v", text, tables)
		}
	}
	if tables := h.database.TablesHolding(t, "psychosocial"); len(tables) != 1 || tables[0] != "pickup" { // the search finds what is there
		t.Errorf("the treatment stands in %v", tables)
	}
	told := h.asks("HARBOUR", "GET", one, nil).must(h, 200).raw
	for _, said := range []string{"CANARY-appeal", "CANARY-misheard", "CANARY-full", "CANARY-outcome", "CANARY-rang", "CANARY-misread", "CANARY-undone", "CANARY-other"} {
		if !strings.Contains(told, said) {
			t.Errorf("%s is not told to whom it concerns", said)
		}
	}
}

// everyActOnACanary is the address of the referral that most was done to.
func (h *house) everyActOnACanary() (one string) {
	h.Helper()
	d := draft("CANARY-reference")
	d["notes"], d["planned_release_date"], d["release_date_unknown_reason"] = "CANARY-notes", nil, "CANARY-remand"
	p := d["person"].(map[string]any)
	p["given_name"], p["family_name"], p["telephone"], p["prison_number"] = "Canary", "Eithne", "CANARY-telephone", "C1234NR"
	one = "/api/v1/referrals/" + h.asks("EXI", "POST", "/api/v1/referrals", d, "Idempotency-Key", "CANARY-key").must(h, 201).text("id")
	h.whyNoDay(one, "CANARY-remand")
	prison := func(call string, body map[string]any) reply {
		return h.asks("EXI", "POST", one+call, body).must(h, 200)
	}
	provider := func(call string, body map[string]any) reply {
		return h.asks("HARBOUR", "POST", one+call, body).must(h, 200)
	}

	prison("/release-date", map[string]any{"planned_release_date": "2023-12-04", "reason": "CANARY-calculated"})
	h.whyNoDay(one, "")
	prison("/release-date", map[string]any{"planned_release_date": nil, "reason": "CANARY-appeal"})
	h.whyNoDay(one, "CANARY-appeal")
	prison("/correction", map[string]any{"reason": "CANARY-misheard", "notes": "CANARY-afternoons", "person": map[string]any{"telephone": "CANARY-mobile"}})
	prison("/undo", map[string]any{"reason": "CANARY-undone"})
	h.whyNoDay(one, "CANARY-appeal")
	prison("/undo", map[string]any{"reason": "CANARY-undone"})
	h.whyNoDay(one, "")

	slot := h.fullSlot()
	booked := h.asks("HARBOUR", "POST", one+"/appointment", map[string]any{"slot_id": slot, "overbook_reason": "CANARY-full"}).must(h, 201)
	outcome := "/api/v1/appointments/" + booked.text("id") + "/outcome"
	h.asks("HARBOUR", "POST", outcome, map[string]any{"outcome": "cancelled", "cancelled_by": "person"}).must(h, 200)
	h.asks("HARBOUR", "POST", outcome, map[string]any{"outcome": "cancelled", "cancelled_by": "prison", "correction_reason": "CANARY-outcome"}).must(h, 200)
	provider("/contact", map[string]any{"kind": "phone", "on": "2023-11-20", "note": "CANARY-rang"})
	prison("/release", map[string]any{"released_on": "2023-11-18", "reason": "RELEASED"})
	provider("/pickup", map[string]any{"picked_up_on": "2023-11-18", "kind": "new_episode", "modality": "psychosocial"})
	provider("/pickup", map[string]any{"picked_up_on": "2023-11-19", "kind": "new_episode", "modality": "psychosocial", "correction_reason": "CANARY-misread"})
	provider("/undo", map[string]any{"reason": "CANARY-undone"})
	provider("/undo", map[string]any{"reason": "CANARY-undone"})

	h.sends(h.file("HARBOUR", "/api/v1/imports/provider-pickups", "file", "CANARY.csv", []byte(startOfCanary))).must(h, 200)
	h.unlink("CANARY-other")
	return one
}

// whyNoDay holds the referral against why no day of release is known; "" where one is.
func (h *house) whyNoDay(one, want string) {
	h.Helper()
	if got := h.asks("EXI", "GET", one, nil).must(h, 200).text("release_date_unknown_reason"); got != want {
		h.Errorf("no day is known: %q, not %q", got, want)
	}
}

// fullSlot is the first with free places, which are taken.
func (h *house) fullSlot() (id string) {
	h.Helper()
	free := h.asks("HARBOUR", "GET", "/api/v1/slots?provider=HARBOUR&from=2023-12-04&to=2023-12-08", nil).must(h, 200)
	id = listOf(free, "items")[0].(map[string]any)["id"].(string)
	h.jobs(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE place SET open = false WHERE slot_id = $1`, id)
		return err
	})
	return id
}

// unlink undoes the one link that there is, for its provider.
func (h *house) unlink(reason string) {
	h.Helper()
	var link uuid.UUID
	h.jobs(func(ctx context.Context, tx *db.Tx) error {
		return tx.Get(ctx, &link, `SELECT id FROM link WHERE undone_at IS NULL AND referral_id IS NOT NULL`)
	})
	harbour := staff.Who{By: audit.By{Organisation: "HARBOUR", Actor: "staff:test", Via: "page"}, Role: staff.Provider}
	if err := reconcile.UndoLink(h.Context(), h.pool, harbour, h.now, link, reason); err != nil {
		h.Fatal(err)
	}
}
