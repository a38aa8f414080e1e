package api

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"throughgate/internal/reconcile"
)

// One person's way through the gate, every request and answer held against the description.
func TestFromReferralToPickUp(t *testing.T) {
	h := newHouse(t)
	free := h.asks("EXI", "GET", "/api/v1/slots?provider=HARBOUR&from=2023-12-04&to=2023-12-08", nil).must(h, 200)
	if len(listOf(free, "items")) == 0 {
		t.Fatal("no free slots")
	}
	made := h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201)
	one := "/api/v1/referrals/" + made.text("id")
	if made.header.Get("Location") != one || made.text("state") != "booked" {
		t.Errorf("%s %s", made.header.Get("Location"), made.raw)
	}

	shown := h.asks("HARBOUR", "GET", one, nil).must(h, 200)
	if name := shown.body["person"].(map[string]any)["given_name"]; name != "Siân" {
		t.Errorf("the provider reads %v", name)
	}
	listed := h.asks("EXI", "GET", "/api/v1/referrals?state=booked&release_from=2023-12-01&release_to=2023-12-31&limit=10", nil).must(h, 200)
	if len(listOf(listed, "items")) != 1 {
		t.Errorf("%s", listed.raw)
	}

	moved := h.asks("EXI", "POST", one+"/release-date", map[string]any{"planned_release_date": "2023-12-11", "reason": "Recalculated."}).must(h, 200)
	if moved.body["old_appointment"] == nil || moved.body["new_appointment"] == nil {
		t.Errorf("old and new appointment are not both there: %s", moved.raw)
	}
	unknown := h.asks("EXI", "POST", one+"/release-date", map[string]any{"planned_release_date": nil, "reason": "Under appeal."}).must(h, 200)
	if unknown.text("state") != "unbooked" || unknown.text("unbooked_reason") != "no_release_date" {
		t.Errorf("%s", unknown.raw)
	}
	h.asks("EXI", "POST", one+"/undo", map[string]any{"reason": "The appeal was withdrawn."}).must(h, 200)
	h.asks("EXI", "POST", one+"/correction", map[string]any{"reason": "Misheard.", "notes": "Prefers afternoons."}).must(h, 200)

	h.now = time.Date(2023, 12, 11, 9, 0, 0, 0, time.UTC)
	h.asks("EXI", "POST", one+"/release", map[string]any{"released_on": "2023-12-11", "reason": "RELEASED", "naloxone_supplied": true}).must(h, 200)
	booked := h.asks("HARBOUR", "GET", one, nil).must(h, 200).body["appointment"].(map[string]any)

	h.now = h.now.AddDate(0, 0, 10)
	missed := h.asks("HARBOUR", "POST", "/api/v1/appointments/"+booked["id"].(string)+"/outcome",
		map[string]any{"outcome": "did_not_attend", "reason": "none_given"}).must(h, 200)
	next, _ := missed.body["next_free"].(map[string]any)
	if next == nil {
		t.Fatalf("no next place is offered: %s", missed.raw)
	}
	again := h.asks("HARBOUR", "POST", one+"/appointment", map[string]any{"slot_id": next["id"]}).must(h, 201)
	if again.body["attempt"] != booked["attempt"].(float64)+1 {
		t.Errorf("%s", again.raw)
	}
	h.asks("HARBOUR", "POST", one+"/contact", map[string]any{"kind": "phone", "on": "2023-12-20", "note": "Will come."}).must(h, 200)
	h.asks("HARBOUR", "POST", one+"/drop-in", map[string]any{"attended_on": "2023-12-21"}).must(h, 201)
	picked := h.asks("HARBOUR", "POST", one+"/pickup", map[string]any{"picked_up_on": "2023-12-21", "kind": "new_episode"}).must(h, 200)
	if picked.text("state") != "picked_up" {
		t.Errorf("%s", picked.raw)
	}

	h.now = time.Date(2024, 1, 22, 9, 0, 0, 0, time.UTC)
	rate := h.asks("SUBGROUP", "GET", "/api/v1/continuity?window_end=2023-12-31&data_through=2024-01-21&months=2", nil).must(h, 200)
	last := listOf(rate, "windows")[1].(map[string]any)["m1"].(map[string]any)
	if last["releases"] != 1.0 || last["picked_up"] != 1.0 {
		t.Errorf("M1 is %v", last)
	}

	h.settled()
	told := []string{}
	for _, e := range listOf(h.asks("EXI", "GET", "/api/v1/events", nil).must(h, 200), "items") {
		told = append(told, e.(map[string]any)["kind"].(string))
	}
	for _, kind := range []string{"referred", "booked", "date_changed", "undone", "corrected", "released", "missed", "contact", "drop_in", "picked_up"} {
		if !slices.Contains(told, kind) {
			t.Errorf("the prison is not told %q: %v", kind, told)
		}
	}
}

