package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Review is a row that waits for a person to decide. Its names are for the page of whoever may see
// them; what travels as JSON says only what differs.
type Review struct {
	ID         uuid.UUID   `json:"id"`
	Why        string      `json:"why"`
	File       string      `json:"file"`
	Row        int         `json:"row"`
	Candidates []Candidate `json:"candidates"`

	Side         string          `json:"-"` // prison or provider: whose row it is
	Organisation string          `json:"-"` // who decides
	Says         person.Identity `json:"-"` // who the row says it is
	ReleasedOn   day.Date        `json:"-"` // as the row has it; planned where a prison's row tells of no release yet
	StartedOn    day.Date        `json:"-"` // of a provider's row, as is the next
	AttendedOn   day.Date        `json:"-"`
	RaisedAt     time.Time       `json:"-"`
}

// Candidate is a referral that the row may be about. Where another prison holds it, it has no id and
// no name.
type Candidate struct {
	ReferralID  uuid.UUID       `json:"referral_id"`
	Differences []string        `json:"differences"`
	Known       person.Identity `json:"-"`
	Prison      string          `json:"-"`
	ReleasedOn  day.Date        `json:"-"` // of the referral
	AlcoholOnly bool            `json:"-"`
	CJIT        bool            `json:"-"`
}

// Narrow picks some of the open questions: the one with an ID, or a page of those with a mark.
type Narrow struct {
	ID                uuid.UUID
	AlcoholOnly, CJIT bool // that a candidate's referral has
	Skip, Limit       int  // no Limit: all
}

// openReview is a question as it stands in the database.
type openReview struct {
	ID           uuid.UUID      `db:"id"`
	Organisation string         `db:"organisation"`
	Side         string         `db:"side"`
	RowID        uuid.UUID      `db:"row_id"`
	Why          string         `db:"why"`
	Candidates   pq.StringArray `db:"candidates"`
	RaisedAt     time.Time      `db:"raised_at"`
	File         uuid.UUID      `db:"file_id"`
	Name         []byte         `db:"name_sealed"`
	Row          int            `db:"row_number"`
	Values       []byte         `db:"values_sealed"`
	Person       []byte         `db:"person_bix"`
}

const openReviews = `
	SELECT v.id, v.organisation, v.side, v.row_id, v.why, v.candidates::text[] AS candidates, v.raised_at,
	  f.id AS file_id, f.name_sealed, coalesce(p.row_number, q.row_number) AS row_number,
	  coalesce(p.values_sealed, q.values_sealed) AS values_sealed, p.person_bix
	FROM review v
	LEFT JOIN provider_row p ON p.id = v.row_id
	LEFT JOIN prison_row q ON q.id = v.row_id
	JOIN received_file f ON f.id = coalesce(p.file_id, q.file_id)
	WHERE v.settled_at IS NULL
	  AND ($1 = '' OR v.organisation = $1)`

// Reviews are the questions that stand open, oldest first: an organisation's own, or everybody's at
// the console. Everybody who is shown is audited.
func Reviews(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time) (list []Review, err error) {
	return ReviewsOf(ctx, pool, who, now, Narrow{})
}

const narrowed = openReviews + `
	  AND ($2::uuid IS NULL OR v.id = $2)
	  AND (NOT $3::boolean OR EXISTS (
	    SELECT FROM referral r
	    WHERE (r.person_id = ANY (v.candidates) OR r.id = ANY (v.candidates)) AND r.substance_group = 'alcohol only'))
	  AND (NOT $4::boolean OR EXISTS (
	    SELECT FROM referral r
	    WHERE (r.person_id = ANY (v.candidates) OR r.id = ANY (v.candidates)) AND r.cjit))
	ORDER BY v.raised_at, f.seq, row_number
	OFFSET $5
	LIMIT $6`

// ReviewsOf are those of the open questions that are picked, oldest first.
func ReviewsOf(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, n Narrow) (list []Review, err error) {
	if err := mayReview(who); err != nil {
		return nil, err
	}
	var limit *int
	if n.Limit > 0 {
		limit = &n.Limit
	}
	list = []Review{}
	err = pool.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		var open []openReview
		if err := tx.Select(ctx, &open, narrowed, who.Organisation(), orNone(n.ID), n.AlcoholOnly, n.CJIT, n.Skip, limit); err != nil {
			return err
		}
		found, err := candidatesOf(ctx, tx, open)
		if err != nil {
			return err
		}
		var shown []string
		for _, o := range open {
			r, people, err := o.read(tx, who, found)
			if err != nil {
				return err
			}
			list, shown = append(list, r), append(shown, people...)
		}
		return audit.WriteEach(ctx, tx, who.By, now, "shown", "person", shown, audit.Detail{"in": "reviews"})
	})
	return list, err
}

