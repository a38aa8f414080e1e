package staff

import (
	"context"

	"throughgate/internal/db"
)

// BringIn writes the configured organisations into the database, as a server does at every start.
// One that is no longer configured stays, inactive, with all it did.
func BringIn(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `UPDATE organisation SET active = false WHERE active`); err != nil {
		return err
	}
	known := [][3]string{
		{"SUBGROUP", string(SubGroup), "Continuity of Care sub-group"},
		{"ADMIN", string(Admin), "Administrators"},
		{"AUDIT", string(Audit), "Auditors"},
	}
	for _, p := range tx.Rules.Prisons {
		known = append(known, [3]string{p.Code, string(Prison), p.Name})
	}
	for _, p := range tx.Rules.Providers {
		known = append(known, [3]string{p.Code, string(Provider), p.Name})
	}
	for _, o := range known {
		if _, err := tx.Exec(ctx, `
			INSERT INTO organisation (code, kind, name)
			VALUES ($1, $2, $3)
			ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, name = excluded.name, active = true`, o[0], o[1], o[2]); err != nil {
			return err
		}
	}
	return nil
}

// RoleOf is the role of an active organisation.
func RoleOf(ctx context.Context, tx *db.Tx, organisation string) (role Role, err error) {
	err = tx.Get(ctx, &role, `SELECT kind FROM organisation WHERE code = $1 AND active`, organisation)
	return role, err
}
