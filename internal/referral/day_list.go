package referral

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Visit is somebody's appointment on a provider's list of a day.
type Visit struct {
	appointment.Appointment
	Reference   string
	Name        string
	State       State
	Version     int
	Open        bool // they have an appointment without an outcome: this one, or another
	AlcoholOnly bool
	CJIT        bool
}

// OfDay are the provider's appointments of a day, in the order of the day, with what became of them.
// Everybody it shows is audited in the same transaction.
func OfDay(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, on day.Date, f ListFilter) ([]Visit, error) {
	if who.Role != staff.Provider {
		return nil, &problem.NotFound{What: "list"}
	}
	booked, err := appointment.OfDay(ctx, tx, who.Organisation(), on)
	if err != nil {
		return nil, err
	}
	rows, err := visitors(ctx, tx, booked, f)
	if err != nil {
		return nil, err
	}
	var visits []Visit
	var people []uuid.NullUUID
	for _, a := range booked {
		row, there := rows[a.ReferralID]
		if !there {
			continue
		}
		identity, err := person.OpenIdentity(tx.Keys, row.Number, row.Identity)
		if err != nil {
			return nil, err
		}
		visits = append(visits, Visit{Appointment: a, Reference: row.Reference, Name: identity.GivenName + " " + identity.FamilyName,
			State: StateOf(row.facts(), day.Of(now)), Version: row.Version, Open: row.AppointmentAt != nil, AlcoholOnly: row.Group == config.AlcoholOnly, CJIT: row.CJIT})
		people = append(people, row.PersonID)
	}
	return visits, shown(ctx, tx, who, now, "appointments", people...)
}

type visitorRow struct {
	listRow
	Version int `db:"version"`
}

// visitors are the referrals of the appointments, as far as they have the marks that are asked for.
func visitors(ctx context.Context, tx *db.Tx, booked []appointment.Appointment, f ListFilter) (map[uuid.UUID]visitorRow, error) {
	ids := make([]uuid.UUID, len(booked))
	for i, a := range booked {
		ids[i] = a.ReferralID
	}
	var rows []visitorRow
	err := tx.Select(ctx, &rows, `
		SELECT r.id, r.reference, r.version, r.person_id, r.provider, r.planned_release_on, r.released_on, r.unbooked_reason,
		  r.appointment_flag, r.withdrawn_on, r.closed, r.picked_up_on, r.substance_group,
		  r.cjit, p.prison_number_bix, p.identity_sealed, a.starts_at AS appointment_at
		FROM referral r
		JOIN person p ON p.id = r.person_id
		LEFT JOIN appointment a ON a.referral_id = r.id AND a.outcome IS NULL AND a.slot_id IS NOT NULL AND a.undone_at IS NULL
		WHERE r.id = ANY ($1)
		  AND (NOT $2::boolean OR r.substance_group = 'alcohol only')
		  AND (NOT $3::boolean OR r.cjit)`, pq.Array(ids), f.AlcoholOnly, f.CJIT)
	found := map[uuid.UUID]visitorRow{}
	for _, row := range rows {
		found[row.ID] = row
	}
	return found, err
}
