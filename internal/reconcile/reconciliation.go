package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Reconciliation is the continuity-of-care audit: a prison's releases of a period held against a
// provider's list. Each release stands in one of the first three lists; ProviderOnly are rows of the
// provider's list in the period that are about no release that counts.
type Reconciliation struct {
	Prison       string    `json:"prison"`
	Provider     string    `json:"provider"`
	From         day.Date  `json:"from"`
	To           day.Date  `json:"to"`
	Counts       Matched   `json:"counts"`
	InBoth       []Compare `json:"in_both"`
	Differing    []Compare `json:"differing"` // in both, but dates or attributors differ
	PrisonOnly   []Compare `json:"prison_only"`
	ProviderOnly []Compare `json:"provider_only"`
}

// Matched is what the sub-group sees of it.
type Matched struct {
	InBoth       int `json:"in_both"`
	Differing    int `json:"differing"`
	PrisonOnly   int `json:"prison_only"`
	ProviderOnly int `json:"provider_only"`
}

// Compare is one person in a list: the prison's 14 columns, then what the provider knows.
type Compare struct {
	GivenName       string   `json:"first_name"`
	FamilyName      string   `json:"surname"`
	BornOn          day.Date `json:"date_of_birth"`
	Sex             string   `json:"sex"`
	PrisonNumber    string   `json:"client_reference"`
	ReceptionOn     day.Date `json:"initial_reception_date"`
	Drugs           []string `json:"drugs"`
	DischargeReason string   `json:"discharge_reason"`
	ExitOn          day.Date `json:"prison_exit_date"`
	ExitReason      string   `json:"prison_exit_reason"`
	Destination     string   `json:"prison_exit_destination"`
	ReferralStatus  string   `json:"referral_on_release_status"`

	Received        bool       `json:"referral_received"`
	ReceivedOn      day.Date   `json:"referral_received_on"`
	KnownToService  string     `json:"known_to_service"` // new, open episode or closed episode
	OfferedOn       day.Date   `json:"appointment_offered"`
	AttendedOn      day.Date   `json:"appointment_attended"`
	StartedOn       day.Date   `json:"structured_treatment_start"`
	DaysFromRelease *int       `json:"days_from_release"`
	AttributorsSame *bool      `json:"attributors_agree"`
	Reason          string     `json:"reason"` // why it stands in this list, or what became of it
	ReferralID      *uuid.UUID `json:"referral_id"`
	AlcoholOnly     bool       `json:"-"`
	CJIT            bool       `json:"-"`

	person string // id; "" for whom only the provider knows
}

// Reconcile holds the releases of a prison from one day to another, both included, against the list of
// a provider. A prison is not shown whom only the provider knows, and the sub-group sees counts.
func Reconcile(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, prison, provider string, from, to day.Date) (*Reconciliation, error) {
	return ReconcilePart(ctx, pool, who, now, prison, provider, from, to, Part{})
}

// The lists, as Part names them.
const (
	InBothList       = "in_both"
	DifferingList    = "differing"
	PrisonOnlyList   = "prison_only"
	ProviderOnlyList = "provider_only"
)

// Part is one of the four lists, or a page of it. The zero Part is all four; without a Limit, whole.
type Part struct {
	List              string
	AlcoholOnly, CJIT bool // only those with the mark
	Skip, Limit       int
}

// ReconcilePart is Reconcile of which only a part is shown, and audited as shown; the counts are of all.
func ReconcilePart(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, prison, provider string, from, to day.Date, part Part) (*Reconciliation, error) {
	if err := mayReconcile(who, prison, provider); err != nil {
		return nil, err
	}
	if to.Before(from) {
		return nil, problem.Wrong("to", "before_from", "The last day lies before the first.")
	}
	a := &auditing{Reconciliation: &Reconciliation{Prison: prison, Provider: provider, From: from, To: to}}
	err := pool.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		a.tx, a.today = tx, day.Of(now)
		if err := a.compare(ctx); err != nil {
			return err
		}
		shown := a.show(who, part)
		return audit.WriteEach(ctx, tx, who.By, now, "shown", "person", shown, audit.Detail{"in": "reconciliation"})
	})
	return a.Reconciliation, err
}

// mayReconcile: the prison and the provider concerned, the sub-group for its counts, and the console.
func mayReconcile(who staff.Who, prison, provider string) error {
	if who.Organisation() == "" || who.Role == staff.SubGroup {
		return nil
	}
	if err := who.Must(staff.Prison, staff.Provider); err != nil {
		return err
	}
	if o := who.Organisation(); o != prison && o != provider {
		return &problem.Forbidden{Message: "You can reconcile only your own organisation's list."}
	}
	return nil
}

// auditing is the making of one reconciliation.
type auditing struct {
	*Reconciliation
	tx      *db.Tx
	today   day.Date
	asked   map[uuid.UUID]string
	rows    map[uuid.UUID][]ProviderRow // linked rows, by release
	starts  map[uuid.UUID][]day.Date    // every start of a person, by person
	offered map[uuid.UUID]seenDays
	cjit    map[uuid.UUID]bool // releases with contact by the criminal justice team
}