func listOf(r reply, field string) []any {
	l, _ := r.body[field].([]any)
	return l
}

func TestEventsGoOnWhereTheyStopped(t *testing.T) {
	h := newHouse(t)
	h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201)
	h.settled()
	var all []any
	path := "/api/v1/events?limit=1"
	for range 10 {
		page := h.asks("EXI", "GET", path, nil).must(h, 200)
		all = append(all, listOf(page, "items")...)
		if page.body["next_cursor"] == nil {
			break
		}
		path = "/api/v1/events?limit=1&after=" + page.text("next_cursor")
	}
	if len(all) != 2 {
		t.Errorf("%d events, not referred and booked: %v", len(all), all)
	}
	h.asks("EXI", "GET", "/api/v1/events?after=yesterday", nil).must(h, 422)
}

func TestTheOtherEnds(t *testing.T) {
	h := newHouse(t)
	refer := func(n int, reference string) string {
		return "/api/v1/referrals/" + h.asks("EXI", "POST", "/api/v1/referrals", somebody(n, reference)).must(h, 201).text("id")
	}
	withdrawn := refer(1, "R1")
	if got := h.asks("EXI", "POST", withdrawn+"/withdrawal", map[string]any{"reason": "mistaken", "on": "2023-11-20"}).must(h, 200); got.text("state") != "withdrawn" {
		t.Errorf("%s", got.raw)
	}
	if got := h.asks("HARBOUR", "POST", withdrawn+"/appointment", map[string]any{}).must(h, 409); got.code() != "changed_since" {
		t.Errorf("%s", got.raw)
	}
	transferred := refer(2, "R2")
	if got := h.asks("EXI", "POST", transferred+"/transfer", map[string]any{"to_prison": "CWI", "on": "2023-11-20"}).must(h, 200); got.text("prison") != "CWI" {
		t.Errorf("%s", got.raw)
	}
	h.asks("EXI", "GET", transferred, nil).must(h, 404)
	h.asks("CWI", "GET", transferred, nil).must(h, 200)

	closed := refer(3, "R3")
	h.asks("EXI", "POST", closed+"/release", map[string]any{"released_on": "2023-11-20", "reason": "RELEASED"}).must(h, 200)
	if got := h.asks("HARBOUR", "POST", closed+"/closure", map[string]any{"reason": "picked_up_elsewhere", "on": "2023-11-20"}).must(h, 422); !slices.Contains(got.fields(), "provider_name") {
		t.Errorf("%s", got.raw)
	}
	if got := h.asks("EXI", "POST", closed+"/closure", map[string]any{"reason": "declined", "on": "2023-11-20"}); got.status != 403 {
		t.Errorf("a prison closed as declined: %s", got.raw)
	}
	if got := h.asks("EXI", "POST", closed+"/closure", map[string]any{"reason": "returned_to_custody", "on": "2023-11-20"}).must(h, 200); got.text("state") != "closed" {
		t.Errorf("%s", got.raw)
	}
}

// All faults of a referral are named at once, and none of them repeats what was sent.
func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	h := newHouse(t)
	d := draft("R1")
	d["planned_release_date"] = "2025-12-04"
	d["substances"] = []any{}
	d["person"].(map[string]any)["nhs_number"] = "9990000019"
	d["person"].(map[string]any)["date_of_birth"] = "31/02/1985"
	d["person"].(map[string]any)["family_name"] = "O\u202eNeill"
	d["notes"] = "a\x00b"
	got := h.asks("EXI", "POST", "/api/v1/referrals", d).must(h, 422)
	for _, field := range []string{"planned_release_date", "substances", "person.nhs_number", "person.date_of_birth", "person.family_name", "notes"} {
		if !slices.Contains(got.fields(), field) {
			t.Errorf("%s is not named: %s", field, got.raw)
		}
	}
	for _, secret := range []string{"9990000019", "31/02/1985", "Neill", "Siân", "A1234BC"} {
		if strings.Contains(got.raw, secret) {
			t.Errorf("the answer repeats %q", secret)
		}
	}
	if n := h.count(`SELECT (SELECT count(*) FROM referral) + (SELECT count(*) FROM person) + (SELECT count(*) FROM idempotency_record)`); n != 0 {
		t.Errorf("%d rows were left behind", n)
	}
}

