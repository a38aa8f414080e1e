package cluster

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"path/filepath"
	"syscall"
	"time"
)

// watchEvery is how long a server that has ended is missed at most before it is started again.
const watchEvery = time.Second

// Watch starts the server again whenever it has ended, until the context does: it is private, so nobody else would. told
// hears of each time, with what kept it from starting, or nil. Stop must wait until Watch has returned.
func (c *Cluster) Watch(ctx context.Context, told func(error)) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if c.ended() {
			told(c.revive())
		}
	}
}

// ended says whether nobody listens any more. A server that is busy, or recovers by itself, does.
func (c *Cluster) ended() bool {
	conn, err := net.Dial("unix", filepath.Join(c.socket, ".s.PGSQL.5432"))
	if err == nil {
		conn.Close()
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}

// revive starts the server unless another process that uses it has just done so.
func (c *Cluster) revive() error {
	gate, err := lock(filepath.Join(c.home, "start.lock"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer gate.Close()
	return errors.Join(c.makeSocketDir(), c.startServer())
}
