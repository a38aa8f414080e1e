package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
)

// rowsShown is how many rows' answers a page shows.
const rowsShown = 100

// importsBody is the page to upload a list, with those that came before.
type importsBody struct {
	About   []string
	Fields  []field
	Earlier []fileLine
}

// fileLine is a file and how many of its rows got which answer.
type fileLine struct {
	ID, Name, When string
	Rows           int
	Answers        string // the counts in short
	Kept           bool
}

// listOf is what a role uploads, in words.
var listOf = map[staff.Role][]string{
	staff.Prison: {"Upload your release list: people who were released, or whose release is planned.",
		"It needs first name, surname, date of birth, sex, client reference, and the exit date or the planned release date."},
	staff.Provider: {"Upload your pick-up list: who was offered and kept appointments, and who started treatment.",
		"It needs first name, surname, date of birth and sex, and the dates that are known."},
}

func (v *visit) importsPage() error { return v.drawImports(http.StatusOK, nil) }

func (v *visit) drawImports(status int, wrong *problem.Invalid) error {
	var files []reconcile.File
	err := v.act(func(tx *db.Tx) (err error) {
		files, err = reconcile.Files(v.ctx, tx, v.who)
		return err
	})
	if err != nil {
		return err
	}
	fields, mistakes := fill([]field{{Name: "file", Label: "Choose a file", Kind: "file", Hint: "CSV or XLSX, up to 20 MiB and 100,000 rows"}}, form{}, wrong)
	body := importsBody{About: listOf[v.who.Role], Fields: fields}
	for _, f := range files {
		body.Earlier = append(body.Earlier, v.fileLine(f))
	}
	return v.draw(status, "imports.html", page{Title: "Upload a list", Back: "/", Faults: mistakes, Body: body})
}

func (v *visit) fileLine(f reconcile.File) fileLine {
	return fileLine{ID: f.ID.String(), Name: f.Name, When: capital(moment(v.now, f.At)), Rows: f.Rows, Answers: inShort(f.Answer), Kept: f.Kept}
}

// countsOf are a file's counts; an answer that no row got is left out, but not what went wrong.
func countsOf(a reconcile.Answered) (list []fact) {
	add := func(words string, n int) {
		if n > 0 {
			list = append(list, fact{words, strconv.Itoa(n)})
		}
	}
	add("Accepted", a.Accepted)
	add("Updated", a.Updated)
	add("Unchanged", a.Unchanged)
	for _, reason := range slices.Sorted(maps.Keys(a.SetAside)) {
		add("Set aside: "+reason, a.SetAside[reason])
	}
	list = append(list, fact{"Refused", strconv.Itoa(a.Refused)})
	add("To review", a.ToReview)
	return list
}

// inShort are a file's counts in one line, without the reasons for which rows were set aside.
func inShort(a reconcile.Answered) string {
	aside := 0
	for _, n := range a.SetAside {
		aside += n
	}
	var said []string
	for _, c := range []struct {
		words string
		n     int
	}{{"accepted", a.Accepted}, {"updated", a.Updated}, {"unchanged", a.Unchanged}, {"set aside", aside}, {"refused", a.Refused}, {"to review", a.ToReview}} {
		if c.n > 0 || c.words == "refused" {
			said = append(said, c.words+" "+strconv.Itoa(c.n))
		}
	}
	return capital(strings.Join(said, ", "))
}

// meanings are what each answer to a row says of it.
var meanings = []fact{
	{"Accepted", "new, and kept"},
	{"Updated", "known already, and something in it changed"},
	{"Unchanged", "known already, and nothing in it is new"},
	{"Set aside", "understood, but not counted, for the reason that is named"},
	{"Refused", "something in it is wrong: each wrong field is named"},
	{"To review", "a person has to decide whom it is about"},
}

