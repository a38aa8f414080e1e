package staff

import (
	_ "embed"
	"strings"
	"unicode"
)

// The best known of the passwords that people choose, one a line, without figures and signs at their
// ends: those that guessing programs try first.
//
//go:embed common_passwords.txt
var commonText string

var common = func() map[string]bool {
	known := map[string]bool{}
	for line := range strings.Lines(commonText) {
		known[strings.TrimSpace(line)] = true
	}
	return known
}()

// isCommon says whether a password is on the list: as it is, in other letter case, with figures and
// signs around it, with the usual figures for letters, or written several times over. A password of
// twelve characters is seldom on any list by itself; "Password2024!" is on all of them in spirit.
func isCommon(password string) bool {
	folded := strings.ToLower(password)
	for _, text := range []string{folded, plainLetters.Replace(folded)} {
		once := repeated(text)
		if len(once) < 4 || common[text] || common[once] || common[letters(once)] || common[repeated(letters(text))] || letters(text) == "" {
			return true
		}
	}
	return false
}

// letters is a text without the figures and signs at its ends.
func letters(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
}

// plainLetters undoes the figures and signs that people write for letters.
var plainLetters = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s")

// repeated is the shortest text that the whole is made of when it is written again and again.
func repeated(text string) string {
	for n := 1; n <= len(text)/2; n++ {
		if len(text)%n == 0 && strings.Repeat(text[:n], len(text)/n) == text {
			return text[:n]
		}
	}
	return text
}
