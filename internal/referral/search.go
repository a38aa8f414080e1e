package referral

import (
	"context"
	"strings"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/staff"
)

// Sought is whom somebody looks for, as typed: by our reference, a prison number, an NHS number, an
// exact name with the date of birth, or the date of birth alone. Of several, all must fit.
type Sought struct {
	Reference    string
	PrisonNumber string
	NHSNumber    string
	GivenName    string
	FamilyName   string
	DateOfBirth  string
}

// MostFound is how many referrals a search answers: more than that share no date of birth.
const MostFound = 100

// key is a Sought as it is looked up; by names what was given, for the audit trail.
type key struct {
	reference               string
	number, nhs, born, name []byte
	by                      []string
}

func (s Sought) checked(tx *db.Tx, today day.Date) (k key, err error) {
	c := &checking{today: today, rules: tx.Rules}
	var i person.Identity
	given := func(field, text string) bool {
		if strings.TrimSpace(text) == "" {
			return false
		}
		k.by = append(k.by, field)
		return true
	}
	var ok bool
	if given("reference", s.Reference) {
		if k.reference, ok = Reference(s.Reference); !ok {
			c.Add("reference", "format", "A reference is TG and eight letters or figures, such as TG-7F3K-2Q9D.")
		}
	}
	if given("prison_number", s.PrisonNumber) {
		if i.PrisonNumber, ok = person.PrisonNumber(s.PrisonNumber); !ok {
			c.Add("prison_number", "format", "A prison number is a letter, four digits and two letters, such as A1234BC.")
		}
	}
	if given("nhs_number", s.NHSNumber) {
		if i.NHSNumber, ok = person.NHSNumber(s.NHSNumber); !ok {
			c.Add("nhs_number", "check_digit", "This is not a valid NHS number: it has ten digits, the last of which follows from the others.")
		}
	}
	if given("date_of_birth", s.DateOfBirth) {
		i.DateOfBirth = c.past("date_of_birth", s.DateOfBirth)
	}
	first, last := given("given_name", s.GivenName), given("family_name", s.FamilyName)
	if first || last {
		i.GivenName, i.FamilyName = c.required("given_name", s.GivenName), c.required("family_name", s.FamilyName)
		c.required("date_of_birth", s.DateOfBirth)
	}
	if len(k.by) == 0 {
		c.Add("reference", "nothing_given", "Enter a reference, a number, or a date of birth.")
	}
	if k.number, k.born, k.nhs, k.name = person.Blinds(tx.Keys, i); !first {
		k.name = nil
	}
	return k, c.Err()
}

// What finds the rows is one condition with an index; the others narrow them.
const (
	soughtRows = `
		SELECT ` + columns + `
		FROM person p
		JOIN referral r ON r.person_id = p.id
		WHERE `
	soughtRest = `
		  AND $1 IN (r.prison, r.provider)
		  AND ($2::text = '' OR r.reference = $2)
		  AND ($3::bytea IS NULL OR p.prison_number_bix = $3)
		  AND ($4::bytea IS NULL OR p.nhs_number_bix = $4)
		  AND ($5::bytea IS NULL OR p.date_of_birth_bix = $5)
		  AND ($6::bytea IS NULL OR p.name_bix = $6)
		ORDER BY r.received_at DESC, r.id
		LIMIT $7`
	byReference = soughtRows + `r.reference = $2` + soughtRest
	byNumber    = soughtRows + `p.prison_number_bix = $3` + soughtRest
	byNHSNumber = soughtRows + `p.nhs_number_bix = $4` + soughtRest
	byBirth     = soughtRows + `p.date_of_birth_bix = $5` + soughtRest
)

func (k key) query() string {
	switch {
	case k.reference != "":
		return byReference
	case k.number != nil:
		return byNumber
	case k.nhs != nil:
		return byNHSNumber
	}
	return byBirth
}

// Search finds referrals of the asker's own organisation, latest first. The search is audited by what it
// went by, never by what was typed, and so is everybody found.
func Search(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, s Sought) ([]Referral, error) {
	if err := who.Must(staff.Prison, staff.Provider); err != nil {
		return nil, err
	}
	k, err := s.checked(tx, day.Of(now))
	if err != nil {
		return nil, err
	}
	found := []Referral{}
	err = tx.Select(ctx, &found, k.query(), who.Organisation(), k.reference, k.number, k.nhs, k.born, k.name, MostFound)
	if err != nil {
		return nil, err
	}
	detail := audit.Detail{"by": k.by, "found": len(found)}
	if err := audit.Write(ctx, tx, who.By, now, "searched", "person", "", detail); err != nil {
		return nil, err
	}
	return found, open(ctx, tx, who, now, found)
}
