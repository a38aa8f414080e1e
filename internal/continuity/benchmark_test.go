package continuity

import (
	"fmt"
	"testing"

	"throughgate/config"
	"throughgate/internal/day"
)

// Of one period the later vintage counts, whichever row stands last.
func TestEnglandsFigureIsThatOfThePeriodAndTheNewest(t *testing.T) {
	revised := append([]config.Benchmark{{Period: "2023/24", Percent: 52, Vintage: "2026"}}, config.BuiltIn().Benchmarks...)
	said := func(list []config.Benchmark) (words string) {
		for _, b := range list {
			words += fmt.Sprintf("%g in %s. ", b.Percent, b.Period)
		}
		return words
	}
	for _, c := range []struct {
		list      []config.Benchmark
		end, want string
	}{
		{config.BuiltIn().Benchmarks, "2023-12-31", "53 in 2023/24. 54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2023-04-01", "53 in 2023/24. 54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2023-03-31", "43 in 2022/23. 54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2019-03-31", "32.1 in 2017/18. 54 in June 2025. "}, // 2018/19 is not published
		{config.BuiltIn().Benchmarks, "2015-03-31", "54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2025-05-31", "53 in 2023/24. 54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2025-06-30", "54 in June 2025. "},
		{config.BuiltIn().Benchmarks, "2027-01-31", "54 in June 2025. "},
		{revised, "2023-12-31", "52 in 2023/24. 54 in June 2025. "},
		{nil, "2023-12-31", ""},
	} {
		if got := said(Comparators(c.list, day.MustParse(c.end))); got != c.want {
			t.Errorf("window to %s: %s, want %s", c.end, got, c.want)
		}
	}
}
