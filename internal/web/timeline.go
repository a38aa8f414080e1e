package web

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/timeline"
)

// entry is an event as the timeline tells it.
type entry struct {
	Title  string
	Lines  []string
	When   string // the day it happened, and who recorded it, when and how
	Note   string
	Undone bool
	Unlink string // the page that undoes the link which the event tells of; "" where none can be
}

// titles are what kinds of events are called.
var titles = map[string]string{
	"referred": "Referred", "booked": "Appointment booked", "unbooked": "No appointment", "rebooked": "Appointment moved",
	"date_changed": "Release date changed", "released": "Released", "not_a_release": "Left the prison, but not released",
	"transferred": "Moved to another prison", "stays": "Stays with its prison", "withdrawn": "Referral withdrawn", "corrected": "Corrected",
	"attended": "Attended", "missed": "Did not attend", "cancelled": "Appointment cancelled", "drop_in": "Came without an appointment",
	"contact": "Contact", "picked_up": "Picked up", "closed": "Closed", "linked": "Found on the provider's list",
	"link_undone": "No longer linked to the provider's list", "undone": "Undone", "row_updated": "Changed by a newer list",
	"sent_elsewhere": "Sent by another prison too",
}

// facts are what events carry, as far as the timeline says it.
type facts struct {
	ReleaseOn     day.Date   `json:"release_on"`
	ReleasedOn    day.Date   `json:"released_on"`
	From          string     `json:"from"`
	To            string     `json:"to"`
	StartsAt      *time.Time `json:"starts_at"`
	On            day.Date   `json:"on"`
	Old           *facts     `json:"old"`
	TellPerson    bool       `json:"tell_person"`
	Late          bool       `json:"late"`
	AfterBridging bool       `json:"after_bridging"`
	Overbooked    bool       `json:"overbooked"`
	Reason        string     `json:"reason"`
	Kind          string     `json:"kind"`
	Modality      string     `json:"modality"`
	CancelledBy   string     `json:"cancelled_by"`
	ProviderName  string     `json:"provider_name"`
	Prison        string     `json:"prison"`
	PickedUpOn    day.Date   `json:"picked_up_on"`
	Fields        []string   `json:"fields"`
	SetAside      string     `json:"set_aside"`
	Unplanned     bool       `json:"unplanned"`
	Link          uuid.UUID  `json:"link"`
	Rule          string     `json:"rule"`
	Followed      bool       `json:"followed"`
	InsteadOf     day.Date   `json:"instead_of"`
}

func (v *visit) entries(events []timeline.Entry, unlinkable map[uuid.UUID]bool) (list []entry) {
	gone := noLonger(events)
	for _, e := range events {
		told := v.entry(e, unlinkable)
		told.Title += gone[e.ID]
		list = append(list, told)
	}
	return list
}

// noLonger says what became of pick-ups that stand no more without having been undone: another took the place of one, or
// the row of the list that told of it is no longer linked.
func noLonger(events []timeline.Entry) map[uuid.UUID]string {
	gone, last := map[uuid.UUID]string{}, uuid.Nil
	for _, e := range events {
		switch {
		case takesBack(e):
			gone[last], last = " (taken back)", uuid.Nil
		case e.Kind == "picked_up" && !e.Undone:
			if !factsOf(e).InsteadOf.IsZero() {
				gone[last] = " (replaced by a correction)"
			}
			last = e.ID
		}
	}
	return gone
}

// takesBack says of the end of a link whether a pick-up went with it.
func takesBack(e timeline.Entry) bool {
	return e.Kind == "link_undone" && !factsOf(e).PickedUpOn.IsZero()
}

// factsOf leaves out what an event of another make says differently: the event is still told.
func factsOf(e timeline.Entry) (f facts) {
	if json.Unmarshal(e.Data, &f) != nil {
		return facts{}
	}
	return f
}

func (v *visit) entry(e timeline.Entry, unlinkable map[uuid.UUID]bool) entry {
	f := factsOf(e)
	title, known := titles[e.Kind]
	if !known {
		title = say(e.Kind)
	}
	if !f.InsteadOf.IsZero() {
		title = "Pick-up corrected"
	}
	if takesBack(e) {
		title = "Pick-up taken back"
	}
	unlink := ""
	if e.Kind == "linked" && unlinkable[f.Link] {
		unlink = "/links/" + f.Link.String() + "/undo"
	}
	return entry{
		Unlink: unlink,
		Title:  title, Lines: v.lines(e, f), Note: e.Note, Undone: e.Undone,
		When: v.recorded(e),
	}
}

// recorded says the day of the event where that is not the day on which it was written down.
func (v *visit) recorded(e timeline.Entry) string {
	by := nameOf(v.Pool.Rules, e.Organisation)
	at := ", " + moment(v.now, e.At) + via(e.Via)
	if e.On == day.Of(e.At) {
		return by + at
	}
	if e.Organisation == "" {
		by = "the service"
	}
	return capital(nearDay(day.Of(v.now), e.On)) + ". Recorded by " + by + at
}

func via(how string) string {
	if words, known := said[how]; known && how != "page" && how != "job" {
		return ", " + words
	}
	return ""
}

