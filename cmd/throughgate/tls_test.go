package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"throughgate/config"
	"throughgate/internal/testdb"
)

// pairUntil are a certificate and its key as files, as whoever sets the service up has them.
func pairUntil(t *testing.T, last time.Time) config.Server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: last.AddDate(-1, 0, 0), NotAfter: last, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	chain, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := config.Server{TLSCertificate: filepath.Join(t.TempDir(), "certificate.pem"), TLSKey: filepath.Join(t.TempDir(), "key.pem")}
	for file, block := range map[string]*pem.Block{s.TLSCertificate: {Type: "CERTIFICATE", Bytes: chain}, s.TLSKey: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// The start is refused, and check says WRONG, of whatever TLS cannot end here with.
func TestACertificateThatCannotServeIsNamed(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	write := func(file, text string, mode os.FileMode) {
		if err := errors.Join(os.WriteFile(file, []byte(text), mode), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
	}
	chmod := func(file string, mode os.FileMode) {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("DATABASE_URL", "postgres:///none?host="+t.TempDir()) // nothing else starts either
	for name, c := range map[string]struct {
		spoil func(*config.Server)
		says  string
		ok    bool
	}{
		"as it should be":         {func(*config.Server) {}, "holds until 12 March 2026", true},
		"its group reads the key": {func(s *config.Server) { chmod(s.TLSKey, 0o640) }, "holds until 12 March 2026", true},
		"everybody reads the key": {func(s *config.Server) { chmod(s.TLSKey, 0o644) }, "everybody on this machine can read server.tls_key", false},
		"no certificate there":    {func(s *config.Server) { s.TLSCertificate += ".none" }, "server.tls_certificate cannot be read", false},
		"no key there":            {func(s *config.Server) { s.TLSKey += ".none" }, "server.tls_key cannot be read", false},
		"no PEM":                  {func(s *config.Server) { write(s.TLSCertificate, "certificate", 0o600) }, "server.tls_certificate and server.tls_key", false},
		"another's key":           {func(s *config.Server) { s.TLSKey = pairUntil(t, now).TLSKey }, "server.tls_certificate and server.tls_key", false},
	} {
		s := pairUntil(t, now.AddDate(0, 0, 10))
		c.spoil(&s)
		found := lookAtCertificate(s, now)
		if len(found) != 1 || found[0].OK != c.ok || !strings.Contains(found[0].How, c.says) {
			t.Errorf("%s: check finds %+v", name, found)
		}
		t.Setenv("THROUGHGATE_SERVER_TLS_CERTIFICATE", s.TLSCertificate)
		t.Setenv("THROUGHGATE_SERVER_TLS_KEY", s.TLSKey)
		if c.ok {
			continue
		}
		if code, _, errs := console(t, "serve", "--listen", "127.0.0.1:0"); code != exitRefused || !strings.Contains(errs, c.says) || strings.Contains(errs, "Serving") {
			t.Errorf("%s: serve ends with %d and says %q", name, code, errs)
		}
	}
	if found := lookAtCertificate(pairUntil(t, now.AddDate(0, 0, -1)), now); len(found) != 1 || found[0].OK || !strings.Contains(found[0].How, "ended on 1 March 2026") {
		t.Errorf("one that has ended: %+v", found)
	}
	if found := lookAtCertificate(config.Server{}, now); found != nil {
		t.Errorf("with none: %+v", found)
	}
}

func TestTLSEndsHereWithTheCertificateOfTheSettings(t *testing.T) {
	pair, err := certificate(pairUntil(t, time.Now().AddDate(0, 0, 10)))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	ended := make(chan error, 1)
	go func() { ended <- (&front{listener: listener, certificate: pair}).listen(server) }()
	trusted := x509.NewCertPool()
	trusted.AddCert(pair.Leaf)
	browser := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	answer, err := browser.Get("https://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if err := errors.Join(server.Close(), <-ended); err != nil {
		t.Error(err)
	}
}

// Nobody restarts a program that does not end: what keeps it from answering ends it, jobs and all.
func TestAServerThatCannotAnswerEnds(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	c := &call{now: time.Now, errs: t.Output()}
	err = c.serve(t.Context(), &house{Pool: testdb.New(t).Pool(t)}, &front{listener: listener, ready: func() error { return nil }})
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("it ends with %v", err)
	}
}
