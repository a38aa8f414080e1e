package db

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// dialer gives every read and write on the link a deadline.
type dialer struct{}

func (dialer) Dial(network, address string) (net.Conn, error) {
	return dialer{}.DialTimeout(network, address, connectTimeout)
}

func (dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	conn, err := net.DialTimeout(network, address, timeout)
	if err != nil {
		return nil, err
	}
	return newLink(conn), nil
}

func (dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l := newLink(conn)
	if dialled, asked := ctx.Value(dialling{}).(**link); asked {
		*dialled = l
	}
	return l, nil
}

// dialling is the context's key to where whoever connects wants the link.
type dialling struct{}

// link is the line to PostgreSQL. What does not come in time breaks it: the server has stalled, or the
// network between.
type link struct {
	net.Conn
	wait atomic.Int64 // how long for one read or write, as a time.Duration
}

// newLink waits as long as connecting may take, greeting and password included.
func newLink(conn net.Conn) *link {
	l := &link{Conn: conn}
	l.waits(connectTimeout)
	return l
}

func (l *link) waits(most time.Duration) { l.wait.Store(int64(most)) }

func (l *link) until() time.Time { return time.Now().Add(time.Duration(l.wait.Load())) }

func (l *link) Read(b []byte) (int, error) {
	if err := l.SetReadDeadline(l.until()); err != nil {
		return 0, err
	}
	return l.Conn.Read(b)
}

func (l *link) Write(b []byte) (int, error) {
	if err := l.SetWriteDeadline(l.until()); err != nil {
		return 0, err
	}
	return l.Conn.Write(b)
}
