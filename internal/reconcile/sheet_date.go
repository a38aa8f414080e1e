package reconcile

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"throughgate/internal/day"
)

// What is said of a cell that is not a date. The sentences never repeat the cell.
const (
	notADate   = "not a date: write it as dd/mm/yyyy, 2023-04-03 or 3 Apr 2023"
	shortYear  = "not a date: the year needs four digits, as in dd/mm/yyyy"
	uncertain  = "not a date that is certain: another date in this column has a second part over 12, so day and month may be swapped; write it as 2023-04-03 or 3 Apr 2023"
	numberCell = "not a date: a number; give the cells of this column a date format"
)

var (
	numericDate = regexp.MustCompile(`^(\d{1,2})([/-])(\d{1,2})([/-])(\d{4}|\d{2})$`)
	isoDate     = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})$`)
	wordDate    = regexp.MustCompile(`^(\d{1,2})[ -]+([A-Za-z]{3,9})[ -]+(\d{4}|\d{2})$`)
	bareNumber  = regexp.MustCompile(`^\d{4,6}(\.\d+)?$`)
	clockTime   = regexp.MustCompile(`[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$`)
)

// Date reads the cell as a date; an empty cell is no date and nothing wrong. why says in words why
// it cannot be read.
func (r Row) Date(word string) (date day.Date, why string) {
	text := r.Text(word)
	if text == "" {
		return day.Date{}, ""
	}
	f := r.sheet.columns[word]
	if f.swapped && !r.cell(word).IsDate && readsBothWays(text) {
		return day.Date{}, uncertain
	}
	return readDate(text)
}

// readDate reads the forms that partners write: dd/mm/yyyy, dd-mm-yyyy, d MMM yyyy and ISO. Day
// comes before month. Databases add a time of day, which says nothing here.
func readDate(text string) (date day.Date, why string) {
	text = withoutTime(text)
	if m := isoDate.FindStringSubmatch(text); m != nil {
		return realDate(m[1], number(m[2]), m[3])
	}
	if m := numericDate.FindStringSubmatch(text); m != nil && m[2] == m[4] {
		return realDate(m[5], number(m[3]), m[1])
	}
	if m := wordDate.FindStringSubmatch(text); m != nil {
		return realDate(m[3], int(day.MonthNamed(m[2])), m[1])
	}
	if bareNumber.MatchString(text) {
		return day.Date{}, numberCell
	}
	return day.Date{}, notADate
}

func withoutTime(text string) string {
	if !strings.Contains(text, ":") {
		return text
	}
	return clockTime.ReplaceAllString(text, "")
}

// realDate refuses what no calendar has: 31 February, month 13, and years of two digits.
func realDate(year string, month int, dayOfMonth string) (day.Date, string) {
	if len(year) != 4 {
		return day.Date{}, shortYear
	}
	y, d := number(year), number(dayOfMonth)
	date := day.New(y, time.Month(month), d)
	if y < 1 || month < 1 || month > 12 || date.Day() != d || date.Month() != time.Month(month) {
		return day.Date{}, notADate
	}
	return date, ""
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the pattern allows digits only
	return n
}

// numericParts are the first two parts of a date written in numbers only, the year last.
func numericParts(text string) (first, second int, ok bool) {
	m := numericDate.FindStringSubmatch(withoutTime(strings.TrimSpace(text)))
	if m == nil {
		return 0, 0, false
	}
	return number(m[1]), number(m[3]), true
}

// secondPartOver12 says that whoever wrote the column may put the month first.
func secondPartOver12(c Cell) bool {
	_, second, ok := numericParts(c.Text)
	return ok && !c.IsDate && second > 12
}

// readsBothWays says that day and month could be swapped to give another date.
func readsBothWays(text string) bool {
	first, second, ok := numericParts(text)
	return ok && first <= 12 && second <= 12 && first != second
}
