package referral

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// columns of a Referral; the names in quotes lead into its parts. The referral of an earlier release is named only to
// whom row-level security shows it: it may be another prison's.
const columns = `
  r.id, r.reference, r.asked_for_by, r.version, r.source, (SELECT e.id FROM referral e WHERE e.id = r.earlier_id) AS earlier_id, r.person_id, r.detail_sealed, r.received_at, r.updated_at,
  r.prison, r.moved_from, r.provider, r.referred_on, r.planned_release_on,
  r.release_kind, r.release_date_certainty, r.date_changed_at, r.released_on, r.unplanned, r.set_aside,
  r.age_at_release, r.sex, r.substances, r.substance_group,
  r.opioid_substitution AS "opioid_substitution.medicine", r.bridging_until AS "opioid_substitution.bridging_until",
  r.naloxone_supplied, r.attends_smart, r.reconnect_referred,
  r.consent_share AS "consent.share", r.consent_reconnect AS "consent.reconnect", r.consent_on AS "consent.recorded_on",
  r.unbooked_reason, r.appointment_flag, r.withdrawn_on, r.withdrawn_reason, r.closed, r.picked_up_on, r.cjit`

// listColumns of a Referral are those that a list of many shows. Its detail is left sealed: to open it takes longer than
// to read all else.
const listColumns = `
  r.id, r.reference, r.person_id, r.prison, r.provider, r.referred_on, r.planned_release_on, r.released_on,
  r.substance_group, r.unbooked_reason, r.withdrawn_on, r.closed, r.picked_up_on, r.cjit`

// detail is what is sealed with a referral: what is personal, and what was first sent, to tell the
// same content sent again from another.
type detail struct {
	Telephone       Text   `json:"telephone"`
	Notes           Text   `json:"notes"`
	SenderReference Text   `json:"sender_reference"`
	WhyNoDay        Text   `json:"release_date_unknown_reason"`
	Sent            *Draft `json:"sent"` // nil for what came in a file
}

const sealedDetail = "referral.detail"

// sealDetail seals what belongs to the referral's detail.
func (r *Referral) sealDetail(tx *db.Tx, sent *Draft) (err error) {
	plain, err := json.Marshal(detail{r.Person.Telephone, r.Notes, r.SenderReference, r.ReleaseDateUnknownReason, sent})
	if err != nil {
		return err
	}
	r.Detail, err = tx.Keys.Seal(sealedDetail, r.ID.String(), plain)
	return err
}

// sealDetailAgain seals what has changed of a detail that was opened, with the content as it was sent.
func (r *Referral) sealDetailAgain(tx *db.Tx) error {
	sealed := *r
	before, err := sealed.openDetail(tx)
	if err != nil {
		return err
	}
	return r.sealDetail(tx, before.Sent)
}

// openDetail reads what sealDetail wrote; a referral without detail has an empty one.
func (r *Referral) openDetail(tx *db.Tx) (d detail, err error) {
	if len(r.Detail) == 0 {
		return d, nil
	}
	plain, err := tx.Keys.Open(sealedDetail, r.ID.String(), r.Detail)
	if err != nil {
		return d, err
	}
	err = json.Unmarshal(plain, &d)
	r.Person.Telephone, r.Notes, r.SenderReference = d.Telephone, d.Notes, d.SenderReference
	r.ReleaseDateUnknownReason = d.whyNoDay(r.Facts)
	return d, err
}

// whyNoDay is why no day of release is known; "" where one is. Details sealed before they had it have it as it was sent.
func (d detail) whyNoDay(f Facts) Text {
	switch {
	case !f.ReleaseOn().IsZero():
		return ""
	case d.WhyNoDay == "" && d.Sent != nil:
		clean, _ := person.CleanName(d.Sent.ReleaseDateUnknownReason)
		return Text(clean)
	}
	return d.WhyNoDay
}

