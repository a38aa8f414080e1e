package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/jobs"
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
	referral.ReleasingSoon: {"Releasing in 14 days", "Keep the release date true: the appointment follows it. Last come those without a date: give it as soon as it is known.",
		"Nobody whom you referred is planned to be released in the next 14 days, and everybody has a date."},
	referral.DateChanged: {"Date changed", "Their release date or their appointment changed lately. Give the person a new card where the appointment moved.",
		"No release date has changed lately."},
	referral.WhatBecame: {"What became of your referrals", "People you referred who have been released.",
		"Nobody whom you referred has been released yet."},
	referral.UnbookedList: {"Unbooked", "They have no appointment. Book one before they are released.",
		"Everybody who can have an appointment has one."},
	referral.ArrivingThisWeek: {"Arriving this week", "Released today, or planned to be today or in the next six days. First, whatever the day: those whose appointment comes after their bridging prescription ends.",
		"Nobody who was referred to you is to be released this week."},
	referral.TodaysAppointments: {"Today's appointments", "Who is to be seen today, and whose last appointment has no outcome yet.",
		"Nobody has an appointment today, and every earlier one has its outcome."},
	referral.MissedToRebook: {"Missed, to rebook", "They missed an appointment and have no other, or theirs cannot be held since the clinic was closed, or three weeks have passed since their release without a pick-up being confirmed.",
		"Everybody who missed an appointment has another, and whoever has been out for three weeks was picked up."},
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
	Sorting             sorting
	Name                referral.ListName
	CSV                 string // the address of the whole list, to keep
	Next                string // the address of the next page; "" on the last
	First               string // the address of the first page, when this is not it
	Silences            []string
}

type listLink struct {
	Name    referral.ListName
	Title   string
	Count   string
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
	if err := v.findKeptForms(); err != nil {
		return err
	}
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

// worklists shows one of them: the one that is asked for, else the first with somebody on it.
func (v *visit) worklists() error {
	names := referral.Worklists(v.who.Role)
	name := referral.ListName(v.web.QueryParam("list"))
	if name != "" && !slices.Contains(names, name) {
		return notThere
	}
	filter, status := v.listFilter(), http.StatusOK
	counts, items, err := v.worklist(&name, filter)
	wrong, err := invalid(err)
	if err != nil {
		return err
	}
	var mistakes faults
	if wrong != nil {
		status = http.StatusUnprocessableEntity
		filter, mistakes = asTyped(filter, wrong)
		if counts, items, err = v.worklist(&name, filter); err != nil {
			return err
		}
	}
	if name == referral.ToReview {
		return v.seeOther(narrowed("/review", filter))
	}
	body := v.homeBody(name, filter, items)
	body.Lists = listLinks(names, counts, name)
	if body.Silences, err = v.silences(); err != nil {
		return err
	}
	return v.draw(status, "home.html", page{Title: body.Title, Faults: mistakes, Done: v.done(), Body: body})
}

// worklist reads a page of a list, and how many stand on each; without a name it finds one.
func (v *visit) worklist(name *referral.ListName, filter referral.ListFilter) (counts map[referral.ListName]int, items referral.Items, err error) {
	err = v.act(func(tx *db.Tx) (err error) {
		if counts, err = v.counts(tx); err != nil {
			return err
		}
		if *name == "" {
			*name = firstWaiting(referral.Worklists(v.who.Role), counts)
		}
		if *name == referral.ToReview {
			return nil
		}
		items, err = referral.Worklist(v.ctx, tx, v.who, v.now, *name, filter)
		return err
	})
	return counts, items, err
}

func (v *visit) homeBody(name referral.ListName, filter referral.ListFilter, items referral.Items) homeBody {
	told := worklists[name]
	body := homeBody{Name: name, Sorting: v.sorting(name, filter), Title: told.title, About: told.about, Empty: told.empty,
		CSV: narrowed("/worklist.csv", filter, "list", string(name))}
	for _, item := range items.Items {
		body.Rows = append(body.Rows, v.row(item))
	}
	if narrows(filter) {
		body.Empty = "Nobody on this list is as you chose. Take the filters off to see the whole list."
	}
	if filter.Cursor != "" {
		body.First = narrowed("/", filter, "list", string(name))
	}
	if items.NextCursor != "" {
		body.Next = narrowed("/", filter, "list", string(name), "cursor", items.NextCursor)
	}
	return body
}

// silences are what a provider is told at once: which prison that usually refers has gone quiet, and which report did
// not go out. A prison is told of itself alone.
func (v *visit) silences() (words []string, err error) {
	found, err := jobs.Silences(v.ctx, v.Pool, v.now)
	for _, s := range found {
		if v.who.Role == staff.Provider && s.Note || s.Of == v.who.Organisation() {
			words = append(words, s.Words)
		}
	}
	return words, err
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
		links = append(links, listLink{n, worklists[n].title, bounded(counts[n]), n == current})
	}
	return links
}

// bounded is a count in figures as far as lists are counted.
func bounded(n int) string {
	if n >= referral.Counted {
		return fmt.Sprintf("%d+", referral.Counted-1)
	}
	return fmt.Sprint(n)
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

func (v *visit) row(item referral.Item) row {
	today := day.Of(v.now)
	r := row{Item: item, ReleaseWords: releaseWords(today, item.ReleaseOn, item.Released), AppointmentWords: v.appointmentWords(item)}
	if item.WhoseMove != "" {
		r.MoveWords = v.move(item.WhoseMove)
	}
	switch {
	case !item.DueOn.IsZero():
		r.DueWords = capital(shortDay(today, item.DueOn))
	case item.WhoseMove != "":
		r.DueWords = "As soon as a date is known"
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
	r.Marks = append(r.Marks, marksOf(item.AlcoholOnly, item.CJIT)...)
	return r
}

// marksOf are the two marks that every list has.
func marksOf(alcoholOnly, cjit bool) (marks []mark) {
	if alcoholOnly {
		marks = append(marks, alcoholMark)
	}
	if cjit {
		marks = append(marks, cjitMark)
	}
	return marks
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
		return v.atWords(*item.AppointmentAt)
	case item.UnbookedReason != "":
		return "None: " + lower(item.UnbookedReason)
	}
	return "None"
}

// atWords is a moment in a table: "Tomorrow at 9:30am", "Mon 8 Jan at 2pm".
func (v *visit) atWords(at time.Time) string {
	return capital(shortDay(day.Of(v.now), day.Of(at))) + " at " + clock(at)
}

// move is whose turn it is, seen from the reader.
func (v *visit) move(whose string) string {
	if whose == string(v.who.Role) {
		return "Yours"
	}
	return "The " + whose + "'s"
}
