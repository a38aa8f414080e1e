package reconcile

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/referral"
)

// kept is a referral as files know it: the columns that a row of a prison's file can fill or change.
// Its JSON is a row of table referral, so that many can be stored in one statement.
type kept struct {
	ID           uuid.UUID      `json:"id" db:"id"`
	Reference    string         `json:"reference" db:"reference"`
	PersonID     *uuid.UUID     `json:"person_id" db:"person_id"`
	NamelessBix  hexBytes       `json:"nameless_bix" db:"nameless_bix"`
	Prison       string         `json:"prison" db:"prison"`
	MovedFrom    referral.Text  `json:"moved_from" db:"moved_from"`
	Provider     referral.Text  `json:"provider" db:"provider"`
	Source       string         `json:"source" db:"source"`
	EarlierID    *uuid.UUID     `json:"earlier_id" db:"earlier_id"`
	ReferredOn   day.Date       `json:"referred_on" db:"referred_on"`
	PlannedOn    day.Date       `json:"planned_release_on" db:"planned_release_on"`
	DateChanged  *time.Time     `json:"date_changed_at" db:"date_changed_at"`
	ReleasedOn   day.Date       `json:"released_on" db:"released_on"`
	Unplanned    bool           `json:"unplanned" db:"unplanned"`
	ReceptionOn  day.Date       `json:"reception_on" db:"reception_on"`
	ExitOn       day.Date       `json:"exit_on" db:"exit_on"`
	ExitReason   referral.Text  `json:"exit_reason" db:"exit_reason"`
	Discharge    referral.Text  `json:"discharge_reason" db:"discharge_reason"`
	Destination  referral.Text  `json:"destination" db:"destination"`
	Status       referral.Text  `json:"referral_status" db:"referral_status"`
	Consent      referral.Text  `json:"consent_share" db:"consent_share"`
	SetAside     referral.Text  `json:"set_aside" db:"set_aside"`
	Age          *int           `json:"age_at_release" db:"age_at_release"`
	Sex          string         `json:"sex" db:"sex"`
	Substances   pq.StringArray `json:"substances" db:"substances"`
	Group        string         `json:"substance_group" db:"substance_group"`
	Substitution referral.Text  `json:"opioid_substitution" db:"opioid_substitution"`
	Bridging     day.Date       `json:"bridging_until" db:"bridging_until"`
	Naloxone     *bool          `json:"naloxone_supplied" db:"naloxone_supplied"`
	SMART        *bool          `json:"attends_smart" db:"attends_smart"`
	RECONNECT    *bool          `json:"reconnect_referred" db:"reconnect_referred"`
	Detail       hexBytes       `json:"detail_sealed" db:"detail_sealed"`
	WithdrawnOn  day.Date       `json:"withdrawn_on" db:"withdrawn_on"`
	PickedUpOn   day.Date       `json:"-" db:"picked_up_on"`
	Closed       bool           `json:"-" db:"closed"`
	Version      int            `json:"version" db:"version"`
	ReceivedAt   time.Time      `json:"received_at" db:"received_at"`
	UpdatedAt    time.Time      `json:"updated_at" db:"updated_at"`
	KnownFrom    time.Time      `json:"known_from" db:"known_from"`

	// Said is the content of the file's row that last spoke of it; none where no file has.
	Said hexBytes `json:"-" db:"said"`

	fresh   bool  // not stored yet
	changed bool  // stored, and changed since
	was     *kept // as it was stored, once changed
}

// keptColumns are the columns above, for reading.
const keptColumns = `id, reference, person_id, nameless_bix, prison, moved_from, provider, source, earlier_id, referred_on,
  planned_release_on, date_changed_at, released_on, unplanned, reception_on, exit_on, exit_reason,
  discharge_reason, destination, referral_status, consent_share, set_aside, age_at_release, sex, substances, substance_group,
  opioid_substitution, bridging_until, naloxone_supplied, attends_smart, reconnect_referred, detail_sealed, withdrawn_on,
  picked_up_on, closed, version, received_at, updated_at, known_from`

// hexBytes travel in JSON as PostgreSQL writes bytea.
type hexBytes []byte

func (b hexBytes) MarshalJSON() ([]byte, error) {
	if len(b) == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(`\x` + hex.EncodeToString(b))
}

// Scan takes bytes from PostgreSQL; NULL is none.
func (b *hexBytes) Scan(from any) error {
	switch v := from.(type) {
	case nil:
		*b = nil
	case []byte:
		*b = slices.Clone(v)
	default:
		return fmt.Errorf("bytes cannot be read from a %T", from)
	}
	return nil
}

// awaits says that the person is still in prison, as far as is known.
func (k *kept) awaits() bool { return k.ReleasedOn.IsZero() && k.ExitOn.IsZero() }

// left is the day on which the person left the prison, by whatever door.
func (k *kept) left() day.Date {
	if !k.ReleasedOn.IsZero() {
		return k.ReleasedOn
	}
	return k.ExitOn
}

func (k *kept) on() day.Date {
	if k.awaits() {
		return k.PlannedOn
	}
	return k.left()
}

// live says that an appointment is, or may be, needed.
func (k *kept) live(today day.Date) bool {
	return k.Provider != "" && k.WithdrawnOn.IsZero() && k.PickedUpOn.IsZero() && !k.Closed &&
		(k.awaits() || today.Sub(k.left()) <= referral.LiveDays)
}

// asRow is what is known of the release in the words of a prison's row, so that one rule says whether
// it counts, whenever it is asked.
func (k *kept) asRow(born day.Date) PrisonRow {
	row := PrisonRow{BornOn: born, ExitOn: k.left(), PlannedOn: k.PlannedOn, DischargeReason: string(k.Discharge),
		ExitReason: string(k.ExitReason), Destination: string(k.Destination), ReferralStatus: string(k.Status)}
	if k.Consent == "refused" {
		row.Consent = "no"
	}
	return row
}

