package reconcile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
)

// book is what a database holds, in clear and drawn at random, so that a reconciliation can be told from it one by one.
type book struct {
	rand     *rand.Rand
	people   []person.Identity
	ids      []uuid.UUID // of the people
	releases []bookRelease
	rows     []bookRow
	asked    map[int]string // why a row that may mean the person waits for review
}

type bookRelease struct {
	id                         uuid.UUID
	person                     int
	prison, provider, setAside string
	released, picked           day.Date
	withdrawn                  bool
	sex, group                 string
	drugs                      []string
	cjit                       bool
	offered, attended          day.Date // of the first appointments; none where zero
}

type bookRow struct {
	ProviderRow
	stored                   listRow
	provider, answer, reason string
	person, release          int  // -1 for none
	unindexed                bool // came before rows were indexed
}

func newBook(seed uint64) *book {
	b := &book{rand: rand.New(rand.NewPCG(seed, 1)), asked: map[int]string{}}
	for n := range 40 {
		b.people = append(b.people, person.Identity{PrisonNumber: fmt.Sprintf("A%04dBC", n), GivenName: b.given(), FamilyName: b.family(),
			DateOfBirth: b.born(), Sex: "male"})
		b.ids = append(b.ids, uuid.New())
	}
	for n := range 160 {
		b.releases = append(b.releases, b.release(n))
	}
	for n := range 260 {
		b.rows = append(b.rows, b.row(n))
	}
	return b
}

func (b *book) in(percent int) bool { return b.rand.IntN(100) < percent }

func (b *book) pick(of ...string) string { return of[b.rand.IntN(len(of))] }

func (b *book) given() string  { return b.pick("Siân", "SIAN", "Sara", "Łukasz", "Anna") }
func (b *book) family() string { return b.pick("O'Neill", "ONEILL", "Ong", "Jones", "Evans-Hall") }
func (b *book) born() day.Date {
	return day.MustParse(b.pick("1984-02-28", "1984-02-29", "1990-12-01"))
}

// soon is a day around the turn of the year, zero for one in so many percent.
func (b *book) soon(never int) day.Date {
	if b.in(never) {
		return day.Date{}
	}
	return day.MustParse("2023-11-20").Add(b.rand.IntN(60))
}

// release is the n-th: a person's releases lie far enough apart to be several.
func (b *book) release(n int) bookRelease {
	r := bookRelease{id: uuid.New(), person: n % len(b.people), prison: b.pick("EXI", "EXI", "EXI", "CWI"), provider: b.pick("HARBOUR", "HARBOUR", "HARBOUR", "OTHER"),
		released: day.MustParse("2023-11-20").Add(n/len(b.people)*15 + b.rand.IntN(12)), sex: b.pick("male", "male", "male", "female", "not_known"),
		group: b.pick("opiate", "alcohol only"), drugs: []string{b.pick("heroin", "alcohol")}, cjit: b.in(30), offered: b.soon(50), attended: b.soon(60)}
	switch {
	case b.in(6):
		r.setAside = "under 18"
	case n/len(b.people) == 3 && b.in(30): // awaits release, or did
		r.released, r.withdrawn = day.Date{}, b.in(50)
	case b.in(40):
		r.picked = r.released.Add(b.rand.IntN(100))
	}
	return r
}

// row is about a release, a person or nobody, and says the same of them more often than not.
func (b *book) row(n int) bookRow {
	r := bookRow{provider: b.pick("HARBOUR", "HARBOUR", "HARBOUR", "OTHER"), answer: "accepted", person: -1, release: -1, unindexed: b.in(15)}
	r.ProviderRow = ProviderRow{Number: n, OurReference: uuid.NewString(), ReceivedOn: b.soon(30), OfferedOn: b.soon(30), AttendedOn: b.soon(50), StartedOn: b.soon(40)}
	of := b.releases[b.rand.IntN(len(b.releases))]
	switch who := b.people[of.person]; {
	case b.in(70):
		r.release, r.person = slices.IndexFunc(b.releases, func(o bookRelease) bool { return o.id == of.id }), of.person
		r.ReleasedOn = of.released
		r.like(who, of.sex)
	case b.in(50):
		r.person = of.person
		r.like(who, of.sex)
	default:
		r.answer, r.reason = b.pick("set_aside", "to_review"), b.pick(NotKnown, "forename differs")
		r.like(person.Identity{GivenName: b.given(), FamilyName: b.family(), DateOfBirth: b.born()}, "female")
	}
	b.spoil(&r)
	return r
}

func (r *bookRow) like(who person.Identity, sex string) {
	r.GivenName, r.FamilyName, r.BornOn, r.Sex = who.GivenName, who.FamilyName, who.DateOfBirth, sex
}

