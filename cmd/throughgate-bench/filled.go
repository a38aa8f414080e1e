package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/config"
	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/reconcile"
	"throughgate/internal/seal"
)

// filled makes a database as lists meet it after three years: b.rows referrals of three prisons to one provider, of
// every state, with their appointments, events, contacts, the provider's rows and who looked at whom.
func (b *bench) filled() error {
	if err := b.fresh("pages", someClinics); err != nil {
		return err
	}
	s, err := b.serve() // brings the organisations in and opens the slots
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	master, err := seal.ParseMaster(b.key)
	if err != nil {
		return err
	}
	pool, err := db.Open(context.Background(), db.Options{DSN: b.DSN(b.name), Master: master, Rules: config.BuiltIn()})
	if err != nil {
		return err
	}
	defer pool.Close()
	owner, err := sql.Open("postgres", b.OwnerDSN(b.name))
	if err != nil {
		return err
	}
	defer owner.Close()
	f := &filler{keys: pool.Keys, owner: owner, today: day.Of(time.Now()), rows: b.rows, chance: rand.New(rand.NewPCG(1, 2)), file: uuid.New()}
	if err := f.fill(); err != nil {
		return err
	}
	_, err = continuity.Keep(context.Background(), pool, f.today) // as the server does every minute
	return err
}

// someClinics see 150 people a day.
var someClinics = lines(
	"providers:",
	"  - code: HARBOUR",
	"    name: Harbour",
	"    clinics:",
	dayClinic("monday"), dayClinic("tuesday"), dayClinic("wednesday"), dayClinic("thursday"), dayClinic("friday"),
)

func dayClinic(weekday string) string {
	return fmt.Sprintf("      - {code: %.3s, weekday: %s, start: '09:00', end: '17:00', slot_minutes: 20, places: 6, prescribing: true, "+
		"place: Harbour Centre, address: 'Ashburton House, Plymouth', ask_for: the duty worker, telephone: '01752 000000', directions: ''}",
		[]byte{weekday[0] - 32, weekday[1] - 32, weekday[2] - 32}, weekday)
}

// filler writes the rows as the owner, by COPY, which row-level security does not let the program use.
type filler struct {
	keys   *seal.Keys
	owner  *sql.DB
	today  day.Date
	rows   int
	chance *rand.Rand
	file   uuid.UUID // the provider's list that all its rows came in
	slots  map[day.Date][]slotRow

	people, referrals, appointments, listed [][]any
}

type slotRow struct {
	id     uuid.UUID
	clinic string
	at     time.Time
}

func (f *filler) fill() error {
	name, err := f.keys.Seal("received_file.name", f.file.String(), []byte("pickups.csv"))
	if err != nil {
		return err
	}
	_, err = f.owner.Exec(`
		INSERT INTO received_file (id, organisation, kind, name_sealed, sha256, row_count, answer, received_at, received_by)
		VALUES ($1, 'HARBOUR', 'provider_pickups', $2, '\x00', $3, '{}', now(), 'service')`, f.file, name, f.rows)
	if err != nil {
		return err
	}
	if err := f.readSlots(); err != nil {
		return err
	}
	var last known
	for n := range f.rows {
		if n%9 != 8 { // one in nine is an earlier release of the one before
			if last, err = f.person(n); err != nil {
				return err
			}
		}
		if err := f.referral(n, last); err != nil {
			return err
		}
		if len(f.referrals) == 5_000 || n == f.rows-1 {
			if err := f.copyAll(); err != nil {
				return err
			}
		}
	}
	return f.follow()
}

// readSlots reads what the server has opened, and adds slots on the last eight weeks' working days.
func (f *filler) readSlots() error {
	_, err := f.owner.Exec(`
		INSERT INTO slot (id, provider, clinic, starts_at, ends_at)
		SELECT gen_random_uuid(), provider, code, d + starts, d + starts + interval '20 minutes'
		FROM clinic, generate_series(CAST($1 AS date) - 56, CAST($1 AS date) - 1, '1 day') d
		WHERE extract(dow FROM d) = weekday`, f.today)
	if err != nil {
		return err
	}
	f.slots = map[day.Date][]slotRow{}
	rows, err := f.owner.Query(`SELECT id, clinic, starts_at FROM slot ORDER BY starts_at`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s slotRow
		if err := rows.Scan(&s.id, &s.clinic, &s.at); err != nil {
			return err
		}
		f.slots[day.Of(s.at)] = append(f.slots[day.Of(s.at)], s)
	}
	return rows.Err()
}

