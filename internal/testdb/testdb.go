// Package testdb gives each test a database of its own, with the schema as the migrations leave it and no rows.
// Without PostgreSQL a test fails: what it would show cannot be shown otherwise.
package testdb

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/db"
	"throughgate/internal/db/cluster"
	"throughgate/internal/seal"
	migrations "throughgate/sql"
)

// DB is one test's database. It goes with the test, unless the test fails.
type DB struct {
	DSN      string // as the program signs in
	OwnerDSN string // as migrations do
	Master   seal.Master
}

// New copies the template, making it first when these migrations were never tested before.
func New(t testing.TB) *DB {
	t.Helper()
	c, err := ready()
	if err != nil {
		t.Fatal(err)
	}
	name := "t_" + strings.ToLower(rand.Text())
	if err := c.asOwner("CREATE DATABASE " + name + " TEMPLATE " + c.template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the database is kept: %s", c.OwnerDSN(name))
			return
		}
		if err := c.asOwner("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return &DB{DSN: c.DSN(name), OwnerDSN: c.OwnerDSN(name), Master: seal.NewMaster()}
}

// Pool opens the database as the program does, with keys of its own and the built-in rules. It may be called more than
// once: the pools then behave like several servers.
func (d *DB) Pool(t testing.TB) *db.Pool {
	t.Helper()
	pool, err := db.Open(t.Context(), db.Options{DSN: d.DSN, Master: d.Master, Rules: config.BuiltIn()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// server is the cluster that all packages of one `go test ./...` share, with the database to copy. The owner stays
// signed in: the proof of a password costs more than the copy.
type server struct {
	*cluster.Cluster
	owner    *sql.DB
	template string
}

// ready starts the cluster and makes the template. It is left running: the next package finds it there.
var ready = sync.OnceValues(func() (s server, err error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("throughgate-tests-%d", os.Getuid()))
	if s.Cluster, err = cluster.Start(cluster.Options{Dir: dir, Fast: true}); err != nil {
		return s, err
	}
	if s.owner, err = sql.Open("postgres", s.OwnerDSN("postgres")); err != nil {
		return s, err
	}
	if s.template, err = templateName(); err != nil {
		return s, err
	}
	return s, s.makeTemplate(context.Background())
})

// templateName follows the text of the migrations, so that a changed one is a new template.
func templateName() (string, error) {
	files, err := migrations.Files()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text)
		return err
	})
	return fmt.Sprintf("template_%x", sum.Sum(nil)[:8]), err
}

// makeTemplate lets one process at a time migrate. The mark comes last: a half-made template is never copied.
func (s server) makeTemplate(ctx context.Context) error {
	session, err := s.owner.Conn(ctx) // the lock belongs to one session
	if err != nil {
		return err
	}
	defer session.Close()
	if _, err := session.ExecContext(ctx, "SELECT pg_advisory_lock(4711)"); err != nil {
		return err
	}
	defer session.ExecContext(ctx, "SELECT pg_advisory_unlock(4711)") // the session lives on in the pool
	var made bool
	err = session.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)", s.template).Scan(&made)
	if err != nil || made {
		return err
	}
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + s.template + " WITH (FORCE)", "CREATE DATABASE " + s.template} {
		if _, err := session.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := db.Migrate(ctx, s.OwnerDSN(s.template), cluster.ProgramRole); err != nil {
		return err
	}
	_, err = session.ExecContext(ctx, "ALTER DATABASE "+s.template+" IS_TEMPLATE true ALLOW_CONNECTIONS false")
	return err
}

func (s server) asOwner(statement string) error {
	_, err := s.owner.Exec(statement)
	var refused *pq.Error
	if errors.As(err, &refused) {
		err = fmt.Errorf("%s: %s", statement, refused.Message)
	}
	return err
}
