package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// worklist is a list as its page tells it: what it is called, what stands on it, and what it means
// when nothing does.
type worklist struct{ title, about, empty string }

var worklists = map[referral.ListName]worklist{
	referral.ReleaseUnconfirmed: {"Release unconfirmed", "Their planned release date has passed. Say what happened.",
		"Every release that was planned up to yesterday is confirmed or has a new date."},
	referral.ReleasingSoon: {"Releasing in 14 days", "Keep the release date true: the appointment follows it.",
		"Nobody whom you referred is planned to be released in the next 14 days."},
	referral.DateChanged: {"Date changed", "Their release date changed lately. Give the person a new card where the appointment moved.",
		"No release date has changed lately."},
	referral.WhatBecame: {"What became of your referrals", "People you referred who have been released.",
		"Nobody whom you referred has been released yet."},
	referral.UnbookedList: {"Unbooked", "They have no appointment. Book one before they are released.",
		"Everybody who can have an appointment has one."},
	referral.ArrivingThisWeek: {"Arriving this week", "Released, or planned to be, this week.",
		"Nobody who was referred to you is to be released this week."},
	referral.TodaysAppointments: {"Today's appointments", "Who is to be seen today.",
		"Nobody who was referred from prison has an appointment today."},
	referral.MissedToRebook: {"Missed, to rebook", "They missed an appointment and have no other.",
		"Everybody who missed an appointment has another, or was picked up."},
	referral.DayOneTo21: {"Day 1 to 21, not yet picked up", "Released in the last three weeks. A pick-up by day 21 counts towards the national measure.",
		"Everybody released in the last 21 days has been picked up."},
	referral.WindowClosing: {"Window closing", "The last 14 days of their three months.",
		"Nobody's three months end in the next 14 days without a pick-up."},
	referral.ToReview: {"To review", "What only a person can decide: rows of lists that may be about somebody known, and referrals that another prison has sent as well.",
		"Nothing waits for your decision."},
}

// homeBody is the worklists' page.
type homeBody struct {
	Lists               []listLink
	Title, About, Empty string
	Rows                []row
	AlcoholOnly, CJIT   bool
	Name                referral.ListName
	CSV                 string // the address of the whole list, to keep
	Next                string // the address of the next page; "" on the last
	First               string // the address of the first page, when this is not it
}

type listLink struct {
	Name    referral.ListName
	Title   string
	Count   int
	Current bool
}

// Path is where the list is: what is to review has a page of its own.
func (l listLink) Path() string {
	if l.Name == referral.ToReview {
		return "/review"
	}
	return "/?list=" + string(l.Name)
}

// row is one person on a list.
type row struct {
	referral.Item
	ReleaseWords, AppointmentWords, DueWords, MoveWords string
	Overdue                                             bool
	Marks                                               []mark
}

// mark is a tag on a row. It is told in words; its colour is an extra.
type mark struct{ Text, Colour string }

var (
	alcoholMark = mark{"Alcohol only", "govuk-tag--purple"}
	cjitMark    = mark{"CJIT", "govuk-tag--turquoise"}
)

// home is where everybody lands: worklists for those who work with people, else what their role has.
func (v *visit) home() error {
	switch v.who.Role {
	case staff.Prison, staff.Provider:
		return v.worklists()
	case staff.SubGroup:
		return v.seeOther("/report")
	}
	if v.who.Role == staff.Admin {
		return v.admin()
	}
	return v.draw(http.StatusOK, "desk.html", page{Title: v.organisation()})
}

func (v *visit) worklists() error {
	filter := referral.ListFilter{
		AlcoholOnly: v.web.QueryParam("alcohol_only") != "",
		CJIT:        v.web.QueryParam("cjit") != "",
		Cursor:      v.web.QueryParam("cursor"),
	}
	names := referral.Worklists(v.who.Role)
	name := referral.ListName(v.web.QueryParam("list"))
	if name != "" && !slices.Contains(names, name) {
		return notThere
	}
	var counts map[referral.ListName]int
	var items referral.Items
	err := v.act(func(tx *db.Tx) (err error) {
		if counts, err = v.counts(tx); err != nil {
			return err
		}
		if name == "" {
			name = firstWaiting(names, counts)
		}
		if name == referral.ToReview {
			return nil
		}
		items, err = referral.Worklist(v.ctx, tx, v.who, v.now, name, filter)
		return err
	})
	if err != nil {
		return err
	}
	if name == referral.ToReview {
		return v.seeOther(marked("/review", filter.AlcoholOnly, filter.CJIT))
	}
	body := homeBody{Name: name, AlcoholOnly: filter.AlcoholOnly, CJIT: filter.CJIT,
		Title: worklists[name].title, About: worklists[name].about, Empty: worklists[name].empty}
	body.Lists = listLinks(names, counts, name)
	for _, item := range items.Items {
		body.Rows = append(body.Rows, v.row(item))
	}
	if filter.AlcoholOnly || filter.CJIT {
		body.Empty = "Nobody on this list has the mark you chose. Take the filter off to see the whole list."
	}
	if filter.Cursor != "" {
		body.First = listAddress(name, filter, "")
	}
	if items.NextCursor != "" {
		body.Next = listAddress(name, filter, items.NextCursor)
	}
	body.CSV = strings.Replace(listAddress(name, filter, ""), "/", "/worklist.csv", 1)
	return v.draw(http.StatusOK, "home.html", page{Title: body.Title, Body: body})
}

