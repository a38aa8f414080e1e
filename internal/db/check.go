package db

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// clockMayDiffer is how far the database's clock may be from ours.
const clockMayDiffer = 5 * time.Second

// Unsafe is every setting of the database with which an answer of success could be untrue or text
// be mangled, each with how to mend it; none when all is well.
func (p *Pool) Unsafe(ctx context.Context, now time.Time) (faults []string, err error) {
	err = p.Act(ctx, Scope{Part: Jobs}, func(tx *Tx) error {
		var is struct {
			Fsync, FullPageWrites, SynchronousCommit, Encoding string
			Now                                                time.Time
		}
		if err := tx.Get(ctx, &is, `
			SELECT current_setting('fsync') AS fsync,
			       current_setting('full_page_writes') AS fullpagewrites,
			       current_setting('synchronous_commit') AS synchronouscommit,
			       current_setting('server_encoding') AS encoding,
			       clock_timestamp() AS now`); err != nil {
			return err
		}
		for name, value := range map[string]string{"fsync": is.Fsync, "full_page_writes": is.FullPageWrites, "synchronous_commit": is.SynchronousCommit} {
			if value == "off" {
				faults = append(faults, fmt.Sprintf("PostgreSQL's setting %s is off, so that what was answered could be lost: set it to on", name))
			}
		}
		if is.Encoding != "UTF8" {
			faults = append(faults, "the database's encoding is "+is.Encoding+": make a database with encoding UTF8")
		}
		if off := is.Now.Sub(now).Abs(); off > clockMayDiffer {
			faults = append(faults, fmt.Sprintf("this machine's clock and the database's differ by %s: set them by the same time server", off.Round(time.Second)))
		}
		return nil
	})
	return faults, err
}

// SafeAddress refuses a database address over which data would travel unprotected: only a unix
// socket, or TLS that checks the server's name, will do.
func SafeAddress(dsn string) error {
	if u, err := url.Parse(dsn); err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") {
		if host := u.Query().Get("host"); u.Hostname() == "" && strings.HasPrefix(host, "/") || strings.HasPrefix(u.Hostname(), "/") {
			return nil
		}
		if u.Query().Get("sslmode") == "verify-full" {
			return nil
		}
	} else if strings.Contains(dsn, "sslmode=verify-full") || strings.Contains(dsn, "host=/") || strings.Contains(dsn, "host='/") {
		return nil
	}
	return errors.New("the database may be reached only through a unix socket (host=/folder) or over TLS with sslmode=verify-full: change DATABASE_URL")
}
