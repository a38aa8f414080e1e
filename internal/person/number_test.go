package person

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestPrisonNumber(t *testing.T) {
	for typed, kept := range map[string]string{"A1234BC": "A1234BC", " a1234bc ": "A1234BC", "A 1234 BC": "A1234BC", "A\u00a01234BC": "A1234BC"} {
		if got, ok := PrisonNumber(typed); !ok || got != kept {
			t.Errorf("%q is kept as %q, %v", typed, got, ok)
		}
	}
	for _, no := range []string{"", "1234ABC", "A1234B", "A1234BCD", "AA123BC", "A12345C", "A1234B1", "A1234ſC", "Á1234BC", "A1234BC\x00", "A-1234BC", "A١234BC"} {
		if got, ok := PrisonNumber(no); ok {
			t.Errorf("%q is taken for %q", no, got)
		}
	}
}

func TestNHSNumber(t *testing.T) {
	for typed, kept := range map[string]string{"9434765919": "9434765919", "943 476 5919": "9434765919", " 9990000018": "9990000018", "4505577104": "4505577104"} {
		if got, ok := NHSNumber(typed); !ok || got != kept {
			t.Errorf("%q is kept as %q, %v", typed, got, ok)
		}
	}
	for _, no := range []string{"", "9434765918", "943476591", "94347659190", "0000000000", "1111111111", "9999999999", "943476591X", "٩434765919", "943-476-5919"} {
		if got, ok := NHSNumber(no); ok {
			t.Errorf("%q is taken for %q", no, got)
		}
	}
}

// withCheckDigit is an independent way to the tenth digit: the one that makes the weighted sum of
// all ten a multiple of 11.
func withCheckDigit(nine int) (string, bool) {
	digits := fmt.Sprintf("%09d", nine)
	for last := range 10 {
		sum := last
		for i := range 9 {
			sum += int(digits[i]-'0') * (10 - i)
		}
		if sum%11 == 0 {
			return digits + fmt.Sprint(last), true
		}
	}
	return "", false
}

func TestOneWrongDigitIsAlwaysFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number, exists := withCheckDigit(rapid.IntRange(0, 999_999_999).Draw(t, "nine digits"))
		repeated := number == "" || number == fmt.Sprintf("%010d", 1111111111*int(number[0]-'0'))
		if !exists || repeated {
			return
		}
		if _, ok := NHSNumber(number); !ok {
			t.Fatalf("%s is refused", number)
		}
		wrong := []byte(number)
		at := rapid.IntRange(0, 9).Draw(t, "place")
		wrong[at] = byte('0' + (int(wrong[at]-'0')+rapid.IntRange(1, 9).Draw(t, "by"))%10)
		if _, ok := NHSNumber(string(wrong)); ok {
			t.Fatalf("%s is taken, one digit from %s", wrong, number)
		}
	})
}

func FuzzNumbers(f *testing.F) {
	f.Add("A1234BC")
	f.Add("943 476 5919")
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := PrisonNumber(text); ok {
			if again, ok := PrisonNumber(n); !ok || again != n || len(n) != 7 {
				t.Errorf("%q is kept as %q", text, n)
			}
		}
		if n, ok := NHSNumber(text); ok {
			if again, ok := NHSNumber(n); !ok || again != n || len(n) != 10 {
				t.Errorf("%q is kept as %q", text, n)
			}
		}
	})
}
