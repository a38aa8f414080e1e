//go:build !race

package continuity

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"throughgate/internal/day"
)

// The attack of this file is an outsider's: it reads the reports as they leave the service, knows the published rule for small
// numbers and on which days people leave prison, and shares no code with the check before sending.

// read is a report as an outsider reads it; counts are numbers, or words in their place.
type read struct {
	Through    string  `json:"data_through"`
	Start      string  `json:"window_start"`
	End        string  `json:"window_end"`
	M1         quoted  `json:"m1"`
	M2         quoted  `json:"m2"`
	Awaiting   any     `json:"awaiting"`
	Withheld   bool    `json:"withheld"`
	Trend      []point `json:"trend"`
	Breakdowns []struct {
		Name string `json:"name"`
		Rows []struct {
			Name   string `json:"name"`
			M1, M2 struct {
				Releases any    `json:"releases"`
				PickedUp any    `json:"picked_up"`
				Rate     quoted `json:"rate"`
			}
		} `json:"rows"`
	} `json:"breakdowns"`
	Funnel []struct {
		Count any `json:"count"`
	} `json:"funnel"`
	Supporting []struct {
		ID          string `json:"id"`
		Denominator any    `json:"denominator"`
	} `json:"supporting"`
	Comparisons struct {
		Past *point `json:"past"`
	} `json:"comparisons"`
}

type point struct {
	End string `json:"window_end"`
	M1  quoted `json:"m1"`
}

// quoted is a rate: "44% of about 75 (33% to 55%)".
type quoted struct {
	Of      any       `json:"of"`
	Says    string    `json:"says"`
	Percent float64   `json:"percent"`
	CI95    []float64 `json:"ci95"`
}

// roots are the bounds of Wilson's interval as the roots of (x/n - p)^2 = z^2 p (1 - p) / n.
func roots(x, n float64) (low, high float64) {
	a, b, c := 1+z*z/n, -(2*x/n + z*z/n), x/n*x/n
	reach := math.Sqrt(b*b - 4*a*c)
	return (-b - reach) / (2 * a), (-b + reach) / (2 * a)
}

// fits says whether x of n would be quoted so.
func (q quoted) fits(x, n int) bool {
	share := 100 * float64(x) / float64(n)
	low, high := roots(float64(x), float64(n))
	switch {
	case share < 5:
		return strings.HasPrefix(q.Says, "fewer")
	case share > 95:
		return strings.HasPrefix(q.Says, "more")
	case q.Says != "" || math.Floor(share+0.5+1e-9) != q.Percent:
		return false
	}
	return len(q.CI95) == 0 || math.Round(100*low) == q.CI95[0] && math.Round(100*high) == q.CI95[1]
}

// all are the counts x of n that would be quoted so.
func (q quoted) all() (fit [][2]int) {
	of, shown := q.Of.(float64)
	for n := int(of) - 2; shown && n <= int(of)+2; n++ {
		for x := 0; n >= 20 && x <= n; x++ {
			if q.fits(x, n) {
				fit = append(fit, [2]int{x, n})
			}
		}
	}
	return fit
}

// outsider keeps what is known of each count: how far its running total may rise, or must, from one day to another.
type outsider struct {
	leaving func(day.Date) bool // whether people leave prison on a day
	rises   map[string]map[[2]day.Date][2]int
	quotes  map[string]quotedOf
	groups  map[string][]string
}

type quotedOf struct {
	between [2]day.Date
	fit     [][2]int
	inTime  bool
}

// between are the last days of release before and in a period; false when nobody was released in it.
func (o *outsider) between(from, to day.Date) (ends [2]day.Date, any bool) {
	ends = [2]day.Date{from.Add(-1), to}
	for i := range ends {
		for !o.leaving(ends[i]) {
			ends[i] = ends[i].Add(-1)
		}
	}
	return ends, ends[0].Before(ends[1])
}

