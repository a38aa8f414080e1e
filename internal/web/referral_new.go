package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// newStep is one page of "refer someone". What was answered is kept after each, right or wrong, so that
// Back, a reload or an ended session loses nothing.
type newStep struct {
	path, title string
	fields      func(*visit) []field
}

var newSteps = []newStep{
	{"person", "Who are you referring?", (*visit).personQuestions},
	{"release", "When are they released?", (*visit).releaseQuestions},
	{"need", "What do they need help with?", (*visit).needQuestions},
	{"consent", "Consent and support", (*visit).consentQuestions},
}

const checkStep = "check"

// newBody is a page of the flow.
type newBody struct {
	ID      uuid.UUID
	Title   string
	Step    int // from 1
	Steps   int
	Fields  []field
	Answers []answerGroup
	Seen    string // what the answers were when the page was drawn
	Stands  string // the referral that stands already
}

// answerGroup are the answers of one page, to be checked.
type answerGroup struct {
	Step, Title string
	Answers     []fact
}

func (v *visit) newPath(step string) string { return "/referrals/new/" + v.id.String() + "/" + step }

// newReferralPage says what is needed, begins, and lists what was begun and left.
func (v *visit) newReferralPage() error {
	var begun []referral.Begun
	err := v.act(func(tx *db.Tx) (err error) {
		begun, err = referral.Unfinished(v.ctx, tx, v.who, v.now)
		return err
	})
	if err != nil {
		return err
	}
	type unfinished struct{ ID, Name, When string }
	body := struct {
		Draw string
		Left []unfinished
	}{Draw: uuid.NewString()}
	for _, b := range begun {
		name := strings.TrimSpace(b.Typed["person.given_name"] + " " + b.Typed["person.family_name"])
		if name == "" {
			name = "No name yet"
		}
		body.Left = append(body.Left, unfinished{b.ID.String(), name, moment(v.now, b.ChangedAt)})
	}
	return v.draw(http.StatusOK, "referral_new.html", page{Title: "Refer someone", Back: "/", Body: body})
}

// beginReferral begins a draft under the id that the page drew: a double click begins one.
func (v *visit) beginReferral() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	if v.id, err = uuid.Parse(typed["draft"]); err != nil {
		return v.seeOther("/referrals/new")
	}
	err = v.act(func(tx *db.Tx) error { return referral.Begin(v.ctx, tx, v.who, v.now, v.id) })
	if err != nil {
		return err
	}
	return v.seeOther(v.newPath(newSteps[0].path))
}

func (v *visit) discardReferral() error {
	err := v.act(func(tx *db.Tx) error { return referral.Discard(v.ctx, tx, v.who, v.id) })
	if none := (*problem.NotFound)(nil); err != nil && !errors.As(err, &none) { // gone already is what was wanted
		return err
	}
	return v.seeOther("/referrals/new")
}

// begun reads what was typed so far. Once it is a referral, every page of the flow leads to that.
func (v *visit) begun() (b referral.Begun, err error) {
	err = v.act(func(tx *db.Tx) error {
		if b, err = referral.HoldBegun(v.ctx, tx, v.who, v.id); err != nil || b.ReferralID.Valid {
			return err
		}
		return audit.Write(v.ctx, tx, v.who.By, v.now, "shown", "draft", v.id.String(), nil)
	})
	return b, err
}

func (v *visit) newStepPage() error {
	b, err := v.begun()
	switch {
	case err != nil:
		return err
	case b.ReferralID.Valid:
		return v.seeOther("/referrals/new/" + v.id.String())
	case v.web.Param("step") == checkStep:
		return v.drawCheck(http.StatusOK, b, nil, "")
	}
	return v.drawStep(http.StatusOK, b.Typed, nil)
}

// step is the page that the address names; -1 for none.
func (v *visit) step() int {
	return slices.IndexFunc(newSteps, func(s newStep) bool { return s.path == v.web.Param("step") })
}

// changing says whether the page was opened from the check, to which it then leads back.
func (v *visit) changing() bool { return v.web.QueryParam("change") != "" }

func (v *visit) drawStep(status int, typed form, wrong *problem.Invalid) error {
	at := v.step()
	if at < 0 {
		return notThere
	}
	step, back := newSteps[at], "/referrals/new"
	switch {
	case v.changing():
		back = v.newPath(checkStep)
	case at > 0:
		back = v.newPath(newSteps[at-1].path)
	}
	fields, mistakes := fill(step.fields(v), typed, wrong)
	return v.draw(status, "referral_new_step.html", page{Title: step.title, Back: back, Faults: mistakes,
		Body: newBody{ID: v.id, Title: step.title, Step: at + 1, Steps: len(newSteps) + 1, Fields: fields}})
}

