package reconcile

import (
	"os"
	"testing"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

// house is a database with the organisations in it, and a clock.
type house struct {
	t    testing.TB
	pool *db.Pool
	now  time.Time
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{t, testdb.New(t).Pool(t), time.Date(2024, 2, 1, 10, 0, 0, 0, time.UTC)}
	h.sql(`INSERT INTO organisation (code, kind, name)
		VALUES ('EXI', 'prison', 'Exeter'), ('CWI', 'prison', 'Channings Wood'), ('DMI', 'prison', 'Dartmoor'), ('HARBOUR', 'provider', 'Harbour')`)
	return h
}

func (h *house) sql(statement string, args ...any) {
	h.t.Helper()
	if err := h.pool.Act(h.t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		_, err := tx.Exec(h.t.Context(), statement, args...)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(dest any, query string, args ...any) {
	h.t.Helper()
	if err := h.pool.Act(h.t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		return tx.Select(h.t.Context(), dest, query, args...)
	}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) number(query string, args ...any) int {
	h.t.Helper()
	var n []int
	h.read(&n, query, args...)
	return n[0]
}

func as(role staff.Role, organisation string) staff.Who {
	return staff.Who{By: audit.By{Organisation: organisation, Actor: "staff:test", Via: "file"}, Role: role, Name: "Test"}
}

func (h *house) prison(code string, file []byte) *Result {
	h.t.Helper()
	r, err := ImportPrisonReleases(h.t.Context(), h.pool, as(staff.Prison, code), h.now, code, "releases.csv", file, Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	if !r.AddsUp() {
		h.t.Errorf("the answers do not add up: %+v", r)
	}
	return r
}

func (h *house) provider(file []byte) *Result {
	h.t.Helper()
	r, err := ImportProviderPickups(h.t.Context(), h.pool, as(staff.Provider, "HARBOUR"), h.now, "HARBOUR", "pickups.csv", file, Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	if !r.AddsUp() {
		h.t.Errorf("the answers do not add up: %+v", r)
	}
	return r
}

func bothFiles(t testing.TB) (prison, provider []byte) {
	t.Helper()
	prison, err := os.ReadFile("../demo/exeter-plymouth/prison-releases.csv")
	if err != nil {
		t.Fatal(err)
	}
	provider, err = os.ReadFile("../demo/exeter-plymouth/provider-pickups.csv")
	if err != nil {
		t.Fatal(err)
	}
	return prison, provider
}

func TestTheExampleCohort(t *testing.T) {
	h := open(t)
	prison, provider := bothFiles(t)
	t.Log(h.prison("EXI", prison).Summary())
	t.Log(h.provider(provider).Summary())
	t.Log(h.prison("EXI", prison).Summary())
	t.Log(h.provider(provider).Summary())
}
