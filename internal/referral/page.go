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
	for rank := max(w.after.Rank, 0); rank < len(w.runs); rank++ {
		after := w.runs[rank].start(rank)
		if rank == w.after.Rank && !w.after.atStart() {
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

// rowPlace is where a row stands in its run.
type rowPlace struct {
	ID  uuid.UUID `db:"id"`
	Key string    `db:"key"`
}

func (w wanted) read(ctx context.Context, tx *db.Tx, r run, after cursor, limit int) (rows []rowPlace, err error) {
	stages, from, to := r.columns()
	err = tx.Select(ctx, &rows, r.query(w.who.Role), w.who.Organisation(), pq.Array(stages), pq.Array(from), pq.Array(to),
		w.alcoholOnly, w.cjit, after.Key, after.ID, limit, w.today, w.since)
	return rows, err
}

// count is how many a run has, up to most.
func (w wanted) count(ctx context.Context, tx *db.Tx, r run, most int) (n int, err error) {
	stages, from, to := r.columns()
	after := r.start(0)
	err = tx.Get(ctx, &n, `SELECT count(*) FROM (`+r.query(w.who.Role)+`) AS found`, w.who.Organisation(), pq.Array(stages), pq.Array(from), pq.Array(to),
		w.alcoholOnly, w.cjit, after.Key, after.ID, most, w.today, w.since)
	return n, err
}

// columns are the pieces turned on their side, as unnest takes them.
func (r run) columns() (stages []string, from, to []day.Date) {
	for _, p := range r.pieces {
		stages, from, to = append(stages, p.stage), append(from, p.from), append(to, p.to)
	}
	return stages, from, to
}

// start is before the run's first row.
func (r run) start(rank int) cursor {
	if r.by == backwards || r.by == furthest {
		return cursor{Rank: rank, Key: "infinity"}
	}
	return cursor{Rank: rank, Key: "-infinity"}
}

// The parts of a run's statement. $1 is the asker's organisation, $2 to $4 the pieces, $5 and $6 the marks, $7 and $8
// the row to go on after, $9 how many, $10 today, $11 a moment for the condition. Each piece is read in the order of
// its index, and stops when the page is full: however long the list is, a page reads few rows more than it shows.
const (
	piecesByClock = `
		SELECT k.id, k.clock_on::text AS key
		FROM unnest($2::text[], $3::date[], $4::date[]) AS piece (stage, since, until)
		CROSS JOIN LATERAL (
		  SELECT r.id, r.clock_on
		  FROM referral r
		  WHERE r.stage = piece.stage
		    AND r.clock_on BETWEEN piece.since AND piece.until` + marked
	marked = `
		    AND r.provider IS NOT NULL
		    AND (NOT $5::boolean OR r.substance_group = 'alcohol only')
		    AND (NOT $6::boolean OR r.cjit)
		    AND $10::date IS NOT NULL AND ($11::timestamptz IS NULL OR true)`
	clockForwards = `
		    AND (r.clock_on, r.id) > ($7::date, $8::uuid)
		  ORDER BY r.clock_on, r.id
		  LIMIT $9
		) AS k
		ORDER BY k.clock_on, k.id
		LIMIT $9`
	clockBackwards = `
		    AND (r.clock_on, r.id) < ($7::date, $8::uuid)
		  ORDER BY r.clock_on DESC, r.id DESC
		  LIMIT $9
		) AS k
		ORDER BY k.clock_on DESC, k.id DESC
		LIMIT $9`
	piecesByTime = `
		SELECT r.id, t.starts_at::text AS key
		FROM appointment t
		JOIN referral r ON r.id = t.referral_id
		JOIN unnest($2::text[], $3::date[], $4::date[]) AS piece (stage, since, until)
		  ON r.stage = piece.stage AND r.clock_on BETWEEN piece.since AND piece.until
		WHERE t.outcome IS NULL AND t.slot_id IS NOT NULL AND t.undone_at IS NULL` + marked
	timeForwards = `
		    AND (t.starts_at, t.referral_id) > ($7::timestamptz, $8::uuid)
		ORDER BY t.starts_at, t.referral_id
		LIMIT $9`
	timeBackwards = `
		    AND (t.starts_at, t.referral_id) < ($7::timestamptz, $8::uuid)
		ORDER BY t.starts_at DESC, t.referral_id DESC
		LIMIT $9`
	nothingOpen = `
		    AND NOT EXISTS (
		      SELECT FROM appointment o
		      WHERE o.referral_id = r.id AND o.outcome IS NULL AND o.slot_id IS NOT NULL AND o.undone_at IS NULL)`

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
