package referral

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/staff"
)

const (
	usualPage = 50
	mostPage  = 200
)

// Filter narrows List; what is left out does not.
type Filter struct {
	State        string // one of the states
	ReleaseFrom  string // actual or planned release on or after this day
	ReleaseTo    string // ... and on or before this one
	UpdatedSince string // a moment (RFC 3339)
	AlcoholOnly  bool
	CJIT         bool
	Order        Order // "" is ByRelease
	Cursor       string
	Limit        int  // 0 is 50; at most 200
	Brief        bool // who it is, the state and its days; else all that is known
}

// Page is a part of a list; NextCursor is nil on the last.
type Page struct {
	Items      []Referral `json:"items"`
	NextCursor *string    `json:"next_cursor"`
}

// bounds are a Filter as understood.
type bounds struct {
	state    State
	from, to day.Date
	since    *time.Time
	order    Order
	after    cursor
	limit    int
}

func (f Filter) checked(today day.Date) (b bounds, err error) {
	c := &checking{today: today}
	b.from, b.to = c.date("release_from", f.ReleaseFrom), c.date("release_to", f.ReleaseTo)
	if !b.to.IsZero() && b.to.Before(b.from) {
		c.Add("release_to", "range", "This lies before release_from.")
	}
	b.state = State(f.State)
	if f.State != "" && !b.state.Known() {
		c.Add("state", "not_recognised", noSuchState)
	}
	if b.order = f.Order; f.Order == "" {
		b.order = ByRelease
	} else if !slices.Contains(Orders(), f.Order) {
		c.Add("order", "not_recognised", noSuchOrder)
	}
	if f.UpdatedSince != "" {
		since, err := time.Parse(time.RFC3339, f.UpdatedSince)
		if b.since = &since; err != nil {
			c.Add("updated_since", "moment", "This must be a moment such as 2023-12-04T09:30:00Z.")
		}
	}
	if b.limit = f.Limit; f.Limit == 0 {
		b.limit = usualPage
	}
	if b.limit < 1 || b.limit > mostPage {
		c.Add("limit", "range", "This must be between 1 and 200.")
	}
	if b.after, err = parseCursor(f.Cursor); err != nil {
		c.Add("cursor", "invalid", "Give the next_cursor of the page before, as it was.")
	}
	return b, c.Err()
}

// runs are where the list lies. A day that is not known lies between no two days.
func (b bounds) runs(today day.Date) []run {
	pieces := everything(today)
	if b.state != "" {
		pieces = []piece{pieceOf(b.state, today)}
	}
	from, to, where := earliest, unknown, ""
	if !b.from.IsZero() {
		from, to = b.from, unknown.Add(-1)
	}
	if !b.to.IsZero() {
		to = b.to
	}
	if b.since != nil {
		where = ` AND r.updated_at >= $9::timestamptz`
	}
	return b.order.runs(between(pieces, from, to), today, where)
}

const (
	allOf   = `SELECT ` + columns + ` FROM referral r WHERE r.id = ANY ($1)`
	inBrief = `SELECT ` + listColumns + ` FROM referral r WHERE r.id = ANY ($1)`
)

// List is the asker's referrals, by day of release unless another order is asked for, each audited as shown.
func List(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, f Filter) (Page, error) {
	page := Page{Items: []Referral{}}
	if err := who.Must(staff.Prison, staff.Provider); err != nil {
		return page, err
	}
	today := day.Of(now)
	b, err := f.checked(today)
	if err != nil {
		return page, err
	}
	ids, next, err := wanted{
		who: who, runs: b.runs(today), today: today, alcoholOnly: f.AlcoholOnly, cjit: f.CJIT, after: b.after, limit: b.limit, since: b.since,
	}.find(ctx, tx)
	if err != nil {
		return page, err
	}
	query := allOf
	if f.Brief {
		query = inBrief
	}
	var rows []Referral
	if err := tx.Select(ctx, &rows, query, pq.Array(ids)); err != nil {
		return page, err
	}
	if page.Items = inOrder(ids, rows, func(r *Referral) uuid.UUID { return r.ID }); next != "" {
		page.NextCursor = &next
	}
	return page, open(ctx, tx, who, now, page.Items)
}

// open reads what is sealed of many referrals, with their appointments, and audits that they are shown.
func open(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, items []Referral) error {
	people := make([]uuid.NullUUID, len(items))
	ids, referrals := make([]uuid.UUID, len(items)), make([]uuid.UUID, len(items))
	for i, r := range items {
		people[i], ids[i], referrals[i] = r.PersonID, r.PersonID.UUID, r.ID
	}
	known, err := person.Read(ctx, tx, ids...)
	if err != nil {
		return err
	}
	booked, err := appointment.OpenOf(ctx, tx, referrals)
	if err != nil {
		return err
	}
	for i := range items {
		r := &items[i]
		if _, err := r.openDetail(tx); err != nil {
			return err
		}
		r.identify(known[r.PersonID.UUID])
		r.State, r.Appointment = StateOf(r.Facts, day.Of(now)), booked[r.ID]
	}
	return shown(ctx, tx, who, now, "list", people...)
}
