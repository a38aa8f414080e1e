// Command throughgate-bench measures the program as it is deployed: bin/throughgate, on a private PostgreSQL that
// keeps what it has answered (fsync and synchronous commit on), beside pgbench sending the same statements. What the
// numbers mean, and those last taken, are in docs/performance.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// measures in the order they are taken: the later ones use the rows that the import leaves.
var measures = []struct {
	name string
	take func(*bench) error
}{
	{"accept", (*bench).accept},
	{"import", (*bench).importFiles},
	{"worklist", (*bench).worklist},
	{"pages", (*bench).pages},
	{"start", (*bench).start},
}

// bench is one run: the house it measures, and how long it looks.
type bench struct {
	*house
	program string
	seconds int // of each single measurement
	rounds  int // of which the median is taken
	rows    int // of the prison's file; the provider's has half as many
	clients string
	only    string // of the pages, those whose name holds it
}

func main() {
	b := &bench{}
	flag.StringVar(&b.program, "program", "bin/throughgate", "the program to measure")
	flag.IntVar(&b.seconds, "seconds", 3, "seconds of each single measurement")
	flag.IntVar(&b.rounds, "rounds", 5, "measurements of which the median is taken")
	flag.StringVar(&b.clients, "clients", "1,8,32", "how many clients refer at once")
	flag.StringVar(&b.only, "only", "", "of the pages, measure those only whose line holds this")
	flag.IntVar(&b.rows, "rows", 100_000, "rows of the prison's file")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "throughgate-bench [flags] [accept] [import] [worklist] [pages] [start]   (all when none is named)")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := b.run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (b *bench) run(wanted []string) (err error) {
	dir, err := os.MkdirTemp("", "throughgate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // else the cluster, which has a user of its own, would live elsewhere
		return err
	}
	if b.program, err = filepath.Abs(b.program); err != nil {
		return err
	}
	if b.house, err = openHouse(dir, b.program); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.house.close()) }()
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, os.Interrupt)
	go func() {
		<-stopped
		fmt.Fprintln(os.Stderr, b.house.close())
		os.RemoveAll(dir)
		os.Exit(1)
	}()
	for _, m := range measures {
		if len(wanted) > 0 && !slices.Contains(wanted, m.name) {
			continue
		}
		if err := m.take(b); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// report prints one line of the table in docs/performance.md.
func report(what, found, aim string) {
	fmt.Printf("%-58s %-44s %s\n", what, found, aim)
}

// median of several runs: the machine is rarely ours alone, and one slow run says nothing of the program.
func median[T float64 | time.Duration](all []T) T {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// alternately takes two measurements in turn, so that whatever else the machine does meets both alike. The ratio
// is the median of the rounds' own ratios.
func (b *bench) alternately(ours, theirs func() (float64, error)) (a, z, ratio float64, err error) {
	var as, zs, ratios []float64
	for range b.rounds {
		x, err := ours()
		if err != nil {
			return 0, 0, 0, err
		}
		y, err := theirs()
		if err != nil {
			return 0, 0, 0, err
		}
		as, zs, ratios = append(as, x), append(zs, y), append(ratios, x/y)
	}
	return median(as), median(zs), median(ratios), nil
}

func lines(text ...string) string { return strings.Join(text, "\n") + "\n" }
