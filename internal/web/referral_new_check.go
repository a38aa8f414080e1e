package web

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// checkBody is everything that was answered, before it is sent.
type checkBody struct {
	Title  string
	Parts  []answeredPart
	Seen   string // what the answers were when the page was drawn
	Stands string // the referral that stands already
	Minor  bool   // under 18 at the release
}

// answeredPart are the answers about one thing, such as the release.
type answeredPart struct {
	Title   string
	Answers []answer
}

// answer is what was answered to a question, and the page that changes it.
type answer struct{ Name, Label, Words, Path string }

const notGiven = "Not given"

// drawCheck shows every answer before it is sent, and what is wrong with them.
func (v *visit) drawCheck(status int, b referral.Begun, said faults, stands string) error {
	body := checkBody{Title: "Check your answers", Seen: seenAt(b), Stands: stands, Minor: underAge(v.draftOf(b.Typed))}
	for _, step := range newSteps {
		answers := v.answers(step, b.Typed)
		if n := len(body.Parts); n > 0 && body.Parts[n-1].Title == step.part {
			body.Parts[n-1].Answers = append(body.Parts[n-1].Answers, answers...)
		} else {
			body.Parts = append(body.Parts, answeredPart{step.part, answers})
		}
	}
	return v.draw(status, "referral_new_check.html", page{Title: body.Title, Back: v.backFrom(len(newSteps), b.Typed), Faults: said, Body: body})
}

// underAge is whether the person would be under 18: where a date is wrong, that is said instead.
func underAge(d referral.Draft) bool {
	born, wrongBorn := day.Parse(d.Person.DateOfBirth)
	on, wrongOn := day.Parse(cmp.Or(d.PlannedReleaseDate, d.ReleasedOn))
	return wrongBorn == nil && wrongOn == nil && referral.UnderAge(born, on)
}

func seenAt(b referral.Begun) string { return strconv.FormatInt(b.ChangedAt.UnixMicro(), 36) }

// answers are a page's answers in words. What was left out is said, so that nothing is overlooked; nobody has to
// check what was not asked of them.
func (v *visit) answers(step newStep, typed form) (list []answer) {
	filled, _ := fill(step.fields(v), typed, nil)
	for _, f := range filled {
		words := f.answered(typed)
		if !leftOpen(f.Name, typed) || f.Name == otherSubstances.Name && words == "" {
			continue
		}
		if words == "" {
			words = notGiven
		}
		list = append(list, answer{f.Name, strings.TrimSuffix(f.Label, " (optional)"), words, v.newPath(step.path) + "?change=yes"})
	}
	return list
}

// answered is what was typed or chosen, in words, as it will be kept.
func (f field) answered(typed form) string {
	switch f.Name {
	case prisonNumber.Name:
		if number, ok := person.PrisonNumber(f.Value); ok {
			return number
		}
	case nhsNumber.Name:
		if number, ok := person.NHSNumber(f.Value); ok {
			return spaced(number)
		}
	case otherSubstances.Name:
		return strings.Join(form{otherSubstances.Name: f.Value}.substances(), ", ")
	}
	switch f.Kind {
	case "date":
		return dateInWords(typed.date(f.Name))
	case "radios", "checkboxes":
		var chosen []string
		for _, o := range f.Options {
			if o.Chosen {
				chosen = append(chosen, o.Text)
			}
		}
		return strings.Join(chosen, ", ")
	case "text":
		if clean, ok := person.CleanName(f.Value); ok {
			return clean
		}
	}
	return strings.TrimSpace(f.Value)
}

// makeReferral sends what was checked. However often the button is pressed, it becomes one referral.
func (v *visit) makeReferral(typed form) error {
	var b referral.Begun
	err := v.act(func(tx *db.Tx) (err error) {
		if b, err = referral.HoldBegun(v.ctx, tx, v.who, v.id); err != nil || b.ReferralID.Valid {
			return err
		}
		if typed["seen"] != "" && typed["seen"] != seenAt(b) {
			return &problem.Conflict{Code: "changed_since", Message: "Your answers have changed since you opened this page. Check them once more."}
		}
		d := v.draftOf(b.Typed)
		made, err := referral.Make(v.ctx, tx, v.who, v.now, d)
		if err = together(v.doubtfulDraft(d), err); err != nil {
			return err
		}
		return referral.FinishBegun(v.ctx, tx, v.now, v.id, made.ID)
	})
	if err != nil {
		err = errors.Join(err, referral.NoteElsewhere(v.ctx, v.Pool, v.who, v.now, err))
	}
	var wrong *problem.Invalid
	var conflict *problem.Conflict
	switch {
	case err == nil:
		return v.seeOther("/referrals/new/" + v.id.String())
	case errors.As(err, &wrong):
		return v.drawCheck(http.StatusUnprocessableEntity, b, v.faultsToCheck(b.Typed), "")
	case errors.As(err, &conflict):
		return v.drawCheck(http.StatusConflict, b, faults{inTheWay(conflict)}, conflict.ID)
	}
	return err
}

// inTheWay is why a referral cannot be made as it stands, and where that can be changed.
func inTheWay(c *problem.Conflict) mistake {
	if c.Code == "reference_reused" {
		return mistake{"change-" + ownReference.Name, "Another referral has this reference of yours already: give another, or leave it out"}
	}
	return mistake{"", withoutStop(c.Message)}
}

// faultsToCheck are all faults of all pages, each leading to the link that changes its answer.
func (v *visit) faultsToCheck(typed form) (all faults) {
	for _, step := range newSteps {
		filled, _ := fill(step.fields(v), typed, v.faultsOf(step, typed))
		for _, f := range filled {
			if f.Error != "" {
				all = append(all, mistake{"change-" + f.Name, f.Error})
			}
		}
	}
	return all
}

// madeReferral confirms: the reference, the appointment, and the card to print.
func (v *visit) madeReferral() error {
	var r *referral.Referral
	err := v.act(func(tx *db.Tx) error {
		b, err := referral.HoldBegun(v.ctx, tx, v.who, v.id)
		if err != nil || !b.ReferralID.Valid {
			return err
		}
		r, err = referral.Find(v.ctx, tx, v.who, v.now, b.ReferralID.UUID)
		return err
	})
	switch {
	case err != nil:
		return err
	case r == nil:
		return v.seeOther(v.newPath(newSteps[0].path))
	}
	body := v.referralBody(r, fullName(r))
	body.Waiting = v.whoBooks(r)
	return v.draw(http.StatusOK, "referral_new_made.html", page{Title: "Referral made", Body: body})
}

// whoBooks says how somebody without an appointment comes to one.
func (v *visit) whoBooks(r *referral.Referral) string {
	switch {
	case r.State == referral.NotPickedUp:
		return "The three months since the release are over, so none is booked."
	case r.UnbookedReason == "":
		return ""
	case r.UnbookedReason == appointment.NoReleaseDate:
		return "As soon as the day is known, say it on the referral's page: an appointment is then booked automatically."
	}
	return nameOf(v.Pool.Rules, r.Provider.String()) + " will book one before the release, and you will see it on the referral's page."
}
