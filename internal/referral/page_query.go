package referral

import "throughgate/internal/staff"

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
		  WHERE r.stage = piece.stage`
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

	piecesAnyhow = `
		SELECT
		FROM unnest($2::text[], $3::date[], $4::date[]) AS piece (stage, since, until)
		JOIN referral r ON r.stage = piece.stage AND r.clock_on BETWEEN piece.since AND piece.until
		WHERE true`
	toTheLimit = ` LIMIT $7`

	// All open appointments are walked along in their order ...
	piecesByTime = `
		SELECT r.id, t.starts_at::text AS key
		FROM appointment t
		JOIN referral r ON r.id = t.referral_id
		JOIN unnest($2::text[], $3::date[], $4::date[]) AS piece (stage, since, until)
		  ON r.stage = piece.stage AND r.clock_on BETWEEN piece.since AND piece.until
		WHERE t.outcome IS NULL AND t.slot_id IS NOT NULL AND t.undone_at IS NULL
		    AND t.starts_at IS NOT NULL -- as their index has it`
	// ... or each referral's is looked up: LIMIT keeps the planner from turning that round.
	timesOfPieces = `
		SELECT r.id, t.starts_at::text AS key
		FROM unnest($2::text[], $3::date[], $4::date[]) AS piece (stage, since, until)
		JOIN referral r ON r.stage = piece.stage AND r.clock_on BETWEEN piece.since AND piece.until
		CROSS JOIN LATERAL (
		  SELECT o.referral_id, o.provider, o.starts_at, o.on_day
		  FROM appointment o
		  WHERE o.referral_id = r.id AND o.outcome IS NULL AND o.slot_id IS NOT NULL AND o.undone_at IS NULL
		  LIMIT 1
		) AS t
		WHERE t.starts_at IS NOT NULL`
	timeForwards = `
		    AND (t.starts_at, t.referral_id) > ($10::timestamptz, $11::uuid)
		ORDER BY t.starts_at, t.referral_id
		LIMIT $7`
	timeBackwards = `
		    AND (t.starts_at, t.referral_id) < ($10::timestamptz, $11::uuid)
		ORDER BY t.starts_at DESC, t.referral_id DESC
		LIMIT $7`

	everybody = `
		    AND r.provider IS NOT NULL
		    AND $8::date IS NOT NULL AND ($9::timestamptz IS NULL OR true)`
	// Said in as many words, so that each mark's own index serves.
	alcoholOnly  = ` AND $5::boolean AND r.substance_group = 'alcohol only'`
	anySubstance = ` AND NOT $5::boolean`
	cjit         = ` AND $6::boolean AND r.cjit`
	anyContact   = ` AND NOT $6::boolean`
	ofProvider   = ` AND r.provider = $1`
	ofPrison     = ` AND r.prison = $1`

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

func either(so bool, then, otherwise string) string {
	if so {
		return then
	}
	return otherwise
}

// query puts a run's statement together, of constants alone.
func (w wanted) query(r run) string {
	own := everybody + either(w.alcoholOnly, alcoholOnly, anySubstance) + either(w.cjit, cjit, anyContact) +
		either(w.who.Role == staff.Provider, ofProvider, ofPrison) + r.where
	byTime := either(r.few, timesOfPieces, piecesByTime)
	switch r.by {
	case backwards:
		return piecesByClock + own + clockBackwards
	case soonest:
		return byTime + own + timeForwards
	case furthest:
		return byTime + own + timeBackwards
	case unappointed:
		return piecesByClock + own + nothingOpen + clockForwards
	case flaggedFirst:
		return piecesByClock + own + flagged + clockForwards
	case flaggedNoMore:
		return piecesByClock + own + notFlagged + clockForwards
	case anyhow:
		return piecesAnyhow + own + toTheLimit
	}
	return piecesByClock + own + clockForwards
}
