package reconcile

import (
	"context"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// chunkRows are read, judged and stored together: memory stays flat whatever the file's size, and no
// statement comes near its limit of time.
const chunkRows = 2000

// ImportPrisonReleases takes in a prison's file: every row is answered, all of it is stored or
// nothing, and every provider's row is judged again on what is known then. A file that cannot be
// understood is an *problem.Invalid with the reason.
func ImportPrisonReleases(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, prison, filename string, content []byte, o Options) (result *Result, err error) {
	if err := mayImport(who, staff.Prison, prison); err != nil {
		return nil, err
	}
	sheet, err := ReadSheet(filename, content, PrisonReleases())
	if err != nil {
		return nil, err
	}
	err = inTurn(ctx, pool, o.DryRun, func(tx *db.Tx) error {
		result, err = importPrison(ctx, tx, who, now, prison, sheet, content, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// mayImport: a file is its organisation's own.
func mayImport(who staff.Who, role staff.Role, organisation string) error {
	if err := who.Must(role); err != nil {
		return err
	}
	if who.Organisation() != organisation {
		return &problem.Forbidden{Message: "This file would be another organisation's: import only your own."}
	}
	return nil
}

func importPrison(ctx context.Context, tx *db.Tx, who staff.Who, now time.Time, prison string, s *Sheet, content []byte, o Options) (*Result, error) {
	in := intakeOf(tx, now, prison)
	justCounts, err := standAgain(ctx, tx, who, in)
	if err != nil {
		return nil, err
	}
	file, err := receive(ctx, tx, who, now, prisonReleases, prison, s, content, o)
	if err != nil {
		return nil, err
	}
	p := &prisonImport{intake: in, tx: tx, who: who, file: file, justCounts: justCounts, result: NewResult(s, sumOf(content))}
	if err := p.rows(ctx, s, o); err != nil {
		return nil, err
	}
	if err := judgeAll(ctx, tx, now); err != nil {
		return nil, err
	}
	if p.result.Linked, err = linkedOfPrisonFile(ctx, tx, p.told); err != nil {
		return nil, err
	}
	return p.result, answered(ctx, tx, who, now, file, p.result)
}

func intakeOf(tx *db.Tx, now time.Time, prison string) intake {
	return intake{prison: prison, provider: tx.Rules.Providers[0].Code, datCodes: tx.Rules.Partnership.DATCodes,
		words: tx.Rules.Vocabulary, today: day.Of(now), now: now}
}

// prisonImport is one import of one prison's file.
type prisonImport struct {
	intake
	tx     *db.Tx
	who    staff.Who
	file   uuid.UUID
	result *Result

	justCounts map[uuid.UUID]bool // releases that count since the settings changed
	told       []uuid.UUID        // releases that the file's rows are about
}

// asked is a row that was understood, with what was left out of it.
type asked struct {
	PrisonRow
	warnings []Fault
	content  string // its blind index
}

func (p *prisonImport) rows(ctx context.Context, s *Sheet, o Options) error {
	var batch []asked
	done := 0
	for row, err := range s.Each() {
		if err != nil {
			return err
		}
		done++
		read, findings := ReadPrisonRow(row, p.words, p.today)
		if len(findings.Refused) > 0 {
			p.result.Refuse(row.Number, findings.Refused)
			continue
		}
		batch = append(batch, asked{read, findings.Warnings, p.blind(read)})
		if len(batch) == chunkRows {
			if err := p.chunk(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
			o.progress(done, s.Rows)
		}
	}
	err := p.chunk(ctx, batch)
	o.progress(s.Rows, s.Rows)
	return err
}

// blind is the row's content as it is known again. The same row from another prison is another word:
// it says that the person is there now.
func (p *prisonImport) blind(row PrisonRow) string {
	return string(p.tx.Keys.Blind("prison_row", p.prison+"\x00"+string(row.Canonical())))
}

func (p *prisonImport) chunk(ctx context.Context, batch []asked) error {
	if len(batch) == 0 {
		return nil
	}
	c, err := p.know(ctx, batch)
	if err != nil {
		return err
	}
	for _, row := range batch {
		if err := c.answer(row); err != nil {
			return err
		}
	}
	return c.store(ctx)
}
