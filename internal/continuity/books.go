package continuity

import (
	"slices"

	"throughgate/internal/day"
)

// books are the ledgers of counts of which some make up others, held against each other: who was picked up in time and who
// was not make up the releases, and so do a breakdown's groups.
type books struct {
	ends  []day.Date
	of    map[string]*ledger
	sums  []addition
	rates []rateSaid
}

// addition is a count and those that make it up.
type addition struct {
	whole string
	parts []string
}

// mostRounds is how often what follows for one count is carried over to the others. What an eighth round would add has
// never been anything.
const mostRounds = 8

// balanced makes the books of what readers know, newest first. Of claims that contradict each other the newer one stands;
// where the counts together contradict each other, the older half of the accounts is left out, and again: they were revised.
func balanced(accounts []account, sums []addition, ends []day.Date) *books {
	for n := len(accounts); ; n /= 2 {
		b := openBooks(sums, ends)
		for _, a := range accounts[:n] {
			b.take(a)
		}
		if b.balance() || n == 0 {
			return b
		}
	}
}

func openBooks(sums []addition, ends []day.Date) *books {
	b := &books{of: map[string]*ledger{}, sums: sums, ends: ends}
	for _, s := range sums {
		for _, of := range append(s.parts, s.whole) {
			if b.of[of] == nil {
				b.of[of] = newLedger(ends)
			}
		}
	}
	return b
}

// take notes an account; false when part of it contradicts what is known and is left out.
func (b *books) take(a account) (whole bool) {
	whole = true
	for _, c := range a.claims {
		if l := b.of[c.of]; l != nil {
			whole = l.take(c) && whole
		}
	}
	b.rates = append(b.rates, a.rates...)
	return whole
}

// with are the books with one more account; false when it contradicts them.
func (b *books) with(a account) (*books, bool) {
	more := &books{of: map[string]*ledger{}, sums: b.sums, ends: b.ends, rates: slices.Clone(b.rates)}
	for of, l := range b.of {
		more.of[of] = l.clone()
	}
	return more, more.take(a) && more.balance()
}

// balance carries over what follows until nothing more does; false when the claims contradict each other.
func (b *books) balance() bool {
	for range mostRounds {
		news := news{}
		for _, s := range b.sums {
			b.add(s, news)
		}
		for i := range b.rates {
			if !b.narrow(&b.rates[i], news) {
				return false
			}
		}
		for l, bounds := range news {
			if !l.settle(bounds) {
				return false
			}
		}
		if len(news) == 0 {
			return true
		}
	}
	return true
}

// news are bounds that the other ledgers give.
type news map[*ledger][]bound

// bound says that the total at j is at most so much above that at i.
type bound struct{ i, j, most int }

// note takes bounds of a count over a period that say more than is known.
func (n news) note(l *ledger, i, j, low, high int) {
	if high < l.most[i][j] {
		n[l] = append(n[l], bound{i, j, high})
	}
	if -low < l.most[j][i] {
		n[l] = append(n[l], bound{j, i, -low})
	}
}

// settle takes the bounds and all that follows: one by one, or where there are many, all at once; false when they
// contradict each other.
func (l *ledger) settle(bounds []bound) bool {
	if len(bounds) <= 8*len(l.ends) {
		for _, b := range bounds {
			l.tighten(b.i, b.j, b.most)
		}
	} else {
		for _, b := range bounds {
			l.most[b.i][b.j] = min(l.most[b.i][b.j], b.most)
		}
		l.close()
	}
	for i := range l.most {
		if l.most[i][i] < 0 {
			return false
		}
	}
	return true
}

// add holds a sum against its parts, in every period: none is more than what the others leave of the whole.
func (b *books) add(s addition, news news) {
	whole := b.of[s.whole]
	parts := make([]*ledger, len(s.parts))
	for p, of := range s.parts {
		parts[p] = b.of[of]
	}
	for i := range b.ends {
		for j := i + 1; j < len(b.ends); j++ {
			if whole.most[i][j] == noLimit {
				continue
			}
			low, high := 0, 0
			for _, p := range parts {
				low, high = low-p.most[j][i], high+min(p.most[i][j], whole.most[i][j])
			}
			news.note(whole, i, j, low, high)
			for _, p := range parts {
				pLow, pHigh := -p.most[j][i], min(p.most[i][j], whole.most[i][j])
				news.note(p, i, j, -whole.most[j][i]-(high-pHigh), whole.most[i][j]-(low-pLow))
			}
		}
	}
}

// narrow leaves those readings of a rate that fit what is known of its counts, and notes what follows; false when none does.
func (b *books) narrow(r *rateSaid, news news) bool {
	releases, inTime, not := b.of[ofReleases], b.of[ofInTime], b.of[ofNot]
	i, j := releases.at(r.from.Add(-1)), releases.at(r.to)
	fits := func(l *ledger, n int) bool { return n <= l.most[i][j] && n >= -l.most[j][i] }
	kept := slices.DeleteFunc(slices.Clone(r.readings), func(p pair) bool {
		return !fits(releases, p.n) || r.inTime && (!fits(inTime, p.x) || !fits(not, p.n-p.x))
	})
	if len(kept) == 0 {
		return false
	}
	r.readings = kept
	low, high := extent(kept, releasesOf)
	news.note(releases, i, j, low, high)
	if r.inTime {
		low, high = extent(kept, pickedOf)
		news.note(inTime, i, j, low, high)
		low, high = extent(kept, leftOf)
		news.note(not, i, j, low, high)
	}
	return true
}

// pin is a count that readers can tell exactly.
type pin struct {
	of string
	period
}

// pinned are the counts of 1 to most that can be told exactly.
func (b *books) pinned(most int) map[pin]int {
	found := map[pin]int{}
	for of, l := range b.of {
		l.pinned(most, func(p period, n int) { found[pin{of, p}] = n })
	}
	for _, r := range b.rates {
		for of, count := range map[string]func(pair) int{"picked up, of a rate": pickedOf, "not picked up, of a rate": leftOf} {
			if low, high := extent(r.readings, count); low == high && low >= 1 && low <= most {
				found[pin{of, period{r.from, r.to}}] = low
			}
		}
	}
	return found
}
