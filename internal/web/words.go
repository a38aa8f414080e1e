package web

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"time"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/referral"
	"throughgate/internal/report"
	"throughgate/internal/staff"
)

// words are what templates may call.
var words = template.FuncMap{
	"long":        longDay,
	"say":         say,
	"stateTag":    stateTag,
	"state":       func(s referral.State) string { return say(string(s)) },
	"add":         func(a, b int) int { return a + b },
	"dialled":     dialled,
	"wholeDays":   wholeDays,
	"writtenDown": writtenDown,
	"definitions": func() []report.Term { return report.Definitions },
}

// said is what the codes of the pathway are called on pages. What is not here is told by its code
// with spaces, which reads well enough for most.
var said = map[string]string{
	"picked_up": "Picked up", "not_picked_up": "Not picked up",

	"no_release_date": "no release date is known", "beyond_open_weeks": "the release is further ahead than clinics are open for booking",
	"no_free_place_in_21_days": "no place is free within 21 days of release", "provider_closed": "the provider has no clinic in those days",
	"no_prescribing_clinic": "no prescribing clinic can see the person in time",
	"outside_target":        "outside the target", "after_bridging": "after the bridging prescription ends",

	"new_episode": "New treatment episode", "resumed_episode": "Resumed an earlier episode",
	"in_reach": "In-reach visit in prison", "phone": "Phone call", "cjit": "Criminal justice intervention team (CJIT)",
	"reconnect": "RECONNECT", "smart_community": "SMART meeting in the community", "bridging": "Bridging prescription given",
	"naloxone": "Naloxone supplied", "needle_exchange": "Needle exchange",

	"died": "Died", "returned_to_custody": "Returned to custody", "moved_area": "Moved out of the area",
	"picked_up_elsewhere": "Picked up by another provider", "declined": "Declined treatment",
	"mistaken": "Referred by mistake", "duplicate": "Duplicate of another referral", "need_gone": "No longer has a need",
	"release_cancelled": "Release cancelled", "moved_to_prison_elsewhere": "Moved to a prison that does not use this service",

	"RELEASED": "Released to the community", "TRANSFERRED": "Transferred to another prison", "SENT_TO_COURT": "Sent to court",
	"TEMPORARY_ABSENCE_RELEASE": "Temporary absence", "RELEASED_TO_HOSPITAL": "Released to hospital",

	"conditional": "Conditional release", "automatic": "Automatic release", "hdc": "Home detention curfew", "parole": "Parole",
	"post_recall": "Re-release after recall", "remand_or_court": "From remand or court",

	"attended": "Attended", "attended_late": "Attended, late", "did_not_attend": "Did not attend", "cancelled": "Cancelled",
	"acceptable": "Good reason given", "none_given": "No reason given", "our_fault": "Our own fault",
	"given": "Given", "refused": "Refused", "not_recorded": "Not recorded", "not_known": "Not known", "not_specified": "Not specified",

	"release_date_unknown": "the release date is not known any more", "release_date_moved": "the release date moved",
	"rebooked":   "another was booked in its place",
	"day_closed": "no clinic is held then any more", "three_months_over": "three months since the release are over",

	"subgroup": "Sub-group", "admin": "Administrator", "audit": "Auditor", "prison": "Prison", "provider": "Provider",
	"api": "by API", "page": "on these pages", "file": "by file", "console": "at the console", "job": "by the service",
}

