package config

import (
	"slices"
	"strings"
	"testing"
)

func words(t *testing.T) Vocabulary {
	t.Helper()
	v, err := loadVocabulary()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEveryWordOfTheListsIsUnderstood(t *testing.T) {
	v := words(t)
	cases := []struct {
		list        WordList
		text, value string
	}{
		{v.Sex, "Female", "female"}, {v.Sex, "f", "female"}, {v.Sex, " M ", "male"},
		{v.Sex, "Not known", "not_known"}, {v.Sex, "NOT SPECIFIED", "not_specified"},
		{v.DischargeReason, "Transferred - not in custody", "transferred_not_in_custody"},
		{v.DischargeReason, "transferred – not in custody", "transferred_not_in_custody"},
		{v.DischargeReason, "Transferred - in custody", "transferred_in_custody"},
		{v.ExitReason, "Released", "RELEASED"}, {v.ExitReason, "Released to hospital", "RELEASED_TO_HOSPITAL"},
		{v.ExitReason, "Temporary absence", "TEMPORARY_ABSENCE_RELEASE"},
		{v.ExitReason, "Transferred to another prison", "TRANSFERRED"}, {v.ExitReason, "Sent to court", "SENT_TO_COURT"},
		{v.ReferralStatus, "Yes - referred to community treatment", "referred"},
		{v.ReferralStatus, "No - declined", "declined"}, {v.ReferralStatus, "No - not required", "not_required"},
		{v.ReferralStatus, "No - need but not referred", "need_not_referred"},
		{v.YesNo, "Y", "yes"}, {v.YesNo, "FALSE", "no"},
		{v.OpioidSubstitution, "Buvidal", "long-acting buprenorphine"}, {v.OpioidSubstitution, "No", "none"},
	}
	for _, c := range cases {
		if got, ok := c.list.Find(c.text); !ok || got != c.value {
			t.Errorf("%q is %q, %v; want %q", c.text, got, ok, c.value)
		}
	}
	for _, unknown := range []string{"", "Q", "-"} {
		if got, ok := v.Sex.Find(unknown); ok {
			t.Errorf("sex %q is taken for %q", unknown, got)
		}
	}
	if got, ok := v.YesNo.Find("Offered"); ok {
		t.Errorf("naloxone that was offered is read as %q", got)
	}
}

func TestSubstanceGroup(t *testing.T) {
	v := words(t)
	cases := []struct{ drugs, group string }{
		{"Heroin", Opiate}, {"Crack cocaine,Heroin,Alcohol", Opiate}, {"Alcohol,Methadone", Opiate},
		{"Prescribed opioids", Opiate}, {"Other opioids", Opiate}, {"tramadol", Opiate}, {"codeine", Opiate},
		{"Subutex", Opiate}, {"Fentanyl", Opiate},
		{"Cannabis,Alcohol", NonOpiateAndAlcohol}, {"Alcohol,Spice (synthetic cannabinoid)", NonOpiateAndAlcohol},
		{"Crack cocaine", NonOpiateOnly}, {"Crack cocaine,Benzodiazepines", NonOpiateOnly},
		{"a word nobody listed", NonOpiateOnly}, {"a word nobody listed,Alcohol", NonOpiateAndAlcohol},
		{"Alcohol", AlcoholOnly}, {"Alcohol,None", AlcoholOnly}, {"Alcohol,Alcohol", AlcoholOnly},
		{"", NotRecorded}, {"None,-", NotRecorded}, {"No second drug", NotRecorded},
	}
	for _, c := range cases {
		if got := v.SubstanceGroup(strings.Split(c.drugs, ",")); got != c.group {
			t.Errorf("%q is %q, want %q", c.drugs, got, c.group)
		}
		if !slices.Contains(SubstanceGroups(), c.group) {
			t.Errorf("%q is none of the five groups", c.group)
		}
	}
}

func TestEveryDrugHasAKind(t *testing.T) {
	for _, drug := range words(t).Drugs.list {
		if !slices.Contains([]string{"opiate", "alcohol", "other"}, drug.Kind) {
			t.Errorf("%s is of kind %q", drug.Value, drug.Kind)
		}
	}
}

func TestWhatIsNotAName(t *testing.T) {
	v := words(t)
	for _, name := range []string{"Jo", "Ng", "O'Neill", "Łukasz", "Anne-Marie", "De La Cruz", "李明", "Na", "Nil", "Nunn", "Nilsson"} {
		if !v.IsName(name) {
			t.Errorf("%q is refused as a name", name)
		}
	}
	for _, no := range []string{"", "  ", "-", "--", "Unknown", "UNKNOWN", "not known", "J", "J.", "é", "?", "123",
		"N/A", "n/a", "NA", "N.A.", "none", "NONE", "None", "nil", "NIL", "nk", "N/K", "NK", "unk", "tbc", "TBC", "not applicable"} {
		if v.IsName(no) || v.IsSurname(no) {
			t.Errorf("%q is taken for a name", no)
		}
	}
	v.NoSurname = "-"
	if !v.IsSurname(" - ") || v.IsName("-") {
		t.Error("the agreed mark stands for no surname, and for nothing else")
	}
}

func TestAWordWithTwoMeaningsIsRefused(t *testing.T) {
	defer func(saved []byte) { vocabularyText = saved }(vocabularyText)
	vocabularyText = []byte("sex:\n  - {value: female, words: [F]}\n  - {value: male, words: [f]}\n")
	if _, err := loadVocabulary(); err == nil || !strings.Contains(err.Error(), `"f" means both "female" and "male"`) {
		t.Errorf("got %v", err)
	}
}
