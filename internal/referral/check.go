package referral

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"
	"golang.org/x/text/unicode/norm"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/person"
	"throughgate/internal/problem"
)

// How long texts may be, in characters: more is something pasted by mistake.
const (
	longestWord  = 200
	longestNotes = 10_000
)

// The words of the API, in the order in which the pages offer them.
var (
	Sexes          = []string{"female", "male", "not_known", "not_specified"}
	ReleaseKinds   = []string{"conditional", "automatic", "hdc", "parole", "post_recall", "remand_or_court"}
	ReleaseReasons = []string{"RELEASED", "TRANSFERRED", "SENT_TO_COURT", "TEMPORARY_ABSENCE_RELEASE", "RELEASED_TO_HOSPITAL"}
	Withdrawals    = []string{"mistaken", "duplicate", "need_gone", "declined", "release_cancelled", "moved_to_prison_elsewhere", "died"}
	certainties    = []string{"expected", "confirmed"}
	consents       = []string{consentGiven, consentRefused, consentNotKnown}
)

// checking gathers everything wrong with what was typed, while it is read.
type checking struct {
	problem.Corrections
	today day.Date
	rules *config.Config
}

// checked is the only way from a Draft to a Referral. Everything wrong is named at once.
func checked(d Draft, prison string, today day.Date, rules *config.Config) (*Referral, problem.Corrections) {
	c := &checking{today: today, rules: rules}
	r := &Referral{}
	r.SenderReference = Text(c.required("sender_reference", c.word("sender_reference", d.SenderReference)))
	r.Prison = c.ownPrison(d.Prison, prison)
	r.Provider = Text(c.provider(d.Provider))
	r.Person = c.person(d.Person)
	r.Sex = r.Person.Sex
	r.ReferredOn = c.past("referred_on", d.ReferredOn)
	if d.ReferredOn == "" {
		r.ReferredOn = today
	}
	c.release(r, d)
	r.Substances = c.substances(d.Substances)
	r.SubstanceGroup = rules.Vocabulary.SubstanceGroup(r.Substances)
	r.OpioidSubstitution = c.substitution(d.OpioidSubstitution)
	r.NaloxoneSupplied, r.AttendsSMART, r.ReconnectReferred = d.NaloxoneSupplied, d.AttendsSMART, d.ReconnectReferred
	r.Consent = c.consent(d.Consent)
	r.Notes = Text(c.notes(d.Notes))
	c.ages(r)
	return r, c.Corrections
}

func (c *checking) required(field, value string) string {
	if value == "" && !c.named(field) {
		c.Add(field, "required", "This is needed.")
	}
	return value
}

// named says whether something is wrong with the field already: one sentence is enough.
func (c *checking) named(field string) bool {
	return slices.ContainsFunc(c.Corrections, func(p problem.Correction) bool { return p.Field == field })
}

// word is a short text as typed, composed, without spaces around it.
func (c *checking) word(field, text string) string {
	clean, ok := person.CleanName(text)
	switch {
	case !ok:
		c.Add(field, "control_character", "This holds a character that cannot be seen. Type it again by hand.")
	case utf8.RuneCountInString(clean) > longestWord:
		c.Add(field, "too_long", "This is longer than 200 characters.")
	default:
		return clean
	}
	return ""
}

func (c *checking) oneOf(field, text string, allowed []string) string {
	if text == "" || slices.Contains(allowed, text) {
		return text
	}
	c.Add(field, "not_recognised", "This must be one of: "+strings.Join(allowed, ", ")+".")
	return ""
}

func (c *checking) date(field, text string) day.Date {
	if text == "" {
		return day.Date{}
	}
	d, err := day.Parse(text)
	if err != nil {
		c.Add(field, "date", "This must be a date that exists, written YYYY-MM-DD.")
	}
	return d
}

// past is a date that is not in the future.
func (c *checking) past(field, text string) day.Date {
	d := c.date(field, text)
	if d.After(c.today) {
		c.Add(field, "in_the_future", "This date lies in the future.")
		return day.Date{}
	}
	return d
}

func (c *checking) ownPrison(text, own string) string {
	if c.required("prison", text) != "" && text != own {
		c.Add("prison", "not_yours", "This must be the prison that sends the referral.")
	}
	return own
}

