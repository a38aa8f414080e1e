package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	migrations "throughgate/sql"
)

// Migrate brings the schema up to date as its owner, and lets the program's own database role take
// the three parts. Several servers may call it at once: one applies, the others wait.
func Migrate(ctx context.Context, ownerDSN, programRole string) error {
	owner, err := sql.Open("postgres", ownerDSN)
	if err != nil {
		return wrap(err)
	}
	defer owner.Close()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	provider, err := migrator(owner, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("the schema was not brought up to date: %w", err)
	}
	if programRole == "" {
		return nil
	}
	_, err = owner.ExecContext(ctx, fmt.Sprintf("GRANT %s, %s, %s TO %s", Acts, Counting, Jobs, pq.QuoteIdentifier(programRole)))
	if err == nil {
		_, err = owner.ExecContext(ctx, "GRANT SELECT ON goose_db_version TO "+pq.QuoteIdentifier(programRole))
	}
	return wrap(err)
}

func migrator(handle *sql.DB, options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := migrations.Files()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, handle, files, options...)
}

// Schema is how far the database's schema has come, and how far this program's goes.
type Schema struct{ Has, Knows int64 }

// Current says whether the two are the same.
func (s Schema) Current() bool { return s.Has == s.Knows }

// NewestSchema is the version of the schema that this program was made for.
func NewestSchema() (int64, error) {
	files, err := migrations.Files()
	if err != nil {
		return 0, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, err
	}
	return goose.NumericComponent(names[len(names)-1]) // Glob sorts
}

// SchemaOf reads the schema's version; a database never migrated has 0.
func SchemaOf(ctx context.Context, dsn string) (s Schema, err error) {
	handle, err := sql.Open("postgres", withTimeouts(dsn))
	if err != nil {
		return s, wrap(err)
	}
	defer handle.Close()
	if s.Knows, err = NewestSchema(); err != nil {
		return s, err
	}
	var refused *pq.Error
	err = handle.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&s.Has)
	if errors.As(err, &refused) && refused.Code == "42P01" {
		return s, nil
	}
	return s, wrap(err)
}
