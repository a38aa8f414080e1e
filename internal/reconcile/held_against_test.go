package reconcile

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/db"
)

// The ways in which a row and what is known of its release can change, of the row $row, the release $release, the person
// $person and by a number $n.
var changesOfPairs = []string{
	`UPDATE provider_row SET referral_id = $release WHERE id = $row`,
	`UPDATE provider_row SET referral_id = NULL, about_on = '2020-01-01', same = true WHERE id = $row AND $n > 5`,
	`UPDATE provider_row SET name_bix = (SELECT name_bix FROM person WHERE id = $person) WHERE id = $row`,
	`UPDATE provider_row SET date_of_birth_bix = (SELECT date_of_birth_bix FROM person WHERE id = $person AND $n > 1) WHERE id = $row`,
	`UPDATE provider_row SET sex = (ARRAY['male', 'female'])[1 + $n % 2] WHERE id = $row`,
	`UPDATE provider_row SET released_on = about_on + $n / 5 WHERE id = $row`,
	`UPDATE provider_row SET same = true WHERE id = $row`,
	`UPDATE person SET name_bix = coalesce((SELECT name_bix FROM provider_row WHERE id = $row), name_bix) WHERE id = $person`,
	`UPDATE person SET date_of_birth_bix = coalesce((SELECT date_of_birth_bix FROM provider_row WHERE id = $row), date_of_birth_bix) WHERE id = $person`,
	`UPDATE referral SET released_on = CASE WHEN $n < 4 OR released_on IS NULL THEN DATE '2023-12-01' + $n END WHERE id = $release AND withdrawn_on IS NULL`,
	`UPDATE referral SET sex = (ARRAY['male', 'female'])[1 + $n % 2] WHERE id = $release`,
	`UPDATE referral SET person_id = $person WHERE id = $release`,
}

// misheld is the number of rows beside which something else stands than what their release says now.
const misheld = `
	SELECT count(*)
	FROM provider_row w
	LEFT JOIN referral r ON r.id = w.referral_id
	LEFT JOIN person p ON p.id = r.person_id
	WHERE w.about_on IS DISTINCT FROM r.released_on
	   OR w.same IS DISTINCT FROM CASE WHEN r.id IS NOT NULL
	     THEN (w.name_bix, w.date_of_birth_bix, w.sex) IS NOT DISTINCT FROM (p.name_bix, p.date_of_birth_bix, r.sex)
	       AND r.released_on IS NOT NULL AND (w.released_on IS NULL OR w.released_on = r.released_on) END`

func TestWhatStandsBesideARowIsWhatItsReleaseSays(t *testing.T) {
	t.Parallel()
	h, b := open(t), newBook(7)
	b.store(h)
	changed, was := 0, ""
	for step := range 300 {
		// few of each, so that they meet
		statement := fill(changesOfPairs[b.rand.IntN(len(changesOfPairs))], b.rows[b.rand.IntN(20)].stored.ID, b.releases[b.rand.IntN(10)].id, b.ids[b.rand.IntN(4)], b.rand)
		if _, err := h.try(statement); err != nil && !db.Broke(err, "one_release_per_person_and_day") && !db.Broke(err, "one_referral_awaiting_release") &&
			!db.Broke(err, "one_person_per_prison_number_and_date_of_birth") {
			t.Fatal(statement, err)
		}
		if n := h.one(misheld); n != "0" {
			t.Fatalf("step %d, %s: %s rows are wrong", step, statement, n)
		}
		if is := h.one(`SELECT md5(string_agg(concat(about_on, same), ',' ORDER BY id)) FROM provider_row`); is != was {
			changed, was = changed+1, is
		}
	}
	if changed < 40 {
		t.Errorf("only %d of the changes made a difference", changed)
	}
}

func fill(statement string, row, release, person uuid.UUID, r *rand.Rand) string {
	return strings.NewReplacer("$row", "'"+row.String()+"'", "$release", "'"+release.String()+"'", "$person", "'"+person.String()+"'",
		"$n", strconv.Itoa(r.IntN(10))).Replace(statement)
}

func (h *house) try(statement string) (changed int64, err error) {
	err = h.pool.Act(h.t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		changed, err = tx.Exec(h.t.Context(), statement)
		return err
	})
	return changed, err
}

// Two at once: neither sees what the other has changed, until it is committed.
func TestWhatStandsBesideARowIsRightWhoeverChangesTheOtherSideMeanwhile(t *testing.T) {
	t.Parallel()
	h, b := open(t), newBook(8)
	b.rows, b.releases = b.rows[:1], b.releases[:1]
	b.rows[0].release, b.rows[0].person, b.rows[0].unindexed = -1, -1, false
	b.store(h)
	changes := map[string]string{
		"linked":   `UPDATE provider_row SET referral_id = $release WHERE id = $row`,
		"unlinked": `UPDATE provider_row SET referral_id = NULL WHERE id = $row`,
		"renamed":  `UPDATE person SET name_bix = '\x01' WHERE id = $person`,
		"moved":    `UPDATE referral SET released_on = released_on + 1 WHERE id = $release`,
		"released": `UPDATE referral SET released_on = '2023-12-01' WHERE id = $release`,
		"given":    `UPDATE referral SET person_id = $person WHERE id = $release`,
		"sex":      `UPDATE referral SET sex = 'female' WHERE id = $release`,
	}
	// Everything is the same; only whether the row is linked yet, and whose the release is, depends on what will change.
	before := `
		UPDATE provider_row SET referral_id = CASE WHEN %t THEN CAST($release AS uuid) END, name_bix = '\x00', date_of_birth_bix = '\x00', sex = 'male', released_on = NULL WHERE id = $row;
		UPDATE person SET name_bix = '\x00', date_of_birth_bix = '\x00';
		UPDATE referral SET released_on = CASE WHEN %t THEN DATE '2023-12-05' END, sex = 'male', person_id = CASE WHEN %t THEN CAST($person AS uuid) ELSE '%s' END WHERE id = $release`
	text := func(statement string) string {
		return fill(statement, b.rows[0].stored.ID, b.releases[0].id, b.ids[0], b.rand)
	}
	for first := range changes {
		for second := range changes {
			among := func(change string) bool { return first == change || second == change }
			if _, err := h.try(text(fmt.Sprintf(before, !among("linked"), !among("released"), !among("given"), b.ids[1]))); err != nil {
				t.Fatal(err)
			}
			h.meanwhile(text(changes[first]), text(changes[second]))
			if n := h.one(misheld); n != "0" {
				t.Errorf("%s, and meanwhile %s: wrong", first, second)
			}
		}
	}
}

// meanwhile begins the second while the first is done and not yet committed; the second may have to wait for it.
func (h *house) meanwhile(first, second string) {
	h.t.Helper()
	done := make(chan error, 1)
	h.act(func(tx *db.Tx) error {
		if _, err := tx.Exec(h.t.Context(), first); err != nil {
			return err
		}
		go func() {
			_, err := h.try(second)
			done <- err
		}()
		for waits := false; !waits && len(done) == 0; {
			if err := tx.Get(h.t.Context(), &waits, `
				SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND transactionid = CAST(pg_current_xact_id() AS xid))`); err != nil {
				return err
			}
		}
		return nil
	})
	h.must(<-done)
}
