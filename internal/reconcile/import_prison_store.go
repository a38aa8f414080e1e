package reconcile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/appointment"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// storedRow is a row to keep. Its JSON is a row of table prison_row.
type storedRow struct {
	ID         uuid.UUID  `json:"id"`
	FileID     uuid.UUID  `json:"file_id"`
	Number     int        `json:"row_number"`
	Prison     string     `json:"organisation"`
	ReferralID *uuid.UUID `json:"referral_id"`
	Content    hexBytes   `json:"content_bix"`
	Answer     string     `json:"answer"`
	Values     hexBytes   `json:"values_sealed"`

	row PrisonRow
}

// raised is a question to a person about a row. Candidates are releases.
type raised struct {
	ID         uuid.UUID   `json:"id"`
	Row        uuid.UUID   `json:"row_id"`
	Why        string      `json:"why"`
	Candidates []uuid.UUID `json:"candidates"`
}

// keep notes that the row said something new, so that it is known when it comes again.
func (c *chunk) keep(row asked, k *kept, answer string) uuid.UUID {
	r := storedRow{ID: uuid.New(), FileID: c.file, Number: row.Number, Prison: c.prison, Content: hexBytes(row.content), Answer: answer, row: row.PrisonRow}
	if k != nil {
		r.ReferralID, k.Said = &k.ID, r.Content
	}
	c.stored = append(c.stored, r)
	return r.ID
}

