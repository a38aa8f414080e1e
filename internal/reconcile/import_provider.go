package reconcile

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/staff"
)

// ImportProviderPickups takes in a provider's list: every row is answered, all of it is stored or
// nothing. A row that was sent before is known by its content, whatever file it stands in now.
func ImportProviderPickups(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, provider, filename string, content []byte, o Options) (result *Result, err error) {
	if err := mayImport(who, staff.Provider, provider); err != nil {
		return nil, err
	}
	sheet, err := ReadSheet(filename, content, ProviderPickups())
	if err != nil {
		return nil, err
	}
	err = inTurn(ctx, pool, o.DryRun, func(tx *db.Tx) error {
		result, err = importProvider(ctx, tx, who, now, provider, sheet, content, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

func importProvider(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, provider string, s *Sheet, content []byte, o Options) (*Result, error) {
	if _, err := standAgain(ctx, tx, who, intakeOf(tx, now, "")); err != nil {
		return nil, err
	}
	file, err := receive(ctx, tx, who, now, providerPickups, provider, s, content, o)
	if err != nil {
		return nil, err
	}
	p := &providerImport{tx: tx, provider: provider, file: file, result: NewResult(s, sumOf(content)), seen: map[string]bool{}}
	if err := p.rows(ctx, s, intakeOf(tx, now, ""), o); err != nil {
		return nil, err
	}
	if err := judgeAll(ctx, tx, now); err != nil {
		return nil, err
	}
	if err := p.answer(ctx); err != nil {
		return nil, err
	}
	if p.result.Linked, err = linkedOfProviderFile(ctx, tx, provider, p.contents()); err != nil {
		return nil, err
	}
	return p.result, answered(ctx, tx, who, now, file, p.result)
}

// providerImport is one import of one provider's list.
type providerImport struct {
	tx       *db.Tx
	provider string
	file     uuid.UUID
	result   *Result
	sent     []sentRow
	seen     map[string]bool // contents that were accepted before, or stand higher up in this file
}

// sentRow is a row that was understood, until it can be answered.
type sentRow struct {
	number   int
	content  string
	again    bool // its content was known
	warnings []Fault
}

// listRow is a row of table provider_row.
type listRow struct {
	ID      uuid.UUID `json:"id"`
	Number  int       `json:"row_number"`
	Content hexBytes  `json:"content_bix"`
	Person  hexBytes  `json:"person_bix"`
	Values  hexBytes  `json:"values_sealed"`
	On      day.Date  `json:"on_day"`

	// What a reconciliation compares without opening the row.
	Name     hexBytes `json:"name_bix"`
	Born     hexBytes `json:"date_of_birth_bix"`
	Sex      string   `json:"sex"`
	Released day.Date `json:"released_on"`
}

func (p *providerImport) rows(ctx context.Context, s *Sheet, in intake, o Options) error {
	var batch []listRow
	done := 0
	for row, err := range s.Each() {
		if err != nil {
			return err
		}
		done++
		read, findings := ReadProviderRow(row, in.words, in.today)
		if len(findings.Refused) > 0 {
			p.result.Refuse(row.Number, findings.Refused)
			continue
		}
		stored, err := p.seal(read)
		if err != nil {
			return err
		}
		p.sent = append(p.sent, sentRow{number: row.Number, content: string(stored.Content), warnings: findings.Warnings})
		batch = append(batch, stored)
		if len(batch) == chunkRows {
			if err := p.store(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
			o.progress(done, s.Rows)
		}
	}
	err := p.store(ctx, batch)
	o.progress(s.Rows, s.Rows)
	return err
}

func (p *providerImport) seal(row ProviderRow) (listRow, error) {
	id, canonical := uuid.New(), row.Canonical()
	sealed, err := p.tx.Keys.Seal(sealedProviderRow, id.String(), canonical)
	_, born, _, name := person.Blinds(p.tx.Keys, row.identity())
	return listRow{id, row.Number, p.tx.Keys.Blind("provider_row", string(canonical)), p.tx.Keys.Blind("provider_person", personKey(row)), sealed, row.day(),
		name, born, row.Sex, row.ReleasedOn}, err
}

// personKey: rows with the same full name, date of birth and sex are one person.
func personKey(row ProviderRow) string {
	who := identify(row.identity())
	return who.names() + "|" + who.born.String() + "|" + who.sex
}

// store adds the rows that are new. Until they are judged they are about nobody.
func (p *providerImport) store(ctx context.Context, batch []listRow) error {
	if len(batch) == 0 {
		return nil
	}
	contents := make(pq.ByteaArray, len(batch))
	for i, r := range batch {
		contents[i] = r.Content
	}
	var known [][]byte
	err := p.tx.Select(ctx, &known, `
		SELECT content_bix
		FROM provider_row
		WHERE organisation = $1
		  AND content_bix = ANY ($2)
		  AND answer = 'accepted'`, p.provider, contents)
	if err != nil {
		return err
	}
	for _, content := range known {
		p.seen[string(content)] = true
	}
	for i := len(p.sent) - len(batch); i < len(p.sent); i++ {
		p.sent[i].again = p.seen[p.sent[i].content]
		p.seen[p.sent[i].content] = true
	}
	_, err = p.tx.Exec(ctx, `
		INSERT INTO provider_row (id, file_id, row_number, organisation, content_bix, person_bix, values_sealed, on_day,
		  name_bix, date_of_birth_bix, sex, released_on, answer, reason)
		SELECT id, $2, row_number, $3, content_bix, person_bix, values_sealed, on_day,
		  name_bix, date_of_birth_bix, sex, released_on, 'set_aside', $4
		FROM json_populate_recordset(NULL::provider_row, $1)
		ON CONFLICT ON CONSTRAINT one_row_per_content DO NOTHING`, jsonOf(batch), p.file, p.provider, NotKnown)
	return err
}

func (p *providerImport) contents() pq.ByteaArray {
	contents := make(pq.ByteaArray, len(p.sent))
	for i, r := range p.sent {
		contents[i] = []byte(r.content)
	}
	return contents
}

// judgedRow is what a row came to.
type judgedRow struct {
	Content  []byte     `db:"content_bix"`
	Answer   string     `db:"answer"`
	Reason   string     `db:"reason"`
	ReviewID *uuid.UUID `db:"review_id"`
}

// answer answers the file's rows as they were judged. An accepted row that was known is unchanged.
func (p *providerImport) answer(ctx context.Context) error {
	var judged []judgedRow
	err := p.tx.Select(ctx, &judged, `
		SELECT r.content_bix, r.answer, coalesce(r.reason, '') AS reason, v.id AS review_id
		FROM provider_row r
		LEFT JOIN review v ON v.row_id = r.id AND v.settled_at IS NULL
		WHERE r.organisation = $1
		  AND r.content_bix = ANY ($2)`, p.provider, p.contents())
	if err != nil {
		return err
	}
	byContent := make(map[string]judgedRow, len(judged))
	for _, j := range judged {
		byContent[string(j.Content)] = j
	}
	for _, row := range p.sent {
		j := byContent[row.content]
		if j.Answer == Accepted && j.Reason != "" {
			row.warnings = append(row.warnings, Fault{wholeRow, j.Reason})
		}
		switch {
		case j.Answer == "to_review":
			p.result.Review(row.number, j.ReviewID.String(), j.Reason, row.warnings)
		case j.Answer == "set_aside":
			p.result.PutAside(row.number, j.Reason, row.warnings)
		case row.again:
			p.result.Leave(row.number, row.warnings)
		default:
			p.result.Accept(row.number, row.warnings)
		}
	}
	return nil
}

// linkedOfProviderFile counts the releases that the file's rows picked up, by the tier of the start
// that counts. Late ones count in no figure, and so not here.
func linkedOfProviderFile(ctx context.Context, tx *db.Tx, provider string, contents pq.ByteaArray) (Linked, error) {
	var l Linked
	err := tx.Get(ctx, &l, `
		SELECT
		  count(*) FILTER (WHERE p.rule = 'number') AS number,
		  count(*) FILTER (WHERE p.rule = 'name') AS name,
		  count(*) FILTER (WHERE p.rule = 'attributor') AS attributor
		FROM provider_row r
		JOIN pickup p ON p.provider_row_id = r.id
		WHERE r.organisation = $1
		  AND r.content_bix = ANY ($2)
		  AND p.undone_at IS NULL
		  AND NOT p.late`, provider, contents)
	return l, err
}

// linkedOfPrisonFile counts the releases that the file's rows told of and that a provider's row picked
// up.
func linkedOfPrisonFile(ctx context.Context, tx *db.Tx, releases []uuid.UUID) (Linked, error) {
	var l Linked
	err := tx.Get(ctx, &l, `
		SELECT
		  count(*) FILTER (WHERE p.rule = 'number') AS number,
		  count(*) FILTER (WHERE p.rule = 'name') AS name,
		  count(*) FILTER (WHERE p.rule = 'attributor') AS attributor
		FROM pickup p
		WHERE p.referral_id = ANY ($1)
		  AND p.undone_at IS NULL
		  AND NOT p.late`, pq.Array(releases))
	return l, err
}
