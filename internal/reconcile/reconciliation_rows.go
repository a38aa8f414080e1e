package reconcile

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/person"
)

// whole is what the shown releases are told with.
type whole struct {
	rows    map[uuid.UUID][]ProviderRow // of the provider's list, by the release that they are about
	starts  map[uuid.UUID][]day.Date    // every start of a person, by person
	offered map[uuid.UUID]seenDays      // by release
	asked   map[uuid.UUID]string        // why a row that may mean the person waits for review
}

// seenDays are the first days that a release's appointments tell of.
type seenDays struct {
	offered  day.Date
	attended day.Date
}

// readWhole reads the releases that are shown, and puts them into their lists.
func (a *auditing) readWhole(ctx context.Context, chosen []*release) (err error) {
	if len(chosen) == 0 {
		return nil
	}
	if err := a.readKept(ctx, chosen); err != nil {
		return err
	}
	var ids, people []uuid.UUID
	for _, r := range chosen {
		ids, people = append(ids, r.ID), append(people, *r.PersonID)
	}
	if err := a.readKnown(ctx, people); err != nil {
		return err
	}
	w := whole{rows: map[uuid.UUID][]ProviderRow{}, starts: map[uuid.UUID][]day.Date{}}
	if err := a.readListed(ctx, w, ids, people); err != nil {
		return err
	}
	if w.offered, err = a.readDays(ctx, ids); err != nil {
		return err
	}
	if w.asked, err = a.readQuestions(ctx, people); err != nil {
		return err
	}
	for _, r := range chosen {
		a.tell(r, w)
	}
	return nil
}

// readKept reads the referrals of the releases.
func (a *auditing) readKept(ctx context.Context, releases []*release) error {
	at, ids := map[uuid.UUID]*release{}, []uuid.UUID{}
	for _, r := range releases {
		at[r.ID], ids = r, append(ids, r.ID)
	}
	var found []*kept
	err := a.tx.Select(ctx, &found, `SELECT `+keptColumns+` FROM referral WHERE id = ANY ($1)`, pq.Array(ids))
	for _, k := range found {
		at[k.ID].kept = k
	}
	return err
}

// readListed opens the rows of the provider's list about the releases, and about their people otherwise.
func (a *auditing) readListed(ctx context.Context, w whole, releases, people []uuid.UUID) error {
	var rows []struct {
		ID       uuid.UUID     `db:"id"`
		Sealed   []byte        `db:"values_sealed"`
		Person   uuid.NullUUID `db:"person_id"`
		Referral uuid.NullUUID `db:"referral_id"`
	}
	err := a.tx.Select(ctx, &rows, `
		SELECT id, values_sealed, person_id, referral_id
		FROM provider_row
		WHERE organisation = $1
		  AND answer = 'accepted'
		  AND (referral_id = ANY ($2) OR person_id = ANY ($3))
		ORDER BY content_bix`, a.Provider, pq.Array(releases), pq.Array(people))
	if err != nil {
		return err
	}
	for _, r := range rows {
		row, err := openProviderRow(a.tx, r.ID, r.Sealed)
		if err != nil {
			return err
		}
		w.rows[r.Referral.UUID] = append(w.rows[r.Referral.UUID], row)
		if !row.StartedOn.IsZero() {
			w.starts[r.Person.UUID] = append(w.starts[r.Person.UUID], row.StartedOn)
		}
	}
	return nil
}

func (a *auditing) readDays(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]seenDays, error) {
	var found []struct {
		ID       uuid.UUID `db:"referral_id"`
		Offered  day.Date  `db:"offered"`
		Attended day.Date  `db:"attended"`
	}
	err := a.tx.Select(ctx, &found, `
		SELECT referral_id, min(on_day) AS offered, min(on_day) FILTER (WHERE outcome IN ('attended', 'attended_late')) AS attended
		FROM appointment
		WHERE referral_id = ANY ($1)
		  AND undone_at IS NULL
		GROUP BY referral_id`, pq.Array(ids))
	offered := map[uuid.UUID]seenDays{}
	for _, f := range found {
		offered[f.ID] = seenDays{f.Offered, f.Attended}
	}
	return offered, err
}

// readQuestions finds who of the people may be meant by a row that waits for review.
func (a *auditing) readQuestions(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error) {
	var found []struct {
		Candidate uuid.UUID `db:"candidate"`
		Why       string    `db:"why"`
	}
	err := a.tx.Select(ctx, &found, `
		SELECT unnest(candidates) AS candidate, why
		FROM review
		WHERE organisation = $1
		  AND side = 'provider'
		  AND settled_at IS NULL
		  AND candidates && $2
		ORDER BY raised_at, id`, a.Provider, pq.Array(people))
	asked := map[uuid.UUID]string{}
	for _, f := range found {
		asked[f.Candidate] = f.Why
	}
	return asked, err
}

// tell adds a release to its list, with the reason why it stands there.
func (a *auditing) tell(r *release, w whole) {
	rows, days := w.rows[r.ID], w.offered[r.ID]
	c := compareOf(r.kept, a.known[*r.PersonID])
	c.person, c.AlcoholOnly, c.CJIT = r.PersonID.String(), r.AlcoholOnly, r.CJIT
	c.Received, c.OfferedOn, c.AttendedOn, c.StartedOn = len(rows) > 0, days.offered, days.attended, r.PickedUpOn
	for _, row := range rows {
		first(&c.ReceivedOn, row.ReceivedOn)
		first(&c.OfferedOn, row.OfferedOn)
	}
	if !c.StartedOn.IsZero() {
		n := c.StartedOn.Sub(r.ReleasedOn)
		c.DaysFromRelease = &n
	}
	c.KnownToService = episode(r.ReleasedOn, rows, w.starts[*r.PersonID])
	if len(rows) == 0 && !r.PickedUp {
		c.Reason = "not in the provider's list"
		if why := w.asked[*r.PersonID]; why != "" {
			c.Reason = "a row of the provider's list waits for review: " + why
		}
		a.PrisonOnly = append(a.PrisonOnly, c)
		return
	}
	same := !slices.ContainsFunc(r.differ, func(s string) bool { return s != datesDiffer })
	c.AttributorsSame = &same
	if len(r.differ) > 0 {
		c.Reason = r.differ[0]
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

// differing is what keeps a row and the release that it is about from being the same in both lists.
func differing(released day.Date, who person.Identity, row ProviderRow) (said []string) {
	if note := AttributorsDiffer(who, row.identity()); note != "" {
		said = append(said, note)
	}
	if !row.ReleasedOn.IsZero() && row.ReleasedOn != released {
		said = append(said, datesDiffer)
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
func episode(released day.Date, rows []ProviderRow, starts []day.Date) string {
	for _, row := range rows {
		if !row.StartedOn.IsZero() && row.StartedOn.Before(released) {
			return "open episode"
		}
	}
	if slices.ContainsFunc(starts, func(on day.Date) bool { return on.Before(released) }) {
		return "closed episode"
	}
	if len(rows) > 0 {
		return "new"
	}
	return ""
}
