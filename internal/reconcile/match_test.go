package reconcile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/person"
)

// on is a date as a short case writes it.
func on(text string) day.Date {
	if text == "" {
		return day.Date{}
	}
	return day.MustParse("2023-" + text)
}

// leaver is somebody known, with releases "12-21" or "12-21 other partnership".
func leaver(name string, releases ...string) known {
	k := known{id: uuid.NewSHA1(uuid.Nil, []byte(name)), who: whose(name), releases: []knownRelease{}}
	for _, text := range releases {
		date, why, _ := strings.Cut(text, " ")
		k.releases = append(k.releases, knownRelease{id: uuid.NewSHA1(k.id, []byte(date)), on: on(date), setAside: why})
	}
	return k
}

// whose reads "Siân O'Neill 1984-02-28 female A1234BC 9434765919".
func whose(text string) identity {
	f := append(strings.Fields(text), "", "", "", "")
	return identify(person.Identity{GivenName: strings.ReplaceAll(f[0], "_", " "), FamilyName: strings.ReplaceAll(f[1], "_", " "),
		DateOfBirth: day.MustParse(f[2]), Sex: f[3], PrisonNumber: f[4], NHSNumber: f[5]})
}

// row is a provider's row: who, then offered, attended, started.
func row(name, offered, attended, started string) listed {
	who := whose(name)
	return listed{id: uuid.New(), person: who.names() + who.born.String() + who.sex, who: who, offered: on(offered), attended: on(attended),
		started: on(started), content: name + offered + attended + started}
}

// said is a verdict in a few words.
func said(v verdict) string {
	text := strings.TrimSpace(v.answer + " " + v.reason)
	if v.answer == Accepted {
		text = v.rule + " " + v.role
	}
	if !v.pickedUpOn.IsZero() {
		text += " " + v.pickedUpOn.String()[5:]
	}
	if v.resumed && !v.pickedUpOn.IsZero() {
		text += " resumed"
	}
	return text
}

const sian = "Siân O'Neill 1984-02-28 female A1234BC 9434765919"

