// Package db is the way to PostgreSQL: a pool that never waits for ever, and one helper through
// which every statement runs inside a transaction, as one of the database's parts.
package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"throughgate/config"
	"throughgate/internal/seal"
)

// Part is the database role that a transaction takes; see sql/migrations/00001_ground.sql.
type Part string

const (
	Acts     Part = "throughgate_acts"
	Counting Part = "throughgate_counting"
	Jobs     Part = "throughgate_jobs"
)

// Scope is as whom a transaction works. Acts needs an organisation; the others look across them.
type Scope struct {
	Part         Part
	Organisation string
}

// Limits on waiting. A statement ends well before the connection's own deadline, so that the
// deadline strikes only when the link has stalled, which lib/pq by itself would wait out for ever.
// A lock is given up before its statement is, and so told apart.
const (
	connectTimeout   = 2 * time.Second
	statementTimeout = 15 * time.Second
	lockTimeout      = 5 * time.Second
	idleTimeout      = 30 * time.Second
	linkTimeout      = 20 * time.Second
	awaitedTimeout   = 6 * time.Second // of a statement whose answer somebody waits for; see Awaited
)

// Pool is the open database with what acts need beside it: the keys to sealed fields and the rules
// in force. Without keys (Options.Master is zero) nothing sealed can be read or written.
type Pool struct {
	Keys  *seal.Keys
	Rules *config.Config

	db         *sqlx.DB
	awaited    time.Duration
	prepared   sync.Map // statement text -> *sqlx.Stmt
	unprepared sync.Map // statement text -> how often it was used so, *atomic.Int64
}

// Options say which database to open and with what.
type Options struct {
	DSN            string
	Master         seal.Master
	Rules          *config.Config
	MaxConnections int           // 0 is 24
	Awaited        time.Duration // how long an awaited statement may take; 0 is 6 seconds
}

// Open connects, and unwraps the keysets (making them the first time).
func Open(ctx context.Context, o Options) (*Pool, error) {
	pool, err := connect(o)
	if err != nil {
		return nil, err
	}
	if err := pool.db.PingContext(ctx); err != nil {
		return nil, errors.Join(wrap(err), pool.Close())
	}
	if !o.Master.Zero() {
		if pool.Keys, err = pool.keys(ctx, o.Master); err != nil {
			return nil, errors.Join(err, pool.Close())
		}
	}
	return pool, nil
}

func connect(o Options) (*Pool, error) {
	connector, err := pq.NewConnector(withTimeouts(o.DSN))
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a PostgreSQL address such as postgres://user@host/name") // its text may hold a password
	}
	connector.Dialer(dialer{})
	most := o.MaxConnections
	if most == 0 {
		most = 24 // fewer share each write to the disk less, more get in each other's way (docs/performance.md)
	}
	handle := sqlx.NewDb(sql.OpenDB(scoped{connector}), "postgres")
	handle.SetMaxOpenConns(most)
	handle.SetMaxIdleConns(most)
	handle.SetConnMaxIdleTime(10 * time.Minute)
	return &Pool{db: handle, Rules: o.Rules, awaited: cmp.Or(o.Awaited, awaitedTimeout)}, nil
}

// withTimeouts adds the server's own limits to an address; they hold from the first statement on.
func withTimeouts(dsn string) string {
	limits := map[string]string{
		"connect_timeout":                     fmt.Sprint(int(connectTimeout.Seconds())),
		"statement_timeout":                   fmt.Sprint(statementTimeout.Milliseconds()),
		"lock_timeout":                        fmt.Sprint(lockTimeout.Milliseconds()),
		"idle_in_transaction_session_timeout": fmt.Sprint(idleTimeout.Milliseconds()),
		"timezone":                            "UTC",
	}
	isURL := strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
	for name, value := range limits {
		switch {
		case strings.Contains(dsn, name+"="):
		case isURL && strings.Contains(dsn, "?"):
			dsn += "&" + name + "=" + value
		case isURL:
			dsn += "?" + name + "=" + value
		default:
			dsn += " " + name + "=" + value
		}
	}
	return dsn
}

// Close ends all connections.
func (p *Pool) Close() error { return p.db.Close() }

// Ping asks whether the database answers.
func (p *Pool) Ping(ctx context.Context) error { return wrap(p.db.PingContext(ctx)) }

// keys reads the wrapped keysets, or makes them; of several first starts one wins and all read its.
func (p *Pool) keys(ctx context.Context, master seal.Master) (keys *seal.Keys, err error) {
	err = p.Act(ctx, Scope{Part: Jobs}, func(tx *Tx) error {
		fresh, err := seal.Generate(master)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO keyset (name, wrapped, made_at)
			VALUES ('aead', $1, now()), ('prf', $2, now())
			ON CONFLICT (name) DO NOTHING`, fresh.AEAD, fresh.PRF); err != nil {
			return err
		}
		var kept seal.Wrapped
		if err := tx.Get(ctx, &kept.AEAD, `SELECT wrapped FROM keyset WHERE name = 'aead'`); err != nil {
			return err
		}
		if err := tx.Get(ctx, &kept.PRF, `SELECT wrapped FROM keyset WHERE name = 'prf'`); err != nil {
			return err
		}
		keys, err = seal.Open(master, kept)
		return err
	})
	return keys, err
}