// lines are the sentences under an event's title.
func (v *visit) lines(e timeline.Entry, f facts) (lines []string) {
	tell := func(sentence string) { lines = append(lines, sentence) }
	switch e.Kind {
	case "referred":
		referredLines(f, tell)
	case "booked", "rebooked":
		v.bookedLines(f, tell)
	case "unbooked", "closed", "withdrawn", "not_a_release":
		reasonLines(f, tell)
	case "cancelled", "attended", "missed":
		v.outcomeLines(f, tell)
	case "date_changed":
		tell("From " + dateWords(f.From) + " to " + dateWords(f.To) + ".")
	case "transferred":
		tell("From " + nameOf(v.Pool.Rules, f.From) + " to " + nameOf(v.Pool.Rules, f.To) + ".")
	case "picked_up", "contact":
		seenLines(e.On, f, tell)
	case "corrected", "row_updated":
		if !f.ReleasedOn.IsZero() && f.From != "" && f.From != f.ReleasedOn.String() {
			tell("The day of release was " + dateWords(f.From) + ", it is " + f.ReleasedOn.Long() + ".")
		} else if len(f.Fields) > 0 {
			tell("Changed: " + inFieldWords(f.Fields) + ".")
		}
	case "linked", "link_undone":
		if f.Rule != "" {
			tell("Found " + ruleWords(f.Rule) + ".")
		}
	case "undone":
		tell("Taken back: " + titles[f.Kind] + ".")
	case "sent_elsewhere":
		tell("By " + nameOf(v.Pool.Rules, f.Prison) + ".")
	}
	return lines
}

func referredLines(f facts, tell func(string)) {
	if !f.ReleaseOn.IsZero() {
		tell("Release date " + f.ReleaseOn.Long() + ".")
	}
	if f.Unplanned {
		tell("The release came before the referral.")
	}
	if f.SetAside != "" {
		tell("Counts in no figure: " + lower(f.SetAside) + ".")
	}
}

func reasonLines(f facts, tell func(string)) {
	if f.Reason != "" {
		tell(capital(say(f.Reason)) + ".")
	}
	if f.ProviderName != "" {
		tell("Provider: " + f.ProviderName + ".")
	}
	if f.Followed {
		tell("This ended because the person's death was recorded.")
	}
}

// seenLines tell of a pick-up, or of contact that is none.
func seenLines(on day.Date, f facts, tell func(string)) {
	if !f.InsteadOf.IsZero() && f.InsteadOf != on {
		tell("The day was " + f.InsteadOf.Long() + ", it is " + on.Long() + ".")
	}
	if f.Kind != "" {
		tell(say(f.Kind) + ".")
	}
	if f.Modality != "" {
		tell("Treatment: " + f.Modality + ".")
	}
	if f.Late {
		tell(capital(latePickUp) + ".")
	}
}

func (v *visit) bookedLines(f facts, tell func(string)) {
	if f.StartsAt != nil {
		tell(capital(moment(v.now, *f.StartsAt)) + ".")
	}
	if f.Old != nil && f.Old.StartsAt != nil {
		tell("Before: " + moment(v.now, *f.Old.StartsAt) + ".")
	}
	if f.TellPerson {
		tell("Tell the person: their card has the old time.")
	}
	if f.Late {
		tell("Later than the target: nothing earlier was free.")
	}
	if f.AfterBridging {
		tell("After the bridging prescription ends.")
	}
	if f.Overbooked {
		tell("Overbooked: this time was full.")
	}
}

func (v *visit) outcomeLines(f facts, tell func(string)) {
	if f.StartsAt != nil {
		tell("The appointment " + moment(v.now, *f.StartsAt) + ".")
	}
	if f.CancelledBy != "" {
		tell("Cancelled by the " + strings.ToLower(say(f.CancelledBy)) + ".")
	}
	if f.Reason != "" {
		tell("Reason: " + givenUp(f.Reason) + ".")
	}
}

// latePickUp is what is said of a pick-up that came too late for the measures.
const latePickUp = "late: more than three months after the release, so it counts in no figure"

// fieldWords are what the fields of a correction are called, by the names that the API gives them.
var fieldWords = map[string]string{
	"person.prison_number": "prison number", "person.nhs_number": "NHS number", "person.given_name": "first name", "person.family_name": "surname",
	"person.date_of_birth": "date of birth", "person.sex": "sex", "person.telephone": "telephone", "sender_reference": "the prison's own reference",
	"referred_on": "day of referral", "release_kind": "kind of release", "release_date_certainty": "how sure the release date is",
	"released_on": "day of release", "planned_release_date": "planned day of release", "opioid_substitution.medicine": "opioid substitution",
	"opioid_substitution.bridging_until": "last day of the bridging prescription", "naloxone_supplied": "naloxone supplied", "attends_smart": "SMART meetings",
	"reconnect_referred": "referred to RECONNECT", "consent.share_with_provider": "consent to share with the provider",
	"consent.share_with_reconnect": "consent to share with RECONNECT", "consent.recorded_on": "day of consent",
}

func inFieldWords(fields []string) string {
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = cmp.Or(fieldWords[f], strings.NewReplacer("_", " ", ".", " ").Replace(f))
	}
	return strings.Join(words, ", ")
}

// dateWords reads a date out of an event; none is a date that is not known.
func dateWords(text string) string {
	d, err := day.Parse(text)
	if err != nil {
		return "a date not known"
	}
	return d.Long()
}
