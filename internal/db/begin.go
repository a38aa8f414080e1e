package db

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/lib/pq"
)

// scoped makes connections whose transactions begin under their scope: BEGIN and the scope travel in one message.
// Accepting a referral is a dozen messages, and each costs the processor more than most of the statements do.
type scoped struct{ driver.Connector }

func (s scoped) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := c.(connection)
	if !ok {
		return nil, errors.Join(errors.New("lib/pq's connection is not what it was"), c.Close())
	}
	return scopedConnection{whole}, nil
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

type scopedConnection struct{ connection }

// underScope is the context's key to the scope that a transaction begins under.
type underScope struct{}

func (c scopedConnection) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	scope, ok := ctx.Value(underScope{}).(Scope)
	if !ok {
		return c.connection.BeginTx(ctx, o)
	}
	begin := "BEGIN; "
	if scope.Part == Counting { // the figures of one report, made by several statements, come from one snapshot
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; "
	}
	_, err := c.ExecContext(ctx, begin+"SELECT set_config('role', "+pq.QuoteLiteral(string(scope.Part))+", true), "+
		"set_config('app.org', "+pq.QuoteLiteral(scope.Organisation)+", true)", nil)
	if refused := (*pq.Error)(nil); errors.As(err, &refused) {
		return nil, errors.Join(err, c.Rollback())
	}
	return c.connection, err
}
