package reconcile

import (
	"context"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/staff"
)

// auditing is the making of one reconciliation: every release of the period is put into its list, by as little as that
// takes; only those that are shown are read whole.
type auditing struct {
	*Reconciliation
	tx     *db.Tx
	placed map[string][]*release       // by list, oldest first; of those who are in the prison's list
	rows   map[uuid.UUID][]ProviderRow // linked rows, by release
	known  map[uuid.UUID]person.Identity
	only   []Compare // in the provider's list only
}

// release is what says in which list a release stands.
type release struct {
	ID         uuid.UUID `db:"id"`
	Person     uuid.UUID `db:"person_id"`
	ReleasedOn day.Date  `db:"released_on"`
	PickedUpOn day.Date  `db:"picked_up_on"`
	Group      string    `db:"substance_group"`
	CJIT       bool      `db:"cjit"`

	differ []string // in what the two lists differ, in words
}

// sort puts the releases into their lists, and counts.
func (a *auditing) sort(ctx context.Context) error {
	var releases []*release
	err := a.tx.Select(ctx, &releases, `
		SELECT id, person_id, released_on, picked_up_on, substance_group, cjit
		FROM referral
		WHERE released_on BETWEEN $3 AND $4
		  AND prison = $1
		  AND provider = $2
		  AND set_aside IS NULL
		  AND withdrawn_on IS NULL
		  AND person_id IS NOT NULL
		ORDER BY released_on, id`, a.Prison, a.Provider, a.From, a.To)
	if err != nil {
		return err
	}
	if err := a.readLinked(ctx, releases); err != nil {
		return err
	}
	a.placed = map[string][]*release{}
	for _, r := range releases {
		name := a.listOf(r)
		a.placed[name] = append(a.placed[name], r)
	}
	if err := a.readProviderOnly(ctx); err != nil {
		return err
	}
	a.Counts = Matched{len(a.placed[InBothList]), len(a.placed[DifferingList]), len(a.placed[PrisonOnlyList]), len(a.only)}
	return nil
}

// listOf is where a release stands.
func (a *auditing) listOf(r *release) string {
	rows := a.rows[r.ID]
	if len(rows) == 0 && r.PickedUpOn.IsZero() {
		return PrisonOnlyList
	}
	if r.differ = differing(r.ReleasedOn, a.known[r.Person], rows); len(r.differ) > 0 {
		return DifferingList
	}
	return InBothList
}

// readLinked reads the rows of the provider's list that are about the releases, and who they are about.
func (a *auditing) readLinked(ctx context.Context, releases []*release) (err error) {
	ids, people := make([]uuid.UUID, len(releases)), map[uuid.UUID]uuid.UUID{}
	for i, r := range releases {
		ids[i], people[r.ID] = r.ID, r.Person
	}
	var linked []uuid.UUID
	a.rows = map[uuid.UUID][]ProviderRow{}
	err = a.tx.Each(ctx, `
		SELECT id, values_sealed, referral_id
		FROM provider_row
		WHERE organisation = $1
		  AND answer = 'accepted'
		  AND referral_id = ANY ($2)
		ORDER BY content_bix`, func(found *sqlx.Rows) error {
		var id, of uuid.UUID
		var sealed []byte
		if err := found.Scan(&id, &sealed, &of); err != nil {
			return err
		}
		row, err := openProviderRow(a.tx, id, sealed)
		a.rows[of], linked = append(a.rows[of], row), append(linked, people[of])
		return err
	}, a.Provider, pq.Array(ids))
	if err != nil {
		return err
	}
	a.known, err = person.Read(ctx, a.tx, linked...)
	return err
}

// readProviderOnly reads rows about nobody who counts, whose day lies in the period (column on_day; rows that came
// before the column did are opened to see).
func (a *auditing) readProviderOnly(ctx context.Context) error {
	return a.tx.Each(ctx, `
		SELECT id, values_sealed, coalesce(reason, '')
		FROM provider_row
		WHERE organisation = $1
		  AND answer <> 'accepted'
		  AND (on_day BETWEEN $2 AND $3 OR on_day IS NULL)
		ORDER BY content_bix`, func(found *sqlx.Rows) error {
		var id uuid.UUID
		var sealed []byte
		var reason string
		if err := found.Scan(&id, &sealed, &reason); err != nil {
			return err
		}
		row, err := openProviderRow(a.tx, id, sealed)
		if err == nil && row.day().Within(a.From, a.To) {
			a.only = append(a.only, Compare{GivenName: row.GivenName, FamilyName: row.FamilyName, BornOn: row.BornOn,
				Sex: row.Sex, PrisonNumber: row.PrisonNumber, ExitOn: row.ReleasedOn, Received: true, ReceivedOn: row.ReceivedOn,
				OfferedOn: row.OfferedOn, AttendedOn: row.AttendedOn, StartedOn: row.StartedOn, Reason: reason})
		}
		return err
	}, a.Provider, a.From, a.To)
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
		a.ProviderOnly = page(part, a.only, func(c Compare) bool { return part.marked(c.AlcoholOnly, c.CJIT) })
	}
	var chosen []*release
	for _, name := range []string{InBothList, DifferingList, PrisonOnlyList} {
		if part.of(name) {
			chosen = append(chosen, page(part, a.placed[name], func(r *release) bool { return part.marked(r.Group == config.AlcoholOnly, r.CJIT) })...)
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
