package web

import (
	"time"

	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/db"
	"throughgate/internal/referral"
)

// affectedLine is an appointment that closing a day or a clinic, or changing its times, concerns. Whom
// it is about, and their number, is told with it: they may have to be rung.
type affectedLine struct {
	referral.Named
	Path, Reference string
	When            string
	Becomes         string
	Next            *step // what is left for staff to do
}

// wouldAffect tries a closing or a change, undoes it, and says what it would do to the appointments there.
func (v *visit) wouldAffect(where appointment.Where, closing func(*db.Tx) error) (lines []affectedLine, err error) {
	var all []appointment.Affected
	err = v.Pool.Try(v.ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		if err := closing(tx); err != nil {
			return err
		}
		if all, err = appointment.AffectedBy(v.ctx, tx, v.now, v.now, v.who.Organisation(), where); err != nil {
			return err
		}
		for _, a := range all {
			lines = append(lines, v.affectedLine(a, "Moves to ", "Stays for now, since the person holds a card: ring them, and choose another with them"))
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return lines, v.act(func(tx *db.Tx) error { return v.name(tx, all, lines) }) // kept, as the trial is not: who was shown is written down
}

// name says whom the appointments are about.
func (v *visit) name(tx *db.Tx, all []appointment.Affected, lines []affectedLine) error {
	ids := make([]uuid.UUID, len(all))
	for i, a := range all {
		ids[i] = a.ReferralID
	}
	named, err := referral.NamesOf(v.ctx, tx, v.who, v.now, "affected", ids...)
	for i, id := range ids {
		lines[i].Named = named[id]
	}
	return err
}

// affected says what became of the appointments where a day or a clinic was closed or changed.
func (v *visit) affected(tx *db.Tx, where appointment.Where) (lines []affectedLine, err error) {
	all, err := appointment.AffectedBy(v.ctx, tx, v.now, time.Time{}, v.who.Organisation(), where)
	if err != nil {
		return nil, err
	}
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
	return lines, v.name(tx, all, lines)
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
