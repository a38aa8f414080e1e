package reconcile

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/person"
)

// Matching has no memory and no clock: the same people, rows and decisions give the same verdicts, in
// whatever order they arrived. That is why the order of files cannot change a figure.

// The rules by which a row is taken to be about a person, strongest first.
const (
	ByNumber     = "number"
	ByName       = "name"
	ByAttributor = "attributor"
	ByPerson     = "person" // a reviewer's word
)

// Why a provider's row is set aside, besides "known, not counted: ...".
const (
	NotKnown         = "not a known prison leaver"
	RejectedInReview = "rejected in review"
	KnownNotCounted  = "known, not counted: " // and the release's own reason
)

// known is somebody of whom a prison's row or a referral told, with their releases, counted or not.
type known struct {
	id       uuid.UUID
	who      identity
	releases []knownRelease
}

// knownRelease is a day on which somebody left prison; setAside says why it is not ours to count.
type knownRelease struct {
	id       uuid.UUID // of the referral
	on       day.Date
	setAside string
	byHand   day.Date // of a pick-up that somebody confirmed by hand
}

// listed is a row of the provider's list.
type listed struct {
	id                                   uuid.UUID
	person                               string // rows that share it are one person
	who                                  identity
	received, offered, attended, started day.Date
	pin                                  uuid.UUID // the release that a reviewer linked it to
	rejected                             bool      // somebody decided against what this very row says
	content                              string    // breaks ties
}

// decision is a reviewer's word that somebody on the list is, or is not, somebody known.
type decision struct {
	person string
	known  uuid.UUID
	same   bool
}

// identity is somebody as matching compares them: plain names beside those typed.
type identity struct {
	given, family           string
	plainGiven, plainFamily string
	born                    day.Date
	sex                     string
	prisonNumber, nhsNumber string
}

func identify(i person.Identity) identity {
	return identity{i.GivenName, i.FamilyName, person.NormaliseName(i.GivenName), person.NormaliseName(i.FamilyName),
		i.DateOfBirth, i.Sex, i.PrisonNumber, i.NHSNumber}
}

// sexNotKnown never matches, and nothing said is nothing known.
const sexNotKnown = "not_known"

func (i identity) sameSex(j identity) bool {
	return i.sex == j.sex && i.sex != sexNotKnown && i.sex != ""
}
func (i identity) sameBirth(j identity) bool { return i.born == j.born }
func (i identity) sameGiven(j identity) bool { return i.plainGiven == j.plainGiven }
func (i identity) sameFamily(j identity) bool {
	return i.plainFamily == j.plainFamily
}
func (i identity) sameNames(j identity) bool { return i.sameGiven(j) && i.sameFamily(j) }
func (i identity) sameInitials(j identity) bool {
	return initial(i.plainGiven) == initial(j.plainGiven) && initial(i.plainFamily) == initial(j.plainFamily)
}

func initial(plain string) string { return person.Initial(plain) }

// sameAttributor is how NDTMS links, and one of the two names is the same.
func (i identity) sameAttributor(j identity) bool {
	return i.sameBirth(j) && i.sameSex(j) && i.sameInitials(j) && (i.sameGiven(j) || i.sameFamily(j))
}

// AttributorsDiffer says how NDTMS's attributors of a pair differ, "" when they agree. Where they do,
// NDTMS will not link the pair, and the national figure will lack it.
func AttributorsDiffer(a, b person.Identity) string {
	return attributorsDiffer(identify(a), identify(b))
}

func attributorsDiffer(i, j identity) string {
	what := ""
	switch {
	case initial(i.plainGiven) != initial(j.plainGiven):
		what = "first initial"
	case initial(i.plainFamily) != initial(j.plainFamily):
		what = "surname initial"
	case !i.sameBirth(j):
		what = "date of birth"
	case i.sex != j.sex:
		what = "sex"
	default:
		return ""
	}
	return "NDTMS will not link this pair: " + what + " differs"
}

// found is who a row could be, by the first rule that names anybody.
type found struct {
	rule       string
	candidates []*known
	why        string // the reason to review, where the rule itself has one
}

// matching is one judging of all rows.
type matching struct {
	rows     []listed
	verdicts []verdict
	found    []found

	byID               map[uuid.UUID]*known
	byNumber, byNHS    map[numberAndBirth][]*known
	byNames            map[string][]*known
	byBirth            map[day.Date][]*known
	rowsByBirth        map[day.Date][]int
	confirmed, refused map[string][]uuid.UUID // of the list's people
}

type numberAndBirth struct {
	number string
	born   day.Date
}

// match judges every row. people are all who could be meant.
func match(people []known, rows []listed, decisions []decision) []verdict {
	m := index(people, rows, decisions)
	for i := range rows {
		m.found[i] = m.certain(&rows[i])
	}
	for i := range rows {
		if len(m.found[i].candidates) == 0 {
			m.found[i] = m.attributor(&rows[i])
		}
	}
	m.identified()
	m.place()
	return m.verdicts
}

