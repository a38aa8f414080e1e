package referral

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// Correct changes what was sent wrongly, with a reason. What was said before stays in the history,
// sealed where it is personal. The appointment follows where the need or the bridging date changed.
func Correct(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d CorrectionDraft) (*Changed, error) {
	r, err := holdOwn(ctx, tx, who, id, d.Version)
	if err != nil {
		return nil, err
	}
	given := d.given()
	c := &checking{today: day.Of(now), rules: tx.Rules}
	reason := c.required("reason", c.word("reason", d.Reason))
	if len(given) == 0 {
		c.Add("reason", "nothing_to_correct", "Say what to correct: no field is given.")
	}
	right, faults := checked(d.over(r.draft()), r.Prison, day.Of(now), tx.Rules)
	c.Corrections = append(c.Corrections, about(given, faults)...)
	if err := c.Err(); err != nil {
		return nil, err
	}
	held := *r
	r.correct(right, given)
	fields := r.differing(&held)
	if len(fields) == 0 {
		return Unchanged(ctx, tx, now, r)
	}
	if err := r.keepPersonal(ctx, tx, now, &held); err != nil {
		return nil, err
	}
	event := timeline.Event{Kind: "corrected", Note: reason, Data: map[string]any{"fields": fields}}
	return Keep(ctx, tx, who, now, r, event, Rows{})
}

// about are the faults that touch a field that was given: what was accepted before is not judged again.
func about(given []string, faults problem.Corrections) (kept problem.Corrections) {
	touched := map[string]bool{}
	for _, f := range faults {
		touched[f.Code] = touched[f.Code] || slices.Contains(given, f.Field)
	}
	for _, f := range faults {
		pair := strings.HasSuffix(f.Code, "_after_release") || f.Code == "over_110" || f.Code == "not_without"
		if slices.Contains(given, f.Field) || pair && touched[f.Code] {
			kept = append(kept, f)
		}
	}
	return kept
}

// given are the fields of a correction that are there, as the API names them.
func (d CorrectionDraft) given() (fields []string) {
	var walk func(v reflect.Value, prefix string)
	walk = func(v reflect.Value, prefix string) {
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Tag.Get("json")
			switch {
			case f.Kind() != reflect.Pointer || f.IsNil():
			case f.Elem().Kind() == reflect.Struct:
				walk(f.Elem(), prefix+name+".")
			default:
				fields = append(fields, prefix+name)
			}
		}
	}
	walk(reflect.ValueOf(d), "")
	return fields
}

// over is the draft with the correction laid over it.
func (d CorrectionDraft) over(base Draft) Draft {
	put(&base.SenderReference, d.SenderReference)
	put(&base.ReferredOn, d.ReferredOn)
	put(&base.Notes, d.Notes)
	put(&base.ReleaseKind, d.ReleaseKind)
	put(&base.Substances, d.Substances)
	if p := d.Person; p != nil {
		put(&base.Person.PrisonNumber, p.PrisonNumber)
		put(&base.Person.NHSNumber, p.NHSNumber)
		put(&base.Person.GivenName, p.GivenName)
		put(&base.Person.FamilyName, p.FamilyName)
		put(&base.Person.DateOfBirth, p.DateOfBirth)
		put(&base.Person.Sex, p.Sex)
		put(&base.Person.Telephone, p.Telephone)
	}
	if o := d.OpioidSubstitution; o != nil {
		if base.OpioidSubstitution == nil {
			base.OpioidSubstitution = &SubstitutionDraft{}
		}
		put(&base.OpioidSubstitution.Medicine, o.Medicine)
		put(&base.OpioidSubstitution.BridgingUntil, o.BridgingUntil)
		if o.Medicine != nil && *o.Medicine == "none" && o.BridgingUntil == nil {
			base.OpioidSubstitution.BridgingUntil = "" // it ends with the medicine
		}
	}
	if k := d.Consent; k != nil {
		put(&base.Consent.ShareWithProvider, k.ShareWithProvider)
		put(&base.Consent.ShareWithReconnect, k.ShareWithReconnect)
		put(&base.Consent.RecordedOn, k.RecordedOn)
	}
	putFlag(&base.NaloxoneSupplied, d.NaloxoneSupplied)
	putFlag(&base.AttendsSMART, d.AttendsSMART)
	putFlag(&base.ReconnectReferred, d.ReconnectReferred)
	return base
}

func put[T any](into *T, given *T) {
	if given != nil {
		*into = *given
	}
}

func putFlag(into **bool, given *bool) {
	if given != nil {
		*into = given
	}
}

