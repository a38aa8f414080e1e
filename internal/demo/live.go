package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/pickup"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

const (
	harbour   = "HARBOUR"
	aheadDays = 21
)

// step is one thing that somebody did, at the moment they did it.
type step struct {
	at time.Time
	do func(ctx context.Context, tx *db.Tx, now time.Time) error
	as staff.Who
}

// life plays the last five weeks and the next three through the service's own acts, in the order in
// which they would have happened, so that every worklist has something in it.
type life struct {
	*inventor
	pool  *db.Pool
	now   time.Time
	today day.Date
	steps []step
}

// Live plays it. Slots must be open from five weeks ago on.
func Live(ctx context.Context, pool *db.Pool, now time.Time) error {
	l := &life{inventor: newInventor(day.Of(now)), pool: pool, now: now, today: day.Of(now)}
	l.used = 5000 // past the numbers of the second cohort's files
	for offset := -liveDays; offset <= aheadDays; offset++ {
		l.person(l.today.Add(offset), offset)
	}
	l.dateUnknown()
	slices.SortStableFunc(l.steps, func(a, b step) int { return a.at.Compare(b.at) })
	for i := 0; i < len(l.steps); i++ { // steps may add later ones
		s := l.steps[i]
		if s.at.After(now) {
			continue
		}
		if err := pool.Act(ctx, s.as.Scope(), func(tx *db.Tx) error { return s.do(ctx, tx, s.at) }); err != nil && !isAnswer(err) {
			return fmt.Errorf("the demo's step of %s: %w", s.at.Format(time.DateTime), err)
		}
	}
	return nil
}

// isAnswer says whether err is something that the service answers to people, which may happen to
// invented people as to real ones.
func isAnswer(err error) bool {
	var invalid *problem.Invalid
	var conflict *problem.Conflict
	var missing *problem.NotFound
	return errors.As(err, &invalid) || errors.As(err, &conflict) || errors.As(err, &missing)
}

func prisonWorker(code string) staff.Who {
	return staff.Who{By: audit.By{Organisation: code, Actor: "demo", Via: "page"}, Role: staff.Prison, Name: "Demo"}
}

var providerWorker = staff.Who{By: audit.By{Organisation: harbour, Actor: "demo", Via: "page"}, Role: staff.Provider, Name: "Demo"}

// later adds a step in its place among those still to come.
func (l *life) later(at time.Time, as staff.Who, do func(ctx context.Context, tx *db.Tx, now time.Time) error) {
	i, _ := slices.BinarySearchFunc(l.steps, at, func(s step, at time.Time) int {
		if s.at.After(at) {
			return 1
		}
		return -1
	})
	l.steps = slices.Insert(l.steps, i, step{at: at, do: do, as: as})
}

func (l *life) draft(p invented, prison string, referredOn day.Date) referral.Draft {
	d := referral.Draft{
		SenderReference: "DEMO-" + p.number, Prison: prison, Provider: harbour,
		Person: referral.PersonDraft{PrisonNumber: p.number, GivenName: p.given, FamilyName: p.family,
			DateOfBirth: p.born.String(), Sex: map[string]string{"Male": "male", "Female": "female"}[p.sex]},
		ReferredOn: referredOn.String(), Substances: p.drugs,
		Consent: referral.ConsentDraft{ShareWithProvider: "given", RecordedOn: referredOn.String()},
	}
	yes := true
	d.AttendsSMART, d.NaloxoneSupplied = &yes, &yes
	return d
}

// person plays one person whose release is planned for a day, offset days from today.
func (l *life) person(release day.Date, offset int) {
	p := l.inventor.person(l.today)
	prison := pick(l.inventor, []string{"EXI", "EXI", "EXI", "CWI", "DMI"})
	referred := release.Add(-12 + l.IntN(4))
	if !referred.Before(l.today) {
		referred = l.today.Add(-1 - l.IntN(3))
	}
	d := l.draft(p, prison, referred)
	d.PlannedReleaseDate, d.ReleaseKind, d.ReleaseDateCertainty = release.String(), "conditional", "expected"
	if slices.Contains(p.drugs, "Heroin") && l.IntN(2) == 0 {
		d.OpioidSubstitution = &referral.SubstitutionDraft{Medicine: "methadone", BridgingUntil: release.Add(7).String()}
	}
	var id uuid.UUID
	l.later(referred.At(10, l.IntN(60)), prisonWorker(prison), func(ctx context.Context, tx *db.Tx, now time.Time) error {
		made, err := referral.Make(ctx, tx, prisonWorker(prison), now, d)
		if err != nil {
			return err
		}
		id = made.ID
		return nil
	})
	if offset%9 == 4 {
		l.later(l.now.Add(-time.Duration(1+l.IntN(20))*time.Hour), prisonWorker(prison), l.moveDate(&id, prison, release.Add(2)))
	}
	unconfirmed := offset < 0 && offset%11 == -3 // passed, and nobody has confirmed it
	if offset <= 0 && !unconfirmed {
		l.later(release.At(11, l.IntN(60)), prisonWorker(prison), l.release(&id, prison, release))
		l.later(release.At(12, 0), providerWorker, l.follow(&id, release))
	}
}

