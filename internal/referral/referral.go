// Package referral is one person's one release, from the first word about it to its end: what the
// prison sends, the date that moves, the release itself. Every act books, moves or frees the
// person's appointment in the same transaction, so that nobody is left without a next step.
package referral

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/timeline"
)

// State is what the events of a referral add up to (workflow.md, "States").
type State string

const (
	Booked      State = "booked"
	Unbooked    State = "unbooked"
	Released    State = "released"
	PickedUp    State = "picked_up"
	NotPickedUp State = "not_picked_up"
	Withdrawn   State = "withdrawn"
	Closed      State = "closed"
)

// States are all of them, in the order of the pathway.
func States() []State {
	return []State{Booked, Unbooked, Released, PickedUp, NotPickedUp, Withdrawn, Closed}
}

// Known says whether there is such a state.
func (s State) Known() bool {
	for _, known := range States() {
		if s == known {
			return true
		}
	}
	return false
}

// Final says whether nobody has anything left to do.
func (s State) Final() bool { return s != Booked && s != Unbooked && s != Released }

// The clocks that run from the day of release, in days. Both last days count.
const (
	TargetDays = 21 // M2 and C20: picked up within three weeks
	LiveDays   = 92 // three months: a pick-up later than this counts in no figure
)

// MostDaysAhead is how many days from today a release can be planned: further is a slip of the pen.
const MostDaysAhead = 400

const (
	mostMonthsBack  = 3
	oldestAge       = 110
	adult           = 18
	underAge        = "under 18"
	consentGiven    = "given"
	consentRefused  = "refused"
	consentNotKnown = "not_recorded"
)

// Facts are what is known of a referral besides names and notes; nothing here tells who it is.
type Facts struct {
	Prison               string             `json:"prison" db:"prison"`
	MovedFrom            Text               `json:"moved_from" db:"moved_from"`
	Provider             Text               `json:"provider" db:"provider"`
	ReferredOn           day.Date           `json:"referred_on" db:"referred_on"`
	PlannedReleaseDate   day.Date           `json:"planned_release_date" db:"planned_release_on"`
	ReleaseKind          Text               `json:"release_kind" db:"release_kind"`
	ReleaseDateCertainty Text               `json:"release_date_certainty" db:"release_date_certainty"`
	DateChangedAt        *time.Time         `json:"date_changed_at" db:"date_changed_at"`
	ReleasedOn           day.Date           `json:"released_on" db:"released_on"`
	Unplanned            bool               `json:"unplanned" db:"unplanned"` // released before the day of the referral
	SetAside             Text               `json:"set_aside" db:"set_aside"` // why it is in no figure; "" when it counts once released
	AgeAtRelease         *int               `json:"age_at_release" db:"age_at_release"`
	Sex                  string             `json:"sex" db:"sex"`
	Substances           pq.StringArray     `json:"substances" db:"substances"`
	SubstanceGroup       string             `json:"substance_group" db:"substance_group"`
	OpioidSubstitution   OpioidSubstitution `json:"opioid_substitution" db:"opioid_substitution"`
	NaloxoneSupplied     *bool              `json:"naloxone_supplied" db:"naloxone_supplied"` // given, not merely offered
	AttendsSMART         *bool              `json:"attends_smart" db:"attends_smart"`
	ReconnectReferred    *bool              `json:"reconnect_referred" db:"reconnect_referred"`
	Consent              Consent            `json:"consent" db:"consent"`
	UnbookedReason       Text               `json:"unbooked_reason" db:"unbooked_reason"`
	AppointmentFlag      Text               `json:"appointment_flag" db:"appointment_flag"` // outside_target or after_bridging
	WithdrawnOn          day.Date           `json:"withdrawn_on" db:"withdrawn_on"`
	WithdrawnReason      Text               `json:"withdrawn_reason" db:"withdrawn_reason"`
	Closed               bool               `json:"closed" db:"closed"`
	PickedUpOn           day.Date           `json:"picked_up_on" db:"picked_up_on"`
}

// OpioidSubstitution is the medicine somebody is on, and the last day of the prescription that
// bridges to the first appointment; without a medicine it is null.
type OpioidSubstitution struct {
	Medicine      Text     `json:"medicine" db:"medicine"`
	BridgingUntil day.Date `json:"bridging_until" db:"bridging_until"`
}

// Consent is what the person agreed to: given, refused or not_recorded.
type Consent struct {
	ShareWithProvider  Text     `json:"share_with_provider" db:"share"`
	ShareWithReconnect Text     `json:"share_with_reconnect" db:"reconnect"`
	RecordedOn         day.Date `json:"recorded_on" db:"recorded_on"`
}

