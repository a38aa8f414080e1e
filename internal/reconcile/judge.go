package reconcile

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/staff"
)

// After every import, and every decision of a reviewer, all rows of a provider are judged from the
// beginning on what is known then. What comes out differently is written, with what stood before
// marked as undone; what comes out the same is left alone.

// machine is who links: the service, after somebody's file.
var machine = staff.Who{By: audit.By{Actor: "service", Via: "file"}, Name: "service"}

// Rejudge judges every provider's rows again: for the nightly job, since an appointment that was still
// to come may have become one that was missed, and releases are also confirmed without a file.
func Rejudge(ctx context.Context, pool *db.Pool, now time.Time) error {
	return inTurn(ctx, pool, false, func(tx *db.Tx) error {
		if _, err := standAgain(ctx, tx, machine, intakeOf(tx, now, "")); err != nil {
			return err
		}
		return judgeAll(ctx, tx, now)
	})
}

func judgeAll(ctx context.Context, tx *db.Tx, now time.Time) error {
	for _, provider := range tx.Rules.Providers {
		if err := judge(ctx, tx, now, provider.Code, nil); err != nil {
			return err
		}
	}
	return nil
}

// eagerly is how much memory may lie idle while rows are judged, in per cent of what is in use: a list
// of the largest size fills the memory that a small server has. Only one judging runs at a time.
const eagerly = 30

// judging is one judging of one provider's rows.
type judging struct {
	tx       *db.Tx
	now      time.Time
	today    day.Date
	provider string
	by       func(row int) string // who makes the links that are new

	rows     []listed
	before   []rowState
	people   []known
	releases map[uuid.UUID]*heldRelease
	verdicts []verdict
	changed  []releaseRow
	events   tidings
}

// judge judges a provider's rows. by says who makes a new link for somebody on the list; nil is the
// machine, for all.
func judge(ctx context.Context, tx *db.Tx, now time.Time, provider string, by func(person string) string) error {
	j := &judging{tx: tx, now: now, today: day.Of(now), provider: provider, releases: map[uuid.UUID]*heldRelease{}}
	j.by = func(row int) string {
		if by == nil {
			return machine.By.Actor
		}
		return by(j.rows[row].person)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(eagerly))
	if err := j.loadRows(ctx); err != nil || len(j.rows) == 0 {
		return err
	}
	decisions, err := j.loadDecisions(ctx)
	if err != nil {
		return err
	}
	if err := j.loadPeople(ctx, decisions); err != nil {
		return err
	}
	j.verdicts = match(j.people, j.rows, decisions)
	j.people = nil // a list of the largest size fills memory: what is not needed any more goes
	return j.write(ctx)
}

// rowState is what a row came to, as provider_row has it.
type rowState struct {
	answer, reason, rule, role string
	person, release            uuid.UUID
}

func (v *verdict) state() rowState {
	return rowState{v.answer, v.reason, v.rule, v.role, v.person, v.release}
}

// stored answers are words with an underscore.
func storedAnswer(answer string) string {
	switch answer {
	case SetAside:
		return "set_aside"
	case ToReview:
		return "to_review"
	}
	return answer
}

func answerOf(stored string) string {
	switch stored {
	case "set_aside":
		return SetAside
	case "to_review":
		return ToReview
	}
	return stored
}

func (j *judging) loadRows(ctx context.Context) error {
	return j.tx.Each(ctx, `
		SELECT id, content_bix, person_bix, values_sealed, answer, coalesce(reason, ''), coalesce(rule, ''), coalesce(role, ''), person_id, referral_id
		FROM provider_row
		WHERE organisation = $1
		ORDER BY content_bix`, func(rows *sqlx.Rows) error {
		var r listed
		var s rowState
		var content, bix, sealed []byte
		var who, release uuid.NullUUID
		if err := rows.Scan(&r.id, &content, &bix, &sealed, &s.answer, &s.reason, &s.rule, &s.role, &who, &release); err != nil {
			return err
		}
		s.answer, s.person, s.release = answerOf(s.answer), who.UUID, release.UUID
		values, err := openProviderRow(j.tx, r.id, sealed)
		if err != nil {
			return err
		}
		r.person, r.content, r.who = string(bix), string(content), identify(values.identity())
		r.received, r.offered, r.attended, r.started = values.ReceivedOn, values.OfferedOn, values.AttendedOn, values.StartedOn
		j.rows, j.before = append(j.rows, r), append(j.before, s)
		return nil
	}, j.provider)
}