// dateUnknown plays two people whose release date nobody knows yet.
func (l *life) dateUnknown() {
	for range 2 {
		d := l.draft(l.inventor.person(l.today), "EXI", l.today.Add(-2))
		d.ReleaseDateUnknownReason = "awaiting the parole board"
		l.later(l.today.Add(-2).At(15, l.IntN(60)), prisonWorker("EXI"), func(ctx context.Context, tx *db.Tx, now time.Time) error {
			_, err := referral.Make(ctx, tx, prisonWorker("EXI"), now, d)
			return err
		})
	}
}

func (l *life) moveDate(id *uuid.UUID, prison string, to day.Date) func(context.Context, *db.Tx, time.Time) error {
	return func(ctx context.Context, tx *db.Tx, now time.Time) error {
		_, err := referral.ChangeDate(ctx, tx, prisonWorker(prison), now, *id,
			referral.DateChange{PlannedReleaseDate: to.String(), Reason: "sentence recalculated", Certainty: "confirmed"})
		return err
	}
}

func (l *life) release(id *uuid.UUID, prison string, on day.Date) func(context.Context, *db.Tx, time.Time) error {
	return func(ctx context.Context, tx *db.Tx, now time.Time) error {
		_, err := referral.Release(ctx, tx, prisonWorker(prison), now, *id, referral.ReleaseDraft{ReleasedOn: on.String(), Reason: "RELEASED"})
		return err
	}
}

// follow plays what became of the appointment: most attend and are picked up, some miss it and are
// booked again, some have nothing recorded, a few end otherwise.
func (l *life) follow(id *uuid.UUID, released day.Date) func(context.Context, *db.Tx, time.Time) error {
	return func(ctx context.Context, tx *db.Tx, now time.Time) error {
		booked, err := appointment.Open(ctx, tx, *id)
		if err != nil || booked == nil || booked.EndsAt == nil {
			return err
		}
		after := booked.EndsAt.Add(time.Hour)
		switch chance := l.IntN(20); {
		case chance < 11:
			l.later(after, providerWorker, l.attend(booked.ID, *id))
		case chance < 15:
			l.later(after, providerWorker, l.miss(booked.ID, *id, chance%2 == 0))
		case chance < 16:
			l.later(released.Add(6).At(16, 0), providerWorker, l.contact(*id, "cjit", released.Add(6)))
		case chance < 17:
			l.later(released.Add(9).At(9, 30), providerWorker, l.close(*id, "returned_to_custody", released.Add(8)))
		}
		return nil
	}
}

func (l *life) attend(booked, id uuid.UUID) func(context.Context, *db.Tx, time.Time) error {
	return func(ctx context.Context, tx *db.Tx, now time.Time) error {
		if _, _, err := appointment.RecordOutcome(ctx, tx, providerWorker, now, booked, appointment.Outcome{Outcome: "attended"}); err != nil {
			return err
		}
		_, err := pickup.Confirm(ctx, tx, providerWorker, now, id, pickup.Draft{PickedUpOn: day.Of(now).String(), Kind: "new_episode"})
		return err
	}
}

func (l *life) miss(booked, id uuid.UUID, again bool) func(context.Context, *db.Tx, time.Time) error {
	return func(ctx context.Context, tx *db.Tx, now time.Time) error {
		_, _, err := appointment.RecordOutcome(ctx, tx, providerWorker, now, booked,
			appointment.Outcome{Outcome: "did_not_attend", Reason: "none_given"})
		if err != nil || !again {
			return err
		}
		_, err = appointment.Book(ctx, tx, providerWorker, now, id, nil, "")
		return err
	}
}

func (l *life) contact(id uuid.UUID, kind string, on day.Date) func(context.Context, *db.Tx, time.Time) error {
	return func(ctx context.Context, tx *db.Tx, now time.Time) error {
		_, err := pickup.Contact(ctx, tx, providerWorker, now, id, pickup.ContactDraft{Kind: kind, On: on.String()})
		return err
	}
}

func (l *life) close(id uuid.UUID, reason string, on day.Date) func(context.Context, *db.Tx, time.Time) error {
	return func(ctx context.Context, tx *db.Tx, now time.Time) error {
		_, err := pickup.Close(ctx, tx, providerWorker, now, id, pickup.ClosureDraft{Reason: reason, On: on.String()})
		return err
	}
}