func TestWhoIsTheSamePerson(t *testing.T) {
	all, start := []known{leaver(sian, "10-01")}, "10-05"
	twin := leaver("Sophie O'Neill 1984-02-28 female B1234BC", "10-02")
	for _, c := range []struct {
		name   string
		people []string // further rows of the list
		who    string
		also   []known
		want   string
	}{
		{"prison number", nil, "Anna Other 1984-02-28 male A1234BC", nil, "number pickup 10-05"},
		{"prison number, another birth", nil, "Siân O'Neill 1970-01-01 female A1234BC", nil, "set aside not a known prison leaver"},
		{"NHS number", nil, "Anna Other 1984-02-28 not_known - 9434765919", nil, "number pickup 10-05"},
		{"number before name", nil, "Siân O'Neill 1984-02-28 female B1234BC", []known{twin}, "number pickup 10-05"},
		{"name", nil, "SIAN ONEILL 1984-02-28 female", nil, "name pickup 10-05"},
		{"name, sex not known", nil, "SIAN ONEILL 1984-02-28 not_known", nil, "to review sex differs or missing"},
		{"name, other sex", nil, "SIAN ONEILL 1984-02-28 male", nil, "to review sex differs or missing"},
		{"two of the name", nil, "SIAN ONEILL 1984-02-28 female", []known{leaver("Sian Oneill 1984-02-28 female C1234BC", "10-03")}, "to review several candidates"},
		{"attributor, surname the same", nil, "Sioned O'Neill 1984-02-28 female", nil, "attributor pickup 10-05"},
		{"attributor, first name the same", nil, "Sian Owen 1984-02-28 female", nil, "attributor pickup 10-05"},
		{"attributor of two who left", nil, "Sioned O'Neill 1984-02-28 female", []known{twin}, "to review several candidates"},
		{"attributor of two, one long ago", nil, "Sioned O'Neill 1984-02-28 female", []known{leaver("Sophie O'Neill 1984-02-28 female B1234BC", "01-02")}, "attributor pickup 10-05"},
		{"attributor of two on the list", []string{"Sally O'Neill 1984-02-28 female"}, "Sioned O'Neill 1984-02-28 female", nil, "to review several provider people"},
		{"the other is the candidate by name", []string{"Sian ONeill 1984-02-28 female"}, "Sioned O'Neill 1984-02-28 female", nil, "attributor contact"},
		{"the other shares no name", []string{"Sally Orme 1984-02-28 female"}, "Sioned O'Neill 1984-02-28 female", nil, "attributor pickup 10-05"},
		{"initials only", nil, "Sally Orme 1984-02-28 female", nil, "to review initials only"},
		{"forename differs", nil, "Jane O'Neill 1984-02-28 female", nil, "to review forename differs"},
		{"surname differs", nil, "Siân Brown 1984-02-28 female", nil, "to review surname differs"},
		{"one digit", nil, "Siân O'Neill 1984-02-29 female", nil, "to review date of birth one digit different"},
		{"two digits", nil, "Siân O'Neill 1984-03-29 female", nil, "set aside not a known prison leaver"},
		{"one digit and another sex", nil, "Siân O'Neill 1984-02-29 male", nil, "set aside not a known prison leaver"},
		{"swapped", nil, "Ann Smith 1984-05-04 female", []known{leaver("Ann Smith 1984-04-05 female D1234BC", "10-01")}, "to review day and month swapped"},
		{"part of a first name", nil, "Siân_Mary Brown 1984-02-28 female", nil, "to review part of a name"},
		{"part of a surname", nil, "Jane O'Neill-Brown 1984-02-28 female", nil, "to review part of a name"},
		{"nobody", nil, "Jane Brown 1984-02-28 female", nil, "set aside not a known prison leaver"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := said(judged(append(slices.Clone(all), c.also...), c.who, start, c.people)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// judged is the verdict on one row with a start, beside rows of others that start a day earlier.
func judged(people []known, who, start string, others []string) verdict {
	rows := []listed{row(who, "", "", start)}
	for _, other := range others {
		rows = append(rows, row(other, "", "", "10-04"))
	}
	return match(people, rows, nil)[0]
}

func TestOnlyAStartThatFitsIsReviewed(t *testing.T) {
	people := []known{leaver(sian, "10-01")}
	for started, want := range map[string]string{
		"10-01": "to review forename differs", "12-31": "to review forename differs", // 92 days would be 1 January
		"09-30": "set aside not a known prison leaver", "": "set aside not a known prison leaver",
	} {
		if got := said(match(people, []listed{row("Jane O'Neill 1984-02-28 female", "10-03", "", started)}, nil)[0]); got != want {
			t.Errorf("start %q: %s, want %s", started, got, want)
		}
	}
}

func TestWhichReleaseAStartBelongsTo(t *testing.T) {
	for _, c := range []struct {
		name     string
		releases []string
		rows     [][3]string // offered, attended, started
		want     string
	}{
		// released 1 Mar; start on the day, and 92 and 93 days after
		{"on the day", []string{"03-01"}, [][3]string{{"", "", "03-01"}}, "name pickup 03-01"},
		{"day 92", []string{"03-01"}, [][3]string{{"", "", "06-01"}}, "name pickup 06-01"},
		{"day 93 is late", []string{"03-01"}, [][3]string{{"", "", "06-02"}}, "name late 06-02"},
		{"before the release, not attended", []string{"03-01"}, [][3]string{{"", "", "02-28"}}, "name contact"},
		{"before the release, attended before", []string{"03-01"}, [][3]string{{"", "02-28", "02-27"}}, "name contact"},
		{"before the release, attended after", []string{"03-01"}, [][3]string{{"", "03-06", "02-20"}}, "name pickup 03-06 resumed"},
		{"the latest of two", []string{"03-01", "04-01"}, [][3]string{{"", "", "04-03"}}, "name pickup 04-03"},
		{"a start after the first gives no attendance to the second", []string{"03-01", "04-01"}, [][3]string{{"", "04-05", "03-20"}}, "name pickup 03-20"},
		{"the earliest of two starts", []string{"03-01"}, [][3]string{{"", "", "03-20"}, {"", "", "03-10"}}, "name contact; name pickup 03-10"},
		{"further starts never fall back", []string{"03-01", "04-01"}, [][3]string{{"", "", "04-03"}, {"", "", "04-09"}}, "name pickup 04-03; name contact"},
		{"one in time and one late", []string{"03-01"}, [][3]string{{"", "", "03-20"}, {"", "", "07-10"}}, "name pickup 03-20; name late"},
		{"the latest is not ours", []string{"03-01", "04-01 other partnership"}, [][3]string{{"", "", "04-03"}}, "set aside known, not counted: other partnership"},
		{"the earlier is not ours", []string{"03-01 not a release", "04-01"}, [][3]string{{"", "", "04-03"}}, "name pickup 04-03"},
		{"still in prison", nil, [][3]string{{"", "", "04-03"}}, "name contact"},
		{"offered 14 days before", []string{"03-15"}, [][3]string{{"03-01", "", ""}}, "name appointment"},
		{"offered 15 days before", []string{"03-16"}, [][3]string{{"03-01", "", ""}}, "name contact"},
		{"offered 92 days after", []string{"03-01"}, [][3]string{{"06-01", "", ""}}, "name appointment"},
		{"offered 93 days after", []string{"03-01"}, [][3]string{{"06-02", "", ""}}, "name contact"},
		{"nothing said", []string{"03-01"}, [][3]string{{"", "", ""}}, "name contact"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rows []listed
			for _, r := range c.rows {
				rows = append(rows, row(sian, r[0], r[1], r[2]))
				rows[len(rows)-1].who.prisonNumber, rows[len(rows)-1].who.nhsNumber = "", ""
			}
			var got []string
			for _, v := range match([]known{leaver(sian, c.releases...)}, rows, nil) {
				got = append(got, said(v))
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("%s, want %s", strings.Join(got, "; "), c.want)
			}
		})
	}
}

func TestAnAppointmentBelongsToTheNearestRelease(t *testing.T) {
	k := leaver(sian, "03-01", "03-21")
	for _, c := range []struct{ offered, attended, release string }{
		{"03-10", "", "03-01"}, {"03-11", "", "03-21"}, {"03-12", "", "03-21"}, {"03-05", "03-20", "03-21"},
	} {
		got := match([]known{k}, []listed{row(sian, c.offered, c.attended, "")}, nil)[0]
		if want := uuid.NewSHA1(k.id, []byte(c.release)); got.appointmentOf != want {
			t.Errorf("offered %s, attended %q is not the release of %s", c.offered, c.attended, c.release)
		}
	}
}

func TestAReviewersWordDecides(t *testing.T) {
	people := []known{leaver(sian, "10-01"), leaver("Jane O'Neill 1984-02-28 female B1234BC", "10-01")}
	r := row("Jane O'Neill 1984-02-28 female", "", "", "10-05")
	for _, c := range []struct {
		name  string
		words []decision
		want  string
	}{
		{"none", nil, "name pickup 10-05"},
		{"it is the other", []decision{{r.person, people[0].id, true}}, "person pickup 10-05"},
		{"it is not who it seems", []decision{{r.person, people[1].id, false}}, "to review forename differs"},
		{"it is neither", []decision{{r.person, people[0].id, false}, {r.person, people[1].id, false}}, "set aside rejected in review"},
	} {
		if got := said(match(people, []listed{r}, c.words)[0]); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Whom a reviewer has said not to be the candidate is none of the people among whom the candidate must be the only one.
func TestWhomAReviewerRefusedMakesNobodyElseDoubtful(t *testing.T) {
	people := []known{leaver(sian, "10-01")}
	rows := []listed{row("Sioned O'Neill 1984-02-28 female", "", "", "10-05"), row("Sally O'Neill 1984-02-28 female", "", "", "10-04")}
	for _, c := range []struct {
		name  string
		words []decision
		want  string
	}{
		{"nobody is", nil, "to review several provider people; to review several provider people"},
		{"the other is", []decision{{rows[1].person, people[0].id, false}}, "attributor pickup 10-05; set aside rejected in review"},
		{"each is", []decision{{rows[0].person, people[0].id, false}, {rows[1].person, people[0].id, false}}, "set aside rejected in review; set aside rejected in review"},
	} {
		verdicts := match(people, rows, c.words)
		if got := said(verdicts[0]) + "; " + said(verdicts[1]); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAnEntryMadeByHandIsNotContradicted(t *testing.T) {
	k := leaver(sian, "10-01")
	k.releases[0].byHand = on("10-05")
	for started, want := range map[string]string{"10-05": "number pickup", "10-06": "to review " + WhyByHand} {
		if got := said(match([]known{k}, []listed{row(sian, "", "", started)}, nil)[0]); got != want {
			t.Errorf("start %s: %s, want %s", started, got, want)
		}
	}
}

func TestALinkMadeByAPersonStays(t *testing.T) {
	k := leaver(sian, "03-01", "04-01")
	r := row(sian, "", "", "04-10")
	linked, later := k.releases[0].id, k.releases[1].id
	r.pin = linked
	if got := match([]known{k}, []listed{r}, nil)[0]; got.release != linked {
		t.Error("a later release took the row")
	}
	k.releases[0].on = on("04-20")
	if got := match([]known{k}, []listed{r}, nil)[0]; got.release != later {
		t.Error("a row stayed with a release that now lies after it")
	}
	k = leaver(sian, "03-01 other partnership", "04-01")
	if got := match([]known{k}, []listed{r}, nil)[0]; got.release != later || got.role != "pickup" {
		t.Errorf("a row stayed with a release that no longer counts: %s", said(got))
	}
}

// The same people and rows in any order get the same verdicts.
func TestTheOrderOfRowsAndPeopleMakesNoDifference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"Sian Oneill", "Sioned Oneill", "Sally Orme", "Sian Orme", "Jane Oneill", "S Owen"}
	for range 300 {
		var people []known
		var rows []listed
		pick := func() string {
			return fmt.Sprintf("%s 1984-02-%02d %s", names[random.IntN(len(names))], 27+random.IntN(2), []string{"female", "not_known"}[random.IntN(5)/4])
		}
		date := func() string { return fmt.Sprintf("%02d-%02d", 1+random.IntN(8), 1+random.IntN(28)) }
		for n := range 4 {
			people = append(people, leaver(pick()+fmt.Sprintf(" A%04dBC", n), date(), date()+" other partnership"))
		}
		for range 8 {
			rows = append(rows, row(pick(), date(), date(), []string{date(), ""}[random.IntN(2)]))
		}
		want := map[string]string{}
		for i, v := range match(slices.Clone(people), rows, nil) {
			want[rows[i].content] += said(v) + fmt.Sprint(v.release, v.candidates)
		}
		random.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		got := map[string]string{}
		for i, v := range match(people, rows, nil) {
			got[rows[i].content] += said(v) + fmt.Sprint(v.release, v.candidates)
		}
		for content, verdict := range want {
			if got[content] != verdict {
				t.Fatalf("%s: %s, and in another order %s", content, verdict, got[content])
			}
		}
	}
}

func TestAttributorsThatDifferAreSaid(t *testing.T) {
	people := []known{leaver(sian, "10-01")}
	for who, want := range map[string]string{
		sian: "", "Jane O'Neill 1984-02-28 female A1234BC": "NDTMS will not link this pair: first initial differs",
		"Siân Brown 1984-02-28 female A1234BC": "NDTMS will not link this pair: surname initial differs",
		"Siân O'Neill 1984-02-28 male A1234BC": "NDTMS will not link this pair: sex differs",
	} {
		if got := judged(people, who, "10-05", nil); got.answer != Accepted || got.reason != want {
			t.Errorf("%s: %s %q", who, got.answer, got.reason)
		}
	}
}
