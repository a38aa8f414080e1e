package config

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/unicode/norm"
)

//go:embed vocabulary.yaml
var vocabularyText []byte

// Vocabulary is the words of partners' files. They are data (vocabulary.yaml), because partners'
// habits differ and change; what is done with a word's value is code.
type Vocabulary struct {
	Sex                WordList
	DischargeReason    WordList `yaml:"discharge_reason"`
	ExitReason         WordList `yaml:"exit_reason"`
	ReferralStatus     WordList `yaml:"referral_status"`
	YesNo              WordList `yaml:"yes_no"`
	OpioidSubstitution WordList `yaml:"opioid_substitution"`
	NoDrug             WordSet  `yaml:"no_drug"`
	NotAName           WordSet  `yaml:"not_a_name"`
	AlsoAName          []string `yaml:"also_a_name"` // compared as written
	Drugs              WordList

	// NoSurname is what a partner writes for someone who has none; "" means no such mark is agreed.
	NoSurname string `yaml:"-"`
}

// Word is one meaning: the value that is kept, and the other ways to write it.
type Word struct {
	Value string
	Kind  string // of a drug only: opiate, alcohol or other
	Words []string
}

// WordList is one column's meanings, found by any of their words.
type WordList struct {
	list    []Word
	meaning map[string]Word // by folded word
}

// UnmarshalYAML reads the list and refuses a word that has two meanings.
func (w *WordList) UnmarshalYAML(node *yaml.Node) error {
	if err := node.Decode(&w.list); err != nil {
		return err
	}
	w.meaning = map[string]Word{}
	for _, entry := range w.list {
		for _, word := range append([]string{entry.Value}, entry.Words...) {
			if other, taken := w.meaning[Fold(word)]; taken && other.Value != entry.Value {
				return fmt.Errorf("line %d: %q means both %q and %q", node.Line, word, other.Value, entry.Value)
			}
			w.meaning[Fold(word)] = entry
		}
	}
	return nil
}

// WordSet is words that all mean the same, folded.
type WordSet map[string]bool

// UnmarshalYAML reads a plain list of words.
func (w *WordSet) UnmarshalYAML(node *yaml.Node) error {
	var words []string
	if err := node.Decode(&words); err != nil {
		return err
	}
	*w = WordSet{}
	for _, word := range words {
		(*w)[Fold(word)] = true
	}
	return nil
}

// Has says whether the text is one of the words.
func (w WordSet) Has(text string) bool { return w[Fold(text)] }

// Find is the value that the text stands for.
func (w WordList) Find(text string) (value string, ok bool) {
	entry, ok := w.meaning[Fold(text)]
	return entry.Value, ok
}

// Values are all values of the list, in the order of the file.
func (w WordList) Values() []string {
	values := make([]string, len(w.list))
	for i, entry := range w.list {
		values[i] = entry.Value
	}
	return values
}

func loadVocabulary() (Vocabulary, error) {
	var v Vocabulary
	d := yaml.NewDecoder(bytes.NewReader(vocabularyText))
	d.KnownFields(true)
	if err := d.Decode(&v); err != nil {
		return Vocabulary{}, fmt.Errorf("vocabulary.yaml: %w", err)
	}
	return v, nil
}

// Fold is how words and headings are compared: without case, spaces, punctuation and accents.
func Fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// Drug is the name under which a substance is kept. A word that says that there is none is ok and "".
func (v Vocabulary) Drug(text string) (name string, ok bool) {
	if name, ok = v.Drugs.Find(text); ok {
		return name, true
	}
	return "", v.NoDrug.Has(text) || !hasLetter(text)
}

// IsName says whether the text can be somebody's first name or surname: not "Unknown", not a mark,
// not a single letter.
func (v Vocabulary) IsName(text string) bool {
	letters := 0
	for _, r := range norm.NFC.String(text) {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	borne := slices.Contains(v.AlsoAName, strings.TrimSpace(text))
	return letters > 1 && (borne || !v.NotAName.Has(text))
}

// IsSurname is IsName, or the configured mark of someone who has no surname.
func (v Vocabulary) IsSurname(text string) bool {
	if v.NoSurname != "" && strings.EqualFold(strings.TrimSpace(text), strings.TrimSpace(v.NoSurname)) {
		return true
	}
	return v.IsName(text)
}

// The substance groups of a release, decided by drugs 1 to 3 (measure.md, "Substance group").
const (
	Opiate              = "opiate"
	NonOpiateOnly       = "non-opiate only"
	NonOpiateAndAlcohol = "non-opiate and alcohol"
	AlcoholOnly         = "alcohol only"
	NotRecorded         = "not recorded"
)

// SubstanceGroups are the five, in the order in which they are always shown.
func SubstanceGroups() []string {
	return []string{Opiate, NonOpiateOnly, NonOpiateAndAlcohol, AlcoholOnly, NotRecorded}
}

// SubstanceGroup is the group of someone with these drugs: any opiate decides; else alcohol with
// another drug; else any other drug (crack without opiates is here); else alcohol. A drug that is
// not on the list counts as another drug.
func (v Vocabulary) SubstanceGroup(drugs []string) string {
	kinds := map[string]bool{}
	for _, drug := range drugs {
		if kind := v.drugKind(drug); kind != "" {
			kinds[kind] = true
		}
	}
	switch {
	case kinds["opiate"]:
		return Opiate
	case kinds["alcohol"] && kinds["other"]:
		return NonOpiateAndAlcohol
	case kinds["other"]:
		return NonOpiateOnly
	case kinds["alcohol"]:
		return AlcoholOnly
	}
	return NotRecorded
}

func (v Vocabulary) drugKind(text string) string {
	if entry, known := v.Drugs.meaning[Fold(text)]; known {
		return entry.Kind
	}
	if _, none := v.Drug(text); none {
		return ""
	}
	return "other"
}

func hasLetter(text string) bool { return strings.ContainsFunc(text, unicode.IsLetter) }