// identity is who the row says it is.
func (p ProviderRow) identity() person.Identity {
	return person.Identity{PrisonNumber: p.PrisonNumber, NHSNumber: p.NHSNumber, GivenName: p.GivenName,
		FamilyName: p.FamilyName, DateOfBirth: p.BornOn, Sex: p.Sex}
}

const sealedProviderRow = "provider_row.values"

func openProviderRow(tx *db.Tx, id uuid.UUID, sealed []byte) (row ProviderRow, err error) {
	plain, err := tx.Keys.Open(sealedProviderRow, id.String(), sealed)
	if err != nil {
		return row, err
	}
	err = json.Unmarshal(plain, &row)
	return row, err
}

// loadDecisions reads what people decided: who is whom, which row stays with which release, and which
// rows somebody decided against.
func (j *judging) loadDecisions(ctx context.Context) (decisions []decision, err error) {
	at := make(map[uuid.UUID]int, len(j.rows))
	for i := range j.rows {
		at[j.rows[i].id] = i
	}
	err = j.tx.Each(ctx, `
		SELECT person_bix, person_id, same
		FROM match_decision
		WHERE organisation = $1
		  AND undone_at IS NULL
		ORDER BY made_at, id`, func(rows *sqlx.Rows) error {
		var bix []byte
		var d decision
		err := rows.Scan(&bix, &d.known, &d.same)
		d.person = string(bix)
		decisions = append(decisions, d)
		return err
	}, j.provider)
	if err != nil {
		return nil, err
	}
	err = j.tx.Each(ctx, `
		SELECT provider_row_id, referral_id
		FROM link
		WHERE organisation = $1
		  AND undone_at IS NULL
		  AND rule = 'person'
		  AND made_by <> 'service'
		  AND referral_id IS NOT NULL`, func(rows *sqlx.Rows) error {
		var row, release uuid.UUID
		err := rows.Scan(&row, &release)
		if i, ok := at[row]; ok {
			j.rows[i].pin = release
		}
		return err
	}, j.provider)
	if err != nil {
		return nil, err
	}
	return decisions, j.loadRejected(ctx, at)
}

// loadRejected finds rows that a reviewer turned down against an entry made by hand, and rows whose
// pick-up somebody has undone: the machine does not make it again.
func (j *judging) loadRejected(ctx context.Context, at map[uuid.UUID]int) error {
	return j.tx.Each(ctx, `
		SELECT row_id
		FROM review
		WHERE organisation = $1
		  AND decision = 'rejected'
		  AND why = $2
		UNION
		SELECT p.provider_row_id
		FROM pickup p
		JOIN provider_row r ON r.id = p.provider_row_id
		WHERE r.organisation = $1
		  AND p.undone_at IS NOT NULL
		  AND p.undone_by <> 'service'`, func(rows *sqlx.Rows) error {
		var row uuid.UUID
		err := rows.Scan(&row)
		if i, ok := at[row]; ok {
			j.rows[i].rejected = true
		}
		return err
	}, j.provider, WhyByHand)
}

// heldRelease is a referral as matching finds it.
type heldRelease struct {
	ID         uuid.UUID `db:"id"`
	Person     uuid.UUID `db:"person_id"`
	On         day.Date  `db:"on_day"`
	SetAside   string    `db:"set_aside"`
	ByHand     day.Date  `db:"by_hand"`
	PickedUpOn day.Date  `db:"picked_up_on"`
	ReceivedOn day.Date  `db:"received_on"`
	Waits      bool      `db:"waits"` // it stands on the unbooked list
}

