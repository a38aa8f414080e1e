// Package appointment is when and where a person will be seen after release: the provider's clinics,
// the places in them, and which place a referral gets. A place holds one person, whatever arrives at once.
package appointment

import (
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
)

// Wish is what a referral asks of an appointment.
type Wish struct {
	ReferralID    uuid.UUID
	Provider      string
	ReferredOn    day.Date // of what is recorded by hand alone: no place is sought by it
	ReleaseOn     day.Date // planned, or actual once released; none when unknown
	Released      bool
	Prescribing   bool     // on opioid substitution: only a prescribing clinic will do
	BridgingUntil day.Date // last day of the bridging prescription; none where there is none
}

// Appointment is a time at which a provider will see, or saw, the person of a referral. StartsAt and
// EndsAt are nil where only the day is known: after a drop-in, or from a provider's list.
type Appointment struct {
	ID            uuid.UUID  `json:"id" db:"id"`
	StartsAt      *time.Time `json:"starts_at" db:"starts_at"`
	EndsAt        *time.Time `json:"ends_at" db:"ends_at"`
	Clinic        string     `json:"clinic" db:"clinic"`
	Place         string     `json:"place" db:"place"`
	Address       string     `json:"address" db:"address"`
	AskFor        string     `json:"ask_for" db:"ask_for"`
	Telephone     string     `json:"telephone" db:"telephone"`
	Attempt       int        `json:"attempt" db:"attempt"`
	Late          bool       `json:"late" db:"late"`                     // outside the target, since nothing inside it was free
	AfterBridging bool       `json:"after_bridging" db:"after_bridging"` // after the bridging prescription ends
	Outcome       *string    `json:"outcome" db:"outcome"`               // attended, attended_late, did_not_attend, cancelled

	ReferralID    uuid.UUID  `json:"-" db:"referral_id"`
	Provider      string     `json:"-" db:"provider"`
	SlotID        *uuid.UUID `json:"-" db:"slot_id"`
	OnDay         day.Date   `json:"-" db:"on_day"`
	Directions    string     `json:"-" db:"directions"`
	Prescribing   bool       `json:"-" db:"prescribing"`    // whether its clinic is
	Overbooked    bool       `json:"-" db:"overbooked"`     // staff put it into a full slot by hand
	NotHeld       bool       `json:"-" db:"not_held"`       // its day or its clinic was closed, or the clinic has other times: nobody is seen then any more
	NoRoom        bool       `json:"-" db:"no_room"`        // as many people are not seen then any more; whoever holds a card is
	OutcomeReason *string    `json:"-" db:"outcome_reason"` // acceptable, none_given, our_fault; why, when the service cancelled
	CancelledBy   *string    `json:"-" db:"cancelled_by"`   // person, provider, prison, service
}

// Future says whether it has yet to start. One of which only the day is known is past at once.
func (a *Appointment) Future(now time.Time) bool {
	return a.StartsAt != nil && a.StartsAt.After(now)
}

// Slot is a time at which a clinic sees people, with how many places in it are free.
type Slot struct {
	ID       uuid.UUID `json:"id" db:"id"`
	Clinic   string    `json:"clinic" db:"clinic"`
	StartsAt time.Time `json:"starts_at" db:"starts_at"`
	EndsAt   time.Time `json:"ends_at" db:"ends_at"`
	Free     int       `json:"free" db:"free"`

	Prescribing bool   `json:"-" db:"prescribing"`
	Place       string `json:"-" db:"place"`
}

// Why a live referral has no appointment (referral.unbooked_reason).
const (
	NoReleaseDate      = "no_release_date"
	BeyondOpenWeeks    = "beyond_open_weeks"
	ProviderClosed     = "provider_closed"
	NoPrescribing      = "no_prescribing_clinic"
	NoFreePlace        = "no_free_place_in_21_days"
	FlagOutsideTarget  = "outside_target" // referral.appointment_flag
	FlagAfterBridging  = "after_bridging"
	FlagNotHeld        = "day_closed"           // its day or its clinic was closed, or the clinic has other times
	releaseDateUnknown = "release_date_unknown" // why the service freed a place
	releaseDateMoved   = "release_date_moved"
	rebooked           = "rebooked"
)

// Moved is what a changed or confirmed release date did to the appointment. Old and New are the same
// when the place was kept; New is nil with a Reason when no other could be had. After the release, a
// New that is not Old is to be told to the person, who holds a card with the old time.
type Moved struct {
	Old    *Appointment `json:"old"`
	New    *Appointment `json:"new"`
	Reason string       `json:"-"`
	Flag   string       `json:"-"` // outside_target or after_bridging: kept, since the person holds the card
}

// The words of the API for what became of an appointment, in the order in which the pages offer them.
var (
	Outcomes       = []string{"attended", "attended_late", "did_not_attend", "cancelled"}
	OutcomeReasons = []string{"acceptable", "none_given", "our_fault"}
	cancellers     = []string{"person", "provider", "prison"}
)

// Outcome is what became of an appointment, as staff report it.
type Outcome struct {
	Outcome          string // attended, attended_late, did_not_attend, cancelled
	Reason           string // acceptable, none_given, our_fault; for one missed (none_given when left out) or cancelled
	CancelledBy      string // person, provider, prison; needed for cancelled
	CorrectionReason string // why an outcome recorded before was wrong
}
