package reconcile

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// WaitingHours is how long a file that was looked at waits to be stored: until the end of a night shift.
const WaitingHours = 24

// The places that sealed results are tied to.
const (
	receivedResult = "received_file.result"
	waitingName    = "waiting_file.name"
	waitingContent = "waiting_file.content"
	waitingResult  = "waiting_file.result"
)

// keptResult is a Result with the parts that its JSON leaves out.
type keptResult struct {
	Result  *Result
	Answers map[int]Answer
	Notes   []string
}

func sealResult(tx *db.Tx, place string, file uuid.UUID, r *Result) ([]byte, error) {
	text, err := json.Marshal(keptResult{r, r.Answers, r.Notes})
	if err != nil {
		return nil, err
	}
	packed, err := pack(text)
	if err != nil {
		return nil, err
	}
	return tx.Keys.Seal(place, file.String(), packed)
}

func openResult(tx *db.Tx, place string, file uuid.UUID, sealed []byte) (*Result, error) {
	text, err := openPacked(tx, place, file, sealed)
	if err != nil {
		return nil, err
	}
	var kept keptResult
	if err := json.Unmarshal(text, &kept); err != nil || kept.Result == nil {
		return nil, errors.New("a kept result cannot be read")
	}
	kept.Result.Answers, kept.Result.Notes = kept.Answers, kept.Notes
	return kept.Result, nil
}

func openPacked(tx *db.Tx, place string, file uuid.UUID, sealed []byte) ([]byte, error) {
	packed, err := tx.Keys.Open(place, file.String(), sealed)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// imports is how the asker's organisation sends files: a prison its releases, a provider its pick-ups.
func imports(who staff.Who) (kind string, take func(context.Context, *db.Pool, staff.Who, time.Time, string, string, []byte, Options) (*Result, error), err error) {
	switch who.Role {
	case staff.Prison:
		return prisonReleases, ImportPrisonReleases, nil
	case staff.Provider:
		return providerPickups, ImportProviderPickups, nil
	}
	return "", nil, who.Must(staff.Prison, staff.Provider)
}

// Preview answers every row of a file as an import would, stores nothing of them, and keeps file and
// answer sealed for a day, so that what was looked at is what StoreWaiting stores.
func Preview(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, name string, content []byte) (id uuid.UUID, err error) {
	kind, take, err := imports(who)
	if err != nil {
		return id, err
	}
	result, err := take(ctx, pool, who, now, who.Organisation(), name, content, Options{DryRun: true})
	if err != nil {
		return id, err
	}
	id = uuid.New()
	return id, pool.Act(ctx, who.Scope(), func(tx *db.Tx) error {
		if err := keepWaiting(ctx, tx, who, now, id, kind, name, content, result); err != nil {
			return err
		}
		return audit.Write(ctx, tx, who.By, now, "looked_at", "file", id.String(), audit.Detail{"sha256": result.SHA256, "rows": result.Rows})
	})
}

func keepWaiting(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, kind, name string, content []byte, r *Result) error {
	row := id.String()
	sealedName, err := tx.Keys.Seal(waitingName, row, []byte(name))
	if err != nil {
		return err
	}
	packed, err := pack(content)
	if err != nil {
		return err
	}
	sealed, err := tx.Keys.Seal(waitingContent, row, packed)
	if err != nil {
		return err
	}
	answers, err := sealResult(tx, waitingResult, id, r)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO waiting_file (id, organisation, actor, kind, name_sealed, content_sealed, result_sealed, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, who.Organisation(), who.By.Actor, kind, sealedName, sealed, answers, now)
	return err
}

// StoreWaiting imports a file that was looked at. Asked for twice it is stored once: the second is a
// *problem.Conflict "already_recorded". What waits no more, or waits for another, is not found.
func StoreWaiting(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, id uuid.UUID) error {
	_, take, err := imports(who)
	if err != nil {
		return err
	}
	var f *File
	err = pool.Act(ctx, who.Scope(), func(tx *db.Tx) (err error) {
		f, err = FileOf(ctx, tx, who, id)
		return err
	})
	switch {
	case err != nil:
		return err
	case !f.Waiting:
		return &problem.Conflict{Code: "already_recorded", Message: "This file has been stored already.", ID: id.String()}
	}
	if _, err := take(ctx, pool, who, now, who.Organisation(), f.Name, f.content, Options{File: id}); err != nil {
		return err
	}
	return pool.Act(ctx, who.Scope(), func(tx *db.Tx) error { return forget(ctx, tx, id) })
}

func forget(ctx context.Context, tx *db.Tx, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `DELETE FROM waiting_file WHERE id = $1`, id)
	return err
}

// PurgeWaiting removes files that were looked at and not stored within their hours. It needs the jobs' part.
func PurgeWaiting(ctx context.Context, tx *db.Tx, now time.Time) (n int, err error) {
	removed, err := tx.Exec(ctx, `DELETE FROM waiting_file WHERE made_at < $1`, now.Add(-WaitingHours*time.Hour))
	if err != nil || removed == 0 {
		return 0, err
	}
	return int(removed), audit.Write(ctx, tx, staff.Service.By, now, "purged", "file", "", audit.Detail{"never_stored": removed})
}
