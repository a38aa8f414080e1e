package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"throughgate/internal/db"
)

// codesOn are the recovery codes that a page shows.
func codesOn(s shown) (codes []string) {
	for _, c := range s.Find(".app-codes code").EachIter() {
		codes = append(codes, c.Text())
	}
	return codes
}

func TestAPersonLooksAfterTheirOwnWayIn(t *testing.T) {
	h := newHouse(t)
	secret := h.enrolled("HARBOUR")
	b := h.as("HARBOUR")
	if s := b.open("/account"); !strings.Contains(s.text(), "You have none left") {
		t.Errorf("no codes yet: %s", s.text())
	}
	for name, c := range map[string]struct {
		path  string
		form  []string
		wrong []string
	}{
		"new codes, no password":     {"/account/recovery-codes", nil, []string{"password"}},
		"new codes, wrong password":  {"/account/recovery-codes", []string{"password", "not mine at all"}, []string{"password"}},
		"password, nothing":          {"/account/password", nil, []string{"password", "new_password"}},
		"password, short and common": {"/account/password", []string{"password", password, "new_password", "Password2024!"}, []string{"new_password"}},
	} {
		s := b.post(c.path, c.form...)
		said := s.faults()
		if s.status != http.StatusUnprocessableEntity || len(said) != len(c.wrong) || !strings.HasPrefix(s.title(), "Error: ") {
			t.Errorf("%s: %d %v", name, s.status, said)
		}
		for _, id := range c.wrong {
			if said[id] == "" {
				t.Errorf("%s: %q is not named: %v", name, id, said)
			}
		}
	}
	mark := value(b.open("/account/recovery-codes"), "codes")
	codes := codesOn(b.post("/account/recovery-codes", "password", password, "codes", mark))
	if len(codes) != 10 {
		t.Fatalf("codes %v", codes)
	}
	if s := b.post("/account/recovery-codes", "password", password, "codes", mark); s.status != http.StatusConflict || len(codesOn(s)) > 0 ||
		!strings.Contains(s.faults()["password"], "made already") || value(s, "codes") == mark {
		t.Errorf("reloaded: %d %v", s.status, s.faults())
	}
	if s := b.open("/account"); !strings.Contains(s.text(), "You have 10 left") || strings.Contains(s.text(), codes[0]) {
		t.Errorf("afterwards: %s", s.text())
	}
	other := h.browser()
	if s := other.post("/sign-in", "email", emailOf("HARBOUR"), "password", password, "code", codes[3]); s.location != "/" {
		t.Errorf("signing in with a recovery code: %d %v", s.status, s.faults())
	}
	if s := b.post("/account/password", "password", password, "new_password", "kettle violet tractor"); s.status != http.StatusOK {
		t.Errorf("changing the password: %d %v", s.status, s.faults())
	}
	if s := other.open("/"); s.location != "/sign-in" {
		t.Errorf("the other browser is still signed in: %d", s.status)
	}
	if s := other.post("/sign-in", "email", emailOf("HARBOUR"), "password", "kettle violet tractor", "code", h.code(secret, h.now)); s.location != "/" {
		t.Errorf("with the new password: %d %v", s.status, s.faults())
	}
}

func TestSigningOutIsEverywhere(t *testing.T) {
	h := newHouse(t)
	h.enrolled("EXI")
	desk, ward := h.as("EXI"), h.as("EXI")
	desk.post("/sign-out")
	if s := ward.open("/"); s.location != "/sign-in" {
		t.Errorf("elsewhere the person is still signed in: %d", s.status)
	}
}

// The mark goes with the browser; who else tries does not count against it.
func TestAKnownBrowserIsNotShutOut(t *testing.T) {
	h := newHouse(t)
	secret := h.enrolled("EXI")
	b := h.browser()
	in := func(who *browser) shown {
		h.now = h.now.Add(time.Minute)
		return who.post("/sign-in", "email", emailOf("EXI"), "password", password, "code", h.code(secret, h.now))
	}
	if s := in(b); s.location != "/" {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	b.post("/sign-out")
	for range 10 {
		h.browser().post("/sign-in", "email", emailOf("EXI"), "password", "guessed by somebody", "code", "123456")
	}
	if s := in(h.browser()); !strings.Contains(s.faults()["email"], "too many tries") {
		t.Errorf("a new browser: %d %v", s.status, s.faults())
	}
	if s := in(b); s.location != "/" {
		t.Errorf("the known one: %d %v", s.status, s.faults())
	}
}

func TestWhatWasTypedIsInTheFormAgainAfterSigningIn(t *testing.T) {
	h := newHouse(t)
	h.enrolled("CWI")
	b, id := h.as("EXI"), h.referred(draft("A1234BC")).String()
	path := "/referrals/" + id + "/withdrawal"
	h.now = h.now.Add(20 * time.Minute)
	sent := b.post(path, "reason", "need_gone", "on-day", "20", "on-month", "11", "on-year", "2023", "version", "1")
	if !strings.Contains(sent.location, "ended=kept") {
		t.Fatalf("%d to %q", sent.status, sent.location)
	}
	if s := b.open(sent.location); !strings.Contains(s.text(), "is kept for you") {
		t.Errorf("the sign-in page says %s", s.text())
	}
	kept := path + "?kept=yes"
	if s := h.as("CWI").open(kept); strings.Contains(s.raw, "You were signed out before") {
		t.Error("somebody else sees it")
	}
	again := h.as("EXI")
	s := again.open(kept)
	if !strings.Contains(s.text(), "check it, then send it") || value(s, "on-day") != "20" || s.Find("input[name=reason][checked]").AttrOr("value", "") != "need_gone" {
		t.Errorf("the form holds %q, %s", value(s, "on-day"), s.text())
	}
	form := []string{"version", value(s, "version"), "reason", "need_gone", "on-day", "20", "on-month", "11", "on-year", "2023"}
	if s := again.post(kept, form...); s.status != http.StatusSeeOther {
		t.Errorf("sent again: %d %v", s.status, s.faults())
	}
	var left int
	h.service(func(tx *db.Tx) error { return tx.Get(t.Context(), &left, `SELECT count(*) FROM kept_form`) })
	if left != 0 {
		t.Error("it is kept although it was sent")
	}
}

// What ended the session is told as it was: nobody waits 15 minutes in vain for another reason.
func TestAFormSentAfterSigningOutElsewhereSaysSo(t *testing.T) {
	h := newHouse(t)
	b, other := h.as("EXI"), h.as("EXI")
	other.post("/sign-out")
	sent := b.post("/account/password", "password", password, "new_password", "kettle violet tractor")
	if sent.location != "/sign-in?ended=out&next=%2Faccount%2Fpassword" {
		t.Errorf("to %q", sent.location)
	}
	s := b.open(sent.location)
	if text := s.text(); !strings.Contains(text, "What you sent was not recorded") || strings.Contains(text, "15 minutes") {
		t.Errorf("the page says %s", text)
	}
	if again := b.post("/sign-in", "ended", value(s, "ended")); !strings.Contains(again.text(), "What you sent was not recorded") {
		t.Error("after a slip it is not said any more")
	}
}

func TestAFormWithoutAPageOfItsOwnLeadsHome(t *testing.T) {
	h := newHouse(t)
	b := h.as("SUBGROUP")
	h.now = h.now.Add(20 * time.Minute)
	if s := b.post("/reports/send", "again", "yes"); s.location != "/sign-in?ended=yes" {
		t.Errorf("to %q", s.location)
	}
}
