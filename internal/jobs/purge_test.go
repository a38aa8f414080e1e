package jobs

import (
	"testing"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/testdb"
)

func TestFailedTriesAreForgottenByThemselves(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.now = due
	left := -1
	err := s.Pool.Act(t.Context(), scope, func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO sign_in_try (account, at) VALUES ('a', $1), ('a', $2)`, due.Add(-25*time.Hour), due.Add(-time.Hour))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range timetable {
		if j.name == "forget sign-ins" {
			j.once(t.Context(), s.Deps)
		}
	}
	err = s.Pool.Act(t.Context(), scope, func(tx *db.Tx) error {
		return tx.Get(t.Context(), &left, `SELECT count(*) FROM sign_in_try`)
	})
	if err != nil || left != 1 {
		t.Errorf("%d tries are left, %v", left, err)
	}
}
