package web

import (
	"net/http"
	"slices"

	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// first is what an act asks before anything else, where the answer decides what else there is to ask. It has a page of
// its own, and what follows from the answer another, in whose address the answer stands. An answer that leaves nothing
// to ask is acted on at once.
type first struct {
	ask  func(*visit, *referral.Referral) field // with a single option there is nothing to ask: the rest is asked at once
	rest func(v *visit, r *referral.Referral, answer string) asked
}

// firsts are the first questions of the acts that have one.
var firsts = map[string]first{
	"release":      {whatHappened, aboutRelease},
	"release-date": {whatIsKnown, aboutDate},
	"outcome":      {whatBecame, aboutOutcome},
	"closure":      {whyClosed, aboutClosure},
}

// asked is one page of an act.
type asked struct {
	first               bool // what the rest depends on
	title, lead, button string
	fields              []field
	known               form   // what is recorded already and may be changed here
	back                string // where Back leads to; "" for the referral
	other               string // the page of another act, where the answer is that act's matter
}

// asking is what an act asks now, and the answer to its first question where this is the rest.
func (v *visit) asking(a act, r *referral.Referral) (asked, form) {
	f, divided := firsts[a.path]
	if !divided {
		return asked{title: a.title, lead: a.lead, button: a.button, fields: a.fields(v, r)}, nil
	}
	q := f.ask(v, r)
	if answer := q.answer(v.web.QueryParam("of")); answer != "" {
		page := f.rest(v, r, answer)
		if len(q.Options) > 1 {
			page.back = a.of(r) + "?was=" + answer
		}
		if page.other == "" {
			return page, form{q.Name: answer}
		}
	}
	return asked{first: true, title: a.called(r, v.now), lead: a.lead, button: a.button, fields: []field{q}, known: form{q.Name: v.web.QueryParam("was")}}, nil
}

// answer is the option that a value names; the only option is the answer whatever was said. "" is none.
func (f field) answer(value string) string {
	if len(f.Options) == 1 {
		return f.Options[0].Value
	}
	if slices.ContainsFunc(f.Options, func(o option) bool { return o.Value == value }) {
		return value
	}
	return ""
}

// answerAct takes a form of an act. What it asks is done, unless the answer leads to another page first.
func (v *visit) answerAct(a act) error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	f, divided := firsts[a.path]
	if !divided {
		return v.carryOut(a, typed)
	}
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	if _, answer := v.asking(a, r); answer != nil {
		return v.carryOut(a, typed.with(answer))
	}
	q := f.ask(v, r)
	answer := q.answer(typed[q.Name])
	if answer == "" {
		return v.actPage(a, http.StatusUnprocessableEntity, typed, &problem.Invalid{Corrections: []problem.Correction{{Field: q.Name, Code: "required"}}})
	}
	overtaken := typed.version() != 0 && typed.version() != r.Version // which the act says
	switch rest := f.rest(v, r, answer); {
	case rest.other != "" && !overtaken:
		return v.seeOther(rest.other)
	case rest.fields != nil && !overtaken:
		return v.seeOther(a.of(r) + "?of=" + answer)
	}
	return v.carryOut(a, typed)
}
