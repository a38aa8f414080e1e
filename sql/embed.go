// Package sql is every statement that decides what the database holds and what a published figure
// counts: the migrations, and the counting queries that an analyst can read.
package sql

import (
	"embed"
	"io/fs"
)

// Migrations are goose's, in order; one that has landed is never edited.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Files are the migrations as one folder.
func Files() (fs.FS, error) { return fs.Sub(Migrations, "migrations") }

// Counting are the statements behind every published figure. Each is read as it stands; as_known.sql can be put before
// any of them to see an earlier moment.
//
//go:embed counting/*.sql
var Counting embed.FS
