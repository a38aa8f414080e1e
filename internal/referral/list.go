package referral

import (
	"context"
	"time"

	"github.com/google/uuid"

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
	Cursor       string
	Limit        int // 0 is 50; at most 200
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
	since    time.Time
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
		c.Add("state", "not_recognised", "There is no such state.")
	}
	if f.UpdatedSince != "" {
		if b.since, err = time.Parse(time.RFC3339, f.UpdatedSince); err != nil {
			c.Add("updated_since", "moment", "This must be a moment such as 2023-12-04T09:30:00Z.")
		}
	}
	if b.limit = f.Limit; f.Limit == 0 {
		b.limit = usualPage
	}
	if b.limit < 1 || b.limit > mostPage {
		c.Add("limit", "out_of_range", "This must be between 1 and 200.")
	}
	if b.after, err = parseCursor(f.Cursor); err != nil {
		c.Add("cursor", "invalid", "Give the next_cursor of the page before, as it was.")
	}
	if b.after == start && !b.from.IsZero() {
		b.after.Key = b.from.String() // where the index is entered
	}
	return b, c.Err()
}

// The clock by which lists are sorted is the release, actual or planned (column clock_on); where no
// date is known it comes last. The state follows from the same facts as in StateOf: $3 is the day from which a
// release is no longer within its three months.
const (
	filtered = `
		  AND r.provider IS NOT NULL -- what is shared with nobody is no referral
		  AND ($2::text = '' OR $2 = CASE
		    WHEN r.withdrawn_on IS NOT NULL THEN 'withdrawn'
		    WHEN r.picked_up_on IS NOT NULL THEN 'picked_up'
		    WHEN r.closed THEN 'closed'
		    WHEN r.released_on < $3::date THEN 'not_picked_up'
		    WHEN r.released_on IS NOT NULL THEN 'released'
		    WHEN r.unbooked_reason IS NOT NULL THEN 'unbooked'
		    ELSE 'booked' END)
		  AND r.clock_on >= coalesce($4::date, DATE '0001-01-01')
		  AND r.clock_on <= coalesce($5::date, DATE '9999-12-31')
		  AND ($4::date IS NULL OR r.clock_on < DATE '9999-12-31')
		  AND r.updated_at >= $6
		  AND (r.clock_on, r.id) > ($7::date, $8::uuid)
		ORDER BY r.clock_on, r.id
		LIMIT $9`
	listOfPrison   = `SELECT ` + columns + ` FROM referral r WHERE r.prison = $1` + filtered
	listOfProvider = `SELECT ` + columns + ` FROM referral r WHERE r.provider = $1` + filtered
)

// List is the asker's referrals, oldest clock first, each audited as shown.
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
	query := listOfPrison
	if who.Role == staff.Provider {
		query = listOfProvider
	}
	err = tx.Select(ctx, &page.Items, query, who.Organisation(), string(b.state), today.Add(-LiveDays), b.from, b.to, b.since,
		b.after.Key, b.after.ID, b.limit+1)
	if err != nil {
		return page, err
	}
	if len(page.Items) > b.limit {
		page.Items = page.Items[:b.limit]
		next := page.Items[b.limit-1].place().String()
		page.NextCursor = &next
	}
	return page, open(ctx, tx, who, now, page.Items)
}

func (r *Referral) place() cursor {
	if r.ReleaseOn().IsZero() {
		return cursor{Key: "9999-12-31", ID: r.ID}
	}
	return cursor{Key: r.ReleaseOn().String(), ID: r.ID}
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
