package reconcile

import (
	"encoding/json"
	"strings"
	"testing"

	"throughgate/internal/day"
)

func TestAGoodProviderRow(t *testing.T) {
	got, found := readProvider(t, goodPickup())
	want := ProviderRow{Number: 2, OurReference: "HB1", GivenName: "Siân", FamilyName: "O'Neill", BornOn: day.New(1984, 2, 28), Sex: "female",
		ReceivedOn: day.New(2023, 11, 20), OfferedOn: day.New(2023, 12, 22), AttendedOn: day.New(2023, 12, 22), StartedOn: day.New(2023, 12, 23),
		Notes: "came early", PrisonNumber: "A1234BC", NHSNumber: "9434765919", ReleasedOn: day.New(2023, 12, 21)}
	if got != want || len(found.Refused)+len(found.Warnings) > 0 {
		t.Errorf("%+v\n%v", got, found)
	}
	var back ProviderRow
	if err := json.Unmarshal(got.Canonical(), &back); err != nil || !back.Equal(got) {
		t.Errorf("read back it is %+v, %v", back, err)
	}
}

func TestProviderRowsRefused(t *testing.T) {
	cases := []struct {
		name, word, cell, why string
	}{
		{"no surname", wordFamily, "", "missing"},
		{"unknown first name", wordGiven, "Unknown", "missing"},
		{"no date of birth", wordBorn, "", "missing"},
		{"30 February", wordBorn, "30/02/1984", "not a date"},
		{"born after the start", wordBorn, "24/12/2023", "after the start of structured treatment"},
		{"aged 111", wordBorn, "22/12/1912", "over 110"},
		{"a sex that is no word of ours", wordSex, "Q", "not recognised"},
		{"a start that is no date", wordStart, "soon", "not a date"},
		{"a start to come", wordStart, "23/01/2024", "after the day of import"},
		{"an attendance to come", wordAttended, "23/01/2024", "after the day of import"},
		{"an offer that is no date", wordOffered, "12/13/2023", "not a date"},
		{"a referral to come", wordReceived, "23/01/2024", "after the day of import"},
	}
	for _, c := range cases {
		_, found := readProvider(t, with(goodPickup(), c.word, c.cell))
		if len(found.Refused) != 1 || found.Refused[0].Field != c.word || !strings.HasPrefix(found.Refused[0].Why, c.why) {
			t.Errorf("%s: %v", c.name, found)
		}
	}
}

func TestProviderRowsTaken(t *testing.T) {
	for name, changes := range map[string][]string{
		"a start today":          {wordStart, "22/01/2024"},
		"an offer to come":       {wordOffered, "22/03/2024"},
		"no date but of birth":   {wordReceived, "", wordOffered, "", wordAttended, "", wordStart, "", wordReleased, ""},
		"no numbers":             {wordPrisonNumber, "", wordNHSNumber, "", wordOurReference, ""},
		"a note with separators": {wordNotes, "one, two; three\t\"four\""},
	} {
		if _, found := readProvider(t, with(goodPickup(), changes...)); len(found.Refused)+len(found.Warnings) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
	if p, _ := readProvider(t, with(goodPickup(), wordSex, "")); p.Sex != "not_known" {
		t.Errorf("an empty sex is read as %q", p.Sex)
	}
}

func TestAWrongNumberOfAProviderIsLeftOut(t *testing.T) {
	for _, word := range []string{wordPrisonNumber, wordNHSNumber, wordReleased} {
		p, found := readProvider(t, with(goodPickup(), word, "1111111111"))
		if len(found.Refused) > 0 || len(found.Warnings) != 1 || found.Warnings[0].Field != word {
			t.Errorf("%s: %v", word, found)
		}
		if p.PrisonNumber != "" && p.NHSNumber != "" && !p.ReleasedOn.IsZero() {
			t.Errorf("%s is kept: %+v", word, p)
		}
	}
}
