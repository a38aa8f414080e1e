package person

import (
	"regexp"
	"strings"
	"unicode"
)

var prisonNumber = regexp.MustCompile(`^[A-Z][0-9]{4}[A-Z]{2}$`)

// PrisonNumber is a prison number as it is kept: A1234BC, upper case without spaces. It has no check
// digit, so a slip of the finger is another person's number: never identify by it alone.
func PrisonNumber(text string) (number string, ok bool) {
	number = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, text)
	if !prisonNumber.MatchString(number) {
		return "", false
	}
	return number, true
}

// NHSNumber is an NHS number as it is kept: ten digits without spaces, whose last is the check digit
// of the others (modulus 11). Numbers of one repeated digit pass that check and are refused all the
// same. One in ten slips of two digits passes it too: never identify by the number alone.
func NHSNumber(text string) (number string, ok bool) {
	number = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	if len(number) != 10 || number == strings.Repeat(number[:1], 10) {
		return "", false
	}
	sum := 0
	for i, digit := range []byte(number) {
		if digit < '0' || digit > '9' {
			return "", false
		}
		if i < 9 {
			sum += int(digit-'0') * (10 - i)
		}
	}
	// 11 - remainder, where 11 stands for 0 and 10 is nobody's check digit.
	check := (11 - sum%11) % 11
	if check != int(number[9]-'0') {
		return "", false
	}
	return number, true
}
