package web

import (
	"errors"
	"fmt"
	"slices"

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
		days, err := appointment.SlotDays(v.ctx, tx, v.now, v.who.Organisation(), first, first.Add(daysToChoose))
		if err != nil {
			return err
		}
		chosen := v.chosenDay(first, days)
		for _, d := range days {
			body.Days = append(body.Days, link{"/referrals/" + body.R.ID.String() + "/slot?day=" + d.On.String(), v.dayWords(d), d.On == chosen})
		}
		slots, err := appointment.OpenSlotsOf(v.ctx, tx, v.now, v.who.Organisation(), chosen)
		if err != nil {
			return err
		}
		body.Fields = slotFields(chosen, slots)
		return nil
	})
}

// chosenDay is the one in the address, else the first with a free place.
func (v *visit) chosenDay(first day.Date, days []appointment.SlotDay) day.Date {
	if on, err := day.Parse(v.web.QueryParam("day")); err == nil && !on.Before(first) {
		return on
	}
	for _, d := range days {
		if d.Free > 0 {
			return d.On
		}
	}
	return first
}

func (v *visit) dayWords(d appointment.SlotDay) string {
	words := capital(shortDay(day.Of(v.now), d.On))
	if d.Free == 0 {
		return words + " (full)"
	}
	return fmt.Sprintf("%s (%d free)", words, d.Free)
}

// slotFields asks for a time; and why it is to be overbooked, where there is one that is full.
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
	fields := []field{choice}
	if slices.ContainsFunc(slots, func(s appointment.Slot) bool { return s.Free == 0 }) {
		fields = append(fields, field{Name: "overbook_reason", Label: "If the time is full: why overbook it?", Called: "why this time is to be overbooked", Kind: "text"})
	}
	return fields
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
