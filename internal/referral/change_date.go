package referral

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// ChangeDate moves the planned release, or says that its date is unknown now. The appointment is kept
// where it still fits, else another is booked in its place; the answer has the old and the new one.
// A date at most a day from a release of the person that is known is that release: a duplicate.
func ChangeDate(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d DateChange) (*Changed, error) {
	r, err := holdOwn(ctx, tx, who, id, d.Version)
	if err != nil {
		return nil, err
	}
	c := &checking{today: day.Of(now), rules: tx.Rules}
	on := c.planned("planned_release_date", d.PlannedReleaseDate)
	kind := c.oneOf("kind", d.Kind, ReleaseKinds)
	certainty := c.oneOf("certainty", d.Certainty, certainties)
	reason := c.word("reason", d.Reason)
	c.bornBefore(r, "planned_release_date", on)
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := r.awaiting(); err != nil {
		return nil, err
	}
	event := timeline.Event{Kind: "corrected", Note: reason, Data: map[string]any{"fields": r.replan(kind, certainty)}}
	if on != r.PlannedReleaseDate {
		if err := r.isNoOther(ctx, tx, on); err != nil {
			return nil, err
		}
		event = timeline.Event{Kind: "date_changed", Note: reason, Data: map[string]any{"from": r.PlannedReleaseDate, "to": on}}
		if err := r.moveTo(tx, on, reason, now); err != nil {
			return nil, err
		}
	}
	if r.Facts.equal(r.held.Facts) {
		return Unchanged(ctx, tx, now, r)
	}
	return Keep(ctx, tx, who, now, r, event, Rows{})
}

// isNoOther refuses a day of release at most a day from another release of the person that is known,
// from whichever prison: it is that release, and this referral its duplicate. This referral must not be
// released yet, since it would find itself.
func (r *Referral) isNoOther(ctx context.Context, tx *db.Tx, on day.Date) error {
	var other struct {
		ID     uuid.UUID `db:"id"`
		Prison string    `db:"prison"`
	}
	err := tx.Get(ctx, &other, `SELECT id, prison FROM standing_referral($1, '', $2)`, r.PersonID, on)
	switch {
	case errors.Is(err, db.ErrNone):
		return nil
	case err != nil:
		return err
	case other.Prison != r.Prison:
		return sameRelease("")
	}
	return sameRelease(other.ID.String())
}

// sameRelease names the referral that has the release only to the prison that holds it.
func sameRelease(id string) error {
	return &problem.Conflict{Code: "duplicate_referral", ID: id,
		Message: "A release of this person at most one day from that date is known already. Give another date, or withdraw this referral as a duplicate."}
}

// replan sets what goes with a planned date, and names what changed. "" leaves it as it is.
func (r *Referral) replan(kind, certainty string) (changed []string) {
	if kind != "" && Text(kind) != r.ReleaseKind {
		r.ReleaseKind = Text(kind)
		changed = append(changed, "release_kind")
	}
	if certainty != "" && Text(certainty) != r.ReleaseDateCertainty {
		r.ReleaseDateCertainty = Text(certainty)
		changed = append(changed, "release_date_certainty")
	}
	return changed
}

func (r *Referral) moveTo(tx *db.Tx, on day.Date, reason string, now time.Time) error {
	r.PlannedReleaseDate, r.DateChangedAt, r.ReleaseDateUnknownReason = on, &now, ""
	r.setAge()
	if !on.IsZero() {
		return nil
	}
	r.ReleaseDateUnknownReason = Text(cmp.Or(reason, "not given"))
	return r.sealDetailAgain(tx)
}

// holdOwn holds a referral for its prison.
func holdOwn(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID, version int) (*Referral, error) {
	if err := who.Must(staff.Prison); err != nil {
		return nil, err
	}
	return Hold(ctx, tx, who, id, version)
}

// awaiting refuses an act that makes sense only before the release.
func (r *Referral) awaiting() error {
	switch {
	case !r.WithdrawnOn.IsZero():
		return already(r, "This referral has been withdrawn. Undo that first if it was a mistake.")
	case !r.ReleasedOn.IsZero():
		return already(r, "The release has been confirmed already. Undo that first if it was a mistake.")
	}
	return nil
}

func already(r *Referral, message string) error {
	return &problem.Conflict{Code: "already_recorded", ID: r.ID.String(), Message: message}
}

// bornBefore compares a release with the date of birth that is known.
func (c *checking) bornBefore(r *Referral, field string, on day.Date) {
	born := r.Person.DateOfBirth
	switch {
	case born.IsZero() || on.IsZero():
	case born.After(on):
		c.both(field, "person.date_of_birth", "born_after_release", "The date of birth lies after the release.")
	case day.Age(born, on) > oldestAge:
		c.both(field, "person.date_of_birth", "over_110", "The person would be more than 110 years old at the release.")
	}
}
