package mail_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/mail/mailtest"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

var (
	monday  = time.Date(2024, 1, 8, 7, 0, 0, 0, time.UTC)
	console = staff.Who{By: audit.By{Organisation: "ADMIN", Actor: "console:root", Via: "console"}, Role: staff.Admin}
	jobs    = db.Scope{Part: db.Jobs}
)

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

// open is one server's pool, with the rules that all tests here share.
func open(t *testing.T, d *testdb.DB) *db.Pool {
	t.Helper()
	pool := d.Pool(t)
	pool.Rules.Mail.From = "Throughgate <reports@harbour.example>"
	pool.Rules.Mail.AllowedDomains = []string{"harbour.example"}
	pool.Rules.Server.PublicURL = "https://throughgate.example"
	return pool
}

func act(t *testing.T, pool *db.Pool, do func(*db.Tx) error) {
	t.Helper()
	if err := pool.Act(t.Context(), jobs, do); err != nil {
		t.Fatal(err)
	}
}

// queue puts one message for each address into the outbox, and says its id.
func queue(t *testing.T, pool *db.Pool, addresses ...string) (ids []uuid.UUID) {
	t.Helper()
	act(t, pool, func(tx *db.Tx) error {
		for _, address := range addresses {
			r, err := mail.AddRecipient(t.Context(), tx, console, monday, "Reader", address, true)
			if err != nil {
				return err
			}
			id, err := mail.Queue(t.Context(), tx, monday, reportTo(r))
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	return ids
}

func reportTo(r mail.Recipient) mail.Outgoing {
	return mail.Outgoing{Purpose: mail.ForReport, Recipient: r,
		Letter: mail.Letter{Subject: "Weekly report", Text: "44%", HTML: "<p>44%</p>"}}
}

func deliver(t *testing.T, pool *db.Pool, server mail.Server, now time.Time) mail.Tally {
	t.Helper()
	tally, err := mail.DeliverDue(t.Context(), pool, server, at(now))
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

// row is where a message stands, in a word: its state, its attempt and what was last answered.
func row(t *testing.T, pool *db.Pool, id uuid.UUID) (s string) {
	t.Helper()
	act(t, pool, func(tx *db.Tx) error {
		return tx.Get(t.Context(), &s, `
			SELECT concat_ws(' ', state, attempt, coalesce(last_answer, '-'))
			FROM message
			WHERE id = $1`, id)
	})
	return s
}

// attempts is the log of a message's attempts.
func attempts(t *testing.T, pool *db.Pool, id uuid.UUID) (log []string) {
	t.Helper()
	act(t, pool, func(tx *db.Tx) error {
		list, err := mail.AttemptsOf(t.Context(), tx, id)
		for _, a := range list {
			outcome, answer := mail.Kind("-"), "-"
			if a.Outcome != nil {
				outcome, answer = *a.Outcome, *a.Answer
			}
			log = append(log, fmt.Sprintf("%d %s %s %s", a.Attempt, a.BeganAt.Sub(monday), outcome, answer))
		}
		return err
	})
	return log
}

func received(s *mailtest.Server) (to []string) {
	for _, m := range s.Messages() {
		to = append(to, m.To...)
	}
	slices.Sort(to)
	return to
}

func TestDeliverDue(t *testing.T) {
	pool := open(t, testdb.New(t))
	s := start(t, mailtest.Options{TLS: mailtest.STARTTLS})
	server := settings(t, s, mail.STARTTLS)
	ids := queue(t, pool, "ann@harbour.example", "bob@harbour.example")

	if got := deliver(t, pool, server, monday.Add(-time.Second)); len(got) != 0 {
		t.Errorf("before it was due: %v", got)
	}
	if got := deliver(t, pool, server, monday); got[mail.Sent] != 2 {
		t.Errorf("got %v", got)
	}
	if got := deliver(t, pool, server, monday.Add(time.Hour)); len(got) != 0 {
		t.Errorf("sent again: %v", got)
	}
	if got := received(s); !slices.Equal(got, []string{"ann@harbour.example", "bob@harbour.example"}) {
		t.Errorf("received: %v", got)
	}
	if got := row(t, pool, ids[0]); got != "sent 1 250 2.0.0 OK: queued" {
		t.Errorf("row: %s", got)
	}
	if got := attempts(t, pool, ids[0]); !slices.Equal(got, []string{"1 0s sent 250 2.0.0 OK: queued"}) {
		t.Errorf("log: %v", got)
	}
	opened, err := s.Messages()[0].Open()
	if err != nil || !strings.HasPrefix(opened.Header.Get("List-Unsubscribe"), "<https://throughgate.example/report/leave/") {
		t.Errorf("how to leave: %q, %v", opened.Header.Get("List-Unsubscribe"), err)
	}
}

// One recipient is refused for good, one for now, and one's mailbox hangs: the fourth has the
// report before the third is answered.
func TestOneBadRecipientHoldsUpNobody(t *testing.T) {
	pool := open(t, testdb.New(t))
	release := make(chan struct{})
	s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, address string) error {
		switch {
		case stage != mailtest.Rcpt:
		case strings.HasPrefix(address, "gone@"):
			return mailtest.Reply(550, "unknown <"+address+">")
		case strings.HasPrefix(address, "full@"):
			return mailtest.Reply(452, "mailbox full")
		case strings.HasPrefix(address, "hangs@"):
			<-release
		}
		return nil
	}})
	ids := queue(t, pool, "hangs@harbour.example", "gone@harbour.example", "full@harbour.example", "well@harbour.example")
	done := make(chan mail.Tally)
	go func() {
		tally, err := mail.DeliverDue(t.Context(), pool, settings(t, s, mail.None), at(monday))
		if err != nil {
			t.Error(err)
		}
		done <- tally
	}()
	messages, err := s.Wait(t.Context(), 1)
	if err != nil || messages[0].To[0] != "well@harbour.example" {
		t.Errorf("first received: %v, %v", messages, err)
	}
	close(release)
	if got := <-done; got[mail.Sent] != 2 || got[mail.Failed] != 1 || got[mail.Retry] != 1 {
		t.Errorf("got %v", got)
	}
	if got := row(t, pool, ids[1]); got != "failed 1 550 unknown <[address]>" {
		t.Errorf("row: %s", got)
	}
	if got := row(t, pool, ids[2]); got != "queued 1 452 mailbox full" {
		t.Errorf("row: %s", got)
	}
}

func TestLostAnswerIsUncertainUntilAPersonDecides(t *testing.T) {
	pool := open(t, testdb.New(t))
	var dropped atomic.Bool
	s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, _ string) error {
		if stage == mailtest.Accepted && dropped.CompareAndSwap(false, true) {
			return mailtest.ErrDrop
		}
		return nil
	}})
	server := settings(t, s, mail.None)
	id := queue(t, pool, "ann@harbour.example")[0]
	deliver(t, pool, server, monday)
	deliver(t, pool, server, monday.Add(72*time.Hour))
	if got := row(t, pool, id); got != "uncertain 1 the server closed the connection" || len(s.Messages()) != 1 {
		t.Fatalf("%s, %d messages", got, len(s.Messages()))
	}
	again := func(tx *db.Tx) error {
		return mail.SendAgain(t.Context(), tx, console, monday.Add(73*time.Hour), id)
	}
	act(t, pool, again)
	deliver(t, pool, server, monday.Add(73*time.Hour))
	messages := s.Messages()
	if got := row(t, pool, id); got != "sent 2 250 2.0.0 OK: queued" || len(messages) != 2 {
		t.Fatalf("%s, %d messages", got, len(messages))
	}
	if string(messages[0].Raw) != string(messages[1].Raw) {
		t.Error("the second sending has other bytes, perhaps another Message-ID")
	}
	var conflict *problem.Conflict
	if err := pool.Act(t.Context(), jobs, again); !errors.As(err, &conflict) {
		t.Errorf("a sent message was put back: %v", err)
	}
}

