package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// statement is one statement as the server ran it, with its parameters' values as text.
type statement struct {
	text   string
	values []string // "NULL" for null, else quoted
}

// capture runs a request twice with every statement logged, and answers what the server ran for each. Transactions
// that hold none of the marks are not the request's: the program's jobs run beside it.
func (h *house) capture(marks []string, request func(s *server) error) (first, second []statement, err error) {
	if err := h.asOwner(h.name, "ALTER ROLE throughgate SET log_statement = 'all'"); err != nil {
		return nil, nil, err
	}
	s, err := h.serve()
	if err != nil {
		return nil, nil, err
	}
	ran := func() ([]statement, error) {
		if err := h.forgetLog(); err != nil {
			return nil, err
		}
		if err := request(s); err != nil {
			return nil, err
		}
		return h.logged(marks)
	}
	for range 20 { // until statements are prepared, and none of the program's jobs ran in between
		if first, err = ran(); err != nil {
			return nil, nil, err
		}
	}
	for range 10 {
		if second, err = ran(); err != nil {
			return nil, nil, err
		}
		if slices.EqualFunc(first, second, func(a, z statement) bool { return a.text == z.text }) {
			break
		}
		first = second
	}
	if err == nil {
		err = s.stop()
	}
	if err == nil {
		err = h.asOwner(h.name, "ALTER ROLE throughgate RESET log_statement")
	}
	return first, second, err
}

func (h *house) logFiles() ([]string, error) {
	return filepath.Glob(filepath.Join(h.Dir, "data", "statements", "*.json"))
}

func (h *house) forgetLog() error {
	files, err := h.logFiles()
	for _, f := range files {
		if err := os.Truncate(f, 0); err != nil {
			return err
		}
	}
	return err
}

// logged reads the transactions of the log that hold a mark, in the order of their beginning.
func (h *house) logged(marks []string) ([]statement, error) {
	type entry struct {
		PID             int
		Message, Detail string
	}
	files, err := h.logFiles()
	if err != nil {
		return nil, err
	}
	var all [][]statement
	open := map[int]int{}
	for _, f := range files {
		log, err := os.Open(f)
		if err != nil {
			return nil, err
		}
		defer log.Close()
		scan := bufio.NewScanner(log)
		scan.Buffer(nil, 1<<24)
		for scan.Scan() {
			var e entry
			text := strings.TrimLeft(scan.Text(), "\x00") // a truncated file that is written on begins with a hole
			if json.Unmarshal([]byte(text), &e) != nil {
				continue
			}
			s, ok := parseStatement(e.Message, e.Detail)
			if !ok {
				continue
			}
			if strings.HasPrefix(s.text, "BEGIN") {
				open[e.PID] = len(all)
				all = append(all, nil)
			}
			if at, running := open[e.PID]; running {
				all[at] = append(all[at], s)
			}
		}
	}
	var ours []statement
	for _, transaction := range all {
		if slices.ContainsFunc(transaction, func(s statement) bool {
			return slices.ContainsFunc(marks, func(m string) bool { return strings.Contains(s.text, m) })
		}) {
			ours = append(ours, transaction...)
		}
	}
	return ours, nil
}

var (
	ran       = regexp.MustCompile(`(?s)^(?:statement|execute [^:]*): (.*)$`)
	parameter = regexp.MustCompile(`(?s)\$\d+ = (NULL|'(?:[^']|'')*')`)
	place     = regexp.MustCompile(`\$(\d+)`)
)

func parseStatement(message, detail string) (s statement, ok bool) {
	m := ran.FindStringSubmatch(message)
	if m == nil {
		return s, false
	}
	s.text = strings.TrimSpace(m[1])
	for _, v := range parameter.FindAllStringSubmatch(detail, -1) {
		s.values = append(s.values, v[1])
	}
	return s, true
}

// script is a pgbench script: the statements of one request in their order, each parameter a variable.
type script struct {
	text      strings.Builder
	constants []string          // -D name=value
	fresh     map[string]string // value of the first capture -> variable drawn anew for each transaction
}

// newScript makes a script of two captures of the same request. What is equal in both, or sealed and so different
// each time though nobody looks for it, is sent as the first had it; ids and blind indexes that differ are drawn anew
// for each transaction, the same value by the same variable, so that every transaction writes rows of its own.
func newScript(first, second []statement) (*script, error) {
	s := &script{fresh: map[string]string{}}
	for i := range first {
		if first[i].text != second[i].text || len(first[i].values) != len(second[i].values) {
			return nil, fmt.Errorf("two equal requests ran different statements: %q and %q", first[i].text, second[i].text)
		}
		var fault error
		text := place.ReplaceAllStringFunc(first[i].text, func(p string) string {
			var n int
			fmt.Sscanf(p, "$%d", &n)
			if n > len(first[i].values) {
				fault = fmt.Errorf("%s has no value in %q", p, first[i].text)
				return p
			}
			return s.value(first[i].values[n-1], second[i].values[n-1])
		})
		if fault != nil {
			return nil, fault
		}
		fmt.Fprintf(&s.text, "%s;\n", strings.TrimSuffix(text, ";"))
	}
	return s, nil
}

var (
	uuidText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	index    = regexp.MustCompile(`^'\\x[0-9a-f]{32}'$`)
)

// value is the expression that stands for a parameter.
func (s *script) value(a, b string) string {
	plain := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(a, "'"), "'"), "''", "'")
	switch {
	case a == "NULL":
		return "NULL"
	case a == b:
		return s.constant(plain)
	case index.MatchString(a):
		return s.draw(a) // sixteen digits are sixteen bytes, as a blind index is
	case uuidText.MatchString(a):
		return s.withIDs(plain)
	}
	if _, drawn := s.fresh[a]; drawn || len(plain) < 20 && !strings.Contains(plain, ":") && !strings.Contains(plain, `\x`) {
		return s.draw(a) + "::text" // our reference, which may not repeat
	}
	return s.constant(plain)
}

func (s *script) constant(plain string) string {
	if plain == "" {
		return "''" // -D takes none that is empty
	}
	name := fmt.Sprintf("c%d", len(s.constants)+1)
	s.constants = append(s.constants, "-D", name+"="+plain)
	return ":" + name
}

func (s *script) draw(value string) string {
	if s.fresh[value] == "" {
		s.fresh[value] = fmt.Sprintf("f%d", len(s.fresh)+1)
	}
	return ":" + s.fresh[value]
}

// withIDs is a text in which each id is drawn anew; alone it is an id, else what the text around it says.
func (s *script) withIDs(plain string) string {
	ids := uuidText.FindAllStringIndex(plain, -1)
	fresh := func(at []int) string {
		return "lpad(" + s.draw(plain[at[0]:at[1]]) + "::text, 32, '0')::uuid"
	}
	if len(ids) == 1 && len(plain) == 36 {
		return fresh(ids[0])
	}
	var parts []string
	from := 0
	for _, at := range ids {
		parts = append(parts, s.constant(plain[from:at[0]])+"::text", fresh(at)+"::text")
		from = at[1]
	}
	return "(" + strings.Join(append(parts, s.constant(plain[from:])+"::text"), " || ") + ")"
}

// String is the script with the lines that draw its fresh values: sixteen digits each.
func (s *script) String() string {
	var draws []string
	for _, name := range s.fresh {
		draws = append(draws, `\set `+name+" random(1000000000000000, 9999999999999999)")
	}
	slices.Sort(draws)
	return lines(draws...) + s.text.String()
}
