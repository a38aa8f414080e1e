// Package problem is what can go wrong that a person can do something about, in the words they see.
// Everything else that fails is the service's own fault: it is logged once and never shown.
package problem

import (
	"slices"
	"strings"
)

// Correction is one thing to put right: the field as the sender knows it ("person.nhs_number",
// "Date of birth"), a code for programs, and a sentence. The sentence never repeats a person's data.
type Correction struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Invalid is everything wrong with what was sent, all of it at once.
type Invalid struct{ Corrections []Correction }

func (e *Invalid) Error() string {
	said := make([]string, len(e.Corrections))
	for i, c := range e.Corrections {
		said[i] = c.Field + ": " + c.Message
	}
	return strings.Join(said, "; ")
}

// TooLarge is the code of what is more than is taken, such as a workbook that unpacks to gigabytes.
const TooLarge = "too_large"

// TooLarge says whether anything is more than is taken, which by HTTP has a status of its own.
func (e *Invalid) TooLarge() bool {
	return slices.ContainsFunc(e.Corrections, func(c Correction) bool { return c.Code == TooLarge })
}

// Corrections gathers what is wrong while something is checked.
type Corrections []Correction

// Add notes one more thing to put right.
func (c *Corrections) Add(field, code, message string) {
	*c = append(*c, Correction{field, code, message})
}

// Err is nil when nothing is wrong, else an *Invalid with everything that is.
func (c Corrections) Err() error {
	if len(c) == 0 {
		return nil
	}
	return &Invalid{c}
}

// Wrong is an *Invalid with a single correction.
func Wrong(field, code, message string) error {
	return &Invalid{[]Correction{{field, code, message}}}
}

// NotFound also answers for what belongs to somebody else: the two must look alike.
type NotFound struct{ What string }

func (e *NotFound) Error() string { return "There is no such " + e.What + "." }

// Forbidden is an act that is not the asker's to do.
type Forbidden struct{ Message string }

func (e *Forbidden) Error() string { return e.Message }

// Conflict is an act that does not fit what already stands. ID names what stands, where the asker
// may know it; Fields names what differs.
type Conflict struct {
	Code    string // duplicate_referral, reference_reused, already_recorded, slot_taken, still_running, changed_since
	Message string
	ID      string
	Fields  []string
}

func (e *Conflict) Error() string { return e.Message }

// Unavailable means that nothing was changed, or that what was sent may be sent again and cannot
// count twice.
type Unavailable struct{ Message string }

func (e *Unavailable) Error() string { return e.Message }
