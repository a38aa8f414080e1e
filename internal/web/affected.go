package web

import (
	"time"

	"throughgate/internal/appointment"
	"throughgate/internal/db"
)

// affectedLine is an appointment that closing a day or a clinic, or changing its times, concerns. Nobody is named: whoever has to
// ring the person opens the referral, which is written down.
type affectedLine struct {
	Path, Reference string
	When            string
	Becomes         string
	Next            *step // what is left for staff to do
}

// wouldAffect tries a closing or a change, undoes it, and says what it would do to the appointments there.
func (v *visit) wouldAffect(where appointment.Where, closing func(*db.Tx) error) (lines []affectedLine, err error) {
	err = v.Pool.Try(v.ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		if err := closing(tx); err != nil {
			return err
		}
		all, err := appointment.AffectedBy(v.ctx, tx, v.now, v.now, v.who.Organisation(), where)
		for _, a := range all {
			lines = append(lines, v.affectedLine(a, "Moves to ", "Stays for now, since the person holds a card: ring them, and choose another with them"))
		}
		return err
	})
	return lines, err
}

// affected says what became of the appointments where a day or a clinic was closed or changed.
func (v *visit) affected(tx *db.Tx, where appointment.Where) (lines []affectedLine, err error) {
	all, err := appointment.AffectedBy(v.ctx, tx, v.now, time.Time{}, v.who.Organisation(), where)
	for _, a := range all {
		line := v.affectedLine(a, "Moved to ", "Not moved, since the person holds a card: ring them")
		switch {
		case a.Stands:
			line.Next = &step{line.Path + "/slot", "Choose another time"}
		case a.NewAt == nil && a.Unbooked == appointment.NoReleaseDate: // for whom there is no next free one
			line.Next = &step{line.Path + "/slot", "Choose another time"}
		case a.NewAt == nil && a.Unbooked != "":
			line.Next = &step{line.Path + "/appointment", "Book an appointment"}
		}
		lines = append(lines, line)
	}
	return lines, err
}

func (v *visit) affectedLine(a appointment.Affected, moves, stands string) affectedLine {
	line := affectedLine{Path: "/referrals/" + a.ReferralID.String(), Reference: a.Reference, When: capital(moment(v.now, a.StartsAt))}
	switch {
	case a.Stands:
		line.Becomes = stands
	case a.NewAt != nil:
		line.Becomes = moves + moment(v.now, *a.NewAt)
	case a.Unbooked != "":
		line.Becomes = "On your unbooked list: " + lower(a.Unbooked)
	default:
		line.Becomes = "Not needed any more"
	}
	return line
}