// CountReviews is how many questions stand open for the asker; nobody is shown.
func CountReviews(ctx context.Context, tx *db.Tx, who staff.Who) (n int, err error) {
	err = tx.Get(ctx, &n, `SELECT count(*) FROM review WHERE organisation = $1 AND settled_at IS NULL`, who.Organisation())
	return n, err
}

// mayReview: the console and the service act for everybody, prisons and providers for themselves.
func mayReview(who staff.Who) error {
	if who.Organisation() == "" {
		return nil
	}
	return who.Must(staff.Prison, staff.Provider)
}

// read opens a question, and names the people that it shows.
func (o *openReview) read(tx *db.Tx, who staff.Who, found candidates) (r Review, shown []string, err error) {
	r = Review{ID: o.ID, Why: o.Why, Row: o.Row, Side: o.Side, Organisation: o.Organisation, RaisedAt: o.RaisedAt, Candidates: []Candidate{}}
	name, err := tx.Keys.Open("received_file.name", o.File.String(), o.Name)
	if err != nil {
		return r, nil, err
	}
	r.File = string(name)
	row, said, err := o.values(tx)
	if err != nil {
		return r, nil, err
	}
	r.Says, r.ReleasedOn, r.StartedOn, r.AttendedOn = said, row.released, row.started, row.attended
	for _, c := range found.among(o) {
		candidate := Candidate{Differences: differences(said, c.who)}
		if o.Side == "provider" || who.Organisation() == "" || c.prison == who.Organisation() {
			candidate.ReferralID, candidate.Known, candidate.Prison = c.releaseFor(row.listed), c.who, c.prison
			candidate.ReleasedOn, candidate.AlcoholOnly, candidate.CJIT = c.dayOf(candidate.ReferralID), c.alcoholOnly, c.cjit
			shown = append(shown, c.id.String())
		}
		r.Candidates = append(r.Candidates, candidate)
	}
	return r, shown, nil
}

// values are the row's, and who it says it is.
func (o *openReview) values(tx *db.Tx) (row asListed, said person.Identity, err error) {
	if o.Side == "prison" {
		values, err := openPrisonRow(tx, o.RowID, o.Values)
		if row.released = values.ExitOn; row.released.IsZero() {
			row.released = values.PlannedOn
		}
		return row, values.identity(), err
	}
	values, err := openProviderRow(tx, o.RowID, o.Values)
	return asListed{listed{started: values.StartedOn, attended: values.AttendedOn}, values.ReleasedOn}, values.identity(), err
}

// asListed is a row of either side, with the release date that it has.
type asListed struct {
	listed
	released day.Date
}

func (p PrisonRow) identity() person.Identity {
	return person.Identity{PrisonNumber: p.PrisonNumber, NHSNumber: p.NHSNumber, GivenName: p.GivenName,
		FamilyName: p.FamilyName, DateOfBirth: p.BornOn, Sex: p.Sex}
}

const sealedPrisonRow = "prison_row.values"

func openPrisonRow(tx *db.Tx, id uuid.UUID, sealed []byte) (row PrisonRow, err error) {
	plain, err := tx.Keys.Open(sealedPrisonRow, id.String(), sealed)
	if err != nil {
		return row, err
	}
	err = json.Unmarshal(plain, &row)
	return row, err
}

// meant is somebody a question is about, with their releases.
type meant struct {
	id       uuid.UUID // of the person
	who      person.Identity
	prison   string
	releases []knownRelease
	asked    uuid.UUID // the release that a prison's row may be

	alcoholOnly, cjit bool // of any of their referrals
}

// dayOf is when a release of theirs was.
func (m *meant) dayOf(release uuid.UUID) day.Date {
	for _, k := range m.releases {
		if k.id == release {
			return k.on
		}
	}
	return day.Date{}
}

// releaseFor is the referral that a provider's row would belong to; for a prison's row the one asked about.
func (m *meant) releaseFor(row listed) uuid.UUID {
	if m.asked != uuid.Nil {
		return m.asked
	}
	if at, _, ok := row.start(m.releases); ok {
		return m.releases[at].id
	}
	return uuid.Nil
}

// candidates are all whom some questions are about, read at once.
type candidates struct {
	rows  []candidateRow
	known map[uuid.UUID]person.Identity
}

// candidateRow is a referral of somebody whom a question is about.
type candidateRow struct {
	heldRelease
	Prison      string `db:"prison"`
	AlcoholOnly bool   `db:"alcohol_only"`
	CJIT        bool   `db:"cjit"`
}