func (o *outsider) learn(count string, ends [2]day.Date, low, high int) (news bool) {
	if o.rises[count] == nil {
		o.rises[count] = map[[2]day.Date][2]int{}
	}
	was, known := o.rises[count][ends]
	if !known {
		was = [2]int{0, 1 << 20}
	}
	now := [2]int{max(was[0], low), min(was[1], high)}
	o.rises[count][ends] = now
	return !known || now != was
}

func (o *outsider) count(count string, from, to day.Date, shown any, onlySmall bool) {
	ends, some := o.between(from, to)
	if n, told := shown.(float64); some && told {
		o.learn(count, ends, max(8, int(n)-2), int(n)+2)
	} else if some && onlySmall {
		o.learn(count, ends, 0, 7)
	}
}

func (o *outsider) rate(q quoted, from, to day.Date, inTime bool) {
	ends, some := o.between(from, to)
	if fit := q.all(); some && len(fit) > 0 {
		o.quotes[fmt.Sprint(ends, inTime, fit)] = quotedOf{ends, fit, inTime}
	}
}

func (o *outsider) read(r read) {
	start, end, mature := day.MustParse(r.Start), day.MustParse(r.End), day.MustParse(r.Through).Add(-21)
	o.rate(r.M1, start, end, false)
	o.rate(r.M2, start, mature, true)
	points := r.Trend
	if r.Comparisons.Past != nil {
		points = append(points, *r.Comparisons.Past)
	}
	for _, p := range points {
		o.rate(p.M1, day.Window(day.MustParse(p.End)), day.MustParse(p.End), false)
	}
	o.count("R", mature.Add(1), end, r.Awaiting, !r.Withheld)
	o.count("R", start, end, r.Funnel[0].Count, !r.Withheld)
	o.count("Y", start, mature, r.Funnel[3].Count, !r.Withheld)
	for _, b := range r.Breakdowns {
		o.groups[b.Name] = nil
		for _, g := range b.Rows {
			name := b.Name + "/" + g.Name
			o.groups[b.Name] = append(o.groups[b.Name], name)
			o.count("R "+name, start, end, g.M1.Releases, false)
			o.count("R "+name, start, mature, g.M2.Releases, false)
			o.count("Y "+name, start, mature, g.M2.PickedUp, false)
		}
	}
	for _, s := range r.Supporting {
		if n, told := s.Denominator.(float64); told && s.ID == "s12" { // three fields of each release
			if ends, some := o.between(start, end); some {
				o.learn("R", ends, int(math.Ceil((n-7)/3)), int(math.Floor((n+7)/3)))
			}
		}
	}
}

// chained finds what follows by adding and subtracting periods: shortest ways from each day, by Bellman and Ford.
func (o *outsider) chained(count string) {
	type step struct{ from, to, by int }
	var steps []step
	var order []day.Date
	for ends := range o.rises[count] {
		order = append(order, ends[0], ends[1])
	}
	slices.SortFunc(order, day.Date.Compare)
	order = slices.Compact(order)
	place := map[day.Date]int{}
	for i, d := range order {
		place[d] = i
		if i > 0 {
			steps = append(steps, step{i, i - 1, 0}) // a running total never falls
		}
	}
	for ends, known := range o.rises[count] {
		steps = append(steps, step{place[ends[0]], place[ends[1]], known[1]}, step{place[ends[1]], place[ends[0]], -known[0]})
	}
	const unreached = 1 << 30
	for start, from := range order {
		far := make([]int, len(order))
		for i := range far {
			far[i] = unreached
		}
		far[start] = 0
		for moved := true; moved; {
			moved = false
			for _, s := range steps {
				if at := far[s.from]; at < unreached && at+s.by < far[s.to] {
					far[s.to], moved = at+s.by, true
				}
			}
		}
		for i, most := range far {
			to := order[i]
			if most == unreached {
				continue
			}
			if from.Before(to) {
				o.learn(count, [2]day.Date{from, to}, 0, most)
			} else if to.Before(from) {
				o.learn(count, [2]day.Date{to, from}, -most, 1<<20)
			}
		}
	}
}

