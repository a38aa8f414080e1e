package api

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"

	"throughgate/internal/db"
)

// count reads one number as the program's jobs see it.
func (h *house) count(query string, args ...any) (n int) {
	h.Helper()
	h.jobs(func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &n, query, args...) })
	return n
}

func TestAReferralSentAgainIsAnsweredAsBefore(t *testing.T) {
	h := newHouse(t)
	first := h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201)
	for _, c := range []struct {
		name string
		body any
	}{
		{"the same", draft("R1")},
		{"with spaces and in another order", `{"notes": "Prefers mornings.",
			"consent": {"recorded_on": "2023-11-20", "share_with_reconnect": "refused", "share_with_provider": "given"},
			"reconnect_referred": false, "attends_smart": true, "naloxone_supplied": true,
			"opioid_substitution": {"bridging_until": "2023-12-08", "medicine": "methadone"},
			"substances": ["heroin", "crack cocaine"], "released_on": null, "release_date_certainty": "expected",
			"release_kind": "conditional", "planned_release_date": "2023-12-04", "referred_on": "2023-11-20",
			"person": {"sex": "female", "date_of_birth": "1984-02-29", "family_name": "O'Neill", "given_name": "Si\u00e2n",
				"nhs_number": "9990000018", "prison_number": "A1234BC"},
			"provider": "HARBOUR", "prison": "EXI", "sender_reference": "R1"}`},
	} {
		again := h.asks("EXI", "POST", "/api/v1/referrals", c.body).must(h, 201)
		if again.raw != first.raw || again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("%s: %s, not %s", c.name, again.raw, first.raw)
		}
		if again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%s: not marked as answered before", c.name)
		}
	}
	if n := h.count(`SELECT count(*) FROM referral`); n != 1 {
		t.Errorf("%d referrals", n)
	}
}

func TestTheAnswerOutlivesTheServer(t *testing.T) {
	h := newHouse(t)
	first := h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201)
	h.now = h.now.AddDate(0, 0, 4) // a long weekend
	another := h.server(h.pool)
	again := h.sendsTo(another, h.request("EXI", "POST", "/api/v1/referrals", draft("R1"))).must(h, 201)
	if again.raw != first.raw {
		t.Errorf("%s, not %s", again.raw, first.raw)
	}
}

func TestAReferenceSentWithOtherContentNamesWhatDiffers(t *testing.T) {
	h := newHouse(t)
	first := h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201)
	other := draft("R1")
	other["planned_release_date"] = "2023-12-05"
	other["person"].(map[string]any)["given_name"] = "Sian"
	got := h.asks("EXI", "POST", "/api/v1/referrals", other).must(h, 409)
	if got.code() != "reference_reused" || got.text("id") != first.text("id") {
		t.Errorf("%s", got.raw)
	}
	fields, _ := got.body["fields"].([]any)
	if !slices.Equal(fields, []any{"person.given_name", "planned_release_date"}) {
		t.Errorf("named %v", fields)
	}
}

func TestTwoPrisonsMayUseOneReference(t *testing.T) {
	h := newHouse(t)
	h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201)
	h.asks("CWI", "POST", "/api/v1/referrals", of("CWI", somebody(1, "R1"))).must(h, 201)
}

func TestAnIdempotencyKey(t *testing.T) {
	h := newHouse(t)
	made := h.asks("EXI", "POST", "/api/v1/referrals", draft("R1"), "Idempotency-Key", "k0").must(h, 201)
	contact := "/api/v1/referrals/" + made.text("id") + "/contact"
	call := map[string]any{"kind": "phone", "on": "2023-11-20"}
	first := h.asks("HARBOUR", "POST", contact, call, "Idempotency-Key", "k1").must(h, 200)
	for _, c := range []struct {
		name, organisation, path, key string
		body                          map[string]any
		status                        int
		code                          string
	}{
		{"the same", "HARBOUR", contact, "k1", call, 200, ""},
		{"other content", "HARBOUR", contact, "k1", map[string]any{"kind": "cjit", "on": "2023-11-20"}, 422, "idempotency_key_reused"},
		{"another call", "HARBOUR", "/api/v1/referrals/" + made.text("id") + "/undo", "k1", map[string]any{"reason": "A slip."}, 422, "idempotency_key_reused"},
		{"a key that is none", "HARBOUR", contact, "k\x01", call, 422, "invalid"},
		{"another organisation's key", "EXI", contact, "k1", map[string]any{"kind": "reconnect", "on": "2023-11-20"}, 200, ""},
		{"the referral's own", "EXI", "/api/v1/referrals", "k0", draft("R1"), 201, ""},
		{"the referral's reference with a new key", "EXI", "/api/v1/referrals", "k2", draft("R1"), 201, ""},
		{"that new key again", "EXI", "/api/v1/referrals", "k2", draft("R1"), 201, ""},
	} {
		got := h.asks(c.organisation, "POST", c.path, c.body, "Idempotency-Key", c.key)
		if got.status != c.status || got.code() != c.code {
			t.Errorf("%s: %d %s", c.name, got.status, got.raw)
		}
	}
	if again := h.asks("HARBOUR", "POST", contact, call, "Idempotency-Key", "k1"); again.raw != first.raw {
		t.Errorf("%s, not %s", again.raw, first.raw)
	}
	if n := h.count(`SELECT count(*) FROM contact WHERE kind = 'phone'`); n != 1 {
		t.Errorf("%d phone calls", n)
	}
	if n := h.count(`SELECT count(*) FROM idempotency_record WHERE status IS NULL`); n != 0 {
		t.Errorf("%d records without an answer", n)
	}
}

