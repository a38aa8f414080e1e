package reconcile

import (
	"slices"
	"strings"

	"throughgate/config"
	"throughgate/internal/day"
)

// The headings of a provider's pick-up list that a prison's file has not.
const (
	wordOurReference = "Our reference"
	wordReceived     = "Referral received"
	wordOffered      = "Appointment offered"
	wordAttended     = "Appointment attended"
	wordStart        = "Structured treatment start"
	wordNotes        = "Notes"
	wordPrisonNumber = "Prison number"
	wordReleased     = "Prison release date"
)

// ProviderPickups is the layout of a provider's list. Without the columns of person and start there
// is nobody to find and nothing to count.
func ProviderPickups() Layout {
	layout := Layout{Missing: func(has func(string) bool) []string {
		return lacking([]string{wordGiven, wordFamily, wordBorn, wordSex, wordStart}, has)
	}}
	dates := []string{wordBorn, wordReceived, wordOffered, wordAttended, wordStart, wordReleased}
	for _, word := range []string{wordOurReference, wordGiven, wordFamily, wordBorn, wordSex, wordReceived, wordOffered,
		wordAttended, wordStart, wordNotes, wordPrisonNumber, wordNHSNumber, wordReleased} {
		layout.Columns = append(layout.Columns, Column{word, slices.Contains(dates, word)})
	}
	return layout
}

// ProviderRow is a row of a provider's list as it is understood: an appointment, a start, or both.
type ProviderRow struct {
	Number       int      `json:"-"`             // of the row in its file
	OurReference string   `json:"our_reference"` // the provider's; it joins nothing
	GivenName    string   `json:"given_name"`
	FamilyName   string   `json:"family_name"`
	BornOn       day.Date `json:"born_on"`
	Sex          string   `json:"sex"` // not_known where the cell is empty
	ReceivedOn   day.Date `json:"received_on"`
	OfferedOn    day.Date `json:"offered_on"`
	AttendedOn   day.Date `json:"attended_on"`
	StartedOn    day.Date `json:"started_on"` // structured treatment
	Notes        string   `json:"notes"`      // as typed
	PrisonNumber string   `json:"prison_number"`
	NHSNumber    string   `json:"nhs_number"`
	ReleasedOn   day.Date `json:"released_on"` // as the provider was told
}

// ReadProviderRow understands a row on the day of import. The row counts for nothing while
// Findings.Refused holds anything. An empty sex is read as not known, which a person then reviews.
func ReadProviderRow(row Row, words config.Vocabulary, today day.Date) (ProviderRow, Findings) {
	r := &reading{row: row, words: words, today: today}
	if row.Broken != "" {
		r.refuse(wholeRow, row.Broken)
		return ProviderRow{Number: row.Number}, r.Findings
	}
	p := ProviderRow{
		Number:       row.Number,
		OurReference: r.text(wordOurReference),
		GivenName:    r.name(wordGiven, words.IsName),
		FamilyName:   r.name(wordFamily, words.IsSurname),
		Sex:          r.value(wordSex, words.Sex, r.refuse),
		ReceivedOn:   r.pastDate(wordReceived),
		OfferedOn:    r.date(wordOffered, r.refuse),
		AttendedOn:   r.pastDate(wordAttended),
		StartedOn:    r.pastDate(wordStart),
		Notes:        r.notes(),
		PrisonNumber: r.prisonNumber(wordPrisonNumber),
		NHSNumber:    r.nhsNumber(),
		ReleasedOn:   r.date(wordReleased, r.warn),
	}
	if p.Sex == "" && !r.given(wordSex) {
		p.Sex = "not_known"
	}
	p.BornOn = r.dateOfBirth(p.StartedOn, "the start of structured treatment")
	return p, r.Findings
}

// notes are kept as typed; only line breaks are made one kind, which CSV and XLSX write differently.
func (r *reading) notes() string {
	return strings.ReplaceAll(unguard(r.row.cell(wordNotes).Text), "\r\n", "\n")
}

// pastDate is a date of something that has happened. A wrong one refuses the row: without it a
// pick-up would turn into a contact unseen.
func (r *reading) pastDate(word string) day.Date {
	date := r.date(word, r.refuse)
	if date.After(r.today) {
		r.refuse(word, "after the day of import")
	}
	return date
}

// Equal says whether two rows say the same, wherever they stand.
func (p ProviderRow) Equal(q ProviderRow) bool {
	p.Number, q.Number = 0, 0
	return p == q
}

// Canonical is the row in one spelling: equal rows have equal bytes, and the row can be read back from
// them (encoding/json). It holds personal data.
func (p ProviderRow) Canonical() []byte { return canonical(p) }