// known is a person, as the rows about them need it.
type known struct {
	id uuid.UUID
	person.Identity
}

func (f *filler) person(n int) (known, error) {
	given, family, born, number := someone(n)
	on, err := time.Parse("02/01/2006", born)
	if err != nil {
		return known{}, err
	}
	k := known{uuid.New(), person.Identity{PrisonNumber: number, GivenName: given, FamilyName: family, DateOfBirth: day.Of(on.Add(12 * time.Hour)), Sex: "male"}}
	bix, bornBix, _, name := person.Blinds(f.keys, k.Identity)
	sealed, err := person.SealIdentity(f.keys, bix, k.Identity)
	f.people = append(f.people, []any{k.id, bix, bornBix, name, sealed, f.today.String()})
	return k, err
}

func (f *filler) in(percent int) bool { return f.chance.IntN(100) < percent }

// referral adds one in the state that its day and chance give it.
func (f *filler) referral(n int, who known) error {
	out := f.today.Add(28 - (n-n%9/8)*104_729%1116 - 120*(n%9/8)) // three years, to four weeks from today
	r := referralRow{id: uuid.New(), planned: out, kind: substanceGroups[f.chance.IntN(len(substanceGroups))]}
	switch {
	case out.After(f.today) && f.in(6), f.in(3):
		r.withdrawn = out.Add(-5)
	case out.After(f.today):
		r.unbooked = f.in(14)
	case out.After(f.today.Add(-30)) && f.in(3): // nobody has said what happened
	default:
		r.released = out
		r.picked = f.in(44)
		r.closed = !r.picked && f.in(10)
	}
	r.picked = r.picked && !out.Add(n%40).After(f.today)
	f.referrals = append(f.referrals, r.cells(n, who, f.today))
	f.seen(n, r)
	if r.picked || !r.released.IsZero() && f.in(20) {
		return f.onList(n, who, r)
	}
	return nil
}

var substanceGroups = []string{"opiate", "opiate", "opiate", "opiate", "opiate", "opiate", "opiate", "opiate",
	"non-opiate only", "non-opiate and alcohol", "alcohol only", "not recorded"}

type referralRow struct {
	id                       uuid.UUID
	kind                     string
	planned                  day.Date
	released, withdrawn      day.Date
	unbooked, picked, closed bool
}

func (r referralRow) cells(n int, who known, today day.Date) []any {
	planned, unbooked, withdrawn, picked, changed := any(r.planned.String()), any(nil), any(nil), any(nil), any(nil)
	if r.unbooked {
		planned, unbooked = nil, "no_release_date"
	}
	if !r.withdrawn.IsZero() {
		withdrawn = "need_gone"
	}
	if r.picked {
		picked = r.planned.Add(n % 40).String()
	}
	came := r.planned.Add(-30).At(9, n%60)
	if n%10 == 0 {
		changed = came.AddDate(0, 0, 20)
	}
	reference := fmt.Sprintf("TG-%04d-%04d", n/10_000, n%10_000)
	return []any{r.id, reference, who.id, []string{"EXI", "EXI", "EXI", "CWI", "DMI"}[n%5], "HARBOUR", "page", r.planned.Add(-30).String(), planned, orNone(r.released),
		orNone(r.withdrawn), withdrawn, picked, r.closed, unbooked, changed, 18 + n%50, "male", "{heroin}", r.kind, "given", came, came, came}
}

func orNone(d day.Date) any {
	if d.IsZero() {
		return nil
	}
	return d.String()
}

