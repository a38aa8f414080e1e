package mail

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Pages that the links in letters lead to; the token follows. A GET shows a question and changes
// nothing (mail programs open links by themselves): its answer is a POST.
const (
	ConfirmPath = "/report/confirm/"
	LeavePath   = "/report/leave/"
)

// confirmWithin is how long the link in the first message works.
const confirmWithin = 14 * 24 * time.Hour

// Recipient is somebody who reads the report by email. Nothing but the confirming link is sent to
// them before they followed it.
type Recipient struct {
	ID          uuid.UUID  `db:"id" json:"id"`
	Name        string     `db:"name" json:"name"`
	Address     string     `db:"address" json:"address"`
	AddedAt     time.Time  `db:"added_at" json:"added_at"`
	AddedBy     string     `db:"added_by" json:"added_by"` // as the audit trail names them
	ConfirmedAt *time.Time `db:"confirmed_at" json:"confirmed_at"`
}

// AddRecipient puts somebody on the list and queues the message with the link that confirms their
// address, in the caller's transaction (part db.Jobs). confirmed leaves the link out and is for the
// console only, where the operator answers for the address; the audit row says so.
func AddRecipient(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, name, address string, confirmed bool) (Recipient, error) {
	r, err := checkedRecipient(tx, who, now, name, address, confirmed)
	if err != nil {
		return Recipient{}, err
	}
	token := rand.Text()
	leave, err := leaveToken(tx, r.ID)
	if err != nil {
		return Recipient{}, err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO recipient (id, name, address, added_at, added_by, confirm_hash, confirmed_at, leave_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		r.ID, r.Name, r.Address, r.AddedAt, r.AddedBy, hashOf(token), r.ConfirmedAt, hashOf(leave))
	if db.Broke(err, "one_recipient_per_address") {
		return Recipient{}, &problem.Conflict{Code: "already_recorded",
			Message: "This address is on the list already. To send its confirming link again, remove it first."}
	}
	if err != nil {
		return Recipient{}, err
	}
	if !confirmed {
		if err := askToConfirm(ctx, tx, now, r, token); err != nil {
			return Recipient{}, err
		}
	}
	return r, audit.Write(ctx, tx, who.By, now, "recipient_added", "recipient", r.ID.String(), audit.Detail{"confirmed_at_console": confirmed})
}

func checkedRecipient(tx *db.Tx, who staff.Who, now time.Time, name, address string, confirmed bool) (Recipient, error) {
	if err := mayChange(who, confirmed); err != nil {
		return Recipient{}, err
	}
	var wrong problem.Corrections
	name = strings.TrimSpace(name)
	if name == "" {
		wrong.Add("name", "missing", "Enter the recipient's name.")
	}
	collect(&wrong, HeaderText("name", name))
	checked, err := AllowedAddress(strings.TrimSpace(address), tx.Rules.Mail.AllowedDomains)
	collect(&wrong, err)
	if !confirmed && tx.Rules.Server.PublicURL == "" {
		wrong.Add("server.public_url", "missing", "Set server.public_url in the configuration: the confirming link leads there.")
	}
	r := Recipient{ID: uuid.New(), Name: name, Address: strings.ToLower(checked), AddedAt: now, AddedBy: who.By.Actor}
	if confirmed {
		r.ConfirmedAt = &now
	}
	return r, wrong.Err()
}

func mayChange(who staff.Who, confirmed bool) error {
	if confirmed && who.By.Via != "console" {
		return &problem.Forbidden{Message: "An address is confirmed by the link that is sent to it, or at the server's console."}
	}
	return who.Must(staff.Admin)
}

func collect(all *problem.Corrections, err error) {
	var invalid *problem.Invalid
	if errors.As(err, &invalid) {
		*all = append(*all, invalid.Corrections...)
	}
}

// ToConfirm is whom a link to confirm an address is of. An unknown link, one older than 14 days and one of somebody removed
// all answer that there is no such link; one that was followed works on.
func ToConfirm(ctx context.Context, tx *db.Tx, now time.Time, token string) (Recipient, error) {
	r, err := one(ctx, tx, `
		SELECT id, name, address, added_at, added_by, confirmed_at
		FROM recipient
		WHERE confirm_hash = $1
		  AND removed_at IS NULL
		FOR UPDATE`, hashOf(token))
	if err == nil && r.ConfirmedAt == nil && now.Sub(r.AddedAt) > confirmWithin {
		return Recipient{}, &problem.NotFound{What: "link"}
	}
	return r, err
}

// ConfirmRecipient is what following the link does, for whoever holds it. Following it again
// changes nothing. ToConfirm says which links do not work.
func ConfirmRecipient(ctx context.Context, tx *db.Tx, now time.Time, token string) (Recipient, error) {
	r, err := ToConfirm(ctx, tx, now, token)
	if err != nil || r.ConfirmedAt != nil {
		return r, err
	}
	r.ConfirmedAt = &now
	if _, err := tx.Exec(ctx, `
		UPDATE recipient
		SET confirmed_at = $2
		WHERE id = $1`, r.ID, now); err != nil {
		return Recipient{}, err
	}
	return r, audit.Write(ctx, tx, byThemselves(r), now, "recipient_confirmed", "recipient", r.ID.String(), nil)
}

// ToLeave is whom a link to leave the list is of, on the list still or not; it stands in every report.
func ToLeave(ctx context.Context, tx *db.Tx, token string) (Recipient, error) {
	return one(ctx, tx, `
		SELECT id, name, address, added_at, added_by, confirmed_at
		FROM recipient
		WHERE leave_hash = $1`, hashOf(token))
}

// LeaveList takes off the list whoever holds the link to leave it. Following it again changes nothing.
func LeaveList(ctx context.Context, tx *db.Tx, now time.Time, token string) error {
	r, err := ToLeave(ctx, tx, token)
	if err != nil {
		return err
	}
	_, err = remove(ctx, tx, byThemselves(r), now, r.ID)
	return err
}

// RemoveRecipient takes somebody off the list. What is queued for them is not sent any more.
func RemoveRecipient(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, id uuid.UUID) error {
	if err := mayChange(who, false); err != nil {
		return err
	}
	removed, err := remove(ctx, tx, who.By, now, id)
	if err == nil && !removed {
		return &problem.NotFound{What: "recipient"}
	}
	return err
}

func remove(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, id uuid.UUID) (bool, error) {
	changed, err := tx.Exec(ctx, `
		UPDATE recipient
		SET removed_at = $2
		WHERE id = $1
		  AND removed_at IS NULL`, id, now)
	if err != nil || changed == 0 {
		return false, err
	}
	return true, audit.Write(ctx, tx, by, now, "recipient_removed", "recipient", id.String(), nil)
}

func one(ctx context.Context, tx *db.Tx, query string, hash []byte) (r Recipient, err error) {
	err = tx.Get(ctx, &r, query, hash)
	if errors.Is(err, db.ErrNone) {
		err = &problem.NotFound{What: "link"}
	}
	return r, err
}

func byThemselves(r Recipient) audit.By {
	return audit.By{Actor: "recipient:" + r.ID.String(), Via: "page"}
}

// Recipients lists everybody on the list, confirmed or not, by name.
func Recipients(ctx context.Context, tx *db.Tx) (list []Recipient, err error) {
	err = tx.Select(ctx, &list, `
		SELECT id, name, address, added_at, added_by, confirmed_at
		FROM recipient
		WHERE removed_at IS NULL
		ORDER BY name, address`)
	return list, err
}

// Readers lists those to whom a report goes: on the list, confirmed, and on a domain that is
// allowed now.
func Readers(ctx context.Context, tx *db.Tx) (readers []Recipient, err error) {
	all, err := Recipients(ctx, tx)
	for _, r := range all {
		if r.ConfirmedAt != nil && OnDomain(r.Address, tx.Rules.Mail.AllowedDomains) {
			readers = append(readers, r)
		}
	}
	return readers, err
}

// LeaveLink is where the recipient leaves the list; "" when the service does not know its own
// address (server.public_url).
func LeaveLink(tx *db.Tx, r Recipient) string {
	token, err := leaveToken(tx, r.ID)
	if err != nil {
		return ""
	}
	return link(tx, LeavePath, token)
}

func link(tx *db.Tx, path, token string) string {
	if tx.Rules.Server.PublicURL == "" {
		return ""
	}
	return tx.Rules.Server.PublicURL + path + token
}

// leaveToken is computed from the key and not drawn: every report carries it, and the database
// keeps its hash only.
func leaveToken(tx *db.Tx, id uuid.UUID) (string, error) {
	if tx.Keys == nil {
		return "", errors.New("the key to sealed fields is needed for the link to leave the list")
	}
	return base64.RawURLEncoding.EncodeToString(tx.Keys.Blind("recipient.leave", id.String())), nil
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
