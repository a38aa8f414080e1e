package continuity

import (
	"context"

	"github.com/jmoiron/sqlx"

	"throughgate/internal/db"
)

// Supporting are the supporting measures S1 to S12 of measure.md.
type Supporting struct {
	S1  Figure       `json:"s1"`  // an appointment booked by the day of release
	S2  Figure       `json:"s2"`  // offered within 21 days, of mature releases
	S3  Figure       `json:"s3"`  // appointments attended, of mature releases
	S4  LeadTime     `json:"s4"`  // referral to release
	S5  TimeTo       `json:"s5"`  // release to pick-up, of mature releases
	S6  Figure       `json:"s6"`  // referred, of those recorded as in need
	S7  Alcohol      `json:"s7"`  // alcohol only
	S8  Figure       `json:"s8"`  // bridging prescription reaches the first appointment
	S9  Figure       `json:"s9"`  // opiate group released with naloxone
	S10 Figure       `json:"s10"` // SMART in prison to SMART in the community, of releases 28 days old
	S11 Figure       `json:"s11"` // referred to RECONNECT
	S12 Completeness `json:"s12"`

	CJIT Figure `json:"-"` // in contact with the criminal justice intervention team; no pick-up, and no numbered measure
	Came int    `json:"-"` // releases with an appointment attended, for the funnel
}

// Figure is one supporting figure.
type Figure struct {
	Numerator   int `json:"numerator"`
	Denominator int `json:"denominator"`
	Share
	NotRecorded int `json:"not_recorded"`
}

func figure(x, n, notRecorded int) Figure { return Figure{x, n, ShareOf(x, n), notRecorded} }

// LeadTime is S4: days from referral to release, negative when the referral came after it.
type LeadTime struct {
	MedianDays  *float64 `json:"median_days"` // null of nothing
	Share14Days Figure   `json:"share_14_days"`
}

// TimeTo is S5.
type TimeTo struct {
	Bands Bands `json:"bands"`
}

// The bands of S5; the last but one is too late for M2.
var bands = [...]string{"0", "1-3", "4-7", "8-14", "15-21", "22-92", "not picked up"}

const lateBand = 5

func bandOf(band int) int { return min(band, len(bands)-1) }

// Bands counts releases by days to pick-up, in order; in JSON an object.
type Bands [len(bands)]int

func (b Bands) MarshalJSON() ([]byte, error) {
	places := make([]int, len(bands))
	for i := range places {
		places[i] = i
	}
	return object(places, func(i int) (string, any) { return bands[i], b[i] })
}

// Alcohol is S7, with the rates of those who use alcohol only.
type Alcohol struct {
	Figure
	M1 Rate `json:"m1"`
	M2 Rate `json:"m2"`
}

// support is what S1 to S4, S6 and S8 to S11 are made of.
type support struct {
	LeadDays map[int]int // releases by days from referral
	LeadNone int         `json:",omitzero"`

	OnSubstitution, Opiate, Naloxone, NaloxoneNone int `json:",omitzero"`
	SMARTNone, Reconnect, ReconnectNone            int `json:",omitzero"`

	DayKnown, Booked, Offered, Attended, Missed, Came, BridgingKnown, Bridged int `json:",omitzero"`
	NotReferred, SMART, WentOn, CJIT                                          int `json:",omitzero"`
}

func (c *count) readLeadTimes(ctx context.Context, tx *db.Tx) error {
	return c.beside(ctx, tx, leadTimeSQL, func(rows *sqlx.Rows) error {
		var stretch, n int
		var days *int
		var m support
		if err := rows.Scan(&stretch, &days, &n, &m.OnSubstitution, &m.Opiate, &m.Naloxone, &m.NaloxoneNone,
			&m.SMARTNone, &m.Reconnect, &m.ReconnectNone); err != nil {
			return err
		}
		c.over(stretch, func(w *tally) {
			w.support.addLead(days, n)
			w.support.addPerson(m)
		})
		return nil
	})
}

func (s *support) addLead(days *int, n int) {
	if days == nil {
		s.LeadNone += n
		return
	}
	if s.LeadDays == nil {
		s.LeadDays = map[int]int{}
	}
	s.LeadDays[*days] += n
}

