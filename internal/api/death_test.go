package api

import "testing"

// Released on 10 November and referred again for 4 December, somebody dies on the 15th: no place is booked for them any more,
// and whoever takes the death back is told of both.
func TestADeathEndsWhatElseAwaitsThePerson(t *testing.T) {
	h := newHouse(t)
	d := draft("R1")
	d["planned_release_date"], d["released_on"], d["referred_on"] = nil, "2023-11-10", "2023-11-01"
	released := h.asks("EXI", "POST", "/api/v1/referrals", d).must(h, 201).text("id")
	again := draft("R2")
	again["person"] = d["person"]
	awaiting := h.asks("EXI", "POST", "/api/v1/referrals", again).must(h, 201).text("id")
	named := func(r reply, want string) {
		t.Helper()
		others := listOf(r, "ended_together")
		if len(others) != 1 || others[0].(map[string]any)["id"] != want {
			t.Errorf("%s is not named: %s", want, r.raw)
		}
	}
	const on = "/api/v1/referrals/"
	named(h.asks("HARBOUR", "POST", on+released+"/closure", map[string]any{"reason": "died", "on": "2023-11-15"}).must(h, 200), awaiting)
	named(h.asks("EXI", "GET", on+awaiting, nil).must(h, 200), released)
	if got := h.asks("EXI", "POST", on+awaiting+"/release-date", map[string]any{"planned_release_date": "2023-12-11"}); got.status != 409 {
		t.Errorf("a release is planned for the dead: %d %s", got.status, got.raw)
	}
	named(h.asks("HARBOUR", "POST", on+released+"/undo", map[string]any{"reason": "Somebody else."}).must(h, 200), awaiting)
	if back := h.asks("HARBOUR", "POST", on+awaiting+"/undo", map[string]any{"reason": "Somebody else."}).must(h, 200); back.text("state") != "booked" {
		t.Errorf("%s", back.raw)
	}
}
