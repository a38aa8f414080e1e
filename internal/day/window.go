package day

import "time"

// Window is the first day of the rolling three-month window that ends on end, both inclusive:
// (end + 1 day) less three calendar months, held back to the month's last day (measure.md, "The window").
// A window that ends with a month is always three whole calendar months.
func Window(end Date) Date { return end.Add(1).AddMonths(-3) }

// AddMonths moves by calendar months, staying inside the month it lands in: 31 May less three
// months is 28 or 29 February, where time.AddDate would say 3 March.
func (d Date) AddMonths(n int) Date {
	first := New(d.Year(), d.Month()+time.Month(n), 1)
	last := MonthEnd(first).Day()
	return first.Add(min(d.Day(), last) - 1)
}

// MonthEnd is the last day of the month that d lies in.
func MonthEnd(d Date) Date { return New(d.Year(), d.Month()+1, 0) }

// WindowEnds are n window ends, oldest first: the last is end itself, those before it are the
// month ends before the month that end lies in.
func WindowEnds(end Date, n int) []Date {
	ends := make([]Date, n)
	for i := range ends {
		back := n - 1 - i
		ends[i] = end
		if back > 0 {
			ends[i] = New(end.Year(), end.Month()-time.Month(back)+1, 0)
		}
	}
	return ends
}

// Age is in whole years on a day. Someone born on 29 February has their birthday on 1 March in a
// year without one, as the law of England and Wales has it.
func Age(born, on Date) int {
	age := on.Year() - born.Year()
	if on.Before(New(on.Year(), born.Month(), born.Day())) {
		age-- // New turns 29 February of a common year into 1 March
	}
	return age
}

// Calendar knows which days are bank holidays in England and Wales.
type Calendar struct{ closed map[Date]string }

// NewCalendar takes the bank holidays, day by name.
func NewCalendar(holidays map[Date]string) Calendar { return Calendar{holidays} }

// Holiday is the name of the bank holiday on d, or "".
func (c Calendar) Holiday(d Date) string { return c.closed[d] }

// Working says whether d is a working day: Monday to Friday and no bank holiday.
func (c Calendar) Working(d Date) bool {
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && c.closed[d] == ""
}

// AddWorking is the nth working day after d (n > 0), or before it (n < 0). d itself is never counted.
func (c Calendar) AddWorking(d Date, n int) Date {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d = d.Add(step)
		if c.Working(d) {
			n--
		}
	}
	return d
}

// WorkingBetween counts the working days after from, up to and including to; 0 when to is not later.
func (c Calendar) WorkingBetween(from, to Date) int {
	n := 0
	for d := from.Add(1); !d.After(to); d = d.Add(1) {
		if c.Working(d) {
			n++
		}
	}
	return n
}
