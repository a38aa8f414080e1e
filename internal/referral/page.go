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
	var last cursor
	for rank := w.after.Rank; rank < len(w.runs); rank++ {
		after := cursor{}
		if rank == w.after.Rank {
			after = w.after
		}
		var rows []rowPlace
		args := w.args(w.runs[rank], after, w.limit+1-len(ids))
		if err := tx.Select(ctx, &rows, w.runs[rank].query(w.who.Role), args...); err != nil {
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

// rowPlace is where a row stands in its run.
type rowPlace struct {
	ID  uuid.UUID `db:"id"`
	Key string    `db:"key"`
}

// count is how many a run has, up to most.
func (w wanted) count(ctx context.Context, tx *db.Tx, r run, most int) (n int, err error) {
	err = tx.Get(ctx, &n, `SELECT count(*) FROM (`+r.query(w.who.Role)+`) AS found`, w.args(r, cursor{}, most)...)
	return n, err
}

// args are what a run's statement is asked with, to go on after a place in it.
func (w wanted) args(r run, after cursor, limit int) []any {
	if r.by == soonest || r.by == furthest {
		if after.atStart() {
			after.Key = map[way]string{soonest: "-infinity", furthest: "infinity"}[r.by]
		}
		stages, since, until, _ := r.columns(cursor{})
		return []any{w.who.Organisation(), pq.Array(stages), pq.Array(since), pq.Array(until), w.alcoholOnly, w.cjit, limit, w.today, w.since, after.Key, after.ID}
	}
	stages, since, until, ids := r.columns(after)
	return []any{w.who.Organisation(), pq.Array(stages), pq.Array(since), pq.Array(until), w.alcoholOnly, w.cjit, limit, w.today, w.since, pq.Array(ids)}
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

// The parts of a run's statement. $1 is the asker's organisation, $2 to $4 the pieces, $5 and $6 the marks, $7 how many,
// $8 today, $9 a moment for the list's condition, $10 (and $11) the row to go on after. Each piece is read in the
// order of its index, and stops when the page is full: however long the list is, a page reads few rows more than it shows.
const (
	piecesByClock = `
		SELECT k.id, k.clock_on::text AS key
		FROM unnest($2::text[], $3::date[], $4::date[], $10::uuid[]) AS piece (stage, since, until, id)
		CROSS JOIN LATERAL (
		  SELECT r.id, r.clock_on
		  FROM referral r
		  WHERE r.stage = piece.stage` + marked
	marked = `
		    AND r.provider IS NOT NULL
		    AND (NOT $5::boolean OR r.substance_group = 'alcohol only')
		    AND (NOT $6::boolean OR r.cjit)
		    AND $8::date IS NOT NULL AND ($9::timestamptz IS NULL OR true)`
	clockForwards = `
		    AND (r.clock_on, r.id) > (piece.since, piece.id)
		    AND r.clock_on <= piece.until
		  ORDER BY r.clock_on, r.id
		  LIMIT $7
		) AS k
		ORDER BY k.clock_on, k.id
		LIMIT $7`
	clockBackwards = `
		    AND (r.clock_on, r.id) < (piece.until, piece.id)
		    AND r.clock_on >= piece.since
		  ORDER BY r.clock_on DESC, r.id DESC
		  LIMIT $7
		) AS k
		ORDER BY k.clock_on DESC, k.id DESC
		LIMIT $7`
	piecesByTime = `
		SELECT r.id, t.starts_at::text AS key
		FROM appointment t
		JOIN referral r ON r.id = t.referral_id
		JOIN unnest($2::text[], $3::date[], $4::date[]) AS piece (stage, since, until)
		  ON r.stage = piece.stage AND r.clock_on BETWEEN piece.since AND piece.until
		WHERE t.outcome IS NULL AND t.slot_id IS NOT NULL AND t.undone_at IS NULL` + marked
	timeForwards = `
		    AND (t.starts_at, t.referral_id) > ($10::timestamptz, $11::uuid)
		ORDER BY t.starts_at, t.referral_id
		LIMIT $7`
	timeBackwards = `
		    AND (t.starts_at, t.referral_id) < ($10::timestamptz, $11::uuid)
		ORDER BY t.starts_at DESC, t.referral_id DESC
		LIMIT $7`
	// There is one at most. A subquery, since what EXISTS says the planner would rather look up for everybody first.
	openOf = `(
		      SELECT true
		      FROM appointment o
		      WHERE o.referral_id = r.id AND o.outcome IS NULL AND o.slot_id IS NOT NULL AND o.undone_at IS NULL)`
	nothingOpen = ` AND ` + openOf + ` IS NULL`

	// An appointment after the bridging prescription ends comes first: that gap can cost a life.
	flagged    = ` AND r.appointment_flag = 'after_bridging'`
	notFlagged = ` AND r.appointment_flag IS DISTINCT FROM 'after_bridging'`
)

// query puts a run's statement together, of constants alone.
func (r run) query(role staff.Role) string {
	own := ` AND r.prison = $1`
	if role == staff.Provider {
		own = ` AND r.provider = $1`
	}
	own += r.where
	switch r.by {
	case backwards:
		return piecesByClock + own + clockBackwards
	case soonest:
		return piecesByTime + own + timeForwards
	case furthest:
		return piecesByTime + own + timeBackwards
	case unappointed:
		return piecesByClock + own + nothingOpen + clockForwards
	case flaggedFirst:
		return piecesByClock + own + flagged + clockForwards
	case flaggedNoMore:
		return piecesByClock + own + notFlagged + clockForwards
	}
	return piecesByClock + own + clockForwards
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
