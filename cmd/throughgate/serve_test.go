package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"throughgate/config"
	"throughgate/internal/db"
	"throughgate/internal/jobs"
)

func TestNobodyHoldsTheServerUp(t *testing.T) {
	h := &house{Pool: &db.Pool{Rules: config.BuiltIn()}}
	server := h.server(&call{now: time.Now}, &front{}, slog.New(slog.NewTextHandler(io.Discard, nil)), jobs.NewBell())
	for name, limit := range map[string]time.Duration{
		"head": server.ReadHeaderTimeout, "body": server.ReadTimeout, "answer": server.WriteTimeout, "idle": server.IdleTimeout,
	} {
		if limit <= 0 || limit > 5*time.Minute {
			t.Errorf("%s: %s", name, limit)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	defer server.Close()
	for size, want := range map[int]int{15 << 10: http.StatusOK, 17 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Filler", strings.Repeat("a", size))
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("headers of %d bytes: %d", size, answer.StatusCode)
		}
	}
}

// Whoever sends a whole file before reading hears why it is not taken.
func TestARefusedUploadIsToldWhy(t *testing.T) {
	h := &house{Pool: &db.Pool{Rules: config.BuiltIn()}}
	server := h.server(&call{now: time.Now}, &front{}, slog.New(slog.NewTextHandler(io.Discard, nil)), jobs.NewBell())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	defer server.Close()
	for path, want := range map[string]string{"/api/v1/imports/prison-releases": " 401 ", "/imports": " 303 "} {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		const size = 64 << 20
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n", path, size)
		for sent := 0; sent < size && err == nil; sent += 1 << 20 {
			_, err = conn.Write(make([]byte, 1<<20))
		}
		if err != nil {
			t.Errorf("%s: cut off: %v", path, err)
			continue
		}
		if line, err := bufio.NewReader(conn).ReadString('\n'); !strings.Contains(line, want) {
			t.Errorf("%s: %q, %v", path, line, err)
		}
	}
}

// Who asked stands in the log. An address that somebody writes into a header is believed of the proxies in
// the settings only.
func TestAForwardedAddressIsBelievedOfConfiguredProxiesOnly(t *testing.T) {
	for _, c := range []struct {
		proxies   []string
		from, say string
	}{
		{nil, "192.0.2.7:1", "192.0.2.7"},
		{nil, "127.0.0.1:1", "127.0.0.1"},
		{[]string{"192.0.2.7"}, "192.0.2.7:1", "203.0.113.9"},
		{[]string{"192.0.2.0/24"}, "192.0.2.7:1", "203.0.113.9"},
		{[]string{"2001:db8::1"}, "[2001:db8::1]:1", "203.0.113.9"},
		{[]string{"192.0.2.7"}, "192.0.2.8:1", "192.0.2.8"},
		{[]string{"192.0.2.7"}, "10.0.0.1:1", "10.0.0.1"},
	} {
		rules := config.BuiltIn()
		rules.Server.Proxies = c.proxies
		var log strings.Builder
		h := &house{Pool: &db.Pool{Rules: rules}}
		server := h.server(&call{now: time.Now}, &front{}, slog.New(slog.NewTextHandler(&log, nil)), jobs.NewBell())
		for _, path := range []string{"/healthz", "/no-such-page"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.RemoteAddr = c.from
			r.Header.Set("X-Forwarded-For", "203.0.113.9")
			server.Handler.ServeHTTP(httptest.NewRecorder(), r)
		}
		if n := strings.Count(strings.ReplaceAll(log.String(), "\n", " "), " from="+c.say+" "); n != 2 {
			t.Errorf("through %v from %s: not twice from %s:\n%s", c.proxies, c.from, c.say, log.String())
		}
	}
}

// Whoever names the proxy that ends TLS need not say so again for the cookies.
func TestBehindANamedProxyCookiesAreForHTTPSOnly(t *testing.T) {
	for proxies, want := range map[string]string{"": "throughgate=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax", "192.0.2.7": "__Host-throughgate=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"} {
		rules := config.BuiltIn()
		if proxies != "" {
			rules.Server.Proxies = []string{proxies}
		}
		h := &house{Pool: &db.Pool{Rules: rules}}
		server := h.server(&call{now: time.Now}, &front{}, slog.New(slog.NewTextHandler(io.Discard, nil)), jobs.NewBell())
		r, w := httptest.NewRequest(http.MethodPost, "/sign-out", nil), httptest.NewRecorder()
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		server.Handler.ServeHTTP(w, r)
		if got := w.Header().Get("Set-Cookie"); got != want {
			t.Errorf("behind %q: %s", proxies, got)
		}
	}
}

func TestWhatMayNotBeMeantIsSaidAtTheStart(t *testing.T) {
	for _, c := range []struct {
		at   string
		s    config.Server
		says string
	}{
		{"127.0.0.1", config.Server{}, ""},
		{"0.0.0.0", config.Server{}, "in clear"},
		{"0.0.0.0", config.Server{TLSCertificate: "c", TLSKey: "k"}, ""},
		{"0.0.0.0", config.Server{Proxies: []string{"192.0.2.7"}, PublicURL: "https://tg.example"}, ""},
		{"127.0.0.1", config.Server{Proxies: []string{"192.0.2.7"}}, "server.public_url"},
	} {
		var said strings.Builder
		(&call{errs: &said}).warn(c.s, &net.TCPAddr{IP: net.ParseIP(c.at), Port: 80})
		if !strings.Contains(said.String(), c.says) || (said.String() == "") != (c.says == "") {
			t.Errorf("%s, %+v: %q", c.at, c.s, said.String())
		}
	}
}
