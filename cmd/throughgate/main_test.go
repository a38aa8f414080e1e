package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/demo"
	"throughgate/internal/staff"
)

// console runs a command as a person would, and gives back what it said.
func console(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

func TestEveryCommandIsListedAndHelpsItself(t *testing.T) {
	code, usage, _ := console(t, "--help")
	if code != exitDone {
		t.Errorf("--help ends with %d", code)
	}
	for _, c := range commands {
		if !strings.Contains(usage, "  "+c.name+" ") {
			t.Errorf("--help does not list %s", c.name)
		}
		code, help, errs := console(t, append(strings.Fields(c.name), "--help")...)
		if code != exitDone || errs != "" || !strings.Contains(help, c.summary) || !strings.Contains(help, "--config FILE") {
			t.Errorf("%s --help: %d, %q, %q", c.name, code, help, errs)
		}
		for _, word := range strings.Fields(c.args) { // every flag of the usage line is explained
			if flag := strings.Trim(word, "[]"); strings.HasPrefix(flag, "--") && !strings.Contains(help, "\n  "+flag+" ") {
				t.Errorf("%s --help does not explain %s", c.name, flag)
			}
		}
	}
}

func TestTheVersionIsToldInEveryWayOfAsking(t *testing.T) {
	for line, says := range map[string]string{"version": "measure 1\n", "--version": "measure 1\n", "version --json": `"measure":"1"`, "--version --json": `"measure":"1"`} {
		if code, out, errs := console(t, strings.Fields(line)...); code != exitDone || errs != "" || !strings.Contains(out, says) {
			t.Errorf("%s ends with %d and says %q, %q", line, code, out, errs)
		}
	}
}

func TestALineAboutAKeySaysWhetherItWorksAndIsUsed(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	yesterday := now.AddDate(0, 0, -1)
	works := staff.Key{Organisation: "EXI", ExpiresAt: now.AddDate(0, 0, 90), TakesPart: true}
	for line, spoil := range map[string]func(*staff.Key){
		"works until 31 January 2027, never used":                   func(*staff.Key) {},
		"works until 31 January 2027, last used on 1 November 2026": func(k *staff.Key) { k.LastUsedAt = &yesterday },
		"expired, never used":                                       func(k *staff.Key) { k.ExpiresAt = now },
		"revoked, never used":                                       func(k *staff.Key) { k.RevokedAt = &yesterday },
		"organisation no longer takes part, never used":             func(k *staff.Key) { k.TakesPart = false },
	} {
		k := works
		spoil(&k)
		if got := keyLine(k, now); !strings.HasSuffix(got, " "+line) {
			t.Errorf("%q, want %q", got, line)
		}
	}
}

func TestWrongUsageIsNamedAndEndsWithTwo(t *testing.T) {
	for line, says := range map[string]string{
		"":                       "Usage:",
		"rat --window-end":       `no command "rat"`,
		"rate":                   "--window-end DATE is needed",
		"rate --window-end soon": "YYYY-MM-DD",
		"rate --widow-end":       "no flag --widow-end",
		"rate --window-end":      "--window-end needs a value",
		"rate --window-end=":     "--window-end: it is empty",
		"--verzion":              `no command "--verzion"`,
		"apikey":                 "apikey create --organisation CODE",
		"apikey bogus":           `no command "apikey bogus"`,
		"serve --listen here":    "an address of this machine",
		"rate --json=maybe --window-end 2023-12-31":                           "--json: it takes no value",
		"rate --window-end 2023-12-31 --window-end 2023-11-30":                "--window-end: it is there twice",
		"rate --months x --window-end 2023-12-31":                             "whole number",
		"rate --months 0 --window-end 2023-12-31":                             "from 1 to 120",
		"rate --months 121 --window-end 2023-12-31":                           "from 1 to 120",
		"apikey create --organisation EXI --expires 366d":                     "from 1d to 365d",
		"import prison-releases --prison EXI":                                 "FILE is missing",
		"import prison-releases a.csv":                                        "--prison CODE is needed",
		"import prison-releases a.csv b.csv --prison EXI":                     "one argument too many",
		"user add --organisation EXI --email hal --name Hal":                  "--email takes an email address",
		"recipient add hal --name Hal":                                        "ADDRESS takes an email address",
		"review confirm 12":                                                   "ID is the long one",
		"demo --listen 0.0.0.0:8080":                                          "of this machine",
		"reconcile --prison A --provider B --from 2024-01-01 --to 2023-01-01": "--to lies before --from",
	} {
		code, out, errs := console(t, strings.Fields(line)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, says) {
			t.Errorf("%q ends with %d and says %q, %q", line, code, out, errs)
		}
	}
}

func TestHelpOfACommandIsItsOwn(t *testing.T) {
	_, own, _ := console(t, "rate", "--help")
	if code, help, _ := console(t, "help", "rate"); code != exitDone || help != own {
		t.Errorf("help rate: %d, %s", code, help)
	}
}

func TestAFileIsNotOverwrittenByItsOwnResult(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(file, []byte("as the prison sent it"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &call{args: []string{file}, flags: map[string]string{"result": file}}
	_, err := c.resultFile()
	if text, _ := os.ReadFile(file); string(text) != "as the prison sent it" || !errors.As(err, new(errUsage)) {
		t.Errorf("%v, and the file says %q", err, text)
	}
}

func TestWhatTheDatabaseRefusesIsSaidInWords(t *testing.T) {
	for err, says := range map[error]string{
		db.ErrAway:                  "cannot be reached",
		&db.Refusal{State: "28P01"}: "user name or password",
		&db.Refusal{State: "3D000"}: "no database of the name",
		context.Canceled:            "Stopped.",
	} {
		if got := said(fmt.Errorf("opening: %w", err)); !strings.Contains(got, says) {
			t.Errorf("%v is said as %q", err, got)
		}
	}
}

func TestAWrongSettingStopsTheStartAndIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wrong.yaml")
	if err := os.WriteFile(file, []byte("mial: {address: x}\npartnership: {nmae: y}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := console(t, "rate", "--window-end", "2023-12-31", "--config", file)
	if code != exitRefused || !strings.Contains(errs, file) || !strings.Contains(errs, `"mial"`) || !strings.Contains(errs, `"nmae"`) || !strings.Contains(errs, "dat_codes") {
		t.Errorf("%d: %s", code, errs)
	}
	for path, says := range map[string]string{filepath.Join(t.TempDir(), "none.yaml"): "no settings file", t.TempDir(): "cannot be read"} {
		if code, _, errs = console(t, "check", "--config", path); code != exitRefused || !strings.Contains(errs, says) {
			t.Errorf("%d: %s", code, errs)
		}
	}
	t.Setenv("THROUGHGATE_MAIL_ADRESS", "x")
	if code, _, errs = console(t, "check"); code != exitRefused || !strings.Contains(errs, "there is no setting THROUGHGATE_MAIL_ADRESS") {
		t.Errorf("%d: %s", code, errs)
	}
}

func TestADemoIsNotWorkedOnByMistake(t *testing.T) {
	dir := t.TempDir()
	if err := writeMark(dir, mark{}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("THROUGHGATE_DATA_DIR", dir)
	code, _, errs := console(t, "rate", "--window-end", "2023-12-31")
	if code != exitRefused || !strings.Contains(errs, "invented people") {
		t.Errorf("%d: %s", code, errs)
	}
	if _, err := readMark(t.TempDir()); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readMark(full); err == nil {
		t.Error("a folder with somebody's letter was taken for a demo")
	}
}

func TestADemosFolderIsWorkedOnAsTheDemoIs(t *testing.T) {
	dir := t.TempDir()
	if err := writeMark(dir, mark{URL: "http://127.0.0.1:8099", SMTP: "127.0.0.1:2599", SignIns: &demo.SignIns{}}); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{dir: "http://127.0.0.1:8099 127.0.0.1:2599 [throughgate.example]", t.TempDir(): "http://127.0.0.1:8080  []", "": "http://127.0.0.1:8080  []"} {
		c := &call{flags: map[string]string{"data-dir": folder}}
		rules, err := c.settings()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(rules.Server.Address(defaultListen, false), " ", rules.Mail.Address, " ", rules.Mail.AllowedDomains); got != want {
			t.Errorf("in %q: %s, want %s", folder, got, want)
		}
	}
}

// headed is a file's header and its row about one person.
func headed(t *testing.T, file, number string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	about := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, number) })
	return lines[0] + lines[about]
}

// The whole console on a private cluster: the files in, the reviews decided, the rate out.
func TestTheExampleCohortOnThePrivateCluster(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // PostgreSQL runs as somebody else under root
		t.Fatal(err)
	}
	var files [2]string
	for i, name := range []string{"prison-releases.csv", "provider-pickups.csv"} {
		text, err := demo.Example.ReadFile("exeter-plymouth/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(files[i], text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data := "--data-dir=" + filepath.Join(dir, "data")
	do := func(args ...string) string {
		t.Helper()
		code, out, errs := console(t, append(args, data)...)
		if code != exitDone {
			t.Fatalf("%v ends with %d: %s", args, code, errs)
		}
		return out
	}
	result := filepath.Join(dir, "result.csv")
	if code, _, errs := console(t, "import", "prison-releases", "--prison", "EXI", files[0], data, "--result", filepath.Join(dir, "none", "x.csv")); code != exitRefused || !strings.Contains(errs, "nothing was imported") {
		t.Errorf("a result that cannot be written: %d, %s", code, errs)
	}
	if out := do("rate", "--window-end", "2023-12-31"); !strings.Contains(out, "no releases") {
		t.Errorf("it was imported all the same: %s", out)
	}
	for _, command := range []string{"up", "status"} {
		if out := do("migrate", command); !strings.Contains(out, "as this program needs it") {
			t.Errorf("migrate %s says %q", command, out)
		}
	}
	code, _, errs := console(t, "import", "prison-releases", "--prison", "EXI", files[1], data, "--result", result)
	if _, err := os.Stat(result); code != exitRefused || !os.IsNotExist(err) {
		t.Errorf("a refused file leaves a result behind: %d, %s, %v", code, errs, err)
	}
	var moments, known []string // what the measures were after each step
	measures := []string{"rate", "--window-end", "2023-12-31", "--data-through", "2024-01-21", "--months", "18", "--json"}
	step := func() {
		known = append(known, do(measures...))
		moments = append(moments, time.Now().UTC().Format(time.RFC3339Nano))
	}
	step()
	do("import", "prison-releases", "--prison", "EXI", files[0])
	step()
	if out := do("import", "provider-pickups", files[1], "--dry-run", "--json", "--provider", "HARBOUR"); !strings.Contains(out, `"accepted":225`) {
		t.Errorf("dry run: %s", out)
	}
	do("import", "provider-pickups", files[1], "--provider", "HARBOUR", "--result", result)
	if text, err := os.ReadFile(result); err != nil || bytes.Count(text, []byte("\n")) != 246 {
		t.Errorf("the result file: %v, %d bytes", err, len(text))
	}
	if out := do("rate", "--window-end", "2023-12-31"); !strings.Contains(out, "33 of 75 = 44.0%") {
		t.Errorf("the rate: %s", out)
	}
	var waiting []struct{ ID, Why string }
	if err := json.Unmarshal([]byte(do("review", "list", "--json")), &waiting); err != nil || len(waiting) != 3 {
		t.Fatalf("%d reviews, %v", len(waiting), err)
	}
	step()
	for _, w := range waiting {
		do("review", "confirm", w.ID)
	}
	step()
	if out := do("rate", "--window-end", "2023-05-31", "--data-through", "2023-12-31"); !strings.Contains(out, "24 of 72 = 33.3%") {
		t.Errorf("after the reviews: %s", out)
	}
	out := filepath.Join(dir, "report")
	do("report", "--window-end", "2023-12-31", "--data-through", "2023-12-31", "--out", out)
	text, err := os.ReadFile(filepath.Join(out, "report.txt"))
	if err != nil || !strings.Contains(string(text), "44% of about 75 people") {
		t.Errorf("the report: %v\n%s", err, text)
	}
	do("link", "undo", waiting[0].ID, "--reason", "two people after all")
	step()
	if out := do("review", "list", "--json"); strings.Count(out, `"why"`) != 1 || !strings.Contains(out, waiting[0].Why) {
		t.Errorf("after undoing one of the reviews' links there wait %s", out)
	}
	corrected := filepath.Join(t.TempDir(), "corrected.csv") // one row of the file, three months earlier
	if err := os.WriteFile(corrected, []byte(strings.Replace(headed(t, files[0], "A8756NE"), "01/11/2023", "01/08/2023", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := do("import", "prison-releases", "--prison", "EXI", corrected, "--json"); !strings.Contains(out, `"rows":1,"accepted":0,"updated":1`) {
		t.Errorf("the correction: %s", out)
	}
	step()
	for i, at := range moments {
		if again := do(append(measures, "--as-known-at", at)...); again != known[i] || i > 0 && known[i] == known[i-1] {
			t.Errorf("as known after step %d: %.300s\nand then: %.300s", i, again, known[i])
		}
	}
	if code, _, errs := console(t, "rate", "--window-end", "0001-01-01", data); code != exitRefused || !strings.Contains(errs, "1990") {
		t.Errorf("a window of long ago: %d, %s", code, errs)
	}
	if _, _, errs := console(t, "rate", "--window-end", "2023-12-31", "--data-through", "2023-12-01", data); !strings.Contains(errs, "data") {
		t.Errorf("data through before the window's end: %s", errs)
	}
	if key := do("apikey", "create", "--organisation", "EXI"); !strings.HasPrefix(key, "tg_EXI_") || strings.Count(key, "\n") != 1 {
		t.Errorf("the key: %q", key)
	}
	for list, row := range map[string]string{"apikey": `"organisation":"EXI","role":"prison"`, "user": "[]\n", "recipient": "[]\n"} {
		if out := do(list, "list", "--json"); !strings.Contains(out, row) {
			t.Errorf("%s list --json: %s", list, out)
		}
	}
	if code, out, _ := console(t, "check", "--json", data); code != exitRefused || !strings.Contains(out, `{"what":"clock","ok":true`) || !strings.Contains(out, `{"what":"mail","ok":false`) {
		t.Errorf("check: %d, %s", code, out)
	}
	if link := do("user", "add", "--organisation", "HARBOUR", "--email", "hal@example.org", "--name", "Hal"); !strings.Contains(link, "/invitation/") {
		t.Errorf("the link: %q", link)
	}
}
