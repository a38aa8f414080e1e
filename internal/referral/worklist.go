package referral

import (
	"context"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
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
	ToReview           ListName = "to_review" // referrals sent again by another prison; matches are reconcile's
)

// Item is one row of a worklist.
type Item struct {
	ID              uuid.UUID  `json:"id"`
	Reference       string     `json:"reference"`
	Name            string     `json:"name"`
	State           State      `json:"state"`
	ReleaseOn       day.Date   `json:"release_on"` // actual or planned
	Released        bool       `json:"released"`
	DueOn           day.Date   `json:"due_on"`
	DaysLeft        *int       `json:"days_left"`  // until DueOn; negative when overdue
	WhoseMove       string     `json:"whose_move"` // prison, provider or ""
	Alarm           *int       `json:"alarm"`      // unbooked: 5, 2 or 0 working days before release have been reached
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

// Worklist is one page of a list, oldest clock first; everybody shown is audited.
func Worklist(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, name ListName, f ListFilter) (Items, error) {
	return Items{}, errSoon
}

// Worklists are the lists that a role has, in the order of its page.
func Worklists(role staff.Role) []ListName { return nil }

// Counts is how many stand on each list of the asker's role.
func Counts(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time) (map[ListName]int, error) {
	return nil, errSoon
}
