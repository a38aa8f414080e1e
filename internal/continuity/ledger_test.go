package continuity

import (
	"testing"

	"pgregory.net/rapid"

	"throughgate/config"
	"throughgate/internal/day"
)

// Trying all whole numbers for five days finds the same bounds on every period as the ledger does: an attacker who tries
// everything that is consistent knows no more than the check before sending.
func TestTheLedgerKnowsAllThatTryingEveryNumberKnows(t *testing.T) {
	const days, most = 5, 5
	first := day.MustParse("2024-01-01")
	rapid.Check(t, func(t *rapid.T) {
		truth := rapid.SliceOfN(rapid.IntRange(0, most), days, days).Draw(t, "truth")
		// of each day alone it is known that it has most at most, so that there is an end to trying
		claims := []claim{}
		say := func(from, to, below, above int) {
			n := totalOf(truth[from : to+1])
			claims = append(claims, claim{from: first.Add(from), to: first.Add(to), low: max(0, n-below), high: n + above})
		}
		for d := range days {
			say(d, d, most, most-truth[d])
		}
		for range rapid.IntRange(1, 5).Draw(t, "windows") {
			from := rapid.IntRange(0, days-1).Draw(t, "from")
			say(from, rapid.IntRange(from, days-1).Draw(t, "to"), rapid.IntRange(0, 2).Draw(t, "below"), rapid.IntRange(0, 2).Draw(t, "above"))
		}
		l, tried := follow(claims), everyNumber(claims, first, days, most)
		for p, seen := range tried {
			i, j := l.at(first.Add(p[0]-1)), l.at(first.Add(p[1]))
			if low, high := -l.most[j][i], l.most[i][j]; low != seen[0] || high != seen[1] {
				t.Fatalf("days %v: the ledger says %d to %d, trying says %v", p, low, high, seen)
			}
		}
	})
}

func totalOf(numbers []int) (all int) {
	for _, n := range numbers {
		all += n
	}
	return all
}

// everyNumber tries 0..most for each day and gives the smallest and the largest sum of each period that fits all claims.
func everyNumber(claims []claim, first day.Date, days, most int) map[[2]int][2]int {
	seen, chosen := map[[2]int][2]int{}, make([]int, days)
	var try func(int)
	try = func(at int) {
		if at < days {
			for chosen[at] = 0; chosen[at] <= most; chosen[at]++ {
				try(at + 1)
			}
			return
		}
		for _, c := range claims {
			if n := totalOf(chosen[c.from.Sub(first) : c.to.Sub(first)+1]); n < c.low || n > c.high {
				return
			}
		}
		for from := range days {
			for to := from; to < days; to++ {
				n, p := totalOf(chosen[from:to+1]), [2]int{from, to}
				was, known := seen[p]
				if !known {
					was = [2]int{n, n}
				}
				seen[p] = [2]int{min(was[0], n), max(was[1], n)}
			}
		}
	}
	try(0)
	return seen
}

func TestAClaimThatNewerOnesContradictIsLeftOut(t *testing.T) {
	from, to := day.MustParse("2024-01-01"), day.MustParse("2024-01-31")
	l := follow([]claim{{from: from, to: to, low: 10, high: 12}, {from: from, to: to, low: 20, high: 22}, {from: from, to: to, low: 12, high: 14}})
	if i, j := l.at(from.Add(-1)), l.at(to); l.most[i][j] != 12 || -l.most[j][i] != 12 {
		t.Errorf("%d to %d", -l.most[j][i], l.most[i][j])
	}
}

// Each report here would tell a small count: by itself, by its sums, or beside the one before.
func TestWhatWouldTellASmallCountIsHidden(t *testing.T) {
	rules := config.BuiltIn()
	guarded := func(w Window, sent ...Sent) Outgoing {
		o := Suppress(figuresOf(w), nil, rules)
		o.Guard(sent, rules)
		return o
	}
	if o := guarded(window("2023-12-31", 20, 5)); o.M1.HasPercent() || !o.Withheld {
		t.Errorf("25%% of about 20 can only be 5: %s", o.Headline)
	}
	if o := guarded(window("2023-12-31", 24, 20)); o.M1.HasPercent() {
		t.Errorf("83%% of about 25 leaves 4: %s", o.Headline)
	}
	if o := guarded(window("2023-12-31", 75, 33)); !o.M1.HasPercent() || o.Withheld || o.Footer != (veil{rules.Suppression}).footer() {
		t.Errorf("44%% of about 75 may be any of several: %s %s", o.Headline, o.Footer)
	}
}
