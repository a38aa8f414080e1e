package web

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

const checkStep = "check"

// newBody is a page of the flow.
type newBody struct {
	Part    string
	Heading string // "" where the first field's own words are the heading
	Fields  []field
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
	type unfinished struct{ ID, Name, When, Path string }
	body := struct {
		Draw string
		Left []unfinished
	}{Draw: uuid.NewString()}
	for _, b := range begun {
		name := strings.TrimSpace(b.Typed["person.given_name"] + " " + b.Typed["person.family_name"])
		if name == "" {
			name = "No name yet"
		}
		v.id = b.ID
		body.Left = append(body.Left, unfinished{b.ID.String(), name, moment(v.now, b.ChangedAt), v.comesBack(b.Typed)})
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
	if at < 0 || newSteps[at].fields(v) == nil {
		return notThere
	}
	step := newSteps[at]
	fields, mistakes := fill(step.fields(v), typed, wrong)
	body := newBody{Part: step.part, Fields: fields}
	if len(fields) == 1 || fields[0].Kind != "text" {
		fields[0].Heading = step.title
	} else {
		body.Heading = step.title
	}
	return v.draw(status, "referral_new_step.html", page{Title: step.title, Back: v.backFrom(at, typed), Faults: mistakes, Body: body})
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
	b, earlier, err := v.keepAnswers(newSteps[at], typed)
	if err != nil {
		return err
	}
	if b.ReferralID.Valid {
		return v.seeOther("/referrals/new/" + v.id.String())
	}
	if wrong := v.faultsOf(newSteps[at], b.Typed); wrong != nil {
		return v.drawStep(http.StatusUnprocessableEntity, b.Typed, wrong)
	}
	if v.changing() {
		return v.seeOther(v.opened(at, earlier, b.Typed))
	}
	return v.seeOther(v.goOn(at, b.Typed))
}

// backFrom is where Back leads to: the page before that was asked, or the check that a change was opened from.
func (v *visit) backFrom(at int, typed form) string {
	if v.changing() {
		return v.newPath(checkStep)
	}
	for _, s := range slices.Backward(newSteps[:at]) {
		if v.asks(s, typed) {
			return v.newPath(s.path)
		}
	}
	return "/referrals/new"
}

// goOn is the next page that asks anything, and the check after the last.
func (v *visit) goOn(at int, typed form) string {
	for _, s := range newSteps[at+1:] {
		if v.asks(s, typed) {
			return v.newPath(s.path)
		}
	}
	return v.newPath(checkStep)
}

// opened is where a change leads to: the page whose question it opened or whose answer it made wrong, else back to
// the check.
func (v *visit) opened(at int, earlier, typed form) string {
	for _, s := range newSteps[at+1:] {
		if v.asks(s, typed) && (!v.asks(s, earlier) || v.faultsOf(s, typed) != nil) {
			return v.newPath(s.path) + "?change=yes"
		}
	}
	return v.newPath(checkStep)
}

// comesBack is the first page that is not answered yet, where somebody who comes back goes on.
func (v *visit) comesBack(typed form) string {
	for _, s := range newSteps {
		if v.asks(s, typed) && (!s.answered(v, typed) || v.faultsOf(s, typed) != nil) {
			return v.newPath(s.path)
		}
	}
	return v.newPath(checkStep)
}

// answered says whether a page was sent, with or without an answer.
func (s newStep) answered(v *visit, typed form) bool {
	for _, f := range s.fields(v) {
		if _, sent := typed[f.boxes()[0]]; !sent {
			return false
		}
	}
	return true
}

// keepAnswers lays the answers of one page over what was typed earlier.
func (v *visit) keepAnswers(step newStep, typed form) (b referral.Begun, earlier form, err error) {
	err = v.act(func(tx *db.Tx) error {
		if b, err = referral.HoldBegun(v.ctx, tx, v.who, v.id); err != nil || b.ReferralID.Valid {
			return err
		}
		earlier = maps.Clone(b.Typed)
		step.lay(v, b.Typed, typed)
		return referral.KeepBegun(v.ctx, tx, v.now, v.id, b.Typed)
	})
	return b, earlier, err
}

// lay puts the answers of the page, as they were sent, over others.
func (s newStep) lay(v *visit, over, typed form) {
	for _, f := range s.fields(v) {
		for _, box := range f.boxes() {
			over[box] = typed[box]
		}
		if f.Kind == "checkboxes" {
			over[f.Name] = v.several(f.Name)
		}
	}
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
	d := v.draftOf(typed)
	found := append(referral.Faults(d, v.who.Organisation(), v.now, v.Pool.Rules), v.doubtfulDraft(d)...)
	for _, c := range inQuestions(typed, found) {
		if asked[c.Field] {
			wrong.Corrections = append(wrong.Corrections, c)
		}
	}
	if len(wrong.Corrections) == 0 {
		return nil
	}
	return wrong
}
