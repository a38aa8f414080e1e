package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"time"

	"throughgate/config"
	"throughgate/internal/day"
)

// certificate is the pair that TLS ends here with; nil where the settings name none. A private key that everybody on the
// machine may read is refused. A group may, since that is how programs other than the one that renews it come to it.
func certificate(s config.Server) (*tls.Certificate, error) {
	if s.TLSCertificate == "" {
		return nil, nil
	}
	chain, err := os.ReadFile(s.TLSCertificate)
	if err != nil {
		return nil, fmt.Errorf("server.tls_certificate cannot be read: %w", err)
	}
	info, err := os.Stat(s.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("server.tls_key cannot be read: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("everybody on this machine can read server.tls_key: mend it with 'chmod o= %s'", s.TLSKey)
	}
	key, err := os.ReadFile(s.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("server.tls_key cannot be read: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("server.tls_certificate and server.tls_key (%s, %s) are no certificate with its key in PEM: %w", s.TLSCertificate, s.TLSKey, err)
	}
	return &pair, nil
}

// lookAtCertificate is what check finds of it; nothing where TLS does not end here.
func lookAtCertificate(s config.Server, now time.Time) []finding {
	pair, err := certificate(s)
	switch {
	case err != nil:
		return []finding{bad("tls", err)}
	case pair == nil:
		return nil
	}
	last := pair.Leaf.NotAfter
	if now.After(last) {
		return []finding{bad("tls", fmt.Errorf("the certificate in server.tls_certificate ended on %s: renew it, and start the server again", day.Of(last).Long()))}
	}
	return []finding{good("tls", "the certificate holds until "+day.Of(last).Long())}
}