func (s *support) addPerson(m support) {
	s.OnSubstitution += m.OnSubstitution
	s.Opiate += m.Opiate
	s.Naloxone += m.Naloxone
	s.NaloxoneNone += m.NaloxoneNone
	s.SMARTNone += m.SMARTNone
	s.Reconnect += m.Reconnect
	s.ReconnectNone += m.ReconnectNone
}

func (c *count) readAppointments(ctx context.Context, tx *db.Tx) error {
	return c.beside(ctx, tx, appointmentSQL, func(rows *sqlx.Rows) error {
		var stretch int
		var m support
		if err := rows.Scan(&stretch, &m.DayKnown, &m.Booked, &m.Offered, &m.Attended, &m.Missed,
			&m.Came, &m.BridgingKnown, &m.Bridged); err != nil {
			return err
		}
		mature := c.days.mature(stretch, c.ask.DataThrough)
		c.over(stretch, func(w *tally) { w.support.addAppointments(m, mature) })
		return nil
	})
}

func (s *support) addAppointments(m support, mature bool) {
	s.DayKnown += m.DayKnown
	s.Booked += m.Booked
	s.Came += m.Came
	s.BridgingKnown += m.BridgingKnown
	s.Bridged += m.Bridged
	if mature {
		s.Offered += m.Offered
		s.Attended += m.Attended
		s.Missed += m.Missed
	}
}

func (c *count) readNotReferred(ctx context.Context, tx *db.Tx) error {
	return c.beside(ctx, tx, notReferredSQL, func(rows *sqlx.Rows) error {
		var stretch, n int
		if err := rows.Scan(&stretch, &n); err != nil {
			return err
		}
		c.over(stretch, func(w *tally) { w.support.NotReferred += n })
		return nil
	})
}

func (c *count) readSMART(ctx context.Context, tx *db.Tx) error {
	return c.beside(ctx, tx, smartSQL, func(rows *sqlx.Rows) error {
		var stretch, attending, wentOn int
		if err := rows.Scan(&stretch, &attending, &wentOn); err != nil {
			return err
		}
		c.over(stretch, func(w *tally) {
			w.support.SMART += attending
			w.support.WentOn += wentOn
		})
		return nil
	})
}

func (c *count) readCJIT(ctx context.Context, tx *db.Tx) error {
	return c.beside(ctx, tx, cjitSQL, func(rows *sqlx.Rows) error {
		var stretch, n int
		if err := rows.Scan(&stretch, &n); err != nil {
			return err
		}
		c.over(stretch, func(w *tally) { w.support.CJIT += n })
		return nil
	})
}

func (c *count) supporting(w *tally) Supporting {
	s, all := w.support, w.all.Releases
	return Supporting{
		S1:  figure(s.Booked, s.DayKnown, all-s.DayKnown),
		S2:  figure(s.Offered, w.all.Mature, 0),
		S3:  figure(s.Attended, s.Attended+s.Missed, 0),
		S4:  s.leadTime(),
		S5:  TimeTo{Bands(w.bands)},
		S6:  figure(all, all+s.NotReferred, 0),
		S7:  c.alcohol(w),
		S8:  figure(s.Bridged, s.OnSubstitution, s.OnSubstitution-s.BridgingKnown),
		S9:  figure(s.Naloxone, s.Opiate, s.NaloxoneNone),
		S10: figure(s.WentOn, s.SMART, s.SMARTNone),
		S11: figure(s.Reconnect, all, s.ReconnectNone),
		S12: c.completeness(w),

		CJIT: figure(s.CJIT, all, 0),
		Came: s.Came,
	}
}

func (s *support) leadTime() LeadTime {
	known, early := 0, 0
	for days, n := range s.LeadDays {
		known += n
		if days >= 14 {
			early += n
		}
	}
	return LeadTime{median(s.LeadDays), figure(early, known, s.LeadNone)}
}

func (c *count) alcohol(w *tally) Alcohol {
	var only, none Group
	for _, g := range c.groups(w, substanceGroup) {
		switch g.Name {
		case alcoholOnly:
			only = g
		case notRecorded:
			none = g
		}
	}
	return Alcohol{figure(only.M1.Releases, w.all.Releases, none.M1.Releases), only.M1, only.M2}
}
