package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
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
	if s := other.open("/"); s.location != endedElsewhere {
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
	if s := ward.open("/"); s.location != endedElsewhere {
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
