package referral

import (
	"slices"
	"strings"
	"testing"

	"throughgate/internal/day"
)

var monday = on("2025-12-01")

func check(d Draft) (*Referral, []string) {
	r, wrong := checked(d, "EXI", monday, builtIn)
	var found []string
	for _, c := range wrong {
		found = append(found, c.Field+" "+c.Code)
	}
	return r, found
}

func TestAValidReferralIsAccepted(t *testing.T) {
	if r, wrong := check((&world{}).draft()); len(wrong) > 0 || r.SubstanceGroup != "opiate" || *r.AgeAtRelease != 41 {
		t.Errorf("%v, %+v", wrong, r)
	}
}

// Each line spoils one thing of a valid referral, beside its neighbour that is still allowed.
func TestWhatIsWrongWithAReferral(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Draft)
		wrong string
	}{
		{"no sender's reference", func(d *Draft) { d.SenderReference = "" }, "sender_reference required"},
		{"no prison", func(d *Draft) { d.Prison = "" }, "prison required"},
		{"another's prison", func(d *Draft) { d.Prison = "CWI" }, "prison not_yours"},
		{"no provider", func(d *Draft) { d.Provider = "" }, "provider required"},
		{"an unknown provider", func(d *Draft) { d.Provider = "NOBODY" }, "provider not_recognised"},
		{"no prison number", func(d *Draft) { d.Person.PrisonNumber = "" }, "person.prison_number required"},
		{"not a prison number", func(d *Draft) { d.Person.PrisonNumber = "A123BC" }, "person.prison_number format"},
		{"a prison number in small letters", func(d *Draft) { d.Person.PrisonNumber = "a1234 bc" }, ""},
		{"an NHS number", func(d *Draft) { d.Person.NHSNumber = "999 000 0018" }, ""},
		{"an NHS number with a slip", func(d *Draft) { d.Person.NHSNumber = "9990000019" }, "person.nhs_number check_digit"},
		{"no given name", func(d *Draft) { d.Person.GivenName = " " }, "person.given_name required"},
		{"not a name", func(d *Draft) { d.Person.FamilyName = "Unknown" }, "person.family_name not_a_name"},
		{"one letter", func(d *Draft) { d.Person.GivenName = "J" }, "person.given_name not_a_name"},
		{"two letters", func(d *Draft) { d.Person.GivenName = "Jo" }, ""},
		{"a NUL in a name", func(d *Draft) { d.Person.GivenName = "Jo\x00hn" }, "person.given_name control_character"},
		{"a line break in a name", func(d *Draft) { d.Person.FamilyName = "O\nNeill" }, "person.family_name control_character"},
		{"a name that turns the text round", func(d *Draft) { d.Person.FamilyName = "Smith\u202e" }, "person.family_name control_character"},
		{"other letters", func(d *Draft) { d.Person.FamilyName = "Łukaszewska 李 בן" }, ""},
		{"a formula", func(d *Draft) { d.Person.FamilyName = "=CMD()" }, ""},
		{"no date of birth", func(d *Draft) { d.Person.DateOfBirth = "" }, "person.date_of_birth required"},
		{"an impossible date", func(d *Draft) { d.Person.DateOfBirth = "1985-02-31" }, "person.date_of_birth date"},
		{"a date as on paper", func(d *Draft) { d.Person.DateOfBirth = "31/01/1985" }, "person.date_of_birth date"},
		{"no sex", func(d *Draft) { d.Person.Sex = "" }, "person.sex required"},
		{"an unknown sex", func(d *Draft) { d.Person.Sex = "F" }, "person.sex not_recognised"},
		{"referred tomorrow", func(d *Draft) { d.ReferredOn = "2025-12-02" }, "referred_on in_the_future"},
		{"referred today", func(d *Draft) { d.ReferredOn = "2025-12-01" }, ""},
		{"no release date", func(d *Draft) { d.PlannedReleaseDate = "" }, "planned_release_date required"},
		{"no release date, with a reason", func(d *Draft) { d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "on remand" }, ""},
		{"400 days ahead", func(d *Draft) { d.PlannedReleaseDate = monday.Add(400).String() }, ""},
		{"401 days ahead", func(d *Draft) { d.PlannedReleaseDate = monday.Add(401).String() },
			"planned_release_date too_far_ahead, referred_on too_far_ahead"},
		{"three months back", func(d *Draft) { d.PlannedReleaseDate = "2025-09-01" }, ""},
		{"further back", func(d *Draft) { d.PlannedReleaseDate = "2025-08-31" },
			"planned_release_date in_the_past, referred_on in_the_past"},
		{"released today", func(d *Draft) { d.ReleasedOn = "2025-12-01" }, ""},
		{"released tomorrow", func(d *Draft) { d.ReleasedOn = "2025-12-02" }, "released_on in_the_future"},
		{"released years ago, planned the day before", func(d *Draft) { d.PlannedReleaseDate, d.ReleasedOn = "2019-02-28", "2019-03-01" }, ""},
		{"released today, planned for a day that is too far", func(d *Draft) { d.PlannedReleaseDate, d.ReleasedOn = "2027-01-06", "2025-12-01" },
			"planned_release_date too_far_ahead, referred_on too_far_ahead"},
		{"released years ago", func(d *Draft) { d.PlannedReleaseDate, d.ReleasedOn = "", "2019-03-01" }, ""},
		{"born on the day of release", func(d *Draft) {
			d.Person.DateOfBirth, d.PlannedReleaseDate, d.ReleasedOn = "2025-11-30", "", "2025-11-30"
		}, ""},
		{"born after the release", func(d *Draft) {
			d.Person.DateOfBirth, d.PlannedReleaseDate, d.ReleasedOn = "2025-11-30", "", "2025-11-29"
		}, "person.date_of_birth born_after_release, released_on born_after_release"},
		{"110 years old", func(d *Draft) { d.Person.DateOfBirth = "1914-12-10" }, ""},
		{"111 years old", func(d *Draft) { d.Person.DateOfBirth = "1914-12-09" },
			"person.date_of_birth over_110, planned_release_date over_110"},
		{"an unknown kind of release", func(d *Draft) { d.ReleaseKind = "escape" }, "release_kind not_recognised"},
		{"an unknown certainty", func(d *Draft) { d.ReleaseDateCertainty = "sure" }, "release_date_certainty not_recognised"},
		{"no substance", func(d *Draft) { d.Substances = nil }, "substances required"},
		{"a substance that is none", func(d *Draft) { d.Substances = []string{"heroin", "None"} }, "substances not_recognised"},
		{"a bridging date without a medicine", func(d *Draft) {
			d.OpioidSubstitution = &SubstitutionDraft{BridgingUntil: "2025-12-12"}
		}, "opioid_substitution.medicine required"},
		{"the medicine none with a bridging date", func(d *Draft) {
			d.OpioidSubstitution = &SubstitutionDraft{"none", "2025-12-12"}
		}, "opioid_substitution.bridging_until not_without, opioid_substitution.medicine not_without"},
		{"consent refused", func(d *Draft) { d.Consent.ShareWithProvider = "refused" }, "consent.share_with_provider required"},
		{"no consent", func(d *Draft) { d.Consent = ConsentDraft{} }, "consent.share_with_provider required"},
		{"an unknown answer on RECONNECT", func(d *Draft) { d.Consent.ShareWithReconnect = "maybe" }, "consent.share_with_reconnect not_recognised"},
		{"consent tomorrow", func(d *Draft) { d.Consent.RecordedOn = "2025-12-02" }, "consent.recorded_on in_the_future"},
		{"notes without end", func(d *Draft) { d.Notes = strings.Repeat("a", longestNotes+1) }, "notes too_long"},
		{"notes in lines", func(d *Draft) { d.Notes = "One.\nTwo." }, ""},
	} {
		d := (&world{}).draft()
		c.spoil(&d)
		if _, wrong := check(d); strings.Join(wrong, ", ") != c.wrong {
			t.Errorf("%s: %v, want %q", c.name, wrong, c.wrong)
		}
	}
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	_, wrong := check(Draft{Person: PersonDraft{NHSNumber: "1"}})
	for _, field := range []string{"sender_reference", "prison", "provider", "person.prison_number", "person.given_name",
		"person.family_name", "person.date_of_birth", "person.sex", "planned_release_date", "substances", "consent.share_with_provider"} {
		if !slices.Contains(wrong, field+" required") {
			t.Errorf("%s is not said to be missing: %v", field, wrong)
		}
	}
	if !slices.Contains(wrong, "person.nhs_number check_digit") || len(wrong) != 12 {
		t.Errorf("%d faults: %v", len(wrong), wrong)
	}
}

