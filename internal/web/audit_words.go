package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"throughgate/internal/audit"
	"throughgate/internal/referral"
)

// auditedActs are the acts that the trail knows, as the auditor reads them; the order is that of the list.
var auditedActs = []option{
	{Value: "shown", Text: "Looked at"}, {Value: "refused", Text: "Refused"},
	{Value: "signed in", Text: "Signed in"}, {Value: "signed out", Text: "Signed out"}, {Value: "sign-in refused", Text: "Sign-in refused"}, {Value: "sign-in stopped", Text: "Sign-in stopped after too many tries"},
	{Value: "added", Text: "Person added"}, {Value: "enrolled", Text: "Account set up"}, {Value: "invited again", Text: "New link made"},
	{Value: "disabled", Text: "Stopped from signing in"}, {Value: "password changed", Text: "Password changed"}, {Value: "password refused", Text: "Wrong password at their own desk"},
	{Value: "recovery codes made", Text: "Recovery codes made"},
	{Value: "created", Text: "API key made"}, {Value: "revoked", Text: "API key revoked"},
	{Value: "referred", Text: "Referred"}, {Value: "row_updated", Text: "Updated by a file"}, {Value: "corrected", Text: "Corrected"},
	{Value: "date_changed", Text: "Release date changed"}, {Value: "released", Text: "Release confirmed"}, {Value: "not_a_release", Text: "Not a release"},
	{Value: "transferred", Text: "Transferred"}, {Value: "withdrawn", Text: "Withdrawn"},
	{Value: "booked", Text: "Booked"}, {Value: "rebooked", Text: "Rebooked"}, {Value: "unbooked", Text: "Left without an appointment"},
	{Value: "attended", Text: "Attendance recorded"}, {Value: "missed", Text: "Non-attendance recorded"}, {Value: "cancelled", Text: "Appointment cancelled"},
	{Value: "drop_in", Text: "Drop-in recorded"}, {Value: "contact", Text: "Contact recorded"}, {Value: "picked_up", Text: "Pick-up confirmed"},
	{Value: "closed", Text: "Closed"}, {Value: "undone", Text: "Undone"},
	{Value: "linked", Text: "Linked"}, {Value: "link_undone", Text: "Link undone"}, {Value: "confirmed", Text: "Match confirmed"}, {Value: "rejected", Text: "Match rejected"},
	{Value: "looked_at", Text: "List tried, nothing stored"}, {Value: "imported", Text: "List taken in"}, {Value: "exported", Text: "Taken away as a file"},
	{Value: "purged", Text: "Removed after its time"}, {Value: "sent_again", Text: "Sent again"},
	{Value: "settings_brought_in", Text: "Settings changed at a start"},
	{Value: "clinic_added", Text: "Clinic added"}, {Value: "clinic_changed", Text: "Clinic changed"}, {Value: "clinic_closed", Text: "Clinic closed"},
	{Value: "day_closed", Text: "Day closed"}, {Value: "day_opened", Text: "Day opened again"},
	{Value: "slots_opened", Text: "Places opened"}, {Value: "waiting_allocated", Text: "Waiting referrals given places"},
	{Value: "report_made", Text: "Report made"}, {Value: "report_missed", Text: "Report not made in its time"},
	{Value: "recipient_added", Text: "Report reader added"}, {Value: "recipient_confirmed", Text: "Report reader confirmed"}, {Value: "recipient_removed", Text: "Report reader removed"},
	{Value: "searched", Text: "Searched"},
}

func auditedAct(act string) string {
	for _, o := range auditedActs {
		if o.Value == act {
			return o.Text
		}
	}
	return say(act)
}

// toldDetails are the details of a row that the auditor reads, besides where somebody looked: how much was done, for
// whom. What an act said about a person stays in the person's own record.
var toldDetails = map[string]func(value any) string{
	"factor": signedInWith, "organisation": after("for "), "days": func(n any) string { return "for " + counted("day", "days")(n) },
	"rows": counted("row", "rows"), "files": counted("file", "files"), "never_stored": counted("file never stored", "files never stored"), "drafts": counted("unfinished referral", "unfinished referrals"), "places": counted("place", "places"), "booked": counted("person booked", "people booked"),
	"sessions": counted("session ended", "sessions ended"), "answer": rowsAnswered, "changed": after("changed: "), "form": inForm,
	"day": func(on any) string { return "of " + dateWords(fmt.Sprint(on)) }, "act": func(act any) string { return "only: " + lower(auditedAct(fmt.Sprint(act))) },
	"subject": after("about the id "), "by": soughtBy,
}