// identify fills in who it is.
func (r *Referral) identify(i person.Identity) {
	r.Person = Person{
		PrisonNumber: i.PrisonNumber, NHSNumber: Text(i.NHSNumber), GivenName: i.GivenName, FamilyName: i.FamilyName,
		DateOfBirth: i.DateOfBirth, Sex: i.Sex, Telephone: r.Person.Telephone,
	}
}

func (p Person) identity() person.Identity {
	return person.Identity{
		PrisonNumber: p.PrisonNumber, NHSNumber: string(p.NHSNumber), GivenName: p.GivenName, FamilyName: p.FamilyName,
		DateOfBirth: p.DateOfBirth, Sex: p.Sex,
	}
}

// Hold reads a referral to act on it, and keeps everybody else from acting on it until the
// transaction ends. What belongs to another organisation is not found. A version other than 0 must
// be the current one: whoever typed had seen that.
func Hold(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID, version int) (*Referral, error) {
	r := &Referral{}
	err := tx.Get(ctx, r, `
		SELECT `+columns+`
		FROM referral r
		WHERE r.id = $1
		  AND ($2 = '' OR $2 IN (r.prison, r.provider)) -- '' is the service itself
		FOR NO KEY UPDATE`, id, who.Organisation())
	switch {
	case errors.Is(err, db.ErrNone):
		return nil, &problem.NotFound{What: "referral"}
	case err != nil:
		return nil, err
	case version != 0 && version != r.Version:
		return nil, &problem.Conflict{Code: "changed_since", ID: id.String(),
			Message: "This referral has changed since you opened it: somebody else was at work on it, or this was sent twice. Look at how it stands now, then decide."}
	}
	if err := r.read(ctx, tx); err != nil {
		return nil, err
	}
	r.held = r.before()
	return r, nil
}

// AsHeld says whether a referral stands as it was held: what was done to it since made nothing new, such as a form that
// is sent again. One that was handed over does not.
func (r *Referral) AsHeld(ctx context.Context, tx *db.Tx) (same bool, err error) {
	err = tx.Get(ctx, &same, `SELECT EXISTS (SELECT FROM referral WHERE id = $1 AND version = $2)`, r.ID, r.Version)
	return same, err
}

// read opens what is sealed. A row of a file kept without a name has none.
func (r *Referral) read(ctx context.Context, tx *db.Tx) error {
	if _, err := r.openDetail(tx); err != nil || !r.PersonID.Valid {
		return err
	}
	known, err := person.Read(ctx, tx, r.PersonID.UUID)
	if err != nil {
		return err
	}
	r.identify(known[r.PersonID.UUID])
	return nil
}

// Rows are the rows of other tables that an act added or ended, by table, for whoever undoes it.
type Rows struct {
	Added map[string]uuid.UUID `json:"added,omitempty"`
	Ended map[string]uuid.UUID `json:"ended,omitempty"`
}

// was is what stood before an act, as event.was keeps it. Nothing personal is in clear here.
type was struct {
	Facts
	PersonID uuid.NullUUID `json:"person_id"`
	Detail   []byte        `json:"detail_sealed"`
	Identity []byte        `json:"identity_sealed,omitempty"` // who it was said to be, where that changed ...
	Number   []byte        `json:"identity_of,omitempty"`     // ... sealed under the index of that prison number
	Rows     Rows          `json:"rows"`
}

func (r *Referral) before() was {
	return was{Facts: r.Facts, PersonID: r.PersonID, Detail: r.Detail}
}

// Keep ends an act on a referral that was held: the event is written, the appointment follows, the
// row is stored and the audit row with it. rows names what else the act added or ended.
func Keep(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, r *Referral, e timeline.Event, rows Rows) (*Changed, error) {
	e.ReferralID = r.ID
	if e.Was == nil && e.Undoes == nil {
		r.held.Rows = rows
		e.Was = r.held
	}
	if err := timeline.Record(ctx, tx, who, now, e); err != nil {
		return nil, err
	}
	moved, err := r.follow(ctx, tx, who, now)
	if err != nil {
		return nil, err
	}
	if err := r.store(ctx, tx, now); err != nil {
		return nil, err
	}
	return r.changed(moved, day.Of(now)), nil
}

