package reconcile

import (
	"slices"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/person"
	"throughgate/internal/referral"
)

// someone is a person as the chunk knows them.
type someone struct {
	id      uuid.UUID
	who     person.Identity
	fresh   bool // not stored yet
	changed bool
}

// chunk is what is known of the people of some rows, and what the rows add to it.
type chunk struct {
	*prisonImport
	byNumber map[string][]*someone
	byNHS    map[string][]*someone
	releases map[uuid.UUID][]*kept  // by person
	nameless map[string][]*kept     // by prison number's index
	earlier  map[string]receivedRow // rows of earlier files, by content
	records  []*kept                // all of the above, and new ones
	people   []*someone
	stored   []storedRow
	reviews  []raised
	erased   []uuid.UUID // referrals whose rows may no longer hold a name
}

// answer decides one row on what is known now.
func (c *chunk) answer(row asked) error {
	if before, again := c.earlier[row.content]; again {
		c.again(row, before)
		return nil
	}
	if !row.MayKeepName() {
		who := c.named(row.PrisonRow)
		same, ask := whichRelease(row.PrisonRow, c.known(who, row.PrisonRow))
		if same == nil {
			same = nameless(ask)
		}
		return c.settle(row, who, same)
	}
	who, others, why := c.whoIs(row.PrisonRow)
	if why != "" {
		c.review(row, why, c.latestOf(others))
		return nil
	}
	same, ask := whichRelease(row.PrisonRow, c.known(who, row.PrisonRow))
	if len(ask) > 0 {
		c.review(row, WhyDaysApart, ask)
		return nil
	}
	return c.settle(row, who, same)
}

// again answers a row that an earlier file had: it moves nothing. What was set aside is said again,
// as it stands under today's settings.
func (c *chunk) again(row asked, before receivedRow) {
	standing := row.Standing(c.datCodes)
	if before.ReferralID != nil {
		c.told = append(c.told, *before.ReferralID)
	}
	switch {
	case before.Answer == "to_review" && before.ReviewID != nil:
		c.result.Review(row.Number, before.ReviewID.String(), before.Why, row.warnings)
	case before.Answer != "set_aside":
		c.result.Leave(row.Number, row.warnings)
	case before.ReferralID == nil:
		c.result.PutAside(row.Number, RejectedInReview, row.warnings)
	case standing != Counts:
		c.result.PutAside(row.Number, string(standing), row.warnings)
	case before.SetAside != "":
		c.result.PutAside(row.Number, string(before.SetAside), row.warnings)
	case before.JustCounts:
		c.result.Update(row.Number, row.warnings)
	default:
		c.result.Leave(row.Number, row.warnings)
	}
}

// named is the person with the row's prison number and date of birth, nil if none is known.
func (c *chunk) named(row PrisonRow) *someone {
	for _, s := range c.byNumber[row.PrisonNumber] {
		if s.who.DateOfBirth == row.BornOn {
			return s
		}
	}
	return nil
}

// whoIs finds the person, or says why a person must: the numbers point at somebody else.
func (c *chunk) whoIs(row PrisonRow) (who *someone, others []*someone, why string) {
	who = c.named(row)
	if row.NHSNumber != "" {
		for _, s := range c.byNHS[row.NHSNumber] {
			if s != who {
				others = append(others, s)
			}
		}
	}
	if len(others) > 0 {
		return nil, others, WhyOtherNumbers
	}
	if who == nil && len(c.byNumber[row.PrisonNumber]) > 0 {
		return nil, c.byNumber[row.PrisonNumber], WhyOtherBirth
	}
	return who, nil, ""
}

// known are the releases that the row could be about.
func (c *chunk) known(who *someone, row PrisonRow) []*kept {
	all := slices.Clone(c.nameless[string(c.numberIndex(row.PrisonNumber))])
	if who != nil {
		all = append(all, c.releases[who.id]...)
	}
	return all
}

func (c *chunk) numberIndex(number string) []byte { return c.tx.Keys.Blind("prison_number", number) }

// latestOf are the last releases of people, for a reviewer to compare with.
func (c *chunk) latestOf(people []*someone) (latest []*kept) {
	for _, s := range people {
		if all := c.releases[s.id]; len(all) > 0 {
			latest = append(latest, slices.MaxFunc(all, func(a, b *kept) int { return a.on().Compare(b.on()) }))
		}
	}
	return latest
}

func (c *chunk) review(row asked, why string, among []*kept) {
	r := raised{ID: uuid.New(), Row: c.keep(row, nil, "to_review"), Why: why}
	for _, k := range among {
		r.Candidates = append(r.Candidates, k.ID)
	}
	c.reviews = append(c.reviews, r)
	c.result.Review(row.Number, r.ID.String(), why, row.warnings)
}