// candidatesOf reads the candidates of the questions: people for a provider's row, releases for a prison's.
func candidatesOf(ctx context.Context, tx *db.Tx, open []openReview) (found candidates, err error) {
	var named pq.StringArray
	for _, o := range open {
		named = append(named, o.Candidates...)
	}
	err = tx.Select(ctx, &found.rows, `
		SELECT r.id, r.person_id, r.prison, coalesce(r.released_on, r.exit_on) AS on_day, coalesce(r.set_aside, '') AS set_aside,
		  coalesce(r.substance_group = 'alcohol only', false) AS alcohol_only, r.cjit
		FROM referral r
		WHERE r.person_id = ANY ($1::uuid[]) OR r.id = ANY ($1::uuid[]) AND r.person_id IS NOT NULL
		ORDER BY on_day, set_aside DESC, r.id`, named)
	if err != nil {
		return found, err
	}
	var ids []uuid.UUID
	for _, row := range found.rows {
		ids = append(ids, row.Person)
	}
	found.known, err = person.Read(ctx, tx, ids...)
	return found, err
}

// among are those that a question is about, each with their releases.
func (c candidates) among(o *openReview) (all []meant) {
	at := map[uuid.UUID]int{}
	for _, row := range c.rows {
		asked := slices.Contains(o.Candidates, row.ID.String())
		if !asked && !slices.Contains(o.Candidates, row.Person.String()) {
			continue
		}
		key := row.Person
		if asked {
			key = row.ID
		}
		if _, ok := at[key]; !ok {
			at[key] = len(all)
			all = append(all, meant{id: row.Person, prison: row.Prison, who: c.known[row.Person]})
		}
		m := &all[at[key]]
		m.alcoholOnly, m.cjit = m.alcoholOnly || row.AlcoholOnly, m.cjit || row.CJIT
		if asked {
			m.asked = row.ID
		}
		if !row.On.IsZero() {
			m.releases = append(m.releases, knownRelease{id: row.ID, on: row.On, setAside: row.SetAside})
		}
	}
	return all
}

// differences are the fields in which two people differ, in words, and what follows from it for NDTMS.
func differences(a, b person.Identity) []string {
	i, j := identify(a), identify(b)
	said := []string{}
	for _, field := range []struct {
		word string
		same bool
	}{
		{wordGiven, i.sameGiven(j)}, {wordFamily, i.sameFamily(j)}, {wordBorn, i.sameBirth(j)}, {wordSex, i.sex == j.sex},
		{wordPrisonNumber, i.prisonNumber == "" || i.prisonNumber == j.prisonNumber},
		{wordNHSNumber, i.nhsNumber == "" || j.nhsNumber == "" || i.nhsNumber == j.nhsNumber},
	} {
		if !field.same {
			said = append(said, field.word+" differs")
		}
	}
	if note := AttributorsDiffer(a, b); note != "" {
		said = append(said, note)
	}
	return said
}

// held reads an open question to decide it, and keeps others from deciding it.
func held(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID) (*openReview, error) {
	if err := mayReview(who); err != nil {
		return nil, err
	}
	o := &openReview{}
	err := tx.Get(ctx, o, openReviews+` AND v.id = $2 FOR UPDATE OF v`, who.Organisation(), id)
	if errors.Is(err, db.ErrNone) {
		return nil, &problem.NotFound{What: "open review"}
	}
	return o, err
}

// DecisionOf is how a question of the organisation's own was decided, "confirmed" or "rejected"; "" where it went away by
// itself. A question that stands open, is another's or never was is not found.
func DecisionOf(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID) (decision string, err error) {
	err = tx.Get(ctx, &decision, `
		SELECT coalesce(decision, '')
		FROM review
		WHERE id = $1
		  AND organisation = $2
		  AND settled_at IS NOT NULL`, id, who.Organisation())
	if errors.Is(err, db.ErrNone) {
		return "", &problem.NotFound{What: "open review"}
	}
	return decision, err
}

// settled marks a question as decided.
func (o *openReview) settled(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, decided string) error {
	_, err := tx.Exec(ctx, `
		UPDATE review
		SET settled_at = $2, decision = $3, decided_by = $4
		WHERE id = $1`, o.ID, now, decided, who.By.Actor)
	if err != nil {
		return err
	}
	return audit.Write(ctx, tx, who.By, now, decided, "review", o.ID.String(), audit.Detail{"why": o.Why, "side": o.Side})
}

// choose is the candidate that a reviewer means: the only one, or the one whose referral is named.
func (o *openReview) choose(ctx context.Context, tx *db.Tx, named uuid.UUID) (meant, error) {
	found, err := candidatesOf(ctx, tx, []openReview{*o})
	if err != nil {
		return meant{}, err
	}
	all := found.among(o)
	if named != uuid.Nil {
		all = slices.DeleteFunc(all, func(m meant) bool {
			return m.asked != named && !slices.ContainsFunc(m.releases, func(k knownRelease) bool { return k.id == named })
		})
	}
	if len(all) != 1 {
		return meant{}, problem.Wrong("referral_id", "choose", "There are several candidates: name the referral that is meant.")
	}
	return all[0], nil
}
