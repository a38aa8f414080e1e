package reconcile

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/staff"
)

// auditing is the making of one reconciliation: every release of the period is put into its list by what stands in
// clear or in blind indexes; only what differs, and what is shown, is opened.
type auditing struct {
	*Reconciliation
	tx     *db.Tx
	placed map[string][]*release // by list, oldest first; of those who are in the prison's list
	known  map[uuid.UUID]person.Identity
	only   []*unplaced // in the provider's list only
}

// release is what says in which list a release stands. There may be thousands, of which a page shows fifty: the rest
// of it is read of those alone that are shown.
type release struct {
	ID          uuid.UUID
	PickedUp    bool
	Linked      bool // a row of the provider's list is about it
	Same        bool // name, date of birth, sex and release date are the same in all such rows: nothing can differ
	AlcoholOnly bool
	CJIT        bool

	*kept           // nil until it is read
	differ []string // in what the two lists differ, in words
}

// unplaced is a row of the provider's list about nobody who counts.
type unplaced struct {
	ID     uuid.UUID `db:"id"`
	Sealed []byte    `db:"values_sealed"`
	Reason string    `db:"reason"`
	On     day.Date  `db:"on_day"`
}

// sort puts the releases into their lists, and counts.
func (a *auditing) sort(ctx context.Context) error {
	releases, err := a.releases(ctx)
	if err != nil {
		return err
	}
	if err := a.compare(ctx, releases); err != nil {
		return err
	}
	a.placed = map[string][]*release{}
	for _, r := range releases {
		name := r.list()
		a.placed[name] = append(a.placed[name], r)
	}
	if a.only, err = a.providerOnly(ctx); err != nil {
		return err
	}
	a.Counts = Matched{len(a.placed[InBothList]), len(a.placed[DifferingList]), len(a.placed[PrisonOnlyList]), len(a.only)}
	return nil
}

// list is where a release stands, once what may differ was compared.
func (r *release) list() string {
	switch {
	case !r.Linked && !r.PickedUp:
		return PrisonOnlyList
	case len(r.differ) > 0:
		return DifferingList
	}
	return InBothList
}

// releases are those of the period, oldest first, and what the provider's list has of each: all rows about any release of
// the period are read along one index (column about_on). In one statement, which sees both sides at one moment.
func (a *auditing) releases(ctx context.Context) ([]*release, error) {
	var all packed
	err := a.tx.Get(ctx, &all, `
		SELECT ids, facts, same, other
		FROM (
		  SELECT string_agg(uuid_send(id), '') AS ids,
		    coalesce(string_agg(chr(64 + CAST(picked_up_on IS NOT NULL AS integer) + 2 * CAST(substance_group = 'alcohol only' AS integer)
		      + 4 * CAST(cjit AS integer)), ''), '') AS facts
		  FROM (
		    SELECT id, picked_up_on, substance_group, cjit
		    FROM referral
		    WHERE released_on BETWEEN $3 AND $4
		      AND prison = $1
		      AND provider = $2
		      AND set_aside IS NULL
		      AND withdrawn_on IS NULL
		      AND person_id IS NOT NULL
		    ORDER BY released_on, id
		  ) AS release
		) AS releases, (
		  SELECT string_agg(uuid_send(referral_id), '') FILTER (WHERE same) AS same,
		    string_agg(uuid_send(referral_id), '') FILTER (WHERE same IS NOT TRUE) AS other
		  FROM provider_row
		  WHERE organisation = $2
		    AND about_on BETWEEN $3 AND $4
		    AND answer = 'accepted'
		) AS listed`, a.Prison, a.Provider, a.From, a.To)
	return all.releases(), err
}

// packed is thousands of releases as one row, in their order: as rows they take several times as long to take in.
type packed struct {
	IDs   []byte `db:"ids"`   // one after the other
	Facts string `db:"facts"` // a letter for each: 64 and the sum of what is true of it
	Same  []byte `db:"same"`  // whom a row of the provider's list is about that says the same; ids as above
	Other []byte `db:"other"` // and one that may not
}

// What a letter of packed says.
const (
	bitPickedUp = 1 << iota
	bitAlcoholOnly
	bitCJIT
)

func (p packed) releases() []*release {
	all, same, other := make([]*release, len(p.Facts)), idsOf(p.Same), idsOf(p.Other)
	for i, letter := range []byte(p.Facts) {
		id, said := uuid.UUID(p.IDs[16*i:16*i+16]), letter-64
		all[i] = &release{ID: id, PickedUp: said&bitPickedUp > 0, AlcoholOnly: said&bitAlcoholOnly > 0, CJIT: said&bitCJIT > 0,
			Linked: same[id] || other[id], Same: same[id] && !other[id]}
	}
	return all
}

func idsOf(packed []byte) map[uuid.UUID]bool {
	ids := make(map[uuid.UUID]bool, len(packed)/16)
	for id := range slices.Chunk(packed, 16) {
		ids[uuid.UUID(id)] = true
	}
	return ids
}