func TestADateThatWasForgottenIsNotADateThatIsUnknown(t *testing.T) {
	h := newHouse(t)
	one := "/api/v1/referrals/" + h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201).text("id")
	for _, c := range []struct {
		name   string
		body   any
		status int
	}{
		{"forgotten", map[string]any{"reason": "x"}, 422},
		{"a number", map[string]any{"planned_release_date": 20231204}, 400},
		{"the date only", map[string]any{"planned_release_date": "2023-12-05"}, 200},
		{"unknown", map[string]any{"planned_release_date": nil}, 200},
	} {
		if got := h.asks("EXI", "POST", one+"/release-date", c.body); got.status != c.status {
			t.Errorf("%s: %d %s", c.name, got.status, got.raw)
		}
	}
}

func TestWhatCannotBeWrittenChangesNothing(t *testing.T) {
	h := newHouse(t)
	one := "/api/v1/referrals/" + h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201).text("id")
	for _, c := range []struct {
		organisation, call string
		body               map[string]any
		status             int
	}{
		{"EXI", "/contact", map[string]any{"kind": "phone", "on": "2023-11-20", "note": "a\x00b"}, 422},
		{"EXI", "/withdrawal", map[string]any{"reason": "died\x00", "on": "2023-11-20"}, 422},
		{"HARBOUR", "/appointment", map[string]any{"overbook_reason": "a\x00b"}, 422},
		{"CWI", "/contact", map[string]any{"kind": "phone", "on": "2023-11-20", "note": "a\x00b"}, 404},
	} {
		got := h.asks(c.organisation, "POST", one+c.call, c.body)
		if got.status != c.status {
			t.Errorf("%s %s: %d %s", c.organisation, c.call, got.status, got.raw)
		}
	}
	if n := h.count(`SELECT count(*) FROM event WHERE kind NOT IN ('referred', 'booked')`); n != 0 {
		t.Errorf("%d events were left behind", n)
	}
}

func TestNullEmptiesAFieldInACorrection(t *testing.T) {
	h := newHouse(t)
	d := draft("R1")
	d["notes"] = "has moved cells"
	d["opioid_substitution"] = map[string]any{"medicine": "methadone"}
	one := "/api/v1/referrals/" + h.asks("EXI", "POST", "/api/v1/referrals", d).must(h, 201).text("id")
	h.asks("EXI", "POST", one+"/correction", map[string]any{"reason": "stopped", "opioid_substitution": nil, "notes": nil, "attends_smart": true}).must(h, 200)
	got := h.asks("EXI", "GET", one, nil).must(h, 200)
	if got.body["opioid_substitution"] != nil || got.body["notes"] != nil || got.body["attends_smart"] != true {
		t.Error(got.raw)
	}
	wrong := h.asks("EXI", "POST", one+"/correction", map[string]any{"reason": "slip", "person": map[string]any{"family_name": nil}}).must(h, 422)
	if !slices.Contains(wrong.fields(), "person.family_name") {
		t.Error(wrong.raw)
	}
}

func TestQueriesAreReadStrictly(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		path   string
		status int
		field  string
	}{
		{"/api/v1/referrals?limit=10", 200, ""},
		{"/api/v1/referrals?stat=booked", 400, "stat"},
		{"/api/v1/referrals?limit=10&limit=20", 400, "limit"},
		{"/api/v1/referrals?limit=0", 422, "limit"},
		{"/api/v1/referrals?limit=ten", 422, "limit"},
		{"/api/v1/referrals?state=waiting", 422, "state"},
		{"/api/v1/referrals?state=waiting&limit=ten", 422, "state"},
		{"/api/v1/referrals?state=waiting&limit=201", 422, "limit"},
		{"/api/v1/referrals?release_from=2023-12-04&release_to=2023-12-01", 422, "release_to"},
		{"/api/v1/referrals?release_from=4/12/2023", 422, "release_from"},
		{"/api/v1/slots?provider=HARBOUR&from=2023-12-04&to=2023-12-01", 422, "to"},
		{"/api/v1/slots?provider=NOWHERE", 422, "provider"},
		{"/api/v1/slots?provider=%00", 422, "provider"},
		{"/api/v1/referrals?cursor=%ff", 422, "cursor"},
		{"/api/v1/continuity", 422, "window_end"},
		{"/api/v1/continuity?window_end=2023-02-30", 422, "window_end"},
		{"/api/v1/continuity?window_end=2023-10-31&months=0", 422, "months"},
		{"/api/v1/reports?limit=3", 400, "limit"},
	} {
		got := h.asks("EXI", "GET", c.path, nil)
		if got.status != c.status || c.field != "" && !slices.Contains(got.fields(), c.field) {
			t.Errorf("%s: %d %s", c.path, got.status, got.raw)
		}
	}
}