func (c *checking) provider(text string) string {
	known := slices.ContainsFunc(c.rules.Providers, func(p config.Provider) bool { return p.Code == text })
	if c.required("provider", text) != "" && !known {
		c.Add("provider", "not_recognised", "There is no such provider here.")
	}
	return text
}

func (c *checking) person(d PersonDraft) (p Person) {
	p.GivenName = c.name("person.given_name", d.GivenName, c.rules.Vocabulary.IsName)
	p.FamilyName = c.name("person.family_name", d.FamilyName, c.rules.Vocabulary.IsSurname)
	p.DateOfBirth = c.past("person.date_of_birth", c.required("person.date_of_birth", d.DateOfBirth))
	p.Sex = c.oneOf("person.sex", c.required("person.sex", d.Sex), Sexes)
	p.Telephone = Text(c.word("person.telephone", d.Telephone))
	var ok bool
	if c.required("person.prison_number", d.PrisonNumber) != "" {
		if p.PrisonNumber, ok = person.PrisonNumber(d.PrisonNumber); !ok {
			c.Add("person.prison_number", "format", "A prison number is a letter, four digits and two letters, such as A1234BC.")
		}
	}
	if d.NHSNumber != "" {
		number, ok := person.NHSNumber(d.NHSNumber)
		if p.NHSNumber = Text(number); !ok {
			c.Add("person.nhs_number", "check_digit", "This is not a valid NHS number: it has ten digits, the last of which follows from the others. Leave it out if it is not known.")
		}
	}
	return p
}

func (c *checking) name(field, text string, isName func(string) bool) string {
	clean := c.required(field, c.word(field, text))
	if clean != "" && !isName(clean) {
		c.Add(field, "not_a_name", "This is not a name. Give the name that the prison knows the person by.")
	}
	return clean
}

// release reads the planned and the actual date, one of which must be there, or why there is none.
func (c *checking) release(r *Referral, d Draft) {
	r.ReleasedOn = c.past("released_on", d.ReleasedOn)
	if d.ReleasedOn == "" {
		r.PlannedReleaseDate = c.planned("planned_release_date", d.PlannedReleaseDate)
	} else {
		r.PlannedReleaseDate = c.ahead("planned_release_date", d.PlannedReleaseDate) // history, however long ago
	}
	r.ReleaseDateUnknownReason = Text(c.word("release_date_unknown_reason", d.ReleaseDateUnknownReason))
	r.ReleaseKind = Text(c.oneOf("release_kind", d.ReleaseKind, ReleaseKinds))
	r.ReleaseDateCertainty = Text(c.oneOf("release_date_certainty", d.ReleaseDateCertainty, certainties))
	if d.PlannedReleaseDate == "" && d.ReleasedOn == "" && strings.TrimSpace(d.ReleaseDateUnknownReason) == "" {
		c.Add("planned_release_date", "required", "Give planned_release_date, released_on, or release_date_unknown_reason.")
	}
	if !r.ReleaseOn().IsZero() {
		r.ReleaseDateUnknownReason = ""
	}
	r.Unplanned = Unplanned(r.ReferredOn, r.ReleasedOn)
}

// Unplanned says whether somebody was released before the day of their referral. One made on the day itself came in time.
// Days that are not known say nothing. Figures follow the same rule (breakdown_of, in SQL).
func Unplanned(referred, released day.Date) bool {
	return !released.IsZero() && referred.After(released)
}

// planned is a planned release date: from three months back ("release unconfirmed") to 400 days ahead.
func (c *checking) planned(field, text string) day.Date {
	d := c.ahead(field, text)
	if !d.IsZero() && d.Before(c.today.AddMonths(-mostMonthsBack)) {
		c.both(field, "referred_on", "in_the_past", "The planned release lies more than three months back. If the release has happened, give released_on.")
		return day.Date{}
	}
	return d
}

func (c *checking) ahead(field, text string) day.Date {
	d := c.date(field, text)
	if d.After(c.today.Add(MostDaysAhead)) {
		c.both(field, "referred_on", "too_far_ahead", "The planned release lies more than 400 days ahead.")
		return day.Date{}
	}
	return d
}

