package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/reconcile"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// reviewsAtOnce is a page of questions.
const reviewsAtOnce = 50

// reviewListBody is everything that only a person can decide.
type reviewListBody struct {
	Lists             []listLink // the provider's worklists
	About, Empty      string
	AlcoholOnly, CJIT bool
	Moves             []row // referrals that another prison has sent as well; the provider's alone
	Matches           []matchLine
	First, Next       string
	CSV               string // the address of the whole list, to keep
}

// matchLine is a row of a list that may be about somebody known.
type matchLine struct {
	ID        uuid.UUID
	Name, Why string
	Where     string // file and row
	Since     string
	Marks     []mark
}

// reviewList is the list "To review". Of a provider it is one of the worklists.
func (v *visit) reviewList() error {
	asked, skip := v.listFilter(), v.skipped()
	filter := referral.ListFilter{AlcoholOnly: asked.AlcoholOnly, CJIT: asked.CJIT, Cursor: asked.Cursor} // it has one order
	body := reviewListBody{About: worklists[referral.ToReview].about, Empty: worklists[referral.ToReview].empty, AlcoholOnly: filter.AlcoholOnly, CJIT: filter.CJIT}
	body.CSV = narrowed("/review.csv", referral.ListFilter{AlcoholOnly: filter.AlcoholOnly, CJIT: filter.CJIT})
	moves, err := v.moves(&body, filter, skip > 0 && filter.Cursor == "")
	if err != nil {
		return err
	}
	questions, err := reconcile.ReviewsOf(v.ctx, v.Pool, v.who, v.now, reconcile.Narrow{
		AlcoholOnly: filter.AlcoholOnly, CJIT: filter.CJIT, Skip: skip, Limit: reviewsAtOnce + 1})
	if err != nil {
		return err
	}
	body.pages(filter, skip, len(questions) > reviewsAtOnce, moves.NextCursor)
	for _, q := range questions[:min(len(questions), reviewsAtOnce)] {
		body.Matches = append(body.Matches, v.matchLine(q))
	}
	if filter.AlcoholOnly || filter.CJIT {
		body.Empty = "Nothing here has the mark you chose. Take the filter off to see everything."
	}
	return v.draw(http.StatusOK, "review_list.html", page{Title: worklists[referral.ToReview].title, Done: decisions[v.web.QueryParam("done")], Body: body})
}

// skipped is how many rows come before the page that is asked for.
func (v *visit) skipped() int {
	n, err := strconv.Atoi(v.web.QueryParam("skip"))
	if err != nil || n < 0 || n > 1_000_000 {
		return 0
	}
	return n
}

// moves reads the referrals that another prison has sent as well, unless pages before have shown them all, and the
// counts beside the list.
func (v *visit) moves(body *reviewListBody, filter referral.ListFilter, all bool) (items referral.Items, err error) {
	if v.who.Role != staff.Provider {
		return items, nil
	}
	err = v.act(func(tx *db.Tx) error {
		counts, err := v.counts(tx)
		if err != nil {
			return err
		}
		body.Lists = listLinks(referral.Worklists(v.who.Role), counts, referral.ToReview)
		if all {
			return nil
		}
		items, err = referral.Worklist(v.ctx, tx, v.who, v.now, referral.ToReview, filter)
		return err
	})
	for _, item := range items.Items {
		body.Moves = append(body.Moves, v.row(item))
	}
	return items, err
}

// pages lead on through both parts of the list at once.
func (b *reviewListBody) pages(f referral.ListFilter, skip int, more bool, cursor string) {
	if skip > 0 || f.Cursor != "" {
		b.First = narrowed("/review", f)
	}
	on := []string{"skip", strconv.Itoa(skip + reviewsAtOnce)}
	if cursor != "" {
		on = append(on, "cursor", cursor)
	}
	if more || cursor != "" {
		b.Next = narrowed("/review", f, on...)
	}
}

func (v *visit) matchLine(r reconcile.Review) matchLine {
	alcoholOnly, cjit := marksAmong(r)
	return matchLine{ID: r.ID, Name: nameOn(r.Says), Why: say(r.Why), Where: r.File + ", row " + strconv.Itoa(r.Row), Since: capital(moment(v.now, r.RaisedAt)),
		Marks: marksOf(alcoholOnly, cjit)}
}