// file makes a multipart request.
func (h *house) file(organisation, path, part, name string, content []byte, headers ...string) *http.Request {
	h.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	w, err := form.CreateFormFile(part, name)
	if err != nil {
		h.Fatal(err)
	}
	w.Write(content)
	form.Close()
	return h.request(organisation, "POST", path, body.String(), append(headers, "Content-Type", form.FormDataContentType())...)
}

const releases = "First name,Surname,Date of birth,Sex,Client reference,Initial reception date,Drug 1,Drug 2,Drug 3,Discharge reason,Prison exit date,Prison exit reason,Prison exit destination,Referral on release status\n" +
	"Anna,Example,23/04/1985,Female,A1111AA,01/02/2023,Heroin,,,Transferred - not in custody,01/11/2023,Released,PLYB,Yes - referred to community treatment\n" +
	"Ben,Example,04/13/1985,Male,A2222AA,01/02/2023,Heroin,,,Transferred - not in custody,02/11/2023,Released,PLYB,Yes - referred to community treatment\n"

func TestAFileIsAnsweredRowByRow(t *testing.T) {
	h := newHouse(t)
	const path = "/api/v1/imports/prison-releases"
	try := h.sends(h.file("EXI", path+"?dry_run=true", "file", "releases.csv", []byte(releases))).must(h, 200)
	if n := h.count(`SELECT count(*) FROM referral`); n != 0 {
		t.Errorf("a dry run stored %d", n)
	}
	first := h.sends(h.file("EXI", path, "file", "releases.csv", []byte(releases), "Idempotency-Key", "f1")).must(h, 200)
	if first.body["accepted"] != 1.0 || len(listOf(first, "refused")) != 1 || try.body["accepted"] != 1.0 {
		t.Errorf("%s", first.raw)
	}
	again := h.sends(h.file("EXI", path, "file", "releases.csv", []byte(releases), "Idempotency-Key", "f1")).must(h, 200)
	if again.raw != first.raw || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s, not %s", again.raw, first.raw)
	}
	h.sends(h.file("EXI", path, "file", "other.csv", []byte(releases), "Idempotency-Key", "f1")).must(h, 422)
	same := h.sends(h.file("EXI", path, "file", "../re\u202eleases.csv", []byte(releases))).must(h, 200)
	if same.body["unchanged"] != 1.0 || same.body["file"] != "releases.csv" {
		t.Errorf("%s", same.raw)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	h := newHouse(t)
	const path = "/api/v1/imports/prison-releases"
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
	}{
		{"another part", h.file("EXI", path, "upload", "releases.csv", []byte(releases)), 400},
		{"no name", h.file("EXI", path, "file", "", []byte(releases)), 422},
		{"too large", h.file("EXI", path, "file", "releases.csv", make([]byte, reconcile.MaxFileBytes+1)), 413},
		{"far too large", h.file("EXI", path, "file", "releases.csv", make([]byte, reconcile.MaxFileBytes+2*MostEnvelope)), 413},
		{"a wrong flag", h.file("EXI", path+"?dry_run=yes", "file", "releases.csv", []byte(releases)), 422},
		{"JSON", h.request("EXI", "POST", path, map[string]any{}), 415},
		{"cut short", h.request("EXI", "POST", path, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nFirst", "Content-Type", "multipart/form-data; boundary=x"), 400},
		{"nothing in it", h.request("EXI", "POST", path, "--x--\r\n", "Content-Type", "multipart/form-data; boundary=x"), 422},
		{"headings nobody knows", h.file("EXI", path, "file", "releases.csv", []byte("a,b\n1,2\n")), 422},
	} {
		if got := h.sends(c.r); got.status != c.status {
			t.Errorf("%s: %d %s", c.name, got.status, got.raw)
		}
	}
}