// counts are how many stand on each list: what is to review are referrals that another prison has
// sent as well, and rows of files.
func (v *visit) counts(tx *db.Tx) (map[referral.ListName]int, error) {
	counts, err := referral.Counts(v.ctx, tx, v.who, v.now)
	if err != nil || v.who.Role != staff.Provider {
		return counts, err
	}
	n, err := reconcile.CountReviews(v.ctx, tx, v.who)
	counts[referral.ToReview] += n
	return counts, err
}

func listLinks(names []referral.ListName, counts map[referral.ListName]int, current referral.ListName) (links []listLink) {
	for _, n := range names {
		links = append(links, listLink{n, worklists[n].title, counts[n], n == current})
	}
	return links
}

// marked is an address with the filters that are on.
func marked(path string, alcoholOnly, cjit bool) string {
	q := url.Values{}
	if alcoholOnly {
		q.Set("alcohol_only", "yes")
	}
	if cjit {
		q.Set("cjit", "yes")
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

// firstWaiting is the first list with somebody on it, so that the page opens on work.
func firstWaiting(names []referral.ListName, counts map[referral.ListName]int) referral.ListName {
	for _, n := range names {
		if counts[n] > 0 {
			return n
		}
	}
	return names[0]
}

func listAddress(name referral.ListName, f referral.ListFilter, cursor string) string {
	q := url.Values{"list": {string(name)}}
	if f.AlcoholOnly {
		q.Set("alcohol_only", "yes")
	}
	if f.CJIT {
		q.Set("cjit", "yes")
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return "/?" + q.Encode()
}

func (v *visit) row(item referral.Item) row {
	today := day.Of(v.now)
	r := row{Item: item, ReleaseWords: releaseWords(today, item.ReleaseOn, item.Released), AppointmentWords: v.appointmentWords(item)}
	if item.WhoseMove != "" {
		r.MoveWords = v.move(item.WhoseMove)
	}
	if !item.DueOn.IsZero() {
		r.DueWords = capital(shortDay(today, item.DueOn))
	}
	if item.DaysLeft != nil {
		r.Overdue = *item.DaysLeft < 0
		if n := *item.DaysLeft; n != 0 {
			r.DueWords += " (" + left(n) + ")"
		}
	}
	if item.Alarm != nil {
		r.Marks = append(r.Marks, mark{alarmWords(*item.Alarm), "govuk-tag--red"})
	}
	if item.AppointmentFlag != "" {
		r.Marks = append(r.Marks, mark{capital(lower(item.AppointmentFlag)), "govuk-tag--orange"})
	}
	if item.AlcoholOnly {
		r.Marks = append(r.Marks, alcoholMark)
	}
	if item.CJIT {
		r.Marks = append(r.Marks, cjitMark)
	}
	return r
}

func alarmWords(workingDays int) string {
	switch workingDays {
	case 0:
		return "Release day reached"
	case 1:
		return "1 working day before release"
	}
	return fmt.Sprintf("%d working days or fewer before release", workingDays)
}

func releaseWords(today, on day.Date, released bool) string {
	switch {
	case on.IsZero():
		return "Date not known"
	case released:
		return "Released " + shortDay(today, on)
	}
	return "Planned " + shortDay(today, on)
}

func (v *visit) appointmentWords(item referral.Item) string {
	switch {
	case item.AppointmentAt != nil:
		return capital(shortDay(day.Of(v.now), day.Of(*item.AppointmentAt))) + " at " + clock(*item.AppointmentAt)
	case item.UnbookedReason != "":
		return "None: " + lower(item.UnbookedReason)
	}
	return "None"
}

// move is whose turn it is, seen from the reader.
func (v *visit) move(whose string) string {
	if whose == string(v.who.Role) {
		return "Yours"
	}
	return "The " + whose + "'s"
}
