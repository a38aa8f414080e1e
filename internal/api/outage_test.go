package api

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"throughgate/config"
	"throughgate/internal/db"
	"throughgate/internal/testdb"
)

// wire stands between program and PostgreSQL, and can lose the answer to a COMMIT: the server has
// done it, the program does not hear so.
type wire struct {
	to     string
	losing atomic.Int32 // which COMMIT from now on, 0 for none
	down   atomic.Bool
	lines  sync.Map     // of net.Conn, those that are open
	gate   sync.RWMutex // locked while the server answers nothing, and closes nothing either
}

// cut ends all lines, and lets no new one through.
func (w *wire) cut() {
	w.down.Store(true)
	w.lines.Range(func(line, _ any) bool { return line.(net.Conn).Close() == nil || true })
}

// newWire listens where a database's address can point to, in place of its own socket.
func newWire(t *testing.T, database *testdb.DB) (*wire, string) {
	t.Helper()
	host := regexp.MustCompile(`host=(\S+)`).FindStringSubmatch(database.DSN)[1]
	dir, err := os.MkdirTemp("", "wire") // a socket's path holds 107 bytes, t.TempDir()'s may be longer
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &wire{to: filepath.Join(host, ".s.PGSQL.5432")}
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go w.serve(listener)
	return w, strings.Replace(database.DSN, "host="+host, "host="+dir, 1)
}

func (w *wire) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		if w.down.Load() {
			client.Close()
			continue
		}
		go w.carry(client)
	}
}

func (w *wire) carry(client net.Conn) {
	w.lines.Store(client, true)
	defer client.Close()
	server, err := net.Dial("unix", w.to)
	if err != nil {
		return
	}
	defer server.Close()
	var deaf atomic.Bool
	go pass(client, server, func(sent []byte) bool {
		if bytes.Contains(sent, []byte("COMMIT")) && w.losing.Add(-1) == 0 {
			deaf.Store(true)
		}
		return true
	})
	pass(server, client, func([]byte) bool {
		w.gate.RLock()
		defer w.gate.RUnlock()
		return !deaf.Load() // the answer is dropped, and the line with it
	})
}

// pass carries bytes one way until an end closes, or goOn says no.
func pass(from, to net.Conn, goOn func([]byte) bool) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil || !goOn(buffer[:n]) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// behind is a house whose second server reaches the same database through a wire.
func behind(t *testing.T) (*house, *wire, *db.Pool) {
	t.Helper()
	h := newHouse(t)
	w, dsn := newWire(t, h.database)
	pool, err := db.Open(t.Context(), db.Options{DSN: dsn, Master: h.database.Master, Rules: config.BuiltIn()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return h, w, pool
}

// A database that has stalled neither answers nor closes the line. Whoever waits is told so long before what
// nobody waits for, begun earlier, is given up.
func TestAStalledDatabaseIsToldToWhoeverWaits(t *testing.T) {
	for line, idle := range map[string]int{"a line that stood": 1, "a new line": 0} {
		t.Run(line, func(t *testing.T) {
			h := newHouse(t)
			wire, dsn := newWire(t, h.database)
			pool, err := db.Open(t.Context(), db.Options{DSN: dsn, Master: h.database.Master, Rules: config.BuiltIn(), Awaited: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			stalled, patient := make(chan bool), make(chan error, 1)
			h.patiently(pool, stalled, patient)
			for range idle {
				if err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(*db.Tx) error { return nil }); err != nil {
					t.Fatal(err)
				}
			}
			wire.gate.Lock()
			close(stalled)
			got := h.sendsTo(h.server(pool), h.request("EXI", "GET", "/api/v1/referrals", nil)).must(h, 503)
			if got.header.Get("Retry-After") == "" || !strings.Contains(got.text("detail"), "Nothing was changed") {
				t.Errorf("%s", got.raw)
			}
			select {
			case err := <-patient:
				t.Errorf("what nobody waits for was given up first: %v", err)
			default:
				wire.gate.Unlock()
				if err := <-patient; err != nil {
					t.Errorf("what nobody waits for went on to %v", err)
				}
			}
		})
	}
}

// patiently begins something that nobody waits for, and goes on with it once the database has stalled.
func (h *house) patiently(pool *db.Pool, stalled <-chan bool, done chan<- error) {
	begun := make(chan bool)
	go func() {
		done <- pool.Act(h.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			close(begun)
			<-stalled
			_, err := tx.Exec(h.Context(), `SELECT 1`)
			return err
		})
	}()
	<-begun
}

// The answer to COMMIT is lost. What was asked has happened, once, and the caller is told so.
func TestALostAnswerIsReadBackFromTheRecord(t *testing.T) {
	h, wire, pool := behind(t)
	server := h.server(pool)
	for i, c := range []struct {
		name   string
		commit int32
		again  string
	}{
		{"none", 0, ""},
		{"that of looking up the key", 1, ""},
		{"that of the act", 2, "true"},
	} {
		reference := "R" + string(rune('1'+i))
		wire.losing.Store(c.commit)
		first := h.sendsTo(server, h.request("EXI", "POST", "/api/v1/referrals", somebody(i, reference))).must(h, 201)
		if got := first.header.Get("Idempotent-Replayed"); got != c.again {
			t.Errorf("%s: read back from the record: %q", c.name, got)
		}
		if again := h.sendsTo(server, h.request("EXI", "POST", "/api/v1/referrals", somebody(i, reference))).must(h, 201); again.raw != first.raw {
			t.Errorf("%s: %s, not %s", c.name, again.raw, first.raw)
		}
		if n := h.count(`SELECT count(*) FROM referral`); n != i+1 {
			t.Errorf("%s: %d referrals", c.name, n)
		}
	}
}

// Without a key there is no record to read: the caller is told that it is not known.
func TestALostAnswerWithoutARecordIsNotKnown(t *testing.T) {
	h, wire, pool := behind(t)
	one := "/api/v1/referrals/" + h.asks("EXI", "POST", "/api/v1/referrals", draft("R1")).must(h, 201).text("id")
	wire.losing.Store(2)
	got := h.sendsTo(h.server(pool), h.request("HARBOUR", "POST", one+"/contact", map[string]any{"kind": "phone", "on": "2023-11-20"})).must(h, 503)
	if got.header.Get("Retry-After") == "" || !strings.Contains(got.text("detail"), "not known yet") {
		t.Errorf("%s", got.raw)
	}
	wire.losing.Store(2)
	h.sendsTo(h.server(pool), h.request("HARBOUR", "GET", one, nil)).must(h, 200) // reading is simply done again
}

func TestWithoutTheDatabaseNothingIsDoneAndTheCallerMayTryAgain(t *testing.T) {
	h, wire, pool := behind(t)
	server := h.server(pool)
	h.sendsTo(server, h.request("", "GET", "/readyz", nil)).must(h, 200)
	wire.cut()
	for _, c := range []struct {
		method, path string
		body         any
		status       int
	}{
		{"POST", "/api/v1/referrals", draft("R1"), 503},
		{"GET", "/api/v1/referrals", nil, 503},
		{"GET", "/readyz", nil, 503},
		{"GET", "/healthz", nil, 200},
	} {
		began := time.Now()
		got := h.sendsTo(server, h.request("EXI", c.method, c.path, c.body)).must(h, c.status)
		if c.status == 503 && got.header.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to try again", c.path)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s took %s", c.path, took)
		}
	}
	h.sendsTo(h.server(h.pool), h.request("EXI", "POST", "/api/v1/referrals", draft("R1"))).must(h, 201)
}
