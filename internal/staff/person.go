package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// Person is somebody who signs in.
type Person struct {
	ID           uuid.UUID  `json:"id"`
	Organisation string     `json:"organisation"`
	Email        string     `json:"email"`
	Name         string     `json:"name"`
	Enrolled     bool       `json:"enrolled"`
	AddedAt      time.Time  `json:"added_at" db:"added_at"`
	DisabledAt   *time.Time `json:"disabled_at" db:"disabled_at"`
	TakesPart    bool       `json:"organisation_takes_part" db:"takes_part"` // where their organisation no longer does, they cannot sign in
}

// inviteLasts is how long the single-use link works.
const inviteLasts = 7 * 24 * time.Hour

// Add adds a person to an organisation. The token goes into the single-use link with which they set
// their password and second factor; only its hash is stored.
func Add(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, organisation, email, name string) (token string, err error) {
	email, name = strings.ToLower(strings.TrimSpace(email)), strings.TrimSpace(name)
	if err := checkPerson(ctx, tx, organisation, email, name); err != nil {
		return "", err
	}
	id := uuid.New()
	token = rand.Text()
	hash := sha256.Sum256([]byte(token))
	_, err = tx.Exec(ctx, `
		INSERT INTO staff (id, organisation, email, name, invite_hash, invite_until, added_at, added_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, organisation, email, name, hash[:], now.Add(inviteLasts), now, by.Actor)
	if db.Broke(err, "one_person_per_email") {
		return "", problem.Wrong("email", "taken", "Somebody with this email address is there already")
	}
	if err != nil {
		return "", err
	}
	return token, audit.Write(ctx, tx, by, now, "added", "staff", id.String(), audit.Detail{"organisation": organisation})
}

func checkPerson(ctx context.Context, tx *db.Tx, organisation, email, name string) error {
	var wrong problem.Corrections
	var known bool
	if err := tx.Get(ctx, &known, `SELECT EXISTS (SELECT FROM organisation WHERE code = $1 AND active)`, organisation); err != nil {
		return err
	}
	if !known {
		wrong.Add("organisation", "not_recognised", "There is no such organisation: use a code from the configuration, or SUBGROUP, ADMIN or AUDIT")
	}
	if !deliverable(email) {
		wrong.Add("email", "not_an_address", "Enter an email address, such as name@example.org")
	}
	switch {
	case name == "":
		wrong.Add("name", "required", "Enter the person's name")
	case utf8.RuneCountInString(name) > mostName:
		wrong.Add("name", "too_long", "The name must have at most 100 characters")
	case strings.ContainsFunc(name, hidden):
		wrong.Add("name", "invalid_characters", "Remove line breaks and hidden characters from the name")
	}
	return wrong.Err()
}

// deliverable says whether mail can reach an address from outside: one plain address, whose domain has a dot.
func deliverable(email string) bool {
	parsed, err := mail.ParseAddress(email)
	_, domain, _ := strings.Cut(email, "@")
	plain := err == nil && parsed.Address == email && !strings.ContainsAny(email, "\"[]") && !strings.ContainsFunc(email, hidden)
	return plain && len(email) <= mostEmail && strings.Contains(domain, ".")
}

// Longest address (RFC 5321) and name of somebody who signs in.
const (
	mostEmail = 254
	mostName  = 100
)

// hidden are characters that begin a line of their own or make one name look like another.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == unicode.ReplacementChar
}

// People are all who may sign in, or could.
func People(ctx context.Context, tx *db.Tx) (people []Person, err error) {
	err = tx.Select(ctx, &people, `
		SELECT p.id, p.organisation, p.email, p.name, p.password_hash IS NOT NULL AS enrolled, p.added_at, p.disabled_at, o.active AS takes_part
		FROM staff p
		JOIN organisation o ON o.code = p.organisation
		ORDER BY p.organisation, p.email`)
	return people, err
}

// Disable stops a person's signing in, and ends their sessions.
func Disable(ctx context.Context, tx *db.Tx, by audit.By, now time.Time, email string) error {
	var id uuid.UUID
	err := tx.Get(ctx, &id, `
		UPDATE staff SET disabled_at = coalesce(disabled_at, $2) WHERE email = $1 RETURNING id`, strings.ToLower(email), now)
	if errors.Is(err, db.ErrNone) {
		return &problem.NotFound{What: "person"}
	}
	if err != nil {
		return err
	}
	if err := endSessions(ctx, tx, by, now, id, nil); err != nil {
		return err
	}
	return audit.Write(ctx, tx, by, now, "disabled", "staff", id.String(), nil)
}

// Invited is the person whom an unused, unexpired link is for; ErrLinkUsed where an account was set up by it.
func Invited(ctx context.Context, tx *db.Tx, now time.Time, token string) (p Person, err error) {
	hash := sha256.Sum256([]byte(token))
	err = tx.Get(ctx, &p, `
		SELECT p.id, p.organisation, p.email, p.name, p.password_hash IS NOT NULL AS enrolled, p.added_at, p.disabled_at, o.active AS takes_part
		FROM staff p
		JOIN organisation o ON o.code = p.organisation
		WHERE p.invite_hash = $1
		  AND (p.invite_until > $2 OR p.password_hash IS NOT NULL)
		  AND p.disabled_at IS NULL
		  AND o.active`, hash[:], now)
	switch {
	case errors.Is(err, db.ErrNone):
		return p, errNoInvitation
	case err == nil && p.Enrolled:
		return Person{}, ErrLinkUsed
	}
	return p, err
}

var errNoInvitation = &problem.NotFound{What: "invitation, or it is older than 7 days"}

// ErrLinkUsed is the answer to a link by which an account was set up: whoever sends the form twice, or comes back to it,
// is told that the account is there.
var ErrLinkUsed = &problem.NotFound{What: "invitation any more: it was used"}

// NewSecret draws the secret of a second factor, to be shown once as text and QR code.
func NewSecret(email string) (*otp.Key, error) {
	return totp.Generate(totp.GenerateOpts{Issuer: "throughgate", AccountName: email})
}

// Enrol sets an invited person's password and second factor, once they have shown that their
// authenticator makes the right code; the link is used up, and known as used until there is another.
func Enrol(ctx context.Context, tx *db.Tx, now time.Time, token, password, secret, code string) error {
	p, err := Invited(ctx, tx, now, token)
	if err != nil {
		return err
	}
	own, err := ownWords(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	var wrong problem.Corrections
	checkPassword(&wrong, "password", password, own)
	step := codeStep(secret, code, now)
	if step == 0 {
		wrong.Add("code", "wrong_code", "Enter the 6-digit code that your authenticator app shows now")
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	sealed, err := tx.Keys.Seal("staff.totp", p.ID.String(), []byte(secret))
	if err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(token))
	taken, err := tx.Exec(ctx, `
		UPDATE staff
		SET password_hash = $2, totp_sealed = $3, totp_step = $4, invite_until = NULL
		WHERE id = $1
		  AND invite_hash = $5
		  AND password_hash IS NULL`, p.ID, HashPassword(password), sealed, step, hash[:])
	if err != nil {
		return err
	}
	if taken == 0 { // somebody with the same link was faster
		return ErrLinkUsed
	}
	return audit.Write(ctx, tx, audit.By{Organisation: p.Organisation, Actor: "staff:" + p.ID.String(), Via: "page"}, now, "enrolled", "staff", p.ID.String(), nil)
}

const codeSeconds = 30

// codeStep is the time step whose code this is, the last, this or the next one; 0 for no match.
func codeStep(secret, code string, now time.Time) int64 {
	code = strings.ReplaceAll(code, " ", "")
	for _, off := range []int64{0, -1, 1} {
		at := now.Add(time.Duration(off) * codeSeconds * time.Second)
		want, err := totp.GenerateCode(secret, at)
		if err == nil && want == code {
			return at.Unix() / codeSeconds
		}
	}
	return 0
}
