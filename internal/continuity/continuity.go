// Package continuity is the measures: of the people who left prison with an onward referral, how many the community
// provider picked up, and how sure one can be of it. Every page, email, file and API answer has its figures from here.
package continuity

import (
	"bytes"
	"encoding/json"

	"throughgate/config"
	"throughgate/internal/day"
)

// Version is the version of the definition (measure.md) that the figures are made by.
const Version = "1"

// Figures are exact aggregate counts, for signed-in people. What leaves the service goes through Suppress.
type Figures struct {
	Measure     string   `json:"measure"`
	DataThrough day.Date `json:"data_through"` // T: the last complete day that the data cover
	Partnership string   `json:"partnership"`
	Windows     []Window `json:"windows"` // oldest first

	Benchmarks []config.Benchmark `json:"-"` // the published figures known at the time
}

// Last is the window that was asked for, the newest.
func (f *Figures) Last() *Window { return &f.Windows[len(f.Windows)-1] }

// Window is every figure of one rolling three-month window, both days inclusive.
type Window struct {
	Start            day.Date   `json:"window_start"`
	End              day.Date   `json:"window_end"`
	M1               M1         `json:"m1"`
	M2               M2         `json:"m2"`
	M2Adjusted       Adjusted   `json:"m2_adjusted"`
	BySubstanceGroup Groups     `json:"by_substance_group"`
	ByPrison         Groups     `json:"by_prison"`
	BySex            Groups     `json:"by_sex"`
	ByAgeBand        Groups     `json:"by_age_band"`
	ByNotice         Groups     `json:"by_notice"`
	Supporting       Supporting `json:"supporting"`
}

// M1 is the rolling three-month continuity rate: of the eligible releases in the window, those picked up by its last day.
type M1 struct {
	Releases int `json:"releases"`
	People   int `json:"people"` // distinct: somebody released twice in the window is two releases
	PickedUp int `json:"picked_up"`
	Share
	FirstThreeWeeks int `json:"first_three_weeks"` // released in the window's last 21 days and not picked up by its end
}

// M2 is the rate within 21 days, of releases whose 21 days are over at T. It is the one that compares with C20.
type M2 struct {
	Releases int `json:"releases"`
	PickedUp int `json:"picked_up"`
	Share
	Awaiting int `json:"awaiting"` // in the window and not 21 days old at T: in neither part, picked up or not
}

// Adjusted is M2 without those who died, returned to custody or moved out of the area before they could be picked up, and
// with those whom another provider picked up. It stands beside M2, never instead of it.
type Adjusted struct {
	Releases int `json:"releases"`
	PickedUp int `json:"picked_up"`
	Share
	PickedUpElsewhere int     `json:"picked_up_elsewhere"`
	Removed           Removed `json:"removed"`
}

// Removed counts each release once, under the earliest reason.
type Removed struct {
	Died              int `json:"died"`
	ReturnedToCustody int `json:"returned_to_custody"`
	MovedArea         int `json:"moved_area"`
}

// Rate is a part of releases.
type Rate struct {
	Releases int `json:"releases"`
	PickedUp int `json:"picked_up"`
	Share
}

// Group is one value of a breakdown.
type Group struct {
	Name   string
	M1, M2 Rate
}

// Groups are a breakdown in its fixed order; in JSON an object.
type Groups []Group

func (g Groups) MarshalJSON() ([]byte, error) {
	return object(g, func(one Group) (string, any) {
		return one.Name, struct {
			M1 Rate `json:"m1"`
			M2 Rate `json:"m2"`
		}{one.M1, one.M2}
	})
}

// object writes a JSON object whose keys keep their order, which a map would lose.
func object[T any](list []T, entry func(T) (string, any)) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range list {
		name, value := entry(one)
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
