package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/seal"
)

// Tx is one act's transaction, with the keys and the rules that the act needs. Statements are
// prepared once per connection: an unprepared one costs two round trips and a plan each time.
type Tx struct {
	Keys  *seal.Keys
	Rules *config.Config

	tx   *sqlx.Tx
	pool *Pool
	end  context.CancelFunc // frees what the beginning took
}

// ErrUnknown means that the commit was sent and its answer lost: the act may have happened. The
// same request may be sent again; what can be sent again is recorded so that it cannot count twice.
var ErrUnknown = errors.New("the database did not say whether the transaction was committed")

// ErrAway means that the database could not be reached, or ended the connection: nothing was changed.
var ErrAway = errors.New("the database cannot be reached")

// Act runs an act in one transaction: all of it happens, or nothing. An error from the act, or a
// panic, undoes everything.
func (p *Pool) Act(ctx context.Context, scope Scope, act func(*Tx) error) (err error) {
	tx, err := p.begin(ctx, scope)
	if err != nil {
		return err
	}
	defer tx.end()
	defer func() {
		if err != nil {
			tx.tx.Rollback() // its own error would only repeat that the connection is gone
		}
	}()
	defer func() {
		if r := recover(); r != nil {
			tx.tx.Rollback()
			panic(r)
		}
	}()
	if err = act(tx); err != nil {
		return err
	}
	if err = wrap(tx.tx.Commit()); errors.Is(err, ErrAway) {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return err
}

// Try is Act whose work is always undone: it answers what would happen, and stores nothing.
func (p *Pool) Try(ctx context.Context, scope Scope, act func(*Tx) error) error {
	tx, err := p.begin(ctx, scope)
	if err != nil {
		return err
	}
	defer tx.end()
	defer tx.tx.Rollback()
	return act(tx)
}

// awaited is the context's key to whether somebody waits.
type awaited struct{}

// Awaited marks what is done under the context as something that a person or a partner's program waits
// for: where the database has stalled, they are told so within seconds and can try again. Nothing else
// is given up so soon: files, figures and jobs take as long as they take.
func Awaited(ctx context.Context) context.Context { return context.WithValue(ctx, awaited{}, true) }

func (p *Pool) begin(ctx context.Context, scope Scope) (*Tx, error) {
	under := terms{Scope: scope}
	if ctx.Value(awaited{}) != nil && scope.Part != Counting {
		under.awaited = p.awaited
	}
	ctx, end := context.WithCancel(context.WithValue(ctx, underTerms{}, under))
	soon := func() bool { return true }
	if under.awaited > 0 { // all connections may be taken by others who wait
		soon = time.AfterFunc(under.awaited, end).Stop
	}
	begun, err := p.db.BeginTxx(ctx, nil)
	if !soon() {
		err = ErrAway
	}
	if err != nil {
		end()
		return nil, wrap(err)
	}
	return &Tx{Keys: p.Keys, Rules: p.Rules, tx: begun, pool: p, end: end}, nil
}

// As goes on under another scope, to the end of the transaction or the next As. Matching uses it:
// a file is stored by the organisation that sent it, and judged against everybody's people.
func (tx *Tx) As(ctx context.Context, scope Scope) error {
	_, err := tx.Exec(ctx, `SELECT set_config('role', $1, true), set_config('app.org', $2, true)`,
		string(scope.Part), scope.Organisation)
	return err
}

// Get reads one row into dest; ErrNone when there is none.
func (tx *Tx) Get(ctx context.Context, dest any, query string, args ...any) error {
	if s := tx.statement(ctx, query); s != nil {
		return wrap(s.GetContext(ctx, dest, args...))
	}
	return wrap(tx.tx.GetContext(ctx, dest, query, args...))
}

// Select reads all rows into dest, a pointer to a slice.
func (tx *Tx) Select(ctx context.Context, dest any, query string, args ...any) error {
	if s := tx.statement(ctx, query); s != nil {
		return wrap(s.SelectContext(ctx, dest, args...))
	}
	return wrap(tx.tx.SelectContext(ctx, dest, query, args...))
}

// Exec runs a statement and says how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	var result sql.Result
	var err error
	if s := tx.statement(ctx, query); s != nil {
		result, err = s.ExecContext(ctx, args...)
	} else {
		result, err = tx.tx.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, wrap(err)
	}
	return result.RowsAffected()
}

