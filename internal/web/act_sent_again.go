package web

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"throughgate/internal/problem"
	"throughgate/internal/referral"
	"throughgate/internal/timeline"
)

// leaves are the kinds of events in which an act is recorded. Of a time that was chosen an event does not tell whether it
// is the same.
var leaves = map[string][]string{
	"release": {"released", "not_a_release"}, "release-correction": {"corrected"}, "release-date": {"date_changed"},
	"correction": {"corrected"}, "transfer": {"transferred"}, "withdrawal": {"withdrawn"}, "move": {"transferred", "stays"},
	"pickup": {"picked_up"}, "pickup-correction": {"picked_up"}, "outcome": {"attended", "missed", "cancelled"},
	"appointment": {"booked", "rebooked"}, "drop-in": {"drop_in"}, "contact": {"contact"}, "closure": {"closed"}, "undo": {"undone"},
}

// sinceOpened says of a form whose referral has changed since its page was drawn what was recorded meanwhile, when and by
// whom; and where that is what the form asks for, that it need not be sent again.
func (v *visit) sinceOpened(path string, r *referral.Referral, typed form, wrong *problem.Invalid) *problem.Invalid {
	seen, err := strconv.Atoi(typed["entries"])
	if err != nil || seen < 0 || seen >= len(r.Timeline) {
		return wrong
	}
	since := r.Timeline[seen:]
	if again := v.recordedAlready(path, since, typed); again != nil {
		return again
	}
	var said problem.Corrections
	for _, e := range since {
		said.Add("", "changed_since", "Since you opened this page, "+moment(v.now, e.At)+", this was recorded by "+v.recordedBy(e)+": "+v.inOneLine(e))
	}
	return &problem.Invalid{Corrections: append(said, wrong.Corrections...)}
}

// recordedAlready says of what a form asks for that it was recorded, when and by whom; nil where no event tells so.
func (v *visit) recordedAlready(path string, events []timeline.Entry, typed form) *problem.Invalid {
	for _, e := range slices.Backward(events) {
		if slices.Contains(leaves[path], e.Kind) && !e.Undone && holds(e, typed) {
			return &problem.Invalid{Corrections: problem.Corrections{{Code: "already_recorded",
				Message: "This was already recorded " + moment(v.now, e.At) + " by " + v.recordedBy(e) + ", and stands once: " + v.inOneLine(e)}}}
		}
	}
	return nil
}

func (v *visit) inOneLine(e timeline.Entry) string {
	told := v.entry(e, nil)
	return strings.Join(append([]string{told.Title + "."}, told.Lines...), " ")
}

// recordedBy is who recorded an event, as whoever reads it knows them.
func (v *visit) recordedBy(e timeline.Entry) string {
	switch e.Organisation {
	case "":
		return "the service"
	case v.who.Organisation():
		if e.Actor == v.who.By.Actor {
			return "you"
		}
		return "somebody else of " + v.organisation()
	}
	return nameOf(v.Pool.Rules, e.Organisation)
}

// holds says whether an event is of what a form asks for: of all that both tell nothing differs.
func holds(e timeline.Entry, typed form) bool {
	told := map[string]any{}
	if json.Unmarshal(e.Data, &told) != nil {
		return false
	}
	switch e.Kind {
	case "released":
		told["reason"] = "RELEASED"
	case "date_changed":
		if (told["to"] == nil) != (typed["release_known"] == "unknown") {
			return false
		}
	}
	days := []string{e.On.String()}
	for name, value := range told {
		text, _ := value.(string)
		if days = append(days, text); text != "" && typed[name] != "" && typed[name] != text {
			return false
		}
	}
	corrected, isCorrection := told["fields"].([]any)
	noted := e.Note == ""
	for name, value := range typed {
		of, isDay := strings.CutSuffix(name, "-day")
		isDay = isDay && (!isCorrection || slices.Contains(corrected, any(of)))
		if on := typed.date(of); isDay && on != "" && !slices.Contains(days, on) {
			return false
		}
		noted = noted || strings.TrimSpace(value) == e.Note
	}
	return noted
}
