package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// warm is how many seconds pgbench's connections are given to plan their statements before they are counted: the
// program's connections have done so long before.
const warm = 4

var progress = regexp.MustCompile(`progress: ([0-9.]+) s, ([0-9.]+) tps`)

// pgbench runs a script with so many clients, each statement prepared once per connection, and answers its
// transactions a second. A transaction of the script is everything that one request runs.
func (b *bench) pgbench(s *script, clients int) (perSecond float64, err error) {
	file := filepath.Join(b.dir, "script.sql")
	if err := os.WriteFile(file, []byte(s.String()), 0o600); err != nil {
		return 0, err
	}
	program, err := pgbenchProgram()
	if err != nil {
		return 0, err
	}
	args := append([]string{"-n", "-M", "prepared", "-P", "1", "-c", fmt.Sprint(clients), "-j", fmt.Sprint(min(clients, 2)),
		"-T", fmt.Sprint(warm + b.seconds), "-f", file}, s.constants...)
	out, err := exec.Command(program, append(args, b.DSN(b.name))...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	var sum, n float64
	for _, found := range progress.FindAllSubmatch(out, -1) {
		at, err1 := strconv.ParseFloat(string(found[1]), 64)
		tps, err2 := strconv.ParseFloat(string(found[2]), 64)
		if err := errors.Join(err1, err2); err != nil {
			return 0, err
		}
		if at > warm+0.5 {
			sum, n = sum+tps, n+1
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("pgbench said no rate: %s", out)
	}
	return sum / n, nil
}

func pgbenchProgram() (string, error) {
	if path, err := exec.LookPath(filepath.Join(os.Getenv("PG_BIN_DIR"), "pgbench")); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("pgbench is not here: 'apt-get install postgresql' brings it")
	}
	return found[len(found)-1], nil
}
