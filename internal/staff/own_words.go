package staff

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"throughgate/internal/db"
)

// ownWords are the words that whoever knows a person's work would try as their password: of their email address, their
// name and their organisation.
func ownWords(ctx context.Context, tx *db.Tx, id uuid.UUID) ([]string, error) {
	var text string
	err := tx.Get(ctx, &text, `
		SELECT concat_ws(' ', p.email, p.name, o.code, o.name)
		FROM staff p
		JOIN organisation o ON o.code = p.organisation
		WHERE p.id = $1`, id)
	return wordsOf(text), err
}

// wordsOf are the words of a text in small letters, the longest first. One or two letters are in everything.
func wordsOf(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	words = slices.DeleteFunc(words, func(w string) bool { return len([]rune(w)) < 3 })
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return words
}

// mostlyOwn says whether a password is made of somebody's own words: without them, in any letter case and with the usual
// figures for letters, at most three letters or a common password are left. "jo.smith@harbour.example" is, and "HarbourHarbour24".
func mostlyOwn(password string, own []string) bool {
	folded := strings.ToLower(password)
	for _, text := range []string{folded, plainLetters.Replace(folded)} {
		left := text
		for _, w := range own {
			left = strings.ReplaceAll(left, w, " ")
		}
		if left == text {
			continue
		}
		left = strings.Join(strings.FieldsFunc(left, func(r rune) bool { return !unicode.IsLetter(r) }), "")
		if len([]rune(left)) < 4 || common[left] {
			return true
		}
	}
	return false
}
