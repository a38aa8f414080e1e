// Package pickup is the end of the way: the provider's word that somebody started or resumed
// structured treatment after release, contact that is not yet that, and the other ways it can end.
package pickup

import (
	"slices"
	"strings"
	"unicode/utf8"

	"throughgate/internal/day"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// Draft is a pick-up as typed: the body of POST /referrals/{id}/pickup.
type Draft struct {
	PickedUpOn       string `json:"picked_up_on"`
	Kind             string `json:"kind"` // new_episode or resumed_episode
	Modality         string `json:"modality"`
	CorrectionReason string `json:"correction_reason"` // why an earlier pick-up with another date was wrong
	Version          int    `json:"version"`
}

// ContactDraft is contact that is not a pick-up, as typed.
type ContactDraft struct {
	Kind    string `json:"kind"` // one of ContactKinds
	On      string `json:"on"`
	Note    string `json:"note"`
	Version int    `json:"version"`
}

// ClosureDraft is an end after release, as typed.
type ClosureDraft struct {
	Reason       string `json:"reason"` // one of closureReasons
	On           string `json:"on"`
	ProviderName string `json:"provider_name"` // with picked_up_elsewhere
	Version      int    `json:"version"`
}

// The words of the API, in the order in which the pages offer them.
var (
	Kinds          = []string{"new_episode", "resumed_episode"}
	ContactKinds   = []string{"in_reach", "phone", "cjit", "reconnect", "smart_community", "bridging", "naloxone", "needle_exchange"}
	closureReasons = []string{"returned_to_custody", "died", "moved_area", "picked_up_elsewhere", "declined"}
)

// ClosureReasons are the ends that a role may record: a prison only what it knows of.
func ClosureReasons(role staff.Role) []string {
	if role == staff.Prison {
		return closureReasons[:2]
	}
	return closureReasons
}

// pickup is one as understood.
type pickup struct {
	on             day.Date
	kind, modality string
	late           bool // more than three months after the release: in no figure
}

func (d Draft) checked(r *referral.Referral, today day.Date) (p pickup, err error) {
	var wrong problem.Corrections
	p = pickup{kind: d.Kind, modality: word(&wrong, "modality", d.Modality)}
	word(&wrong, "correction_reason", d.CorrectionReason)
	oneOf(&wrong, "kind", d.Kind, Kinds)
	p.on = date(&wrong, "picked_up_on", d.PickedUpOn, today)
	afterRelease(&wrong, "picked_up_on", p.on, r)
	p.late = !r.ReleasedOn.IsZero() && p.on.Sub(r.ReleasedOn) > referral.LiveDays
	return p, wrong.Err()
}

func (d ContactDraft) checked(r *referral.Referral, today day.Date) (day.Date, error) {
	var wrong problem.Corrections
	oneOf(&wrong, "kind", d.Kind, ContactKinds)
	on := date(&wrong, "on", d.On, today)
	timeline.TooLongAgo(&wrong, "on", on, r.ReferredOn, r.ReleaseOn())
	if strings.ContainsRune(d.Note, 0) || utf8.RuneCountInString(d.Note) > longestNote {
		wrong.Add("note", "too_long", "This is longer than 10,000 characters, or holds a character that cannot be seen.")
	}
	return on, wrong.Err()
}

func (d ClosureDraft) checked(r *referral.Referral, today day.Date) (day.Date, error) {
	var wrong problem.Corrections
	oneOf(&wrong, "reason", d.Reason, closureReasons)
	on := date(&wrong, "on", d.On, today)
	afterRelease(&wrong, "on", on, r)
	name := word(&wrong, "provider_name", d.ProviderName)
	switch elsewhere := d.Reason == "picked_up_elsewhere"; {
	case elsewhere && name == "":
		wrong.Add("provider_name", "required", "Name the provider who picked the person up.")
	case !elsewhere && name != "":
		wrong.Add("provider_name", "not_applicable", "This goes with picked_up_elsewhere only.")
	}
	return on, wrong.Err()
}

// allowed refuses a prison what only the provider can know.
func (d ClosureDraft) allowed(who staff.Who) error {
	if slices.Contains(closureReasons, d.Reason) && !slices.Contains(ClosureReasons(who.Role), d.Reason) {
		return &problem.Forbidden{Message: "A prison can close a referral as died or returned_to_custody; other ends are the provider's to record."}
	}
	return who.Must(staff.Prison, staff.Provider)
}

const (
	longestWord = 200
	longestNote = 10_000
)

func word(wrong *problem.Corrections, field, text string) string {
	clean, ok := person.CleanName(text)
	if !ok || utf8.RuneCountInString(clean) > longestWord {
		wrong.Add(field, "not_text", "This is longer than 200 characters, or holds a character that cannot be seen.")
	}
	return clean
}

func oneOf(wrong *problem.Corrections, field, text string, allowed []string) {
	switch {
	case text == "":
		wrong.Add(field, "required", "This is needed.")
	case !slices.Contains(allowed, text):
		wrong.Add(field, "not_recognised", "This must be one of: "+strings.Join(allowed, ", ")+".")
	}
}

// date is a day that is needed and not in the future.
func date(wrong *problem.Corrections, field, text string, today day.Date) day.Date {
	if text == "" {
		wrong.Add(field, "required", "This is needed.")
		return day.Date{}
	}
	d, err := day.Parse(text)
	switch {
	case err != nil:
		wrong.Add(field, "date", "This must be a date that exists, written YYYY-MM-DD.")
	case d.After(today):
		wrong.Add(field, "in_the_future", "This date lies in the future.")
	default:
		return d
	}
	return day.Date{}
}

// afterRelease refuses a day before the release, or where no release is confirmed.
func afterRelease(wrong *problem.Corrections, field string, on day.Date, r *referral.Referral) {
	switch {
	case r.ReleasedOn.IsZero():
		wrong.Add(field, "not_released", "The prison has not confirmed the release: this can be recorded once it has.")
	case !on.IsZero() && on.Before(r.ReleasedOn):
		wrong.Add(field, "before_release", "This date lies before the release.")
	}
}
