package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// keyLine is an API key, as administrators see it; never the key itself.
type keyLine struct {
	staff.Key
	OrganisationName, Made, Expires, LastUse, Standing string
	Revocable                                          bool
}

func (v *visit) keyLine(k staff.Key) keyLine {
	l := keyLine{Key: k, OrganisationName: v.nameOfAny(k.Organisation), Made: capital(moment(v.now, k.MadeAt)),
		Expires: day.Of(k.ExpiresAt).Long(), LastUse: "Never", Standing: "Works", Revocable: true}
	if k.LastUsedAt != nil {
		l.LastUse = capital(nearDay(day.Of(v.now), day.Of(*k.LastUsedAt))) + ", in the hour from " + clock(*k.LastUsedAt)
	}
	switch {
	case k.RevokedAt != nil:
		l.Standing, l.Revocable = "Revoked", false
	case !k.ExpiresAt.After(v.now):
		l.Standing, l.Revocable = "Expired", false
	case !k.TakesPart:
		l.Standing = "Organisation no longer takes part"
	}
	return l
}

// keysBody are the keys, and the id of the next: it stands in the address of the form that makes it, so that going back
// and sending the form again makes no second.
type keysBody struct {
	Lines []keyLine
	Next  string
}

func (v *visit) keys() error {
	body := keysBody{Next: uuid.NewString()}
	err := v.asService(func(tx *db.Tx) error {
		keys, err := staff.Keys(v.ctx, tx)
		for _, k := range keys {
			body.Lines = append(body.Lines, v.keyLine(k))
		}
		return err
	})
	if err != nil {
		return err
	}
	p := page{Title: "API keys", Back: "/admin", Body: body}
	if v.web.QueryParam("done") == "revoke" {
		p.Done = "The key is revoked: it no longer works."
	}
	return v.draw(http.StatusOK, "admin_keys.html", p)
}

func (v *visit) addKeyPage() error {
	id, err := uuid.Parse(v.web.QueryParam("key"))
	if err != nil {
		id = uuid.New()
	}
	return v.drawAddKey(http.StatusOK, form{"expires": strconv.Itoa(staff.KeyDays), "key": id.String()}, nil)
}

func (v *visit) drawAddKey(status int, typed form, wrong *problem.Invalid) error {
	organisations, err := v.organisationOptions()
	if err != nil {
		return err
	}
	fields, mistakes := fill([]field{
		{Name: "organisation", Label: "For which organisation?", Called: "the organisation that the key is for", Kind: "radios", Options: organisations},
		{Name: "expires", Label: "For how many days should it work?", Called: "for how many days it should work", Kind: "text", Hint: "From 1 to 365",
			Says: map[string]string{"range": "Enter a number of days from 1 to 365"}},
	}, typed, wrong)
	return v.draw(status, "one_form.html", page{Title: "Make an API key", Back: "/admin/keys", Faults: mistakes, Body: oneForm{
		Lead:   "A program uses it to do what the organisation's own people may do. It is shown once.",
		Fields: fields, Hidden: []fact{{"key", typed["key"]}}, Button: "Make the key"}})
}

func (v *visit) addKey() error {
	typed, err := v.typed()
	if err != nil {
		return err
	}
	var clear string
	id, err := uuid.Parse(typed["key"]) // the page drew it, so that a double click makes one key
	if err != nil {
		id = uuid.New()
	}
	days, wrongDays := staff.ParseKeyDays(typed["expires"])
	err = v.asService(func(tx *db.Tx) (err error) {
		_, clear, err = staff.CreateKeyOnce(v.ctx, tx, v.who, v.now, id, typed["organisation"], cmp.Or(days, staff.KeyDays))
		if err == nil {
			err = wrongDays // and the key is not made
		}
		return err
	})
	var wrong, more *problem.Invalid
	switch {
	case errors.As(err, &wrong):
		if errors.As(wrongDays, &more) && wrong != more {
			wrong.Corrections = append(wrong.Corrections, more.Corrections...)
		}
		return v.drawAddKey(http.StatusUnprocessableEntity, typed, wrong)
	case err != nil:
		return err
	}
	return v.draw(http.StatusOK, "admin_shown_once.html", page{Title: "The key is made", Body: shownOnce{
		Lead:  "Give it to whoever looks after the organisation's program, in a way that reaches nobody else.",
		Label: "The key", Value: clear,
		Warning: "It is not shown again, and stored nowhere. If it gets lost, revoke it and make another.", Path: "/admin/keys", Link: "Back to the keys"}})
}

func (v *visit) revokeKeyPage() error {
	var key keyLine
	err := v.asService(func(tx *db.Tx) error {
		keys, err := staff.Keys(v.ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(keys, func(k staff.Key) bool { return k.ID == v.id })
		if at < 0 {
			return &problem.NotFound{What: "API key"}
		}
		key = v.keyLine(keys[at])
		return nil
	})
	if err != nil {
		return err
	}
	title := "Revoke API key " + key.ID.String()[:8] + " of " + key.OrganisationName
	return v.draw(http.StatusOK, "ask.html", page{Title: title, Back: "/admin/keys", Body: askBody{
		Say: "The program that uses it is refused from now on. A revoked key cannot be brought back.", Button: "Revoke the key", Ends: true}})
}

func (v *visit) revokeKey() error {
	err := v.asService(func(tx *db.Tx) error { return staff.RevokeKey(v.ctx, tx, v.who, v.now, v.id) })
	if err != nil {
		return err
	}
	return v.seeOther("/admin/keys?done=revoke")
}
