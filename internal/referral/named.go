package referral

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/staff"
)

// Named is whom a referral is about, and the number at which they can be rung: "" where none is known.
type Named struct{ Name, Telephone string }

// NamesOf are the people of some referrals, by the referral, for a list of whom to ring. Everybody whom it names is audited
// in the same transaction, with where they were shown.
func NamesOf(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, where string, referrals ...uuid.UUID) (map[uuid.UUID]Named, error) {
	var rows []struct {
		ID       uuid.UUID     `db:"id"`
		Person   uuid.NullUUID `db:"person_id"`
		Number   []byte        `db:"prison_number_bix"`
		Identity []byte        `db:"identity_sealed"`
		Detail   []byte        `db:"detail_sealed"`
	}
	err := tx.Select(ctx, &rows, `
		SELECT r.id, r.person_id, p.prison_number_bix, p.identity_sealed, r.detail_sealed
		FROM referral r
		JOIN person p ON p.id = r.person_id
		WHERE r.id = ANY ($1)`, pq.Array(referrals))
	if err != nil {
		return nil, err
	}
	named, people := map[uuid.UUID]Named{}, make([]uuid.NullUUID, 0, len(rows))
	for _, row := range rows {
		identity, err := person.OpenIdentity(tx.Keys, row.Number, row.Identity)
		if err != nil {
			return nil, err
		}
		detail, err := (&Referral{ID: row.ID, Detail: row.Detail}).openDetail(tx)
		if err != nil {
			return nil, err
		}
		named[row.ID] = Named{identity.GivenName + " " + identity.FamilyName, detail.Telephone.String()}
		people = append(people, row.Person)
	}
	return named, shown(ctx, tx, who, now, where, people...)
}