// say is a code in words that stand alone.
func say(code any) string {
	text := fmt.Sprint(code)
	if words, known := said[text]; known {
		return words
	}
	return capital(strings.ReplaceAll(text, "_", " "))
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// lower is a code in words that stand inside a sentence; names of things in capitals stay.
func lower(code any) string {
	s := say(code)
	if len(s) > 1 && !(s[1] >= 'A' && s[1] <= 'Z') {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// plainNumber is a telephone number and nothing else: no words, no second number, no (0) that is left out from abroad.
var plainNumber = regexp.MustCompile(`^\+?[0-9][0-9 -]{4,22}[0-9]$`)

// dialled is a telephone number as a telephone takes it; "" for what is no plain number.
func dialled(number string) string {
	if number = strings.TrimSpace(number); !plainNumber.MatchString(number) {
		return ""
	}
	return strings.NewReplacer(" ", "", "-", "").Replace(number)
}

// writtenDown is what stands below every page: what of the reader's own work is recorded, and whom they ask.
func writtenDown(role staff.Role) string {
	const help = "If you need help, ask your administrator."
	switch role {
	case staff.Prison, staff.Provider:
		return "Every look at a person's record is written down with your name. " + help
	case staff.Audit:
		return "Every search is written down with your name. " + help
	case staff.SubGroup:
		return "Every file that you take away and everything that you change is written down with your name. " + help
	case staff.Admin:
		return "Everything that you change is written down with your name."
	}
	return help
}

// givenUp says why an appointment was given up. Where the referral ended, the reason has the name of its state.
func givenUp(reason string) string {
	switch state := referral.State(reason); state {
	case referral.Withdrawn, referral.Closed:
		return "the referral was " + lower(state)
	}
	return lower(reason)
}

// stateTag is the colour of a state's tag; the tag says the state in words as well.
func stateTag(s referral.State) string {
	switch s {
	case referral.Unbooked:
		return "govuk-tag--red"
	case referral.Released:
		return "govuk-tag--yellow"
	case referral.PickedUp:
		return "govuk-tag--green"
	case referral.Booked:
		return "govuk-tag--blue"
	}
	return "govuk-tag--grey"
}

// longDay is "Monday 8 January 2024".
func longDay(d day.Date) string {
	if d.IsZero() {
		return "not known"
	}
	return d.Weekday().String() + " " + d.Long()
}

// nearDay is a day as people say it, seen from today.
func nearDay(today, d day.Date) string {
	switch {
	case d.IsZero():
		return "not known"
	case d == today:
		return "today"
	case d == today.Add(1):
		return "tomorrow"
	case d == today.Add(-1):
		return "yesterday"
	}
	return longDay(d)
}

// shortDay is nearDay for tables, with its year where that is not this one: "Mon 8 Jan 2024".
func shortDay(today, d day.Date) string {
	if near := nearDay(today, d); d.IsZero() || near != longDay(d) {
		return near
	}
	if d.Year() == today.Year() {
		return d.At(12, 0).Format("Mon 2 Jan")
	}
	return d.At(12, 0).Format("Mon 2 Jan 2006")
}

// notBroken are the parts of a cell that stand on one line each, where the page has room: a day without its year, and how
// long is left.
var notBroken = regexp.MustCompile(`(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [0-9]{1,2} [A-Z][a-z]{2}|\([0-9]+ days? left\)|\([0-9]+ days?`)

// wholeDays keeps days in one line each.
func wholeDays(text string) template.HTML {
	return template.HTML(notBroken.ReplaceAllString(template.HTMLEscapeString(text), `<span class="app-unbroken">$0</span>`))
}

// moment is "today at 9:30am", by London's clocks.
func moment(now, t time.Time) string {
	return nearDay(day.Of(now), day.Of(t)) + " at " + clock(t)
}

func clock(t time.Time) string {
	t = t.In(day.London)
	switch h, m := t.Hour(), t.Minute(); {
	case h == 0 && m == 0:
		return "midnight"
	case h == 12 && m == 0:
		return "midday"
	case m == 0:
		return t.Format("3pm")
	}
	return t.Format("3:04pm")
}

// left is how long until a due day.
func left(days int) string {
	switch {
	case days == 0:
		return "today"
	case days == 1:
		return "1 day left"
	case days > 1:
		return fmt.Sprintf("%d days left", days)
	case days == -1:
		return "1 day overdue"
	}
	return fmt.Sprintf("%d days overdue", -days)
}

// nameOf is an organisation as people know it.
func nameOf(rules *config.Config, code string) string {
	for _, p := range rules.Prisons {
		if p.Code == code {
			return p.Name
		}
	}
	for _, p := range rules.Providers {
		if p.Code == code {
			return p.Name
		}
	}
	if code == "" {
		return "The service"
	}
	return code
}
