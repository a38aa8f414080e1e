package person

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/seal"
)

// Identity is what tells one person from another, as the latest word has it. It is stored sealed;
// PrisonNumber and DateOfBirth together say who somebody is, all else may change.
type Identity struct {
	PrisonNumber string   `json:"prison_number"`
	NHSNumber    string   `json:"nhs_number"` // "" when none is known
	GivenName    string   `json:"given_name"`
	FamilyName   string   `json:"family_name"`
	DateOfBirth  day.Date `json:"date_of_birth"`
	Sex          string   `json:"sex"` // female, male, not_known, not_specified
}

// sealedIdentity is the place that the sealed identity is tied to, with the prison number's index as
// its row: know_person may keep it under the id of somebody known before.
const sealedIdentity = "person.identity"

// Blinds are the indexes by which somebody is found: prison number, date of birth, NHS number (none
// without one) and full name as matching compares it.
func Blinds(k *seal.Keys, i Identity) (number, born, nhs, name []byte) {
	return k.Blind("prison_number", i.PrisonNumber), k.Blind("date_of_birth", i.DateOfBirth.String()),
		k.Blind("nhs_number", i.NHSNumber), k.Blind("full_name", FullName(i.GivenName, i.FamilyName))
}

// Know is the id of the person with this prison number and date of birth, whoever knew them before;
// the identity given is kept as the latest word. Until the transaction ends nobody else can refer
// the same person, so that two referrals of one person come one after the other.
func Know(ctx context.Context, tx *db.Tx, now time.Time, i Identity) (id uuid.UUID, err error) {
	number, born, nhs, name := Blinds(tx.Keys, i)
	sealed, err := SealIdentity(tx.Keys, number, i)
	if err != nil {
		return uuid.Nil, err
	}
	err = tx.Get(ctx, &id, `SELECT know_person($1, $2, $3, $4, $5, $6, $7)`,
		uuid.New(), number, born, nhs, name, sealed, now)
	return id, err
}

// SealIdentity is the identity as the table person keeps it; number is the prison number's index.
func SealIdentity(k *seal.Keys, number []byte, i Identity) ([]byte, error) {
	plain, err := json.Marshal(i)
	if err != nil {
		return nil, err
	}
	return k.Seal(sealedIdentity, hex.EncodeToString(number), plain)
}

// OpenIdentity reads what SealIdentity wrote.
func OpenIdentity(k *seal.Keys, number, sealed []byte) (i Identity, err error) {
	plain, err := k.Open(sealedIdentity, hex.EncodeToString(number), sealed)
	if err != nil {
		return i, err
	}
	err = json.Unmarshal(plain, &i)
	return i, err
}

// Read opens the identities of several people; who is not visible to the transaction's scope is
// missing from the answer. The caller writes the audit row for each person it shows.
func Read(ctx context.Context, tx *db.Tx, ids ...uuid.UUID) (map[uuid.UUID]Identity, error) {
	var rows []struct {
		ID     uuid.UUID `db:"id"`
		Number []byte    `db:"prison_number_bix"`
		Sealed []byte    `db:"identity_sealed"`
	}
	err := tx.Select(ctx, &rows, `
		SELECT id, prison_number_bix, identity_sealed
		FROM person
		WHERE id = ANY ($1)`, pq.Array(ids))
	if err != nil {
		return nil, err
	}
	known := make(map[uuid.UUID]Identity, len(rows))
	for _, row := range rows {
		if known[row.ID], err = OpenIdentity(tx.Keys, row.Number, row.Sealed); err != nil {
			return nil, fmt.Errorf("person %s: %w", row.ID, err)
		}
	}
	return known, nil
}
