package reconcile

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/referral"
	"throughgate/internal/timeline"
)

// rowsAtOnce are written in one statement, far below its limit of time.
const rowsAtOnce = 5000

// tidings are the events of one judging, kept small, and the releases whose appointments must follow.
type tidings struct {
	all    []tiding
	follow map[uuid.UUID]bool
}

// tiding is an event in the making: there may be hundreds of thousands.
type tiding struct {
	kind    string
	release uuid.UUID
	link    uuid.UUID
	on      day.Date // of the pick-up or contact; none for a link
	rule    string
	says    string // the row's role, or the kind of the pick-up
	moved   bool
	late    bool
}

func (t *tidings) add(n tiding) {
	if n.release != uuid.Nil {
		t.all = append(t.all, n)
	}
}

func (n tiding) event() timeline.Event {
	e := timeline.Event{ReferralID: n.release, Kind: n.kind}
	switch {
	case n.kind == "contact":
		e.On, e.Data = n.on, map[string]any{"kind": n.says}
	case n.kind == "picked_up":
		e.On, e.Data = n.on, map[string]any{"picked_up_on": n.on, "kind": n.says, "late": n.late, "rule": n.rule}
	case n.link == uuid.Nil: // a pick-up that no longer stands
		e.Data = map[string]any{"picked_up_on": n.on, "rule": n.rule, "moved": n.moved}
	default:
		e.Data = map[string]any{"link": n.link, "rule": n.rule, "says": n.says, "moved": n.moved}
	}
	return e
}