// seen adds the appointments: two in three were kept, some missed ones were followed by another, a few of the last
// weeks have no outcome yet.
func (f *filler) seen(n int, r referralRow) {
	if r.unbooked || !r.withdrawn.IsZero() {
		return
	}
	on := r.planned.Add(1 + n%4)
	switch open := on.After(f.today) || on.After(f.today.Add(-50)) && f.in(3); {
	case open:
		f.book(n, r.id, on, 1)
	case r.picked || f.in(66):
		f.saw(r.id, on, 1, "attended")
	default:
		f.saw(r.id, on, 1, "did_not_attend")
		if later := on.Add(9); later.After(f.today) {
			f.book(n, r.id, later, 2)
		} else if f.in(50) {
			f.saw(r.id, later, 2, "attended")
		}
	}
}

func (f *filler) saw(referral uuid.UUID, on day.Date, attempt int, outcome string) {
	f.appointments = append(f.appointments, []any{uuid.New(), referral, "HARBOUR", nil, nil, nil, nil, on.String(), attempt, on.Add(-20).At(9, 0), outcome, on.At(17, 0)})
}

func (f *filler) book(n int, referral uuid.UUID, on day.Date, attempt int) {
	for len(f.slots[on]) == 0 {
		on = on.Add(1)
	}
	s := f.slots[on][n%len(f.slots[on])]
	f.appointments = append(f.appointments, []any{uuid.New(), referral, "HARBOUR", s.id, s.clinic, s.at, s.at.Add(20 * time.Minute), on.String(), attempt, on.Add(-20).At(9, 0), nil, nil})
}

// onList adds a row of the provider's list: most are about the release, one in twenty about nobody known, one in two
// hundred waits for review.
func (f *filler) onList(n int, who known, r referralRow) error {
	row := reconcile.ProviderRow{OurReference: fmt.Sprint("HB", n), GivenName: who.GivenName, FamilyName: who.FamilyName, BornOn: who.DateOfBirth, Sex: who.Sex,
		ReceivedOn: r.planned.Add(-10), OfferedOn: r.planned.Add(2), ReleasedOn: r.planned}
	if r.picked {
		row.AttendedOn, row.StartedOn = r.planned.Add(n%40), r.planned.Add(n%40)
	}
	if f.in(4) {
		row.GivenName = "Zoran" // another first initial: the attributors differ
	}
	id := uuid.New()
	sealed, err := f.keys.Seal("provider_row.values", id.String(), row.Canonical())
	cells := []any{id, f.file, n + 2, "HARBOUR", f.keys.Blind("bench", fmt.Sprint(n)), f.keys.Blind("bench", who.id.String()), sealed, "accepted", nil, who.id, r.id, "name", "contact",
		f.keys.Blind("full_name", person.FullName(row.GivenName, row.FamilyName)), f.keys.Blind("date_of_birth", row.BornOn.String()), row.Sex, row.ReleasedOn.String(), row.ReleasedOn.String()}
	switch {
	case r.picked:
		cells[12] = "pickup"
	case n%20 == 0:
		cells[7], cells[8], cells[9], cells[10], cells[11], cells[12] = "set_aside", "not a known prison leaver", nil, nil, nil, nil
	case n%200 == 1:
		cells[7], cells[8], cells[10], cells[11], cells[12] = "to_review", "forename differs", nil, nil, nil
	}
	f.listed = append(f.listed, cells)
	return err
}

func (f *filler) copyAll() error {
	for _, t := range []struct {
		rows    *[][]any
		table   string
		columns []string
	}{
		{&f.people, "person", []string{"id", "prison_number_bix", "date_of_birth_bix", "name_bix", "identity_sealed", "updated_at"}},
		{&f.referrals, "referral", []string{"id", "reference", "person_id", "prison", "provider", "source", "referred_on", "planned_release_on", "released_on",
			"withdrawn_on", "withdrawn_reason", "picked_up_on", "closed", "unbooked_reason", "date_changed_at", "age_at_release", "sex", "substances", "substance_group", "consent_share",
			"received_at", "updated_at", "known_from"}},
		{&f.appointments, "appointment", []string{"id", "referral_id", "provider", "slot_id", "clinic", "starts_at", "ends_at", "on_day", "attempt", "booked_at", "outcome", "outcome_at"}},
		{&f.listed, "provider_row", []string{"id", "file_id", "row_number", "organisation", "content_bix", "person_bix", "values_sealed", "answer", "reason", "person_id", "referral_id", "rule", "role",
			"name_bix", "date_of_birth_bix", "sex", "released_on", "on_day"}},
	} {
		if err := f.copy(t.table, t.columns, *t.rows); err != nil {
			return fmt.Errorf("%s: %w", t.table, err)
		}
		*t.rows = (*t.rows)[:0]
	}
	return nil
}

