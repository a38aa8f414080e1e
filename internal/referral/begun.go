package referral

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/config"
	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// DraftDays is how long a referral that was begun on the pages waits for whoever began it.
const DraftDays = 7

const sealedTyped = "referral_draft.typed"

// Begun is a referral that somebody is typing: theirs alone, until it is one.
type Begun struct {
	ID         uuid.UUID
	Typed      map[string]string // as the pages name what they ask
	ChangedAt  time.Time
	ReferralID uuid.NullUUID // the referral that it became; nothing typed is kept then
}

type begunRow struct {
	ID         uuid.UUID     `db:"id"`
	Sealed     []byte        `db:"typed_sealed"`
	ChangedAt  time.Time     `db:"changed_at"`
	ReferralID uuid.NullUUID `db:"referral_id"`
}

func (row begunRow) open(tx *db.Tx) (b Begun, err error) {
	b = Begun{ID: row.ID, ChangedAt: row.ChangedAt, ReferralID: row.ReferralID, Typed: map[string]string{}}
	if len(row.Sealed) == 0 {
		return b, nil
	}
	plain, err := tx.Keys.Open(sealedTyped, row.ID.String(), row.Sealed)
	if err != nil {
		return b, err
	}
	if json.Unmarshal(plain, &b.Typed) != nil {
		return b, errors.New("a draft cannot be read")
	}
	return b, nil
}

// Begin begins a referral under an id that its first page drew: sent twice, it is begun once.
func Begin(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) error {
	if err := who.Must(staff.Prison); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO referral_draft (id, organisation, actor, made_at, changed_at)
		VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (id) DO NOTHING`, id, who.Organisation(), who.By.Actor, now)
	return err
}

// HoldBegun reads what was typed so far, and keeps a second tab from going on with it until the
// transaction ends. Somebody else's is not found.
func HoldBegun(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID) (b Begun, err error) {
	var row begunRow
	err = tx.Get(ctx, &row, `
		SELECT id, typed_sealed, changed_at, referral_id
		FROM referral_draft
		WHERE id = $1
		  AND organisation = $2
		  AND actor = $3
		FOR NO KEY UPDATE`, id, who.Organisation(), who.By.Actor)
	if errors.Is(err, db.ErrNone) {
		return b, &problem.NotFound{What: "unfinished referral"}
	}
	if err != nil {
		return b, err
	}
	return row.open(tx)
}

// KeepBegun keeps what was typed, right or wrong, of one that is held.
func KeepBegun(ctx context.Context, tx *db.Tx, now time.Time, id uuid.UUID, typed map[string]string) error {
	plain, err := json.Marshal(typed)
	if err != nil {
		return err
	}
	sealed, err := tx.Keys.Seal(sealedTyped, id.String(), plain)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE referral_draft SET typed_sealed = $2, changed_at = $3 WHERE id = $1`, id, sealed, now)
	return err
}

// FinishBegun notes which referral it became, and keeps nothing of what was typed.
func FinishBegun(ctx context.Context, tx *db.Tx, now time.Time, id, became uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		UPDATE referral_draft
		SET referral_id = $2, typed_sealed = NULL, changed_at = $3
		WHERE id = $1`, id, became, now)
	return err
}

// Unfinished are the referrals that the asker began and has not finished, latest first; that they are
// shown is audited.
func Unfinished(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time) ([]Begun, error) {
	var rows []begunRow
	err := tx.Select(ctx, &rows, `
		SELECT id, typed_sealed, changed_at, referral_id
		FROM referral_draft
		WHERE organisation = $1
		  AND actor = $2
		  AND referral_id IS NULL
		  AND typed_sealed IS NOT NULL
		  AND changed_at >= $3
		ORDER BY changed_at DESC
		LIMIT 20`, who.Organisation(), who.By.Actor, now.AddDate(0, 0, -DraftDays))
	if err != nil {
		return nil, err
	}
	list, ids := make([]Begun, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		if list[i], err = row.open(tx); err != nil {
			return nil, err
		}
		ids[i] = row.ID.String()
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return list, audit.WriteEach(ctx, tx, who.By, now, "shown", "draft", ids, nil)
}

// Discard forgets one that will not be finished.
func Discard(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID) error {
	removed, err := tx.Exec(ctx, `
		DELETE FROM referral_draft
		WHERE id = $1
		  AND organisation = $2
		  AND actor = $3
		  AND referral_id IS NULL`, id, who.Organisation(), who.By.Actor)
	if err == nil && removed == 0 {
		return &problem.NotFound{What: "unfinished referral"}
	}
	return err
}

// PurgeDrafts removes what nobody went on with for its days. It needs the jobs' part.
func PurgeDrafts(ctx context.Context, tx *db.Tx, now time.Time) (n int, err error) {
	removed, err := tx.Exec(ctx, `DELETE FROM referral_draft WHERE changed_at < $1`, now.AddDate(0, 0, -DraftDays))
	if err != nil || removed == 0 {
		return 0, err
	}
	return int(removed), audit.Write(ctx, tx, staff.Service.By, now, "purged", "draft", "", audit.Detail{"drafts": removed})
}

// Faults is everything that Make would find wrong with a draft by itself, so that each page of a form
// can say its part at once.
func Faults(d Draft, prison string, now time.Time, rules *config.Config) problem.Corrections {
	_, faults := checked(d, prison, day.Of(now), rules)
	return faults
}
