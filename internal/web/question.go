package web

import "throughgate/internal/problem"

// question is a page with one form: what follows from it, what it asks, and its one button.
type question struct {
	Caption  string
	Title    string
	Lead     []string
	Links    []link // whom or what it concerns
	Affected []affectedLine
	Fields   []field
	Hidden   []fact
	Button   string
	Warning  bool // it ends something
	Back     string
}

// ask draws a question, again with what was typed and what is wrong with it.
func (v *visit) ask(status int, q question, typed form, wrong *problem.Invalid) error {
	fields, mistakes := fill(q.Fields, typed, wrong)
	q.Fields = fields
	return v.draw(status, "question.html", page{Title: q.Title, Back: q.Back, Faults: mistakes, Body: q})
}