func (f *filler) copy(table string, columns []string, rows [][]any) error {
	tx, err := f.owner.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	s, err := tx.Prepare("COPY " + table + " (" + strings.Join(columns, ", ") + ") FROM STDIN")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := s.Exec(r...); err != nil {
			return err
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	return tx.Commit()
}

// follow writes what follows from the rows: the places taken, contacts, pick-ups, links, questions, events, and three
// looks at everybody. Then it tidies up, as the server does by itself after a while.
func (f *filler) follow() error {
	for _, statement := range []string{
		`UPDATE place p SET appointment_id = a.id
		FROM (SELECT id, slot_id, row_number() OVER (PARTITION BY slot_id ORDER BY id) AS number FROM appointment WHERE slot_id IS NOT NULL) a
		WHERE p.slot_id = a.slot_id AND p.number = a.number`,
		`INSERT INTO contact (id, referral_id, kind, contact_on, recorded_at, recorded_by)
		SELECT gen_random_uuid(), id, CASE WHEN random() < 0.3 THEN 'cjit' ELSE 'phone' END, referred_on, received_at, 'service' FROM referral WHERE random() < 0.1`,
		`INSERT INTO pickup (id, referral_id, picked_up_on, kind, late, provider_row_id, rule, recorded_at, recorded_by)
		SELECT gen_random_uuid(), r.id, r.picked_up_on, 'new_episode', false, p.id, 'name', received_at, 'service'
		FROM referral r JOIN provider_row p ON p.referral_id = r.id WHERE r.picked_up_on IS NOT NULL`,
		`INSERT INTO closure (id, referral_id, reason, closed_on, recorded_at, recorded_by)
		SELECT gen_random_uuid(), id, 'moved_area', released_on, received_at, 'service' FROM referral WHERE closed`,
		`INSERT INTO link (id, organisation, provider_row_id, person_id, referral_id, rule, made_at, made_by)
		SELECT gen_random_uuid(), 'HARBOUR', id, person_id, referral_id, 'name', now(), 'service' FROM provider_row WHERE referral_id IS NOT NULL`,
		`INSERT INTO review (id, organisation, side, row_id, why, candidates, raised_at)
		SELECT gen_random_uuid(), 'HARBOUR', 'provider', id, reason, ARRAY[person_id], now() FROM provider_row WHERE answer = 'to_review'`,
		`UPDATE provider_row SET person_id = NULL WHERE answer = 'to_review'`,
		`INSERT INTO event (id, referral_id, kind, happened_on, recorded_at, organisation, actor, via)
		SELECT gen_random_uuid(), r.id, k.kind, r.referred_on, r.received_at, r.prison, 'service', 'page'
		FROM referral r, unnest(ARRAY['referred', 'booked', 'date_changed', 'released', 'attended', 'picked_up']) AS k (kind)`,
		`INSERT INTO audit (at, organisation, actor, via, act, kind, subject, detail)
		SELECT now() - interval '1 minute' * (300000 - row_number() OVER ()), 'EXI', 'staff:' || n, 'page', 'shown', 'person', p.id::text, '{"in": "releasing_in_14_days"}'
		FROM person p, generate_series(1, 3) AS n`,
		`VACUUM ANALYZE`,
	} {
		if _, err := f.owner.Exec(statement); err != nil {
			return fmt.Errorf("%.40s: %w", statement, err)
		}
	}
	return nil
}
