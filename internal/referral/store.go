package referral

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// Make takes a referral in and allocates its first appointment: an accepted live referral has one,
// or stands on the unbooked list with the reason. One whose three months are over takes its final
// state and no place. Everything wrong with it is an *problem.Invalid; one that stands already is a
// *problem.Conflict. Sent again under the same sender's reference, it is answered as it stands.
func Make(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, d Draft) (*Made, error) {
	if err := who.Must(staff.Prison); err != nil {
		return nil, err
	}
	r, faults := checked(d, who.Organisation(), day.Of(now), tx.Rules)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	id, err := person.Know(ctx, tx, now, r.Person.identity())
	if err != nil {
		return nil, err
	}
	r.PersonID = uuid.NullUUID{UUID: id, Valid: true}
	r.Source = sourceOf(who)
	shared, err := r.insert(ctx, tx, now, &d)
	if errors.Is(err, db.ErrNone) {
		return again(ctx, tx, who, now, r, d)
	}
	if err != nil {
		return nil, err
	}
	return r.begin(ctx, tx, who, now, shared)
}

// sourceOf is how a referral came in: by the API, a page, or a file.
func sourceOf(who staff.Who) string {
	if via := who.By.Via; via == "api" || via == "page" {
		return via
	}
	return "file"
}

// insert stores a new referral, unless one stands already that it would double: then ErrNone. Two
// referrals of one person never run at once, since person.Know holds the person; the constraints
// stand behind that, and ON CONFLICT turns their breaking into "nothing stored" as well.
// shared says that the prison number is also somebody else's, born on another day.
func (r *Referral) insert(ctx context.Context, tx *db.Tx, now time.Time, sent *Draft) (shared bool, err error) {
	r.ID, r.Reference, r.Version, r.ReceivedAt, r.UpdatedAt = uuid.New(), newReference(), 1, now, now
	if err := r.sealDetail(tx, sent); err != nil {
		return false, err
	}
	var stored struct {
		Earlier uuid.NullUUID `db:"earlier_id"`
		Shared  bool          `db:"shared"`
	}
	err = tx.Get(ctx, &stored, `
		INSERT INTO referral (
		  id, reference, person_id, prison, provider, source, sender_reference_bix, detail_sealed, earlier_id,
		  referred_on, planned_release_on, release_kind, release_date_certainty,
		  released_on, unplanned, set_aside, age_at_release, sex, substances, substance_group,
		  opioid_substitution, bridging_until, naloxone_supplied, attends_smart, reconnect_referred,
		  consent_share, consent_reconnect, consent_on, received_at, updated_at, known_from)
		SELECT
		  $1::uuid, $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::bytea, $8::bytea, earlier_referral($3::uuid, $1::uuid),
		  $9::date, $10::date, $11::text, $12::text,
		  $13::date, $14::boolean, $15::text, $16::integer, $17::text, $18::text[], $19::text,
		  $20::text, $21::date, $22::boolean, $23::boolean, $24::boolean,
		  $25::text, $26::text, $27::date, $28::timestamptz, $28::timestamptz, $28::timestamptz
		WHERE NOT EXISTS (SELECT FROM standing_referral($3::uuid, $5::text, coalesce($13::date, $10::date)))
		ON CONFLICT DO NOTHING
		RETURNING (SELECT e.id FROM referral e WHERE e.id = referral.earlier_id) AS earlier_id, number_is_shared(person_id) AS shared`,
		r.ID, r.Reference, r.PersonID, r.Prison, r.Provider, r.Source, senderIndex(tx, r.SenderReference), r.Detail,
		r.ReferredOn, r.PlannedReleaseDate, r.ReleaseKind, r.ReleaseDateCertainty,
		r.ReleasedOn, r.Unplanned, r.SetAside, r.AgeAtRelease, r.Sex, r.Substances, r.SubstanceGroup,
		r.OpioidSubstitution.Medicine, r.OpioidSubstitution.BridgingUntil, r.NaloxoneSupplied, r.AttendsSMART, r.ReconnectReferred,
		r.Consent.ShareWithProvider, r.Consent.ShareWithReconnect, r.Consent.RecordedOn, now)
	if stored.Earlier.Valid {
		r.EarlierID = &stored.Earlier.UUID
	}
	return stored.Shared, err
}

// begin writes the first event and allocates the first appointment.
func (r *Referral) begin(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, shared bool) (*Made, error) {
	data := map[string]any{"release_on": r.ReleaseOn(), "released": !r.ReleasedOn.IsZero(), "unplanned": r.Unplanned}
	if r.SetAside != "" {
		data["set_aside"] = r.SetAside
	}
	if shared {
		data["prison_number_of_another"] = true // with another date of birth: one of the two is a slip
	}
	event := timeline.Event{ReferralID: r.ID, Kind: "referred", On: r.ReferredOn, Data: data}
	if err := timeline.Record(ctx, tx, who, now, event); err != nil {
		return nil, err
	}
	if !r.live(day.Of(now)) {
		return r.made(nil, day.Of(now)), nil
	}
	booked, reason, err := appointment.Allocate(ctx, tx, who, now, r.wish(r.ID))
	if err != nil {
		return nil, err
	}
	r.UnbookedReason = Text(reason)
	return r.made(booked, day.Of(now)), r.warn(ctx, tx, booked)
}

