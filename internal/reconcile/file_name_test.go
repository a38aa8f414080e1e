package reconcile

import "testing"

func TestAFilesNameIsShownAsItIs(t *testing.T) {
	for sent, want := range map[string]string{
		"releases.csv":                  "releases.csv",
		"../../etc/passwd\u202evsc.txt": "passwdvsc.txt",
		`C:\Users\prison\releases.xlsx`: "releases.xlsx",
		"Siân's\tlist\x00.csv":          "Siân'slist.csv",
		"broken\xff.csv":                "broken.csv",
	} {
		if got := FileName(sent); got != want {
			t.Errorf("%q is shown as %q, want %q", sent, got, want)
		}
	}
}
