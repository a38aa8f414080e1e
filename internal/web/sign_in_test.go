package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// endedElsewhere is where a page leads whose session was ended in another way than by running out.
const endedElsewhere = "/sign-in?ended=out&typed=none"

func TestSigningInWithPasswordAndCode(t *testing.T) {
	h := newHouse(t)
	secret := h.enrolled("HARBOUR")
	b := h.browser()
	if s := b.open("/"); s.status != http.StatusSeeOther || s.location != "/sign-in" {
		t.Fatalf("without a session: %d to %q", s.status, s.location)
	}
	in := b.post("/sign-in", "email", emailOf("HARBOUR"), "password", password, "code", h.code(secret, h.now), "next", "/report")
	if in.status != http.StatusSeeOther || in.location != "/report" {
		t.Fatalf("signing in: %d to %q\n%s", in.status, in.location, in.text())
	}
	if c := in.header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Path=/") {
		t.Errorf("the cookie is %q", c)
	}
	if s := b.open("/"); s.status != http.StatusOK || !strings.Contains(s.text(), "Siân of HARBOUR") {
		t.Errorf("signed in: %d %s", s.status, s.text())
	}
	session := b.client.Jar.Cookies(b.address("/"))
	if s := b.post("/sign-out"); s.status != http.StatusSeeOther {
		t.Errorf("signing out: %d", s.status)
	}
	b.client.Jar.SetCookies(b.address("/"), session)
	if s := b.open("/"); s.location != endedElsewhere {
		t.Errorf("the session's cookie still works after signing out: %d", s.status)
	}
}

func TestTheCookieIsBoundToTheHostUnderHTTPS(t *testing.T) {
	h := newHouse(t, func(d *Deps) { d.Secure = true })
	secret := h.enrolled("EXI")
	in := h.browser().post("/sign-in", "email", emailOf("EXI"), "password", password, "code", h.code(secret, h.now))
	if c := in.header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-throughgate=") || !strings.Contains(c, "Secure") || strings.Contains(c, "Domain") {
		t.Errorf("the cookie is %q", c)
	}
	if in.header.Get("Strict-Transport-Security") == "" {
		t.Error("HSTS is missing")
	}
}

func TestWrongSignInsNameEveryProblemAndKeepTheAddress(t *testing.T) {
	h := newHouse(t)
	secret := h.enrolled("HARBOUR")
	cases := map[string]struct {
		form  []string
		wrong []string
	}{
		"nothing":         {nil, []string{"email", "password", "code"}},
		"no code":         {[]string{"email", "a@example.org", "password", "x"}, []string{"code"}},
		"unknown account": {[]string{"email", "a@example.org", "password", password, "code", "123456"}, []string{"email"}},
		"wrong password":  {[]string{"email", emailOf("HARBOUR"), "password", "another", "code", h.code(secret, h.now)}, []string{"email"}},
		"a NUL":           {[]string{"email", "a\x00@example.org", "password", password, "code", "123456"}, []string{"email"}},
	}
	for name, c := range cases {
		s := h.browser().post("/sign-in", c.form...)
		if s.status != http.StatusUnprocessableEntity || !strings.HasPrefix(s.title(), "Error: ") {
			t.Errorf("%s: %d, title %q", name, s.status, s.title())
		}
		said := s.faults()
		for _, id := range c.wrong {
			if said[id] == "" || s.Find("#"+id).Length() != 1 || s.Find("#"+id+"-error").Length() != 1 {
				t.Errorf("%s: %q is not named and linked: %v", name, id, said)
			}
		}
		if len(said) != len(c.wrong) {
			t.Errorf("%s: %v", name, said)
		}
		if v, _ := s.Find("#password").Attr("value"); v != "" {
			t.Errorf("%s: the password is shown again", name)
		}
		if len(c.form) > 1 && !strings.Contains(c.form[1], "\x00") {
			if v, _ := s.Find("#email").Attr("value"); v != c.form[1] {
				t.Errorf("%s: what was typed is lost: %q", name, v)
			}
		}
	}
}

func TestAfterSigningInNobodyIsLedElsewhere(t *testing.T) {
	for path, want := range map[string]string{
		"/referrals/x": "/referrals/x", "": "/", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/", "/a\nb": "/",
	} {
		if got := nextOf(path); got != want {
			t.Errorf("%q leads to %q", path, got)
		}
	}
}

func TestAFormSentAfterItsSessionEndedSaysSo(t *testing.T) {
	h := newHouse(t)
	b, id := h.as("HARBOUR"), h.released("A1234BC")
	h.now = h.now.Add(time.Hour)
	s := b.post("/referrals/"+id.String()+"/pickup", "picked_up_on-day", "19", "picked_up_on-month", "11", "picked_up_on-year", "2023", "kind", "new_episode")
	if s.status != http.StatusSeeOther || !strings.Contains(s.location, "typed=kept") {
		t.Fatalf("%d to %q", s.status, s.location)
	}
	if page := b.open(s.location); !strings.Contains(page.text(), "was not recorded") {
		t.Errorf("the page does not say it: %s", page.text())
	}
}