// seenDays are the first days that a release's appointments tell of.
type seenDays struct{ offered, attended day.Date }

func (a *auditing) compare(ctx context.Context) error {
	var releases []*kept
	err := a.tx.Select(ctx, &releases, `
		SELECT `+keptColumns+`
		FROM referral
		WHERE prison = $1
		  AND provider = $2
		  AND released_on BETWEEN $3 AND $4
		  AND set_aside IS NULL
		  AND person_id IS NOT NULL
		ORDER BY released_on, id`, a.Prison, a.Provider, a.From, a.To)
	if err != nil {
		return err
	}
	var ids, persons []uuid.UUID
	for _, k := range releases {
		ids, persons = append(ids, k.ID), append(persons, *k.PersonID)
	}
	known, err := person.Read(ctx, a.tx, persons...)
	if err != nil {
		return err
	}
	for _, load := range []func() error{
		func() error { return a.loadRows(ctx, persons) },
		func() error { return a.loadDays(ctx, ids) },
		func() error { return a.loadCJIT(ctx, ids) },
		func() error { return a.loadQuestions(ctx) },
	} {
		if err := load(); err != nil {
			return err
		}
	}
	for _, k := range releases {
		a.place(k, known[*k.PersonID])
	}
	return a.loadProviderOnly(ctx)
}

// loadRows reads the rows that are linked to the people.
func (a *auditing) loadRows(ctx context.Context, persons []uuid.UUID) error {
	a.rows, a.starts = map[uuid.UUID][]ProviderRow{}, map[uuid.UUID][]day.Date{}
	return a.tx.Each(ctx, `
		SELECT id, values_sealed, person_id, referral_id
		FROM provider_row
		WHERE organisation = $1
		  AND answer = 'accepted'
		  AND person_id = ANY ($2)
		ORDER BY content_bix`, func(found *sqlx.Rows) error {
		var id, who uuid.UUID
		var release uuid.NullUUID
		var sealed []byte
		if err := found.Scan(&id, &sealed, &who, &release); err != nil {
			return err
		}
		row, err := openProviderRow(a.tx, id, sealed)
		if release.Valid {
			a.rows[release.UUID] = append(a.rows[release.UUID], row)
		}
		if !row.StartedOn.IsZero() {
			a.starts[who] = append(a.starts[who], row.StartedOn)
		}
		return err
	}, a.Provider, pq.Array(persons))
}

func (a *auditing) loadDays(ctx context.Context, releases []uuid.UUID) error {
	a.offered = map[uuid.UUID]seenDays{}
	return a.tx.Each(ctx, `
		SELECT referral_id, min(on_day), min(on_day) FILTER (WHERE outcome IN ('attended', 'attended_late'))
		FROM appointment
		WHERE referral_id = ANY ($1)
		  AND undone_at IS NULL
		GROUP BY referral_id`, func(found *sqlx.Rows) error {
		var id uuid.UUID
		var d seenDays
		err := found.Scan(&id, &d.offered, &d.attended)
		a.offered[id] = d
		return err
	}, pq.Array(releases))
}

func (a *auditing) loadCJIT(ctx context.Context, releases []uuid.UUID) error {
	a.cjit = map[uuid.UUID]bool{}
	var found []uuid.UUID
	err := a.tx.Select(ctx, &found, `
		SELECT DISTINCT referral_id
		FROM contact
		WHERE referral_id = ANY ($1)
		  AND kind = 'cjit'
		  AND undone_at IS NULL`, pq.Array(releases))
	for _, id := range found {
		a.cjit[id] = true
	}
	return err
}

// loadQuestions finds who may be meant by a row that waits for review.
func (a *auditing) loadQuestions(ctx context.Context) error {
	a.asked = map[uuid.UUID]string{}
	return a.tx.Each(ctx, `
		SELECT unnest(candidates), why
		FROM review
		WHERE organisation = $1
		  AND side = 'provider'
		  AND settled_at IS NULL`, func(found *sqlx.Rows) error {
		var id uuid.UUID
		var why string
		err := found.Scan(&id, &why)
		a.asked[id] = why
		return err
	}, a.Provider)
}

// place puts a release into its list.
func (a *auditing) place(k *kept, who person.Identity) {
	c := compareOf(k, who)
	c.person, c.AlcoholOnly, c.CJIT = k.PersonID.String(), k.Group == config.AlcoholOnly, a.cjit[k.ID]
	days := a.offered[k.ID]
	rows := a.rows[k.ID]
	c.Received, c.ReceivedOn = len(rows) > 0, day.Date{}
	c.OfferedOn, c.AttendedOn, c.StartedOn = days.offered, days.attended, k.PickedUpOn
	for _, row := range rows {
		first(&c.ReceivedOn, row.ReceivedOn)
		first(&c.OfferedOn, row.OfferedOn)
	}
	if !c.StartedOn.IsZero() {
		n := c.StartedOn.Sub(k.ReleasedOn)
		c.DaysFromRelease = &n
	}
	c.KnownToService = a.episode(k, rows)
	if len(rows) == 0 && k.PickedUpOn.IsZero() {
		c.Reason = "not in the provider's list"
		if why := a.asked[*k.PersonID]; why != "" {
			c.Reason = "a row of the provider's list waits for review: " + why
		}
		a.PrisonOnly = append(a.PrisonOnly, c)
		return
	}
	differ := differing(k, who, rows)
	same := len(differ) == 0 || !slices.ContainsFunc(differ, func(s string) bool { return s != datesDiffer })
	c.AttributorsSame = &same
	if len(differ) > 0 {
		c.Reason = differ[0]
		a.Differing = append(a.Differing, c)
		return
	}
	c.Reason = c.became()
	a.InBoth = append(a.InBoth, c)
}

