package appointment

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"throughgate/config"
	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Clinic is one weekday's session at one place.
type Clinic struct {
	Code        string
	Weekday     time.Weekday
	Starts      string // by London's clocks, such as 13:30
	Ends        string
	SlotMinutes int `db:"slot_minutes"`
	Places      int // in one slot
	Prescribing bool
	Place       string
	Address     string
	AskFor      string `db:"ask_for"`
	Telephone   string
	Directions  string
	Active      bool
	Booked      int      // appointments to come
	Last        day.Date // the day of the last of them
}

// Mark tells the clinic from what it was before a change; who is booked in it does not count.
func (c Clinic) Mark() string {
	c.Booked, c.Last = 0, day.Date{}
	h := fnv.New64a()
	fmt.Fprintf(h, "%+v", c)
	return strconv.FormatUint(h.Sum64(), 36)
}

const readClinics = `
	SELECT c.code, c.weekday, to_char(c.starts, 'HH24:MI') AS starts, to_char(c.ends, 'HH24:MI') AS ends, c.slot_minutes, c.places,
	  c.prescribing, c.place, c.address, c.ask_for, c.telephone, c.directions, c.active, coalesce(b.booked, 0) AS booked, b.last
	FROM clinic c
	LEFT JOIN (
	  SELECT clinic, count(*) AS booked, max(on_day) AS last
	  FROM appointment
	  WHERE provider = $1
	    AND starts_at > $2
	    AND on_day >= $3
	    AND outcome IS NULL
	    AND undone_at IS NULL
	  GROUP BY clinic) AS b ON b.clinic = c.code
	WHERE c.provider = $1`

// Clinics are a provider's, in the order of the week; those that are closed come last.
func Clinics(ctx context.Context, tx *db.Tx, now time.Time, provider string) (all []Clinic, err error) {
	err = tx.Select(ctx, &all, readClinics+` ORDER BY NOT c.active, (c.weekday + 6) % 7, c.starts, c.code`, provider, now, day.Of(now))
	return all, err
}

// ClinicOf is one of a provider's.
func ClinicOf(ctx context.Context, tx *db.Tx, now time.Time, provider, code string) (c Clinic, err error) {
	err = tx.Get(ctx, &c, readClinics+` AND c.code = $4`, provider, now, day.Of(now), code)
	if errors.Is(err, db.ErrNone) {
		return c, &problem.NotFound{What: "clinic"}
	}
	return c, err
}

// ClinicDraft is a clinic as typed.
type ClinicDraft struct {
	Code, Weekday, Starts, Ends, SlotMinutes, Places string
	Prescribing                                      *bool
	Place, Address, AskFor, Telephone, Directions    string
	Seen                                             string // the clinic's Mark as its reader saw it; "" fits any
}

// longestLine is what still fits on the person's card.
const longestLine = 200