func TestAnInvitationIsTakenUpWithATOTP(t *testing.T) {
	h := newHouse(t)
	var token string
	h.service(func(tx *db.Tx) (err error) {
		token, err = staff.Add(t.Context(), tx, console, h.now, "EXI", emailOf("EXI"), "Siân")
		return err
	})
	b, path := h.browser(), "/invitation/"+token
	first := b.open(path)
	secret, sealed := first.Find(".app-secret").Text(), value(first, "secret")
	if secret == "" || sealed == "" || strings.Contains(sealed, secret) {
		t.Fatalf("secret %q, sealed %q", secret, sealed)
	}
	if src, _ := first.Find("main img").Attr("src"); !strings.HasPrefix(src, "data:image/png;base64,") {
		t.Errorf("the QR code is %.40q", src)
	}
	if other := h.browser().open(path); other.Find(".app-secret").Text() == secret {
		t.Error("whoever opens the link before its owner knows the owner's second factor")
	}
	wrong := b.post(path, "secret", sealed, "password", "short", "code", "000000")
	if wrong.status != http.StatusUnprocessableEntity || len(wrong.faults()) != 2 {
		t.Errorf("%d %v", wrong.status, wrong.faults())
	}
	if again := wrong.Find(".app-secret").Text(); again != secret {
		t.Error("after a slip the app would have to be set up again")
	}
	ready := b.post(path, "secret", value(wrong, "secret"), "password", password, "code", h.code(secret, h.now))
	codes := codesOn(ready)
	if ready.status != http.StatusOK || len(codes) != 10 {
		t.Fatalf("%d %s", ready.status, ready.text())
	}
	if s := b.open(path); s.status != http.StatusNotFound || !strings.Contains(s.text(), "This link does not work") {
		t.Errorf("the link works twice: %d %s", s.status, s.text())
	}
	h.now = h.now.Add(time.Minute)
	if s := b.post("/sign-in", "email", emailOf("EXI"), "password", password, "code", h.code(secret, h.now)); s.location != "/" {
		t.Errorf("signing in: %d %s", s.status, s.text())
	}
	if s := h.browser().post("/sign-in", "email", emailOf("EXI"), "password", password, "code", codes[0]); s.location != "/" {
		t.Errorf("signing in without the telephone: %d %s", s.status, s.text())
	}
}

// Whoever looked at the link in their own browser is not who signs in next.
func TestSettingAnAccountUpEndsTheSessionOfWhoeverUsedTheBrowserBefore(t *testing.T) {
	h := newHouse(t)
	var token string
	h.service(func(tx *db.Tx) (err error) {
		token, err = staff.Add(t.Context(), tx, console, h.now, "EXI", emailOf("EXI"), "Siân")
		return err
	})
	b, path := h.as("ADMIN"), "/invitation/"+token
	first := b.open(path)
	if s := b.post(path, "secret", value(first, "secret"), "password", "short"); s.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d %s", s.status, s.text())
	}
	if s := b.open("/admin"); s.status != http.StatusOK {
		t.Errorf("a slip of the fingers signed them out: %d", s.status)
	}
	ready := b.post(path, "secret", value(first, "secret"), "password", password, "code", h.code(first.Find(".app-secret").Text(), h.now))
	if ready.status != http.StatusOK || strings.Contains(ready.text(), "Siân of ADMIN") {
		t.Errorf("%d %s", ready.status, ready.text())
	}
	if s := b.open("/admin"); s.location == "" || !strings.HasPrefix(s.location, "/sign-in") {
		t.Errorf("the administrator is still signed in: %d", s.status)
	}
}

func value(s shown, name string) string {
	v, _ := s.Find(`input[name="` + name + `"]`).Attr("value")
	return v
}

// Whoever opens a page is told why they are to sign in again, and that nothing they sent is lost.
func TestThePageOpenedAfterASessionHasEndedSaysWhyToSignIn(t *testing.T) {
	h := newHouse(t)
	signedOut, idle, never := h.as("EXI"), h.as("EXI"), h.browser()
	never.client.Jar.SetCookies(never.address("/"), []*http.Cookie{{Name: "throughgate", Value: "made-up"}})
	for _, c := range []struct {
		b         *browser
		end       func()
		says, not string
	}{
		{idle, func() { h.now = h.now.Add(20 * time.Minute) }, "you had not used the service for 15 minutes", "by an administrator"},
		{signedOut, func() { h.as("EXI").post("/sign-out") }, "by an administrator", "15 minutes"},
		{never, func() {}, "Sign in", "You were signed out"},
		{h.browser(), func() {}, "Sign in", "You were signed out"},
	} {
		c.end()
		s := c.b.open("/find")
		page := c.b.open(s.location)
		if text := page.text(); !strings.Contains(text, c.says) || strings.Contains(text, c.not) || strings.Contains(text, "What you sent") || value(page, "next") != "/find" {
			t.Errorf("at %s: %s", s.location, text)
		}
		if again := c.b.post("/sign-in", "ended", value(page, "ended"), "typed", value(page, "typed")); !strings.Contains(again.text(), c.says) || strings.Contains(again.text(), "What you sent") {
			t.Errorf("after a slip: %s", again.text())
		}
	}
}
