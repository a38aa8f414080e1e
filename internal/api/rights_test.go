package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// right is what each organisation is answered on one route: on what is its own (or, without an id,
// at all), and on what is another's. Nobody is answered on what does not exist.
//
// The world: EXI has referred somebody to HARBOUR. CWI is another prison. The body is wrong on
// purpose, so that 422 or 400 means "allowed in", and nothing is changed while the table is walked.
type right struct {
	route  string
	own    map[string]int // by organisation; all others get 403
	others int            // what a permitted organisation gets on another's; 0 where there is no id
}

var (
	prisonOnly   = map[string]int{"EXI": 400}
	providerOnly = map[string]int{"HARBOUR": 400}
	bothIn       = map[string]int{"EXI": 400, "HARBOUR": 400}
	bothRead     = map[string]int{"EXI": 200, "HARBOUR": 200}
)

var rights = []right{
	{"POST /api/v1/referrals", map[string]int{"EXI": 400, "CWI": 400}, 0},
	{"GET /api/v1/referrals", map[string]int{"EXI": 200, "CWI": 200, "HARBOUR": 200}, 0},
	{"GET /api/v1/referrals/:id", bothRead, 404},
	{"POST /api/v1/referrals/:id/correction", prisonOnly, 404},
	{"POST /api/v1/referrals/:id/release-date", prisonOnly, 404},
	{"POST /api/v1/referrals/:id/release", prisonOnly, 404},
	{"POST /api/v1/referrals/:id/transfer", prisonOnly, 404},
	{"POST /api/v1/referrals/:id/withdrawal", prisonOnly, 404},
	{"GET /api/v1/slots", map[string]int{"EXI": 422, "CWI": 422, "HARBOUR": 200}, 0},
	{"POST /api/v1/referrals/:id/appointment", providerOnly, 0},
	{"POST /api/v1/appointments/:id/outcome", providerOnly, 0},
	{"POST /api/v1/referrals/:id/drop-in", providerOnly, 0},
	{"POST /api/v1/referrals/:id/pickup", providerOnly, 0},
	{"POST /api/v1/referrals/:id/contact", bothIn, 404},
	{"POST /api/v1/referrals/:id/closure", bothIn, 404},
	{"POST /api/v1/referrals/:id/undo", bothIn, 404},
	{"GET /api/v1/events", map[string]int{"EXI": 200, "CWI": 200, "HARBOUR": 200}, 0},
	{"POST /api/v1/imports/prison-releases", map[string]int{"EXI": 415, "CWI": 415}, 0},
	{"POST /api/v1/imports/provider-pickups", map[string]int{"HARBOUR": 415}, 0},
	{"GET /api/v1/continuity", map[string]int{"EXI": 422, "CWI": 422, "HARBOUR": 422, "SUBGROUP": 422}, 0},
	{"GET /api/v1/reports", map[string]int{"EXI": 200, "CWI": 200, "HARBOUR": 200, "SUBGROUP": 200, "ADMIN": 200, "AUDIT": 200}, 0},
	{"GET /api/v1/reports/:id", map[string]int{"EXI": 404, "CWI": 404, "HARBOUR": 404, "SUBGROUP": 404, "ADMIN": 404, "AUDIT": 404}, 0},
}

// open are the routes that need no key.
var open = []string{"GET /api/v1/openapi.yaml", "GET /healthz", "GET /readyz", "GET /metrics"}

func TestEveryRouteHasItsRights(t *testing.T) {
	e := echo.New()
	Register(e, Deps{})
	named := slices.Clone(open)
	for _, r := range rights {
		named = append(named, r.route)
	}
	for _, r := range e.Routes() {
		if !slices.Contains(named, r.Method+" "+r.Path) {
			t.Errorf("%s %s is registered, and no row says who may call it", r.Method, r.Path)
		}
	}
	if len(e.Routes()) != len(named) {
		t.Errorf("%d routes, %d rows", len(e.Routes()), len(named))
	}
}

func TestWhoMayCallWhat(t *testing.T) {
	h := newHouse(t)
	made := h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201)
	appointment := made.body["appointment"].(map[string]any)["id"].(string)
	for _, right := range rights {
		method, path, _ := strings.Cut(right.route, " ")
		id := made.text("id")
		if strings.Contains(path, "/appointments/") {
			id = appointment
		}
		for _, organisation := range []string{"EXI", "CWI", "HARBOUR", "SUBGROUP", "ADMIN", "AUDIT"} {
			want, permitted := right.own[organisation]
			switch {
			case !permitted && organisation == "CWI" && right.others != 0:
				want = right.others // a prison, but not the one that referred
			case !permitted:
				want = http.StatusForbidden
			}
			h.expect(organisation, method, strings.Replace(path, ":id", id, 1), want)
			if want == http.StatusForbidden || !strings.Contains(path, ":id") {
				continue
			}
			h.expect(organisation, method, strings.Replace(path, ":id", uuid.NewString(), 1), http.StatusNotFound)
			h.expect(organisation, method, strings.Replace(path, ":id", "not-an-id", 1), http.StatusNotFound)
		}
		h.expect("", method, strings.Replace(path, ":id", id, 1), http.StatusUnauthorized)
	}
}

