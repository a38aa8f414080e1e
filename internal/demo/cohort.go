// Package demo fills a service with invented people, so that it can be tried as its users would:
// the example cohort of 2022 and 2023 from partners' files, and a second one around today.
package demo

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"math/rand/v2"

	"throughgate/internal/day"
)

// Example is the example cohort: a prison's releases and a provider's pick-ups of July 2022 to
// December 2023, in the partners' own formats. No real person is in it.
//
//go:embed exeter-plymouth/*.csv
var Example embed.FS

// The words of the two formats, as partners write them.
var (
	prisonHeader = []string{"First name", "Surname", "Date of birth", "Sex", "Client reference", "Initial reception date",
		"Drug 1", "Drug 2", "Drug 3", "Discharge reason", "Prison exit date", "Prison exit reason", "Prison exit destination",
		"Referral on release status", "Referral date"}
	providerHeader = []string{"Our reference", "First name", "Surname", "Date of birth", "Sex", "Referral received",
		"Appointment offered", "Appointment attended", "Structured treatment start", "Notes"}

	women    = []string{"Aaliyah", "Bronwen", "Cerys", "Demelza", "Esther", "Freya", "Grace", "Hana", "Isolde", "Jenna", "Kerensa", "Lowenna"}
	men      = []string{"Alfie", "Bartosz", "Caleb", "Denzel", "Elowen", "Farid", "Gethin", "Harvey", "Idris", "Jago", "Kit", "Lewis", "Marek", "Nathan", "Owain", "Piran", "Reuben", "Seán", "Tomasz", "Victor"}
	surnames = []string{"Abbott", "Bolitho", "Carne", "D'Arcy", "Eddy", "Fairweather", "Gribble", "Hosking", "Ingram", "Jewell", "Keast", "Lobb", "Maddern", "Nance", "Opie", "Pascoe", "Quick", "Rowe", "Spargo", "Tangye", "Uglow", "Vosper", "Warne", "Yelland"}
	drugs    = [][]string{{"Heroin", "Crack cocaine"}, {"Heroin"}, {"Alcohol"}, {"Methadone", "Benzodiazepines"}, {"Cannabis"}, {"Cocaine", "Alcohol"}, {"Spice (synthetic cannabinoid)"}, {"Crack cocaine"}, {"Alcohol", "Cannabis"}, {"Heroin", "Crack cocaine", "Alcohol"}}
)

// invented is somebody who does not exist.
type invented struct {
	given, family, sex, number string
	born                       day.Date
	drugs                      []string
}

// inventor draws the same people for the same day.
type inventor struct {
	*rand.Rand
	used int
}

func newInventor(today day.Date) *inventor {
	return &inventor{Rand: rand.New(rand.NewPCG(uint64(today.Sub(day.New(2000, 1, 1))), 20231231))}
}

func pick[T any](r *inventor, list []T) T { return list[r.IntN(len(list))] }

func (r *inventor) person(today day.Date) invented {
	p := invented{sex: "Male", family: pick(r, surnames), drugs: pick(r, drugs)}
	p.given = pick(r, men)
	if r.IntN(10) == 0 {
		p.given, p.sex = pick(r, women), "Female"
	}
	p.born = today.AddMonths(-12 * (20 + r.IntN(40))).Add(-r.IntN(360))
	r.used++
	// The example cohort's numbers begin with A and a year from 1000: these begin with Z.
	p.number = fmt.Sprintf("Z%04d%c%c", r.used, 'A'+rune(r.IntN(26)), 'A'+rune(r.IntN(26)))
	return p
}

// Files are lists as partners would have mailed them: one a prison, and the provider's.
type Files struct {
	Prisons  map[string][]byte
	Provider []byte
}

// PastMonths is how far back the second cohort reaches.
const PastMonths = 15

// liveDays is for how long before today people come through the service itself rather than by file.
const liveDays = 35

