package reconcile

import (
	"context"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/person"
	"throughgate/internal/referral"
)

// receivedRow is a row of an earlier file, as it was answered, and where it stands now.
type receivedRow struct {
	Content    []byte        `db:"content_bix"`
	Answer     string        `db:"answer"`
	ReferralID *uuid.UUID    `db:"referral_id"`
	SetAside   referral.Text `db:"set_aside"`
	ReviewID   *uuid.UUID    `db:"review_id"`
	Why        string        `db:"why"`
	JustCounts bool          `db:"-"` // the settings have changed, and with them whether it counts
}

// know loads what the rows could be about.
func (p *prisonImport) know(ctx context.Context, batch []asked) (*chunk, error) {
	c := &chunk{prisonImport: p, byNumber: map[string][]*someone{}, byNHS: map[string][]*someone{},
		releases: map[uuid.UUID][]*kept{}, nameless: map[string][]*kept{}, earlier: map[string]receivedRow{}}
	var numbers, nhs, contents pq.ByteaArray
	for _, row := range batch {
		numbers = append(numbers, c.numberIndex(row.PrisonNumber))
		contents = append(contents, []byte(row.content))
		if row.NHSNumber != "" {
			nhs = append(nhs, p.tx.Keys.Blind("nhs_number", row.NHSNumber))
		}
	}
	people, err := c.knowPeople(ctx, numbers, nhs)
	if err != nil {
		return nil, err
	}
	if err := c.knowReleases(ctx, people, numbers); err != nil {
		return nil, err
	}
	return c, c.knowEarlier(ctx, contents)
}

func (c *chunk) knowPeople(ctx context.Context, numbers, nhs pq.ByteaArray) (ids []uuid.UUID, err error) {
	var rows []struct {
		ID     uuid.UUID `db:"id"`
		Number []byte    `db:"prison_number_bix"`
		Sealed []byte    `db:"identity_sealed"`
	}
	err = c.tx.Select(ctx, &rows, `
		SELECT id, prison_number_bix, identity_sealed
		FROM person
		WHERE prison_number_bix = ANY ($1) OR nhs_number_bix = ANY ($2)
		ORDER BY id`, numbers, nhs)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		s := &someone{id: row.ID}
		if s.who, err = person.OpenIdentity(c.tx.Keys, row.Number, row.Sealed); err != nil {
			return nil, err
		}
		ids = append(ids, s.id)
		c.people = append(c.people, s)
		c.byNumber[s.who.PrisonNumber] = append(c.byNumber[s.who.PrisonNumber], s)
		c.byNHS[s.who.NHSNumber] = append(c.byNHS[s.who.NHSNumber], s)
	}
	return ids, nil
}

func (c *chunk) knowReleases(ctx context.Context, people []uuid.UUID, numbers pq.ByteaArray) error {
	err := c.tx.Select(ctx, &c.records, `
		SELECT `+keptColumns+`,
		  (SELECT p.content_bix FROM prison_row p WHERE p.referral_id = referral.id ORDER BY p.seq DESC LIMIT 1) AS said
		FROM referral
		WHERE (person_id = ANY ($1) OR nameless_bix = ANY ($2))
		  AND (provider IS NULL OR provider = $3)
		FOR NO KEY UPDATE`, pq.Array(people), numbers, c.provider)
	for _, k := range c.records {
		if k.PersonID != nil {
			c.releases[*k.PersonID] = append(c.releases[*k.PersonID], k)
		} else {
			c.nameless[string(k.NamelessBix)] = append(c.nameless[string(k.NamelessBix)], k)
		}
	}
	return err
}

func (c *chunk) knowEarlier(ctx context.Context, contents pq.ByteaArray) error {
	var rows []receivedRow
	err := c.tx.Select(ctx, &rows, `
		SELECT DISTINCT ON (p.content_bix) p.content_bix, p.answer, p.referral_id, r.set_aside, v.id AS review_id, coalesce(v.why, '') AS why
		FROM prison_row p
		LEFT JOIN referral r ON r.id = p.referral_id
		LEFT JOIN review v ON v.row_id = p.id AND v.settled_at IS NULL
		WHERE p.content_bix = ANY ($1)
		  AND p.file_id <> $2
		ORDER BY p.content_bix, p.seq DESC`, contents, c.file)
	for _, row := range rows {
		row.JustCounts = row.ReferralID != nil && c.justCounts[*row.ReferralID]
		c.earlier[string(row.Content)] = row
	}
	return err
}
