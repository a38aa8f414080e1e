package continuity

import (
	"encoding/json"
	"fmt"
	"time"

	"throughgate/internal/day"
)

// Sent is a report as it left the service, read back from what is kept of it: what its readers know.
type Sent struct {
	MadeAt time.Time
	Said   Said
}

// Said is Outgoing as a reader has it. Nothing can be shown from it again: it is for asking what readers know.
type Said struct {
	DataThrough  day.Date     `json:"data_through"`
	Start        day.Date     `json:"window_start"`
	End          day.Date     `json:"window_end"`
	M1           SaidRate     `json:"m1"`
	ThreeWeeks   SaidCount    `json:"first_three_weeks"`
	M2           SaidRate     `json:"m2"`
	Awaiting     SaidCount    `json:"awaiting"`
	M2Adjusted   SaidRate     `json:"m2_adjusted"`
	Trend        []SaidPoint  `json:"trend"`
	Breakdowns   []SaidGroups `json:"breakdowns"`
	Funnel       []SaidLine   `json:"funnel"`
	TimeToPickUp []SaidLine   `json:"time_to_pick_up"`
	Supporting   []SaidFigure `json:"supporting"`
	Withheld     bool         `json:"withheld"`
	Comparisons  SaidChange   `json:"comparisons"`
}

// SaidChange is the comparison with the window a year before.
type SaidChange struct {
	Past   *SaidPoint `json:"past"`
	Change *Change    `json:"change"`
}

// SaidCount is a count as a reader saw it: nil where it was too few to show.
type SaidCount struct{ Shown *int }

func (c *SaidCount) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' { // TooFew
		return nil
	}
	return json.Unmarshal(text, &c.Shown)
}

// SaidRate is a rate as a reader saw it.
type SaidRate struct {
	Of      SaidCount `json:"of"`
	Says    string    `json:"says"`
	Percent Tenth     `json:"percent"`
	CI95    *Interval `json:"ci95"`
}

func (r SaidRate) String() string {
	if r.Says != "" {
		return r.Says
	}
	return fmt.Sprintf("%d%%", r.Percent.Whole())
}

type SaidPoint struct {
	End day.Date `json:"window_end"`
	M1  SaidRate `json:"m1"`
}

type SaidLine struct {
	Name  string    `json:"name"`
	Count SaidCount `json:"count"`
}

type SaidGroups struct {
	Name string      `json:"name"`
	Rows []SaidGroup `json:"rows"`
}

type SaidGroup struct {
	Name string   `json:"name"`
	M1   SaidPart `json:"m1"`
	M2   SaidPart `json:"m2"`
}

type SaidPart struct {
	Releases SaidCount `json:"releases"`
	PickedUp SaidCount `json:"picked_up"`
	Rate     SaidRate  `json:"rate"`
}

type SaidFigure struct {
	ID          string    `json:"id"`
	Numerator   SaidCount `json:"numerator"`
	Denominator SaidCount `json:"denominator"`
	Rate        SaidRate  `json:"rate"`
}

// ReadSent reads the kept figures of a report that was made at a moment.
func ReadSent(figures []byte, madeAt time.Time) (Sent, error) {
	s := Sent{MadeAt: madeAt}
	if err := json.Unmarshal(figures, &s.Said); err != nil {
		return s, fmt.Errorf("figures of the report made at %s: %w", madeAt.Format(time.RFC3339), err)
	}
	return s, nil
}

// said is what readers will know of a report that is not sent yet: the way through JSON leaves behind all that they do not
// get.
func (o Outgoing) said() Said {
	text, err := json.Marshal(o)
	if err == nil {
		var s Sent
		if s, err = ReadSent(text, time.Time{}); err == nil {
			return s.Said
		}
	}
	panic(err) // it holds numbers, words and dates only
}
