package referral

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// released is the one of HMPPS's five reasons that is a release to the community.
const released = "RELEASED"

// Release records that somebody left the prison. Only RELEASED is a release; a transfer, court, a
// temporary absence and hospital are written down, once for a day, and change nothing. Confirmed again for
// the same day it is unchanged; for another day it is a correction, which keeps the day before in the history
// and says why, where a reason is given.
func Release(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d ReleaseDraft) (*Changed, error) {
	r, err := holdOwn(ctx, tx, who, id, d.Version)
	if err != nil {
		return nil, err
	}
	c := &checking{today: day.Of(now), rules: tx.Rules}
	on := c.past("released_on", c.required("released_on", d.ReleasedOn))
	reason := c.oneOf("reason", c.required("reason", d.Reason), ReleaseReasons)
	bridging := c.date("bridging_until", d.BridgingUntil)
	why := c.word("correction_reason", d.CorrectionReason)
	if !bridging.IsZero() && r.OpioidSubstitution.Medicine == "" {
		c.Add("bridging_until", "not_without", "A bridging prescription needs its medicine: correct opioid_substitution first.")
	}
	c.bornBefore(r, "released_on", on)
	if reason == released {
		c.rightYear(r, on)
	} else {
		timeline.TooLongAgo(&c.Corrections, "released_on", on, r.ReferredOn, r.ReleaseOn())
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	if !r.WithdrawnOn.IsZero() {
		return nil, already(r, "This referral has been withdrawn. Undo that first if it was a mistake.")
	}
	if reason != released {
		return r.noRelease(ctx, tx, who, now, on, reason)
	}
	event := r.confirmRelease(on, why)
	if d.NaloxoneSupplied != nil {
		r.NaloxoneSupplied = d.NaloxoneSupplied
	}
	if !bridging.IsZero() {
		r.OpioidSubstitution.BridgingUntil = bridging
	}
	if r.Facts.equal(r.held.Facts) {
		return Unchanged(ctx, tx, now, r)
	}
	if err := person.NotAfterDeath(ctx, tx, id, "released_on", on); err != nil {
		return nil, err
	}
	if err := r.fitsOthers(ctx, tx); err != nil {
		return nil, err
	}
	return Keep(ctx, tx, who, now, r, event, Rows{})
}

// rightYear refuses a day of release more than a year from what was planned, or more than a year before the referral
// came, unless the release was that old when it came: such a day is a slip of the pen far more often than not.
func (c *checking) rightYear(r *Referral, on day.Date) {
	const code = "another_year"
	received := day.Of(r.ReceivedAt)
	wasOld := !r.ReleasedOn.IsZero() && r.ReleasedOn.Before(received.AddMonths(-12))
	switch planned := r.PlannedReleaseDate; {
	case on.IsZero() || on == r.ReleasedOn || c.named("released_on"):
	case !planned.IsZero() && !on.Within(planned.AddMonths(-12), planned.AddMonths(12)):
		c.Add("released_on", code, "Check the year: this is more than a year from the planned release. If it is right, change the planned release first.")
	case !wasOld && on.Before(received.AddMonths(-12)):
		c.Add("released_on", code, "Check the year: this is more than a year before the person was referred.")
	}
}

// noRelease writes down that somebody left the prison without being released. Said again, it is unchanged.
func (r *Referral) noRelease(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, on day.Date, reason string) (*Changed, error) {
	var known bool
	err := tx.Get(ctx, &known, `
		SELECT EXISTS (
		  SELECT
		  FROM event e
		  WHERE e.referral_id = $1
		    AND e.kind = 'not_a_release'
		    AND e.happened_on = $2
		    AND e.data->>'reason' = $3
		    AND NOT EXISTS (SELECT FROM event u WHERE u.undoes = e.id)
		)`, r.ID, on, reason)
	switch {
	case err != nil:
		return nil, err
	case known:
		return Unchanged(ctx, tx, now, r)
	}
	return Keep(ctx, tx, who, now, r, timeline.Event{Kind: "not_a_release", On: on, Data: map[string]any{"reason": reason}}, Rows{})
}

// confirmRelease sets the day of release. An event of a second confirmation says what it corrects, and why.
func (r *Referral) confirmRelease(on day.Date, why string) timeline.Event {
	event := timeline.Event{Kind: "released", On: on, Data: map[string]any{"released_on": on, "planned": r.PlannedReleaseDate}}
	if before := r.ReleasedOn; !before.IsZero() {
		event = timeline.Event{Kind: "corrected", Note: why, Data: map[string]any{
			"fields": r.correctedByRelease(on), "from": before, "released_on": on}}
	}
	r.ReleasedOn = on
	r.Unplanned = Unplanned(r.ReferredOn, on)
	r.ReleaseDateUnknownReason = ""
	r.setAge()
	return event
}

func (r *Referral) correctedByRelease(on day.Date) []string {
	fields := []string{"naloxone_supplied", "opioid_substitution.bridging_until"} // all that else comes with it
	if on != r.ReleasedOn {
		fields = slices.Insert(fields, 0, "released_on")
	}
	return fields
}

// fitsOthers refuses a day of release that does not fit what is known besides: a pick-up or closure
// before it, or another release of the same person at most a day away.
func (r *Referral) fitsOthers(ctx context.Context, tx *db.Tx) error {
	if !r.PickedUpOn.IsZero() && r.PickedUpOn.Before(r.ReleasedOn) {
		return already(r, "A pick-up before that day is recorded: the provider must correct it first.")
	}
	if r.held.ReleasedOn.IsZero() {
		return r.isNoOther(ctx, tx, r.ReleasedOn)
	}
	var other []uuid.UUID
	err := tx.Select(ctx, &other, `
		SELECT r.id
		FROM referral r
		WHERE r.person_id = $1
		  AND r.id <> $2
		  AND r.released_on BETWEEN $3::date - 1 AND $3::date + 1`, r.PersonID, r.ID, r.ReleasedOn)
	if err == nil && len(other) > 0 {
		return sameRelease(other[0].String())
	}
	return err
}

// Transfer hands a referral, with its appointment, to the prison that the person was moved to. The
// one that hands it over does not see it any more, and so cannot undo it; the new one can hand it back.
func Transfer(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d TransferDraft) (*Changed, error) {
	r, err := holdOwn(ctx, tx, who, id, d.Version)
	if err != nil {
		return nil, err
	}
	c := &checking{today: day.Of(now), rules: tx.Rules}
	c.toPrison(r, d.ToPrison)
	on := c.past("on", c.required("on", d.On))
	timeline.TooLongAgo(&c.Corrections, "on", on, r.ReferredOn, r.ReleaseOn())
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := r.awaiting(); err != nil {
		return nil, err
	}
	open, err := Unchanged(ctx, tx, now, r)
	if err != nil {
		return nil, err
	}
	event := timeline.Event{ReferralID: r.ID, Kind: "transferred", On: on, Data: map[string]any{"from": r.Prison, "to": d.ToPrison}}
	if err := timeline.Record(ctx, tx, who, now, event); err != nil {
		return nil, err
	}
	open.Prison, open.Version, open.Unchanged = d.ToPrison, r.Version+1, false
	_, err = tx.Exec(ctx, `SELECT hand_over($1, $2, $3)`, r.ID, d.ToPrison, now)
	return open, inWords(err)
}

func (c *checking) toPrison(r *Referral, to string) {
	known := false
	for _, p := range c.rules.Prisons {
		known = known || p.Code == to
	}
	switch {
	case c.required("to_prison", to) == "":
	case to == r.Prison:
		c.Add("to_prison", "same_prison", "The person is in this prison already.")
	case !known:
		c.Add("to_prison", "not_recognised",
			"That prison does not take part. Withdraw the referral with reason moved_to_prison_elsewhere instead.")
	}
}

// Withdraw takes a referral back before the release; its place is free for somebody else at once. A death ends the person's
// other referrals as well.
func Withdraw(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, d WithdrawalDraft) (*Changed, error) {
	if err := who.Must(staff.Prison); err != nil {
		return nil, err
	}
	hold := Hold
	if d.Reason == Died {
		hold = HoldAll
	}
	r, err := hold(ctx, tx, who, id, d.Version)
	if err != nil {
		return nil, err
	}
	c := &checking{today: day.Of(now), rules: tx.Rules}
	reason := Text(c.oneOf("reason", c.required("reason", d.Reason), Withdrawals))
	on := c.past("on", c.required("on", d.On))
	timeline.TooLongAgo(&c.Corrections, "on", on, r.ReferredOn, r.ReleaseOn())
	if err := c.Err(); err != nil {
		return nil, err
	}
	if r.WithdrawnOn == on && r.WithdrawnReason == reason {
		return Unchanged(ctx, tx, now, r)
	}
	if !r.ReleasedOn.IsZero() {
		return nil, &problem.Conflict{Code: "already_recorded", ID: id.String(),
			Message: "The release has been confirmed already: the provider can close the referral instead."}
	}
	if err := r.awaiting(); err != nil {
		return nil, err
	}
	r.WithdrawnOn, r.WithdrawnReason = on, reason
	changed, err := Keep(ctx, tx, who, now, r, timeline.Event{Kind: "withdrawn", On: on, Data: map[string]any{"reason": reason}}, Rows{})
	if err == nil && reason == Died {
		changed.EndedTogether, err = EndOthers(ctx, tx, who, now, r, on)
	}
	return changed, err
}

// MoveToAsker lets the provider settle a referral that another prison has sent as well: it goes to
// that prison, or stays where it is.
func MoveToAsker(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, move bool) error {
	if err := who.Must(staff.Provider); err != nil {
		return err
	}
	r, err := Hold(ctx, tx, who, id, 0)
	if err != nil {
		return err
	}
	var asker Text
	err = tx.Get(ctx, &asker, `SELECT asked_for_by FROM referral WHERE id = $1`, id)
	if err != nil {
		return err
	}
	if asker == "" {
		return already(r, "No other prison has sent this referral, or it has been decided.")
	}
	event := timeline.Event{ReferralID: id, Kind: "transferred", Data: map[string]any{"from": r.Prison, "to": asker}}
	if !move {
		asker = Text(r.Prison)
		event = timeline.Event{ReferralID: id, Kind: "stays", Data: map[string]any{"at": r.Prison}}
	}
	if err := timeline.Record(ctx, tx, who, now, event); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		UPDATE referral
		SET prison = $2, moved_from = CASE WHEN prison = $2 THEN moved_from ELSE prison END, asked_for_by = NULL,
		    version = version + 1, updated_at = $3
		WHERE id = $1`, id, asker, now)
	return err
}