// A server that says "not now" for ever: the gaps grow, and within 48 hours it is over.
func TestRetriesGrowApartAndEnd(t *testing.T) {
	pool := open(t, testdb.New(t))
	s := start(t, mailtest.Options{Answer: func(stage mailtest.Stage, _ string) error {
		if stage == mailtest.Rcpt {
			return mailtest.Reply(451, "not now")
		}
		return nil
	}})
	server := settings(t, s, mail.None)
	id := queue(t, pool, "ann@harbour.example")[0]
	var tried []time.Duration
	for range 20 {
		var next time.Time
		act(t, pool, func(tx *db.Tx) error {
			return tx.Get(t.Context(), &next, `SELECT next_try_at FROM message WHERE id = $1`, id)
		})
		if got := deliver(t, pool, server, next.Add(-time.Second)); len(got) != 0 {
			t.Errorf("tried before its time: %v", got)
		}
		if got := deliver(t, pool, server, next); len(got) == 0 {
			break // it is over
		}
		tried = append(tried, next.Sub(monday))
	}
	m, h := time.Minute, time.Hour
	want := []time.Duration{0, m, 6 * m, 21 * m, 51 * m, h + 51*m, 3*h + 51*m, 7*h + 51*m, 15*h + 51*m, 27*h + 51*m, 45*h + 51*m}
	if !slices.Equal(tried, want) {
		t.Errorf("tried at %v, want %v", tried, want)
	}
	if got := row(t, pool, id); got != "failed 11 451 not now" {
		t.Errorf("row: %s", got)
	}
}

