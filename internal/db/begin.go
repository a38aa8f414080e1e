package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// scoped makes connections whose transactions begin under their scope: BEGIN and the scope travel in one message.
// Accepting a referral is a dozen messages, and each costs the processor more than most of the statements do.
type scoped struct{ driver.Connector }

func (s scoped) Connect(ctx context.Context) (driver.Conn, error) {
	var line *link
	c, err := s.Connector.Connect(context.WithValue(ctx, dialling{}, &line))
	if err != nil {
		return nil, err
	}
	whole, ok := c.(connection)
	if !ok || line == nil {
		return nil, errors.Join(errors.New("lib/pq's connection is not what it was"), c.Close())
	}
	line.waits(linkTimeout)
	return scopedConnection{whole, line}, nil
}

// connection is all that lib/pq's can do, and database/sql looks for. It is its own transaction.
type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Tx
	driver.Validator
}

type scopedConnection struct {
	connection
	line *link
}

// underTerms is the context's key to the terms that a transaction begins under.
type underTerms struct{}

type terms struct {
	Scope
	awaited time.Duration // how long a statement may take; 0 is as long as any may
}

func (c scopedConnection) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	t, ok := ctx.Value(underTerms{}).(terms)
	if !ok {
		return c.connection.BeginTx(ctx, o)
	}
	c.line.waits(linkTimeout)
	begin := "BEGIN; "
	if t.Part == Counting { // the figures of one report, made by several statements, come from one snapshot
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; "
	}
	begin += "SELECT set_config('role', " + pq.QuoteLiteral(string(t.Part)) + ", true), " +
		"set_config('app.org', " + pq.QuoteLiteral(t.Organisation) + ", true)"
	if t.awaited > 0 {
		begin += fmt.Sprintf(", set_config('statement_timeout', '%d', true)", t.awaited.Milliseconds())
		c.line.waits(t.awaited + time.Second)
	}
	_, err := c.ExecContext(ctx, begin, nil)
	if refused := (*pq.Error)(nil); errors.As(err, &refused) {
		return nil, errors.Join(err, c.Rollback())
	}
	return c.connection, err
}
