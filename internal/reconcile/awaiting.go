package reconcile

import (
	"context"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/db"
)

// Awaiting is the referral that a row of a prison's list brought in or changed, of somebody who awaits release: whoever sent
// the list hands them the card.
type Awaiting struct {
	Row       int       `db:"row_number"`
	ID        uuid.UUID `db:"referral_id"`
	Reference string    `db:"reference"`
}

// AwaitingRelease are those of some rows of a stored file, by row. Nobody is named.
func AwaitingRelease(ctx context.Context, tx *db.Tx, file uuid.UUID, rows []int) (map[int]Awaiting, error) {
	var all []Awaiting
	err := tx.Select(ctx, &all, `
		SELECT p.row_number, p.referral_id, r.reference
		FROM prison_row p
		JOIN referral r ON r.id = p.referral_id
		WHERE p.file_id = $1
		  AND p.row_number = ANY ($2)
		  AND p.answer IN ('accepted', 'updated')
		  AND r.released_on IS NULL
		  AND r.withdrawn_on IS NULL`, file, pq.Array(rows))
	awaiting := make(map[int]Awaiting, len(all))
	for _, a := range all {
		awaiting[a.Row] = a
	}
	return awaiting, err
}
