package audit

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lib/pq"

	"throughgate/internal/db"
)

// Query says which rows of the trail are asked for. Either a stretch of time or subjects must be given:
// rows without bound are nobody's question, and would be slow.
type Query struct {
	From, To      time.Time // from the first moment to before the second; both zero is any time, with Subjects
	Subjects      []string  // ids; none is anything
	Organisations []string  // none is any
	Act           string    // "" is any
	Actor         string    // "" is anybody
	Before        *Place    // where the page before ended
	Limit         int
}

// Place is where a page ends: rows are told newest first.
type Place struct {
	At time.Time
	ID int64
}

// Row is one row of the trail.
type Row struct {
	ID           int64
	At           time.Time
	Organisation string
	Actor        string
	Name         *string // of the person who acted, when it was one
	About        *string // the name of the person whose account it was done to, when it was one
	Via          string
	Act          string
	Kind         string
	Subject      string
	Detail       json.RawMessage
}

// kinds are all that an act can be done to. Naming them lets a search by subject use the index, which
// begins with the kind.
var kinds = []string{"audit", "call", "draft", "file", "key", "link", "list", "message", "page", "person", "recipient",
	"reconciliation", "referral", "report", "review", "settings", "staff"}

// Search reads the trail. It is for the jobs part, and its caller has decided who may ask; that
// somebody searched is itself written by the caller.
func Search(ctx context.Context, tx *db.Tx, q Query) (rows []Row, err error) {
	before := Place{At: q.To} // an index is entered where its first condition lies: at the end of the time asked for
	switch {
	case q.Before != nil && (q.To.IsZero() || q.Before.At.Before(q.To)):
		before = *q.Before
	case q.To.IsZero():
		before.At = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if len(q.Subjects) > 0 {
		return ofSubjects(ctx, tx, q, before)
	}
	err = tx.Select(ctx, &rows, `
		SELECT a.id, a.at, a.organisation, a.actor, p.name, s.name AS about, a.via, a.act, a.kind, a.subject, a.detail
		FROM audit a
		LEFT JOIN staff p ON a.actor = 'staff:' || p.id
		LEFT JOIN staff s ON a.kind = 'staff' AND a.subject = CAST(s.id AS text)
		WHERE a.at >= $1
		  AND (a.at, a.id) < ($2, $3)
		  AND (cardinality($4::text[]) = 0 OR a.organisation = ANY ($4))
		  AND ($5 = '' OR a.act = $5)
		  AND ($7 = '' OR a.actor = $7)
		ORDER BY a.at DESC, a.id DESC
		LIMIT $6`, q.From, before.At, before.ID, pq.Array(orNone(q.Organisations)), q.Act, q.Limit, q.Actor)
	return rows, err
}

// ofSubjects reads the latest rows of each kind about each subject, however many there are before them.
func ofSubjects(ctx context.Context, tx *db.Tx, q Query, before Place) (rows []Row, err error) {
	err = tx.Select(ctx, &rows, `
		SELECT a.id, a.at, a.organisation, a.actor, p.name, s.name AS about, a.via, a.act, a.kind, a.subject, a.detail
		FROM unnest($2::text[]) AS of_kind (kind)
		CROSS JOIN unnest($3::text[]) AS of (subject)
		CROSS JOIN LATERAL (
		  SELECT a.id, a.at, a.organisation, a.actor, a.via, a.act, a.kind, a.subject, a.detail
		  FROM audit a
		  WHERE a.kind = of_kind.kind
		    AND a.subject = of.subject
		    AND a.at >= $1
		    AND (a.at, a.id) < ($4, $5)
		    AND (cardinality($6::text[]) = 0 OR a.organisation = ANY ($6))
		    AND ($7 = '' OR a.act = $7)
		    AND ($8 = '' OR a.actor = $8)
		  ORDER BY a.at DESC, a.id DESC
		  LIMIT $9
		) AS a
		LEFT JOIN staff p ON a.actor = 'staff:' || p.id
		LEFT JOIN staff s ON a.kind = 'staff' AND a.subject = CAST(s.id AS text)
		ORDER BY a.at DESC, a.id DESC
		LIMIT $9`, q.From, pq.Array(kinds), pq.Array(q.Subjects), before.At, before.ID, pq.Array(orNone(q.Organisations)), q.Act, q.Actor, q.Limit)
	return rows, err
}

// orNone is an empty array where there is none, which PostgreSQL would take for NULL.
func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