// upload looks at a file: every row is answered, and nothing is stored yet.
func (v *visit) upload() error {
	name, content, err := v.uploaded()
	var id uuid.UUID
	if err == nil {
		id, err = reconcile.Preview(v.ctx, v.Pool, v.who, v.now, name, content)
	}
	var wrong *problem.Invalid
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return v.seeOther("/imports/" + id.String())
	case errors.As(err, &tooLarge):
		return v.drawImports(http.StatusRequestEntityTooLarge, &problem.Invalid{Corrections: []problem.Correction{{Field: "file", Code: problem.TooLarge, Message: "The file is larger than 20 MiB. Split it and send the parts."}}})
	case errors.As(err, &wrong) && wrong.TooLarge():
		return v.drawImports(http.StatusRequestEntityTooLarge, wrong)
	case errors.As(err, &wrong):
		return v.drawImports(http.StatusUnprocessableEntity, wrong)
	}
	return err
}

// uploaded reads the file out of the form. It is kept in memory: never in a temporary file.
func (v *visit) uploaded() (name string, content []byte, err error) {
	r := v.web.Request()
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return "", nil, problem.Wrong("file", "required", "Select a file")
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, notTaken
	}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return "", nil, problem.Wrong("file", "required", "Select a file")
		case err != nil:
			return "", nil, cutShort(err)
		case part.FormName() == pageMark:
			if err := v.readUploadsMark(part); err != nil {
				return "", nil, err
			}
		case part.FormName() == "file" && part.FileName() != "":
			return takePart(part)
		}
	}
}

func takePart(part *multipart.Part) (name string, content []byte, err error) {
	name = reconcile.FileName(part.FileName())
	content, err = io.ReadAll(io.LimitReader(part, reconcile.MaxFileBytes+1))
	switch {
	case err != nil:
		return "", nil, cutShort(err)
	case len(content) > reconcile.MaxFileBytes:
		return "", nil, &http.MaxBytesError{Limit: reconcile.MaxFileBytes}
	case len(content) == 0:
		return "", nil, problem.Wrong("file", "empty", "The file is empty")
	}
	return name, content, nil
}

// cutShort is a form that did not arrive whole.
func cutShort(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return problem.Wrong("file", "cut_short", "The file did not arrive whole. Send it again.")
}

// importBody is one file: looked at and waiting, or stored.
type importBody struct {
	File        fileLine
	Waiting     bool
	Notes       []string
	Counts      []fact
	Meanings    []fact
	ToReview    int
	Rows        []rowAnswer
	Filters     []answerLink
	From, To    int
	Of          int
	First, Next string
	Refused     int
	New         int
	Cards       bool // are to be printed of people in the rows shown
}

// rowAnswer is what a row was answered. Nobody is named: rows are told by their number.
type rowAnswer struct {
	Row         int
	Answer, Why string
	Colour      string
	Referral    reconcile.Awaiting // to print the card of; zero for none
}

// answerLink narrows the rows to those with one answer.
type answerLink struct {
	Path, Text string
	Count      int
	Current    bool
}

func (v *visit) importPage() error {
	f, err := v.file()
	if err != nil {
		return err
	}
	return v.drawImport(http.StatusOK, f, nil)
}

func (v *visit) file() (f *reconcile.File, err error) {
	err = v.act(func(tx *db.Tx) error {
		f, err = reconcile.FileOf(v.ctx, tx, v.who, v.id)
		return err
	})
	return f, err
}

func (v *visit) drawImport(status int, f *reconcile.File, said faults) error {
	body := importBody{File: v.fileLine(*f), Waiting: f.Waiting, Counts: countsOf(f.Answer), Meanings: meanings, ToReview: f.Answer.ToReview, Refused: f.Answer.Refused, New: f.Answer.Accepted + f.Answer.Updated}
	if f.Result != nil {
		body.Notes = f.Result.Notes
		body.rows(f.Result, v.web.QueryParam("answer"), v.skipped())
		if err := v.awaiting(f, &body); err != nil {
			return err
		}
	}
	title := "Your list is stored"
	if f.Waiting {
		title = "Check the answers to your list"
	}
	return v.draw(status, "import.html", page{Title: title, Back: "/imports", Faults: said, Body: body})
}

