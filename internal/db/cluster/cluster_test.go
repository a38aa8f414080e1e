package cluster

import (
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// folder is removed after the test with its cluster, which may live elsewhere when the tests run as root.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cluster")
	t.Cleanup(func() {
		if err := Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func start(t *testing.T, dir string) *Cluster {
	t.Helper()
	c, err := Start(Options{Dir: dir, Database: "records", Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.inUse.Close() })
	return c
}

func stop(t *testing.T, c *Cluster, last bool) {
	t.Helper()
	if stopped, err := c.Stop(); err != nil || stopped != last {
		t.Fatalf("Stop() = %v, %v; want %v", stopped, err, last)
	}
}

// execute runs a statement, or reads the one text it answers.
func execute(t *testing.T, dsn, statement string) (answer string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(statement).Scan(&answer); err != nil && err != sql.ErrNoRows {
		t.Fatal(err)
	}
	return answer
}

func TestDataOutliveTheServer(t *testing.T) {
	dir := folder(t)
	c := start(t, dir)
	execute(t, c.OwnerDSN("records"), "CREATE TABLE kept AS SELECT 'still here' AS word")
	for _, end := range []struct {
		name string
		of   func(*testing.T, *Cluster)
	}{
		{"stopped", func(t *testing.T, c *Cluster) { stop(t, c, true) }},
		{"killed", func(t *testing.T, c *Cluster) { kill(t, c) }},
		{"killed while a socket and a half-made folder lie about", func(t *testing.T, c *Cluster) {
			kill(t, c)
			if err := os.Mkdir(c.data()+".new", 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(end.name, func(t *testing.T) {
			end.of(t, c)
			c = start(t, dir)
			if c.Reused {
				t.Error("the server that had ended was taken for a running one")
			}
			if got := execute(t, c.OwnerDSN("records"), "SELECT word FROM kept"); got != "still here" {
				t.Errorf("kept: %q", got)
			}
		})
	}
}

func kill(t *testing.T, c *Cluster) {
	t.Helper()
	endPostmaster(t, c)
	c.inUse.Close() // as the process that used it would
	for c.answers() == nil {
	}
}

func endPostmaster(t *testing.T, c *Cluster) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func TestTheLastToLeaveStopsIt(t *testing.T) {
	dir := folder(t)
	users := make([]*Cluster, 4)
	var all sync.WaitGroup
	for i := range users {
		all.Go(func() { users[i], _ = Start(Options{Dir: dir, Fast: true}) })
	}
	all.Wait()
	fresh := 0
	for _, c := range users {
		if c == nil {
			t.Fatal("one of those who came at once was turned away")
		}
		if !c.Reused {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%d started the server, want 1", fresh)
	}
	if err := Remove(dir); err == nil {
		t.Error("removed under its users")
	}
	for i, c := range users {
		stop(t, c, i == len(users)-1)
	}
}

func TestTheProgramsRoleHasNoRightsOfItsOwn(t *testing.T) {
	c := start(t, folder(t))
	got := execute(t, c.DSN("records"), `
		SELECT concat_ws(' ', current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit)
		FROM   pg_roles
		WHERE  rolname = current_user`)
	if want := ProgramRole + " f f f f f"; got != want {
		t.Errorf("role: %q, want %q", got, want)
	}
	stop(t, c, true)
}

func TestALostPasswordIsMadeAnew(t *testing.T) {
	dir := folder(t)
	c := start(t, dir)
	if err := os.Remove(c.programPassword()); err != nil {
		t.Fatal(err)
	}
	again := start(t, dir)
	if got := execute(t, again.DSN("records"), "SELECT current_user"); got != ProgramRole {
		t.Errorf("signed in as %q", got)
	}
}

func TestSurroundingVariablesDoNotMoveIt(t *testing.T) {
	t.Setenv("PGPORT", "6543")
	t.Setenv("PGDATA", "/nowhere")
	start(t, folder(t))
}
