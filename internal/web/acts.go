package web

import (
	"errors"
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
	{"release", "Confirm what happened at release", "Only a release to the community starts the person's three weeks and three months. Anything else is written down and changes nothing.",
		"Confirm", "What happened is recorded.", byPrison, beforeRelease, releaseFields, release},
	{"release-correction", "Correct the day of release", "Another day takes the place of the one that was confirmed, which stays in the timeline. The appointment is kept, unless it lies before the day of release.",
		"Correct the day", "The day of release is corrected.", byPrison, seeable[2:], releasedOnFields, correctRelease},
	{"release-date", "Change the release date", "The appointment follows the date: it is kept where it still fits, else another is booked.",
		"Change the date", "The release date is changed.", byPrison, beforeRelease, dateFields, changeDate},
	{"transfer", "Moved to another prison", "The referral goes with the person, appointment and all. You will not see it any more.",
		"Hand over", "The referral is handed over: the other prison has it now, and you do not see it any more.", byPrison, beforeRelease, transferFields, transfer},
	{"withdrawal", "Withdraw the referral", "The appointment is given up for somebody else.",
		"Withdraw", "The referral is withdrawn.", byPrison, beforeRelease, withdrawalFields, withdraw},

	{"move", "Sent by another prison too: decide whose it is", "Two prisons have sent the same release. The referral stands with one of them; the other sees it only if it moves there.",
		"Save the decision", "It is decided which prison has the referral.", byProvider, referral.States(), moveFields, moveToAsker},
	{"pickup", "Confirm pick-up", "The person has started or resumed structured treatment. A phone call, an in-reach visit or a bridging prescription alone is contact, not a pick-up.",
		"Confirm pick-up", "The pick-up is confirmed.", byProvider,
		[]referral.State{referral.Released, referral.NotPickedUp, referral.Closed}, pickupFields, confirmPickup},
	{"pickup-correction", "Correct the pick-up", "Another date takes the place of the one that was confirmed, which stays in the timeline.",
		"Correct the pick-up", "The pick-up is corrected.", byProvider, []referral.State{referral.PickedUp}, pickupFields, confirmPickup},
	{"outcome", "Record what became of the appointment", "", "Record", "The outcome is recorded.", byProvider, seeable, outcomeFields, recordOutcome},
	{"appointment", "Book the next free appointment", "The earliest free place after release in a clinic that can see the person. An appointment to come is given up for it, if it is later.",
		"Book it", "An appointment is booked.", byProvider, live, noFields, book},
	{"slot", "Choose a time", "Any time from the day of release on, in any clinic. An appointment to come is given up for it. A full time can be booked only with a reason.",
		"Book it", "An appointment is booked.", byProvider, live, noFields, bookSlot},
	{"drop-in", "Came without an appointment", "Recorded as attended.", "Record", "The visit is recorded.", byProvider, seeable, dropInFields, dropIn},
	{"contact", "Record contact", "Contact that is not a pick-up.", "Record", "The contact is recorded.", pathway, seeable, contactFields, contact},
	{"closure", "Close the referral", "For a release that ended otherwise. Every reminder stops.",
		"Close", "The referral is closed.", pathway, afterRelease, closureFields, closeReferral},
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

func releaseFields(v *visit, r *referral.Referral) []field {
	list := []field{
		v.dateField("released_on", "When did it happen?", "the day when it happened"),
		{Name: "reason", Label: "What happened?", Called: "what happened", Kind: "radios", Options: choices("RELEASED", "TRANSFERRED", "SENT_TO_COURT", "TEMPORARY_ABSENCE_RELEASE", "RELEASED_TO_HOSPITAL")},
		{Name: "naloxone_supplied", Label: "Was naloxone supplied? (optional)", Kind: "radios", Options: yesOrNo, Hint: "Given to the person, not only offered"},
	}
	if r.OpioidSubstitution.Medicine != "" {
		f := v.dateField("bridging_until", "Last day of the bridging prescription (optional)", "the last day of the bridging prescription")
		list = append(list, f)
	}
	return list
}

func release(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	_, err := referral.Release(v.ctx, tx, v.who, v.now, r.ID, referral.ReleaseDraft{
		ReleasedOn: typed.date("released_on"), Reason: typed["reason"],
		NaloxoneSupplied: typed.yesNo("naloxone_supplied"), BridgingUntil: typed.date("bridging_until"),
	})
	return err
}

func releasedOnFields(v *visit, r *referral.Referral) []field {
	return []field{
		v.dateField("released_on", "When were they released?", "the day of release"),
		{Name: "correction_reason", Label: "Why was the earlier day wrong?", Called: "why the earlier day was wrong", Kind: "text", Hint: "Recorded before: " + r.ReleasedOn.Long()},
	}
}

// correctRelease wants a reason, as every correction on these pages does. What the act finds wrong as well is said at
// the same time, and whatever it did is undone.
func correctRelease(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	d := referral.ReleaseDraft{ReleasedOn: typed.date("released_on"), Reason: "RELEASED", CorrectionReason: strings.TrimSpace(typed["correction_reason"])}
	var wrong problem.Corrections
	if d.ReleasedOn != "" && d.ReleasedOn == r.ReleasedOn.String() {
		wrong.Add("released_on", "unchanged", "This is the day that is recorded already: enter another, or go back")
	}
	if d.CorrectionReason == "" {
		wrong.Add("correction_reason", "required", "Enter why the earlier day was wrong")
	}
	_, err := referral.Release(v.ctx, tx, v.who, v.now, r.ID, d)
	if more := (*problem.Invalid)(nil); errors.As(err, &more) {
		wrong = append(wrong, more.Corrections...)
	}
	switch {
	case len(wrong) > 0:
		return wrong.Err()
	case err == nil && r.ReleasedOn.IsZero():
		return &problem.Conflict{Code: "changed_since", Message: "No release is confirmed, so there is no day to correct."}
	}
	return err
}

func dateFields(v *visit, r *referral.Referral) []field {
	return []field{
		{Name: "known", Label: "Is a date known?", Called: "whether a date is known", Kind: "radios", Options: yesOrNo, Hint: "Without a date the appointment is given up"},
		{Name: "planned_release_date", Label: "New planned release date, if one is known", Kind: "date", Called: "the new release date", Hint: "For example, " + hintDay(day.Of(v.now).Add(14)), Says: tooFar},
		{Name: "certainty", Label: "How sure is it? (optional)", Called: "how sure it is", Kind: "radios", Options: choices("expected", "confirmed")},
		{Name: "reason", Label: "Why did it change? (optional)", Kind: "text"},
	}
}

// tooFar are what a planned date's limits are called on these pages.
var tooFar = map[string]string{
	"in_the_past":   "A planned release must not lie more than three months back. If they have been released, confirm the release instead",
	"too_far_ahead": "A planned release must not lie more than 400 days ahead",
}

// changeDate wants it said that no date is known: an empty box alone may be a slip, and frees a place. What the act
// finds wrong as well is said at the same time, and whatever it did is undone.
func changeDate(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	d := referral.DateChange{PlannedReleaseDate: typed.date("planned_release_date"), Reason: typed["reason"], Certainty: typed["certainty"]}
	var wrong problem.Corrections
	switch {
	case typed["known"] == "":
		wrong.Add("known", "required", "Say whether a date is known")
	case typed["known"] == "yes" && d.PlannedReleaseDate == "":
		wrong.Add("planned_release_date", "required", "Enter the new release date")
	case typed["known"] == "no" && d.PlannedReleaseDate != "":
		wrong.Add("planned_release_date", "contradiction", "Leave the date empty, or say that it is known")
	}
	_, err := referral.ChangeDate(v.ctx, tx, v.who, v.now, r.ID, d)
	if more := (*problem.Invalid)(nil); errors.As(err, &more) {
		return (append(wrong, more.Corrections...)).Err()
	}
	if len(wrong) > 0 {
		return wrong.Err()
	}
	return err
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
		{Name: "reason", Label: "Why?", Called: "why", Kind: "radios", Options: choices("mistaken", "duplicate", "need_gone", "declined", "release_cancelled", "moved_to_prison_elsewhere", "died")},
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
		{Name: "kind", Label: "What started?", Called: "what started", Kind: "radios", Options: choices("new_episode", "resumed_episode")},
		{Name: "modality", Label: "Treatment (optional)", Kind: "text", Hint: "For example, prescribing or psychosocial"},
	}
	list[0].Hint = "The first attendance on or after the release that starts or resumes structured treatment. " + list[0].Hint
	if !r.PickedUpOn.IsZero() {
		list = append(list, field{Name: "correction_reason", Label: "Why was the earlier date wrong?", Called: "why the earlier date was wrong", Kind: "text", Hint: "Recorded before: " + r.PickedUpOn.Long()})
	}
	return list
}