// marksAmong are the marks that any of the candidates has.
func marksAmong(r reconcile.Review) (alcoholOnly, cjit bool) {
	return slices.ContainsFunc(r.Candidates, func(c reconcile.Candidate) bool { return c.AlcoholOnly }),
		slices.ContainsFunc(r.Candidates, func(c reconcile.Candidate) bool { return c.CJIT })
}

func nameOn(i person.Identity) string {
	if name := strings.TrimSpace(i.GivenName + " " + i.FamilyName); name != "" {
		return name
	}
	return "Name not given"
}

// reviewBody is one question: what the row says beside whom it may be about.
type reviewBody struct {
	ID         uuid.UUID
	Why, Where string
	Meaning    string   // of Why
	Follows    []string // what each answer does
	List       string   // whose list says it
	Lines      []comparedLine
	Candidates []candidateBody
	Notes      []string
	Fields     []field
	Held       bool // a candidate is another prison's
}

// comparedLine is one fact, as the list has it and as each candidate does.
type comparedLine struct {
	Label, Listed string
	Known         []comparedCell
}

type comparedCell struct {
	Column, Text string
	Differs      bool
}

type candidateBody struct {
	Column     string
	ReferralID uuid.UUID // none where it is another prison's
	Link       string    // what the link to it says; "" for none
	Marks      []mark
}

func (v *visit) reviewPage() error { return v.drawReview(http.StatusOK, form{}, nil) }

func (v *visit) drawReview(status int, typed form, wrong *problem.Invalid) error {
	found, err := reconcile.ReviewsOf(v.ctx, v.Pool, v.who, v.now, reconcile.Narrow{ID: v.id})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &problem.NotFound{What: "open review"}
	}
	body := v.reviewBody(found[0])
	fields, mistakes := fill(body.Fields, typed, wrong)
	body.Fields = fields
	return v.draw(status, "review.html", page{Title: "Is this the same person?", Back: "/review", Faults: mistakes, Body: body})
}

func (v *visit) reviewBody(r reconcile.Review) reviewBody {
	yes, no := consequences(r)
	b := reviewBody{ID: r.ID, Why: lower(r.Why), Meaning: meaning(r), Follows: []string{yes, no}, Where: r.File + ", row " + strconv.Itoa(r.Row), List: nameOf(v.Pool.Rules, r.Organisation)}
	for i, c := range r.Candidates {
		column := "Known to the service"
		if len(r.Candidates) > 1 {
			column = "Possible match " + strconv.Itoa(i+1)
		}
		candidate := candidateBody{Column: column, ReferralID: c.ReferralID}
		switch {
		case c.ReferralID == uuid.Nil:
		case len(r.Candidates) > 1:
			candidate.Link = "Open the referral of " + lower(column)
		default:
			candidate.Link = "Open the referral that it may be about"
		}
		if c.AlcoholOnly {
			candidate.Marks = append(candidate.Marks, alcoholMark)
		}
		if c.CJIT {
			candidate.Marks = append(candidate.Marks, cjitMark)
		}
		b.Candidates = append(b.Candidates, candidate)
		b.Held = b.Held || c.Known == person.Identity{}
		for _, d := range c.Differences {
			if strings.HasPrefix(d, "NDTMS") && !slices.Contains(b.Notes, d) {
				b.Notes = append(b.Notes, d)
			}
		}
	}
	b.Lines = comparison(r, b.Candidates)
	b.Fields = []field{{Name: "decision", Label: "Is it the same person?", Called: "whether it is the same person", Kind: "radios", Options: decisionsOf(r, b.Candidates)}}
	return b
}

// comparison is the table: one line for each fact that either side has.
func comparison(r reconcile.Review, candidates []candidateBody) (lines []comparedLine) {
	for _, f := range []struct {
		label string
		of    func(person.Identity) string
	}{
		{"First name", func(i person.Identity) string { return i.GivenName }},
		{"Surname", func(i person.Identity) string { return i.FamilyName }},
		{"Date of birth", func(i person.Identity) string { return dateOrNone(i.DateOfBirth) }},
		{"Sex", func(i person.Identity) string { return say(i.Sex) }},
		{"Prison number", func(i person.Identity) string { return i.PrisonNumber }},
		{"NHS number", func(i person.Identity) string { return spaced(i.NHSNumber) }},
	} {
		line := comparedLine{Label: f.label, Listed: orNotGiven(f.of(r.Says))}
		for i, c := range r.Candidates {
			line.Known = append(line.Known, comparedCell{candidates[i].Column, orNotGiven(f.of(c.Known)), slices.Contains(c.Differences, f.label+" differs")})
		}
		lines = append(lines, line)
	}
	return append(lines, datesCompared(r, candidates)...)
}