// both names the two fields that do not go together.
func (c *checking) both(a, b, code, message string) {
	c.Add(a, code, message)
	c.Add(b, code, message)
}

func (c *checking) substances(typed []string) pq.StringArray {
	kept := pq.StringArray{}
	for _, text := range typed {
		word := c.word("substances", text)
		name, ok := c.rules.Vocabulary.Drug(word)
		switch {
		case !ok:
			name = word // kept as typed, counted as another drug: a referral is not lost for a new name
		case name == "" && !c.named("substances"):
			c.Add("substances", "not_recognised", "Name the substances; one of these names none.")
		}
		if name != "" && !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	if len(kept) == 0 && !c.named("substances") {
		c.Add("substances", "required", "At least one substance is needed.")
	}
	return kept
}

func (c *checking) substitution(d *SubstitutionDraft) (o OpioidSubstitution) {
	if d == nil {
		return o
	}
	typed := c.word("opioid_substitution.medicine", d.Medicine)
	o.BridgingUntil = c.date("opioid_substitution.bridging_until", d.BridgingUntil)
	medicine, known := c.rules.Vocabulary.OpioidSubstitution.Find(typed)
	switch {
	case medicine == "none":
		medicine = ""
		if !o.BridgingUntil.IsZero() {
			c.both("opioid_substitution.bridging_until", "opioid_substitution.medicine", "not_without", "A bridging prescription needs its medicine.")
		}
	case !known:
		medicine = c.required("opioid_substitution.medicine", norm.NFC.String(typed))
	}
	o.Medicine = Text(medicine)
	return o
}

func (c *checking) consent(d ConsentDraft) (k Consent) {
	k.ShareWithProvider = Text(c.oneOf("consent.share_with_provider", d.ShareWithProvider, consents))
	if k.ShareWithProvider != consentGiven && !c.named("consent.share_with_provider") {
		c.Add("consent.share_with_provider", "required", "Nothing can be shared with the provider unless the person has given consent.")
	}
	k.ShareWithReconnect = Text(c.oneOf("consent.share_with_reconnect", d.ShareWithReconnect, consents))
	k.RecordedOn = c.past("consent.recorded_on", d.RecordedOn)
	return k
}

func (c *checking) notes(text string) string {
	switch {
	case strings.ContainsRune(text, 0):
		c.Add("notes", "control_character", "This holds a character that cannot be seen.")
	case utf8.RuneCountInString(text) > longestNotes:
		c.Add("notes", "too_long", "This is longer than 10,000 characters.")
	default:
		return norm.NFC.String(text)
	}
	return ""
}

// ages compares birth and release, and sets what the figures need of them.
func (c *checking) ages(r *Referral) {
	born, on, field := r.Person.DateOfBirth, r.ReleaseOn(), "planned_release_date"
	if !r.ReleasedOn.IsZero() {
		field = "released_on"
	}
	switch {
	case born.IsZero():
	case on.IsZero() && day.Age(born, c.today) > oldestAge:
		c.Add("person.date_of_birth", "over_110", "This makes the person more than 110 years old.")
	case on.IsZero():
	case born.After(on):
		c.both("person.date_of_birth", field, "born_after_release", "The date of birth lies after the release.")
	case day.Age(born, on) > oldestAge:
		c.both("person.date_of_birth", field, "over_110", "The person would be more than 110 years old at the release.")
	}
	r.setAge()
}

// UnderAge says whether somebody is under 18 at their release, and so counts in no figure (measure.md). A day that is not
// known says nothing.
func UnderAge(born, release day.Date) bool {
	return !born.IsZero() && !release.IsZero() && day.Age(born, release) < adult
}

// setAge sets the age at release and, from it alone, "under 18"; other reasons to set a row aside
// come from files and stay.
func (r *Referral) setAge() {
	born, on := r.Person.DateOfBirth, r.ReleaseOn()
	r.AgeAtRelease = nil
	if !born.IsZero() && !on.IsZero() {
		age := day.Age(born, on)
		r.AgeAtRelease = &age
	}
	minor := UnderAge(born, on)
	switch {
	case minor && r.SetAside == "":
		r.SetAside = underAge
	case !minor && r.SetAside == underAge:
		r.SetAside = ""
	}
}
