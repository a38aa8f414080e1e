// Package internal holds the house's floor plan as a test.
package internal

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// order is the person's journey, as the packages know each other: one may import what stands above it, never what
// stands below. A folder inside another keeps its place, unless it has a line of its own.
var order = strings.Fields(`
	sql
	internal/day
	internal/problem
	internal/seal
	config
	internal/db/cluster
	internal/db
	internal/audit
	internal/staff
	internal/timeline

	internal/person
	internal/appointment
	internal/referral
	internal/pickup
	internal/reconcile
	internal/continuity

	internal/picture
	internal/report
	internal/mail
	internal/jobs
	internal/api
	internal/web
	internal/demo
	cmd

	internal/testdb`) // last, so that nothing but tests can import it

const module = "throughgate"

// place is where a package stands in the order, -1 if it has no place. The longest line that names it counts.
func place(pkg string) int {
	found, length := -1, 0
	for i, line := range order {
		full := module + "/" + line
		if (pkg == full || strings.HasPrefix(pkg, full+"/")) && len(full) > length {
			found, length = i, len(full)
		}
	}
	return found
}

// faults are the imports that go up the journey instead of down it, and the packages that have no place in it.
func faults(imports map[string][]string) (found []string) {
	for pkg, all := range imports {
		if place(pkg) < 0 {
			found = append(found, pkg+" has no place in the order")
			continue
		}
		for _, other := range all {
			if strings.HasPrefix(other, module+"/") && place(other) > place(pkg) {
				found = append(found, fmt.Sprintf("%s imports %s, which comes after it", pkg, other))
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestPackagesKnowOnlyWhatComesBefore(t *testing.T) {
	for _, f := range faults(importsOf(t, "..")) {
		t.Error(f)
	}
}

// importsOf reads the sources itself. `go list` would tell the same, but a test that only asks it is taken from the
// cache, and passes, after another package has changed.
func importsOf(t *testing.T, root string) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if slices.Contains([]string{".git", "bin", "node_modules", "tools", "var"}, entry.Name()) {
			return filepath.SkipDir
		}
		pkg, err := build.ImportDir(dir, 0)
		if none := (*build.NoGoError)(nil); errors.As(err, &none) {
			return nil
		}
		if name, _ := filepath.Rel(root, dir); err == nil && len(pkg.GoFiles) > 0 {
			imports[module+"/"+filepath.ToSlash(name)] = pkg.Imports
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(imports[module+"/internal/db/cluster"]) == 0 {
		t.Fatal("the sources were not found")
	}
	return imports
}

func TestFaults(t *testing.T) {
	const p = module + "/internal/"
	for _, c := range []struct {
		name, pkg, imported string
		fault               bool
	}{
		{"an earlier step", p + "referral", p + "appointment", false},
		{"a later step", p + "appointment", p + "referral", true},
		{"an edge from the pathway", p + "continuity", p + "report", true},
		{"the database from the cluster it runs on", p + "db/cluster", p + "db", true},
		{"the cluster from the database", p + "db", p + "db/cluster", false},
		{"a folder of the same step", p + "mail", p + "mail/mailtest", false},
		{"a folder of a later step", p + "referral", p + "mail/mailtest", true},
		{"the test database from the program", module + "/cmd/throughgate", p + "testdb", true},
		{"what is not ours", p + "day", "time", false},
		{"a name that only begins like ours", p + "daylight", "time", true},
	} {
		if got := faults(map[string][]string{c.pkg: {c.imported}}); (len(got) > 0) != c.fault {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
