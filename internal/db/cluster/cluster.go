// Package cluster runs a private PostgreSQL from installed binaries, so that one command on an empty
// machine has a database. It listens on a unix socket only: no port, no container, no download.
package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// The two roles that can sign in. The owner is a superuser and migrates. The program's role owns nothing and
// cannot bypass row-level security, so a forgotten predicate shows it nothing.
const (
	OwnerRole   = "throughgate_owner"
	ProgramRole = "throughgate"
)

// Options say which cluster is wanted.
type Options struct {
	Dir      string       // the cluster's own folder, made if missing; nothing else belongs in it
	Database string       // made if missing
	Settings []string     // server settings, "name=value", taken when the server starts
	Fast     bool         // no durability, for tests only: a power cut may leave nothing
	Say      func(string) // told in one line when the data cannot live in Dir; nil for silence
}

// Cluster is a running private PostgreSQL that this process uses. It goes on when the process is killed, and the
// next Start finds it; Stop ends it once the last process has left.
type Cluster struct {
	Dir    string // where the data are: Options.Dir, or a folder elsewhere that the server's user can reach
	Reused bool   // it was running already

	home     string // Options.Dir: the locks stay here, wherever the data are
	bin      string
	socket   string
	owner    string // password
	program  string // password
	server   identity
	settings []string
	inUse    *os.File // shared lock = "I use this server"
}

// Start makes the cluster if it is not there, starts it if it does not run, and returns once it answers.
// Several processes may call it at the same time.
func Start(o Options) (*Cluster, error) {
	c, gate, err := enter(o.Dir)
	if err != nil {
		return nil, err
	}
	defer gate.Close()
	c.settings = settings(o)
	if err := c.settle(o.Say); err != nil {
		return nil, err
	}
	if err := c.prepare(); err != nil {
		return nil, err
	}
	if c.inUse, err = lock(filepath.Join(c.home, "use.lock"), syscall.LOCK_SH); err != nil {
		return nil, err
	}
	if err := c.open(o.Database); err != nil {
		c.inUse.Close()
		return nil, err
	}
	return c, nil
}

// prepare has a socket folder and a data folder ready.
func (c *Cluster) prepare() error {
	if err := c.makeSocketDir(); err != nil {
		return err
	}
	return c.initialise()
}

// open starts the server and makes what every caller relies on: the program's role and the database.
func (c *Cluster) open(database string) error {
	if err := c.startServer(); err != nil {
		return err
	}
	if err := c.makeProgramRole(); err != nil {
		return err
	}
	return c.makeDatabase(database)
}

// enter names the cluster in dir and holds the gate: one starter or stopper at a time.
func enter(dir string) (c *Cluster, gate *os.File, err error) {
	c = &Cluster{}
	if c.home, err = filepath.Abs(dir); err != nil {
		return nil, nil, err
	}
	if c.server, err = serverIdentity(); err != nil {
		return nil, nil, err
	}
	if err = os.MkdirAll(filepath.Dir(c.home), 0o755); err != nil {
		return nil, nil, err
	}
	if err = os.Mkdir(c.home, 0o700); errors.Is(err, os.ErrExist) {
		err = owned(c.home, os.Geteuid(), c.server.uid)
	}
	if err != nil {
		return nil, nil, err
	}
	gate, err = lock(filepath.Join(c.home, "start.lock"), syscall.LOCK_EX)
	return c, gate, err
}

// Stop ends the server unless another process still uses it, and says which.
func (c *Cluster) Stop() (stopped bool, err error) {
	gate, err := lock(filepath.Join(c.home, "start.lock"), syscall.LOCK_EX)
	if err != nil {
		return false, err
	}
	defer gate.Close()
	defer c.inUse.Close()
	if err := syscall.Flock(int(c.inUse.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return false, nil // somebody else holds the shared lock
	}
	return true, c.run("pg_ctl", "-D", c.data(), "-w", "-m", "fast", "stop")
}

// Remove deletes the cluster in dir with all its data, also where they live elsewhere. It refuses while a process
// uses it. A folder without a cluster is no error.
func Remove(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	c, gate, err := enter(dir)
	if err != nil {
		return err
	}
	defer gate.Close()
	use, err := lock(filepath.Join(c.home, "use.lock"), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return fmt.Errorf("%s is in use: stop the program that uses it first", c.home)
	}
	defer use.Close()
	if err := c.settle(nil); err != nil {
		return err
	}
	return errors.Join(c.stopAbandoned(), os.RemoveAll(c.socketDir()), os.RemoveAll(c.Dir), os.RemoveAll(c.home))
}

// DSN is how the program reaches a database of this cluster, without any right of its owner.
func (c *Cluster) DSN(database string) string { return c.dsn(ProgramRole, c.program, database) }

// OwnerDSN is how migrations reach it, as superuser.
func (c *Cluster) OwnerDSN(database string) string { return c.dsn(OwnerRole, c.owner, database) }

// The port is said although there is none: it names the socket file, and PGPORT would change it.
func (c *Cluster) dsn(role, password, database string) string {
	return fmt.Sprintf("host=%s port=5432 user=%s password=%s dbname=%s sslmode=disable", c.socket, role, password, database)
}

// lock takes an advisory lock on a file of ours; the kernel drops it with the process, however that ends.
func lock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
