package api

import (
	"net/http"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// slotDays is how far ahead slots are listed when no last day is named.
const slotDays = 28

// slots are the times at which a provider has places free. They are nobody's personal data.
func slots(c *call) (answer, error) {
	q, err := asked(c, "provider", "from", "to")
	if err != nil {
		return answer{}, err
	}
	whose, from, to := q.text("provider"), q.date("from"), q.date("to")
	if whose == "" && c.who.Role == staff.Provider {
		whose = c.who.Organisation()
	}
	if _, known := c.Pool.Rules.Provider(whose); whose == "" {
		q.need("provider")
	} else if !known {
		q.wrong.Add("provider", "not_recognised", "There is no such provider here.")
	}
	if from.IsZero() {
		from = day.Of(c.now)
	}
	if to.IsZero() {
		to = from.Add(slotDays)
	}
	if err := q.wrong.Err(); err != nil {
		return answer{}, err
	}
	if to.Before(from) {
		return answer{}, problem.Wrong("to", "range", "This lies before from.")
	}
	return c.reading(c.who.Scope(), func(tx *db.Tx) (any, error) {
		free, err := appointment.Slots(c.ctx, tx, c.now, whose, from, to)
		return items[appointment.Slot]{Items: free}, err
	})
}

// items is a list that comes whole.
type items[T any] struct {
	Items []T `json:"items"`
}

// booking is which slot the provider chose; none is the next free by the rule.
type booking struct {
	SlotID         *uuid.UUID `json:"slot_id"`
	OverbookReason string     `json:"overbook_reason"`
}

var book = posted(func(c *call, tx *db.Tx, b booking) (answer, error) {
	booked, err := appointment.Book(c.ctx, tx, c.who, c.now, c.id, b.SlotID, b.OverbookReason)
	return answer{status: http.StatusCreated, body: booked, about: c.id}, err
})

// sighting is what became of an appointment, as typed.
type sighting struct {
	Outcome          string `json:"outcome"`
	Reason           string `json:"reason"`
	CancelledBy      string `json:"cancelled_by"`
	CorrectionReason string `json:"correction_reason"`
}

// recorded is the appointment with its outcome and, where the person still has to be seen, the next
// free place: offered, not booked.
type recorded struct {
	ReferralID  uuid.UUID                `json:"referral_id"`
	Appointment *appointment.Appointment `json:"appointment"`
	NextFree    *appointment.Slot        `json:"next_free"`
}

var outcome = posted(func(c *call, tx *db.Tx, s sighting) (answer, error) {
	of, a, err := appointment.RecordOutcome(c.ctx, tx, c.who, c.now, c.id, appointment.Outcome(s))
	if err != nil {
		return answer{}, err
	}
	next, err := c.nextFree(tx, of, s.Outcome)
	return ok(recorded{of, a, next}).on(of), err
})

// nextFree is looked up for whoever was not seen, as long as they are still to be.
func (c *call) nextFree(tx *db.Tx, of uuid.UUID, outcome string) (*appointment.Slot, error) {
	if outcome != "did_not_attend" && outcome != "cancelled" {
		return nil, nil
	}
	return appointment.Offer(c.ctx, tx, c.now, of)
}

// visit is somebody who came without an appointment.
type visit struct {
	AttendedOn string `json:"attended_on"`
}

var dropIn = posted(func(c *call, tx *db.Tx, v visit) (answer, error) {
	on, err := dated("attended_on", v.AttendedOn)
	if err != nil {
		return answer{}, err
	}
	r, err := referral.Hold(c.ctx, tx, c.who, c.id, 0)
	if err != nil {
		return answer{}, err
	}
	attended, err := appointment.DropIn(c.ctx, tx, c.who, c.now, c.id, string(r.Provider), on)
	return answer{status: http.StatusCreated, body: attended, about: c.id}, err
})

// dated is a day that has to be given.
func dated(field, text string) (day.Date, error) {
	if text == "" {
		return day.Date{}, problem.Wrong(field, "required", "This is needed, as 2023-12-31.")
	}
	d, err := day.Parse(text)
	if err != nil {
		return d, problem.Wrong(field, "date", "Write the date as 2023-12-31.")
	}
	return d, nil
}