func TestWhatWasRefusedMayBePutRight(t *testing.T) {
	h := newHouse(t)
	wrong := draft("R1")
	wrong["substances"] = []any{}
	h.asks("EXI", "POST", "/api/v1/referrals", wrong, "Idempotency-Key", "k1").must(h, 422)
	h.asks("EXI", "POST", "/api/v1/referrals", draft("R1"), "Idempotency-Key", "k1").must(h, 201)
}

// While the first runs, the second waits for it; it is not carried out beside it.
func TestTheSameRequestStillRunning(t *testing.T) {
	h := newHouse(t)
	k := claim{kind: byReference, name: "R1", call: "POST " + referrals}
	got := reply{}
	err := h.pool.Try(h.Context(), db.Scope{Part: db.Acts, Organisation: "EXI"}, func(tx *db.Tx) error {
		if mine, err := k.take(h.Context(), tx, "EXI", h.now); err != nil || !mine {
			t.Fatal(mine, err)
		}
		got = h.asks("EXI", "POST", "/api/v1/referrals", draft("R1"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.status != 409 || got.code() != "still_running" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201)
}

func TestSixtyFourIdenticalPostsAreOneReferral(t *testing.T) {
	h := newHouse(t)
	servers := []http.Handler{h.web, h.server(h.pool)}
	answers := make([]reply, 64)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = h.sendsTo(servers[i%2], h.request("EXI", "POST", "/api/v1/referrals", draft("R1")))
		})
	}
	all.Wait()
	fresh := 0
	for _, a := range answers {
		if a.status != 201 || a.raw != answers[0].raw {
			t.Errorf("%d %s, not %s", a.status, a.raw, answers[0].raw)
		}
		if a.header.Get("Idempotent-Replayed") == "" {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%d answers say that they were the first", fresh)
	}
	for what, n := range map[string]int{
		"referrals":    h.count(`SELECT count(*) FROM referral`),
		"appointments": h.count(`SELECT count(*) FROM appointment`),
		"places taken": h.count(`SELECT count(*) FROM place WHERE appointment_id IS NOT NULL`),
	} {
		if n != 1 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// Fifty people for the last three places of the only day that is left in the target.
func TestFiftyAtOnceForTheLastThreePlaces(t *testing.T) {
	h := newHouse(t)
	h.jobs(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `
			DELETE FROM place
			WHERE (slot_id, number) NOT IN (SELECT slot_id, number FROM place WHERE starts_at > $1 AND prescribing ORDER BY starts_at, number LIMIT 3)
			  AND starts_at < $2`, h.now.AddDate(0, 0, 15), h.now.AddDate(0, 0, 60))
		return err
	})
	answers := make([]reply, 50)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = h.asks("EXI", "POST", "/api/v1/referrals", somebody(i, "R"+string(rune('a'+i%26))+string(rune('a'+i/26))))
		})
	}
	all.Wait()
	booked, unbooked := 0, 0
	for _, a := range answers {
		a.must(h, 201)
		switch a.text("state") {
		case "booked":
			booked++
		case "unbooked":
			unbooked++
		}
	}
	if booked != 3 || unbooked != 47 {
		t.Errorf("%d booked and %d unbooked", booked, unbooked)
	}
	if n := h.count(`SELECT count(*) FROM (SELECT slot_id FROM appointment GROUP BY slot_id HAVING count(*) > 2) AS overbooked`); n != 0 {
		t.Errorf("%d slots are overbooked", n)
	}
}