// Each calls one with every row, without holding them all. The statement is not prepared, but planned for these values.
func (tx *Tx) Each(ctx context.Context, query string, one func(*sqlx.Rows) error, args ...any) error {
	rows, err := tx.tx.QueryxContext(ctx, query, args...)
	return each(rows, err, one)
}

// EachOften is Each of a statement that is asked so often that it is prepared, as those of Get and Select are.
func (tx *Tx) EachOften(ctx context.Context, query string, one func(*sqlx.Rows) error, args ...any) error {
	s := tx.statement(ctx, query)
	if s == nil {
		return tx.Each(ctx, query, one, args...)
	}
	rows, err := s.QueryxContext(ctx, args...)
	return each(rows, err, one)
}

func each(rows *sqlx.Rows, err error, one func(*sqlx.Rows) error) error {
	if err != nil {
		return wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := one(rows); err != nil {
			return err
		}
	}
	return wrap(rows.Err())
}

// Copy fills a table from rows by COPY, for files of many thousand rows.
func (tx *Tx) Copy(ctx context.Context, table string, columns []string, rows func(yield func(...any) error) error) error {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = pq.QuoteIdentifier(c)
	}
	s, err := tx.tx.PreparexContext(ctx, "COPY "+pq.QuoteIdentifier(table)+" ("+strings.Join(quoted, ", ")+") FROM STDIN")
	if err != nil {
		return wrap(err)
	}
	err = rows(func(values ...any) error {
		_, err := s.ExecContext(ctx, values...)
		return wrap(err)
	})
	if err == nil {
		_, err = s.ExecContext(ctx)
	}
	return wrap(errors.Join(err, s.Close()))
}

// statement is the prepared form of a query on this transaction's connection. The second use of a
// text still runs unprepared, and prepares it in the background: preparing here would take a second
// connection while holding one, and a full pool would wait for itself. What is used once, as when a
// server starts, is not worth a connection. A pool that is closed meanwhile lets the preparing fail,
// and nobody needs it then.
func (tx *Tx) statement(ctx context.Context, query string) *sqlx.Stmt {
	if s, ok := tx.pool.prepared.Load(query); ok {
		return tx.tx.StmtxContext(ctx, s.(*sqlx.Stmt))
	}
	uses, _ := tx.pool.unprepared.LoadOrStore(query, new(atomic.Int64))
	if uses.(*atomic.Int64).Add(1) == 2 {
		go func() {
			if s, err := tx.pool.db.Preparex(query); err == nil {
				tx.pool.prepared.Store(query, s)
			}
		}()
	}
	return nil
}

// ErrNone means that there was no such row.
var ErrNone = errors.New("no such row")

// Refusal is what PostgreSQL refused, without the row's values that its own message would carry.
type Refusal struct{ State, Constraint, Table string }

func (r *Refusal) Error() string {
	return fmt.Sprintf("PostgreSQL refused: SQLSTATE %s, constraint %q, table %q", r.State, r.Constraint, r.Table)
}

// Broke says whether err is the breaking of the named constraint.
func Broke(err error, constraint string) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Constraint == constraint
}

// Waited says whether err is a lock that did not come free in time.
func Waited(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.State == "55P03"
}

// Clashed says whether two transactions stood in each other's way, so that trying again may help.
func Clashed(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && (r.State == "40P01" || r.State == "40001")
}

func wrap(err error) error {
	var refused *pq.Error
	var lost *net.OpError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNone
	case errors.As(err, &refused):
		if class := refused.Code.Class(); class == "08" || class == "57" && refused.Code != "57014" || class == "53" {
			return fmt.Errorf("%w: SQLSTATE %s", ErrAway, refused.Code)
		}
		return &Refusal{string(refused.Code), refused.Constraint, refused.Table}
	case errors.Is(err, driver.ErrBadConn), errors.As(err, &lost), errors.Is(err, sql.ErrConnDone), isTimeout(err):
		return ErrAway
	}
	return err
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout() && !errors.Is(err, context.DeadlineExceeded)
}
