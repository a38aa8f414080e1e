package web

import (
	"bytes"
	"io"
	"net/http"
	"regexp"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// pageMark is the hidden field of every form that tells in whose session its page was drawn. A browser has one cookie
// for all its tabs: without the mark, a form that was filled in before somebody else signed in there would be carried
// out in their name.
const pageMark = "drawn_in"

var formSentBack = regexp.MustCompile(`<form\b[^>]*\bmethod="post"[^>]*>`)

// marked is a drawn page with the mark in every form that changes something, and with the kept form that it shows, so
// that this is known to have been sent. It works on what any page drew, so that no form can be forgotten.
func (v *visit) marked(page []byte) []byte {
	if !v.signedIn() {
		return page
	}
	hidden := hiddenField(pageMark, staff.SessionOf(v.token()).Mark())
	if v.keptID != uuid.Nil {
		hidden += hiddenField(keptMark, v.keptID.String())
	}
	return formSentBack.ReplaceAll(page, []byte("${0}"+hidden))
}

// hiddenField takes names and values of letters, figures, - and _ only.
func hiddenField(name, value string) string {
	return `<input type="hidden" name="` + name + `" value="` + value + `">`
}

// readMarks takes out of a form what its page put in besides its fields, before anything else reads it. An upload is
// read by its own handler.
func (v *visit) readMarks() {
	id := v.web.QueryParam(keptMark)
	if r := v.web.Request(); r.Method == post && !brings(r) {
		sent, err := formSent(r)
		if err != nil {
			return // which the handler says
		}
		v.drawnIn = staff.Marked(sent.Get(pageMark))
		id = sent.Get(keptMark)
		sent.Del(pageMark)
		sent.Del(keptMark)
	}
	v.keptID, _ = uuid.Parse(id) // uuid.Nil for none
}

// errDrawnForAnother is the answer to a form whose page was drawn for somebody else than who is signed in now.
type errDrawnForAnother struct {
	now       string // who is signed in
	left      unsent
	until     string // until when what was typed is kept
	forgotten bool   // the page was drawn so long ago that it is not known for whom
}

func (e *errDrawnForAnother) Error() string { return "the form was drawn for somebody else" }

// told says what has happened to whoever reads it, be it the one who filled the form in or the one who has signed in
// since: to neither who the other is.
func (e *errDrawnForAnother) told() trouble {
	t := trouble{Status: http.StatusConflict, Heading: "Somebody else is signed in now", Paragraphs: []string{
		"You are signed in as " + e.now + ". This form was opened by somebody else, who was signed in here before. Nothing was recorded."}}
	if e.forgotten {
		t.Heading = "This form was opened too long ago"
		t.Paragraphs[0] = "You are signed in as " + e.now + ". It is not known any more who opened this form. Nothing was recorded."
	}
	switch {
	case e.left.lost:
		t.Paragraphs = append(t.Paragraphs, "What was typed could not be kept, which is only done for 7 days after a page was opened.")
	case e.left.file:
		t.Paragraphs = append(t.Paragraphs, "The file is not kept. If it was you who chose it, sign out, sign in with your own account and choose it again.")
	case e.left.kept != uuid.Nil:
		t.Paragraphs = append(t.Paragraphs, "What was typed is kept, for whoever typed it and nobody else. If that was you, sign out and sign in with your own account: until "+
			e.until+" you find it on your start page.")
	}
	t.Paragraphs = append(t.Paragraphs, "To do the same as "+e.now+", open the page again from your start page.")
	return t
}

// mustBeTheirs refuses a form whose page was drawn in a session of somebody else, and leaves a row that the auditor sees. Another session
// of the same person is theirs; so is a form without a mark, which no page of ours has sent.
func (v *visit) mustBeTheirs(r route) error {
	if v.drawnIn == nil || bytes.Equal(v.drawnIn, staff.SessionOf(v.token())) {
		return nil
	}
	var past staff.Past
	var theirs bool
	err := v.asService(func(tx *db.Tx) (err error) {
		past, err = staff.PastOf(v.ctx, tx, v.drawnIn)
		theirs = past.Person == v.who.Person()
		if err != nil || theirs {
			return err
		}
		return audit.Write(v.ctx, tx, v.who.By, v.now, "refused", "page", r.method+" "+r.path, audit.Detail{"form": drawnForAnother})
	})
	if err != nil || theirs {
		return err
	}
	left, err := v.setAside(r)
	if err != nil {
		return err
	}
	return &errDrawnForAnother{v.who.Name + ", " + v.organisation(), left, moment(v.now, v.now.Add(staff.KeptFor)), past.Person == uuid.Nil}
}

// readUploadsMark is readMarks for a form that brings a file: its mark comes first.
func (v *visit) readUploadsMark(part io.Reader) error {
	mark, err := io.ReadAll(io.LimitReader(part, 1024))
	if err != nil {
		return cutShort(err)
	}
	v.drawnIn = staff.Marked(string(mark))
	return v.mustBeTheirs(route{method: post, path: v.web.Path()})
}
