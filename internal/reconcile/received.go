package reconcile

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Options are how a file is imported.
type Options struct {
	DryRun   bool                  // the same answer, and nothing stored
	Progress func(done, total int) // called now and then; may be nil
	File     uuid.UUID             // under which the file is kept; drawn when zero. One that is kept already is a problem.Conflict
}

func (o Options) progress(done, total int) {
	if o.Progress != nil {
		o.Progress(done, total)
	}
}

// Kinds of file, as received_file names them.
const (
	prisonReleases  = "prison_releases"
	providerPickups = "provider_pickups"
)

// inTurn runs an import, or a judging, in one transaction of the jobs' part: it looks across
// organisations. Only one runs at a time; the others wait for their turn. Where an act through a page
// or the API took the same step meanwhile, all of it is done again on what is known then.
func inTurn(ctx context.Context, pool *db.Pool, dryRun bool, do func(*db.Tx) error) error {
	act := pool.Act
	if dryRun {
		act = pool.Try
	}
	for try := 1; ; try++ {
		err := act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			if err := takeTurn(ctx, tx); err != nil {
				return err
			}
			return do(tx)
		})
		if try == 3 || !crossed(err) {
			return err
		}
	}
}

// errCrossed means that somebody else stored the same person or release at the same moment.
var errCrossed = errors.New("somebody else stored the same person at the same moment")

func crossed(err error) bool {
	return errors.Is(err, errCrossed) || db.Clashed(err) || db.Waited(err) ||
		db.Broke(err, "one_release_per_person_and_day") || db.Broke(err, "one_referral_awaiting_release") ||
		db.Broke(err, "one_pickup_per_referral") || db.Broke(err, "one_referral_per_reference")
}

// How long an import waits for another. A file of the largest size takes well under a minute.
const (
	turnKey   = 0x7265636f6e63 // "reconc"
	turnEvery = 200 * time.Millisecond
	turnWait  = 10 * time.Minute
)

// takeTurn polls, since waiting in the database would end with its limit on locks.
func takeTurn(ctx context.Context, tx *db.Tx) error {
	ctx, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	ticker := time.NewTicker(turnEvery)
	defer ticker.Stop()
	for {
		var mine bool
		if err := tx.Get(ctx, &mine, `SELECT pg_try_advisory_xact_lock($1)`, turnKey); err != nil || mine {
			return err
		}
		select {
		case <-ctx.Done():
			return &problem.Unavailable{Message: "Another file is being imported. Nothing of this one was stored: send it again."}
		case <-ticker.C:
		}
	}
}

// receive keeps the file as received, sealed; its answer follows when it is known.
func receive(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, kind, organisation string, s *Sheet, content []byte, o Options) (uuid.UUID, error) {
	id, err := o.newFile(ctx, tx)
	if err != nil {
		return id, err
	}
	name, err := tx.Keys.Seal("received_file.name", id.String(), []byte(s.Name))
	if err != nil {
		return id, err
	}
	packed, err := pack(content)
	if err != nil {
		return id, err
	}
	sealed, err := tx.Keys.Seal("received_file.content", id.String(), packed)
	if err != nil {
		return id, err
	}
	sum := sha256.Sum256(content)
	_, err = tx.Exec(ctx, `
		INSERT INTO received_file (id, organisation, kind, name_sealed, sha256, row_count, answer, content_sealed, received_at, received_by)
		VALUES ($1, $2, $3, $4, $5, $6, '{}', $7, $8, $9)`,
		id, organisation, kind, name, sum[:], s.Rows, sealed, now, who.By.Actor)
	return id, err
}

// newFile is the file's id. Imports take turns, so what is not kept yet is not being kept elsewhere.
func (o Options) newFile(ctx context.Context, tx *db.Tx) (uuid.UUID, error) {
	if o.File == uuid.Nil {
		return uuid.New(), nil
	}
	var kept bool
	err := tx.Get(ctx, &kept, `SELECT EXISTS (SELECT FROM received_file WHERE id = $1)`, o.File)
	if err == nil && kept {
		err = &problem.Conflict{Code: "already_recorded", Message: "This file has been stored already.", ID: o.File.String()}
	}
	return o.File, err
}

func pack(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(content)
	err = errors.Join(err, w.Close()) // what is left is written on closing
	return packed.Bytes(), err
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// counts are what stays of an answer when the file itself is gone.
type counts struct {
	Accepted  int            `json:"accepted"`
	Updated   int            `json:"updated"`
	Unchanged int            `json:"unchanged"`
	SetAside  map[string]int `json:"set_aside"`
	Refused   int            `json:"refused"`
	ToReview  int            `json:"to_review"`
	Linked    Linked         `json:"linked"`
}

func (r *Result) counts() counts {
	return counts{r.Accepted, r.Updated, r.Unchanged, r.SetAside, r.RefusedRows(), len(r.ToReview), r.Linked}
}

// answered stores what the file was answered, with the audit row of the act.
func answered(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, file uuid.UUID, r *Result) error {
	answer := r.counts()
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	sealed, err := sealResult(tx, receivedResult, file, r)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE received_file SET answer = $2, result_sealed = $3 WHERE id = $1`, file, string(text), sealed); err != nil {
		return err
	}
	return audit.Write(ctx, tx, who.By, now, "imported", "file", file.String(), audit.Detail{"sha256": r.SHA256, "rows": r.Rows, "answer": answer})
}

// PurgeFiles removes the content of files that were kept for their days, and their rows' answers; SHA-256,
// counts and accepted rows stay. n is how many files.
func PurgeFiles(ctx context.Context, tx *db.Tx, now time.Time) (n int, err error) {
	before := day.Of(now).Add(-tx.Rules.Files.KeepDays).At(0, 0)
	changed, err := tx.Exec(ctx, `
		UPDATE received_file
		SET content_sealed = NULL, result_sealed = NULL
		WHERE content_sealed IS NOT NULL
		  AND received_at < $1`, before)
	if err != nil || changed == 0 {
		return int(changed), err
	}
	return int(changed), audit.Write(ctx, tx, staff.Service.By, now, "purged", "file", "", audit.Detail{"files": changed})
}

// emptyResult is for a row that is taken in by itself.
func emptyResult() *Result { return &Result{SetAside: map[string]int{}, Answers: map[int]Answer{}} }
