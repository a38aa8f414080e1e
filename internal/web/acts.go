package web

import (
	"encoding/json"
	"slices"
	"strings"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/pickup"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// The states in which acts can be done.
var (
	beforeRelease = []referral.State{referral.Booked, referral.Unbooked}
	live          = []referral.State{referral.Booked, referral.Unbooked, referral.Released}
	afterRelease  = []referral.State{referral.Released, referral.NotPickedUp}
	seeable       = []referral.State{referral.Booked, referral.Unbooked, referral.Released, referral.PickedUp, referral.NotPickedUp}
)

var (
	byPrison   = []staff.Role{staff.Prison}
	byProvider = []staff.Role{staff.Provider}
)

// acts are all that can happen to a referral on these pages, in the order in which they are offered.
var acts = []act{
	{"release", "Confirm what happened at release", "Only a release to the community starts the person's three weeks and three months. A transfer hands the referral over; anything else is written down and changes nothing.",
		"Continue", "What happened is recorded.", byPrison, beforeRelease, nil, release},
	{"release-correction", "Correct the day of release", "Another day takes the place of the one that was confirmed, which stays in the timeline. The appointment is kept, unless it lies before the day of release.",
		"Correct the day", "The day of release is corrected.", byPrison, seeable[2:], releasedOnFields, correctRelease},
	{"release-date", "Change the release date", "The appointment follows the date.",
		"Continue", "The release date is changed.", byPrison, beforeRelease, nil, changeDate},
	{"transfer", "Moved to another prison", "The referral goes with the person, appointment and all. You will not see it any more.",
		"Hand over", "The referral is handed over: the other prison has it now, and you do not see it any more.", byPrison, beforeRelease, transferFields, transfer},
	{"withdrawal", "Withdraw the referral", "The appointment is given up for somebody else.",
		"Withdraw", "The referral is withdrawn.", byPrison, beforeRelease, withdrawalFields, withdraw},

	{"move", "Sent by another prison too: decide whose it is", "Two prisons have sent the same release. The referral stands with one of them; the other sees it only if it moves there.",
		"Save the decision", "It is decided which prison has the referral.", byProvider, referral.States(), moveFields, moveToAsker},
	{"pickup", "Confirm pick-up", "The person has started or resumed structured treatment. A phone call, an in-reach visit or a bridging prescription alone is contact, not a pick-up.",
		"Confirm pick-up", "The pick-up is confirmed.", byProvider,
		[]referral.State{referral.Released, referral.NotPickedUp, referral.Closed}, pickupFields, confirmPickup},
	{"pickup-correction", "Correct the pick-up", "What you enter takes the place of what was confirmed, which stays in the timeline.",
		"Correct the pick-up", "The pick-up is corrected.", byProvider, []referral.State{referral.PickedUp}, pickupFields, confirmPickup},
	{"outcome", "Record what became of the appointment", "", "Save and continue", "The outcome is recorded.", byProvider, seeable, nil, recordOutcome},
	{"appointment", "Book the next free appointment", "The earliest free place after release in a clinic that can see the person. An appointment to come is given up for it, if it is later.",
		"Book it", "An appointment is booked.", byProvider, live, noFields, book},
	{"slot", "Choose a time", "Any time from the day of release on, in any clinic. An appointment to come is given up for it. A full time can be booked only with a reason.",
		"Book it", "An appointment is booked.", byProvider, live, noFields, bookSlot},
	{"drop-in", "Came without an appointment", "Recorded as attended.", "Record", "The visit is recorded.", byProvider, seeable, dropInFields, dropIn},
	{"contact", "Record contact", "Contact that is not a pick-up.", "Record", "The contact is recorded.", pathway, seeable, contactFields, contact},
	{"closure", "Close the referral", "For a release that ended otherwise. Every reminder stops.",
		"Continue", "The referral is closed.", pathway, afterRelease, nil, closeReferral},
	{"undo", "Undo the last entry", "What stood before stands again. Both entries stay in the timeline.",
		"Undo", "The last entry is undone.", pathway, referral.States(), undoFields, undo},
}

func noFields(*visit, *referral.Referral) []field { return nil }

// example is a date as people write it, for hints: yesterday.
func (v *visit) example() string {
	d := day.Of(v.now).Add(-1)
	return "For example, " + d.At(0, 0).Format("2 1 2006")
}

func (v *visit) dateField(name, label, called string) field {
	return field{Name: name, Label: label, Kind: "date", Hint: v.example(), Called: called}
}

func transferFields(v *visit, r *referral.Referral) []field {
	var prisons []option
	for _, p := range v.Pool.Rules.Prisons {
		if p.Code != r.Prison {
			prisons = append(prisons, option{Value: p.Code, Text: p.Name})
		}
	}
	return []field{
		{Name: "to_prison", Label: "Which prison?", Called: "which prison it was", Kind: "radios", Options: prisons, Hint: "If it is none of these, withdraw the referral instead"},
		v.dateField("on", "When did they move?", "the day when they moved"),
	}
}

func transfer(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	_, err := referral.Transfer(v.ctx, tx, v.who, v.now, r.ID, referral.TransferDraft{ToPrison: typed["to_prison"], On: typed.date("on")})
	return err
}

func moveFields(v *visit, r *referral.Referral) []field {
	asker := nameOf(v.Pool.Rules, r.AskedForBy.String())
	if r.AskedForBy == "" {
		asker = "the other prison" // it has been decided meanwhile, which the act will say
	}
	return []field{{Name: "move", Label: "Which prison is the person released from?", Called: "which prison the person is released from", Kind: "radios", Options: []option{
		{Value: "yes", Text: capital(asker) + ": move the referral there"},
		{Value: "no", Text: nameOf(v.Pool.Rules, r.Prison) + ": it stays"}}}}
}

func moveToAsker(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	move := typed.yesNo("move")
	if move == nil {
		return problem.Wrong("move", "required", "Select which prison the person is released from")
	}
	return referral.MoveToAsker(v.ctx, tx, v.who, v.now, r.ID, *move)
}

func withdrawalFields(v *visit, r *referral.Referral) []field {
	return []field{
		{Name: "reason", Label: "Why?", Called: "why", Kind: "radios", Options: choices(referral.Withdrawals...)},
		v.dateField("on", "When was this?", "the day when this was"),
	}
}

func withdraw(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	_, err := referral.Withdraw(v.ctx, tx, v.who, v.now, r.ID, referral.WithdrawalDraft{Reason: typed["reason"], On: typed.date("on")})
	return err
}

func pickupFields(v *visit, r *referral.Referral) []field {
	list := []field{
		v.dateField("picked_up_on", "When did treatment start?", "the day when treatment started"),
		{Name: "kind", Label: "What started?", Called: "what started", Kind: "radios", Options: choices(pickup.Kinds...)},
		{Name: "modality", Label: "Treatment (optional)", Kind: "text", Hint: "For example, prescribing or psychosocial"},
	}
	list[0].Hint = "The first attendance on or after the release that starts or resumes structured treatment. " + list[0].Hint
	if !r.PickedUpOn.IsZero() {
		list = append(list, field{Name: "correction_reason", Label: "Why was the earlier entry wrong?", Called: "why the earlier entry was wrong", Kind: "text", Hint: "Recorded before: " + r.PickedUpOn.Long() + recordedKind(r)})
	}
	return list
}

// recordedKind is what is recorded to have started, behind its date; "" where nothing is known of it.
func recordedKind(r *referral.Referral) string {
	for _, e := range slices.Backward(r.Timeline) {
		var f facts
		if e.Kind == "picked_up" && !e.Undone && json.Unmarshal(e.Data, &f) == nil && f.Kind != "" {
			return ", " + lower(f.Kind)
		}
	}
	return ""
}

// confirmPickup wants a reason where it corrects anything.
func confirmPickup(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	d := pickup.Draft{PickedUpOn: typed.date("picked_up_on"), Kind: typed["kind"], Modality: typed["modality"], CorrectionReason: strings.TrimSpace(typed["correction_reason"])}
	var wrong problem.Corrections
	same, err := pickup.Stands(v.ctx, tx, r, d)
	if err != nil {
		return err
	}
	if !r.PickedUpOn.IsZero() && !same && d.CorrectionReason == "" {
		d.CorrectionReason = "none"
		wrong.Add("correction_reason", "required", "")
	}
	_, err = pickup.Confirm(v.ctx, tx, v.who, v.now, r.ID, d)
	return together(wrong, err)
}

func book(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	_, err := appointment.Book(v.ctx, tx, v.who, v.now, r.ID, nil, "")
	return err
}

func dropInFields(v *visit, r *referral.Referral) []field {
	return []field{v.dateField("attended_on", "When did they come?", "the day when they came")}
}

func dropIn(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	var on day.Date
	if text := typed.date("attended_on"); text != "" {
		var err error
		if on, err = day.Parse(text); err != nil {
			return problem.Wrong("attended_on", "date", "Enter a real date")
		}
	}
	_, err := appointment.DropIn(v.ctx, tx, v.who, v.now, r.ID, v.who.Organisation(), on)
	return err
}

func contactFields(v *visit, r *referral.Referral) []field {
	return []field{
		{Name: "kind", Label: "What kind of contact?", Called: "what kind of contact it was", Kind: "radios", Options: choices(pickup.ContactKinds...)},
		v.dateField("on", "When was it?", "the day of the contact"),
		{Name: "note", Label: "Note (optional)", Kind: "textarea"},
	}
}

func contact(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	_, err := pickup.Contact(v.ctx, tx, v.who, v.now, r.ID, pickup.ContactDraft{Kind: typed["kind"], On: typed.date("on"), Note: typed["note"]})
	return err
}

func whyClosed(v *visit, r *referral.Referral) field {
	return field{Name: "reason", Label: "Why is it closed?", Called: "why it is closed", Kind: "radios", Options: choices(pickup.ClosureReasons(v.who.Role)...)}
}

// whenClosed asks for the day of each end, and names it.
var whenClosed = map[string]struct{ question, label, called string }{
	"returned_to_custody": {"When did they return to custody?", "Day of the return", "the day of the return"},
	"died":                {"When did they die?", "Day of death", "the day of death"},
	"moved_area":          {"When did they move out of the area?", "Day of the move", "the day of the move"},
	"picked_up_elsewhere": {"Who picked them up, and when?", "Day of the pick-up", "the day of the pick-up"},
	"declined":            {"When did they decline treatment?", "Day when they declined", "the day when they declined"},
}

func aboutClosure(v *visit, r *referral.Referral, reason string) asked {
	on := whenClosed[reason]
	page := asked{title: on.question, button: "Close the referral", lead: "Every reminder stops, and an appointment to come is given up."}
	if reason == "picked_up_elsewhere" {
		page.fields = []field{{Name: "provider_name", Label: "Name of the other provider", Called: "which provider picked the person up", Kind: "text"}}
	}
	page.fields = append(page.fields, v.dateField("on", on.label, on.called))
	return page
}

func closeReferral(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	_, err := pickup.Close(v.ctx, tx, v.who, v.now, r.ID, pickup.ClosureDraft{Reason: typed["reason"], On: typed.date("on"), ProviderName: typed["provider_name"]})
	return err
}

// undoFields names the entry that is undone: nobody should have to look it up.
func undoFields(v *visit, r *referral.Referral) []field {
	why := field{Name: "reason", Label: "Why was it wrong?", Called: "why it was wrong", Kind: "text"}
	if last := referral.LastUndoable(v.who, r.Timeline); last != nil {
		e := v.entry(*last, nil)
		why.Hint = "The entry that is undone: " + strings.Join(append([]string{e.Title + "."}, e.Lines...), " ") + " " + e.When
	}
	return []field{why}
}

func undo(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	_, err := referral.Undo(v.ctx, tx, v.who, v.now, r.ID, referral.UndoDraft{Reason: typed["reason"]})
	return err
}
