package referral

import (
	"context"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// live says whether the person is still to be seen: not ended, and its three months not over.
func (f Facts) live(today day.Date) bool {
	return f.Provider != "" && !StateOf(f, today).Final()
}

// wish is what a referral asks of its appointment.
func (f Facts) wish(id uuid.UUID) appointment.Wish {
	return appointment.Wish{
		ReferralID: id, Provider: string(f.Provider), ReleaseOn: f.ReleaseOn(), Released: !f.ReleasedOn.IsZero(),
		Prescribing: f.OpioidSubstitution.Medicine != "", BridgingUntil: f.OpioidSubstitution.BridgingUntil,
	}
}

// follow arranges the appointment where something changed that it depends on; a note or a name moves nobody.
func (r *Referral) follow(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time) (m appointment.Moved, err error) {
	today := day.Of(now)
	if r.wish(r.ID) != r.held.wish(r.ID) || r.live(today) != r.held.live(today) {
		return r.arrange(ctx, tx, who, now)
	}
	m.Old, err = appointment.Open(ctx, tx, r.ID)
	m.New = m.Old
	return m, err
}

// arrange makes the appointment follow what is known now: kept, moved, booked or freed. Package
// appointment keeps the row's unbooked_reason and appointment_flag in step.
func (r *Referral) arrange(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time) (m appointment.Moved, err error) {
	switch {
	case r.Provider == "":
		return m, nil
	case r.live(day.Of(now)):
		m, err = appointment.Follow(ctx, tx, who, now, r.wish(r.ID))
	default:
		m.Old, err = appointment.Free(ctx, tx, who, now, r.ID, r.ended())
	}
	if err != nil {
		return m, err
	}
	switch {
	case m.New != nil || !r.live(day.Of(now)):
		r.UnbookedReason, r.AppointmentFlag = "", Text(m.Flag)
	case m.Reason != "":
		r.UnbookedReason, r.AppointmentFlag = Text(m.Reason), ""
	}
	return m, r.warn(ctx, tx, m.New)
}

// warn flags a referral whose appointment lies after the bridging prescription, which puts it first
// on the provider's list.
func (r *Referral) warn(ctx context.Context, tx *db.Tx, a *appointment.Appointment) error {
	if a == nil || !a.AfterBridging || r.AppointmentFlag != "" {
		return nil
	}
	r.AppointmentFlag = appointment.FlagAfterBridging
	_, err := tx.Exec(ctx, `UPDATE referral SET appointment_flag = $2 WHERE id = $1`, r.ID, r.AppointmentFlag)
	return err
}

// ended is why no appointment is needed any more.
func (r *Referral) ended() string {
	switch {
	case !r.WithdrawnOn.IsZero():
		return "withdrawn"
	case !r.PickedUpOn.IsZero():
		return "picked_up"
	case r.Closed:
		return "closed"
	}
	return "three_months_over"
}

// Allocate gives a row that was just stored its first appointment, or the reason why it has none. It
// is for files, which store many rows at once.
func Allocate(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) (*Changed, error) {
	return FollowRow(ctx, tx, who, now, id)
}

// FollowRow makes the appointment follow a row that was changed in the same transaction.
func FollowRow(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) (*Changed, error) {
	r, err := Hold(ctx, tx, who, id, 0)
	if err != nil {
		return nil, err
	}
	moved, err := r.arrange(ctx, tx, who, now)
	if err != nil {
		return nil, err
	}
	return r.changed(moved, day.Of(now)), nil
}

// AllocateWaiting books those who wait for a place, earliest release first, as places open; n is how
// many got one. It needs the jobs' part, or a provider's own scope, and passes over whoever is being
// worked on just now: whoever does that books them.
func AllocateWaiting(ctx context.Context, tx *db.Tx, now time.Time) (n int, err error) {
	var waiting []Referral
	err = tx.Select(ctx, &waiting, `
		SELECT `+columns+`
		FROM referral r
		WHERE r.unbooked_reason IS NOT NULL
		  AND r.provider IS NOT NULL
		  AND r.clock_on BETWEEN $1 AND $2
		ORDER BY r.clock_on, r.id
		FOR NO KEY UPDATE SKIP LOCKED`,
		day.Of(now).Add(-LiveDays), day.Of(now).Add(7*tx.Rules.Allocation.OpenWeeks))
	if err != nil {
		return 0, err
	}
	for i := range waiting {
		booked, err := waiting[i].bookWaiting(ctx, tx, now)
		if err != nil {
			return n, err
		}
		if booked {
			n++
		}
	}
	return n, nil
}

// bookWaiting looks for a place before it books one, so that who goes on waiting leaves no event.
func (r *Referral) bookWaiting(ctx context.Context, tx *db.Tx, now time.Time) (booked bool, err error) {
	free, err := appointment.NextFree(ctx, tx, now, r.wish(r.ID))
	if err != nil || free == nil || !r.live(day.Of(now)) {
		return false, err
	}
	if _, err = r.arrange(ctx, tx, staff.Service, now); err != nil {
		return false, err
	}
	return r.UnbookedReason == "", nil
}
