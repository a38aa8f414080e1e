package main

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
)

// worklist measures pages of 50 among the referrals that the import left, beside pgbench sending the same statements.
func (b *bench) worklist() error {
	if b.name != "files" {
		if err := b.importFiles(); err != nil {
			return err
		}
	}
	for _, organisation := range []string{"EXI", "HARBOUR"} {
		key, err := b.tell("apikey", "create", "--organisation", organisation)
		if err != nil {
			return err
		}
		cookie, err := b.signIn(organisation)
		if err != nil {
			return err
		}
		for _, page := range []struct{ what, path, head string }{
			{"list by API", "/api/v1/referrals?limit=50", "Authorization: Bearer " + key},
			{"list by API, state booked", "/api/v1/referrals?state=booked&limit=50", "Authorization: Bearer " + key},
			{"worklist page", "/", "Cookie: throughgate=" + cookie},
		} {
			request := []byte(strings.Join([]string{"GET " + page.path + " HTTP/1.1", "Host: localhost", page.head, "", ""}, "\r\n"))
			if err := b.page(fmt.Sprintf("%s of %s", page.what, organisation), request); err != nil {
				return fmt.Errorf("%s: %w", page.path, err)
			}
		}
	}
	return nil
}

func (b *bench) page(what string, request []byte) error {
	first, second, err := b.capture([]string{"api_key", "session", "referral"}, func(s *server) error {
		return b.once(s, request, http.StatusOK)
	})
	if err != nil {
		return err
	}
	same, err := newScript(first, second)
	if err != nil {
		return err
	}
	s, err := b.serve()
	if err != nil {
		return err
	}
	defer s.stop()
	const clients = 8
	next := func() []byte { return request }
	if _, err := b.load(s, clients, next, http.StatusOK); err != nil { // once to warm up
		return err
	}
	ours, theirs, ratio, err := b.alternately(
		func() (float64, error) { return b.load(s, clients, next, http.StatusOK) },
		func() (float64, error) { return b.pgbench(same, clients) })
	if err == nil {
		report(what+", 8 clients", fmt.Sprintf("%.0f a second, pgbench %.0f, ratio %.2f", ours, theirs, ratio), "aim 0.40")
	}
	return err
}

// signIn puts a session for somebody new of the organisation into the database: signing in itself is slow on purpose.
func (b *bench) signIn(organisation string) (cookie string, err error) {
	cookie = rand.Text()
	hash := sha256.Sum256([]byte(cookie))
	err = b.asOwner(b.name, `
		WITH hal AS (
		  INSERT INTO staff (id, organisation, email, name, added_at, added_by)
		  VALUES (gen_random_uuid(), $1, lower($1) || '@example.org', 'Hal', now(), 'bench')
		  RETURNING id
		)
		INSERT INTO session (token_hash, staff_id, signed_in_at, seen_at)
		SELECT $2, id, now(), now() FROM hal`, organisation, hash[:])
	return cookie, err
}