func confirmPickup(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	_, err := pickup.Confirm(v.ctx, tx, v.who, v.now, r.ID, pickup.Draft{
		PickedUpOn: typed.date("picked_up_on"), Kind: typed["kind"], Modality: typed["modality"], CorrectionReason: typed["correction_reason"],
	})
	return err
}

func outcomeFields(v *visit, r *referral.Referral) []field {
	list := []field{
		{Name: "outcome", Label: "What became of it?", Called: "what became of the appointment", Kind: "radios", Options: choices("attended", "attended_late", "did_not_attend", "cancelled"), Hint: v.whichAppointment(r)},
		{Name: "reason", Label: "If it was missed or cancelled: why? (optional)", Kind: "radios", Options: choices("acceptable", "none_given", "our_fault")},
		{Name: "cancelled_by", Label: "If it was cancelled: by whom?", Called: "who cancelled it", Kind: "radios", Options: []option{{Value: "person", Text: "The person"}, {Value: "provider", Text: "Us"}, {Value: "prison", Text: "The prison"}}},
	}
	if a := subject(r); a != nil && a.Outcome != nil {
		list = append(list, field{Name: "correction_reason", Label: "Why was the earlier outcome wrong?", Called: "why the earlier outcome was wrong", Kind: "text", Hint: "Recorded before: " + say(*a.Outcome)})
	}
	return list
}