// Unchanged is the answer where nothing new was said.
func Unchanged(ctx context.Context, tx *db.Tx, now time.Time, r *Referral) (*Changed, error) {
	open, err := appointment.Open(ctx, tx, r.ID)
	if err != nil {
		return nil, err
	}
	c := r.changed(appointment.Moved{Old: open, New: open}, day.Of(now))
	c.Unchanged = true
	return c, nil
}

func (r *Referral) changed(m appointment.Moved, today day.Date) *Changed {
	return &Changed{
		ID: r.ID, Reference: r.Reference, State: StateOf(r.Facts, today), Version: r.Version, Prison: r.Prison,
		OldAppointment: m.Old, NewAppointment: m.New, UnbookedReason: r.UnbookedReason, AppointmentFlag: r.AppointmentFlag,
	}
}

// store writes what acts may change, and reads what package appointment has written meanwhile: why
// there is no appointment, and the flag. What broke a rule that two people could break at once comes
// back as the same answer as the check's own.
func (r *Referral) store(ctx context.Context, tx *db.Tx, now time.Time) error {
	err := tx.Get(ctx, r, `
		UPDATE referral
		SET person_id = $2, sender_reference_bix = $3, detail_sealed = $4, version = version + 1, updated_at = $5,
		    referred_on = $6, planned_release_on = $7, release_kind = $8,
		    release_date_certainty = $9, date_changed_at = $10, released_on = $11, unplanned = $12, set_aside = $13,
		    age_at_release = $14, sex = $15, substances = $16, substance_group = $17, opioid_substitution = $18,
		    bridging_until = $19, naloxone_supplied = $20, attends_smart = $21, reconnect_referred = $22,
		    consent_share = $23, consent_reconnect = $24, consent_on = $25,
		    withdrawn_on = $26, withdrawn_reason = $27, closed = $28, picked_up_on = $29
		WHERE id = $1
		RETURNING version, unbooked_reason, appointment_flag`,
		r.ID, r.PersonID, senderIndex(tx, r.SenderReference), r.Detail, now,
		r.ReferredOn, r.PlannedReleaseDate, r.ReleaseKind,
		r.ReleaseDateCertainty, r.DateChangedAt, r.ReleasedOn, r.Unplanned, r.SetAside,
		r.AgeAtRelease, r.Sex, r.Substances, r.SubstanceGroup, r.OpioidSubstitution.Medicine,
		r.OpioidSubstitution.BridgingUntil, r.NaloxoneSupplied, r.AttendsSMART, r.ReconnectReferred,
		r.Consent.ShareWithProvider, r.Consent.ShareWithReconnect, r.Consent.RecordedOn,
		r.WithdrawnOn, r.WithdrawnReason, r.Closed, r.PickedUpOn)
	return inWords(err)
}

// senderIndex finds a referral again by its sender's reference.
func senderIndex(tx *db.Tx, reference Text) []byte {
	return tx.Keys.Blind("sender_reference", string(reference))
}

// inWords turns the breaking of a constraint into the answer that the check before it gives.
func inWords(err error) error {
	switch {
	case db.Broke(err, "one_referral_awaiting_release"), db.Broke(err, "one_release_per_person_and_day"):
		return &problem.Conflict{Code: "duplicate_referral", Message: "Another referral of this person stands already for this release."}
	case db.Broke(err, "one_referral_per_sender_reference"):
		return &problem.Conflict{Code: "reference_reused", Fields: []string{"sender_reference"},
			Message: "Another referral has this sender's reference."}
	}
	return err
}

// duplicate names what stands only where the asker may know it.
func duplicate(standing uuid.UUID) error {
	if standing == uuid.Nil {
		return &problem.Conflict{Code: "duplicate_referral",
			Message: "A referral for this person and release stands already, from another prison. The provider can see that you have sent this one."}
	}
	return &problem.Conflict{Code: "duplicate_referral", ID: standing.String(),
		Message: "A referral for this person and release stands already: change that one."}
}
