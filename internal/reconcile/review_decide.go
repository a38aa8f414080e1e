package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// ConfirmReview says that the row is about a candidate: the only one, or the one whose referral is
// named. A provider's person is linked with every row of theirs; a prison's row is taken in. Where the
// row contradicts an entry made by hand, the row stands from now on.
func ConfirmReview(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, id, candidate uuid.UUID) error {
	return inTurn(ctx, pool, false, func(tx *db.Tx) error {
		o, err := held(ctx, tx, who, id)
		if err != nil {
			return err
		}
		chosen, err := o.choose(ctx, tx, candidate)
		if err != nil {
			return err
		}
		switch {
		case o.Side == "prison":
			err = o.takeIn(ctx, tx, who, now, &chosen)
		case o.Why == WhyByHand:
			err = o.overrule(ctx, tx, who, now, &chosen)
		default:
			err = decide(ctx, tx, who, now, decided{o.Organisation, o.Person, chosen.id, true, "confirmed in review"})
		}
		if err != nil {
			return err
		}
		if err := o.settled(ctx, tx, who, now, "confirmed"); err != nil {
			return err
		}
		return o.judgeAgain(ctx, tx, who, now)
	})
}

// RejectReview says that the row is about none of its candidates; a prison's row whose date was in
// question is then another release.
func RejectReview(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, id uuid.UUID) error {
	return inTurn(ctx, pool, false, func(tx *db.Tx) error {
		o, err := held(ctx, tx, who, id)
		if err != nil {
			return err
		}
		switch {
		case o.Side == "prison" && o.Why == WhyDaysApart:
			err = o.takeIn(ctx, tx, who, now, nil)
		case o.Side == "prison":
			_, err = tx.Exec(ctx, `UPDATE prison_row SET answer = 'set_aside' WHERE id = $1`, o.RowID)
		case o.Why != WhyByHand:
			for _, candidate := range o.Candidates {
				known, parsed := uuid.Parse(candidate)
				err = errors.Join(err, parsed, decide(ctx, tx, who, now, decided{o.Organisation, o.Person, known, false, "rejected in review"}))
			}
		}
		if err != nil {
			return err
		}
		if err := o.settled(ctx, tx, who, now, "rejected"); err != nil {
			return err
		}
		return o.judgeAgain(ctx, tx, who, now)
	})
}

// judgeAgain: the links that follow from a reviewer's word are the reviewer's.
func (o *openReview) judgeAgain(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time) error {
	if o.Side == "prison" {
		return judgeAll(ctx, tx, now)
	}
	return judge(ctx, tx, now, o.Organisation, func(person string) string {
		if person == string(o.Person) {
			return who.By.Actor
		}
		return machine.By.Actor
	})
}

// decided is a reviewer's word about somebody on a provider's list and somebody known.
type decided struct {
	organisation string
	person       []byte
	known        uuid.UUID
	same         bool
	reason       string
}

// decide keeps the word; an earlier one about the two no longer stands.
func decide(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, d decided) error {
	if err := undecide(ctx, tx, now, d); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO match_decision (id, organisation, person_bix, person_id, same, made_at, made_by, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, uuid.New(), d.organisation, d.person, d.known, d.same, now, who.By.Actor, d.reason)
	return err
}

func undecide(ctx context.Context, tx *db.Tx, now time.Time, d decided) error {
	_, err := tx.Exec(ctx, `
		UPDATE match_decision
		SET undone_at = $4
		WHERE organisation = $1
		  AND person_bix = $2
		  AND person_id = $3
		  AND undone_at IS NULL`, d.organisation, d.person, d.known, now)
	return err
}

// overrule ends the pick-up that was confirmed by hand, so that the row's own takes its place.
func (o *openReview) overrule(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, chosen *meant) error {
	row, _, err := o.values(tx)
	if err != nil {
		return err
	}
	release := chosen.releaseFor(row.listed)
	changed, err := tx.Exec(ctx, `
		WITH ended AS (
		  UPDATE pickup
		  SET undone_at = $2, undone_by = $3, undone_reason = 'the provider''s list stands, by review'
		  WHERE referral_id = $1
		    AND provider_row_id IS NULL
		    AND undone_at IS NULL
		  RETURNING referral_id
		)
		UPDATE referral
		SET picked_up_on = NULL, version = version + 1, updated_at = $2
		WHERE id IN (SELECT referral_id FROM ended)`, release, now, who.By.Actor)
	if err != nil || changed == 0 {
		return err
	}
	return timeline.Record(ctx, tx, who, now, timeline.Event{ReferralID: release, Kind: "corrected", Data: map[string]any{"picked_up": "by the provider's list"}})
}

