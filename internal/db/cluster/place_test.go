package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReaches(t *testing.T) {
	top := t.TempDir()
	inner := filepath.Join(top, "a", "b")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(top), 0o755); err != nil { // the test's own folder is private
		t.Fatal(err)
	}
	stranger := identity{uid: 54321, gid: 54321}
	for _, at := range []struct {
		mode os.FileMode
		want bool
	}{{0o755, true}, {0o711, true}, {0o754, false}, {0o700, false}} {
		if err := os.Chmod(filepath.Dir(inner), at.mode); err != nil {
			t.Fatal(err)
		}
		if got := stranger.reaches(inner); got != at.want {
			t.Errorf("folder of mode %o: reaches = %v", at.mode, got)
		}
	}
}

func TestSocketPathFitsItsAddress(t *testing.T) {
	for _, dir := range []string{"/srv/throughgate/var", "/srv/" + strings.Repeat("long/", 30), "/srv/with a space", "/srv/it's"} {
		c := &Cluster{Dir: dir}
		path := c.socketDir() + "/.s.PGSQL.5432.lock"
		if len(path) > 107 || strings.ContainsAny(path, " '") {
			t.Errorf("%s: socket at %s", dir, path)
		}
	}
}

func TestAFolderOfSomebodyElseIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := owned(dir, os.Getuid()+1); err == nil {
		t.Error("somebody else's folder was taken")
	}
	if err := owned(dir, os.Getuid()+1, os.Getuid()); err != nil {
		t.Error(err)
	}
	link := dir + "-link"
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := owned(link, os.Getuid()); err == nil {
		t.Error("a link was followed")
	}
}

func TestFind(t *testing.T) {
	fake := func(version string) string {
		dir := t.TempDir()
		for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
			script := "#!/bin/sh\necho '" + name + " (PostgreSQL) " + version + "'\n"
			if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	fifteen, eighteen, half := fake("15.18 (Debian 15.18-0+deb12u1)"), fake("18.4"), fake("17.1")
	if err := os.Remove(filepath.Join(half, "postgres")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		dirs  []string
		major int
		want  string
		words string
	}{
		{"the first", []string{fifteen, eighteen}, 0, fifteen, ""},
		{"a folder without a server is passed over", []string{half, eighteen}, 0, eighteen, ""},
		{"the version that made the data", []string{fifteen, eighteen}, 18, eighteen, ""},
		{"only another version", []string{fifteen}, 18, "", "made by PostgreSQL 18"},
		{"none", []string{half, "/nowhere"}, 0, "", "apt-get install postgresql"},
	} {
		got, err := find(c.dirs, c.major)
		if got != c.want || (err == nil) != (c.words == "") || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}
