package appointment

import (
	"context"
	"errors"
	"sync"
	"testing"

	"throughgate/internal/db"
)

// Fifty at once want the day on which three places are left. Each waits at the gate until all have
// begun, so that they do run at once.
func TestTheLastThreePlacesOfADay(t *testing.T) {
	pool := world(t, monday, nil)
	act(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE place SET open = false
			WHERE (slot_id, number) IN (
			  SELECT slot_id, number FROM place
			  WHERE starts_at < $1
			  ORDER BY starts_at, number
			  OFFSET 11)`, at("2026-01-01 00:00")) // leaves Monday's 8 places and 3 on Tuesday
		return err
	})
	var mu sync.Mutex
	booked, unbooked := map[string]int{}, map[string]int{}
	together(t, 50, func(ctx context.Context) error {
		return pool.Act(ctx, prison.Scope(), func(tx *db.Tx) error {
			w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
			if err != nil {
				return err
			}
			a, reason, err := Allocate(ctx, tx, prison, monday, w)
			mu.Lock()
			defer mu.Unlock()
			if a != nil {
				booked[a.OnDay.String()]++
			}
			unbooked[reason]++
			return err
		})
	})
	if booked["2025-12-02"] != 3 || len(booked) != 1 || unbooked[NoFreePlace] != 47 {
		t.Errorf("booked %v, unbooked %v", booked, unbooked)
	}
	nothingOverbooked(t, pool)
}

// As above with places on other days: 3 that day, 47 elsewhere, nobody left out.
func TestTheOthersGoElsewhere(t *testing.T) {
	pool := world(t, monday, nil)
	act(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE place SET open = false
			WHERE starts_at BETWEEN $1 AND $2
			  AND (slot_id, number) NOT IN (SELECT slot_id, number FROM place WHERE starts_at > $1 ORDER BY starts_at, number LIMIT 3)`,
			at("2025-12-02 00:00"), at("2025-12-03 00:00"))
		return err
	})
	var mu sync.Mutex
	booked := map[string]int{}
	together(t, 50, func(ctx context.Context) error {
		return pool.Act(ctx, prison.Scope(), func(tx *db.Tx) error {
			w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
			if err != nil {
				return err
			}
			a, _, err := Allocate(ctx, tx, prison, monday, w)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			booked[a.OnDay.String()]++
			return nil
		})
	})
	others := 0
	for on, n := range booked {
		if on != "2025-12-02" {
			others += n
		}
	}
	if booked["2025-12-02"] != 3 || others != 47 {
		t.Errorf("booked %v", booked)
	}
	nothingOverbooked(t, pool)
}

// A place that another transaction holds is waited for before anybody is told that none is free: if
// that transaction is undone, the place is had.
func TestWaitsForThePlaceThatComesFreeAgain(t *testing.T) {
	pool := world(t, monday, nil)
	act(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE place SET open = false
			WHERE (slot_id, number) NOT IN (SELECT slot_id, number FROM place WHERE starts_at >= $1 ORDER BY starts_at, number LIMIT 1)`,
			at("2025-12-02 13:30"))
		return err
	})
	held, undo := make(chan bool), make(chan bool)
	undone := errors.New("undone")
	var first, second error
	var got *Appointment
	var wg sync.WaitGroup
	wg.Go(func() {
		first = pool.Act(t.Context(), prison.Scope(), func(tx *db.Tx) error {
			if err := allocateOne(t.Context(), tx, &got); err != nil {
				return err
			}
			close(held)
			<-undo
			return undone
		})
	})
	<-held
	wg.Go(func() {
		second = pool.Act(t.Context(), prison.Scope(), func(tx *db.Tx) error { return allocateOne(t.Context(), tx, &got) })
	})
	untilSomebodyWaits(t, pool)
	got = nil
	close(undo)
	wg.Wait()
	if !errors.Is(first, undone) || second != nil || got.when() != "Tue 2 Dec 13:30" {
		t.Errorf("first %v, second %v, got %s", first, second, got.when())
	}
}

func allocateOne(ctx context.Context, tx *db.Tx, got **Appointment) error {
	w, err := refer(ctx, tx, monday, prison, Wish{ReleaseOn: on("2025-12-02")})
	if err != nil {
		return err
	}
	*got, _, err = Allocate(ctx, tx, prison, monday, w)
	return err
}

// untilSomebodyWaits returns once a transaction stands before a locked row.
func untilSomebodyWaits(t *testing.T, pool *db.Pool) {
	t.Helper()
	for waiting := 0; waiting == 0; {
		act(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
			return tx.Get(ctx, &waiting, `SELECT count(*) FROM pg_locks WHERE NOT granted`)
		})
	}
}

// together runs n at once.
func together(t *testing.T, n int, do func(context.Context) error) {
	t.Helper()
	var begun, done sync.WaitGroup
	begun.Add(n)
	for range n {
		done.Go(func() {
			begun.Done()
			begun.Wait()
			if err := do(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
}

// nothingOverbooked holds the places against the appointments.
func nothingOverbooked(t *testing.T, pool *db.Pool) {
	t.Helper()
	act(t, pool, jobs, func(ctx context.Context, tx *db.Tx) error {
		if wrong, err := discord(ctx, tx); err != nil || wrong != "" {
			t.Errorf("%s %v", wrong, err)
		}
		return nil
	})
}

// discord says what does not fit together between slots, places and appointments: "" when all does.
func discord(ctx context.Context, tx *db.Tx) (wrong string, err error) {
	err = tx.Get(ctx, &wrong, `
		SELECT concat_ws('; ',
		  (SELECT 'a slot holds more than its clinic has places' FROM appointment a
		   JOIN clinic c ON c.provider = a.provider AND c.code = a.clinic
		   WHERE a.outcome IS NULL AND NOT a.overbooked
		   GROUP BY a.slot_id, c.places HAVING count(*) > c.places LIMIT 1),
		  (SELECT 'a place is held by what is cancelled, or elsewhere' FROM place p
		   JOIN appointment a ON a.id = p.appointment_id
		   WHERE a.outcome = 'cancelled' OR a.slot_id <> p.slot_id OR a.overbooked LIMIT 1),
		  (SELECT 'an open appointment has no place' FROM appointment a
		   WHERE a.outcome IS NULL AND NOT a.overbooked
		     AND NOT EXISTS (SELECT FROM place p WHERE p.appointment_id = a.id) LIMIT 1))`)
	return wrong, err
}
