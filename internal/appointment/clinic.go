package appointment

import (
	"context"
	"time"

	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/db"
)

// BringIn makes the clinics and closed days in the database those of the configuration, and opens or
// closes slots to match. A clinic that is gone keeps what is booked and opens nothing more; what staff
// have changed on their page is left as they have it. Where nothing differs and the slots of the weeks
// ahead are there, which is most starts, it writes nothing. It needs the Jobs part, and the providers to
// be there as organisations.
func BringIn(ctx context.Context, tx *db.Tx, now time.Time) error {
	if err := alone(ctx, tx); err != nil {
		return err
	}
	clinics, err := bringInClinics(ctx, tx)
	if err != nil {
		return err
	}
	days, err := bringInClosedDays(ctx, tx)
	if err != nil {
		return err
	}
	if clinics+days == 0 {
		if open, err := slotsAreOpen(ctx, tx, now); err != nil || open {
			return err
		}
	}
	_, err = OpenSlots(ctx, tx, now)
	return err
}

// bringInClinics answers how many clinics it added, changed or ended.
func bringInClinics(ctx context.Context, tx *db.Tx) (changed int64, err error) {
	var providers, codes []string
	for _, p := range tx.Rules.Providers {
		for _, c := range p.Clinics {
			n, err := bringInClinic(ctx, tx, p.Code, c)
			if err != nil {
				return 0, err
			}
			changed += n
			providers, codes = append(providers, p.Code), append(codes, c.Code)
		}
	}
	ended, err := tx.Exec(ctx, `
		UPDATE clinic SET active = false
		WHERE active
		  AND from_configuration
		  AND (provider, code) NOT IN (SELECT provider, code FROM unnest($1::text[], $2::text[]) AS wanted (provider, code))`,
		pq.Array(providers), pq.Array(codes))
	return changed + ended, err
}

// alone lets one server at a time change clinics and slots; several start at once after an update.
func alone(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('throughgate slots'))`)
	return err
}

func bringInClinic(ctx context.Context, tx *db.Tx, provider string, c config.Clinic) (changed int64, err error) {
	weekday, _ := config.Weekday(c.Weekday) // config has refused what is none
	return tx.Exec(ctx, `
		INSERT INTO clinic (provider, code, weekday, starts, ends, slot_minutes, places, prescribing,
		  place, address, ask_for, telephone, directions)
		VALUES ($1, $2, $3, $4::time, $5::time, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (provider, code) DO UPDATE
		SET weekday = excluded.weekday, starts = excluded.starts, ends = excluded.ends,
		  slot_minutes = excluded.slot_minutes, places = excluded.places, prescribing = excluded.prescribing,
		  place = excluded.place, address = excluded.address, ask_for = excluded.ask_for,
		  telephone = excluded.telephone, directions = excluded.directions, active = true
		WHERE clinic.from_configuration
		  AND (NOT clinic.active
		    OR (clinic.weekday, clinic.starts, clinic.ends, clinic.slot_minutes, clinic.places, clinic.prescribing,
		      clinic.place, clinic.address, clinic.ask_for, clinic.telephone, clinic.directions)
		    IS DISTINCT FROM
		      (excluded.weekday, excluded.starts, excluded.ends, excluded.slot_minutes, excluded.places, excluded.prescribing,
		      excluded.place, excluded.address, excluded.ask_for, excluded.telephone, excluded.directions))`,
		provider, c.Code, int(weekday), c.Start, c.End, c.SlotMinutes, c.Places, c.Prescribing,
		c.Place, c.Address, c.AskFor, c.Telephone, c.Directions)
}

// bringInClosedDays answers how many days it closed or opened.
func bringInClosedDays(ctx context.Context, tx *db.Tx) (changed int64, err error) {
	var providers, days []string
	for _, p := range tx.Rules.Providers {
		for _, d := range p.ClosedDays {
			providers, days = append(providers, p.Code), append(days, d)
		}
	}
	opened, err := tx.Exec(ctx, `
		DELETE FROM closed_day
		WHERE from_configuration
		  AND (provider, closed_on) NOT IN (SELECT provider, closed_on FROM unnest($1::text[], $2::date[]) AS wanted (provider, closed_on))`,
		pq.Array(providers), pq.Array(days))
	if err != nil {
		return 0, err
	}
	closed, err := tx.Exec(ctx, `
		INSERT INTO closed_day (provider, closed_on)
		SELECT provider, closed_on FROM unnest($1::text[], $2::date[]) AS wanted (provider, closed_on)
		ON CONFLICT DO NOTHING`, pq.Array(providers), pq.Array(days))
	return opened + closed, err
}
