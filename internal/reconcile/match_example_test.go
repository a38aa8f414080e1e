package reconcile

import (
	"os"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/person"
)

func readCohort(t testing.TB) (prison []PrisonRow, provider []ProviderRow) {
	t.Helper()
	on := day.MustParse("2024-02-01")
	file, err := os.ReadFile("../demo/exeter-plymouth/prison-releases.csv")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadSheet("prison-releases.csv", file, PrisonReleases())
	if err != nil {
		t.Fatal(err)
	}
	for row := range s.Each() {
		if r, f := ReadPrisonRow(row, words, on); len(f.Refused) == 0 {
			prison = append(prison, r)
		}
	}
	if file, err = os.ReadFile("../demo/exeter-plymouth/provider-pickups.csv"); err != nil {
		t.Fatal(err)
	}
	if s, err = ReadSheet("provider-pickups.csv", file, ProviderPickups()); err != nil {
		t.Fatal(err)
	}
	for row := range s.Each() {
		r, f := ReadProviderRow(row, words, on)
		if len(f.Refused) > 0 {
			t.Fatalf("row %d: %v", row.Number, f.Refused)
		}
		provider = append(provider, r)
	}
	return prison, provider
}

func listedOf(r ProviderRow) listed {
	who := identify(person.Identity{PrisonNumber: r.PrisonNumber, NHSNumber: r.NHSNumber, GivenName: r.GivenName,
		FamilyName: r.FamilyName, DateOfBirth: r.BornOn, Sex: r.Sex})
	return listed{id: uuid.New(), person: who.names() + who.born.String() + who.sex, who: who, received: r.ReceivedOn,
		offered: r.OfferedOn, attended: r.AttendedOn, started: r.StartedOn, content: string(r.Canonical())}
}

func TestMatchingOfTheExampleCohort(t *testing.T) {
	prison, provider := readCohort(t)
	byNumber := map[string]*known{}
	for _, r := range prison {
		if !r.MayKeepName() {
			continue
		}
		k := byNumber[r.PrisonNumber]
		if k == nil {
			k = &known{id: uuid.NewSHA1(uuid.Nil, []byte(r.PrisonNumber))}
			byNumber[r.PrisonNumber] = k
		}
		k.who = identify(person.Identity{PrisonNumber: r.PrisonNumber, GivenName: r.GivenName, FamilyName: r.FamilyName, DateOfBirth: r.BornOn, Sex: r.Sex})
		same := false
		for i := range k.releases {
			if k.releases[i].on.Sub(r.ExitOn) >= -2 && k.releases[i].on.Sub(r.ExitOn) <= 2 {
				k.releases[i].on, same = r.ExitOn, true
			}
		}
		if !same {
			k.releases = append(k.releases, knownRelease{id: uuid.New(), on: r.ExitOn, setAside: string(r.Standing(datCodes))})
		}
	}
	var people []known
	for _, k := range byNumber {
		people = append(people, *k)
	}
	var rows []listed
	for _, r := range provider {
		rows = append(rows, listedOf(r))
	}
	answers, tiers := map[string]int{}, map[string]int{}
	for _, v := range match(people, rows, nil) {
		answers[v.answer+" "+v.reason]++
		if !v.pickedUpOn.IsZero() {
			tiers[v.rule]++
			if v.late {
				tiers["late"]++
			}
		}
	}
	t.Log(answers, tiers)
}