// PastFiles invents the second cohort's lists: fifteen months back, up to five weeks ago. Pick-up
// rises over the months, as it did when appointments were allocated.
func PastFiles(today day.Date) Files {
	r := newInventor(today)
	lists := map[string]*sheet{"EXI": newSheet(prisonHeader), "CWI": newSheet(prisonHeader), "DMI": newSheet(prisonHeader)}
	provider := newSheet(providerHeader)
	first, last := today.AddMonths(-PastMonths), today.Add(-liveDays)
	for on := first; on.Before(last); on = on.Add(1 + r.IntN(2)) {
		p := r.person(today)
		prison := pick(r, []string{"EXI", "EXI", "EXI", "CWI", "DMI"})
		share := 0.30 + 0.25*float64(on.Sub(first))/float64(last.Sub(first))
		referred := on.Add(-5 - r.IntN(25))
		lists[prison].add(p.prisonRow(r, on, referred)...)
		if r.Float64() < 0.8 {
			r.follow(provider, p, on, referred, r.Float64() < share)
		}
	}
	r.namesakes(lists, provider, last.Add(-10))
	out := Files{Prisons: map[string][]byte{}, Provider: provider.bytes()}
	for prison, list := range lists {
		out.Prisons[prison] = list.bytes()
	}
	return out
}

// namesakes are two people of one name, date of birth and sex, released from two prisons within days. The provider saw one
// of them, and its list does not say which: a reviewer has both before them.
func (r *inventor) namesakes(lists map[string]*sheet, provider *sheet, on day.Date) {
	one := r.person(on)
	other := one
	other.number = r.person(on).number
	for prison, p := range map[string]invented{"EXI": one, "CWI": other} {
		lists[prison].add(p.row(on, on.Add(-90), on.Add(-14), "Transferred - not in custody", "Released", "PLYB", "Yes - referred to community treatment")...)
	}
	came := on.Add(4).Slash()
	provider.add("HB4999", one.given, one.family, one.born.Slash(), one.sex, on.Add(-13).Slash(), came, came, came, "")
}

func (p invented) prisonRow(r *inventor, on, referred day.Date) []string {
	discharge, reason, destination, status := "Transferred - not in custody", "Released", "PLYB", "Yes - referred to community treatment"
	switch r.IntN(30) {
	case 0:
		destination = "TORB"
	case 1:
		status = "No - declined"
	case 2:
		status = "No - need but not referred"
	case 3:
		discharge, reason = "Transferred - in custody", "Transferred to another prison"
	}
	return p.row(on, on.Add(-40-r.IntN(300)), referred, discharge, reason, destination, status)
}

// row is a line of a prison's list.
func (p invented) row(on, reception, referred day.Date, discharge, reason, destination, status string) []string {
	drug := append(append([]string{}, p.drugs...), "", "", "")[:3]
	return []string{p.given, p.family, p.born.Slash(), p.sex, p.number, reception.Slash(),
		drug[0], drug[1], drug[2], discharge, on.Slash(), reason, destination, status, referred.Slash()}
}

// follow writes what the provider's list says of somebody: now and then a missed appointment first,
// the start where there was one, and a name spelt otherwise once in a while, which a person must judge.
func (r *inventor) follow(list *sheet, p invented, released, referred day.Date, started bool) {
	offered := released.Add(1 + r.IntN(4))
	row := func(offered, attended, start, note string) {
		list.add(fmt.Sprintf("HB%d", 5000+len(list.rows)), p.given, p.family, p.born.Slash(), p.sex,
			referred.Add(1+r.IntN(3)).Slash(), offered, attended, start, note)
	}
	if !started {
		row(offered.Slash(), "", "", "DNA")
		return
	}
	if r.IntN(4) == 0 {
		row(offered.Slash(), "", "", "DNA, rebooked")
		offered = offered.Add(5 + r.IntN(20))
	}
	if r.IntN(25) == 0 {
		p.family = pick(r, surnames)
	}
	row(offered.Slash(), offered.Slash(), offered.Slash(), "")
}

// sheet is a list being written.
type sheet struct{ rows [][]string }

func newSheet(header []string) *sheet { return &sheet{[][]string{header}} }

func (s *sheet) add(row ...string) { s.rows = append(s.rows, row) }

func (s *sheet) bytes() []byte {
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(s.rows); err != nil {
		panic(err) // a buffer takes everything
	}
	return out.Bytes()
}
