package cluster

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
)

func (c *Cluster) data() string { return filepath.Join(c.Dir, "data") }

func (c *Cluster) ownerPassword() string   { return filepath.Join(c.Dir, "owner.password") }
func (c *Cluster) programPassword() string { return filepath.Join(c.Dir, "program.password") }

// settings are those of every private cluster, then the caller's. Errors are the program's to log: PostgreSQL's own
// text of them repeats values that people typed, so its log keeps only what concerns the server.
func settings(o Options) []string {
	all := []string{"port=5432", "listen_addresses=", "unix_socket_permissions=0700", "log_min_messages=log", "log_min_error_statement=panic"}
	if o.Fast {
		all = append(all, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
	}
	return append(all, o.Settings...)
}

// initialise makes the data folder beside its place and renames it: a kill in the middle leaves no half cluster.
func (c *Cluster) initialise() error {
	if _, err := os.Stat(filepath.Join(c.data(), "PG_VERSION")); err == nil {
		password, err := os.ReadFile(c.ownerPassword())
		c.owner = strings.TrimSpace(string(password))
		return err
	}
	fresh := c.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	c.owner = newPassword()
	if err := c.keep(c.ownerPassword(), c.owner); err != nil {
		return err
	}
	if err := os.RemoveAll(c.programPassword()); err != nil { // it belongs to a cluster that is gone
		return err
	}
	if err := c.run("initdb", "-D", fresh, "-U", OwnerRole, "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums",
		"--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--pwfile="+c.ownerPassword()); err != nil {
		return err
	}
	return os.Rename(fresh, c.data())
}

// startServer returns once a query is answered. Nothing less is believed: a process that is just dying still counts
// as running for pg_ctl, and one that was killed may leave children that keep the next from starting for a moment.
func (c *Cluster) startServer() error {
	if c.Reused = c.answers() == nil; c.Reused {
		return nil
	}
	if err := c.chooseBinaries(); err != nil {
		return err
	}
	args := []string{"-D", c.data(), "-l", filepath.Join(c.Dir, "log"), "-w", "-t", "60", "-o", c.serverOptions(), "start"}
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = c.run("pg_ctl", args...); err == nil {
			return c.answers()
		}
		if c.Reused = c.answers() == nil; c.Reused {
			return nil
		}
	}
	return fmt.Errorf("PostgreSQL does not start: %w\n%s", err, c.endOfLog())
}

func (c *Cluster) serverOptions() string {
	var b strings.Builder
	for _, s := range append(slices.Clone(c.settings), "unix_socket_directories="+c.socket) {
		name, value, _ := strings.Cut(s, "=")
		fmt.Fprintf(&b, "-c %s='%s' ", name, value)
	}
	return b.String()
}

func (c *Cluster) endOfLog() string {
	text, _ := os.ReadFile(filepath.Join(c.Dir, "log")) // no log, no words
	return string(text[max(0, len(text)-1500):])
}

// stopAbandoned ends a server that a killed process left behind, before its data are removed.
func (c *Cluster) stopAbandoned() error {
	if _, err := os.Stat(filepath.Join(c.data(), "postmaster.pid")); err != nil {
		return nil
	}
	if c.run("pg_ctl", "-D", c.data(), "status") != nil {
		return nil
	}
	return c.run("pg_ctl", "-D", c.data(), "-w", "-m", "immediate", "stop")
}

// answers is nil if the server answers its owner.
func (c *Cluster) answers() error {
	return c.asOwner(func(db *sql.DB) error { return db.Ping() })
}

func (c *Cluster) asOwner(do func(*sql.DB) error) error {
	db, err := sql.Open("postgres", c.OwnerDSN("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	return do(db)
}

// makeProgramRole makes the role the program signs in with. Its password file is written last: where it is, the role
// is there too. It inherits nothing: the rights of a role granted to it are had only inside SET ROLE.
func (c *Cluster) makeProgramRole() error {
	if kept, err := os.ReadFile(c.programPassword()); err == nil {
		c.program = strings.TrimSpace(string(kept))
		return nil
	}
	c.program = newPassword()
	err := c.asOwner(func(db *sql.DB) error {
		var there bool
		if err := db.QueryRow("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", ProgramRole).Scan(&there); err != nil {
			return err
		}
		verb := "CREATE"
		if there {
			verb = "ALTER"
		}
		_, err := db.Exec(verb + " ROLE " + ProgramRole + " LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD " + pq.QuoteLiteral(c.program))
		return err
	})
	if err != nil {
		return err
	}
	return c.keep(c.programPassword(), c.program)
}

func (c *Cluster) makeDatabase(name string) error {
	if name == "" {
		return nil
	}
	return c.asOwner(func(db *sql.DB) error {
		var there bool
		err := db.QueryRow("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
		if err != nil || there {
			return err
		}
		_, err = db.Exec("CREATE DATABASE " + pq.QuoteIdentifier(name))
		return err
	})
}

func newPassword() string {
	raw := make([]byte, 24)
	rand.Read(raw) // never fails: the program ends instead
	return hex.EncodeToString(raw)
}

// keep writes a password for the server's user alone, complete or not at all.
func (c *Cluster) keep(path, password string) error {
	err := os.WriteFile(path+".new", []byte(password+"\n"), 0o600)
	return errors.Join(err, c.server.own(path+".new"), os.Rename(path+".new", path))
}

// run runs one of PostgreSQL's programs as the server's user, in a session of its own, so that Ctrl-C reaches us and
// not the server first. Its output goes to a file: the server would hold a pipe open for as long as it lives.
func (c *Cluster) run(name string, args ...string) error {
	if err := c.chooseBinaries(); err != nil {
		return err
	}
	out, err := os.CreateTemp("", "throughgate-postgres-")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir, cmd.Env = c.Dir, c.environment()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: c.server.credential()}
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name()) // the error stands without its words
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// environment is ours without the PG variables, which would move the port, the data or the user.
func (c *Cluster) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") })
	return append(env, "LC_ALL=C.UTF-8", "HOME="+c.Dir)
}
