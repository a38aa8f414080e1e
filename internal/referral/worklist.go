package referral

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// ListName is a worklist's name in addresses; Worklists says which a role has.
type ListName string

const (
	ReleaseUnconfirmed ListName = "release_unconfirmed"
	ReleasingSoon      ListName = "releasing_in_14_days"
	DateChanged        ListName = "date_changed"
	WhatBecame         ListName = "what_became"
	UnbookedList       ListName = "unbooked"
	ArrivingThisWeek   ListName = "arriving_this_week"
	TodaysAppointments ListName = "todays_appointments"
	MissedToRebook     ListName = "missed_to_rebook"
	DayOneTo21         ListName = "day_1_to_21"
	WindowClosing      ListName = "window_closing"
	ToReview           ListName = "to_review" // another prison has sent the same; matches of files are reconcile's
)

// Worklists are the lists that a role has, in the order of its page.
func Worklists(role staff.Role) []ListName {
	switch role {
	case staff.Prison:
		return []ListName{ReleaseUnconfirmed, ReleasingSoon, DateChanged, WhatBecame}
	case staff.Provider:
		return []ListName{UnbookedList, ArrivingThisWeek, TodaysAppointments, MissedToRebook, DayOneTo21, WindowClosing, ToReview}
	}
	return nil
}

// Item is one row of a worklist.
type Item struct {
	ID              uuid.UUID  `json:"id"`
	Reference       string     `json:"reference"`
	Name            string     `json:"name"`
	State           State      `json:"state"`
	ReleaseOn       day.Date   `json:"release_on"` // actual or planned
	Released        bool       `json:"released"`
	DueOn           day.Date   `json:"due_on"`
	DaysLeft        *int       `json:"days_left"`  // until DueOn; negative when overdue; null when nothing is due
	WhoseMove       string     `json:"whose_move"` // prison, provider or ""
	Alarm           *int       `json:"alarm"`      // of an unbooked one: 5, 2 or 0 working days before release are reached
	UnbookedReason  Text       `json:"unbooked_reason"`
	AppointmentFlag Text       `json:"appointment_flag"`
	AppointmentAt   *time.Time `json:"appointment_at"`
	AlcoholOnly     bool       `json:"alcohol_only"`
	CJIT            bool       `json:"cjit"`
}

// ListFilter narrows a worklist, by its marks or to one state, and says in which order it is read.
type ListFilter struct {
	AlcoholOnly, CJIT bool
	State             State // "" is any
	Order             Order // one of OrdersOf; "" is ByClock
	Cursor            string
}

// OrdersOf are the orders that a worklist can be read in: where hardly anybody has an appointment, none is by appointment.
func OrdersOf(name ListName) []Order { return lists[name].orders }

// StatesOf are the states that somebody on a worklist can be in.
func StatesOf(name ListName, today day.Date) (states []State) {
	for _, s := range byNeed {
		if len(ofStates(lists[name].pieces(today, today), today, s)) > 0 {
			states = append(states, s)
		}
	}
	return states
}

// Items is one page of a worklist, at most 50; NextCursor is "" on the last.
type Items struct {
	Items      []Item `json:"items"`
	NextCursor string `json:"next_cursor"`
}

// listRow is a worklist's row as the database has it.
type listRow struct {
	ID            uuid.UUID     `db:"id"`
	Reference     string        `db:"reference"`
	PersonID      uuid.NullUUID `db:"person_id"`
	Number        []byte        `db:"prison_number_bix"`
	Identity      []byte        `db:"identity_sealed"`
	AppointmentAt *time.Time    `db:"appointment_at"`
	CJIT          bool          `db:"cjit"`
	Provider      Text          `db:"provider"`
	Planned       day.Date      `db:"planned_release_on"`
	Released      day.Date      `db:"released_on"`
	Unbooked      Text          `db:"unbooked_reason"`
	Flag          Text          `db:"appointment_flag"`
	Withdrawn     day.Date      `db:"withdrawn_on"`
	Closed        bool          `db:"closed"`
	PickedUp      day.Date      `db:"picked_up_on"`
	Group         string        `db:"substance_group"`
}

func (row listRow) facts() Facts {
	return Facts{
		Provider: row.Provider, PlannedReleaseDate: row.Planned, ReleasedOn: row.Released, UnbookedReason: row.Unbooked,
		AppointmentFlag: row.Flag, WithdrawnOn: row.Withdrawn, Closed: row.Closed, PickedUpOn: row.PickedUp,
	}
}

// Worklist is one page of a list, oldest clock first unless another order is asked for. Everybody it shows is audited
// in the same transaction. A list that the asker's role does not have is not found.
func Worklist(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, name ListName, f ListFilter) (Items, error) {
	page := Items{Items: []Item{}}
	l, ok := lists[name]
	if !ok || l.role != who.Role {
		return page, &problem.NotFound{What: "worklist"}
	}
	today := day.Of(now)
	after, err := l.checked(f)
	if err != nil {
		return page, err
	}
	ids, next, err := wanted{
		who: who, runs: l.runs(f.Order, f.State, today, unconfirmedUntil(tx.Rules.Calendar, today)), today: today,
		alcoholOnly: f.AlcoholOnly, cjit: f.CJIT, after: after, limit: usualPage,
	}.find(ctx, tx)
	if err != nil {
		return page, err
	}
	var rows []listRow
	if err := tx.Select(ctx, &rows, listRows, pq.Array(ids)); err != nil {
		return page, err
	}
	people := make([]uuid.NullUUID, len(rows))
	for i, row := range inOrder(ids, rows, func(r *listRow) uuid.UUID { return r.ID }) {
		item, err := l.item(tx, row, today)
		if err != nil {
			return page, err
		}
		page.Items, people[i] = append(page.Items, item), row.PersonID
	}
	page.NextCursor = next
	return page, shown(ctx, tx, who, now, string(name), people...)
}

