package continuity

// Completeness is S12: of the mandatory fields that a sender can leave without an answer, how many have one.
type Completeness struct {
	Figure
	ByField  Parts `json:"by_field"`
	BySender Parts `json:"by_sender"`
}

// Part is the share of one field or one sender.
type Part struct {
	Name string
	Figure
}

// Parts keep their order; in JSON an object.
type Parts []Part

func (p Parts) MarshalJSON() ([]byte, error) {
	return object(p, func(one Part) (string, any) { return one.Name, one.Figure })
}

// The fields of S12. The other mandatory ones (names, numbers, days, consent) are refused when they are missing; these
// may come as "not known" or with no substance named, or were never asked.
const (
	dateOfBirth = iota
	sexField
	substances
	fields
)

var fieldNames = [fields]string{"date_of_birth", "sex", "substances"}

// present counts releases by sender, and of them those with each field.
type present struct {
	releases []int
	with     [][fields]int
}

// The places of "not known" in the breakdowns that newCount lays out.
const (
	sexNotKnown        = 2
	substancesNotKnown = 4
	agesKnown          = 4 // any group behind the four bands is of an unknown age
)

func (p *present) add(groups [breakdowns]int, n int) {
	sender := groups[prison]
	for len(p.releases) <= sender {
		p.releases = append(p.releases, 0)
		p.with = append(p.with, [fields]int{})
	}
	p.releases[sender] += n
	for field, known := range [fields]bool{
		dateOfBirth: groups[ageBand] < agesKnown,
		sexField:    groups[sex] != sexNotKnown,
		substances:  groups[substanceGroup] != substancesNotKnown,
	} {
		if known {
			p.with[sender][field] += n
		}
	}
}

func (c *count) completeness(w *tally) Completeness {
	var byField [fields]int
	var bySender Parts
	total := 0
	for at, name := range c.values[prison] {
		releases, given := 0, 0
		if at < len(w.present.releases) {
			releases = w.present.releases[at]
			for field, n := range w.present.with[at] {
				byField[field] += n
				given += n
			}
		}
		total += given
		bySender = append(bySender, Part{name, missing(given, fields*releases)})
	}
	done := Completeness{Figure: missing(total, fields*w.all.releases), BySender: bySender}
	for field, n := range byField {
		done.ByField = append(done.ByField, Part{fieldNames[field], missing(n, w.all.releases)})
	}
	return done
}

// missing is x of n given, the rest not recorded.
func missing(x, n int) Figure { return figure(x, n, n-x) }
