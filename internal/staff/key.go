package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// Key is what a list shows of an API key. The key itself was shown once and is stored nowhere: its
// SHA-256 is enough to know it again, since 130 random bits cannot be guessed from their hash.
type Key struct {
	ID           uuid.UUID  `json:"id"`
	Organisation string     `json:"organisation"`
	Role         Role       `json:"role"`
	MadeAt       time.Time  `json:"made_at" db:"made_at"`
	MadeBy       string     `json:"made_by" db:"made_by"`
	ExpiresAt    time.Time  `json:"expires_at" db:"expires_at"`
	RevokedAt    *time.Time `json:"revoked_at" db:"revoked_at"`
	LastUsedAt   *time.Time `json:"last_used_at" db:"last_used_at"`          // to the hour
	TakesPart    bool       `json:"organisation_takes_part" db:"takes_part"` // where its organisation no longer does, it does not work
}

// How long a key works: said in whole days, since people count keys in days.
const (
	KeyDays     = 90
	MostKeyDays = 365
)

// ErrNoKey means that a key is unknown, expired or revoked, or its organisation no longer takes
// part. Which of these it was is nobody's business who does not hold a key.
var ErrNoKey = errors.New("no such API key")

// ParseKeyDays reads how long a key shall work, as "90d" or "90".
func ParseKeyDays(text string) (int, error) {
	days, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if err != nil || days < 1 || days > MostKeyDays {
		return 0, problem.Wrong("expires", "range", fmt.Sprintf("Give a number of days from 1d to %dd.", MostKeyDays))
	}
	return days, nil
}

// CreateKey makes a key for an organisation, whose role it has, and answers it in clear this one
// time. The transaction takes the Jobs part.
func CreateKey(ctx context.Context, tx *db.Tx, who Who, now time.Time, organisation string, days int) (Key, string, error) {
	return CreateKeyOnce(ctx, tx, who, now, uuid.New(), organisation, days)
}

// CreateKeyOnce makes the key of an id, which a form was drawn for. Of a form that is sent twice the second is refused:
// nobody would have read the other key.
func CreateKeyOnce(ctx context.Context, tx *db.Tx, who Who, now time.Time, id uuid.UUID, organisation string, days int) (Key, string, error) {
	if days < 1 || days > MostKeyDays {
		_, err := ParseKeyDays(strconv.Itoa(days))
		return Key{}, "", err
	}
	k := Key{ID: id, Organisation: organisation, MadeAt: now, MadeBy: who.By.Actor, ExpiresAt: now.AddDate(0, 0, days), TakesPart: true}
	err := tx.Get(ctx, &k.Role, `SELECT kind FROM organisation WHERE code = $1 AND active`, organisation)
	if errors.Is(err, db.ErrNone) {
		return Key{}, "", problem.Wrong("organisation", "unknown", "There is no such organisation in the settings.")
	}
	if err != nil {
		return Key{}, "", err
	}
	clear := "tg_" + organisation + "_" + rand.Text()
	_, err = tx.Exec(ctx, `
		INSERT INTO api_key (id, organisation, key_hash, made_at, made_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		k.ID, k.Organisation, keyHash(clear), k.MadeAt, k.MadeBy, k.ExpiresAt)
	if db.Broke(err, "api_key_pkey") {
		return Key{}, "", &problem.Conflict{Code: "already_recorded", Message: "This key has been made already, and was shown once. If nobody read it, revoke it and make another."}
	}
	if err != nil {
		return Key{}, "", err
	}
	err = audit.Write(ctx, tx, who.By, now, "created", "key", k.ID.String(), audit.Detail{"organisation": organisation, "days": days})
	return k, clear, err
}

// Keys lists all keys, newest first, those that no longer work among them.
func Keys(ctx context.Context, tx *db.Tx) ([]Key, error) {
	keys := []Key{}
	err := tx.Select(ctx, &keys, `
		SELECT k.id, k.organisation, o.kind AS role, k.made_at, k.made_by, k.expires_at, k.revoked_at, k.last_used_at, o.active AS takes_part
		FROM api_key k JOIN organisation o ON o.code = k.organisation
		ORDER BY k.made_at DESC, k.id`)
	return keys, err
}

// RevokeKey ends a key at once. Revoking it again changes nothing.
func RevokeKey(ctx context.Context, tx *db.Tx, who Who, now time.Time, id uuid.UUID) error {
	changed, err := tx.Exec(ctx, `
		UPDATE api_key SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1`, id, now)
	if err != nil {
		return err
	}
	if changed == 0 {
		return &problem.NotFound{What: "API key"}
	}
	return audit.Write(ctx, tx, who.By, now, "revoked", "key", id.String(), nil)
}

// KeyHolder is for whom a key acts, or ErrNoKey. It notes the hour in which the key was last used.
func KeyHolder(ctx context.Context, tx *db.Tx, now time.Time, clear string) (Who, error) {
	if !strings.HasPrefix(clear, "tg_") {
		return Who{}, ErrNoKey
	}
	var found struct {
		ID                 uuid.UUID
		Organisation, Name string
		Role               Role
		LastUsedAt         *time.Time `db:"last_used_at"`
	}
	err := tx.Get(ctx, &found, `
		SELECT k.id, k.organisation, o.name, o.kind AS role, k.last_used_at
		FROM api_key k JOIN organisation o ON o.code = k.organisation
		WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND k.expires_at > $2 AND o.active`, keyHash(clear), now)
	if errors.Is(err, db.ErrNone) {
		return Who{}, ErrNoKey
	}
	if err != nil {
		return Who{}, err
	}
	if hour := now.Truncate(time.Hour); found.LastUsedAt == nil || found.LastUsedAt.Before(hour) {
		if _, err := tx.Exec(ctx, `UPDATE api_key SET last_used_at = $2 WHERE id = $1`, found.ID, hour); err != nil {
			return Who{}, err
		}
	}
	by := audit.By{Organisation: found.Organisation, Actor: "key:" + found.ID.String(), Via: "api"}
	return Who{By: by, Role: found.Role, Name: found.Name}, nil
}

func keyHash(clear string) []byte {
	sum := sha256.Sum256([]byte(clear))
	return sum[:]
}