func (b *book) spoil(r *bookRow) {
	for _, one := range []func(){
		func() { r.GivenName = b.given() },
		func() { r.FamilyName = b.family() },
		func() { r.BornOn = b.born() },
		func() { r.Sex = b.pick("male", "female", "not_known") },
		func() { r.ReleasedOn = b.soon(50) },
	} {
		if b.in(7) {
			one()
		}
	}
}

// store writes the book as imports and acts leave it.
func (b *book) store(h *house) {
	h.t.Helper()
	h.sql(`INSERT INTO organisation (code, kind, name) VALUES ('OTHER', 'provider', 'Other')`)
	file := uuid.New()
	h.sql(`INSERT INTO received_file (id, organisation, kind, name_sealed, sha256, row_count, answer, received_at, received_by)
		VALUES ($1, 'HARBOUR', 'provider_pickups', '\x00', '\x00', 1, '{}', $2, 'service')`, file, h.now)
	h.act(func(tx *db.Tx) (err error) {
		for i, who := range b.people {
			if b.ids[i], err = person.Know(h.t.Context(), tx, h.now, who); err != nil {
				return err
			}
		}
		return nil
	})
	for _, r := range b.releases {
		b.storeRelease(h, r)
	}
	for i := range b.rows {
		b.storeRow(h, file, &b.rows[i])
	}
	slices.SortFunc(b.rows, func(a, z bookRow) int { return bytes.Compare(a.stored.Content, z.stored.Content) })
	for i := range b.people {
		if b.in(15) {
			b.asked[i] = "surname differs"
			h.sql(`INSERT INTO review (id, organisation, side, row_id, why, candidates, raised_at) VALUES (gen_random_uuid(), 'HARBOUR', 'provider', gen_random_uuid(), $1, $2, $3)`,
				b.asked[i], pq.Array([]uuid.UUID{b.ids[i], uuid.New()}), h.now)
		}
	}
}

func (b *book) storeRelease(h *house, r bookRelease) {
	h.t.Helper()
	h.sql(`
		INSERT INTO referral (id, reference, person_id, prison, provider, source, released_on, picked_up_on, set_aside, withdrawn_on, withdrawn_reason,
		  sex, substances, substance_group, cjit, received_at, updated_at, known_from)
		VALUES ($1, CAST(CAST($1 AS uuid) AS text), $2, $3, $4, 'file', $5, $6, nullif($7, ''), CASE WHEN $8 THEN DATE '2023-11-01' END, CASE WHEN $8 THEN 'need_gone' END, $9, $10, $11, $12, $13, $13, $13)`,
		r.id, b.ids[r.person], r.prison, r.provider, r.released, r.picked, r.setAside, r.withdrawn, r.sex, pq.Array(r.drugs), r.group, r.cjit, h.now)
	seen := []struct {
		outcome string
		on      day.Date
	}{{"did_not_attend", r.offered}, {"attended", r.attended}, {"attended", r.attended.Add(7)}}
	for i, a := range seen {
		if r.offered.IsZero() && i == 0 || r.attended.IsZero() && i > 0 {
			continue
		}
		h.sql(`INSERT INTO appointment (id, referral_id, provider, on_day, attempt, booked_at, outcome, outcome_at) VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $5)`,
			r.id, r.provider, a.on, i+1, h.now, a.outcome)
	}
}

func (b *book) storeRow(h *house, file uuid.UUID, r *bookRow) {
	h.t.Helper()
	h.act(func(tx *db.Tx) (err error) {
		r.stored, err = (&providerImport{tx: tx}).seal(r.ProviderRow)
		return err
	})
	var who, release *uuid.UUID
	if r.person >= 0 {
		who = &b.ids[r.person]
	}
	if r.release >= 0 {
		release = &b.releases[r.release].id
	}
	h.sql(`
		INSERT INTO provider_row (id, file_id, row_number, organisation, content_bix, person_bix, values_sealed, on_day, name_bix, date_of_birth_bix, sex, released_on,
		  answer, reason, person_id, referral_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, nullif($14, ''), $15, $16)`,
		r.stored.ID, file, r.Number, r.provider, []byte(r.stored.Content), []byte(r.stored.Person), []byte(r.stored.Values), r.stored.On,
		[]byte(r.stored.Name), []byte(r.stored.Born), r.Sex, r.ReleasedOn,
		r.answer, r.reason, who, release)
	if r.unindexed {
		h.sql(`UPDATE provider_row SET on_day = NULL, name_bix = NULL, date_of_birth_bix = NULL, sex = NULL, released_on = NULL WHERE id = $1`, r.stored.ID)
	}
}