// write stores what differs from what stood before. Appointments come last: who has been picked up
// needs none.
func (j *judging) write(ctx context.Context) error {
	j.events.follow = map[uuid.UUID]bool{}
	for _, step := range []func(context.Context) error{j.writeReviews, j.writeRows, j.writeLinks, j.writePickups,
		j.writeReleases, j.writeAppointments, j.writeContacts, j.tell, j.follow} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// inBatches hands rows over as JSON, some thousand at a time.
func inBatches[T any](rows []T, write func(batch string) error) error {
	for batch := range slices.Chunk(rows, rowsAtOnce) {
		if err := write(jsonOf(batch)); err != nil {
			return err
		}
	}
	return nil
}

func orNone(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func (j *judging) writeRows(ctx context.Context) error {
	type row struct {
		ID        uuid.UUID     `json:"id"`
		Answer    string        `json:"answer"`
		Reason    referral.Text `json:"reason"`
		PersonID  *uuid.UUID    `json:"person_id"`
		ReleaseID *uuid.UUID    `json:"referral_id"`
		Rule      referral.Text `json:"rule"`
		Role      referral.Text `json:"role"`
	}
	var changed []row
	for i := range j.rows {
		if s := j.verdicts[i].state(); s != j.before[i] {
			changed = append(changed, row{j.rows[i].id, storedAnswer(s.answer), referral.Text(s.reason), orNone(s.person),
				orNone(s.release), referral.Text(s.rule), referral.Text(s.role)})
		}
	}
	return inBatches(changed, func(batch string) error {
		_, err := j.tx.Exec(ctx, `
			UPDATE provider_row r
			SET answer = n.answer, reason = n.reason, person_id = n.person_id, referral_id = n.referral_id, rule = n.rule, role = n.role
			FROM json_populate_recordset(NULL::provider_row, $1) AS n
			WHERE r.id = n.id`, batch)
		return err
	})
}

// linkRow is a row of table link.
type linkRow struct {
	ID        uuid.UUID  `json:"id" db:"id"`
	RowID     uuid.UUID  `json:"provider_row_id" db:"provider_row_id"`
	PersonID  uuid.UUID  `json:"person_id" db:"person_id"`
	ReleaseID *uuid.UUID `json:"referral_id" db:"referral_id"`
	Rule      string     `json:"rule" db:"rule"`
	MadeBy    string     `json:"made_by" db:"made_by"`
}

func (l linkRow) says(v *verdict) bool {
	return l.PersonID == v.person && equal(l.ReleaseID, orNone(v.release)) && l.Rule == v.rule
}

// linked says whether the verdict is that the row is about somebody known.
func (v *verdict) linked() bool {
	return v.person != uuid.Nil && v.answer != ToReview && v.reason != RejectedInReview
}

// writeLinks: a link that moves is undone and made anew, and both are told.
func (j *judging) writeLinks(ctx context.Context) error {
	var standing []linkRow
	err := j.tx.Select(ctx, &standing, `
		SELECT id, provider_row_id, person_id, referral_id, rule, made_by
		FROM link
		WHERE organisation = $1
		  AND undone_at IS NULL`, j.provider)
	if err != nil {
		return err
	}
	byRow := make(map[uuid.UUID]linkRow, len(standing))
	for _, l := range standing {
		byRow[l.RowID] = l
	}
	var ended []uuid.UUID
	var made []linkRow
	for i := range j.rows {
		v := &j.verdicts[i]
		old, stood := byRow[j.rows[i].id]
		if stood && v.linked() && old.says(v) {
			continue
		}
		if stood {
			ended = append(ended, old.ID)
			j.events.undone(old, v)
		}
		if v.linked() {
			link := linkRow{uuid.New(), j.rows[i].id, v.person, orNone(v.release), v.rule, j.by(i)}
			made = append(made, link)
			j.events.add(tiding{kind: "linked", release: v.release, link: link.ID, rule: v.rule, says: v.role, moved: stood})
		}
	}
	return j.storeLinks(ctx, ended, made)
}

func (t *tidings) undone(old linkRow, v *verdict) {
	if old.ReleaseID != nil {
		t.add(tiding{kind: "link_undone", release: *old.ReleaseID, link: old.ID, rule: old.Rule, moved: v.linked()})
	}
}

func (j *judging) storeLinks(ctx context.Context, ended []uuid.UUID, made []linkRow) error {
	_, err := j.tx.Exec(ctx, `
		UPDATE link
		SET undone_at = $2, undone_by = 'service', undone_reason = 'judged again on what is known now'
		WHERE id = ANY ($1)`, pq.Array(ended), j.now)
	if err != nil {
		return err
	}
	return inBatches(made, func(batch string) error {
		_, err := j.tx.Exec(ctx, `
			INSERT INTO link (id, organisation, provider_row_id, person_id, referral_id, rule, made_at, made_by)
			SELECT id, $2, provider_row_id, person_id, referral_id, rule, $3, made_by
			FROM json_populate_recordset(NULL::link, $1)`, batch, j.provider, j.now)
		return err
	})
}

// pickupRow is a row of table pickup that comes from a provider's row.
type pickupRow struct {
	ID         uuid.UUID `json:"id" db:"id"`
	ReleaseID  uuid.UUID `json:"referral_id" db:"referral_id"`
	PickedUpOn day.Date  `json:"picked_up_on" db:"picked_up_on"`
	Kind       string    `json:"kind" db:"kind"`
	Late       bool      `json:"late" db:"late"`
	RowID      uuid.UUID `json:"provider_row_id" db:"provider_row_id"`
	Rule       string    `json:"rule" db:"rule"`
}

func (p pickupRow) says(q pickupRow) bool {
	p.ID = q.ID
	return p == q
}

// pickups are what the verdicts say, by release.
func (j *judging) pickups() map[uuid.UUID]pickupRow {
	wanted := map[uuid.UUID]pickupRow{}
	for i := range j.rows {
		v := &j.verdicts[i]
		if v.pickedUpOn.IsZero() || v.answer != Accepted {
			continue
		}
		kind := "new_episode"
		if v.resumed {
			kind = "resumed_episode"
		}
		wanted[v.release] = pickupRow{uuid.New(), v.release, v.pickedUpOn, kind, v.late, j.rows[i].id, v.rule}
	}
	return wanted
}

func (j *judging) writePickups(ctx context.Context) error {
	var standing []pickupRow
	err := j.tx.Select(ctx, &standing, `
		SELECT p.id, p.referral_id, p.picked_up_on, p.kind, p.late, p.provider_row_id, p.rule
		FROM pickup p
		JOIN provider_row r ON r.id = p.provider_row_id
		WHERE r.organisation = $1
		  AND p.undone_at IS NULL`, j.provider)
	if err != nil {
		return err
	}
	wanted := j.pickups()
	j.noteReleases(wanted)
	var ended, released []uuid.UUID
	for _, p := range standing {
		if q, ok := wanted[p.ReleaseID]; ok && p.says(q) {
			delete(wanted, p.ReleaseID)
			continue
		}
		ended = append(ended, p.ID)
		if j.releases[p.ReleaseID] == nil { // nobody's any more: its name was taken back
			released = append(released, p.ReleaseID)
		}
		_, again := wanted[p.ReleaseID]
		j.events.add(tiding{kind: "link_undone", release: p.ReleaseID, on: p.PickedUpOn, rule: p.Rule, moved: again})
		j.events.follow[p.ReleaseID] = true
	}
	if err := j.endPickups(ctx, ended, released); err != nil {
		return err
	}
	var made []pickupRow
	for id, p := range wanted {
		made = append(made, p)
		j.events.follow[id] = true
	}
	slices.SortFunc(made, func(a, b pickupRow) int { return bytes.Compare(a.ReleaseID[:], b.ReleaseID[:]) })
	for _, p := range made {
		j.events.add(tiding{kind: "picked_up", release: p.ReleaseID, on: p.PickedUpOn, says: p.Kind, late: p.Late, rule: p.Rule})
	}
	return j.storePickups(ctx, made)
}

func (j *judging) endPickups(ctx context.Context, ended, releases []uuid.UUID) error {
	_, err := j.tx.Exec(ctx, `
		WITH ended AS (
		  UPDATE pickup
		  SET undone_at = $3, undone_by = 'service', undone_reason = 'judged again on what is known now'
		  WHERE id = ANY ($1)
		)
		UPDATE referral
		SET picked_up_on = NULL, version = version + 1, updated_at = $3
		WHERE id = ANY ($2)`, pq.Array(ended), pq.Array(releases), j.now)
	return err
}

func (j *judging) storePickups(ctx context.Context, made []pickupRow) error {
	return inBatches(made, func(batch string) error {
		_, err := j.tx.Exec(ctx, `
			INSERT INTO pickup (id, referral_id, picked_up_on, kind, late, provider_row_id, rule, recorded_at, recorded_by)
			SELECT id, referral_id, picked_up_on, kind, late, provider_row_id, rule, $2, 'service'
			FROM json_populate_recordset(NULL::pickup, $1)`, batch, j.now)
		return err
	})
}

// releaseRow is what the provider's rows say of a release: when the person was picked up, and when the
// referral was received, which is the earliest "Referral received" of its rows.
type releaseRow struct {
	ID         uuid.UUID `json:"id"`
	PickedUpOn day.Date  `json:"picked_up_on"`
	ReceivedOn day.Date  `json:"received_on"`
}

// noteReleases finds the releases of which the rows say something new.
func (j *judging) noteReleases(wanted map[uuid.UUID]pickupRow) {
	received := map[uuid.UUID]day.Date{}
	for i := range j.rows {
		if v := &j.verdicts[i]; v.answer == Accepted && v.release != uuid.Nil {
			on := received[v.release]
			first(&on, j.rows[i].received)
			received[v.release] = on
		}
	}
	for id, h := range j.releases {
		row := releaseRow{id, wanted[id].PickedUpOn, received[id]}
		if !h.ByHand.IsZero() {
			row.PickedUpOn = h.ByHand
		}
		if row.PickedUpOn != h.PickedUpOn || row.ReceivedOn != h.ReceivedOn {
			j.changed = append(j.changed, row)
		}
	}
}

func (j *judging) writeReleases(ctx context.Context) error {
	return inBatches(j.changed, func(batch string) error {
		_, err := j.tx.Exec(ctx, `
			UPDATE referral r
			SET picked_up_on = n.picked_up_on, received_on = n.received_on, version = r.version + 1, updated_at = $2
			FROM json_populate_recordset(NULL::referral, $1) AS n
			WHERE r.id = n.id`, batch, j.now)
		return err
	})
}

func (j *judging) tell(ctx context.Context) error {
	for batch := range slices.Chunk(j.events.all, rowsAtOnce) {
		events := make([]timeline.Event, len(batch))
		for i, n := range batch {
			events[i] = n.event()
		}
		if err := timeline.Record(ctx, j.tx, machine, j.now, events...); err != nil {
			return err
		}
	}
	return nil
}

// follow frees the places of those who were picked up, and looks for one for those who are not any
// more. Where neither can be, long after the release, nothing is asked.
func (j *judging) follow(ctx context.Context) error {
	var open []uuid.UUID
	ids := make([]uuid.UUID, 0, len(j.events.follow))
	for id := range j.events.follow {
		ids = append(ids, id)
	}
	err := j.tx.Select(ctx, &open, `
		SELECT referral_id
		FROM appointment
		WHERE referral_id = ANY ($1)
		  AND outcome IS NULL
		  AND slot_id IS NOT NULL
		  AND undone_at IS NULL`, pq.Array(ids))
	if err != nil {
		return err
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		h := j.releases[id]
		live := h != nil && !h.On.IsZero() && h.SetAside == "" && (h.Waits || j.today.Sub(h.On) <= referral.LiveDays)
		if !live && !slices.Contains(open, id) {
			continue
		}
		if _, err := referral.FollowRow(ctx, j.tx, machine, j.now, id); err != nil {
			return err
		}
	}
	return nil
}
