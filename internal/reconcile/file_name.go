package reconcile

import (
	"path"
	"strings"
	"unicode"
)

// FileName is the name of a file as it was sent, without its folders, and without what nobody can see, which could show
// another ending than the file has.
func FileName(sent string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(path.Base(strings.ReplaceAll(sent, `\`, "/")), ""))
}