// settle takes the row in: as the known release, or as a new one.
func (c *chunk) settle(row asked, who *someone, same *kept) error {
	if same == nil {
		return c.begin(row, who)
	}
	c.told = append(c.told, same.ID)
	if row.changesNothing(same) {
		c.keep(row, same, "set_aside")
		c.result.PutAside(row.Number, string(NotARelease), row.warnings)
		return nil
	}
	counted := same.SetAside == ""
	// Whatever a row says otherwise than the row before it is a change, though it come to the same: the
	// other order of two drugs, or a name that another release's row has changed already.
	otherwise := same.Said != nil && string(same.Said) != row.content
	fact, err := same.change(func() error { return c.fill(same, row, &who) })
	if err != nil {
		return err
	}
	name := c.identity(row.PrisonRow, who)
	said := fact || name || otherwise
	switch counts := same.SetAside == ""; {
	case !said && counts:
		c.result.Leave(row.Number, row.warnings)
	case !said:
		c.result.PutAside(row.Number, string(same.SetAside), row.warnings)
	case counts || counted:
		same.changed = same.changed || !same.fresh
		c.keep(row, same, "updated")
		c.result.Update(row.Number, row.warnings)
	default:
		c.keep(row, same, "set_aside")
		c.result.PutAside(row.Number, string(same.SetAside), row.warnings)
	}
	return nil
}

// begin is a release that nobody knew of.
func (c *chunk) begin(row asked, who *someone) error {
	k := &kept{ID: uuid.New(), Source: "file", Version: 1,
		ReceivedAt: c.now, UpdatedAt: c.now, KnownFrom: c.now, fresh: true}
	if who != nil {
		k.EarlierID = earlierRelease(c.releases[who.id], row.On())
	}
	if err := c.fill(k, row, &who); err != nil {
		return err
	}
	c.identity(row.PrisonRow, who)
	c.records, c.told = append(c.records, k), append(c.told, k.ID)
	if k.SetAside == "" {
		c.keep(row, k, "accepted")
		c.result.Accept(row.Number, row.warnings)
		return nil
	}
	c.keep(row, k, "set_aside")
	c.result.PutAside(row.Number, string(k.SetAside), row.warnings)
	return nil
}

// earlierRelease is the last release before a day.
func earlierRelease(all []*kept, before day.Date) *uuid.UUID {
	var last *kept
	for _, k := range all {
		if !k.ReleasedOn.IsZero() && k.ReleasedOn.Before(before) && (last == nil || last.ReleasedOn.Before(k.ReleasedOn)) {
			last = k
		}
	}
	if last == nil {
		return nil
	}
	return &last.ID
}

// fill puts the row into a record, with or without a name.
func (c *chunk) fill(k *kept, row asked, who **someone) error {
	k.take(row.PrisonRow, c.intake)
	number := c.numberIndex(row.PrisonNumber)
	if !row.MayKeepName() {
		if k.PersonID != nil {
			c.forget(k)
		}
		if k.NamelessBix == nil {
			k.NamelessBix, k.Detail = number, nil
			c.nameless[string(number)] = append(c.nameless[string(number)], k)
		}
		return nil
	}
	if *who == nil {
		*who = &someone{id: uuid.New(), fresh: true}
		c.byNumber[row.PrisonNumber] = append(c.byNumber[row.PrisonNumber], *who)
		c.people = append(c.people, *who)
	}
	if k.PersonID == nil {
		if k.NamelessBix != nil {
			c.nameless[string(number)] = without(c.nameless[string(number)], k)
		}
		k.PersonID, k.NamelessBix = &(*who).id, nil
		c.releases[(*who).id] = append(c.releases[(*who).id], k)
	}
	return c.telephone(k, row.Telephone)
}

func (c *chunk) telephone(k *kept, number string) error {
	if number == "" {
		return nil
	}
	detail, err := referral.WithTelephone(c.tx.Keys, k.ID, k.Detail, number)
	k.Detail = detail
	return err
}

// forget takes the name from a release whose person withdrew it.
func (c *chunk) forget(k *kept) {
	c.releases[*k.PersonID] = without(c.releases[*k.PersonID], k)
	c.erased = append(c.erased, k.ID)
	k.PersonID = nil
}

func without(all []*kept, k *kept) []*kept {
	return slices.DeleteFunc(slices.Clone(all), func(o *kept) bool { return o == k })
}

// identity keeps the newest names, sex and NHS number; it says whether somebody known has changed.
func (c *chunk) identity(row PrisonRow, who *someone) (changed bool) {
	if who == nil || !row.MayKeepName() {
		return false
	}
	newest := row.identity()
	if newest.NHSNumber == "" {
		newest.NHSNumber = who.who.NHSNumber
	}
	if changed = who.who != (person.Identity{}); changed { // number and date of birth say who somebody is
		newest.PrisonNumber, newest.DateOfBirth = who.who.PrisonNumber, who.who.DateOfBirth
	}
	if who.who == newest {
		return false
	}
	who.who, who.changed = newest, true
	if newest.NHSNumber != "" && !slices.Contains(c.byNHS[newest.NHSNumber], who) {
		c.byNHS[newest.NHSNumber] = append(c.byNHS[newest.NHSNumber], who)
	}
	return changed
}