func TestSubstancesAreNamedByTheVocabularyElseKeptAsTyped(t *testing.T) {
	for _, c := range []struct {
		typed, kept []string
		group       string
	}{
		{[]string{"Heroin", "HEROIN"}, []string{"heroin"}, "opiate"},
		{[]string{"alcohol"}, []string{"alcohol"}, "alcohol only"},
		{[]string{"alcohol", "blue zoomers"}, []string{"alcohol", "blue zoomers"}, "non-opiate and alcohol"},
		{[]string{"blue zoomers"}, []string{"blue zoomers"}, "non-opiate only"},
	} {
		d := (&world{}).draft()
		d.Substances = c.typed
		if r, wrong := check(d); len(wrong) > 0 || !slices.Equal(r.Substances, c.kept) || r.SubstanceGroup != c.group {
			t.Errorf("%v: %v %s %v", c.typed, r.Substances, r.SubstanceGroup, wrong)
		}
	}
}

func TestUnder18AtReleaseIsSetAside(t *testing.T) {
	for born, want := range map[string]Text{"2007-12-10": underAge, "2007-12-09": ""} { // released on 9 December
		d := (&world{}).draft()
		d.Person.DateOfBirth = born
		if r, wrong := check(d); len(wrong) > 0 || r.SetAside != want {
			t.Errorf("born %s: %q %v", born, r.SetAside, wrong)
		}
	}
}

