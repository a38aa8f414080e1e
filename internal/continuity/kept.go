package continuity

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
)

// kept is a window's tally as the table kept_window holds it between two questions: counts alone, under the names of their
// groups, so that neither a setting nor a formula is kept with them. Rates is the part that M1, M2 and the control chart are
// made of.
type kept struct {
	Rates keptRates
	Rest  keptRest
}

type keptRates struct{ All, LastMonth sums }

type keptRest struct {
	Twice   int
	Groups  [breakdowns]map[string]sums
	Bands   [len(bands)]int `json:",omitzero"`
	Senders map[string]sender
	Adjust  adjustment `json:",omitzero"`
	Support support
	Waits   waits `json:",omitzero"`
}

// keep is the tally as it is kept: groups of which there is nobody are not.
func (c *count) keep(w *tally) (k kept) {
	k.Rates = keptRates{w.all, w.lastMonth}
	k.Rest = keptRest{Twice: w.twice, Bands: w.bands, Adjust: w.adjust, Support: w.support, Waits: w.waits, Senders: map[string]sender{}}
	for kind, groups := range w.inGroup {
		k.Rest.Groups[kind] = map[string]sums{}
		for at, s := range groups {
			if s != (sums{}) {
				k.Rest.Groups[kind][c.values[kind][at]] = s
			}
		}
	}
	for at, s := range w.senders {
		if s != (sender{}) {
			k.Rest.Senders[c.values[prison][at]] = s
		}
	}
	return k
}

// take fills a window from what is kept of it.
func (c *count) take(w *tally, k kept) {
	w.all, w.lastMonth = k.Rates.All, k.Rates.LastMonth
	w.twice, w.bands, w.adjust, w.support, w.waits = k.Rest.Twice, k.Rest.Bands, k.Rest.Adjust, k.Rest.Support, k.Rest.Waits
	for kind, groups := range k.Rest.Groups {
		for _, name := range slices.Sorted(maps.Keys(groups)) {
			*w.group(kind, c.place(kind, name)) = groups[name]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.Rest.Senders)) {
		*w.sender(c.place(prison, name)) = k.Rest.Senders[name]
	}
}

// keptRow is a row of kept_window, as far as it is read.
type keptRow struct {
	End         day.Date       `db:"window_end"`
	Rates       []byte         `db:"rates"`
	Rest        []byte         `db:"rest"` // nil where it is not wanted
	Changed     pq.StringArray `db:"changed"`
	ChangedFrom []byte         `db:"changed_from"`
}

// restore fills the windows of which something is kept that still holds, and answers the others: those of which nothing
// holds, and those of which all holds but some days, which are then counted by themselves. Whole says whether more than M1
// and M2 is wanted. What was known at a past moment is always counted.
func (c *count) restore(ctx context.Context, tx *db.Tx, whole bool) (open []*tally, err error) {
	wanted := c.unfilled()
	if c.ask.AsKnownAt != nil || c.ask.afresh {
		return wanted, nil
	}
	found := map[day.Date]keptRow{}
	var rows []keptRow
	if err := tx.Select(ctx, &rows, keptSQL, c.ask.DataThrough, pq.Array(ends(wanted)), madeBy, whole); err != nil {
		return nil, err
	}
	for _, row := range rows {
		found[row.End] = row
	}
	for _, w := range wanted {
		row, ok := found[w.end]
		if !ok {
			open = append(open, w)
			continue
		}
		if w.known, w.alone, err = row.read(); err != nil {
			return nil, fmt.Errorf("what is kept of the window to %s: %w", w.end, err)
		}
		if w.alone != nil {
			open = append(open, w)
			continue
		}
		c.take(w, w.known)
	}
	return open, nil
}

// read is what is kept without the days that have changed since.
func (r keptRow) read() (k kept, changed []day.Date, err error) {
	if err = json.Unmarshal(r.Rates, &k.Rates); err == nil && r.Rest != nil {
		err = json.Unmarshal(r.Rest, &k.Rest)
	}
	if err != nil || r.Changed == nil {
		return k, nil, err
	}
	var were []kept
	if r.ChangedFrom != nil {
		err = json.Unmarshal(r.ChangedFrom, &were)
	}
	for _, was := range were {
		k.plus(was, -1)
	}
	for _, text := range r.Changed {
		on, bad := day.Parse(text)
		changed, err = append(changed, on), errors.Join(err, bad)
	}
	return k, changed, err
}

// unfilled are the windows that are still to be counted.
func (c *count) unfilled() []*tally {
	return slices.DeleteFunc(slices.Clone(c.windows), func(w *tally) bool { return w.filled })
}

func ends(windows []*tally) (days []string) {
	for _, w := range windows {
		days = append(days, w.end.String())
	}
	return days
}

//go:embed kept.go by_day.go tally.go supporting.go completeness.go kaplan_meier.go stretch.go
var addingUp embed.FS

// madeBy is the digest of all that decides what is kept: the statements, and the code that adds up their rows. A program
// that counts otherwise finds nothing that it could take for its own.
var madeBy = digest()

func digest() string {
	h := sha256.New()
	for _, text := range []string{rateSQL, peopleSQL, adjustedSQL, leadTimeSQL, appointmentSQL, notReferredSQL, smartSQL, cjitSQL, timeToPickUpSQL, latestSQL} {
		io.WriteString(h, text)
	}
	files, _ := addingUp.ReadDir(".") // it is built in
	for _, f := range files {
		text, _ := addingUp.ReadFile(f.Name())
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))
}