// datesCompared are the release, and what the list says came after it.
func datesCompared(r reconcile.Review, candidates []candidateBody) []comparedLine {
	released := comparedLine{Label: "Released", Listed: orNotGiven(dateOrNone(r.ReleasedOn))}
	started, attended := comparedLine{Label: "Treatment started", Listed: dateOrNone(r.StartedOn)}, comparedLine{Label: "Attended", Listed: dateOrNone(r.AttendedOn)}
	for i, c := range r.Candidates {
		differs := !r.ReleasedOn.IsZero() && !c.ReleasedOn.IsZero() && r.ReleasedOn != c.ReleasedOn
		released.Known = append(released.Known, comparedCell{candidates[i].Column, orNotGiven(dateOrNone(c.ReleasedOn)), differs})
		started.Known = append(started.Known, comparedCell{Column: candidates[i].Column, Text: "–"})
		attended.Known = append(attended.Known, comparedCell{Column: candidates[i].Column, Text: "–"})
	}
	lines := []comparedLine{released}
	for _, line := range []comparedLine{attended, started} {
		if line.Listed != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func dateOrNone(d day.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.Long()
}

func orNotGiven(text string) string {
	if text == "" {
		return "Not given"
	}
	return text
}

const (
	confirmOnly = "confirm"
	rejectAll   = "reject"
)

// decisionsOf are what the reviewer can say: which candidate it is, or none of them.
func decisionsOf(r reconcile.Review, candidates []candidateBody) (list []option) {
	if len(r.Candidates) == 1 {
		return []option{{Value: confirmOnly, Text: "Yes, the same"}, {Value: rejectAll, Text: "No, somebody else"}}
	}
	for i, c := range r.Candidates {
		if c.ReferralID != uuid.Nil {
			list = append(list, option{Value: c.ReferralID.String(), Text: "Yes: " + lower(candidates[i].Column)})
		}
	}
	return append(list, option{Value: rejectAll, Text: "No, none of them"})
}

// decisions are what was done, as the list says it afterwards.
var decisions = map[string]string{
	"confirmed":         "Confirmed: the row is linked. It can be undone from the referral's timeline.",
	"rejected":          "Rejected: it is about somebody else.",
	"earlier-confirmed": "This had been decided already: it was confirmed, and the row is linked. Nothing has changed.",
	"earlier-rejected":  "This had been decided already: it was rejected, as about somebody else. Nothing has changed.",
	"earlier-":          "This needs no decision any more, since what is known of the row or of the person has changed. Nothing was recorded.",
	doneBefore:          "This is recorded already: nothing has changed.",
	"undone":            "The link is undone, and the figures are as they were without it.",
}

// decideReview confirms or rejects. One that was decided a moment ago, by a second click or by a
// colleague, leads back to the list.
func (v *visit) decideReview() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	done := "confirmed"
	switch text := typed["decision"]; text {
	case "":
		return v.drawReview(http.StatusUnprocessableEntity, typed, undecided())
	case rejectAll:
		done, err = "rejected", reconcile.RejectReview(v.ctx, v.Pool, v.who, v.now, v.id)
	default:
		candidate, unread := uuid.Parse(text)
		if unread != nil && text != confirmOnly {
			return v.drawReview(http.StatusUnprocessableEntity, typed, undecided())
		}
		err = reconcile.ConfirmReview(v.ctx, v.Pool, v.who, v.now, v.id, candidate)
	}
	var none *problem.NotFound
	var wrong *problem.Invalid
	switch {
	case errors.As(err, &none):
		return v.decidedBefore()
	case errors.As(err, &wrong):
		return v.drawReview(http.StatusUnprocessableEntity, typed, undecided())
	case err != nil:
		return err
	}
	return v.seeOther("/review?done=" + done)
}

// decidedBefore leads back to the list with how the question had been decided.
func (v *visit) decidedBefore() error {
	var decision string
	err := v.act(func(tx *db.Tx) (err error) {
		decision, err = reconcile.DecisionOf(v.ctx, tx, v.who, v.id)
		return err
	})
	if err != nil {
		return err
	}
	return v.seeOther("/review?done=earlier-" + decision)
}

func undecided() *problem.Invalid {
	return &problem.Invalid{Corrections: []problem.Correction{{Field: "decision", Code: "required", Message: "Select whether it is the same person"}}}
}