// checked reads where the page begins, and refuses what the list does not have.
func (l list) checked(f ListFilter) (cursor, error) {
	var wrong problem.Corrections
	if f.Order != "" && !slices.Contains(l.orders, f.Order) {
		wrong.Add("order", "not_recognised", noSuchOrder)
	}
	if f.State != "" && !f.State.Known() {
		wrong.Add("state", "not_recognised", noSuchState)
	}
	after, err := parseCursor(f.Cursor)
	return after, errors.Join(wrong.Err(), err)
}

// What is said of an address that somebody has changed by hand.
const (
	noSuchOrder = "This list cannot be sorted in that way."
	noSuchState = "There is no such state."
)

const listRows = `
	SELECT r.id, r.reference, r.person_id, r.provider, r.planned_release_on, r.released_on, r.unbooked_reason,
	  r.appointment_flag, r.withdrawn_on, r.closed, r.picked_up_on, r.substance_group, r.cjit,
	  p.prison_number_bix, p.identity_sealed, a.starts_at AS appointment_at
	FROM referral r
	JOIN person p ON p.id = r.person_id
	LEFT JOIN appointment a ON a.referral_id = r.id AND a.outcome IS NULL AND a.slot_id IS NOT NULL AND a.undone_at IS NULL
	WHERE r.id = ANY ($1)`

func (l list) item(tx *db.Tx, row listRow, today day.Date) (Item, error) {
	identity, err := person.OpenIdentity(tx.Keys, row.Number, row.Identity)
	if err != nil {
		return Item{}, err
	}
	f := row.facts()
	item := Item{
		ID: row.ID, Reference: row.Reference, Name: identity.GivenName + " " + identity.FamilyName,
		State: StateOf(f, today), ReleaseOn: f.ReleaseOn(), Released: !f.ReleasedOn.IsZero(), WhoseMove: f.whoseMove(today),
		UnbookedReason: f.UnbookedReason, AppointmentFlag: f.AppointmentFlag,
		AlcoholOnly: row.Group == config.AlcoholOnly, CJIT: row.CJIT,
	}
	if row.AppointmentAt != nil {
		at := row.AppointmentAt.In(day.London)
		item.AppointmentAt = &at
	}
	if item.DueOn = l.due(f, item.AppointmentAt, tx.Rules.Calendar); !item.DueOn.IsZero() && !item.State.Final() {
		left := item.DueOn.Sub(today)
		item.DaysLeft = &left
	}
	if item.State == Unbooked || f.UnbookedReason != "" && item.State == Released {
		item.Alarm = alarm(tx.Rules.Calendar, today, f.ReleaseOn())
	}
	return item, nil
}

// whoseMove says who has the next step (workflow.md, "States"): the prison keeps the release date true, finds one where none
// is known, and confirms the release; the provider books and sees the person.
func (f Facts) whoseMove(today day.Date) string {
	overdue := f.ReleasedOn.IsZero() && !f.PlannedReleaseDate.IsZero() && f.PlannedReleaseDate.Before(today)
	switch state := StateOf(f, today); {
	case state.Final():
		return ""
	case state == Booked || overdue || f.ReleaseOn().IsZero():
		return string(staff.Prison)
	}
	return string(staff.Provider)
}

// alarm is the last of 5, 2 and 0 working days before the release that has been reached; nil before.
func alarm(c day.Calendar, today, release day.Date) *int {
	if release.IsZero() {
		return nil
	}
	left := c.WorkingBetween(today, release)
	for _, step := range []int{0, 2, 5} {
		if left <= step {
			return &step
		}
	}
	return nil
}

// unconfirmedUntil is the last planned date whose next working day has come: a release that was due by
// then and is not confirmed is on the prison's list.
func unconfirmedUntil(c day.Calendar, today day.Date) day.Date {
	d := today.Add(-1)
	for c.AddWorking(d, 1).After(today) {
		d = d.Add(-1)
	}
	return d
}

// Counted is how far Counts counts: nobody needs to know how many more than that wait, and a list is never read to its
// end only to say so.
const Counted = 100

// Counts is how many stand on each list of the asker's role, up to Counted; nobody is shown.
func Counts(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time) (map[ListName]int, error) {
	if err := who.Must(staff.Prison, staff.Provider); err != nil {
		return nil, err
	}
	if err := plannedOnce(ctx, tx); err != nil {
		return nil, err
	}
	today, counts := day.Of(now), map[ListName]int{}
	for _, name := range Worklists(who.Role) {
		of := wanted{who: who, today: today}
		for _, r := range lists[name].runs(ByClock, "", today, unconfirmedUntil(tx.Rules.Calendar, today)) {
			if counts[name] == Counted {
				break
			}
			n, err := of.count(ctx, tx, r, Counted-counts[name])
			if err != nil {
				return nil, err
			}
			counts[name] += n
		}
	}
	return counts, nil
}