func (d ClinicDraft) checked() (c Clinic, err error) {
	var wrong problem.Corrections
	text := func(field, typed, needed string) string {
		typed = strings.TrimSpace(typed)
		switch {
		case typed == "" && needed != "":
			wrong.Add(field, "required", "Enter "+needed)
		case utf8.RuneCountInString(typed) > longestLine:
			wrong.Add(field, "too_long", "This must be 200 characters or fewer")
		}
		return typed
	}
	number := func(field, typed, what string, least, most int) int {
		n, err := strconv.Atoi(strings.TrimSpace(typed))
		if err != nil || n < least || n > most {
			wrong.Add(field, "number", what+" must be a number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most))
		}
		return n
	}
	c = Clinic{Active: true, Code: d.code(&wrong), Place: text("place", d.Place, "the name of the place"), Address: text("address", d.Address, "the address"),
		AskFor: text("ask_for", d.AskFor, "whom to ask for"), Telephone: text("telephone", d.Telephone, "the telephone number"), Directions: text("directions", d.Directions, "")}
	var known bool
	if c.Weekday, known = config.Weekday(d.Weekday); !known {
		wrong.Add("weekday", "required", "Select the day of the week")
	}
	c.SlotMinutes = number("slot_minutes", d.SlotMinutes, "The minutes of an appointment", 5, 480)
	c.Places = number("places", d.Places, "How many people are seen at once", 1, 100)
	d.times(&wrong, &c)
	if d.Prescribing == nil {
		wrong.Add("prescribing", "required", "Select whether the clinic can prescribe")
	} else {
		c.Prescribing = *d.Prescribing
	}
	return c, wrong.Err()
}

func (d ClinicDraft) code(wrong *problem.Corrections) string {
	code := strings.ToUpper(strings.TrimSpace(d.Code))
	plain := strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
	if code == "" || len(code) > 20 || !plain {
		wrong.Add("code", "code", "Enter a short name of letters, figures and hyphens, such as MON-AM")
	}
	return code
}

func (d ClinicDraft) times(wrong *problem.Corrections, c *Clinic) {
	from, ok1 := config.Clock(strings.TrimSpace(d.Starts))
	to, ok2 := config.Clock(strings.TrimSpace(d.Ends))
	if !ok1 {
		wrong.Add("starts", "time", "Enter when it starts, such as 10:00")
	}
	switch {
	case !ok2:
		wrong.Add("ends", "time", "Enter when it ends, such as 12:30")
	case ok1 && to-from < max(c.SlotMinutes, 1):
		wrong.Add("ends", "before_start", "It must end at least one appointment after it starts")
	}
	c.Starts, c.Ends = strings.TrimSpace(d.Starts), strings.TrimSpace(d.Ends)
}

// AddClinic opens a clinic: its slots are open for booking from now on. It needs the Jobs part;
// whoever waits for a place can be allocated one afterwards.
func AddClinic(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, d ClinicDraft) error {
	c, err := d.clinicOf(who)
	if err != nil {
		return err
	}
	if err := alone(ctx, tx); err != nil {
		return err
	}
	added, err := tx.Exec(ctx, `
		INSERT INTO clinic (provider, code, weekday, starts, ends, slot_minutes, places, prescribing,
		  place, address, ask_for, telephone, directions, from_configuration)
		VALUES ($1, $2, $3, $4::time, $5::time, $6, $7, $8, $9, $10, $11, $12, $13, false)
		ON CONFLICT (provider, code) DO NOTHING`, c.values(who)...)
	if err == nil && added == 0 {
		err = problem.Wrong("code", "taken", "You have a clinic of this name already: choose another")
	}
	return clinicChanged(ctx, tx, who, now, c.Code, "clinic_added", err)
}

// ChangeClinic changes what is booked from now on, and opens the clinic again if it was closed.
// Where its times, its places or whether it prescribes change, the appointments in it follow as when a day is closed:
// whoever is not released yet gets another; whoever holds a card keeps the old one, flagged. A change that stands is
// none, and one to a clinic that somebody else has changed since it was seen is a conflict.
func ChangeClinic(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, d ClinicDraft) error {
	c, err := d.clinicOf(who)
	if err != nil {
		return err
	}
	if err := alone(ctx, tx); err != nil {
		return err
	}
	before, err := ClinicOf(ctx, tx, now, who.Organisation(), c.Code)
	if err != nil {
		return err
	}
	if c.Mark() == before.Mark() {
		return nil
	}
	if d.Seen != "" && d.Seen != before.Mark() {
		return &problem.Conflict{Code: "changed_since", Message: "Somebody else has changed this clinic in the meantime. Look at it again before you change it."}
	}
	_, err = tx.Exec(ctx, `
		UPDATE clinic
		SET weekday = $3, starts = $4::time, ends = $5::time, slot_minutes = $6, places = $7, prescribing = $8,
		  place = $9, address = $10, ask_for = $11, telephone = $12, directions = $13, active = true, from_configuration = false
		WHERE provider = $1
		  AND code = $2`, c.values(who)...)
	if err := clinicChanged(ctx, tx, who, now, c.Code, "clinic_changed", err); err != nil {
		return err
	}
	if before.session() == c.session() {
		return nil
	}
	_, err = letFollow(ctx, tx, who, now, Where{Clinic: c.Code})
	return err
}

// CloseClinic opens no more slots of it, and lets the appointments in it follow as when a day is closed:
// whoever is not released yet gets another; whoever holds a card keeps the old one, flagged, and is for
// staff to ring. It needs the Jobs part.
func CloseClinic(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, code string) error {
	if err := who.Must(staff.Provider); err != nil {
		return err
	}
	if err := alone(ctx, tx); err != nil {
		return err
	}
	changed, err := tx.Exec(ctx, `
		UPDATE clinic
		SET active = false, from_configuration = false
		WHERE provider = $1
		  AND code = $2`, who.Organisation(), code)
	if err == nil && changed == 0 {
		err = &problem.NotFound{What: "clinic"}
	}
	if err := clinicChanged(ctx, tx, who, now, code, "clinic_closed", err); err != nil {
		return err
	}
	_, err = letFollow(ctx, tx, who, now, Where{Clinic: code})
	return err
}

// session is of a clinic what its appointments depend on.
func (c Clinic) session() Clinic {
	return Clinic{Weekday: c.Weekday, Starts: c.Starts, Ends: c.Ends, SlotMinutes: c.SlotMinutes, Places: c.Places, Prescribing: c.Prescribing, Active: c.Active}
}

func (d ClinicDraft) clinicOf(who staff.Who) (Clinic, error) {
	if err := who.Must(staff.Provider); err != nil {
		return Clinic{}, err
	}
	return d.checked()
}

func (c Clinic) values(who staff.Who) []any {
	return []any{who.Organisation(), c.Code, int(c.Weekday), c.Starts, c.Ends, c.SlotMinutes, c.Places, c.Prescribing,
		c.Place, c.Address, c.AskFor, c.Telephone, c.Directions}
}

// clinicChanged opens and closes slots to match, unless the change itself failed.
func clinicChanged(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, code, act string, err error) error {
	if err != nil {
		return err
	}
	if _, err := OpenSlots(ctx, tx, now); err != nil {
		return err
	}
	return audit.Write(ctx, tx, who.By, now, act, "settings", code, nil)
}