const peopleAtOnce = 5000

// loadPeople reads everybody who shares a date of birth or a full name with a row, or on whom somebody
// has decided: nobody else can be meant by any tier or resemblance.
func (j *judging) loadPeople(ctx context.Context, decisions []decision) error {
	births, names := map[string]bool{}, map[string]bool{}
	for i := range j.rows {
		births[j.rows[i].who.born.String()] = true
		names[j.rows[i].who.names()] = true
	}
	var ids []uuid.UUID
	for _, d := range decisions {
		ids = append(ids, d.known)
	}
	at := map[uuid.UUID]int{}
	for chunk := range slices.Chunk(j.blinds("date_of_birth", births), peopleAtOnce) {
		if err := j.readPeople(ctx, at, `date_of_birth_bix = ANY ($1)`, pq.ByteaArray(chunk)); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(j.blinds("full_name", names), peopleAtOnce) {
		if err := j.readPeople(ctx, at, `name_bix = ANY ($1)`, pq.ByteaArray(chunk)); err != nil {
			return err
		}
	}
	if err := j.readPeople(ctx, at, `id = ANY ($1)`, pq.Array(ids)); err != nil {
		return err
	}
	if err := j.loadReleases(ctx, at); err != nil {
		return err
	}
	j.people = slices.DeleteFunc(j.people, func(k known) bool { return k.releases == nil })
	return nil
}

// blinds are the indexes of the values, in order, so that the same rows are read in the same order.
func (j *judging) blinds(kind string, values map[string]bool) [][]byte {
	indexes := make([][]byte, 0, len(values))
	for value := range values {
		indexes = append(indexes, j.tx.Keys.Blind(kind, value))
	}
	slices.SortFunc(indexes, bytes.Compare)
	return indexes
}

func (j *judging) readPeople(ctx context.Context, at map[uuid.UUID]int, which string, indexes any) error {
	return j.tx.Each(ctx, `SELECT id, prison_number_bix, identity_sealed FROM person WHERE `+which, func(rows *sqlx.Rows) error {
		var id uuid.UUID
		var number, sealed []byte
		if err := rows.Scan(&id, &number, &sealed); err != nil {
			return err
		}
		if _, again := at[id]; again {
			return nil
		}
		who, err := person.OpenIdentity(j.tx.Keys, number, sealed)
		at[id] = len(j.people)
		j.people = append(j.people, known{id: id, who: identify(who)})
		return err
	}, indexes)
}

// loadReleases reads the people's releases. Somebody who still awaits release, or was kept by a file
// without counting, is known too.
func (j *judging) loadReleases(ctx context.Context, at map[uuid.UUID]int) error {
	for chunk := range slices.Chunk(slices.Collect(maps.Keys(at)), peopleAtOnce) {
		var held []heldRelease
		err := j.tx.Select(ctx, &held, `
			SELECT r.id, r.person_id, coalesce(r.released_on, r.exit_on) AS on_day, coalesce(r.set_aside, '') AS set_aside,
			  p.picked_up_on AS by_hand, r.picked_up_on, r.received_on, r.unbooked_reason IS NOT NULL AS waits
			FROM referral r
			LEFT JOIN pickup p ON p.referral_id = r.id AND p.undone_at IS NULL AND p.provider_row_id IS NULL
			WHERE r.person_id = ANY ($1)
			  AND (r.provider IS NULL OR r.provider = $2)`, pq.Array(chunk), j.provider)
		if err != nil {
			return err
		}
		for i := range held {
			h := &held[i]
			j.releases[h.ID] = h
			k := &j.people[at[h.Person]]
			if k.releases == nil {
				k.releases = []knownRelease{}
			}
			if !h.On.IsZero() {
				k.releases = append(k.releases, knownRelease{h.ID, h.On, h.SetAside, h.ByHand})
			}
		}
	}
	return nil
}