// bornBefore is a date of birth that gives the age: enough to judge a release again whose person is not opened.
func (k *kept) bornBefore() day.Date {
	if k.Age == nil || k.on().IsZero() {
		return day.New(1970, 1, 1)
	}
	return k.on().AddMonths(-12 * *k.Age)
}

// intake is what a row is taken in with.
type intake struct {
	prison   string
	provider string
	datCodes []string
	words    config.Vocabulary
	today    day.Date
	now      time.Time
}

// take puts into the record what the row says; what an optional cell leaves open stays. A release that
// is known is not taken back by a row that only plans it.
func (k *kept) take(row PrisonRow, in intake) {
	k.takeRelease(row, in)
	k.takeNeeds(row, in)
	if k.Prison != in.prison {
		if k.Prison != "" {
			k.MovedFrom = referral.Text(k.Prison)
		}
		k.Prison = in.prison
	}
	if on := k.on(); !on.IsZero() {
		age := day.Age(row.BornOn, on)
		k.Age = &age
	}
	k.stand(k.asRow(row.BornOn).Standing(in.datCodes), in.provider)
}

func (k *kept) takeRelease(row PrisonRow, in intake) {
	put(&k.ReferredOn, row.ReferredOn)
	put(&k.ReceptionOn, row.ReceptionOn)
	if !row.PlannedOn.IsZero() && k.PlannedOn != row.PlannedOn {
		if !k.fresh && k.awaits() {
			k.DateChanged = &in.now
		}
		k.PlannedOn = row.PlannedOn
	}
	if row.Awaits() && !k.ReleasedOn.IsZero() {
		return
	}
	k.ExitOn, k.ReleasedOn = row.ExitOn, day.Date{}
	k.ExitReason, k.Discharge = referral.Text(row.ExitReason), referral.Text(row.DischargeReason)
	putText(&k.Destination, row.Destination)
	putText(&k.Status, row.ReferralStatus)
	if !row.Awaits() && row.isRelease() {
		k.ReleasedOn = row.ExitOn
	}
	k.Unplanned = referral.Unplanned(k.ReferredOn, k.ReleasedOn)
	k.Consent = consentOf(row, k.Consent)
}

// consentOf is consent to share: as the row says, else "Yes - referred" stands for it.
func consentOf(row PrisonRow, before referral.Text) referral.Text {
	switch {
	case row.Consent == "yes":
		return "given"
	case row.Consent == "no":
		return "refused"
	case row.ReferralStatus == statusReferred:
		return "given"
	case before != "":
		return before
	}
	return "not_recorded"
}

func (k *kept) takeNeeds(row PrisonRow, in intake) {
	k.Sex = row.Sex
	if row.Drugs[0] != "" || k.Substances == nil {
		k.Substances = slices.DeleteFunc(pq.StringArray(row.Drugs[:]), func(drug string) bool { return drug == "" })
	}
	k.Group = in.words.SubstanceGroup(k.Substances)
	switch row.OpioidSubstitution {
	case "":
	case "none":
		k.Substitution, k.Bridging = "", day.Date{}
	default:
		k.Substitution = referral.Text(row.OpioidSubstitution)
	}
	put(&k.Bridging, row.BridgingUntil)
	say(&k.Naloxone, row.NaloxoneSupplied)
	say(&k.SMART, row.SMART)
	say(&k.RECONNECT, row.RECONNECT)
}

func put(to *day.Date, date day.Date) {
	if !date.IsZero() {
		*to = date
	}
}

func putText(to *referral.Text, text string) {
	if text != "" {
		*to = referral.Text(text)
	}
}

func say(to **bool, said YesNo) {
	if said != "" {
		*to = said.Bool()
	}
}

// stand says whether the release is ours to count. What is not is shared with nobody, except that the
// provider sees somebody under 18 who was referred.
func (k *kept) stand(standing Standing, provider string) {
	k.SetAside, k.Provider = referral.Text(standing), ""
	if standing == Counts || standing == Under18 && k.Consent == "given" && (k.Status == statusReferred || k.Status == "") {
		k.Provider = referral.Text(provider)
	}
}

// change does something to a record and says whether that changed it; what was stored is remembered.
func (k *kept) change(do func() error) (changed bool, err error) {
	before := *k
	if err := do(); err != nil || k.same(&before) {
		return false, err
	}
	if !k.changed && !k.fresh {
		k.changed, k.was = true, &before
	}
	return true, nil
}

// same compares what a row can change.
func (k *kept) same(o *kept) bool {
	return k.Prison == o.Prison && k.Provider == o.Provider && k.ReferredOn == o.ReferredOn && k.PlannedOn == o.PlannedOn &&
		k.ReleasedOn == o.ReleasedOn && k.ReceptionOn == o.ReceptionOn && k.ExitOn == o.ExitOn && k.ExitReason == o.ExitReason &&
		k.Discharge == o.Discharge && k.Destination == o.Destination && k.Status == o.Status && k.Consent == o.Consent &&
		k.SetAside == o.SetAside && k.Sex == o.Sex && slices.Equal(k.Substances, o.Substances) &&
		k.Substitution == o.Substitution && k.Bridging == o.Bridging && equal(k.Naloxone, o.Naloxone) && equal(k.SMART, o.SMART) &&
		equal(k.RECONNECT, o.RECONNECT) && equal(k.Age, o.Age) && k.Unplanned == o.Unplanned && equal(k.PersonID, o.PersonID) &&
		slices.Equal(k.NamelessBix, o.NamelessBix) && slices.Equal(k.Detail, o.Detail) && k.Group == o.Group
}

func equal[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }
