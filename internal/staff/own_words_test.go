package staff

import "testing"

func TestAPasswordOfOnesOwnWordsIsKnown(t *testing.T) {
	own := wordsOf("jo.smith@harbour.example Josephine Smith HARBOUR Harbour Plymouth")
	for password, want := range map[string]bool{
		"jo.smith@harbour.example": true, "JO.SMITH@Harbour": true, "josephine-smith-1984": true, "HarbourHarbour24": true, "H@rb0urPlym0uth": true,
		"harbour password 1": true, "Jo Smith Harbour!": true,
		"kettle harbour violet": false, "three words that differ": false, "smith of a village": false, "blacksmithery": false,
	} {
		if got := mostlyOwn(password, own); got != want {
			t.Errorf("%q: %t", password, got)
		}
	}
	if mostlyOwn("three words that differ", nil) {
		t.Error("nobody's words are in it")
	}
}