func (r *Referral) made(a *appointment.Appointment, today day.Date) *Made {
	return &Made{
		ID: r.ID, Reference: r.Reference, State: StateOf(r.Facts, today), Appointment: a, UnbookedReason: r.UnbookedReason,
		SetAside: r.SetAside, Unplanned: r.Unplanned, EarlierID: r.EarlierID,
	}
}

// again answers a referral that was not stored because something stands already: the same sender's
// reference, or a referral for the same person and release.
func again(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, r *Referral, d Draft) (*Made, error) {
	same, id, differing, err := Same(ctx, tx, who, d.SenderReference, d)
	switch {
	case err != nil:
		return nil, err
	case same:
		return asItStands(ctx, tx, who, now, id)
	case id != uuid.Nil:
		return nil, &problem.Conflict{Code: "reference_reused", ID: id.String(), Fields: differing,
			Message: "A referral with this sender's reference stands already, with other content."}
	}
	var standing struct {
		ID     uuid.UUID `db:"id"`
		Prison string    `db:"prison"`
	}
	err = tx.Get(ctx, &standing, `SELECT id, prison FROM standing_referral($1, $2, $3)`, r.PersonID, r.Provider, r.ReleaseOn())
	switch {
	case errors.Is(err, db.ErrNone): // it was undone this very moment, or our reference was taken: nothing is lost by asking again
		return nil, &problem.Unavailable{Message: "Somebody else was changing this person's referral. Send it again."}
	case err != nil:
		return nil, err
	case standing.Prison == who.Organisation():
		return nil, duplicate(standing.ID)
	}
	return nil, &heldElsewhere{duplicate(uuid.Nil), standing.ID}
}

func asItStands(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) (*Made, error) {
	r, err := Hold(ctx, tx, who, id, 0)
	if err != nil {
		return nil, err
	}
	open, err := appointment.Open(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	made := r.made(open, day.Of(now))
	made.Again = true
	return made, audit.Write(ctx, tx, who.By, now, "sent_again", "referral", id.String(), nil)
}

// Find is one referral whole, with its appointments and its timeline. That it was shown is audited;
// what belongs to somebody else is not found.
func Find(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) (*Referral, error) {
	r := &Referral{}
	err := tx.Get(ctx, r, `
		SELECT `+columns+`
		FROM referral r
		WHERE r.id = $1
		  AND $2 IN (r.prison, r.provider)`, id, who.Organisation())
	switch {
	case errors.Is(err, db.ErrNone):
		return nil, &problem.NotFound{What: "referral"}
	case err != nil:
		return nil, err
	}
	if err := r.read(ctx, tx); err != nil {
		return nil, err
	}
	r.State = StateOf(r.Facts, day.Of(now))
	if r.LaterID, err = r.later(ctx, tx, who); err != nil {
		return nil, err
	}
	if r.Appointments, err = appointment.Chain(ctx, tx, id); err != nil {
		return nil, err
	}
	if r.Appointment, err = appointment.Open(ctx, tx, id); err != nil {
		return nil, err
	}
	if r.Timeline, err = timeline.Of(ctx, tx, id); err != nil {
		return nil, err
	}
	if r.EndedTogether, err = r.endedWith(ctx, tx); err != nil {
		return nil, err
	}
	return r, shown(ctx, tx, who, now, "referral", r.PersonID)
}

// later is the referral of a later release of somebody who is still waited for here: they must have returned to custody
// in between. Nil where there is none, or none that the asker may see.
func (r *Referral) later(ctx context.Context, tx *db.Tx, who staff.Who) (*uuid.UUID, error) {
	if r.State != Released {
		return nil, nil
	}
	var id uuid.UUID
	err := tx.Get(ctx, &id, `
		SELECT l.id
		FROM referral l
		WHERE l.person_id = $1
		  AND l.earlier_id = $2
		  AND l.withdrawn_on IS NULL
		  AND coalesce(l.released_on, l.planned_release_on, 'infinity') > $3
		  AND $4 IN (l.prison, l.provider)
		ORDER BY l.received_at
		LIMIT 1`, r.PersonID, r.ID, r.ReleasedOn, who.Organisation())
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	return &id, err
}

// shown writes one audit row for each person whose data the answer holds.
func shown(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, where string, people ...uuid.NullUUID) error {
	ids := make([]string, 0, len(people))
	for _, p := range people {
		if p.Valid {
			ids = append(ids, p.UUID.String())
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return audit.WriteEach(ctx, tx, who.By, now, "shown", "person", ids, audit.Detail{"where": where})
}