func (v *visit) newStepAnswered() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	if v.web.Param("step") == checkStep {
		return v.makeReferral(typed)
	}
	at := v.step()
	if at < 0 {
		return notThere
	}
	b, err := v.keepAnswers(newSteps[at], typed)
	if err != nil {
		return err
	}
	if b.ReferralID.Valid {
		return v.seeOther("/referrals/new/" + v.id.String())
	}
	if wrong := v.faultsOf(newSteps[at], b.Typed); wrong != nil {
		return v.drawStep(http.StatusUnprocessableEntity, b.Typed, wrong)
	}
	if v.changing() || at == len(newSteps)-1 {
		return v.seeOther(v.newPath(checkStep))
	}
	return v.seeOther(v.newPath(newSteps[at+1].path))
}

// keepAnswers lays the answers of one page over what was typed before.
func (v *visit) keepAnswers(step newStep, typed form) (b referral.Begun, err error) {
	err = v.act(func(tx *db.Tx) error {
		if b, err = referral.HoldBegun(v.ctx, tx, v.who, v.id); err != nil || b.ReferralID.Valid {
			return err
		}
		for _, f := range step.fields(v) {
			for _, box := range f.boxes() {
				b.Typed[box] = typed[box]
			}
			if f.Kind == "checkboxes" {
				b.Typed[f.Name] = v.several(f.Name)
			}
		}
		return referral.KeepBegun(v.ctx, tx, v.now, v.id, b.Typed)
	})
	return b, err
}

// boxes are the names under which a field's parts are sent.
func (f field) boxes() []string {
	if f.Kind == "date" {
		return []string{f.Name + "-day", f.Name + "-month", f.Name + "-year"}
	}
	return []string{f.Name}
}

// faultsOf is what is wrong with the answers of one page; nil when nothing is.
func (v *visit) faultsOf(step newStep, typed form) *problem.Invalid {
	asked := map[string]bool{}
	for _, f := range step.fields(v) {
		asked[f.Name] = true
	}
	wrong := &problem.Invalid{}
	for _, c := range inQuestions(typed, referral.Faults(v.draftOf(typed), v.who.Organisation(), v.now, v.Pool.Rules)) {
		if asked[c.Field] {
			wrong.Corrections = append(wrong.Corrections, c)
		}
	}
	if len(wrong.Corrections) == 0 {
		return nil
	}
	return wrong
}

// drawCheck shows every answer before it is sent, and what is wrong with them.
func (v *visit) drawCheck(status int, b referral.Begun, said faults, stands string) error {
	body := newBody{ID: v.id, Title: "Check your answers", Step: len(newSteps) + 1, Steps: len(newSteps) + 1,
		Seen: seenAt(b), Stands: stands}
	for _, step := range newSteps {
		body.Answers = append(body.Answers, v.answers(step, b.Typed))
	}
	back := v.newPath(newSteps[len(newSteps)-1].path)
	return v.draw(status, "referral_new_check.html", page{Title: body.Title, Back: back, Faults: said, Body: body})
}

func seenAt(b referral.Begun) string { return strconv.FormatInt(b.ChangedAt.UnixMicro(), 36) }

// answers are a page's answers in words. What was left out is said, so that nothing is overlooked.
func (v *visit) answers(step newStep, typed form) answerGroup {
	group := answerGroup{Step: step.path, Title: step.title}
	filled, _ := fill(step.fields(v), typed, nil)
	for _, f := range filled {
		if !applies(f.Name, typed) {
			continue
		}
		words := f.answered(typed)
		if words == "" {
			words = "Not given"
		}
		group.Answers = append(group.Answers, fact{strings.TrimSuffix(strings.TrimSuffix(f.Label, " (optional)"), ", if it is known"), words})
	}
	return group
}

// applies says whether a question is one that the other answers leave open: nobody has to check what was
// not asked of them.
func applies(name string, typed form) bool {
	switch name {
	case "release_on", "release_date_certainty":
		return typed["release_known"] != "unknown"
	case "release_date_unknown_reason":
		return typed["release_known"] == "unknown"
	case "opioid_substitution.bridging_until":
		return typed["opioid_substitution.medicine"] != "none" || typed.date(name) != ""
	case "other_substances":
		return strings.TrimSpace(typed[name]) != ""
	}
	return true
}

// answered is what was typed or chosen, in words.
func (f field) answered(typed form) string {
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
		made, err := referral.Make(v.ctx, tx, v.who, v.now, v.draftOf(b.Typed))
		if err != nil {
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
		return mistake{"change-consent", "Another referral has this reference of yours already: give another, or leave it out"}
	}
	return mistake{"", c.Message}
}

// faultsToCheck are all faults of all pages, each leading to the link that changes its answers.
func (v *visit) faultsToCheck(typed form) (all faults) {
	for _, step := range newSteps {
		_, mistakes := fill(step.fields(v), typed, v.faultsOf(step, typed))
		for _, m := range mistakes {
			all = append(all, mistake{"change-" + step.path, m.Message})
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
	case r.UnbookedReason == "":
		return ""
	case r.UnbookedReason == appointment.NoReleaseDate:
		return "As soon as the day is known, say it on the referral's page: an appointment is then booked by itself."
	}
	return nameOf(v.Pool.Rules, r.Provider.String()) + " will book one before the release, and you will see it on the referral's page."
}