// draft is the referral as it would be typed today.
func (r *Referral) draft() Draft {
	d := Draft{
		SenderReference: string(r.SenderReference), Prison: r.Prison, Provider: string(r.Provider),
		Person: PersonDraft{
			PrisonNumber: r.Person.PrisonNumber, NHSNumber: string(r.Person.NHSNumber), GivenName: r.Person.GivenName,
			FamilyName: r.Person.FamilyName, DateOfBirth: r.Person.DateOfBirth.String(), Sex: r.Sex, Telephone: string(r.Person.Telephone),
		},
		ReferredOn: r.ReferredOn.String(), PlannedReleaseDate: r.PlannedReleaseDate.String(), ReleasedOn: r.ReleasedOn.String(),
		ReleaseDateUnknownReason: string(r.ReleaseDateUnknownReason), ReleaseKind: string(r.ReleaseKind), Substances: r.Substances,
		NaloxoneSupplied: r.NaloxoneSupplied, AttendsSMART: r.AttendsSMART, ReconnectReferred: r.ReconnectReferred,
		Consent: ConsentDraft{string(r.Consent.ShareWithProvider), string(r.Consent.ShareWithReconnect), r.Consent.RecordedOn.String()},
		Notes:   string(r.Notes),
	}
	if o := r.OpioidSubstitution; o.Medicine != "" {
		d.OpioidSubstitution = &SubstitutionDraft{string(o.Medicine), o.BridgingUntil.String()}
	}
	return d
}

// correct takes over what was given from the referral as it should be; what was not given stays.
func (r *Referral) correct(right *Referral, given []string) {
	r.SenderReference, r.Notes, r.Person = right.SenderReference, right.Notes, right.Person
	if slices.Contains(given, "referred_on") {
		r.ReferredOn, r.Unplanned = right.ReferredOn, right.Unplanned
	}
	if slices.Contains(given, "release_kind") {
		r.ReleaseKind = right.ReleaseKind
	}
	if slices.Contains(given, "substances") {
		r.Substances, r.SubstanceGroup = right.Substances, right.SubstanceGroup
	}
	if hasPart(given, "opioid_substitution.") {
		r.OpioidSubstitution = right.OpioidSubstitution
	}
	if hasPart(given, "consent.") {
		r.Consent = right.Consent
	}
	r.Sex = right.Sex
	r.NaloxoneSupplied, r.AttendsSMART, r.ReconnectReferred = right.NaloxoneSupplied, right.AttendsSMART, right.ReconnectReferred
	r.setAge()
}

func hasPart(given []string, prefix string) bool {
	return slices.ContainsFunc(given, func(f string) bool { return strings.HasPrefix(f, prefix) })
}

// differing names what a correction changed, as the API names it; never with its value.
func (r *Referral) differing(before *Referral) []string {
	fields, err := differences(before.draft(), r.draft())
	if err != nil {
		panic(err) // a draft is text and flags: it always marshals
	}
	return fields
}

// keepPersonal stores who it is and the sealed detail, keeping what was said before for the history.
// With another prison number or date of birth it becomes somebody else's referral.
func (r *Referral) keepPersonal(ctx context.Context, tx *db.Tx, now time.Time, before *Referral) error {
	if err := r.sealDetailAgain(tx); err != nil || r.Person.identity() == before.Person.identity() {
		return err
	}
	var err error
	old := before.Person.identity()
	r.held.Number, _, _, _ = person.Blinds(tx.Keys, old)
	if r.held.Identity, err = person.SealIdentity(tx.Keys, r.held.Number, old); err != nil {
		return err
	}
	id, err := person.Know(ctx, tx, now, r.Person.identity())
	if err != nil || id == r.PersonID.UUID {
		return err
	}
	r.PersonID = uuid.NullUUID{UUID: id, Valid: true}
	if r.ReleasedOn.IsZero() {
		return r.onlyOne(ctx, tx)
	}
	return r.fitsOthers(ctx, tx)
}

// onlyOne refuses to make of a referral that awaits release a second one of another person.
func (r *Referral) onlyOne(ctx context.Context, tx *db.Tx) error {
	var other struct {
		ID     uuid.UUID `db:"id"`
		Prison string    `db:"prison"`
	}
	err := tx.Get(ctx, &other, `SELECT id, prison FROM standing_referral($1, $2, $3)`, r.PersonID, r.Provider, r.PlannedReleaseDate)
	switch {
	case errors.Is(err, db.ErrNone):
		return nil
	case err != nil:
		return err
	case other.Prison == r.Prison:
		return duplicate(other.ID)
	}
	return &problem.Conflict{Code: "duplicate_referral",
		Message: "Another prison has referred this person for this release. Check the prison number and the date of birth; if they are right, withdraw this referral as a duplicate."}
}