// A release is unplanned where the referral is dated after it; not where it is of the same day, whenever it arrived.
func TestAReleaseBeforeTheDayOfTheReferralIsUnplanned(t *testing.T) {
	for referred, want := range map[string]bool{"2025-11-24": false, "2025-11-25": false, "2025-11-26": true, "": true} {
		d := (&world{}).draft()
		d.PlannedReleaseDate, d.ReleasedOn, d.ReferredOn = "", "2025-11-25", referred
		if r, wrong := check(d); len(wrong) > 0 || r.Unplanned != want {
			t.Errorf("referred on %q: %v (%v)", referred, r.Unplanned, wrong)
		}
	}
	if r, _ := check((&world{}).draft()); r.Unplanned {
		t.Error("a release to come is unplanned")
	}
}

func TestNamesAreKeptAsTypedAndComposed(t *testing.T) {
	d := (&world{}).draft()
	d.Person.GivenName = "  Sia\u0302n  Mary " // a and a circumflex of its own
	if r, _ := check(d); r.Person.GivenName != "Siân Mary" {
		t.Errorf("kept as %+q", r.Person.GivenName)
	}
}

func TestTheStateFollowsFromFactsAndTheDay(t *testing.T) {
	for _, c := range []struct {
		name  string
		facts Facts
		today string
		want  State
	}{
		{"with a place", Facts{}, "2025-12-01", Booked},
		{"without one", Facts{UnbookedReason: "no_release_date"}, "2025-12-01", Unbooked},
		{"released", Facts{ReleasedOn: on("2025-12-01")}, "2025-12-01", Released},
		{"released without a place", Facts{ReleasedOn: on("2025-12-01"), UnbookedReason: "provider_closed"}, "2025-12-02", Released},
		{"on the 92nd day", Facts{ReleasedOn: on("2025-12-01")}, "2026-03-03", Released},
		{"on the 93rd day", Facts{ReleasedOn: on("2025-12-01")}, "2026-03-04", NotPickedUp},
		{"picked up on the 93rd day", Facts{ReleasedOn: on("2025-12-01"), PickedUpOn: on("2026-03-04")}, "2026-03-05", PickedUp},
		{"closed", Facts{ReleasedOn: on("2025-12-01"), Closed: true}, "2026-03-04", Closed},
		{"closed after a pick-up", Facts{ReleasedOn: on("2025-12-01"), Closed: true, PickedUpOn: on("2025-12-03")}, "2026-01-04", PickedUp},
		{"withdrawn", Facts{WithdrawnOn: on("2025-12-01")}, "2025-12-01", Withdrawn},
	} {
		if got := StateOf(c.facts, on(c.today)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAlarmsStandAt5And2And0WorkingDays(t *testing.T) {
	release := on("2025-12-09") // a Tuesday
	for today, want := range map[string]int{
		"2025-12-01": -1, "2025-12-02": 5, "2025-12-04": 5, "2025-12-05": 2, "2025-12-08": 2, "2025-12-09": 0, "2025-12-20": 0,
	} {
		got := -1
		if a := alarm(builtIn.Calendar, on(today), release); a != nil {
			got = *a
		}
		if got != want {
			t.Errorf("on %s: %d, want %d", today, got, want)
		}
	}
}

func TestAReleaseIsUnconfirmedFromTheNextWorkingDay(t *testing.T) {
	for today, want := range map[string]string{
		"2025-12-02": "2025-12-01", // Tuesday: Monday's
		"2025-12-05": "2025-12-04", // Friday: Thursday's
		"2025-12-06": "2025-12-04", // Saturday: still Thursday's
		"2025-12-08": "2025-12-07", // Monday: Friday's and the weekend's
		"2025-12-29": "2025-12-28", // Monday after Christmas
		"2025-12-26": "2025-12-23", // Boxing Day
	} {
		if got := unconfirmedUntil(builtIn.Calendar, on(today)); got != on(want) {
			t.Errorf("on %s: %s, want %s", today, got, want)
		}
	}
}

func TestAReferenceIsReadOutWithoutMistake(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		r := newReference()
		if len(r) != 12 || r[:3] != "TG-" || r[7] != '-' || strings.ContainsAny(r[3:], "01OILSUV") || seen[r] {
			t.Fatal(r)
		}
		seen[r] = true
	}
}

func TestDaysLeftCountAcrossTheClockChange(t *testing.T) {
	f := Facts{ReleasedOn: on("2025-03-20")}
	if due := dueAfter(TargetDays)(f, nil, day.Calendar{}); due != on("2025-04-10") {
		t.Errorf("due on %s", due)
	}
}