// subject is the appointment that an outcome is about: the open one, else the last.
func subject(r *referral.Referral) *appointment.Appointment {
	if r.Appointment != nil || len(r.Appointments) == 0 {
		return r.Appointment
	}
	return &r.Appointments[len(r.Appointments)-1]
}

func (v *visit) whichAppointment(r *referral.Referral) string {
	if a := subject(r); a != nil {
		b := v.appointmentBody(*a)
		return b.When + ", " + b.Place
	}
	return "There is no appointment yet"
}

func recordOutcome(v *visit, tx *db.Tx, r *referral.Referral, typed form) (err error) {
	if r.Appointments, err = appointment.Chain(v.ctx, tx, r.ID); err != nil {
		return err
	}
	if r.Appointment, err = appointment.Open(v.ctx, tx, r.ID); err != nil {
		return err
	}
	a := subject(r)
	if a == nil {
		return problem.Wrong("outcome", "no_appointment", "There is no appointment: record a visit without an appointment instead")
	}
	_, _, err = appointment.RecordOutcome(v.ctx, tx, v.who, v.now, a.ID, appointment.Outcome{
		Outcome: typed["outcome"], Reason: typed["reason"], CancelledBy: typed["cancelled_by"], CorrectionReason: typed["correction_reason"],
	})
	return err
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
			return problem.Wrong("attended_on", "date", "Enter a real date: day, month and year in figures")
		}
	}
	_, err := appointment.DropIn(v.ctx, tx, v.who, v.now, r.ID, v.who.Organisation(), on)
	return err
}

func contactFields(v *visit, r *referral.Referral) []field {
	return []field{
		{Name: "kind", Label: "What kind of contact?", Called: "what kind of contact it was", Kind: "radios", Options: choices("in_reach", "phone", "cjit", "reconnect", "smart_community", "bridging", "naloxone", "needle_exchange")},
		v.dateField("on", "When was it?", "the day of the contact"),
		{Name: "note", Label: "Note (optional)", Kind: "textarea"},
	}
}

func contact(v *visit, tx *db.Tx, r *referral.Referral, typed form) error {
	_, err := pickup.Contact(v.ctx, tx, v.who, v.now, r.ID, pickup.ContactDraft{Kind: typed["kind"], On: typed.date("on"), Note: typed["note"]})
	return err
}

func closureFields(v *visit, r *referral.Referral) []field {
	if v.who.Role == staff.Prison {
		return []field{
			{Name: "reason", Label: "Why?", Called: "why", Kind: "radios", Options: choices("returned_to_custody", "died")},
			v.dateField("on", "When was this?", "the day when this was"),
		}
	}
	return []field{
		{Name: "reason", Label: "Why?", Called: "why", Kind: "radios", Options: choices("returned_to_custody", "died", "moved_area", "picked_up_elsewhere", "declined")},
		v.dateField("on", "When was this?", "the day when this was"),
		{Name: "provider_name", Label: "If picked up by another provider: which?", Called: "which provider picked the person up", Kind: "text",
			Says: map[string]string{"not_applicable": "Leave the name of the provider out, or select that another provider picked the person up"}},
	}
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
