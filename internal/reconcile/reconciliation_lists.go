package reconcile

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
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
	placed map[string][]*release       // by list, oldest first; of those who are in the prison's list
	rows   map[uuid.UUID][]ProviderRow // linked rows that were opened, by release
	known  map[uuid.UUID]person.Identity
	only   []*unplaced // in the provider's list only
}

// release is what says in which list a release stands. There may be thousands, of which a page shows fifty: the rest
// of it is read of those alone that are shown, or may differ.
type release struct {
	ID          uuid.UUID `db:"id"`
	PickedUp    bool      `db:"picked_up"`
	Linked      bool      `db:"linked"` // a row of the provider's list is about it
	Same        bool      `db:"same"`   // name, date of birth, sex and release date are the same in all such rows: nothing can differ
	AlcoholOnly bool      `db:"alcohol_only"`
	CJIT        bool      `db:"cjit"`

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
	doubtful := slices.DeleteFunc(slices.Clone(releases), func(r *release) bool { return r.Same || !r.Linked })
	if err := a.readKept(ctx, doubtful); err != nil {
		return err
	}
	if err := a.openLinked(ctx, doubtful); err != nil {
		return err
	}
	a.placed = map[string][]*release{}
	for _, r := range releases {
		name := a.listOf(r)
		a.placed[name] = append(a.placed[name], r)
	}
	if a.only, err = a.providerOnly(ctx); err != nil {
		return err
	}
	a.Counts = Matched{len(a.placed[InBothList]), len(a.placed[DifferingList]), len(a.placed[PrisonOnlyList]), len(a.only)}
	return nil
}

// releases are those of the period, oldest first.
func (a *auditing) releases(ctx context.Context) (all []*release, err error) {
	err = a.tx.Select(ctx, &all, `
		SELECT r.id, r.picked_up_on IS NOT NULL AS picked_up, w.linked, w.same, r.substance_group = 'alcohol only' AS alcohol_only, r.cjit
		FROM referral r
		CROSS JOIN LATERAL (
		  SELECT count(*) > 0 AS linked, coalesce(bool_and(coalesce(
		    w.name_bix = p.name_bix AND w.date_of_birth_bix = p.date_of_birth_bix AND w.sex = r.sex
		      AND coalesce(w.released_on, r.released_on) = r.released_on, false)), false) AS same
		  FROM provider_row w
		  JOIN person p ON p.id = r.person_id
		  WHERE w.referral_id = r.id
		    AND w.organisation = $2
		    AND w.answer = 'accepted'
		) AS w
		WHERE r.released_on BETWEEN $3 AND $4
		  AND r.prison = $1
		  AND r.provider = $2
		  AND r.set_aside IS NULL
		  AND r.withdrawn_on IS NULL
		  AND r.person_id IS NOT NULL
		ORDER BY r.released_on, r.id`, a.Prison, a.Provider, a.From, a.To)
	return all, err
}

// listOf is where a release stands.
func (a *auditing) listOf(r *release) string {
	switch {
	case !r.Linked && !r.PickedUp:
		return PrisonOnlyList
	case !r.Linked || r.Same:
		return InBothList
	}
	who := a.known[*r.PersonID]
	who.Sex = r.Sex // as this release has it
	if r.differ = differing(r.ReleasedOn, who, a.rows[r.ID]); len(r.differ) > 0 {
		return DifferingList
	}
	return InBothList
}

// openLinked reads the rows of the provider's list that are about the releases, and who they are about.
func (a *auditing) openLinked(ctx context.Context, releases []*release) (err error) {
	var ids, people []uuid.UUID
	for _, r := range releases {
		if _, opened := a.rows[r.ID]; !opened {
			ids, people = append(ids, r.ID), append(people, *r.PersonID)
		}
	}
	if a.rows == nil {
		a.rows, a.known = map[uuid.UUID][]ProviderRow{}, map[uuid.UUID]person.Identity{}
	}
	err = a.tx.Each(ctx, `
		SELECT id, values_sealed, referral_id
		FROM provider_row
		WHERE referral_id = ANY ($2)
		  AND organisation = $1
		  AND answer = 'accepted'
		ORDER BY content_bix`, func(found *sqlx.Rows) error {
		var id, of uuid.UUID
		var sealed []byte
		if err := found.Scan(&id, &sealed, &of); err != nil {
			return err
		}
		row, err := openProviderRow(a.tx, id, sealed)
		a.rows[of] = append(a.rows[of], row)
		return err
	}, a.Provider, pq.Array(ids))
	if err != nil {
		return err
	}
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
