package testdb

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"throughgate/internal/db"
)

func TestEachTestHasItsOwnEmptyDatabase(t *testing.T) {
	first, second := New(t), New(t)
	if first.DSN == second.DSN {
		t.Fatal("two tests share a database")
	}
	pool := first.Pool(t)
	var n int
	err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		return tx.Get(t.Context(), &n, "SELECT count(*) FROM organisation")
	})
	if err != nil || n != 0 {
		t.Errorf("organisations: %d, %v", n, err)
	}
}

func TestTheDatabaseGoesWithItsTest(t *testing.T) {
	var gone *DB
	t.Run("inner", func(t *testing.T) { gone = New(t); gone.Pool(t) })
	handle, err := sql.Open("postgres", gone.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	if err := handle.PingContext(context.Background()); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("still there: %v", err)
	}
}
