package referral

import (
	"context"
	"time"

	"github.com/google/uuid"

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

// ListFilter narrows a worklist by its marks.
type ListFilter struct {
	AlcoholOnly, CJIT bool
	Cursor            string
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
	Rank          int           `db:"rank"`
	Key           string        `db:"key"`
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

// Worklist is one page of a list, oldest clock first. Everybody it shows is audited in the same
// transaction. A list that the asker's role does not have is not found.
func Worklist(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, name ListName, f ListFilter) (Items, error) {
	page := Items{Items: []Item{}}
	l, ok := lists[name]
	if !ok || l.role != who.Role {
		return page, &problem.NotFound{What: "worklist"}
	}
	after, err := parseCursor(f.Cursor)
	if err != nil {
		return page, err
	}
	today := day.Of(now)
	if after == start {
		after = l.begin(today)
	}
	var rows []listRow
	err = tx.Select(ctx, &rows, l.query, who.Organisation(), today, unconfirmedUntil(tx.Rules.Calendar, today),
		f.AlcoholOnly, f.CJIT, after.Rank, after.Key, after.ID, usualPage+1)
	if err != nil {
		return page, err
	}
	if len(rows) > usualPage {
		rows = rows[:usualPage]
		last := rows[usualPage-1]
		page.NextCursor = cursor{last.Rank, last.Key, last.ID}.String()
	}
	people := make([]uuid.NullUUID, len(rows))
	for i, row := range rows {
		item, err := l.item(tx, row, today)
		if err != nil {
			return page, err
		}
		page.Items, people[i] = append(page.Items, item), row.PersonID
	}
	return page, shown(ctx, tx, who, now, string(name), people...)
}

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

// whoseMove says who has the next step (workflow.md, "States"): the prison keeps the release date true and
// confirms the release, the provider books and sees the person.
func (f Facts) whoseMove(today day.Date) string {
	overdue := f.ReleasedOn.IsZero() && !f.PlannedReleaseDate.IsZero() && f.PlannedReleaseDate.Before(today)
	switch state := StateOf(f, today); {
	case state.Final():
		return ""
	case state == Booked || overdue:
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

// Counts is how many stand on each list of the asker's role; nobody is shown.
func Counts(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time) (map[ListName]int, error) {
	query := countsOfPrison
	if who.Role == staff.Provider {
		query = countsOfProvider
	}
	if err := who.Must(staff.Prison, staff.Provider); err != nil {
		return nil, err
	}
	var rows []struct {
		Name ListName `db:"name"`
		N    int      `db:"n"`
	}
	today := day.Of(now)
	err := tx.Select(ctx, &rows, query, who.Organisation(), today, unconfirmedUntil(tx.Rules.Calendar, today))
	counts := map[ListName]int{}
	for _, row := range rows {
		counts[row.Name] = row.N
	}
	return counts, err
}
