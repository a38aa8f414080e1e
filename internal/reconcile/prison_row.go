package reconcile

import (
	"encoding/json"
	"slices"
	"strings"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/person"
)

// The headings of the prison release extract (PHE, data extraction protocol for secure settings, 2018),
// and of the further columns of a list sent before release.
const (
	wordGiven           = "First name"
	wordFamily          = "Surname"
	wordBorn            = "Date of birth"
	wordSex             = "Sex"
	wordClientReference = "Client reference"
	wordReception       = "Initial reception date"
	wordDrug1           = "Drug 1"
	wordDrug2           = "Drug 2"
	wordDrug3           = "Drug 3"
	wordDischarge       = "Discharge reason"
	wordExit            = "Prison exit date"
	wordExitReason      = "Prison exit reason"
	wordDestination     = "Prison exit destination"
	wordReferral        = "Referral on release status"
	wordNHSNumber       = "NHS number"
	wordPlanned         = "Planned release date"
	wordReferred        = "Referral date"
	wordProvider        = "Provider"
	wordTelephone       = "Telephone"
	wordSubstitution    = "Opioid substitution"
	wordBridging        = "Bridging prescription until"
	wordNaloxone        = "Naloxone supplied"
	wordSMART           = "SMART in prison"
	wordRECONNECT       = "RECONNECT"
	wordConsent         = "Consent to share"
)

// PrisonReleases is the layout of a prison's file. A file with exit dates must have every column that
// decides whether an exit was a release with an onward referral.
func PrisonReleases() Layout {
	layout := Layout{Missing: missingPrisonColumns}
	dates := []string{wordBorn, wordReception, wordExit, wordPlanned, wordReferred, wordBridging}
	for _, word := range []string{wordGiven, wordFamily, wordBorn, wordSex, wordClientReference, wordReception, wordDrug1, wordDrug2,
		wordDrug3, wordDischarge, wordExit, wordExitReason, wordDestination, wordReferral, wordNHSNumber, wordPlanned, wordReferred,
		wordProvider, wordTelephone, wordSubstitution, wordBridging, wordNaloxone, wordSMART, wordRECONNECT, wordConsent} {
		layout.Columns = append(layout.Columns, Column{word, slices.Contains(dates, word)})
	}
	return layout
}

func missingPrisonColumns(has func(string) bool) []string {
	required := []string{wordGiven, wordFamily, wordBorn, wordSex, wordClientReference}
	if has(wordExit) || !has(wordPlanned) {
		required = append(required, wordDischarge, wordExit, wordExitReason, wordDestination, wordReferral)
	}
	return lacking(required, has)
}

func lacking(required []string, has func(string) bool) []string {
	return slices.DeleteFunc(required, has)
}

// PrisonRow is a row of a prison's file as it is understood: one person's release, or release to come.
// Two rows that say the same are equal (see Equal), whatever their file's format and order of columns.
type PrisonRow struct {
	Number             int       `json:"-"` // of the row in its file
	GivenName          string    `json:"given_name"`
	FamilyName         string    `json:"family_name"`
	BornOn             day.Date  `json:"born_on"`
	Sex                string    `json:"sex"` // female, male, not_known, not_specified
	PrisonNumber       string    `json:"prison_number"`
	NHSNumber          string    `json:"nhs_number"`
	ReceptionOn        day.Date  `json:"reception_on"`
	Drugs              [3]string `json:"drugs"`            // names of the vocabulary; the empty ones last
	DischargeReason    string    `json:"discharge_reason"` // values of the vocabulary, as are the next and the status
	ExitOn             day.Date  `json:"exit_on"`          // none: the release is awaited
	ExitReason         string    `json:"exit_reason"`
	Destination        string    `json:"destination"` // a DAT code in capitals
	ReferralStatus     string    `json:"referral_status"`
	PlannedOn          day.Date  `json:"planned_on"`
	ReferredOn         day.Date  `json:"referred_on"`
	Provider           string    `json:"provider"`
	Telephone          string    `json:"telephone"`
	OpioidSubstitution string    `json:"opioid_substitution"` // a medicine of the vocabulary, "none", or "" for not recorded
	BridgingUntil      day.Date  `json:"bridging_until"`
	NaloxoneSupplied   YesNo     `json:"naloxone_supplied"`
	SMART              YesNo     `json:"smart"`
	RECONNECT          YesNo     `json:"reconnect"`
	Consent            YesNo     `json:"consent"`
}

// YesNo is "yes", "no", or "" for not recorded.
type YesNo string

// Bool is nil for not recorded.
func (y YesNo) Bool() *bool {
	if y == "" {
		return nil
	}
	yes := y == "yes"
	return &yes
}

// Values of the vocabulary that rules turn on.
const (
	transferredNotInCustody = "transferred_not_in_custody"
	released                = "RELEASED"
	statusReferred          = "referred"
	statusNeed              = "need_not_referred"
)

