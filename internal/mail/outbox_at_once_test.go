package mail_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"throughgate/internal/mail"
	"throughgate/internal/mail/mailtest"
	"throughgate/internal/testdb"
)

// Two servers, and a mail server so slow that the second asks while the first one's message is on
// its way. Without the claim the second would send it too.
func TestTwoServersSendOnce(t *testing.T) {
	d := testdb.New(t)
	first, second := open(t, d), open(t, d)
	reached, release := make(chan struct{}), make(chan struct{})
	s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, _ string) error {
		if stage == mailtest.Dot {
			reached <- struct{}{}
			<-release
		}
		return nil
	}})
	server := settings(t, s, mail.None)
	queue(t, first, "ann@harbour.example")
	done := make(chan mail.Tally)
	go func() {
		tally, err := mail.DeliverDue(t.Context(), first, server, at(monday))
		if err != nil {
			t.Error(err)
		}
		done <- tally
	}()
	<-reached
	if got := deliver(t, second, server, monday.Add(time.Minute)); len(got) != 0 {
		t.Errorf("the second server sent: %v", got)
	}
	close(release)
	if got := <-done; got[mail.Sent] != 1 {
		t.Errorf("the first server: %v", got)
	}
	if got := received(s); len(got) != 1 {
		t.Errorf("received: %v", got)
	}
}

func TestThreeServersSendEachOnce(t *testing.T) {
	d := testdb.New(t)
	s := start(t, mailtest.Options{})
	server := settings(t, s, mail.None)
	var addresses []string
	for i := range 30 {
		addresses = append(addresses, fmt.Sprintf("reader%02d@harbour.example", i))
	}
	queue(t, open(t, d), addresses...)
	var sent atomic.Int64
	done := make(chan error)
	for range 3 {
		pool := open(t, d)
		go func() {
			tally, err := mail.DeliverDue(t.Context(), pool, server, at(monday))
			sent.Add(int64(tally[mail.Sent]))
			done <- err
		}()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := received(s); sent.Load() != 30 || !slices.Equal(got, addresses) {
		t.Errorf("%d sent, received %v", sent.Load(), got)
	}
}

// The program dies (its database connections with it) at each stage of an attempt. What happens
// after its lease: sent once where nothing can have gone out, uncertain where it can.
func TestProgramDiesInAnAttempt(t *testing.T) {
	for _, c := range []struct {
		dies  mailtest.Stage
		left  string // when the attempt is over
		kept  int    // messages in the mailbox by then
		after string // when a server looked after the lease
		log   []string
	}{
		{mailtest.Rcpt, "sending 1 -", 0, "sent 2 250 2.0.0 OK: queued",
			[]string{"1 0s - -", "2 10m0s sent 250 2.0.0 OK: queued"}},
		{mailtest.Data, "sending 1 -", 0, "sent 2 250 2.0.0 OK: queued",
			[]string{"1 0s - -", "2 10m0s sent 250 2.0.0 OK: queued"}},
		{mailtest.Dot, "dot_committed 1 -", 1, "uncertain 1 the program ended before the answer came",
			[]string{"1 0s uncertain the program ended before the answer came"}},
		{mailtest.Accepted, "dot_committed 1 -", 1, "uncertain 1 the program ended before the answer came",
			[]string{"1 0s uncertain the program ended before the answer came"}},
	} {
		t.Run(string(c.dies), func(t *testing.T) {
			d := testdb.New(t)
			dying, living := open(t, d), open(t, d)
			var died atomic.Bool
			s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, _ string) error {
				if stage == c.dies && died.CompareAndSwap(false, true) {
					dying.Close()
				}
				return nil
			}})
			server := settings(t, s, mail.None)
			id := queue(t, living, "ann@harbour.example")[0]
			if _, err := mail.DeliverDue(t.Context(), dying, server, at(monday)); err == nil {
				t.Error("no error from a program without a database")
			}
			if got := row(t, living, id); got != c.left {
				t.Errorf("left behind: %s, want %s", got, c.left)
			}
			if got := len(s.Messages()); got != c.kept {
				t.Errorf("%d messages, want %d", got, c.kept)
			}
			deliver(t, living, server, monday.Add(9*time.Minute))
			if got := row(t, living, id); got != c.left {
				t.Errorf("within the lease: %s, want %s", got, c.left)
			}
			deliver(t, living, server, monday.Add(10*time.Minute))
			if got := row(t, living, id); got != c.after {
				t.Errorf("after the lease: %s, want %s", got, c.after)
			}
			if got := attempts(t, living, id); !slices.Equal(got, c.log) {
				t.Errorf("log %v, want %v", got, c.log)
			}
			if got := len(s.Messages()); got != 1 {
				t.Errorf("%d messages at the end, want 1", got)
			}
		})
	}
}

// An attempt outlives its lease: whoever took the message over sends it, and the late one stops.
func TestLateAttemptIsStoppedByTheFence(t *testing.T) {
	d := testdb.New(t)
	late, living := open(t, d), open(t, d)
	reached, release := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, _ string) error {
		if stage == mailtest.Rcpt && first.CompareAndSwap(false, true) {
			close(reached)
			<-release
		}
		return nil
	}})
	server := settings(t, s, mail.None)
	id := queue(t, living, "ann@harbour.example")[0]
	done := make(chan mail.Tally)
	go func() {
		tally, err := mail.DeliverDue(t.Context(), late, server, at(monday))
		if err != nil {
			t.Error(err)
		}
		done <- tally
	}()
	<-reached
	if got := deliver(t, living, server, monday.Add(10*time.Minute)); got[mail.Sent] != 1 {
		t.Errorf("after the lease: %v", got)
	}
	close(release)
	if got := <-done; got[mail.Abandoned] != 1 {
		t.Errorf("the late attempt: %v", got)
	}
	if got := row(t, living, id); got != "sent 2 250 2.0.0 OK: queued" || len(s.Messages()) != 1 {
		t.Errorf("%s, %d messages", got, len(s.Messages()))
	}
}