func first(to *day.Date, date day.Date) {
	if !date.IsZero() && (to.IsZero() || date.Before(*to)) {
		*to = date
	}
}

const datesDiffer = "the provider's list has another release date"

// differing is what keeps a linked pair from being the same in both lists.
func differing(k *kept, who person.Identity, rows []ProviderRow) (said []string) {
	for _, row := range rows {
		if note := AttributorsDiffer(who, row.identity()); note != "" {
			said = append(said, note)
		}
		if !row.ReleasedOn.IsZero() && row.ReleasedOn != k.ReleasedOn {
			said = append(said, datesDiffer)
		}
	}
	return said
}

// became is the outcome in words.
func (c *Compare) became() string {
	switch {
	case c.DaysFromRelease != nil && *c.DaysFromRelease > reach:
		return fmt.Sprintf("started after more than %d days", reach)
	case c.DaysFromRelease != nil:
		return "started structured treatment"
	case !c.AttendedOn.IsZero():
		return "attended, structured treatment not started"
	case !c.OfferedOn.IsZero():
		return "offered, not attended"
	}
	return "received, nothing offered"
}

// episode is how the service knew the person at the release: by an episode that was open and resumed,
// by one before that, or not at all.
func (a *auditing) episode(k *kept, rows []ProviderRow) string {
	for _, row := range rows {
		if !row.StartedOn.IsZero() && row.StartedOn.Before(k.ReleasedOn) {
			return "open episode"
		}
	}
	if slices.ContainsFunc(a.starts[*k.PersonID], func(on day.Date) bool { return on.Before(k.ReleasedOn) }) {
		return "closed episode"
	}
	if len(rows) > 0 {
		return "new"
	}
	return ""
}

// loadProviderOnly reads rows about nobody who counts, whose day lies in the period: the release date
// that the provider was told, else the start, attendance, offer or receipt.
func (a *auditing) loadProviderOnly(ctx context.Context) error {
	return a.tx.Each(ctx, `
		SELECT id, values_sealed, coalesce(reason, '')
		FROM provider_row
		WHERE organisation = $1
		  AND answer <> 'accepted'
		ORDER BY content_bix`, func(found *sqlx.Rows) error {
		var id uuid.UUID
		var sealed []byte
		var reason string
		if err := found.Scan(&id, &sealed, &reason); err != nil {
			return err
		}
		row, err := openProviderRow(a.tx, id, sealed)
		if err == nil && row.day().Within(a.From, a.To) {
			a.ProviderOnly = append(a.ProviderOnly, Compare{GivenName: row.GivenName, FamilyName: row.FamilyName, BornOn: row.BornOn,
				Sex: row.Sex, PrisonNumber: row.PrisonNumber, ExitOn: row.ReleasedOn, Received: true, ReceivedOn: row.ReceivedOn,
				OfferedOn: row.OfferedOn, AttendedOn: row.AttendedOn, StartedOn: row.StartedOn, Reason: reason})
		}
		return err
	}, a.Provider)
}

func (p ProviderRow) day() day.Date {
	for _, on := range []day.Date{p.ReleasedOn, p.StartedOn, p.AttendedOn, p.OfferedOn} {
		if !on.IsZero() {
			return on
		}
	}
	return p.ReceivedOn
}

// show leaves what the asker may see and has asked for, and names whom it shows.
func (a *auditing) show(who staff.Who, part Part) (shown []string) {
	a.Counts = Matched{len(a.InBoth), len(a.Differing), len(a.PrisonOnly), len(a.ProviderOnly)}
	for name, list := range map[string]*[]Compare{
		InBothList: &a.InBoth, DifferingList: &a.Differing, PrisonOnlyList: &a.PrisonOnly, ProviderOnlyList: &a.ProviderOnly,
	} {
		hidden := who.Role == staff.SubGroup || who.Role == staff.Prison && name == ProviderOnlyList
		if hidden || part.List != "" && part.List != name {
			*list = nil
		}
		*list = part.of(*list)
		for _, c := range *list {
			if c.person != "" {
				shown = append(shown, c.person)
			}
		}
	}
	return shown
}

// of is the part of one list.
func (p Part) of(list []Compare) []Compare {
	part := []Compare{}
	for _, c := range list {
		if (c.AlcoholOnly || !p.AlcoholOnly) && (c.CJIT || !p.CJIT) {
			part = append(part, c)
		}
	}
	part = part[min(p.Skip, len(part)):]
	if p.Limit > 0 {
		part = part[:min(p.Limit, len(part))]
	}
	return part
}