func after(words string) func(any) string {
	return func(value any) string { return words + fmt.Sprint(value) }
}

func counted(one, many string) func(any) string {
	return func(n any) string {
		if fmt.Sprint(n) == "1" {
			return "1 " + one
		}
		return fmt.Sprint(n) + " " + many
	}
}

// signedInWith is by what somebody showed who they are, besides their password.
func signedInWith(factor any) string {
	switch factor {
	case "app":
		return "with a code of their app"
	case "recovery code":
		return "with a recovery code"
	case "demo":
		return "with one click, in the demo"
	}
	return "with " + fmt.Sprint(factor)
}

// drawnForAnother is what was wrong with a form that was refused.
const drawnForAnother = "of somebody else"

// inForm is how figures were taken away, or what was wrong with a form.
func inForm(form any) string {
	switch form {
	case drawnForAnother:
		return "the form had been opened by somebody else"
	case "months.csv":
		return "by month, as CSV"
	}
	return "as " + strings.ToUpper(fmt.Sprint(form))
}

// soughtBy is what a person was looked for by, never the words themselves; in the trail, whose acts were.
func soughtBy(by any) string {
	fields, several := by.([]any)
	if !several {
		return "by " + fmt.Sprint(by)
	}
	var words []string
	for _, f := range fields {
		name := fmt.Sprint(f)
		words = append(words, cmp.Or(fieldWords["person."+name], lower(name)))
	}
	return "by " + strings.Join(words, ", ")
}

// rowsAnswered is how many rows of a list got which answer.
func rowsAnswered(answer any) string {
	counts, ok := answer.(map[string]any)
	if !ok {
		return "answered " + fmt.Sprint(answer)
	}
	var parts []string
	for _, name := range []string{"accepted", "updated", "unchanged", "set_aside", "refused", "to_review"} {
		n, _ := counts[name].(float64)
		if reasons, divided := counts[name].(map[string]any); divided {
			for _, some := range reasons {
				more, _ := some.(float64)
				n += more
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprint(n)+" "+lower(name))
		}
	}
	return strings.Join(parts, ", ")
}

// auditedKinds are what an act is done to, as the auditor reads it.
var auditedKinds = map[string]string{
	"audit": "The audit trail", "call": "A call of the API", "draft": "An unfinished referral", "file": "A partner's list", "key": "An API key",
	"link": "A link between a row and a person", "list": "A list", "message": "An email", "page": "A page", "person": "A person's record",
	"recipient": "A reader of the report", "reconciliation": "The reconciliation", "referral": "A referral", "report": "A weekly report",
	"review": "A possible match", "settings": "The settings", "staff": "Somebody's account",
}

// on is what an act was done to: somebody's account by their name.
func on(r audit.Row) string {
	if r.About != nil {
		return "The account of " + *r.About
	}
	if words, known := auditedKinds[r.Kind]; known {
		return words
	}
	return say(r.Kind)
}

// lookedIn are the places where somebody saw a person: in a record, on a list.
var lookedIn = map[string]string{
	"referral": "in the record", "list": "on a list of referrals", "appointments": "on a day's appointments", "affected": "among appointments of a closed day or a changed clinic", "events": "among what has changed",
	"file": "in a partner's list", "reconciliation": "in the reconciliation", "reviews": "among the possible matches",
}

// place is one of them in words; a worklist has its title.
func place(code string) string {
	if words, known := lookedIn[code]; known {
		return words
	}
	if list, known := worklists[referral.ListName(code)]; known {
		return "on the worklist " + list.title
	}
	return "in " + lower(code)
}

func told(detail json.RawMessage) string {
	var all map[string]any
	if json.Unmarshal(detail, &all) != nil {
		return ""
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if key == "where" || key == "in" {
			parts = append(parts, place(fmt.Sprint(all[key])))
		}
		if words, tell := toldDetails[key]; tell && fmt.Sprint(all[key]) != "" {
			if said := words(all[key]); said != "" {
				parts = append(parts, said)
			}
		}
	}
	return strings.Join(parts, ", ")
}
