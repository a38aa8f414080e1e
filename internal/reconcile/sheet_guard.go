package reconcile

import "strings"

// A spreadsheet runs a cell that begins with = + - @ as a formula, whoever wrote it. Files that we
// write put an apostrophe before such text; reading takes it away again, so that the text comes back
// as it was.

// formula says whether a spreadsheet could take the text for one, behind any apostrophes.
func formula(text string) bool {
	bare := strings.TrimLeft(text, "'")
	return bare != "" && strings.ContainsRune("=+-@\t\r", rune(bare[0]))
}

func guard(text string) string {
	if formula(text) {
		return "'" + text
	}
	return text
}

func unguard(text string) string {
	if rest, guarded := strings.CutPrefix(text, "'"); guarded && formula(rest) {
		return rest
	}
	return text
}
