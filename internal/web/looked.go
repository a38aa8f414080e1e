package web

import (
	"net/http"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/referral"
)

// lookedBody is who looked at one person's record.
type lookedBody struct {
	Name  string
	Lines []auditLine
	CSV   string // the address of all looks, to keep
	Cut   int    // how many are told, where there may be more; 0 where these are all
}

// looksTold is how many looks the page tells: the latest. The file has all.
const looksTold = 200

// looked lists who looked at a person whose record the reader may see.
func (v *visit) looked() error {
	r, err := v.findReferral()
	if err != nil {
		return err
	}
	var rows []audit.Row
	err = v.asService(func(tx *db.Tx) error {
		rows, err = audit.Search(v.ctx, tx, looksAt(r))
		return err
	})
	if err != nil {
		return err
	}
	own := "/referrals/" + v.id.String()
	body := lookedBody{Name: fullName(r), CSV: own + "/looked.csv"}
	for _, row := range rows {
		body.Lines = append(body.Lines, v.lookLine(row))
	}
	if len(rows) == looksTold {
		body.Cut = looksTold
	}
	return v.draw(http.StatusOK, "looked.html", page{Title: "Who looked at this record", Back: own, Body: body})
}

// looksAt asks for the latest looks at a person. Only the two organisations of the referral are told: that another prison
// knows the person is none of theirs.
func looksAt(r *referral.Referral) audit.Query {
	return audit.Query{Subjects: []string{r.PersonID.UUID.String(), r.ID.String()}, Act: "shown", Limit: looksTold,
		Organisations: []string{string(r.Prison), string(r.Provider)}}
}

// lookLine is one look as the reader is told of it: of the other organisation, without the name of who it was.
func (v *visit) lookLine(row audit.Row) auditLine {
	line := v.auditLine(row)
	if row.Organisation != v.who.Organisation() {
		line.Who = v.nameOfAny(row.Organisation)
	}
	return line
}
