package jobs

import (
	"log/slog"
	"testing"
	"time"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/continuity"
	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/mail/mailtest"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

var (
	console  = staff.Who{By: audit.By{Organisation: "ADMIN", Actor: "console:root", Via: "console"}, Role: staff.Admin}
	subgroup = staff.Who{By: audit.By{Organisation: "SUBGROUP", Actor: "staff:1", Via: "page"}, Role: staff.SubGroup}
)

// Monday 8 January 2024 at 07:00 is a due time; its window ends on Sunday 7 January.
var (
	due    = time.Date(2024, 1, 8, 7, 0, 0, 0, time.UTC)
	minute = time.Minute
	days   = 24 * time.Hour
)

// server is one of several servers on one database.
type server struct {
	Deps
	now time.Time
}

// open makes a server; all servers of a test have the same settings.
func open(t *testing.T, d *testdb.DB, post *mailtest.Server) *server {
	t.Helper()
	pool := d.Pool(t)
	pool.Rules.Mail.From = "Throughgate <reports@harbour.example>"
	pool.Rules.Mail.AllowedDomains = []string{"harbour.example"}
	pool.Rules.Server.PublicURL = "https://throughgate.example"
	s := &server{Deps: Deps{Pool: pool, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}}
	if post != nil {
		s.Mail = mail.Server{Address: post.Address(), TLS: mail.None}
	}
	s.Now = func() time.Time { return s.now }
	return s
}

func startMail(t *testing.T, answer func(mailtest.Stage, string) error) *mailtest.Server {
	t.Helper()
	post, err := mailtest.Start(mailtest.Options{Answer: answer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { post.Close() })
	return post
}

func (s *server) act(t *testing.T, do func(*db.Tx) error) {
	t.Helper()
	if err := s.Pool.Act(t.Context(), scope, do); err != nil {
		t.Fatal(err)
	}
}

// furnish brings in the organisations, two readers, and releases of the autumn of 2023:
//
//	       October                November               December        7 January
//	|-- 5 earlier --|------ 40 of which 30 were picked up ------|-- 30, none --|
//	2 October       8 October                                   20 December
//
// so that 75 were released in the three months to 31 December, and 33 of them picked up.
func (s *server) furnish(t *testing.T, readers ...string) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error {
		if err := staff.BringIn(t.Context(), tx); err != nil {
			return err
		}
		if err := continuity.BringIn(t.Context(), tx, due.Add(-30*days)); err != nil {
			return err
		}
		for _, address := range readers {
			if _, err := mail.AddRecipient(t.Context(), tx, console, due.Add(-30*days), "Reader", address, true); err != nil {
				return err
			}
		}
		return nil
	})
	s.release(t, 30, "2023-12-20", "")
	s.release(t, 40, "2023-11-01", "")
	s.release(t, 5, "2023-10-08", "")
	s.pickUp(t, 30, "2023-11-01", "2023-11-10")
	s.pickUp(t, 3, "2023-10-08", "2023-10-20")
}

// release puts so many releases into the database, each of a person of their own.
func (s *server) release(t *testing.T, n int, on, unbooked string) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error { return release(t, tx, n, on, unbooked) })
}

func release(t *testing.T, tx *db.Tx, n int, on, unbooked string) error {
	_, err := tx.Exec(t.Context(), `
		WITH made AS (
		  INSERT INTO person (id, prison_number_bix, date_of_birth_bix, name_bix, identity_sealed, updated_at)
		  SELECT gen_random_uuid(), uuid_send(gen_random_uuid()), 'b', uuid_send(gen_random_uuid()), '', now()
		  FROM generate_series(1, $1)
		  RETURNING id
		)
		INSERT INTO referral (id, reference, person_id, prison, provider, source, referred_on, released_on, sex, substance_group,
		  age_at_release, unbooked_reason, received_at, updated_at, known_from)
		SELECT id, id::text, id, 'EXI', 'HARBOUR', 'file', CAST($2 AS date) - 20, $2, 'male', 'opiate', 40, nullif($3, ''), $4, $4, $4
		FROM made`, n, on, unbooked, due.Add(-30*days))
	return err
}

// pickUp picks up so many of those released on a day, known since long.
func (s *server) pickUp(t *testing.T, n int, released, on string) {
	t.Helper()
	s.recordPickUp(t, n, released, on, due.Add(-30*days))
}

// recordPickUp picks up so many of those released on a day, as a file's rows say that came at a moment.
func (s *server) recordPickUp(t *testing.T, n int, released, on string, at time.Time) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `
			WITH picked AS (
			  UPDATE referral
			  SET picked_up_on = $3, updated_at = $4
			  WHERE id IN (
			    SELECT id
			    FROM referral
			    WHERE released_on = $2
			      AND picked_up_on IS NULL
			    LIMIT $1
			  )
			  RETURNING id
			)
			INSERT INTO pickup (id, referral_id, picked_up_on, kind, late, provider_row_id, recorded_at, recorded_by)
			SELECT gen_random_uuid(), id, $3, 'new_episode', false, gen_random_uuid(), $4, 'service'
			FROM picked`, n, released, on, at)
		return err
	})
}

// rows lists the due times that are noted, as outcome and due time.
func (s *server) rows(t *testing.T) (list []string) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error {
		return tx.Select(t.Context(), &list, `
			SELECT outcome || ' ' || to_char(due_at AT TIME ZONE 'Europe/London', 'YYYY-MM-DD HH24:MI')
			FROM report_run
			ORDER BY due_at`)
	})
	return list
}

// look lets the server look at what is due, at a moment.
func (s *server) look(t *testing.T, now time.Time) []Run {
	t.Helper()
	made, err := MakeDue(t.Context(), s.Pool, now)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// deliver sends what waits in the outbox, at a moment.
func (s *server) deliver(t *testing.T, now time.Time) {
	t.Helper()
	s.now = now
	if err := deliverOutbox(t.Context(), s.Deps); err != nil {
		t.Error(err)
	}
}

// bringInClinics brings the clinics of the configuration into the database.
func bringInClinics(t *testing.T, s *server) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error { return appointment.BringIn(t.Context(), tx, s.now) })
}
