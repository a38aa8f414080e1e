package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// england is C20's history as measure 1 gives it. A revised figure is another row, with its own vintage.
func TestEnglandsHistoryIsShipped(t *testing.T) {
	want := map[string]float64{
		"2015/16": 30.3, "2017/18": 32.1, "2019/20": 34.5, "2020/21": 38.1, "2021/22": 37.4, "2022/23": 43, "2023/24": 53, "June 2025": 54,
	}
	for _, b := range BuiltIn().Benchmarks {
		if b.Percent != want[b.Period] || b.Area != "England" || b.Indicator != "C20" {
			t.Errorf("%+v", b)
		}
		delete(want, b.Period)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

func TestAPeriodBegins(t *testing.T) {
	for period, want := range map[string]string{
		"2023/24": "2023-04-01", "1999/00": "1999-04-01", "June 2025": "2025-06-01",
		"2023/25": "", "2023/2024": "", "2023": "", "Jun 2025": "", "": "", "/": "",
	} {
		begins, ok := Benchmark{Period: period}.Begins()
		if ok != (want != "") || ok && begins.String() != want {
			t.Errorf("%q begins %s, %v; want %q", period, begins, ok, want)
		}
	}
}

// A valid file, then one thing in it spoilt: the fault names the key and what is allowed.
func TestFaultsOfBenchmarksAndLimits(t *testing.T) {
	valid := `
benchmarks:
  - {area: England, indicator: C20, period: "2024/25", period_type: financial year, percent: 55, vintage: "2026", source: PHOF}
report:
  pathway_changes: {2024-02-01: a second clinic}
  new_limits: ["2024-02-01"]
`
	load := func(text string) string {
		file := filepath.Join(t.TempDir(), "throughgate.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); err != nil {
			return err.Error()
		}
		return ""
	}
	if fault := load(valid); fault != "" {
		t.Fatal(fault)
	}
	for _, c := range []struct{ old, spoilt, says string }{
		{`"2024/25"`, `"2024"`, "benchmarks[0].period: "},
		{"financial year", `""`, "benchmarks[0]: "},
		{"source: PHOF", `source: ""`, "source are needed"},
		{`"2026"`, `""`, "benchmarks[0]: "},
		{"55", "105", "benchmarks[0].percent: "},
		{`["2024-02-01"]`, `["2024-03-01"]`, "report.new_limits[0]: "},
	} {
		if fault := load(strings.Replace(valid, c.old, c.spoilt, 1)); strings.Count(fault, "\n") > 0 || !strings.Contains(fault, c.says) {
			t.Errorf("%s for %s: %q, want %q", c.spoilt, c.old, fault, c.says)
		}
	}
}
