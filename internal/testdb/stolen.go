package testdb

import (
	"database/sql"
	"encoding/hex"
	"testing"

	"github.com/lib/pq"
)

// TablesHolding are the tables in which a text stands in clear, in whatever letter case, or in the bytes of a column: what
// whoever has stolen the database would find of it without the key.
func (d *DB) TablesHolding(t testing.TB, text string) (found []string) {
	t.Helper()
	owner, err := sql.Open("postgres", d.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	for _, table := range tables(t, owner) {
		var holds bool
		if err := owner.QueryRow(`
			SELECT EXISTS (
			  SELECT FROM `+pq.QuoteIdentifier(table)+` AS stolen
			  WHERE strpos(lower(stolen::text), lower($1)) > 0
			     OR strpos(stolen::text, $2) > 0)`, text, hex.EncodeToString([]byte(text))).Scan(&holds); err != nil {
			t.Fatal(err)
		}
		if holds {
			found = append(found, table)
		}
	}
	return found
}

func tables(t testing.TB, owner *sql.DB) (names []string) {
	t.Helper()
	err := owner.QueryRow(`
		SELECT array_agg(relname ORDER BY relname)
		FROM pg_class
		WHERE relnamespace = 'public'::regnamespace
		  AND relkind IN ('r', 'p', 'm')`).Scan((*pq.StringArray)(&names))
	if err != nil {
		t.Fatal(err)
	}
	return names
}
