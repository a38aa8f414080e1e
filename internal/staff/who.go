// Package staff is who may do what: the organisations, the people who sign in and the keys their
// programs use. Everything is denied that a role does not name.
package staff

import (
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// Role is what an organisation's people and keys may do; it is the organisation's kind.
type Role string

const (
	Prison   Role = "prison"
	Provider Role = "provider"
	SubGroup Role = "subgroup"
	Admin    Role = "admin"
	Audit    Role = "audit"
)

// Who is somebody acting for an organisation.
type Who struct {
	By   audit.By
	Role Role
	Name string // as pages greet them
}

// Service is the program itself: its jobs, and what it does after somebody's act.
var Service = Who{By: audit.By{Actor: "service", Via: "job"}}

// Organisation is for whom they act.
func (w Who) Organisation() string { return w.By.Organisation }

// Person is the id of the person who signed in; uuid.Nil for keys, the console and the service.
func (w Who) Person() uuid.UUID {
	id, err := uuid.Parse(strings.TrimPrefix(w.By.Actor, "staff:"))
	if err != nil {
		return uuid.Nil
	}
	return id
}

// Scope is what the database shows them.
func (w Who) Scope() db.Scope {
	return db.Scope{Part: db.Acts, Organisation: w.By.Organisation}
}

// Must refuses everybody but the named roles.
func (w Who) Must(roles ...Role) error {
	for _, r := range roles {
		if w.Role == r {
			return nil
		}
	}
	return &problem.Forbidden{Message: "Your organisation's role does not allow this."}
}
