package referral

import (
	"context"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// wanted is a page of a list: whose, which part of it, and after which row.
type wanted struct {
	who               staff.Who
	runs              []run
	today             day.Date
	alcoholOnly, cjit bool
	after             cursor
	limit             int
	since             any // a moment, where a run's condition asks for one
}

// find answers the rows of a page, in their order, and where the next page begins: "" on the last. Only places are
// read, from an index alone where the list's condition allows it; a row deep in the list costs what the first one does.
func (w wanted) find(ctx context.Context, tx *db.Tx) (ids []uuid.UUID, next string, err error) {
	if err := plannedOnce(ctx, tx); err != nil {
		return nil, "", err
	}
	var last cursor
	for rank := w.after.Rank; rank < len(w.runs); rank++ {
		after := cursor{}
		if rank == w.after.Rank {
			after = w.after
		}
		rows, err := w.read(ctx, tx, w.runs[rank], after, w.limit+1-len(ids))
		if err != nil {
			return nil, "", err
		}
		for _, row := range rows {
			if len(ids) == w.limit {
				return ids, last.String(), nil
			}
			ids, last = append(ids, row.ID), cursor{rank, row.Key, row.ID}
		}
	}
	return ids, "", nil
}

// plannedOnce lets PostgreSQL keep the plans of what the transaction asks from here on. Left to itself it plans most of
// a list's statements anew each time, which takes longer than to carry them out. Such a plan knows no limit and looks
// dear, so that PostgreSQL would compile it: a quarter of a second for what takes milliseconds.
func plannedOnce(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)`)
	return err
}

// rowPlace is where a row stands in its run.
type rowPlace struct {
	ID  uuid.UUID `db:"id"`
	Key string    `db:"key"`
}

// read answers the rows of a run after a place in it.
func (w wanted) read(ctx context.Context, tx *db.Tx, r run, after cursor, limit int) (rows []rowPlace, err error) {
	if r.byTime() {
		if r.few, err = w.few(ctx, tx, r); err != nil {
			return nil, err
		}
	}
	err = tx.Select(ctx, &rows, w.query(r), w.args(r, after, limit)...)
	return rows, err
}

// mostLookedUp is up to how many referrals it is quicker to look for each one's appointment than to walk along all that
// are open until the page is full: of a rare mark or state that may be every one of them.
const mostLookedUp = 5_000

func (w wanted) few(ctx context.Context, tx *db.Tx, r run) (bool, error) {
	n, err := w.count(ctx, tx, run{pieces: r.pieces, by: anyhow}, mostLookedUp)
	return n < mostLookedUp, err
}

// count is how many a run has, up to most.
func (w wanted) count(ctx context.Context, tx *db.Tx, r run, most int) (n int, err error) {
	err = tx.Get(ctx, &n, `SELECT count(*) FROM (`+w.query(r)+`) AS found`, w.args(r, cursor{}, most)...)
	return n, err
}

// args are what a run's statement is asked with, to go on after a place in it.
func (w wanted) args(r run, after cursor, limit int) []any {
	entered := after
	if r.byTime() {
		entered = cursor{} // its place is a moment, and no day of a clock
		if after.atStart() {
			after.Key = map[way]string{soonest: "-infinity", furthest: "infinity"}[r.by]
		}
	}
	stages, since, until, ids := r.columns(entered)
	all := []any{w.who.Organisation(), pq.Array(stages), pq.Array(since), pq.Array(until), w.alcoholOnly, w.cjit, limit, w.today, w.since}
	switch {
	case r.byTime():
		return append(all, after.Key, after.ID)
	case r.by == anyhow:
		return all
	}
	return append(all, pq.Array(ids))
}

// columns are the pieces turned on their side, as unnest takes them, each from the place on where the page begins: an
// index is entered where its first condition lies, so that there must be one alone.
func (r run) columns(after cursor) (stages []string, since, until []day.Date, ids []uuid.UUID) {
	at, _ := day.Parse(after.Key)
	for _, p := range r.pieces {
		id := uuid.Nil // before every other: the whole first day is read
		switch {
		case r.by == backwards && !at.IsZero() && !at.After(p.to):
			p.to, id = at, after.ID
		case r.by == backwards:
			id = uuid.Max
		case !at.IsZero() && !at.Before(p.from):
			p.from, id = at, after.ID
		}
		if !p.to.Before(p.from) {
			stages, since, until, ids = append(stages, p.stage), append(since, p.from), append(until, p.to), append(ids, id)
		}
	}
	return stages, since, until, ids
}

// inOrder puts rows that were read by their ids into the order of the page.
func inOrder[T any](ids []uuid.UUID, rows []T, id func(*T) uuid.UUID) []T {
	at := make(map[uuid.UUID]*T, len(rows))
	for i := range rows {
		at[id(&rows[i])] = &rows[i]
	}
	ordered := make([]T, 0, len(rows))
	for _, one := range ids {
		if row := at[one]; row != nil {
			ordered = append(ordered, *row)
		}
	}
	return ordered
}