// takeIn takes a prison's row in after a person's word: as the chosen release, or as another one where
// none is chosen. The row keeps its place among those that are known when they come again.
func (o *openReview) takeIn(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, chosen *meant) error {
	values, err := openPrisonRow(tx, o.RowID, o.Values)
	if err != nil {
		return err
	}
	if chosen != nil && o.Why != WhyDaysApart { // the person is as known; the row's number or date of birth was the slip
		values.PrisonNumber, values.BornOn = chosen.who.PrisonNumber, chosen.who.DateOfBirth
	}
	values.Number = o.Row
	p := &prisonImport{intake: intakeOf(tx, now, o.Organisation), tx: tx, who: who, file: o.File, result: emptyResult()}
	row := asked{PrisonRow: values, content: p.blind(values)}
	c, err := p.know(ctx, []asked{row})
	if err != nil {
		return err
	}
	about, whose := c.chosen(row, o.Why, chosen)
	if err := c.settle(row, whose, about); err != nil {
		return err
	}
	answer, release := "updated", p.told[len(p.told)-1]
	if len(c.stored) > 0 {
		answer = c.stored[0].Answer
	}
	c.stored = nil
	if err := c.store(ctx); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE prison_row SET answer = $2, referral_id = $3 WHERE id = $1`, o.RowID, answer, release)
	return err
}

// chosen is the record that a reviewer's word points at, and whose it is. Of a person that was chosen,
// the release is found as always; where even that is in doubt, it is another one.
func (c *chunk) chosen(row asked, why string, chosen *meant) (*kept, *someone) {
	who := c.named(row.PrisonRow)
	if chosen == nil {
		return nil, who
	}
	if why != WhyDaysApart {
		same, _ := whichRelease(row.PrisonRow, c.known(who, row.PrisonRow))
		return same, who
	}
	for _, k := range c.records {
		if k.ID == chosen.asked {
			return k, who
		}
	}
	return nil, who
}

// UndoLink undoes a link, with a reason; the id is the link's, or that of the review whose confirmation made
// it. The machine does not make one of its own again; after a reviewer's, the question stands open as it did
// before.
func UndoLink(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, id uuid.UUID, reason string) error {
	if err := mayReview(who); err != nil {
		return err
	}
	return inTurn(ctx, pool, false, func(tx *db.Tx) error {
		var link struct {
			ID           uuid.UUID     `db:"id"`
			Organisation string        `db:"organisation"`
			Person       []byte        `db:"person_bix"`
			Known        uuid.UUID     `db:"person_id"`
			Release      uuid.NullUUID `db:"referral_id"`
			Rule         string        `db:"rule"`
		}
		err := tx.Get(ctx, &link, `
			SELECT l.id, l.organisation, r.person_bix, l.person_id, l.referral_id, l.rule
			FROM link l
			JOIN provider_row r ON r.id = l.provider_row_id
			WHERE (l.id = $1 OR r.id = (SELECT row_id FROM review WHERE id = $1 AND decision = 'confirmed'))
			  AND l.undone_at IS NULL
			  AND ($2 = '' OR l.organisation = $2)
			FOR UPDATE OF l`, id, who.Organisation())
		if errors.Is(err, db.ErrNone) {
			return &problem.NotFound{What: "link that stands"}
		}
		if err != nil {
			return err
		}
		word := decided{link.Organisation, link.Person, link.Known, false, "link undone"}
		if link.Rule == ByPerson {
			err = undecide(ctx, tx, now, word)
		} else {
			err = decide(ctx, tx, who, now, word)
		}
		if err != nil {
			return err
		}
		if err := endByHand(ctx, tx, who, now, link.ID, reason); err != nil {
			return err
		}
		if link.Release.Valid {
			event := timeline.Event{ReferralID: link.Release.UUID, Kind: "link_undone", Data: map[string]any{"link": link.ID, "rule": link.Rule}, Note: reason}
			if err := timeline.Record(ctx, tx, who, now, event); err != nil {
				return err
			}
		}
		if err := audit.Write(ctx, tx, who.By, now, "link_undone", "link", link.ID.String(), nil); err != nil {
			return err
		}
		return judge(ctx, tx, now, link.Organisation, nil)
	})
}

// endByHand keeps why sealed beside the link, since one to nobody's release has no timeline.
func endByHand(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, link uuid.UUID, reason string) error {
	note, err := tx.Keys.Seal("link.undone_note", link.String(), []byte(reason))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		UPDATE link
		SET undone_at = $2, undone_by = $3, undone_reason = 'by hand', undone_note_sealed = $4
		WHERE id = $1`, link, now, who.By.Actor, note)
	return err
}
