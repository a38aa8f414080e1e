package reconcile

import (
	"context"
	"encoding/hex"
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

// File is a partner's file as its sender sees it: stored, or looked at and waiting to be stored.
type File struct {
	ID      uuid.UUID
	Kind    string // prison_releases or provider_pickups
	Name    string
	SHA256  string
	Rows    int
	At      time.Time // when it came
	Waiting bool      // nothing of it is stored yet
	Kept    bool      // its rows and their answers are still there
	Answer  Answered
	Result  *Result // of FileOf alone, while it is kept

	content []byte
}

// Answered is how many rows of a file got which answer; it stays when the file itself is gone.
type Answered = counts

type fileRow struct {
	ID      uuid.UUID `db:"id"`
	Kind    string    `db:"kind"`
	Name    []byte    `db:"name_sealed"`
	SHA256  []byte    `db:"sha256"`
	Rows    int       `db:"row_count"`
	Answer  []byte    `db:"answer"`
	At      time.Time `db:"received_at"`
	Kept    bool      `db:"kept"`
	Content []byte    `db:"content_sealed"`
	Result  []byte    `db:"result_sealed"`
}

// filesShown is how many files a list shows.
const filesShown = 50

// Files are the latest that the asker's organisation sent, newest first, however they came.
func Files(ctx context.Context, tx *db.Tx, who staff.Who) ([]File, error) {
	var rows []fileRow
	err := tx.Select(ctx, &rows, `
		SELECT id, kind, name_sealed, sha256, row_count, answer, received_at,
		  content_sealed IS NOT NULL AND result_sealed IS NOT NULL AS kept
		FROM received_file
		WHERE organisation = $1
		ORDER BY received_at DESC, seq DESC
		LIMIT $2`, who.Organisation(), filesShown)
	if err != nil {
		return nil, err
	}
	files := make([]File, len(rows))
	for i, row := range rows {
		if files[i], err = row.file(tx); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (row fileRow) file(tx *db.Tx) (f File, err error) {
	name, err := tx.Keys.Open("received_file.name", row.ID.String(), row.Name)
	if err != nil {
		return f, err
	}
	f = File{ID: row.ID, Kind: row.Kind, Name: string(name), SHA256: hex.EncodeToString(row.SHA256), Rows: row.Rows, At: row.At, Kept: row.Kept}
	if json.Unmarshal(row.Answer, &f.Answer) != nil {
		return f, errors.New("a file's answer cannot be read")
	}
	return f, nil
}

// FileOf is one file of the asker's organisation with the answer to every row. What another
// organisation sent, and what another person looked at and did not store, is not found.
func FileOf(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID) (*File, error) {
	f, err := storedFile(ctx, tx, who, id)
	if errors.Is(err, db.ErrNone) {
		f, err = waitingFile(ctx, tx, who, id)
	}
	if errors.Is(err, db.ErrNone) { // it may have been stored between the two looks, by a double click
		f, err = storedFile(ctx, tx, who, id)
	}
	if errors.Is(err, db.ErrNone) {
		return nil, &problem.NotFound{What: "file"}
	}
	return f, err
}

func storedFile(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID) (*File, error) {
	var row fileRow
	err := tx.Get(ctx, &row, `
		SELECT id, kind, name_sealed, sha256, row_count, answer, received_at, content_sealed, result_sealed,
		  content_sealed IS NOT NULL AND result_sealed IS NOT NULL AS kept
		FROM received_file
		WHERE id = $1
		  AND organisation = $2`, id, who.Organisation())
	if err != nil {
		return nil, err
	}
	f, err := row.file(tx)
	if err != nil || !f.Kept {
		return &f, err
	}
	if f.content, err = openPacked(tx, "received_file.content", id, row.Content); err != nil {
		return nil, err
	}
	f.Result, err = openResult(tx, receivedResult, id, row.Result)
	return &f, err
}

func waitingFile(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID) (*File, error) {
	var row fileRow
	err := tx.Get(ctx, &row, `
		SELECT id, kind, name_sealed, content_sealed, result_sealed, made_at AS received_at
		FROM waiting_file
		WHERE id = $1
		  AND organisation = $2
		  AND actor = $3`, id, who.Organisation(), who.By.Actor)
	if err != nil {
		return nil, err
	}
	name, err := tx.Keys.Open(waitingName, id.String(), row.Name)
	if err != nil {
		return nil, err
	}
	f := &File{ID: id, Kind: row.Kind, Name: string(name), At: row.At, Waiting: true, Kept: true}
	if f.content, err = openPacked(tx, waitingContent, id, row.Content); err != nil {
		return nil, err
	}
	if f.Result, err = openResult(tx, waitingResult, id, row.Result); err != nil {
		return nil, err
	}
	f.SHA256, f.Rows, f.Answer = f.Result.SHA256, f.Result.Rows, f.Result.counts()
	return f, nil
}

// WriteAnswered writes the file with its two columns added, and audits it: one row for the file, which
// its own sender gets back, and one for each person whom its rows were taken to be.
func (f *File) WriteAnswered(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, to io.Writer) error {
	if !f.Kept {
		return &problem.NotFound{What: "file any more: its rows were kept for their days, and removed"}
	}
	if err := audit.Write(ctx, tx, who.By, now, "exported", "file", f.ID.String(), audit.Detail{"rows": f.Rows}); err != nil {
		return err
	}
	if err := f.auditPeople(ctx, tx, who, now); err != nil {
		return err
	}
	layout := PrisonReleases()
	if f.Kind == providerPickups {
		layout = ProviderPickups()
	}
	sheet, err := ReadSheet(f.Name, f.content, layout)
	if err != nil {
		return err
	}
	return WriteResult(to, sheet, f.Result.Answers)
}

func (f *File) auditPeople(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time) error {
	var people []string
	err := tx.Select(ctx, &people, `
		SELECT r.person_id::text
		FROM prison_row p
		JOIN referral r ON r.id = p.referral_id
		WHERE p.file_id = $1
		  AND r.person_id IS NOT NULL
		UNION
		SELECT p.person_id::text
		FROM provider_row p
		WHERE p.file_id = $1
		  AND p.person_id IS NOT NULL`, f.ID)
	if err != nil || len(people) == 0 {
		return err
	}
	return audit.WriteEach(ctx, tx, who.By, now, "shown", "person", people, audit.Detail{"where": "file"})
}