func index(people []known, rows []listed, decisions []decision) *matching {
	m := &matching{rows: rows, verdicts: make([]verdict, len(rows)), found: make([]found, len(rows)),
		byID: map[uuid.UUID]*known{}, byNumber: map[numberAndBirth][]*known{}, byNHS: map[numberAndBirth][]*known{},
		byNames: map[string][]*known{}, byBirth: map[day.Date][]*known{}, rowsByBirth: map[day.Date][]int{},
		confirmed: map[string][]uuid.UUID{}, refused: map[string][]uuid.UUID{}}
	for i := range people {
		k := &people[i]
		slices.SortFunc(k.releases, earlier)
		m.byID[k.id] = k
		m.byNumber[numberAndBirth{k.who.prisonNumber, k.who.born}] = append(m.byNumber[numberAndBirth{k.who.prisonNumber, k.who.born}], k)
		if k.who.nhsNumber != "" {
			m.byNHS[numberAndBirth{k.who.nhsNumber, k.who.born}] = append(m.byNHS[numberAndBirth{k.who.nhsNumber, k.who.born}], k)
		}
		m.byNames[k.who.names()] = append(m.byNames[k.who.names()], k)
		m.byBirth[k.who.born] = append(m.byBirth[k.who.born], k)
	}
	for i, r := range rows {
		m.rowsByBirth[r.who.born] = append(m.rowsByBirth[r.who.born], i)
	}
	for _, d := range decisions {
		which := m.refused
		if d.same {
			which = m.confirmed
		}
		which[d.person] = append(which[d.person], d.known)
	}
	return m
}

func (i identity) names() string { return i.plainGiven + " " + i.plainFamily }

// earlier orders releases by day. Of two on one day the one that counts comes last, and so is found
// first from behind.
func earlier(a, b knownRelease) int {
	return cmp.Or(a.on.Compare(b.on), cmp.Compare(b.setAside, a.setAside), slices.Compare(a.id[:], b.id[:]))
}

// certain is a reviewer's word, else tier 1, else tier 2.
func (m *matching) certain(r *listed) found {
	if said := m.people(m.confirmed[r.person]); len(said) > 0 {
		return found{rule: ByPerson, candidates: said}
	}
	var tier []*known
	if r.who.prisonNumber != "" {
		tier = append(tier, m.byNumber[numberAndBirth{r.who.prisonNumber, r.who.born}]...)
	}
	if r.who.nhsNumber != "" {
		tier = append(tier, m.byNHS[numberAndBirth{r.who.nhsNumber, r.who.born}]...)
	}
	if tier = m.allowed(r, tier); len(tier) > 0 {
		return found{rule: ByNumber, candidates: tier}
	}
	tier = m.allowed(r, slices.DeleteFunc(slices.Clone(m.byNames[r.who.names()]), func(k *known) bool {
		return !k.who.sameBirth(r.who) || !k.who.sameSex(r.who)
	}))
	return found{rule: ByName, candidates: tier}
}

func (m *matching) people(ids []uuid.UUID) (people []*known) {
	for _, id := range ids {
		if k := m.byID[id]; k != nil {
			people = append(people, k)
		}
	}
	return people
}

// allowed leaves out whom a reviewer has said it is not, and names each once.
func (m *matching) allowed(r *listed, people []*known) []*known {
	var left []*known
	for _, k := range people {
		if !slices.Contains(m.refused[r.person], k.id) && !slices.Contains(left, k) {
			left = append(left, k)
		}
	}
	return left
}

// attributor is tier 3, among the people who have a release that the row fits.
func (m *matching) attributor(r *listed) found {
	f := found{rule: ByAttributor}
	for _, k := range m.allowed(r, m.byBirth[r.who.born]) {
		if k.who.sameAttributor(r.who) && r.near(k) {
			f.candidates = append(f.candidates, k)
		}
	}
	if len(f.candidates) == 1 && m.listedAlso(r, f.candidates[0]) {
		f.why = WhySeveralPeople
	}
	return f
}

// listedAlso says whether another person of the list has the candidate's attributor. A row that tier 1
// or 2 links to the candidate is the candidate, not another person; so is one that a reviewer linked.
func (m *matching) listedAlso(r *listed, k *known) bool {
	for _, i := range m.rowsByBirth[k.who.born] {
		other := &m.rows[i]
		if other.person == r.person || !other.who.sameAttributor(k.who) || slices.Contains(m.refused[other.person], k.id) {
			continue
		}
		f := m.found[i]
		if f.rule != ByAttributor && len(f.candidates) == 1 && f.candidates[0] == k {
			continue
		}
		return true
	}
	return false
}

// settled says that the rule names one person and nothing speaks against linking them. A reviewer may
// have said of two known people that both are the one on the list.
func (f found) settled() bool {
	return f.why == "" && (len(f.candidates) == 1 || f.rule == ByPerson && len(f.candidates) > 0)
}

func rank(rule string) int {
	return slices.Index([]string{ByPerson, ByNumber, ByName, ByAttributor}, rule)
}

// identified answers the rows that are linked to nobody.
func (m *matching) identified() {
	for i := range m.rows {
		r, f := &m.rows[i], m.found[i]
		if f.settled() {
			k := f.candidates[0]
			m.verdicts[i] = verdict{rule: f.rule, person: k.id, reason: attributorsDiffer(k.who, r.who)}
			continue
		}
		m.verdicts[i] = m.unsettled(r, f)
	}
}

func (m *matching) unsettled(r *listed, f found) verdict {
	why, candidates := f.why, fitting(r, f.candidates)
	if why == "" {
		why = WhySeveralCandidates
	}
	if len(f.candidates) == 0 {
		why, candidates = m.resembles(r)
	}
	switch {
	case len(candidates) > 0:
		return verdict{answer: ToReview, reason: why, candidates: candidates}
	case len(m.refused[r.person]) > 0:
		return verdict{answer: SetAside, reason: RejectedInReview}
	}
	return verdict{answer: SetAside, reason: NotKnown}
}

// fitting are those of the people with a release that the row's start fits.
func fitting(r *listed, people []*known) (ids []uuid.UUID) {
	for _, k := range people {
		if r.fits(k) {
			ids = append(ids, k.id)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return ids
}
