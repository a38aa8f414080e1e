// Package audit is the record of who did or saw what. A row is written in the transaction of the
// act itself: what is not recorded has not happened, and is not shown.
package audit

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lib/pq"

	"throughgate/internal/db"
)

// By is who acts: as the audit trail and the timeline name them.
type By struct {
	Organisation string // "" is the service itself
	Actor        string // staff:ID, key:ID, recipient:ID of the report, console:LOGIN, service, demo, or nobody: not signed in
	Via          string // api, page, file, console or job
}

// Detail is what else matters of an act; never personal data.
type Detail map[string]any

// Write records one act on one thing.
func Write(ctx context.Context, tx *db.Tx, by By, at time.Time, act, kind, subject string, detail Detail) error {
	return WriteEach(ctx, tx, by, at, act, kind, []string{subject}, detail)
}

// WriteEach records the same act on each of several things, one row for each: a list that shows
// fifty people leaves fifty rows.
func WriteEach(ctx context.Context, tx *db.Tx, by By, at time.Time, act, kind string, subjects []string, detail Detail) error {
	if detail == nil {
		detail = Detail{}
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO audit (at, organisation, actor, via, act, kind, subject, detail)
		SELECT $1, $2, $3, $4, $5, $6, subject, $7
		FROM unnest($8::text[]) AS subject`,
		at, by.Organisation, by.Actor, by.Via, act, kind, string(text), pq.Array(subjects))
	return err
}
