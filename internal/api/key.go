package api

import (
	"slices"
	"strings"
	"sync"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// authenticate finds out for whom the request's key acts. It asks the database each time, so that a
// revoked key stops working at once on every server.
func (c *call) authenticate() error {
	scheme, clear, _ := strings.Cut(c.web.Request().Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || clear == "" || len(clear) > 200 {
		return staff.ErrNoKey
	}
	err := c.look(db.Scope{Part: db.Jobs}, func(tx *db.Tx) (err error) {
		c.who, err = staff.KeyHolder(c.ctx, tx, c.now, strings.TrimSpace(clear))
		return err
	})
	c.web.Set(asker, c.who.By)
	return err
}

// permit refuses a role that the route does not name, and leaves a row that the auditor sees.
func (c *call) permit(r route) error {
	if slices.Contains(r.roles, c.who.Role) {
		return nil
	}
	err := c.Pool.Act(c.ctx, c.who.Scope(), func(tx *db.Tx) error {
		return audit.Write(c.ctx, tx, c.who.By, c.now, "refused", "call", r.method+" "+r.path, nil)
	})
	if err != nil {
		return err
	}
	return &problem.Forbidden{Message: "A key of this organisation's role cannot do this."}
}

// keyed holds one value for each key, made when it is first asked for. The API's keys are few.
type keyed[T any] struct {
	mu  sync.Mutex
	all map[string]T
}

func (k *keyed[T]) of(key string, fresh func() T) T {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, there := k.all[key]
	if !there {
		if k.all == nil {
			k.all = map[string]T{}
		}
		v = fresh()
		k.all[key] = v
	}
	return v
}
