package referral

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"

	"throughgate/internal/db"
	"throughgate/internal/person"
)

// manyReferrals fills a database with n referrals of three years, as the lists meet them: most of
// them over, some hundreds running. One identity, sealed under one number, serves for all.
func manyReferrals(b *testing.B, w *world, n int) {
	b.Helper()
	i := person.Identity{PrisonNumber: "A1234BC", GivenName: "Siân", FamilyName: "O'Neill", DateOfBirth: on("1984-02-29"), Sex: "female"}
	number, _, _, name := person.Blinds(w.pool.Keys, i)
	sealed, err := person.SealIdentity(w.pool.Keys, number, i)
	if err != nil {
		b.Fatal(err)
	}
	const batch = 5_000 // so that no statement runs into the time limit
	for done := 0; done < n; done += batch {
		w.as(jobs, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `
			WITH people AS (
			  INSERT INTO person (id, prison_number_bix, date_of_birth_bix, name_bix, identity_sealed, updated_at)
			  SELECT gen_random_uuid(), $1, int8send(n), $2, $3, $4
			  FROM generate_series($7::integer + 1, $7::integer + $8::integer) AS n
			  RETURNING id, date_of_birth_bix AS born
			), numbered AS (
			  SELECT id, $7::integer + row_number() OVER (ORDER BY born) AS n FROM people
			)
			INSERT INTO referral (id, reference, person_id, prison, provider, source, referred_on, planned_release_on, released_on,
			  picked_up_on, date_changed_at, unbooked_reason, age_at_release, sex, substances, substance_group, received_at, updated_at, known_from)
			SELECT gen_random_uuid(), n::text, id, CASE WHEN n % 3 = 0 THEN 'CWI' ELSE 'EXI' END, 'HARBOUR', 'file',
			  day - 30, day, CASE WHEN day < $6::date THEN day END,
			  CASE WHEN day < $6::date AND n % 5 < 2 THEN day + 7 END, CASE WHEN n % 10 = 0 THEN $4::timestamptz END,
			  CASE WHEN day >= $6::date AND n % 4 = 0 THEN 'no_free_place_in_21_days' END,
			  40, 'male', '{heroin}', 'opiate', $4, $4, $4
			FROM numbered, LATERAL (SELECT $6::date + 90 - (n * 1200 / $5)::integer) AS d (day)`,
				number, name, sealed, w.now, n, on("2025-12-01"), done, batch)
			return err
		})
	}
	analyze(b, w)
}

// analyze gathers statistics, as the server does by itself after a while.
func analyze(b *testing.B, w *world) {
	b.Helper()
	owner, err := sql.Open("postgres", w.db.OwnerDSN)
	if err != nil {
		b.Fatal(err)
	}
	defer owner.Close()
	if _, err := owner.Exec(`ANALYZE`); err != nil {
		b.Fatal(err)
	}
}

// A page of 50 among 100,000 referrals, with its 50 audit rows.
func BenchmarkWorklist(b *testing.B) {
	w := newWorld(b)
	manyReferrals(b, w, 100_000)
	for _, list := range []struct {
		name ListName
		who  int
	}{{ReleaseUnconfirmed, 0}, {ReleasingSoon, 0}, {DateChanged, 0}, {WhatBecame, 0}, {UnbookedList, 1}, {ArrivingThisWeek, 1},
		{TodaysAppointments, 1}, {MissedToRebook, 1}, {DayOneTo21, 1}, {WindowClosing, 1}, {ToReview, 1}} {
		who := exeter
		if list.who == 1 {
			who = harbour
		}
		b.Run(string(list.name), func(b *testing.B) {
			for b.Loop() {
				err := w.pool.Act(b.Context(), who.Scope(), func(tx *db.Tx) error {
					_, err := Worklist(b.Context(), tx, who, w.now, list.name, ListFilter{})
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			err := w.pool.Act(b.Context(), harbour.Scope(), func(tx *db.Tx) error {
				_, err := Counts(b.Context(), tx, harbour, w.now)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Accepted referrals, each with its appointment or the reason for none.
func BenchmarkMake(b *testing.B) {
	w := newWorld(b)
	var n atomic.Int64
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			b.SetParallelism(clients)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					d := (&world{}).draft()
					d.SenderReference, d.Person.PrisonNumber = fmt.Sprint(i), fmt.Sprintf("A%04d%c%c", i%10000, 'A'+i/10000%26, 'A'+i/260000)
					err := w.pool.Act(b.Context(), exeter.Scope(), func(tx *db.Tx) error {
						_, err := Make(context.Background(), tx, exeter, w.now, d)
						return err
					})
					if err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
