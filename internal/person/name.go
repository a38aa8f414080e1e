// Package person is who someone is: names as people write them and as matching compares them, and the
// two numbers by which prisons and the NHS know them.
package person

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// plainLetters are the letters that no decomposition turns into a plain one.
var plainLetters = strings.NewReplacer("ł", "l", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ß", "ss", "ı", "i")

// NormaliseName is a name as matching compares it: decomposed, without marks, in plain letters,
// without punctuation, spaces and case. "Siân O'Neill" and "SIAN ONEILL" are one; so are Łukasz and
// Lukasz. A name without letters becomes "".
func NormaliseName(name string) string {
	decomposed := norm.NFD.String(lower(name))
	return strings.Map(func(r rune) rune {
		// Modifier letters are how some keyboards write an apostrophe.
		if unicode.IsNumber(r) || unicode.IsLetter(r) && !unicode.Is(unicode.Lm, r) {
			return r
		}
		return -1
	}, plainLetters.Replace(decomposed))
}

// lower is lower case in which İ is an i, whatever mark stays behind.
func lower(name string) string { return strings.ToLower(norm.NFC.String(name)) }

// FullName is the key of "the same full name": both names, each as matching compares it.
func FullName(given, family string) string {
	return NormaliseName(given) + " " + NormaliseName(family)
}

// Initial is the first letter of a name as matching compares it; "" where the name has none. It is
// half of NDTMS's attributor (first initial, surname initial, date of birth, sex).
func Initial(name string) string {
	plain := NormaliseName(name)
	_, size := utf8.DecodeRuneInString(plain)
	return plain[:size]
}

// Parts are the words of a name as matching compares them: "Mary-Jane" is mary and jane, "O'Neill"
// one word.
func Parts(name string) []string {
	var parts []string
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '/' }) {
		if plain := NormaliseName(word); plain != "" {
			parts = append(parts, plain)
		}
	}
	return parts
}

// SameFirstToken says whether two first names begin with the same word: "Mary Jane" and "Mary".
func SameFirstToken(a, b string) bool {
	x, y := Parts(a), Parts(b)
	return len(x) > 0 && len(y) > 0 && x[0] == y[0]
}

// ShareSurnamePart says whether two surnames have a word in common: "Smith-Jones" and "Jones".
func ShareSurnamePart(a, b string) bool {
	others := Parts(b)
	return slices.ContainsFunc(Parts(a), func(p string) bool { return slices.Contains(others, p) })
}

// CleanName is a name as it is kept: as typed, composed (NFC), with single spaces. It is not ok when
// it holds a control or a bidirectional-control character, which would make a page show something
// other than what is stored.
func CleanName(name string) (clean string, ok bool) {
	if !utf8.ValidString(name) {
		return "", false
	}
	trimmed := strings.TrimSpace(name)
	if strings.ContainsFunc(trimmed, isControl) {
		return "", false
	}
	return norm.NFC.String(strings.Join(strings.Fields(trimmed), " ")), true
}

func isControl(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