// Nothing ran for two days after the first attempt: it is too late for another.
func TestRetryAfter48HoursIsTheLast(t *testing.T) {
	pool := open(t, testdb.New(t))
	s := start(t, mailtest.Options{Answer: func(mailtest.Stage, string) error { return mailtest.Reply(451, "not now") }})
	server := settings(t, s, mail.None)
	id := queue(t, pool, "ann@harbour.example")[0]
	deliver(t, pool, server, monday)
	deliver(t, pool, server, monday.Add(48*time.Hour))
	if got := row(t, pool, id); got != "failed 2 451 not now" {
		t.Errorf("row: %s", got)
	}
}

func TestUnreachableServerKeepsTheQueue(t *testing.T) {
	pool := open(t, testdb.New(t))
	s := start(t, mailtest.Options{})
	server := settings(t, s, mail.None)
	s.Close()
	id := queue(t, pool, "ann@harbour.example")[0]
	deliver(t, pool, server, monday)
	if got := row(t, pool, id); !strings.HasPrefix(got, "queued 1 connection failed") {
		t.Errorf("row: %s", got)
	}
}

func TestWrongSettingsTouchNothing(t *testing.T) {
	pool := open(t, testdb.New(t))
	id := queue(t, pool, "ann@harbour.example")[0]
	if _, err := mail.DeliverDue(t.Context(), pool, mail.Server{Address: "mail.example:25", TLS: mail.None}, at(monday)); err == nil {
		t.Error("mail in clear to another machine was tried")
	}
	if got := row(t, pool, id); got != "queued 0 -" {
		t.Errorf("row: %s", got)
	}
}

func TestQueueBelongsToItsTransaction(t *testing.T) {
	pool := open(t, testdb.New(t))
	undone := errors.New("undone")
	err := pool.Act(t.Context(), jobs, func(tx *db.Tx) error {
		r, err := mail.AddRecipient(t.Context(), tx, console, monday, "Ann", "ann@harbour.example", true)
		if err != nil {
			return err
		}
		_, err = mail.Queue(t.Context(), tx, monday, reportTo(r))
		return cmp.Or(err, undone)
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	var n int
	act(t, pool, func(tx *db.Tx) error {
		return tx.Get(context.Background(), &n, `SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM recipient)`)
	})
	if n != 0 {
		t.Errorf("%d rows stayed", n)
	}
}
