package reconcile

import (
	"encoding/json"
	"strings"
	"testing"

	"throughgate/internal/day"
)

func TestAGoodPrisonRow(t *testing.T) {
	got, found := readPrison(t, goodRelease())
	want := PrisonRow{Number: 2, GivenName: "Siân", FamilyName: "O'Neill", BornOn: day.New(1984, 2, 28), Sex: "female",
		PrisonNumber: "A1234BC", NHSNumber: "9434765919", ReceptionOn: day.New(2023, 6, 30), Drugs: [3]string{"heroin", "crack cocaine"},
		DischargeReason: "transferred_not_in_custody", ExitOn: day.New(2023, 12, 21), ExitReason: "RELEASED", Destination: "PLYB",
		ReferralStatus: "referred", PlannedOn: day.New(2023, 12, 20), ReferredOn: day.New(2023, 11, 20), Provider: "HARBOUR",
		Telephone: "01752 000000", OpioidSubstitution: "methadone", BridgingUntil: day.New(2023, 12, 28),
		NaloxoneSupplied: "yes", SMART: "no", Consent: "yes"}
	if got != want || len(found.Refused)+len(found.Warnings) > 0 || got.Standing(datCodes) != Counts || !got.MayKeepName() {
		t.Errorf("%+v\n%v", got, found)
	}
	var back PrisonRow
	if err := json.Unmarshal(got.Canonical(), &back); err != nil || !back.Equal(got) || back.Number != 0 {
		t.Errorf("read back it is %+v, %v", back, err)
	}
}

// Each case spoils a good row; it is refused for exactly these fields, in these words.
func TestPrisonRowsRefused(t *testing.T) {
	cases := []struct {
		name    string
		changes []string
		field   string
		why     string
	}{
		{"no first name", []string{wordGiven, " "}, wordGiven, "missing"},
		{"a mark for a first name", []string{wordGiven, "-"}, wordGiven, "missing"},
		{"unknown surname", []string{wordFamily, "UNKNOWN"}, wordFamily, "missing"},
		{"one letter", []string{wordFamily, "O."}, wordFamily, "missing"},
		{"NUL in a name", []string{wordGiven, "Si\x00an"}, wordGiven, "holds a control character"},
		{"text turned round", []string{wordFamily, "O\u202eNeill"}, wordFamily, "holds a control character"},
		{"no date of birth", []string{wordBorn, ""}, wordBorn, "missing"},
		{"31 February", []string{wordBorn, "31/02/1985"}, wordBorn, "not a date"},
		{"a short year", []string{wordBorn, "3/4/85"}, wordBorn, "not a date"},
		{"born after release", []string{wordBorn, "22/12/2023"}, wordBorn, "after the exit date"},
		{"aged 111", []string{wordBorn, "21/12/1912"}, wordBorn, "over 110"},
		{"no sex", []string{wordSex, ""}, wordSex, "missing"},
		{"a sex that is no word of ours", []string{wordSex, "Q"}, wordSex, "not recognised"},
		{"no number", []string{wordClientReference, ""}, wordClientReference, "missing"},
		{"a wrong number", []string{wordClientReference, "1234ABC"}, wordClientReference, "not a prison number"},
		{"no date at all", []string{wordExit, "", wordPlanned, ""}, wordExit, "missing"},
		{"an exit that is no date", []string{wordExit, "tbc"}, wordExit, "not a date"},
		{"an exit to come", []string{wordExit, "23/01/2024"}, wordExit, "after the day of import: use Planned release date"},
		{"no exit reason", []string{wordExitReason, ""}, wordExitReason, "missing"},
		{"an exit reason of no list", []string{wordExitReason, "Vanished"}, wordExitReason, "not recognised"},
		{"no destination", []string{wordDestination, ""}, wordDestination, "missing"},
		{"no referral status", []string{wordReferral, ""}, wordReferral, "missing"},
		{"a referral status of no list", []string{wordReferral, "Perhaps"}, wordReferral, "not recognised"},
		{"a planned date that is none", []string{wordExit, "", wordPlanned, "soon"}, wordPlanned, "not a date"},
		{"planned too far ahead", []string{wordExit, "", wordPlanned, "26/02/2025"}, wordPlanned, "more than 400 days ahead"},
		{"born after the planned date", []string{wordExit, "", wordBorn, "01/01/2024"}, wordBorn, "after the planned release date"},
		{"born after today", []string{wordExit, "tbc", wordBorn, "23/01/2024"}, wordBorn, "after the day of import"},
	}
	for _, c := range cases {
		_, found := readPrison(t, with(goodRelease(), c.changes...))
		last := Fault{}
		if n := len(found.Refused); n > 0 {
			last = found.Refused[n-1]
		}
		if last.Field != c.field || !strings.HasPrefix(last.Why, c.why) || len(found.Warnings) > 0 {
			t.Errorf("%s: %v", c.name, found)
		}
	}
}

