package jobs

import (
	"regexp"
	"strings"
	"testing"

	"throughgate/internal/db"
	"throughgate/internal/testdb"
)

// letterFrom is the message that one reader gets from a database of its own, as it came over the wire,
// without what is each message's own: its date, its Message-ID and the reader's link, which breaks its
// lines where it is long.
func letterFrom(t *testing.T, others bool) string {
	t.Helper()
	post := startMail(t, nil)
	s := open(t, testdb.New(t), post)
	s.furnish(t, "one@harbour.example")
	if others {
		s.act(t, func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), `
				UPDATE referral
				SET sex = 'female', age_at_release = 23, substances = '{heroin}', reference = 'X' || left(reference, 12), updated_at = $1`, due.Add(-20*days))
			return err
		})
	}
	s.look(t, due.Add(-days))
	s.look(t, due)
	s.deliver(t, due)
	raw := string(post.Messages()[0].Raw)
	own := regexp.MustCompile(`(?m)^(Date|Message-ID): .*|/report/leave/[A-Za-z0-9_-]+`)
	return own.ReplaceAllString(strings.ReplaceAll(raw, "=\r\n", ""), "OWN")
}

// Other people, of another sex and age, with the same aggregates: the letter is the same to the byte.
func TestTheLetterDependsOnNothingButAggregates(t *testing.T) {
	one, other := letterFrom(t, false), letterFrom(t, true)
	if one != other {
		same(t, other, one)
	}
	if len(one) < 10_000 {
		t.Errorf("a letter of %d bytes", len(one))
	}
}
