package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// create takes a referral in. The sender's own reference makes it one referral however often it is
// sent; an Idempotency-Key may stand beside it.
func create(c *call) (answer, error) {
	var d referral.Draft
	if err := c.read(&d); err != nil {
		return answer{}, err
	}
	c.claimReference(d)
	a, err := c.once(func(tx *db.Tx) (answer, error) {
		made, err := referral.Make(c.ctx, tx, c.who, c.now, d)
		if err != nil {
			return answer{}, err
		}
		return answer{
			status:   http.StatusCreated,
			location: referrals + "/" + made.ID.String(),
			body:     made,
			about:    made.ID,
			again:    made.Again,
		}, nil
	})
	if err != nil {
		return answer{}, errors.Join(err, referral.NoteElsewhere(c.ctx, c.Pool, c.who, c.now, err))
	}
	return a, nil
}

// claimReference adds the sender's reference to what the request may be sent again under. It comes
// after the header's key, always, so that two requests never wait for each other crosswise.
func (c *call) claimReference(d referral.Draft) {
	name := strings.TrimSpace(d.SenderReference)
	if name == "" {
		return // refused by the act, among the draft's other faults
	}
	c.keys = append(c.keys, claim{kind: byReference, name: name, call: post + " " + referrals, content: c.content,
		compare: func(tx *db.Tx) (bool, uuid.UUID, []string, error) {
			return referral.Same(c.ctx, tx, c.who, name, d)
		}})
}

func show(c *call) (answer, error) {
	if err := noQuery(c); err != nil {
		return answer{}, err
	}
	return c.reading(c.who.Scope(), func(tx *db.Tx) (any, error) {
		return referral.Find(c.ctx, tx, c.who, c.now, c.id)
	})
}

func list(c *call) (answer, error) {
	q, err := asked(c, "state", "release_from", "release_to", "updated_since", "cursor", "limit")
	if err != nil {
		return answer{}, err
	}
	filter := referral.Filter{
		State:        q.text("state"),
		ReleaseFrom:  q.text("release_from"),
		ReleaseTo:    q.text("release_to"),
		UpdatedSince: q.text("updated_since"),
		Cursor:       q.text("cursor"),
		Limit:        q.whole("limit"),
	}
	return c.reading(c.who.Scope(), func(tx *db.Tx) (any, error) {
		return referral.List(c.ctx, tx, c.who, c.now, filter)
	})
}

// dateChange tells a date that is unknown now (null) from one that was forgotten: the first frees
// the person's place.
type dateChange struct {
	PlannedReleaseDate jsontext.Value `json:"planned_release_date"`
	Reason             string         `json:"reason"`
	Certainty          string         `json:"certainty"`
	Kind               string         `json:"kind"`
	Version            int            `json:"version"`
}

var changeDate = posted(func(c *call, tx *db.Tx, d dateChange) (answer, error) {
	planned := ""
	switch d.PlannedReleaseDate.Kind() {
	case 'n': // none is known now
	case '"':
		if err := json.Unmarshal(d.PlannedReleaseDate, &planned); err != nil {
			return answer{}, err
		}
	case 0:
		return answer{}, problem.Wrong("planned_release_date", "required", "Give the new date, or null if none is known now.")
	default:
		return answer{}, naming("bad_json", pointer("planned_release_date"), "is of the wrong type: it must be a date in quotation marks, or null.")
	}
	changed, err := referral.ChangeDate(c.ctx, tx, c.who, c.now, c.id, referral.DateChange{
		PlannedReleaseDate: planned,
		Reason:             d.Reason,
		Certainty:          d.Certainty,
		Kind:               d.Kind,
		Version:            d.Version,
	})
	return ok(changed).on(c.id), err
})
