package referral

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// Died is the reason, of a closure as of a withdrawal, that ends all that awaits a person, with whomever it is: nobody is
// reminded of somebody dead.
const Died = "died"

// Together is a referral that ended with another one, since both were the same person's, who died.
type Together struct {
	ID        uuid.UUID `json:"id" db:"id"`
	Reference string    `json:"reference" db:"reference"`
}

// HoldAll is Hold for somebody's death: it holds their other referrals as well, whoever has them. All who record a death
// hold them in one order, so that two at once wait for each other, and neither for ever.
func HoldAll(ctx context.Context, tx *db.Tx, who staff.Who, id uuid.UUID, version int) (*Referral, error) {
	var whose []uuid.UUID // none where it is not theirs, which Hold answers
	err := tx.Select(ctx, &whose, `SELECT person_id FROM referral WHERE id = $1 AND person_id IS NOT NULL`, id)
	if err != nil {
		return nil, err
	}
	if err := tx.As(ctx, db.Scope{Part: db.Jobs}); err != nil {
		return nil, err
	}
	for _, person := range whose {
		var held []uuid.UUID
		if err := tx.Select(ctx, &held, `SELECT id FROM referral WHERE person_id = $1 ORDER BY id FOR NO KEY UPDATE`, person); err != nil {
			return nil, err
		}
	}
	if err := tx.As(ctx, who.Scope()); err != nil {
		return nil, err
	}
	return Hold(ctx, tx, who, id, version)
}

// EndOthers ends what else of the person is open when their death has been recorded with r, held by HoldAll: what awaits
// release is withdrawn, what is released is closed, each on the day of death and by an entry of its own. Those that whoever
// acts may not see are ended by the service, and not among those answered.
func EndOthers(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, r *Referral, on day.Date) ([]Together, error) {
	if err := tx.As(ctx, db.Scope{Part: db.Jobs}); err != nil {
		return nil, err
	}
	var others []struct {
		ID     uuid.UUID `db:"id"`
		Theirs bool      `db:"theirs"`
	}
	if err := tx.Select(ctx, &others, `
		SELECT id, coalesce($3 IN (prison, provider), false) AS theirs
		FROM referral
		WHERE person_id = $1
		  AND id <> $2
		ORDER BY id`, r.PersonID, r.ID, who.Organisation()); err != nil {
		return nil, err
	}
	for _, o := range others {
		by := who
		if !o.Theirs {
			by = staff.Service
		}
		if err := endByDeath(ctx, tx, by, now, o.ID, on); err != nil {
			return nil, err
		}
	}
	if err := tx.As(ctx, who.Scope()); err != nil {
		return nil, err
	}
	return EndedTogether(ctx, tx, r, now)
}

// endByDeath leaves alone what has ended, and a release after the day of death: one of the two is a slip, which people decide.
func endByDeath(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID, on day.Date) error {
	r, err := Hold(ctx, tx, who, id, 0)
	if err != nil || !r.live(day.Of(now)) || on.Before(r.ReleasedOn) {
		return err
	}
	event := timeline.Event{Kind: "withdrawn", On: on, Data: map[string]any{"reason": Died, "followed": true}}
	rows := Rows{}
	if r.ReleasedOn.IsZero() {
		r.WithdrawnOn, r.WithdrawnReason = on, Died
	} else {
		event.Kind, r.Closed = "closed", true
		rows, err = AddClosure(ctx, tx, who, now, id, Died, on, "")
	}
	if err != nil {
		return err
	}
	_, err = Keep(ctx, tx, who, now, r, event, rows)
	return err
}

// AddClosure writes why a referral ended after the release, and on which day.
func AddClosure(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, referralID uuid.UUID, reason string, on day.Date, elsewhere string) (Rows, error) {
	id := uuid.New()
	_, err := tx.Exec(ctx, `
		INSERT INTO closure (id, referral_id, reason, closed_on, provider_name, recorded_at, recorded_by)
		VALUES ($1, $2, $3, $4, nullif($5, ''), $6, $7)`,
		id, referralID, reason, on, elsewhere, now, who.By.Actor)
	return Rows{Added: map[string]uuid.UUID{"closure": id}}, err
}

// EndedTogether are the person's other referrals that the death recorded at this moment ended and nobody has reopened, as
// far as the transaction's organisation may see them. Each is undone by itself.
func EndedTogether(ctx context.Context, tx *db.Tx, r *Referral, at time.Time) (others []Together, err error) {
	err = tx.Select(ctx, &others, `
		SELECT o.id, o.reference
		FROM referral o
		JOIN event e ON e.referral_id = o.id
		WHERE o.person_id = $1
		  AND o.id <> $2
		  AND e.recorded_at = $3
		  AND e.kind IN ('withdrawn', 'closed')
		  AND e.data->>'reason' = 'died'
		  AND NOT EXISTS (SELECT FROM event u WHERE u.undoes = e.id)
		ORDER BY o.reference`, r.PersonID, r.ID, at)
	return others, err
}

// endedWith is EndedTogether of the death that this referral's timeline tells of last, undone or not.
func (r *Referral) endedWith(ctx context.Context, tx *db.Tx) ([]Together, error) {
	for _, e := range slices.Backward(r.Timeline) {
		var said struct{ Reason string }
		if (e.Kind == "withdrawn" || e.Kind == "closed") && json.Unmarshal(e.Data, &said) == nil && said.Reason == Died {
			return EndedTogether(ctx, tx, r, e.At)
		}
	}
	return nil, nil
}

// followedDeath says whether an entry ended the referral because a death was recorded with another one. Where that was
// somebody else's to see, the service made the entry, and whoever has the referral can undo it.
func followedDeath(e timeline.Entry) bool {
	var said struct {
		Followed bool `json:"followed"`
	}
	return json.Unmarshal(e.Data, &said) == nil && said.Followed
}