// store writes what the chunk's rows came to.
func (c *chunk) store(ctx context.Context) error {
	for _, step := range []func(context.Context) error{c.storePeople, c.storeReleases, c.storeRows, c.storeReviews, c.tell, c.arrange} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// personRow is a row of table person, as JSON.
type personRow struct {
	ID      uuid.UUID `json:"id"`
	Number  hexBytes  `json:"prison_number_bix"`
	Born    hexBytes  `json:"date_of_birth_bix"`
	NHS     hexBytes  `json:"nhs_number_bix"`
	Name    hexBytes  `json:"name_bix"`
	Sealed  hexBytes  `json:"identity_sealed"`
	Updated time.Time `json:"updated_at"`
}

// storePeople is person.Know for many at once.
func (c *chunk) storePeople(ctx context.Context) error {
	var rows []personRow
	for _, s := range c.people {
		if !s.fresh && !s.changed {
			continue
		}
		number, born, nhs, name := person.Blinds(c.tx.Keys, s.who)
		sealed, err := person.SealIdentity(c.tx.Keys, number, s.who)
		if err != nil {
			return err
		}
		rows = append(rows, personRow{s.id, number, born, nhs, name, sealed, c.now})
	}
	if len(rows) == 0 {
		return nil
	}
	var other int
	err := c.tx.Get(ctx, &other, `
		WITH said AS (
		  SELECT id, prison_number_bix, date_of_birth_bix, nhs_number_bix, name_bix, identity_sealed, updated_at
		  FROM json_populate_recordset(NULL::person, $1)
		), stored AS (
		  INSERT INTO person AS p (id, prison_number_bix, date_of_birth_bix, nhs_number_bix, name_bix, identity_sealed, updated_at)
		  SELECT id, prison_number_bix, date_of_birth_bix, nhs_number_bix, name_bix, identity_sealed, updated_at
		  FROM said
		  ON CONFLICT ON CONSTRAINT one_person_per_prison_number_and_date_of_birth DO UPDATE
		    SET nhs_number_bix = coalesce(excluded.nhs_number_bix, p.nhs_number_bix),
		        name_bix = excluded.name_bix,
		        identity_sealed = excluded.identity_sealed,
		        updated_at = excluded.updated_at
		  RETURNING id
		)
		SELECT count(*)
		FROM stored
		WHERE id NOT IN (SELECT id FROM said)`, jsonOf(rows))
	if err == nil && other > 0 {
		return errCrossed
	}
	return err
}

func jsonOf(rows any) string {
	text, err := json.Marshal(rows)
	if err != nil {
		panic(err) // cannot happen: texts, numbers and dates only
	}
	return string(text)
}

// storeReleases writes changed releases before new ones, which may take a day that those gave up.
func (c *chunk) storeReleases(ctx context.Context) error {
	var fresh, changed []*kept
	for _, k := range c.records {
		switch {
		case k.fresh:
			fresh = append(fresh, k)
		case k.changed:
			changed = append(changed, k)
		}
	}
	if err := updateReleases(ctx, c.tx, c.now, changed); err != nil {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := c.refer(ctx, fresh); err != nil {
		return err
	}
	_, err := c.tx.Exec(ctx, `
		INSERT INTO referral (`+insertedColumns+`)
		SELECT `+insertedColumns+`
		FROM json_populate_recordset(NULL::referral, $1)`, jsonOf(fresh))
	return err
}

// refer draws references that nobody has. Among a million of them, one in three files of the largest
// size would draw one that is taken.
func (c *chunk) refer(ctx context.Context, fresh []*kept) error {
	drawn := map[string]*kept{}
	for todo := fresh; len(todo) > 0; {
		var again []*kept
		for _, k := range todo {
			if k.Reference = referral.NewReference(); drawn[k.Reference] != nil {
				again = append(again, k)
				continue
			}
			drawn[k.Reference] = k
		}
		var taken []string
		err := c.tx.Select(ctx, &taken, `SELECT reference FROM referral WHERE reference = ANY ($1)`, pq.Array(slices.Collect(maps.Keys(drawn))))
		if err != nil {
			return err
		}
		for _, reference := range taken {
			again = append(again, drawn[reference])
			delete(drawn, reference)
		}
		todo = again
	}
	return nil
}

const insertedColumns = `id, reference, person_id, nameless_bix, prison, provider, source, earlier_id, referred_on, planned_release_on,
  released_on, unplanned, reception_on, exit_on, exit_reason, discharge_reason, destination, referral_status, consent_share, set_aside,
  age_at_release, sex, substances, substance_group, opioid_substitution, bridging_until, naloxone_supplied, attends_smart,
  reconnect_referred, detail_sealed, received_at, updated_at, known_from`

func updateReleases(ctx context.Context, tx *db.Tx, now time.Time, changed []*kept) error {
	if len(changed) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE referral r
		SET person_id = n.person_id, nameless_bix = n.nameless_bix, prison = n.prison, moved_from = n.moved_from, provider = n.provider,
		    referred_on = n.referred_on, planned_release_on = n.planned_release_on,
		    date_changed_at = n.date_changed_at,
		    released_on = n.released_on, unplanned = n.unplanned, reception_on = n.reception_on, exit_on = n.exit_on,
		    exit_reason = n.exit_reason, discharge_reason = n.discharge_reason, destination = n.destination,
		    referral_status = n.referral_status, consent_share = n.consent_share, set_aside = n.set_aside,
		    age_at_release = n.age_at_release, sex = n.sex, substances = n.substances, substance_group = n.substance_group,
		    opioid_substitution = n.opioid_substitution, bridging_until = n.bridging_until, naloxone_supplied = n.naloxone_supplied,
		    attends_smart = n.attends_smart, reconnect_referred = n.reconnect_referred, detail_sealed = n.detail_sealed,
		    unbooked_reason = CASE WHEN n.provider IS NOT NULL THEN r.unbooked_reason END,
		    appointment_flag = CASE WHEN n.provider IS NOT NULL THEN r.appointment_flag END,
		    version = r.version + 1, updated_at = $2
		FROM json_populate_recordset(NULL::referral, $1) AS n
		WHERE r.id = n.id`, jsonOf(changed), now)
	return err
}

func (c *chunk) storeRows(ctx context.Context) error {
	if len(c.stored) == 0 {
		return nil
	}
	for i := range c.stored {
		r := &c.stored[i]
		if !r.row.MayKeepName() {
			continue
		}
		sealed, err := c.tx.Keys.Seal(sealedPrisonRow, r.ID.String(), r.row.Canonical())
		if err != nil {
			return err
		}
		r.Values = sealed
	}
	_, err := c.tx.Exec(ctx, `
		INSERT INTO prison_row (id, file_id, row_number, organisation, referral_id, content_bix, answer, values_sealed)
		SELECT id, file_id, row_number, organisation, referral_id, content_bix, answer, values_sealed
		FROM json_populate_recordset(NULL::prison_row, $1)`, jsonOf(c.stored))
	if err != nil || len(c.erased) == 0 {
		return err
	}
	_, err = c.tx.Exec(ctx, `UPDATE prison_row SET values_sealed = NULL WHERE referral_id = ANY ($1)`, pq.Array(c.erased))
	return err
}

func (c *chunk) storeReviews(ctx context.Context) error {
	if len(c.reviews) == 0 {
		return nil
	}
	_, err := c.tx.Exec(ctx, `
		INSERT INTO review (id, organisation, side, row_id, why, candidates, raised_at)
		SELECT id, $2, 'prison', row_id, why, coalesce(candidates, '{}'), $3
		FROM json_populate_recordset(NULL::review, $1)`, jsonOf(c.reviews), c.prison, c.now)
	return err
}

// tell writes what happened into the timelines. What is shared with nobody has none until it is.
func (c *chunk) tell(ctx context.Context) error {
	var events []timeline.Event
	for _, k := range c.records {
		if k.fresh && k.Provider != "" || k.changed {
			events = append(events, k.events()...)
		}
	}
	return timeline.Record(ctx, c.tx, c.who, c.now, events...)
}

// events are what a file's row did to a release.
func (k *kept) events() []timeline.Event {
	event := func(kind string, data map[string]any) timeline.Event {
		data["source"] = "file"
		return timeline.Event{ReferralID: k.ID, Kind: kind, Data: data}
	}
	if k.fresh {
		referred := event("referred", map[string]any{"release_on": k.on(), "released": !k.awaits(), "unplanned": k.Unplanned})
		referred.On = k.ReferredOn
		if k.SetAside != "" {
			referred.Data["set_aside"] = k.SetAside
		}
		return []timeline.Event{referred}
	}
	was := k.was
	if was == nil {
		return []timeline.Event{event("row_updated", map[string]any{"identity": true})}
	}
	var events []timeline.Event
	if was.Prison != k.Prison {
		events = append(events, event("transferred", map[string]any{"from": was.Prison, "to": k.Prison}))
	}
	switch {
	case was.awaits() && !k.ReleasedOn.IsZero():
		confirmed := event("released", map[string]any{"released_on": k.ReleasedOn, "planned": k.PlannedOn})
		confirmed.On = k.ReleasedOn
		return append(events, confirmed)
	case !was.ReleasedOn.IsZero() && k.ReleasedOn.IsZero():
		return append(events, event("not_a_release", map[string]any{"was": was.ReleasedOn, "reason": k.ExitReason}))
	case was.awaits() && k.awaits() && was.PlannedOn != k.PlannedOn:
		return append(events, event("date_changed", map[string]any{"from": was.PlannedOn, "to": k.PlannedOn}))
	}
	return append(events, event("row_updated", map[string]any{
		"release_on": k.on(), "release_on_was": was.on(), "set_aside": k.SetAside, "set_aside_was": was.SetAside}))
}

// arrange gives new live referrals their appointment, and lets the appointments of changed ones follow.
func (c *chunk) arrange(ctx context.Context) error {
	for _, k := range c.records {
		if err := k.arrange(ctx, c.tx, c.who, c.now, c.today); err != nil {
			return err
		}
	}
	return nil
}

func (k *kept) arrange(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, today day.Date) (err error) {
	switch {
	case k.fresh && k.live(today):
		_, err = referral.Allocate(ctx, tx, who, now, k.ID)
	case k.was != nil && k.Provider == "" && k.was.live(today):
		_, err = appointment.Free(ctx, tx, who, now, k.ID, "not_ours")
	case k.was != nil && k.Provider != "" && (k.live(today) || k.was.live(today)):
		_, err = referral.FollowRow(ctx, tx, who, now, k.ID)
	}
	return err
}
