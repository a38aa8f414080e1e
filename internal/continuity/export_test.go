package continuity

import (
	"testing"

	"throughgate/internal/db"
)

// Filled is a database with so many counted releases, for measurements that need the rest of the program.
func Filled(b *testing.B, n int) *db.Pool {
	c := newCohort(b)
	c.fill(n)
	return c.pool
}