// maxDaysAhead is how far ahead a release can be planned (safety.md, "Bad input").
const maxDaysAhead = 400

// ReadPrisonRow understands a row on the day of import. The row counts for nothing while
// Findings.Refused holds anything.
func ReadPrisonRow(row Row, words config.Vocabulary, today day.Date) (PrisonRow, Findings) {
	r := &reading{row: row, words: words, today: today}
	if row.Broken != "" {
		r.refuse(wholeRow, row.Broken)
		return PrisonRow{Number: row.Number}, r.Findings
	}
	p := PrisonRow{
		Number:             row.Number,
		GivenName:          r.name(wordGiven, words.IsName),
		FamilyName:         r.name(wordFamily, words.IsSurname),
		Sex:                r.requiredValue(wordSex, words.Sex),
		PrisonNumber:       r.clientReference(),
		NHSNumber:          r.nhsNumber(),
		ReceptionOn:        r.date(wordReception, r.warn),
		Drugs:              r.drugs(),
		DischargeReason:    r.value(wordDischarge, words.DischargeReason, r.warn),
		Destination:        strings.ToUpper(strings.Join(strings.Fields(r.text(wordDestination)), "")),
		ReferredOn:         r.date(wordReferred, r.warn),
		Provider:           r.text(wordProvider),
		Telephone:          r.text(wordTelephone),
		OpioidSubstitution: r.value(wordSubstitution, words.OpioidSubstitution, r.warn),
		BridgingUntil:      r.date(wordBridging, r.warn),
		NaloxoneSupplied:   r.yesNo(wordNaloxone),
		SMART:              r.yesNo(wordSMART),
		RECONNECT:          r.yesNo(wordRECONNECT),
		Consent:            r.consent(),
	}
	r.exit(&p)
	return p, r.Findings
}

func (r *reading) requiredValue(word string, list config.WordList) string {
	if !r.given(word) {
		r.refuse(word, missing)
	}
	return r.value(word, list, r.refuse)
}

func (r *reading) clientReference() string {
	number, ok := person.PrisonNumber(r.row.Text(wordClientReference))
	switch {
	case !r.given(wordClientReference):
		r.refuse(wordClientReference, missing)
	case !ok:
		r.refuse(wordClientReference, notAPrisonNumber)
	}
	return number
}

func (r *reading) yesNo(word string) YesNo { return YesNo(r.value(word, r.words.YesNo, r.warn)) }

// consent that is written in words nobody knows is not consent.
func (r *reading) consent() YesNo {
	consent := YesNo(r.value(wordConsent, r.words.YesNo, func(word, why string) {
		r.Warnings = append(r.Warnings, Fault{r.row.sheet.Heading(word), why + " (read as no)"})
	}))
	if consent == "" && r.given(wordConsent) {
		return "no"
	}
	return consent
}

// exit reads when and how the person left or is to leave, and holds the date of birth against it. A
// row with an exit date must say how the person left; without one it must have a planned date.
func (r *reading) exit(p *PrisonRow) {
	if !r.given(wordExit) {
		r.plannedExit(p)
		return
	}
	p.ExitOn = r.date(wordExit, r.refuse)
	if p.ExitOn.After(r.today) {
		r.refuse(wordExit, "after the day of import: use Planned release date")
	}
	p.PlannedOn = r.date(wordPlanned, r.warn)
	p.ExitReason = r.requiredValue(wordExitReason, r.words.ExitReason)
	p.ReferralStatus = r.requiredValue(wordReferral, r.words.ReferralStatus)
	if p.Destination == "" {
		r.refuse(wordDestination, missing)
	}
	p.BornOn = r.dateOfBirth(p.ExitOn, "the exit date")
}

func (r *reading) plannedExit(p *PrisonRow) {
	p.PlannedOn = r.date(wordPlanned, r.refuse)
	switch {
	case !r.given(wordPlanned):
		r.refuse(wordExit, missing+": give this date or a Planned release date")
	case p.PlannedOn.Sub(r.today) > maxDaysAhead && !p.PlannedOn.IsZero():
		r.refuse(wordPlanned, "more than 400 days ahead")
	}
	p.ExitReason = r.value(wordExitReason, r.words.ExitReason, r.warn)
	p.ReferralStatus = r.value(wordReferral, r.words.ReferralStatus, r.warn)
	p.BornOn = r.dateOfBirth(p.PlannedOn, "the planned release date")
}

// Equal says whether two rows say the same, wherever they stand.
func (p PrisonRow) Equal(q PrisonRow) bool {
	p.Number, q.Number = 0, 0
	return p == q
}

// Canonical is the row in one spelling: equal rows have equal bytes, and the row can be read back from
// them (encoding/json). It holds personal data.
func (p PrisonRow) Canonical() []byte { return canonical(p) }

func canonical(row any) []byte {
	text, err := json.Marshal(row)
	if err != nil {
		panic(err) // cannot happen: texts and dates only
	}
	return text
}
