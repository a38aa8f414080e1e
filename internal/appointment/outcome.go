package appointment

import (
	"cmp"
	"context"
	"encoding/json"
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

// was is what an outcome replaced, as its event keeps it for whoever undoes it.
type was struct {
	AppointmentID uuid.UUID `json:"appointment_id"`
	Outcome       *string   `json:"outcome"`
	OutcomeReason *string   `json:"outcome_reason"`
	CancelledBy   *string   `json:"cancelled_by"`
	DropIn        bool      `json:"drop_in,omitempty"`
	Flag          string    `json:"flag,omitempty"` // what the provider was to know of an appointment that was open
}

// RecordOutcome writes what became of an appointment. A cancelled one gives its place back at once.
// A second outcome is a conflict, unless it says why the first was wrong.
func RecordOutcome(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, o Outcome) (referralID uuid.UUID, a *Appointment, err error) {
	a, err = heldAppointment(ctx, tx, who, id)
	if err != nil {
		return uuid.Nil, nil, err
	}
	o.CorrectionReason = strings.TrimSpace(o.CorrectionReason)
	if a.Outcome != nil && o.CorrectionReason == "" {
		return uuid.Nil, nil, &problem.Conflict{Code: "already_recorded", ID: id.String(),
			Message: "An outcome is already recorded for this appointment. To correct it, give a correction reason."}
	}
	if o, err = o.checked(a, now); err != nil {
		return uuid.Nil, nil, err
	}
	if o.attended() {
		if err := person.NotAfterDeath(ctx, tx, a.ReferralID, "outcome", a.OnDay); err != nil {
			return uuid.Nil, nil, err
		}
	}
	before := was{AppointmentID: a.ID, Outcome: a.Outcome, OutcomeReason: a.OutcomeReason, CancelledBy: a.CancelledBy}
	if before.Flag, err = flagOf(ctx, tx, a); err != nil {
		return uuid.Nil, nil, err
	}
	if err := settle(ctx, tx, now, a, o.Outcome, o.Reason, o.CancelledBy); err != nil {
		return uuid.Nil, nil, err
	}
	e := a.outcomeEvent(now)
	e.Was, e.Note = before, o.CorrectionReason
	return a.ReferralID, a, record(ctx, tx, who, now, e)
}

// heldAppointment reads an appointment of the asker's own, with its referral held.
func heldAppointment(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID) (*Appointment, error) {
	const byID = read + ` AND a.id = $1`
	a, err := one(ctx, tx, byID, id)
	if err != nil {
		return nil, err
	}
	if a == nil || a.Provider != who.Organisation() {
		return nil, &problem.NotFound{What: "appointment"}
	}
	if _, _, err := hold(ctx, tx, a.ReferralID); err != nil {
		return nil, err
	}
	return one(ctx, tx, byID, id) // as it stands now that nobody else can change it
}

// checked is the outcome with all that is wrong with it said at once. Somebody who gave no reason for
// not coming is none_given, the same as leaving it out.
func (o Outcome) checked(a *Appointment, now time.Time) (Outcome, error) {
	var wrong problem.Corrections
	known := slices.Contains(Outcomes, o.Outcome)
	switch {
	case !known:
		wrong.Add("outcome", "unknown", "The outcome is one of "+strings.Join(Outcomes, ", ")+".")
	case o.Outcome != "cancelled" && a.notBegun(now):
		wrong.Add("outcome", "in_future", "This appointment has not begun: it can only be cancelled.")
	}
	if o.Outcome == "did_not_attend" && o.Reason == "" {
		o.Reason = "none_given"
	}
	switch {
	case o.attended() && o.Reason != "":
		wrong.Add("reason", "not_applicable", "Somebody who attended needs no reason.")
	case o.Reason != "" && !slices.Contains(OutcomeReasons, o.Reason):
		wrong.Add("reason", "unknown", "The reason is one of "+strings.Join(OutcomeReasons, ", ")+".")
	}
	switch somebody := slices.Contains(cancellers, o.CancelledBy); {
	case !somebody && (o.Outcome == "cancelled" || !known && o.CancelledBy != ""):
		wrong.Add("cancelled_by", "required", "Say who cancelled: person, provider or prison.")
	case known && o.Outcome != "cancelled" && o.CancelledBy != "":
		wrong.Add("cancelled_by", "not_applicable", "Only a cancelled appointment was cancelled by somebody.")
	}
	return o, wrong.Err()
}

func (o Outcome) attended() bool { return o.Outcome == "attended" || o.Outcome == "attended_late" }

func (a *Appointment) notBegun(now time.Time) bool {
	if a.StartsAt == nil {
		return a.OnDay.After(day.Of(now))
	}
	return a.Future(now)
}

// flagOf is what the provider is to know of an appointment that is open. Of one that has an outcome there is nothing: the
// referral's flag, if any, is about the one booked since.
func flagOf(ctx context.Context, tx *db.Tx, a *Appointment) (flag string, err error) {
	if a.Outcome == nil {
		err = tx.Get(ctx, &flag, `SELECT coalesce(appointment_flag, '') FROM referral WHERE id = $1`, a.ReferralID)
	}
	return flag, err
}

// settle writes an outcome; what is cancelled holds no place. The flag on the referral goes with the appointment that it
// was about: a corrected outcome of an earlier one leaves it.
func settle(ctx context.Context, tx *db.Tx, now time.Time, a *Appointment, outcome, reason, cancelledBy string) error {
	a.Outcome, a.OutcomeReason, a.CancelledBy = &outcome, orNil(reason), orNil(cancelledBy)
	_, err := tx.Exec(ctx, `
		WITH freed AS (
		  UPDATE place SET appointment_id = NULL WHERE appointment_id = $1 AND $2 = 'cancelled'
		), touched AS (
		  UPDATE referral r
		  SET appointment_flag = CASE WHEN a.outcome IS NOT NULL THEN r.appointment_flag END, version = version + 1, updated_at = $6
		  FROM appointment a
		  WHERE r.id = $5
		    AND a.id = $1
		)
		UPDATE appointment
		SET outcome = $2, outcome_reason = nullif($3, ''), cancelled_by = nullif($4, ''), outcome_at = $6
		WHERE id = $1`, a.ID, outcome, reason, cancelledBy, a.ReferralID, now)
	return err
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// outcomeEvent is dated by the day of the appointment, or of the cancelling.
func (a *Appointment) outcomeEvent(now time.Time) timeline.Event {
	e := timeline.Event{ReferralID: a.ReferralID, Kind: "attended", On: a.OnDay, Data: a.facts()}
	switch *a.Outcome {
	case "did_not_attend":
		e.Kind = "missed"
	case "cancelled":
		e.Kind, e.On = "cancelled", day.Of(now)
		e.Data["cancelled_by"] = *a.CancelledBy
	}
	e.Data["outcome"] = *a.Outcome
	if a.OutcomeReason != nil {
		e.Data["reason"] = *a.OutcomeReason
	}
	return e
}

// DropIn records that somebody came without an appointment: an attended one, on that day, in no slot.
// An appointment that is open stays as it is.
func DropIn(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, provider string, on day.Date) (*Appointment, error) {
	w, _, err := hold(ctx, tx, referralID)
	if err != nil {
		return nil, err
	}
	if w.Provider != provider {
		return nil, &problem.NotFound{What: "referral"}
	}
	if err := dropInPossible(ctx, tx, now, w, on); err != nil {
		return nil, err
	}
	id := uuid.New()
	if _, err := tx.Exec(ctx, `
		WITH touched AS (
		  UPDATE referral SET version = version + 1, updated_at = $5 WHERE id = $2
		)
		INSERT INTO appointment (id, referral_id, provider, on_day, attempt, booked_on, booked_at, outcome, outcome_at)
		SELECT $1, $2, $3, $4, coalesce(max(a.attempt), 0) + 1, $4, $5, 'attended', $5
		FROM appointment a
		WHERE a.referral_id = $2`, id, referralID, provider, on, now); err != nil {
		return nil, err
	}
	a, err := one(ctx, tx, read+` AND a.id = $1`, id)
	if err != nil {
		return nil, err
	}
	return a, record(ctx, tx, who, now, timeline.Event{ReferralID: referralID, Kind: "drop_in", On: on,
		Data: a.facts(), Was: was{AppointmentID: id, DropIn: true}})
}

func dropInPossible(ctx context.Context, tx *db.Tx, now time.Time, w Wish, on day.Date) error {
	switch {
	case on.IsZero():
		return problem.Wrong("attended_on", "required", "Say on which day the person came.")
	case on.After(day.Of(now)):
		return problem.Wrong("attended_on", "in_future", "This day has yet to come.")
	case w.Released && on.Before(w.ReleaseOn):
		return problem.Wrong("attended_on", "before_release", "This day lies before the release.")
	}
	var wrong problem.Corrections
	if timeline.TooLongAgo(&wrong, "attended_on", on, w.ReferredOn, w.ReleaseOn); len(wrong) > 0 {
		return wrong.Err()
	}
	attended, err := one(ctx, tx, read+` AND a.referral_id = $1 AND a.on_day = $2 AND a.outcome IN ('attended', 'attended_late')`,
		w.ReferralID, on)
	switch {
	case err != nil:
		return err
	case attended != nil:
		return &problem.Conflict{Code: "already_recorded", ID: attended.ID.String(), Message: "It is already recorded that the person came on this day."}
	}
	if err := person.NotAfterDeath(ctx, tx, w.ReferralID, "attended_on", on); err != nil {
		return err
	}
	return notWithdrawn(ctx, tx, w.ReferralID)
}

// notWithdrawn refuses a visit of somebody whom the prison has taken back before the release. After any other end people do
// come, and are picked up.
func notWithdrawn(ctx context.Context, tx *db.Tx, referralID uuid.UUID) error {
	var withdrawn bool
	err := tx.Get(ctx, &withdrawn, `SELECT withdrawn_on IS NOT NULL FROM referral WHERE id = $1`, referralID)
	if err == nil && withdrawn {
		return &problem.Conflict{Code: "changed_since", ID: referralID.String(),
			Message: "This referral is withdrawn, so nothing more is recorded on it. If that was a mistake, the prison can undo it."}
	}
	return err
}

// Undo puts back what stood before the event of an outcome (attended, missed, cancelled) or of a
// drop-in; before is the event's Was. A cancelled appointment gets its place back, or is a conflict
// when the place has gone to somebody else; one that is open again is flagged as it was. The event
// "undone" is the caller's to write.
func Undo(ctx context.Context, tx *db.Tx, now time.Time, before json.RawMessage) error {
	var w was
	if err := json.Unmarshal(before, &w); err != nil {
		return err
	}
	if w.DropIn {
		_, err := tx.Exec(ctx, `UPDATE appointment SET undone_at = $2 WHERE id = $1`, w.AppointmentID, now)
		return err
	}
	a, err := one(ctx, tx, read+` AND a.id = $1`, w.AppointmentID)
	if err != nil {
		return err
	}
	if a == nil {
		return &problem.NotFound{What: "appointment"}
	}
	if *a.Outcome == "cancelled" && !a.Overbooked {
		if err := retake(ctx, tx, now, a); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `
		UPDATE appointment
		SET outcome = $2, outcome_reason = $3, cancelled_by = $4, outcome_at = CASE WHEN $2::text IS NULL THEN NULL ELSE outcome_at END
		WHERE id = $1`, w.AppointmentID, w.Outcome, w.OutcomeReason, w.CancelledBy)
	if err != nil || w.Outcome != nil {
		return alreadyBooked(err)
	}
	_, err = keep(ctx, tx, now, a.ReferralID, "", cmp.Or(a.flag(), w.Flag))
	return err
}

// retake gives a cancelled appointment a place in its slot again. One that is over needs none.
func retake(ctx context.Context, tx *db.Tx, now time.Time, a *Appointment) error {
	n, err := tx.Exec(ctx, `
		UPDATE place
		SET appointment_id = $1
		WHERE appointment_id IS NULL
		  AND open
		  AND (slot_id, number) = (
		    SELECT slot_id, number
		    FROM place
		    WHERE slot_id = $2 AND appointment_id IS NULL AND open
		    ORDER BY number
		    LIMIT 1
		    FOR NO KEY UPDATE)`, a.ID, a.SlotID)
	if err == nil && n == 0 && a.Future(now) {
		return &problem.Conflict{Code: "slot_taken", Message: "The place has gone to somebody else: book another one."}
	}
	return err
}
