package web

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// daysToChoose is how far the page of a choice reaches: three weeks, as the rule does, and some more.
const daysToChoose = 35

// offerSlots puts the times of one day onto the page, and links to the other days that have any.
func (v *visit) offerSlots(body *actBody) error {
	first := day.Of(v.now)
	if on := body.R.ReleaseOn(); on.After(first) {
		first = on
	}
	return v.act(func(tx *db.Tx) error {
		free, err := appointment.Slots(v.ctx, tx, v.now, v.who.Organisation(), first, first.Add(daysToChoose))
		if err != nil {
			return err
		}
		chosen := v.chosenDay(first, free)
		body.Days = v.dayLinks(body.R.ID, free, first, chosen)
		slots, err := appointment.OpenSlotsOf(v.ctx, tx, v.now, v.who.Organisation(), chosen)
		if err != nil {
			return err
		}
		body.Fields = slotFields(chosen, slots)
		return nil
	})
}

// chosenDay is the one in the address, else the first with a free place.
func (v *visit) chosenDay(first day.Date, free []appointment.Slot) day.Date {
	if on, err := day.Parse(v.web.QueryParam("day")); err == nil && !on.Before(first) {
		return on
	}
	if len(free) > 0 {
		return day.Of(free[0].StartsAt)
	}
	return first
}

// dayLinks lead to every day of the weeks that the page reaches, except those without any clinic.
func (v *visit) dayLinks(id uuid.UUID, free []appointment.Slot, first, chosen day.Date) (links []link) {
	places := map[day.Date]int{}
	for _, s := range free {
		places[day.Of(s.StartsAt)] += s.Free
	}
	for on := first; !on.After(first.Add(daysToChoose)); on = on.Add(1) {
		if places[on] == 0 && on != chosen {
			continue
		}
		links = append(links, link{"/referrals/" + id.String() + "/slot?day=" + on.String(),
			fmt.Sprintf("%s (%d free)", capital(shortDay(day.Of(v.now), on)), places[on]), on == chosen})
	}
	return links
}

func slotFields(on day.Date, slots []appointment.Slot) []field {
	choice := field{Name: "slot_id", Label: longDay(on), Called: "a time", Kind: "radios"}
	for _, s := range slots {
		text := clock(s.StartsAt) + ", " + s.Place + ", " + freeWords(s.Free)
		if s.Prescribing {
			text += ", can prescribe"
		}
		choice.Options = append(choice.Options, option{Value: s.ID.String(), Text: text})
	}
	if len(slots) == 0 {
		choice.Hint = "No clinic is held on this day. Choose another."
	}
	return []field{choice, {Name: "overbook_reason", Label: "If the time is full: why overbook it?", Called: "why this time is to be overbooked", Kind: "text"}}
}

func freeWords(n int) string {
	switch n {
	case 0:
		return "full"
	case 1:
		return "1 place free"
	}
	return fmt.Sprintf("%d places free", n)
}

func bookSlot(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	id, err := uuid.Parse(typed["slot_id"])
	if err != nil {
		return problem.Wrong("slot_id", "required", "Select a time")
	}
	_, err = appointment.Book(v.ctx, tx, v.who, v.now, r.ID, &id, typed["overbook_reason"])
	if full := (*problem.Conflict)(nil); errors.As(err, &full) && full.Code == "slot_taken" {
		return problem.Wrong("overbook_reason", "full", "No place is free at this time any more: choose another, or enter why it is to be overbooked")
	}
	return err
}