// compare opens the pairs that are not the same in blind indexes, and finds in what they differ: a name that is
// written otherwise keeps its initial, and so its attributors, more often than not.
func (a *auditing) compare(ctx context.Context, releases []*release) error {
	at, ids := map[uuid.UUID]*release{}, []uuid.UUID{}
	for _, r := range releases {
		if r.Linked && !r.Same {
			at[r.ID], ids = r, append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	pairs, err := a.pairs(ctx, ids)
	if err != nil {
		return err
	}
	people := make([]uuid.UUID, len(pairs))
	for i, p := range pairs {
		people[i] = p.Person
	}
	if err := a.readKnown(ctx, people); err != nil {
		return err
	}
	for _, p := range pairs {
		row, err := openProviderRow(a.tx, p.Row, p.Sealed)
		if err != nil {
			return err
		}
		who := a.known[p.Person]
		who.Sex = p.Sex
		at[p.Release].differ = append(at[p.Release].differ, differing(p.ReleasedOn, who, row)...)
	}
	return nil
}

// pair is a release and a row of the provider's that is linked to it.
type pair struct {
	Release    uuid.UUID `db:"release"`
	Person     uuid.UUID `db:"person_id"`
	Sex        string    `db:"sex"` // as this release has it
	ReleasedOn day.Date  `db:"released_on"`
	Row        uuid.UUID `db:"row"`
	Sealed     []byte    `db:"values_sealed"`
}

func (a *auditing) pairs(ctx context.Context, releases []uuid.UUID) (list []pair, err error) {
	err = a.tx.Select(ctx, &list, `
		SELECT r.id AS release, r.person_id, r.sex, r.released_on, w.id AS row, w.values_sealed
		FROM referral r
		JOIN provider_row w ON w.referral_id = r.id
		WHERE r.id = ANY ($2)
		  AND w.organisation = $1
		  AND w.answer = 'accepted'
		ORDER BY w.content_bix`, a.Provider, pq.Array(releases))
	return list, err
}

// readKnown opens who the people are, each once.
func (a *auditing) readKnown(ctx context.Context, people []uuid.UUID) error {
	people = slices.DeleteFunc(slices.Clone(people), func(id uuid.UUID) bool { _, there := a.known[id]; return there })
	known, err := person.Read(ctx, a.tx, people...)
	maps.Copy(a.known, known)
	return err
}

// providerOnly are the rows about nobody who counts, whose day lies in the period (column on_day; rows that came before
// the column did are opened to see).
func (a *auditing) providerOnly(ctx context.Context) (rows []*unplaced, err error) {
	err = a.tx.Select(ctx, &rows, `
		SELECT id, values_sealed, coalesce(reason, '') AS reason, on_day
		FROM provider_row
		WHERE organisation = $1
		  AND answer <> 'accepted'
		  AND (on_day BETWEEN $2 AND $3 OR on_day IS NULL)
		ORDER BY content_bix`, a.Provider, a.From, a.To)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(u *unplaced) bool {
		if u.On.IsZero() && err == nil {
			var row ProviderRow
			row, err = openProviderRow(a.tx, u.ID, u.Sealed)
			u.On = row.day()
		}
		return !u.On.Within(a.From, a.To)
	}), err
}

// open is the row as the list shows it.
func (u *unplaced) open(tx *db.Tx) (Compare, error) {
	row, err := openProviderRow(tx, u.ID, u.Sealed)
	return Compare{GivenName: row.GivenName, FamilyName: row.FamilyName, BornOn: row.BornOn,
		Sex: row.Sex, PrisonNumber: row.PrisonNumber, ExitOn: row.ReleasedOn, Received: true, ReceivedOn: row.ReceivedOn,
		OfferedOn: row.OfferedOn, AttendedOn: row.AttendedOn, StartedOn: row.StartedOn, Reason: u.Reason}, err
}

// day is what the row is about: the release date that the provider was told, else the start, attendance, offer or
// receipt.
func (p ProviderRow) day() day.Date {
	for _, on := range []day.Date{p.ReleasedOn, p.StartedOn, p.AttendedOn, p.OfferedOn} {
		if !on.IsZero() {
			return on
		}
	}
	return p.ReceivedOn
}

// show reads whole what the asker may see and has asked for.
func (a *auditing) show(ctx context.Context, who staff.Who, part Part) error {
	a.InBoth, a.Differing, a.PrisonOnly, a.ProviderOnly = []Compare{}, []Compare{}, []Compare{}, []Compare{}
	if who.Role == staff.SubGroup {
		return nil
	}
	if who.Role == staff.Prison {
		a.Counts.ProviderOnly = 0 // it has no such list: whom only the provider knows is not counted for it either
	}
	if who.Role != staff.Prison && part.of(ProviderOnlyList) {
		for _, u := range page(part, a.only, func(*unplaced) bool { return part.marked(false, false) }) {
			c, err := u.open(a.tx)
			if err != nil {
				return err
			}
			a.ProviderOnly = append(a.ProviderOnly, c)
		}
	}
	var chosen []*release
	for _, name := range []string{InBothList, DifferingList, PrisonOnlyList} {
		if part.of(name) {
			chosen = append(chosen, page(part, a.placed[name], func(r *release) bool { return part.marked(r.AlcoholOnly, r.CJIT) })...)
		}
	}
	return a.readWhole(ctx, chosen)
}

// of says whether a list is part of what was asked for.
func (p Part) of(list string) bool { return p.List == "" || p.List == list }

func (p Part) marked(alcoholOnly, cjit bool) bool {
	return (alcoholOnly || !p.AlcoholOnly) && (cjit || !p.CJIT)
}

// page is the part of one list.
func page[T any](p Part, list []T, wanted func(T) bool) []T {
	part := []T{}
	for _, one := range list {
		if wanted(one) {
			part = append(part, one)
		}
	}
	part = part[min(p.Skip, len(part)):]
	if p.Limit > 0 {
		part = part[:min(p.Limit, len(part))]
	}
	return part
}
