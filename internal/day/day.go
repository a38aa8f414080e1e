// Package day is a calendar date in England, and the few sums the service does with dates.
// A release, an appointment or a window is a matter of days on the calendar, never of hours.
package day

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the service must know Europe/London wherever it runs
)

// London is the time zone in which every date and every clock time of the service is meant.
var London = mustLoad("Europe/London")

func mustLoad(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // cannot happen: the zone's data are built in
	}
	return zone
}

// Date is a calendar date. The zero value is no date at all: it prints as "", travels as null and
// is before every other date.
type Date struct{ n int32 } // days since 1 January 0001, counted from 1

const epoch = 719163 // n of 1 January 1970

// New makes a date from its parts, normalised as time.Date does.
func New(year int, month time.Month, d int) Date {
	return fromTime(time.Date(year, month, d, 0, 0, 0, 0, time.UTC))
}

func fromTime(t time.Time) Date {
	seconds := t.Unix()
	days := seconds / 86400
	if seconds%86400 < 0 {
		days--
	}
	return Date{int32(days) + epoch}
}

// Of is the date in London at the moment t.
func Of(t time.Time) Date {
	y, m, d := t.In(London).Date()
	return New(y, m, d)
}

// Parse reads YYYY-MM-DD and nothing else; impossible dates are refused.
func Parse(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("%d characters are not a date written as YYYY-MM-DD", len(s))
	}
	return fromTime(t), nil
}

// MonthNamed is the month that people write as January, Jan or SEPT; 0 for what is no month.
func MonthNamed(word string) time.Month {
	word = strings.ToLower(word)
	if word == "sept" {
		return time.September
	}
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		if word == name || word == name[:3] {
			return m
		}
	}
	return 0
}

// MustParse is Parse for dates written in the program's own text.
func MustParse(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func (d Date) utc() time.Time { return time.Unix(int64(d.n-epoch)*86400, 0).UTC() }

// At is the moment at which London's clocks show hour:minute on the day.
func (d Date) At(hour, minute int) time.Time {
	t := d.utc()
	return time.Date(t.Year(), t.Month(), t.Day(), hour, minute, 0, 0, London)
}

func (d Date) IsZero() bool          { return d.n == 0 }
func (d Date) Year() int             { return d.utc().Year() }
func (d Date) Month() time.Month     { return d.utc().Month() }
func (d Date) Day() int              { return d.utc().Day() }
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }
func (d Date) Before(e Date) bool    { return d.n < e.n }
func (d Date) After(e Date) bool     { return d.n > e.n }

// Compare is -1, 0 or 1 as d lies before, on or after e; for sorting.
func (d Date) Compare(e Date) int {
	switch {
	case d.n < e.n:
		return -1
	case d.n > e.n:
		return 1
	}
	return 0
}

// Add is the date n days later (earlier when n is negative). No date stays no date.
func (d Date) Add(n int) Date {
	if d.IsZero() {
		return d
	}
	return Date{d.n + int32(n)}
}

// Sub is how many days d lies after e: 20 March to 10 April is 21, whatever the clocks did.
func (d Date) Sub(e Date) int { return int(d.n - e.n) }

// Within says whether the date lies in from..to, both inclusive.
func (d Date) Within(from, to Date) bool { return d.n >= from.n && d.n <= to.n }

// String is YYYY-MM-DD, or "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format(time.DateOnly)
}

// Long is the date as people write it: 31 December 2023.
func (d Date) Long() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format("2 January 2006")
}

// Slash is the date as partners' files write it: 31/12/2023.
func (d Date) Slash() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format("02/01/2006")
}

func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(d.String())
}

func (d *Date) UnmarshalJSON(b []byte) error {
	if len(b) == len(`"2006-01-02"`) && b[0] == '"' && b[len(b)-1] == '"' { // nearly always; a sealed row holds half a dozen
		return d.scanText(string(b[1 : len(b)-1]))
	}
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == nil {
		*d = Date{}
		return nil
	}
	parsed, err := Parse(*s)
	*d = parsed
	return err
}

// Value hands the date to PostgreSQL; no date is NULL.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan takes a PostgreSQL date; NULL is no date.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
	case time.Time:
		*d = New(v.Year(), v.Month(), v.Day())
	case []byte:
		return d.scanText(string(v))
	case string:
		return d.scanText(v)
	default:
		return fmt.Errorf("day: cannot read a date from a %T", src)
	}
	return nil
}

func (d *Date) scanText(s string) error {
	parsed, err := Parse(s)
	*d = parsed
	return err
}