// awaiting adds the referrals of the rows that are shown of people awaiting release: their cards are still to print.
func (v *visit) awaiting(f *reconcile.File, body *importBody) error {
	if f.Waiting || v.who.Role != staff.Prison {
		return nil
	}
	rows := make([]int, len(body.Rows))
	for i, r := range body.Rows {
		rows[i] = r.Row
	}
	return v.act(func(tx *db.Tx) error {
		found, err := reconcile.AwaitingRelease(v.ctx, tx, f.ID, rows)
		for i, r := range body.Rows {
			body.Rows[i].Referral = found[r.Row]
		}
		body.Cards = len(found) > 0
		return err
	})
}

// answersShown are the answers in the order in which they matter to whoever mends the file.
var answersShown = []struct{ answer, colour string }{
	{reconcile.Refused, "govuk-tag--red"}, {reconcile.ToReview, "govuk-tag--orange"}, {reconcile.SetAside, "govuk-tag--grey"},
	{reconcile.Accepted, "govuk-tag--green"}, {reconcile.Updated, "govuk-tag--blue"}, {reconcile.Unchanged, "govuk-tag--grey"},
}

// rows puts a page of the rows' answers together: those with one answer, or all.
func (b *importBody) rows(r *reconcile.Result, only string, skip int) {
	base := "/imports/" + b.File.ID
	counts, colours := map[string]int{}, map[string]string{}
	var chosen []int
	for number, a := range r.Answers {
		counts[a.Answer]++
		if only == "" || a.Answer == only {
			chosen = append(chosen, number)
		}
	}
	slices.Sort(chosen)
	b.Filters = append(b.Filters, answerLink{base, "All", len(r.Answers), only == ""})
	for _, s := range answersShown {
		colours[s.answer] = s.colour
		if counts[s.answer] > 0 {
			b.Filters = append(b.Filters, answerLink{answerPath(base, s.answer, 0), capital(s.answer), counts[s.answer], only == s.answer})
		}
	}
	skip = min(skip, max(0, len(chosen)-1))
	shown := chosen[skip:min(len(chosen), skip+rowsShown)]
	for _, number := range shown {
		a := r.Answers[number]
		b.Rows = append(b.Rows, rowAnswer{number, capital(a.Answer), a.Why, colours[a.Answer], reconcile.Awaiting{}})
	}
	b.From, b.To, b.Of = skip+1, skip+len(shown), len(chosen)
	if skip > 0 {
		b.First = answerPath(base, only, 0)
	}
	if b.To < b.Of {
		b.Next = answerPath(base, only, b.To)
	}
}

func answerPath(base, only string, skip int) string {
	q := []string{}
	if only != "" {
		q = append(q, "answer="+strings.ReplaceAll(only, " ", "+"))
	}
	if skip > 0 {
		q = append(q, "skip="+strconv.Itoa(skip))
	}
	if len(q) == 0 {
		return base
	}
	return base + "?" + strings.Join(q, "&")
}

// storeImport stores what was looked at. Pressed twice, it is stored once, and both lead to its answer.
func (v *visit) storeImport() error {
	err := reconcile.StoreWaiting(v.ctx, v.Pool, v.who, v.now, v.id)
	var already *problem.Conflict
	if err != nil && !errors.As(err, &already) {
		return err
	}
	return v.seeOther("/imports/" + v.id.String())
}

// importResult is the same file with two columns added, each row's answer and why.
func (v *visit) importResult() error {
	var out bytes.Buffer
	var f *reconcile.File
	err := v.act(func(tx *db.Tx) (err error) {
		if f, err = reconcile.FileOf(v.ctx, tx, v.who, v.id); err != nil {
			return err
		}
		return f.WriteAnswered(v.ctx, tx, v.who, v.now, &out)
	})
	if err != nil {
		return err
	}
	kind := "text/csv; charset=utf-8"
	if bytes.HasPrefix(out.Bytes(), []byte("PK")) {
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return v.download("answered "+f.Name, kind, out.Bytes())
}

// download hands a file over to be kept.
func (v *visit) download(name, kind string, content []byte) error {
	attachment := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	if attachment == "" {
		attachment = "attachment"
	}
	v.web.Response().Header().Set("Content-Disposition", attachment)
	v.web.Response().Header().Set("Content-Length", fmt.Sprint(len(content)))
	return v.web.Blob(http.StatusOK, kind, content)
}