// added carries over between a whole and its parts.
func (o *outsider) added(whole string, parts ...string) (news bool) {
	for ends, all := range o.rises[whole] {
		low, high := 0, 0
		for _, p := range parts {
			known, any := o.rises[p][ends]
			if !any {
				known = [2]int{0, all[1]}
			}
			low, high = low+known[0], high+min(known[1], all[1])
		}
		news = o.learn(whole, ends, low, high) || news
		for _, p := range parts {
			known, any := o.rises[p][ends]
			if !any {
				known = [2]int{0, all[1]}
			}
			news = o.learn(p, ends, all[0]-high+min(known[1], all[1]), all[1]-low+known[0]) || news
		}
	}
	return news
}

// narrowed leaves of each quoted rate what still fits.
func (o *outsider) narrowed() (news bool) {
	within := func(count string, ends [2]day.Date, n int) bool {
		known, any := o.rises[count][ends]
		return !any || n >= known[0] && n <= known[1]
	}
	for key, q := range o.quotes {
		q.fit = slices.DeleteFunc(slices.Clone(q.fit), func(f [2]int) bool {
			return !within("R", q.between, f[1]) || q.inTime && (!within("Y", q.between, f[0]) || !within("Z", q.between, f[1]-f[0]))
		})
		o.quotes[key] = q
		tell := func(count string, of func([2]int) int) {
			low, high := 1<<20, 0
			for _, f := range q.fit {
				low, high = min(low, of(f)), max(high, of(f))
			}
			news = o.learn(count, q.between, low, high) || news
		}
		tell("R", func(f [2]int) int { return f[1] })
		if q.inTime {
			tell("Y", func(f [2]int) int { return f[0] })
			tell("Z", func(f [2]int) int { return f[1] - f[0] })
		}
	}
	return news
}

// attack reads all reports and says which counts of 1 to 7 it knows exactly.
func attack(t *testing.T, reports [][]byte, leaving func(day.Date) bool) (told []string) {
	t.Helper()
	o := &outsider{leaving: leaving, rises: map[string]map[[2]day.Date][2]int{}, quotes: map[string]quotedOf{}, groups: map[string][]string{}}
	for _, text := range reports {
		var r read
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		o.read(r)
	}
	for news := true; news; {
		news = o.narrowed()
		for _, count := range []string{"R", "Y", "Z"} {
			o.chained(count)
		}
		news = o.added("R", "Y", "Z") || news
	}
	o.attackGroups()
	for count, rises := range o.rises {
		for ends, known := range rises {
			if known[0] == known[1] && known[0] >= 1 && known[0] <= 7 {
				told = append(told, fmt.Sprintf("%s after %s to %s: %d", count, ends[0], ends[1], known[0]))
			}
		}
	}
	for _, q := range o.quotes {
		for _, part := range []func([2]int) int{func(f [2]int) int { return f[0] }, func(f [2]int) int { return f[1] - f[0] }} {
			if n := part(q.fit[0]); n >= 1 && n <= 7 && !slices.ContainsFunc(q.fit, func(f [2]int) bool { return part(f) != n }) {
				told = append(told, fmt.Sprintf("of the rate after %s to %s: %d", q.between[0], q.between[1], n))
			}
		}
	}
	return told
}

// attackGroups goes on with the groups of the breakdowns, each beside the whole.
func (o *outsider) attackGroups() {
	for _, groups := range o.groups {
		for range 2 {
			for _, of := range []string{"R", "Y"} {
				var parts []string
				for _, g := range groups {
					o.chained(of + " " + g)
					parts = append(parts, of+" "+g)
				}
				o.added(of, parts...)
			}
		}
	}
}