// expect sends a request as the row means it: a body that reads but lacks everything, where the id
// is somebody else's or nobody's, and one with an unknown field where the caller should get in.
func (h *house) expect(organisation, method, path string, want int) {
	h.Helper()
	body := any(nil)
	if method == "POST" {
		body = map[string]any{"no_such_field": 1}
		if want == http.StatusNotFound {
			body = sufficient(path)
		}
		if want == http.StatusUnsupportedMediaType {
			body = nil
		}
	}
	if got := h.asks(organisation, method, path, body); got.status != want {
		h.Errorf("%s %s as %q: answered %d %s, not %d", method, path, organisation, got.status, got.raw, want)
	}
}

// sufficient is a body with which the act would go through on one's own referral.
func sufficient(path string) map[string]any {
	switch path[strings.LastIndex(path, "/")+1:] {
	case "correction":
		return map[string]any{"reason": "Wrong before.", "notes": "New."}
	case "release-date":
		return map[string]any{"planned_release_date": "2023-12-05"}
	case "release":
		return map[string]any{"released_on": "2023-11-20", "reason": "RELEASED"}
	case "transfer":
		return map[string]any{"to_prison": "DMI", "on": "2023-11-20"}
	case "withdrawal":
		return map[string]any{"reason": "mistaken", "on": "2023-11-20"}
	case "appointment":
		return map[string]any{}
	case "outcome":
		return map[string]any{"outcome": "attended"}
	case "drop-in":
		return map[string]any{"attended_on": "2023-11-20"}
	case "pickup":
		return map[string]any{"picked_up_on": "2023-11-20", "kind": "new_episode"}
	case "contact":
		return map[string]any{"kind": "phone", "on": "2023-11-20"}
	case "closure":
		return map[string]any{"reason": "died", "on": "2023-11-20"}
	}
	return map[string]any{"reason": "A slip."}
}

func TestTwoPrisonsNeverSeeEachOthersReferrals(t *testing.T) {
	h := newHouse(t)
	theirs := h.asks("CWI", "POST", "/api/v1/referrals", of("CWI", somebody(1, "C1"))).must(h, 201).text("id")
	mine := h.asks("EXI", "POST", "/api/v1/referrals", draft("E1")).must(h, 201).text("id")
	for _, r := range rights {
		method, path, _ := strings.Cut(r.route, " ")
		if !strings.Contains(path, "/referrals/:id") || r.own["EXI"] == 0 {
			continue
		}
		body := any(nil)
		if method == "POST" {
			body = sufficient(path)
		}
		of := h.asks("EXI", method, strings.Replace(path, ":id", theirs, 1), body)
		none := h.asks("EXI", method, strings.Replace(path, ":id", uuid.NewString(), 1), body)
		if of.status != 404 || withoutInstance(of) != withoutInstance(none) {
			t.Errorf("%s %s tells another's from none:\n%s\n%s", method, path, of.raw, none.raw)
		}
	}
	h.settled()
	for _, path := range []string{"/api/v1/referrals", "/api/v1/events"} {
		for organisation, ids := range map[string][2]string{"EXI": {mine, theirs}, "CWI": {theirs, mine}} {
			seen := h.asks(organisation, "GET", path, nil).must(h, 200).raw
			if !strings.Contains(seen, ids[0]) || strings.Contains(seen, ids[1]) {
				t.Errorf("GET %s as %s: %s", path, organisation, seen)
			}
		}
		both := h.asks("HARBOUR", "GET", path, nil).must(h, 200).raw
		if !strings.Contains(both, mine) || !strings.Contains(both, theirs) {
			t.Errorf("GET %s: the provider does not see both: %s", path, both)
		}
	}
}

func of(prison string, d map[string]any) map[string]any {
	d["prison"] = prison
	return d
}

func withoutInstance(r reply) string {
	return strings.Replace(r.raw, r.text("instance"), "", 1)
}

func TestKeysThatDoNotWork(t *testing.T) {
	h := newHouse(t)
	expired := h.key("EXI", 1)
	for _, c := range []struct{ name, header string }{
		{"none", ""},
		{"unknown", "Bearer tg_EXI_ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
		{"of another service", "Bearer sk_live_1"},
		{"the word alone", "Bearer"},
		{"another scheme", "Basic " + h.keys["EXI"]},
		{"a letter more", "Bearer " + h.keys["EXI"] + "A"},
		{"very long", "Bearer tg_" + strings.Repeat("A", 10000)},
	} {
		got := h.asks("", "GET", "/api/v1/referrals", nil, "Authorization", c.header)
		if got.status != 401 || got.code() != "unauthorized" || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", c.name, got.status, got.raw)
		}
	}
	h.asks("", "GET", "/api/v1/referrals", nil, "Authorization", "Bearer "+expired).must(h, 200)
	h.now = h.now.AddDate(0, 0, 1)
	h.asks("", "GET", "/api/v1/referrals", nil, "Authorization", "Bearer "+expired).must(h, 401)
	h.asks("EXI", "GET", "/api/v1/referrals", nil).must(h, 200)
}

func TestRefusalsAreAudited(t *testing.T) {
	h := newHouse(t)
	h.asks("SUBGROUP", "GET", "/api/v1/referrals", nil).must(h, 403)
	if n := h.count(`SELECT count(*) FROM audit WHERE act = 'refused' AND organisation = 'SUBGROUP' AND subject = 'GET /api/v1/referrals'`); n != 1 {
		t.Errorf("%d rows", n)
	}
}
