package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/pickup"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// route is one call of the API: who may make it, and what its {id} names.
type route struct {
	method, path string
	roles        []staff.Role
	of           string // what the id in the path is the id of; "" has none
	handle       func(*call) (answer, error)
}

// Who may call.
var (
	prison   = []staff.Role{staff.Prison}
	provider = []staff.Role{staff.Provider}
	both     = []staff.Role{staff.Prison, staff.Provider}
	figures  = []staff.Role{staff.Prison, staff.Provider, staff.SubGroup}
	everyone = []staff.Role{staff.Prison, staff.Provider, staff.SubGroup, staff.Admin, staff.Audit}
)

const (
	post = http.MethodPost
	get  = http.MethodGet

	base        = "/api/v1"
	referrals   = base + "/referrals"
	oneReferral = referrals + "/:id"
)

// routes are all calls that need a key. Whose records a call reaches is decided again in the
// database: a role alone opens nothing of another organisation.
var routes = []route{
	// A prison tells of somebody who will leave it, or has left, and is told the appointment.
	{post, referrals, prison, "", create},
	// Prison and provider read what is theirs.
	{get, referrals, both, "", list},
	{get, oneReferral, both, "referral", show},

	// The prison keeps it true until the gate.
	{post, oneReferral + "/correction", prison, "referral", changing(referral.Correct)},
	{post, oneReferral + "/release-date", prison, "referral", changeDate},
	{post, oneReferral + "/release", prison, "referral", changing(referral.Release)},
	{post, oneReferral + "/transfer", prison, "referral", changing(referral.Transfer)},
	{post, oneReferral + "/withdrawal", prison, "referral", changing(referral.Withdraw)},

	// The provider sees the person.
	{get, base + "/slots", both, "", slots},
	{post, oneReferral + "/appointment", provider, "referral", book},
	{post, base + "/appointments/:id/outcome", provider, "appointment", outcome},
	{post, oneReferral + "/drop-in", provider, "referral", dropIn},
	{post, oneReferral + "/pickup", provider, "referral", changing(pickup.Confirm)},

	// Either tells what else became of the person. Which ends a prison may record, the act decides.
	{post, oneReferral + "/contact", both, "referral", changing(pickup.Contact)},
	{post, oneReferral + "/closure", both, "referral", changing(pickup.Close)},
	{post, oneReferral + "/undo", both, "referral", changing(referral.Undo)},

	// Programs that fetch what is new, send files, and show figures.
	{get, base + "/events", both, "", events},
	{post, base + "/imports/prison-releases", prison, "", importPrisonReleases},
	{post, base + "/imports/provider-pickups", provider, "", importProviderPickups},
	{get, base + "/continuity", figures, "", continuityRate},
	{get, base + "/reports", everyone, "", reports},
	{get, base + "/reports/:id", everyone, "report", report},
}

// changing serves a later act on a referral, which answers where the referral then stands.
func changing[Draft any](act func(context.Context, *db.Tx, staff.Who, time.Time, uuid.UUID, Draft) (*referral.Changed, error)) func(*call) (answer, error) {
	return posted(func(c *call, tx *db.Tx, d Draft) (answer, error) {
		changed, err := act(c.ctx, tx, c.who, c.now, c.id, d)
		return ok(changed).on(c.id), err
	})
}

// posted reads a body strictly and carries out an act with it, once however often it is sent.
func posted[Body any](act func(*call, *db.Tx, Body) (answer, error)) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		var body Body
		if err := c.read(&body); err != nil {
			return answer{}, err
		}
		return c.once(func(tx *db.Tx) (answer, error) { return act(c, tx, body) })
	}
}

// read takes the request's body and notes under which key it may be sent again.
func (c *call) read(body any) error {
	if err := noQuery(c); err != nil {
		return err
	}
	err := read(c.web.Response(), c.web.Request(), body)
	if err != nil && !errors.As(err, &c.unwritable) {
		return err
	}
	if c.content, err = canonical(body); err != nil {
		return err
	}
	c.keys, err = c.headerClaim()
	return err
}

// reading carries out a call that only shows something. It too is a transaction that commits, since
// the audit rows of what was shown are part of it.
func (c *call) reading(scope db.Scope, show func(*db.Tx) (any, error)) (a answer, err error) {
	err = c.look(scope, func(tx *db.Tx) error {
		body, err := show(tx)
		if err != nil {
			return err
		}
		a = ok(body)
		return a.settle()
	})
	return a, err
}

// look runs what changes nothing but who looked. When its end is not known it is done again: an
// audit row too many is true as well.
func (c *call) look(scope db.Scope, show func(*db.Tx) error) error {
	err := c.Pool.Act(c.ctx, scope, show)
	if errors.Is(err, db.ErrUnknown) {
		err = c.Pool.Act(c.ctx, scope, show)
	}
	if errors.Is(err, db.ErrUnknown) {
		return db.ErrAway
	}
	return err
}