// Referral is what we know of one person's one release.
type Referral struct {
	ID                       uuid.UUID  `json:"id" db:"id"`
	Reference                string     `json:"reference" db:"reference"`
	State                    State      `json:"state" db:"-"`
	Version                  int        `json:"version" db:"version"`
	SenderReference          Text       `json:"sender_reference" db:"-"`
	Person                   Person     `json:"person" db:"-"`
	Notes                    Text       `json:"notes" db:"-"`
	ReleaseDateUnknownReason Text       `json:"release_date_unknown_reason" db:"-"`
	Source                   string     `json:"source" db:"source"`
	EarlierID                *uuid.UUID `json:"earlier_id" db:"earlier_id"` // the referral of the release before this one
	Facts
	Appointment  *appointment.Appointment  `json:"appointment" db:"-"` // the one to come
	Appointments []appointment.Appointment `json:"appointments,omitempty" db:"-"`
	Timeline     []timeline.Entry          `json:"timeline,omitempty" db:"-"` // of Find alone, as are the appointments
	// EndedTogether, of Find alone, are the person's other referrals that the death recorded here ended.
	EndedTogether []Together `json:"ended_together,omitempty" db:"-"`

	ReceivedAt time.Time `json:"received_at" db:"received_at"`
	UpdatedAt  time.Time `json:"updated_at" db:"updated_at"`

	PersonID   uuid.NullUUID `json:"-" db:"person_id"`
	LaterID    *uuid.UUID    `json:"-" db:"-"`            // of Find alone: the referral of a later release, while this one is still open
	AskedForBy Text          `json:"-" db:"asked_for_by"` // another prison that has sent the same; for the provider to decide
	Detail     []byte        `json:"-" db:"detail_sealed"`
	CJIT       bool          `json:"-" db:"cjit"` // the criminal justice team has been in contact

	held was // as it stood when it was held
}

// Person is who is referred, as people read it.
type Person struct {
	PrisonNumber string   `json:"prison_number"`
	NHSNumber    Text     `json:"nhs_number"`
	GivenName    string   `json:"given_name"`
	FamilyName   string   `json:"family_name"`
	DateOfBirth  day.Date `json:"date_of_birth"`
	Sex          string   `json:"sex"`
	Telephone    Text     `json:"telephone"`
}

// StateOf is the state on a day: it follows from what is known and the date, and is stored nowhere.
// A pick-up stands whatever ended later; a release is "not picked up" from its 93rd day.
func StateOf(f Facts, today day.Date) State {
	switch {
	case !f.WithdrawnOn.IsZero():
		return Withdrawn
	case !f.PickedUpOn.IsZero():
		return PickedUp
	case f.Closed:
		return Closed
	case !f.ReleasedOn.IsZero() && today.Sub(f.ReleasedOn) > LiveDays:
		return NotPickedUp
	case !f.ReleasedOn.IsZero():
		return Released
	case f.UnbookedReason != "":
		return Unbooked
	}
	return Booked
}

// ReleaseOn is the day of release as far as it is known: the actual, else the planned one.
func (f Facts) ReleaseOn() day.Date {
	if !f.ReleasedOn.IsZero() {
		return f.ReleasedOn
	}
	return f.PlannedReleaseDate
}

// Made is the answer to a referral that was accepted.
type Made struct {
	ID             uuid.UUID                `json:"id"`
	Reference      string                   `json:"reference"`
	State          State                    `json:"state"`
	Appointment    *appointment.Appointment `json:"appointment"`
	UnbookedReason Text                     `json:"unbooked_reason"`
	SetAside       Text                     `json:"set_aside"` // "under 18": accepted, and in no figure
	Unplanned      bool                     `json:"unplanned"`
	EarlierID      *uuid.UUID               `json:"earlier_id"`
	Again          bool                     `json:"-"` // it had been sent before, and nothing was stored
}

// Changed is the answer to every later act: where the referral stands, and the appointment before
// and after (the same one where it was kept).
type Changed struct {
	ID              uuid.UUID                `json:"id"`
	Reference       string                   `json:"reference"`
	State           State                    `json:"state"`
	Version         int                      `json:"version"`
	Prison          string                   `json:"prison"`
	OldAppointment  *appointment.Appointment `json:"old_appointment"`
	NewAppointment  *appointment.Appointment `json:"new_appointment"`
	UnbookedReason  Text                     `json:"unbooked_reason"`
	AppointmentFlag Text                     `json:"appointment_flag"`
	Unchanged       bool                     `json:"unchanged"` // nothing new was said, and nothing stored
	EndedTogether   []Together               `json:"ended_together,omitempty"`
}

// equal says whether two sets of facts say the same.
func (f Facts) equal(g Facts) bool { return reflect.DeepEqual(f, g) }

// MarshalJSON writes no substitution as null.
func (o OpioidSubstitution) MarshalJSON() ([]byte, error) {
	if o.Medicine == "" {
		return []byte("null"), nil
	}
	type plain OpioidSubstitution
	return json.Marshal(plain(o))
}