// The neighbours of each refusal: these rows are taken without a word.
func TestPrisonRowsTaken(t *testing.T) {
	for name, changes := range map[string][]string{
		"a short name":             {wordFamily, "Ng"},
		"not known is a sex":       {wordSex, "Not known"},
		"not specified is a sex":   {wordSex, "not specified"},
		"a number in small print":  {wordClientReference, "a 1234 bc"},
		"born on the exit date":    {wordBorn, "21/12/2023"},
		"aged 110":                 {wordBorn, "22/12/1912"},
		"an exit today":            {wordExit, "22/01/2024"},
		"planned for today":        {wordExit, "", wordPlanned, "22/01/2024"},
		"planned 400 days ahead":   {wordExit, "", wordPlanned, "25/02/2025"},
		"planned long ago":         {wordExit, "", wordPlanned, "01/02/2022"},
		"awaited, nothing else":    {wordExit, "", wordExitReason, "", wordDestination, "", wordReferral, "", wordDischarge, ""},
		"no reception date":        {wordReception, ""},
		"no drugs":                 {wordDrug1, "", wordDrug2, "None"},
		"no optional field at all": {wordNHSNumber, "", wordPlanned, "", wordReferred, "", wordProvider, "", wordTelephone, "", wordSubstitution, "", wordBridging, "", wordNaloxone, "", wordSMART, "", wordConsent, ""},
	} {
		if _, found := readPrison(t, with(goodRelease(), changes...)); len(found.Refused)+len(found.Warnings) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestAWrongOptionalFieldIsLeftOutWithAWarning(t *testing.T) {
	good, _ := readPrison(t, goodRelease())
	for word, c := range map[string]struct {
		cell  string
		blank func(*PrisonRow)
	}{
		wordNHSNumber:    {"9434765918", func(p *PrisonRow) { p.NHSNumber = "" }},
		wordReception:    {"31/06/2023", func(p *PrisonRow) { p.ReceptionOn = day.Date{} }},
		wordDrug2:        {"something else", func(p *PrisonRow) { p.Drugs[1] = "" }},
		wordDischarge:    {"something else", func(p *PrisonRow) { p.DischargeReason = "" }},
		wordPlanned:      {"soon", func(p *PrisonRow) { p.PlannedOn = day.Date{} }},
		wordReferred:     {"soon", func(p *PrisonRow) { p.ReferredOn = day.Date{} }},
		wordTelephone:    {"01752\x00", func(p *PrisonRow) { p.Telephone = "" }},
		wordSubstitution: {"some", func(p *PrisonRow) { p.OpioidSubstitution = "" }},
		wordBridging:     {"a week", func(p *PrisonRow) { p.BridgingUntil = day.Date{} }},
		wordNaloxone:     {"offered", func(p *PrisonRow) { p.NaloxoneSupplied = "" }},
		wordSMART:        {"maybe", func(p *PrisonRow) { p.SMART = "" }},
	} {
		want := good
		c.blank(&want)
		got, found := readPrison(t, with(goodRelease(), word, c.cell))
		if len(found.Refused) > 0 || len(found.Warnings) != 1 || found.Warnings[0].Field != word || !got.Equal(want) {
			t.Errorf("%s: %v, %+v", word, found, got)
		}
	}
	got, found := readPrison(t, with(goodRelease(), wordConsent, "see file"))
	if got.Consent != "no" || len(found.Warnings) != 1 || got.Standing(datCodes) != NoConsent {
		t.Errorf("words nobody knows are read as consent: %q, %v", got.Consent, found)
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, found := readPrison(t, with(goodRelease(), wordFamily, "", wordSex, "Q", wordClientReference, "x", wordBorn, "1/1/80", wordExit, "tbc", wordReferral, ""))
	if len(found.Refused) != 6 {
		t.Errorf("%d faults: %v", len(found.Refused), found.Refused)
	}
	for _, f := range found.Refused {
		for _, cell := range []string{"1/1/80", "tbc", "O'Neill"} {
			if strings.Contains(f.Why, cell) {
				t.Errorf("%q repeats what the cell says", f.Why)
			}
		}
	}
}

func TestTheMarkForNoSurname(t *testing.T) {
	vocabulary := words
	vocabulary.NoSurname = "(one name)"
	s := mustRead(t, csvOf(table(PrisonReleases(), with(goodRelease(), wordFamily, "(One name)"), with(goodRelease(), wordGiven, "(one name)", wordFamily, "-"))), PrisonReleases())
	rows := rowsOf(t, s)
	if _, found := ReadPrisonRow(rows[0], vocabulary, today); len(found.Refused) > 0 {
		t.Errorf("the mark is refused: %v", found.Refused)
	}
	// "(one name)" has letters and is no word of the list, so only the surname column gives it its meaning.
	if _, found := ReadPrisonRow(rows[1], vocabulary, today); len(found.Refused) != 1 || found.Refused[0].Field != wordFamily {
		t.Errorf("got %v", found.Refused)
	}
}

// Each row is one change from one that counts; its reason is the first that fits.
func TestStanding(t *testing.T) {
	awaits := []string{wordExit, "", wordExitReason, "", wordDestination, "", wordReferral, "", wordDischarge, "", wordConsent, ""}
	cases := []struct {
		name    string
		changes []string
		want    Standing
	}{
		{"as it is", nil, Counts},
		{"the code in small letters", []string{wordDestination, " plyb "}, Counts},
		{"consent left open: the referral stands for it", []string{wordConsent, ""}, Counts},
		{"18 on the day", []string{wordBorn, "21/12/2005"}, Counts},
		{"18 tomorrow", []string{wordBorn, "22/12/2005"}, Under18},
		{"born 29 February, on 28 February", []string{wordBorn, "29/02/2004", wordExit, "28/02/2022"}, Under18},
		{"born 29 February, on 1 March", []string{wordBorn, "29/02/2004", wordExit, "01/03/2022"}, Counts},
		{"still in custody", []string{wordDischarge, "Transferred - in custody"}, NotARelease},
		{"no discharge reason", []string{wordDischarge, ""}, NotARelease},
		{"to another prison", []string{wordExitReason, "Transferred to another prison"}, NotARelease},
		{"to court", []string{wordExitReason, "Sent to court"}, NotARelease},
		{"for a day", []string{wordExitReason, "Temporary absence"}, NotARelease},
		{"to hospital", []string{wordExitReason, "Released to hospital"}, NotARelease},
		{"to another area", []string{wordDestination, "DEVB"}, OtherPartnership},
		{"consent refused", []string{wordConsent, "No"}, NoConsent},
		{"declined", []string{wordReferral, "No - declined", wordConsent, ""}, NoReferralMade},
		{"not required", []string{wordReferral, "No - not required"}, NoReferralMade},
		{"need but not referred", []string{wordReferral, "No - need but not referred"}, NoReferralMade},
		{"declined, consent refused", []string{wordReferral, "No - declined", wordConsent, "No"}, NoConsent},
		{"under 18 and no consent", []string{wordBorn, "22/12/2005", wordConsent, "No"}, Under18},
		{"another area and under 18", []string{wordDestination, "DEVB", wordBorn, "22/12/2005"}, OtherPartnership},
		{"everything at once", []string{wordDischarge, "", wordDestination, "DEVB", wordBorn, "22/12/2005", wordConsent, "No", wordReferral, "No - declined"}, NotARelease},
		{"awaiting release", awaits, Counts},
		{"awaiting release, 17 then", append(awaits, wordBorn, "21/12/2005"), Under18},
		{"awaiting release elsewhere", append(awaits, wordDestination, "DEVB"), OtherPartnership},
		{"awaiting release, declined", append(awaits, wordReferral, "No - declined"), NoReferralMade},
		{"awaiting release, no consent", append(awaits, wordConsent, "No"), NoConsent},
	}
	for _, c := range cases {
		p, found := readPrison(t, with(goodRelease(), c.changes...))
		if len(found.Refused) > 0 || p.Standing(datCodes) != c.want {
			t.Errorf("%s: %q, want %q; %v", c.name, p.Standing(datCodes), c.want, found)
		}
	}
}

func TestWhoseNameMayBeKept(t *testing.T) {
	need := []string{wordReferral, "No - need but not referred", wordConsent, ""}
	cases := []struct {
		name       string
		changes    []string
		keep, need bool
	}{
		{"referred", nil, true, false},
		{"need but not referred", need, false, true},
		{"need, in another area", append(need, wordDestination, "DEVB"), false, false},
		{"need, aged 17", append(need, wordBorn, "22/12/2005"), false, false},
		{"need, not a release", append(need, wordExitReason, "Sent to court"), false, false},
		{"consent refused", []string{wordConsent, "No"}, false, false},
		{"declined", []string{wordReferral, "No - declined", wordConsent, ""}, true, false},
		{"another area", []string{wordDestination, "DEVB"}, true, false},
	}
	for _, c := range cases {
		p, _ := readPrison(t, with(goodRelease(), c.changes...))
		if p.MayKeepName() != c.keep || p.UnmetNeed(datCodes) != c.need {
			t.Errorf("%s: keep %v, need %v", c.name, p.MayKeepName(), p.UnmetNeed(datCodes))
		}
	}
}
