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

// sender is one prison's releases, and how many of them have each field.
type sender struct {
	Releases int
	With     [fields]int
}

// The places of "not known" in the breakdowns that newCount lays out.
const (
	sexNotKnown        = 2
	substancesNotKnown = 4
	agesKnown          = 4 // any group behind the four bands is of an unknown age
)

func (w *tally) sender(at int) *sender {
	for len(w.senders) <= at {
		w.senders = append(w.senders, sender{})
	}
	return &w.senders[at]
}

func (s *sender) add(groups [breakdowns]int, n int) {
	s.Releases += n
	for field, known := range [fields]bool{
		dateOfBirth: groups[ageBand] < agesKnown,
		sexField:    groups[sex] != sexNotKnown,
		substances:  groups[substanceGroup] != substancesNotKnown,
	} {
		if known {
			s.With[field] += n
		}
	}
}

func (c *count) completeness(w *tally) Completeness {
	var byField [fields]int
	var bySender Parts
	total := 0
	for at, name := range c.values[prison] {
		s := w.sender(at)
		given := 0
		for field, n := range s.With {
			byField[field] += n
			given += n
		}
		total += given
		bySender = append(bySender, Part{name, missing(given, fields*s.Releases)})
	}
	done := Completeness{Figure: missing(total, fields*w.all.Releases), BySender: bySender}
	for field, n := range byField {
		done.ByField = append(done.ByField, Part{fieldNames[field], missing(n, w.all.Releases)})
	}
	return done
}

// missing is x of n given, the rest not recorded.
func missing(x, n int) Figure { return figure(x, n, n-x) }
