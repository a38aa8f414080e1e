package person

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestNamesThatAreTheSame(t *testing.T) {
	cases := []struct{ name, plain string }{
		{"Siân O'Neill", "sianoneill"}, {"SIAN ONEILL", "sianoneill"}, {"siân o’neill", "sianoneill"},
		{"Sian OʼNeill", "sianoneill"}, {norm.NFD.String("Siân"), "sian"}, {"Łukasz", "lukasz"}, {"ŁUKASZ", "lukasz"},
		{"Søren", "soren"}, {"Đorđe", "dorde"}, {"Guðrún", "gudrun"}, {"Þór", "thor"}, {"Ægir", "aegir"},
		{"Œuvre", "oeuvre"}, {"Groß", "gross"}, {"GROẞ", "gross"}, {"Ilkay Işık", "ilkayisik"}, {"İlkay", "ilkay"},
		{"d'Arcy", "darcy"}, {"Smith-Jones", "smithjones"}, {"St. John", "stjohn"}, {"Núñez", "nunez"},
		{"Ṭḥấ", "tha"}, {"-", ""}, {"", ""}, {"  ", ""}, {"李 明", "李明"},
	}
	for _, c := range cases {
		if got := NormaliseName(c.name); got != c.plain {
			t.Errorf("%q is compared as %q, want %q", c.name, got, c.plain)
		}
	}
	if FullName("Mary Ann", "Smith") == FullName("Mary", "Ann Smith") {
		t.Error("a first name and a surname are compared each with its own")
	}
	if NormaliseName("Smith") == NormaliseName("Smyth") {
		t.Error("different letters are different names")
	}
}

func TestInitial(t *testing.T) {
	for name, want := range map[string]string{"Łukasz": "l", "'Arcy": "a", "Þór": "t", "Émile": "e", "-": "", "": "", "李明": "李"} {
		if got := Initial(name); got != want {
			t.Errorf("initial of %q is %q, want %q", name, got, want)
		}
	}
}

func TestPartsOfANameThatAreShared(t *testing.T) {
	if got := Parts("Mary-Jane  O'Neill – Smith"); !slices.Equal(got, []string{"mary", "jane", "oneill", "smith"}) {
		t.Errorf("got %q", got)
	}
	if !SameFirstToken("Mary Jane", "MARY") || !SameFirstToken("Jean-Paul", "Jean") {
		t.Error("a first token that is the same was not seen")
	}
	if SameFirstToken("Jane Mary", "Mary") || SameFirstToken("-", "-") || SameFirstToken("Marylou", "Mary") {
		t.Error("only the first token counts, whole, and none is not a token")
	}
	if !ShareSurnamePart("Smith-Jones", "JONES") || !ShareSurnamePart("García Núñez", "Nunez") {
		t.Error("a shared surname part was not seen")
	}
	if ShareSurnamePart("Smithson", "Smith") || ShareSurnamePart("", "") {
		t.Error("only whole parts count")
	}
}

func TestCleanName(t *testing.T) {
	for typed, kept := range map[string]string{
		"  Siân ": "Siân", norm.NFD.String("Siân"): "Siân", "Anne  Marie": "Anne Marie",
		"O'Neill": "O'Neill", "=Smith": "=Smith", "李明": "李明", "Łukasz": "Łukasz", "": "",
	} {
		if got, ok := CleanName(typed); !ok || got != kept {
			t.Errorf("%q is kept as %q, %v; want %q", typed, got, ok, kept)
		}
	}
	for _, bad := range []string{"Si\x00an", "Si\x07an", "Si\tan", "a\nb", "a\u202eb", "\u2066ab", "a\u200fb", "a\u061cb", "a\u0085b", "a\xffb"} {
		if _, ok := CleanName(bad); ok {
			t.Errorf("%q is taken as a name", bad)
		}
	}
}

func TestComparingIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		plain := NormaliseName(name)
		if again := NormaliseName(plain); again != plain {
			t.Fatalf("%q becomes %q, and that %q", name, plain, again)
		}
		if other := NormaliseName(norm.NFD.String(name)); other != plain {
			t.Fatalf("decomposed, %q is compared as %q", name, other)
		}
		if strings.ContainsFunc(plain, unicode.IsSpace) || strings.ContainsFunc(plain, unicode.IsPunct) {
			t.Fatalf("%q still holds a space or a mark", plain)
		}
	})
}

func TestCaseAndMarksMakeNoDifference(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("abcdeéèñłøæðþßçšžıi")), 1, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		name := letters.Draw(t, "name")
		if NormaliseName(name) != NormaliseName(" "+strings.ReplaceAll(name, "a", "a'")+"-") {
			t.Fatalf("%q differs with punctuation", name)
		}
		if NormaliseName(name) != NormaliseName(strings.ToUpper(name)) {
			t.Fatalf("%q differs in capitals", name)
		}
	})
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"Siân", "O'Neill", "Łukasz", "\x00", "\xff", "İ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if clean, ok := CleanName(name); ok {
			if again, still := CleanName(clean); !still || again != clean {
				t.Errorf("%q is kept as %q, and that as %q", name, clean, again)
			}
			if NormaliseName(clean) != NormaliseName(name) {
				t.Errorf("%q is compared otherwise once it is kept", name)
			}
		}
		if plain := NormaliseName(name); NormaliseName(plain) != plain {
			t.Errorf("%q is not stable", name)
		}
	})
}
