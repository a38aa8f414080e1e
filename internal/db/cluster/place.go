package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// elsewhere holds the data of clusters whose own folder the server's user cannot reach. Only root needs it.
const elsewhere = "/var/lib/throughgate"

// identity is who the server runs as. PostgreSQL refuses root, so root's servers run as somebody else.
type identity struct {
	uid, gid int
	dropped  bool
}

func serverIdentity() (identity, error) {
	if os.Geteuid() != 0 {
		return identity{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{os.Getenv("PG_RUN_AS"), "postgres", "nobody"} {
		if u, err := user.Lookup(name); name != "" && err == nil {
			uid, uidErr := strconv.Atoi(u.Uid)
			gid, gidErr := strconv.Atoi(u.Gid)
			return identity{uid: uid, gid: gid, dropped: true}, errors.Join(uidErr, gidErr)
		}
	}
	return identity{}, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
}

// credential is what a child process of the server's user is started with.
func (who identity) credential() *syscall.Credential {
	if !who.dropped {
		return nil
	}
	return &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid)}
}

// own gives a file or folder to the server's user.
func (who identity) own(path string) error {
	if !who.dropped {
		return nil
	}
	return os.Lchown(path, who.uid, who.gid)
}

// owned refuses a folder that somebody else made under a name we would use.
func owned(dir string, users ...int) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || !slices.Contains(users, int(stat.Uid)) {
		return fmt.Errorf("%s is there already and is not a folder of ours", dir)
	}
	return nil
}

// reaches says whether the server's user may pass through every folder above path.
func (who identity) reaches(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	for dir := filepath.Dir(real); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || !who.passes(info) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (who identity) passes(dir os.FileInfo) bool {
	stat, ok := dir.Sys().(*syscall.Stat_t)
	switch mode := dir.Mode(); {
	case !ok:
		return false
	case int(stat.Uid) == who.uid:
		return mode&0o100 != 0
	case int(stat.Gid) == who.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// settle decides where the data live: in the cluster's own folder, or, where the server's user cannot reach that (a
// clone in root's home), in a folder elsewhere whose name is kept in the file "moved-to".
func (c *Cluster) settle(say func(string)) error {
	kept, err := os.ReadFile(c.movedTo())
	switch {
	case err == nil:
		c.Dir = strings.TrimSpace(string(kept))
		if err := owned(c.Dir, c.server.uid); err != nil {
			return fmt.Errorf("%s says that the data are elsewhere: %w (delete that file to begin with an empty database)", c.movedTo(), err)
		}
	case !errors.Is(err, os.ErrNotExist):
		return err
	case !c.server.dropped || c.server.reaches(c.home):
		c.Dir = c.home
		return c.server.own(c.home)
	default:
		if err := c.move(); err != nil {
			return err
		}
	}
	if say != nil {
		say(fmt.Sprintf("PostgreSQL's user cannot reach %s, so the data are in %s", c.home, c.Dir))
	}
	return nil
}

func (c *Cluster) movedTo() string { return filepath.Join(c.home, "moved-to") }

// move makes the folder elsewhere. Its name is new each time: a second clone at the same path must not find the
// first one's data, which its keys cannot open.
func (c *Cluster) move() error {
	if _, err := os.Stat(filepath.Join(c.home, "data")); err == nil {
		return fmt.Errorf("%s holds data, but the user who runs PostgreSQL can no longer reach it: let others pass (chmod o+x) through the folders above it", c.home)
	}
	if err := os.MkdirAll(elsewhere, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(elsewhere, 0o755); err != nil { // whatever the umask
		return err
	}
	dir, err := os.MkdirTemp(elsewhere, "")
	if err != nil {
		return err
	}
	c.Dir = dir
	if err := c.server.own(dir); err != nil {
		return err
	}
	return os.WriteFile(c.movedTo(), []byte(dir+"\n"), 0o600)
}

// socketDir is in the cluster's folder where the path fits a socket's address (107 bytes), else in /tmp. Not in
// $TMPDIR: two processes of one cluster may differ about that.
func (c *Cluster) socketDir() string {
	dir := filepath.Join(c.Dir, "socket")
	if len(dir)+len("/.s.PGSQL.5432.lock") <= 100 && !strings.ContainsAny(dir, ` ,'"\$`) {
		return dir
	}
	sum := sha256.Sum256([]byte(c.Dir))
	return filepath.Join("/tmp", "throughgate-"+hex.EncodeToString(sum[:8]))
}

func (c *Cluster) makeSocketDir() error {
	c.socket = c.socketDir()
	err := os.Mkdir(c.socket, 0o700)
	if err == nil {
		return c.server.own(c.socket)
	}
	if !errors.Is(err, os.ErrExist) {
		return err
	}
	return owned(c.socket, c.server.uid)
}
