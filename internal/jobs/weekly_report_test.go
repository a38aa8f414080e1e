package jobs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughgate/internal/db"
	"throughgate/internal/mail/mailtest"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not as wanted (-) but so (+):\n%s", diff)
	}
}

func TestAtTheFirstStartNothingIsDue(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t)
	if made := s.look(t, due.Add(minute)); made != nil {
		t.Errorf("made %v", made)
	}
	s.look(t, due.Add(2*minute))
	same(t, s.rows(t), []string{"first_start 2024-01-08 07:00"})
}

func TestAReportIsMadeWhenItIsDue(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t, "one@harbour.example", "two@harbour.example")
	s.look(t, due.Add(-days))
	if made := s.look(t, due.Add(-time.Second)); made != nil {
		t.Errorf("made a second early: %v", made)
	}
	made := s.look(t, due)
	if len(made) != 1 || !made[0].DueAt.Equal(due) || made[0].WindowEnd.String() != "2024-01-07" ||
		made[0].DataThrough.String() != "2024-01-07" || made[0].Recipients != 2 {
		t.Errorf("made %+v", made)
	}
	if again := s.look(t, due.Add(minute)); again != nil {
		t.Errorf("made again: %v", again)
	}
}

func TestWhatPassedWhileNothingRanIsMadeUpOnceOrNotedAsMissed(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t)
	s.look(t, due.Add(-15*days)) // Sunday 24 December: the first start
	made := s.look(t, due.Add(6*days-minute))
	if len(made) != 1 || !made[0].DueAt.Equal(due) || made[0].DataThrough.String() != "2024-01-07" {
		t.Errorf("made up %+v", made)
	}
	s.look(t, due.Add(6*days))
	same(t, s.rows(t), []string{
		"first_start 2023-12-24 06:59", "missed 2023-12-25 07:00", "missed 2024-01-01 07:00", "made 2024-01-08 07:00"})
}

func TestSixDaysLateIsMissedAndCanStillBeMadeByHand(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t, "one@harbour.example")
	s.look(t, due.Add(-days))
	if made := s.look(t, due.Add(6*days)); made != nil {
		t.Errorf("made up %v", made)
	}
	same(t, s.rows(t), []string{"first_start 2024-01-07 06:59", "missed 2024-01-08 07:00"})
	run, err := SendLatest(t.Context(), s.Pool, subgroup, due.Add(6*days), false)
	if err != nil || run.Recipients != 1 {
		t.Errorf("by hand: %+v, %v", run, err)
	}
	same(t, s.rows(t), []string{"first_start 2024-01-07 06:59", "made 2024-01-08 07:00"})
}

func TestByHandTheLatestDueTimeOnceAndAgainOnPurpose(t *testing.T) {
	post := startMail(t, nil)
	s := open(t, testdb.New(t), post)
	s.furnish(t, "one@harbour.example")
	now := due.Add(3 * days)
	first, err := SendLatest(t.Context(), s.Pool, subgroup, now, false)
	if err != nil || !first.DueAt.Equal(due) || first.Sending != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	_, err = SendLatest(t.Context(), s.Pool, subgroup, now, false)
	var conflict *problem.Conflict
	if !errors.As(err, &conflict) || conflict.Code != "already_recorded" || conflict.ID != first.ID.String() {
		t.Errorf("asked twice: %v", err)
	}
	again, err := SendLatest(t.Context(), s.Pool, console, now, true)
	if err != nil || again.ID != first.ID || again.Sending != 2 {
		t.Errorf("again: %+v, %v", again, err)
	}
	s.deliver(t, now)
	letters := post.Messages()
	if len(letters) != 2 {
		t.Fatalf("%d letters arrived", len(letters))
	}
	one, two := read(t, letters[0]), read(t, letters[1])
	if one.Text != two.Text || one.Subject != two.Subject || one.HTML != two.HTML {
		t.Error("sent again, the report is another")
	}
	if id := one.Header.Get("Message-Id"); id == two.Header.Get("Message-Id") {
		t.Error("two sendings share a Message-ID")
	}
	same(t, s.audited(t), []string{"report_made staff:1", "report_sent_again console:root"})
}

func (s *server) audited(t *testing.T) (acts []string) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error {
		return tx.Select(t.Context(), &acts, `
			SELECT act || ' ' || actor
			FROM audit
			WHERE kind = 'report'
			ORDER BY id`)
	})
	return acts
}

func TestWhoMaySendByHand(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t)
	for _, role := range []staff.Role{staff.Prison, staff.Provider, staff.Audit} {
		_, err := SendLatest(t.Context(), s.Pool, staff.Who{Role: role}, due, false)
		var forbidden *problem.Forbidden
		if !errors.As(err, &forbidden) {
			t.Errorf("%s: %v", role, err)
		}
	}
	var invalid *problem.Invalid
	if _, err := SendDue(t.Context(), s.Pool, console, due, due.Add(minute), false); !errors.As(err, &invalid) {
		t.Errorf("before it is due: %v", err)
	}
}

func read(t *testing.T, m mailtest.Message) mailtest.Reading {
	t.Helper()
	r, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheLetterSaysTheSuppressedSentence(t *testing.T) {
	post := startMail(t, nil)
	s := open(t, testdb.New(t), post)
	s.furnish(t, "one@harbour.example")
	sunday := time.Date(2024, 1, 1, 7, 0, 0, 0, time.UTC) // for the window to 31 December
	if _, err := SendDue(t.Context(), s.Pool, console, due, sunday, false); err != nil {
		t.Fatal(err)
	}
	s.deliver(t, due)
	letter := read(t, post.Messages()[0])
	want := "44% of about 75 people released in the three months to 31 December 2023 with an onward referral were picked up by Harbour (95% interval 33% to 55%)."
	if text := strings.Join(strings.Fields(letter.Text), " "); !strings.HasPrefix(text, want) {
		t.Errorf("the letter begins: %.200s", text)
	}
	if !strings.Contains(letter.HTML, want) {
		t.Error("the HTML does not have the sentence")
	}
	if leave := letter.Header.Get("List-Unsubscribe"); !strings.Contains(letter.Text, strings.Trim(leave, "<>")) || !strings.Contains(leave, "/report/leave/") {
		t.Errorf("how to leave: %q", leave)
	}
	if len(letter.Pictures["rolling-rate"]) == 0 {
		t.Error("the picture is missing")
	}
}

// What was sent stays as it was, whatever becomes known later.
func TestTheFiguresOfASentReportAreFrozen(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t)
	s.look(t, due.Add(-days))
	made := s.look(t, due)
	before := s.asKept(t, made[0])
	s.pickUp(t, 20, "2023-12-20", "2023-12-22")
	s.look(t, due.Add(minute))
	same(t, s.asKept(t, made[0]), before)
	next := s.look(t, due.Add(7*days))
	if after := s.asKept(t, next[0]); after.Figures == before.Figures {
		t.Error("the next report does not know the pick-ups")
	}
}

type asKept struct {
	Figures, Subject, HTML, Plain, CSV string
	Picture                            []byte
}

func (s *server) asKept(t *testing.T, run Run) (k asKept) {
	t.Helper()
	s.act(t, func(tx *db.Tx) error {
		return tx.Get(t.Context(), &k, `
			SELECT figures::text AS figures, subject, html, plain, csv, picture
			FROM report_run
			WHERE id = $1`, run.ID)
	})
	return k
}

// trio is three servers on one database, with a mail server that keeps every message waiting until
// one of the three has found nothing left to send (so the others have looked while messages were
// under way), or more messages came than there should be.
func trio(t *testing.T) (servers []*server, post *mailtest.Server, idle func()) {
	t.Helper()
	gate, came := make(chan struct{}), atomic.Int32{}
	idle = sync.OnceFunc(func() { close(gate) })
	post = startMail(t, func(stage mailtest.Stage, _ string) error {
		if stage != mailtest.Dot {
			return nil
		}
		if came.Add(1) > 2 {
			idle()
		}
		<-gate
		return nil
	})
	t.Cleanup(idle)
	d := testdb.New(t)
	for range 3 {
		servers = append(servers, open(t, d, post))
	}
	servers[0].furnish(t, "one@harbour.example", "two@harbour.example")
	return servers, post, idle
}

// race lets all servers look at what is due and deliver, at once.
func race(t *testing.T, servers []*server, now time.Time, idle func()) {
	t.Helper()
	var all sync.WaitGroup
	start := make(chan struct{})
	for _, s := range servers {
		all.Go(func() {
			<-start
			s.now = now
			if err := weeklyReport(t.Context(), s.Deps); err != nil {
				t.Error(err)
			}
			s.deliver(t, now)
			idle()
		})
	}
	close(start)
	all.Wait()
}

func oneEach(t *testing.T, post *mailtest.Server) {
	t.Helper()
	var to []string
	for _, m := range post.Messages() {
		to = append(to, m.To...)
	}
	slices.Sort(to)
	same(t, to, []string{"one@harbour.example", "two@harbour.example"})
}

func TestThreeServersMakeOneReportWhenItFallsDue(t *testing.T) {
	servers, post, idle := trio(t)
	race(t, servers, due.Add(-minute), func() {})
	race(t, servers, due, idle)
	race(t, servers, due.Add(minute), idle)
	same(t, servers[0].rows(t), []string{"first_start 2024-01-08 06:58", "made 2024-01-08 07:00"})
	oneEach(t, post)
}

func TestThreeServersMakeUpOneReportThatPassedWhileNoneRan(t *testing.T) {
	servers, post, idle := trio(t)
	servers[0].look(t, due.Add(-days))
	race(t, servers, due.Add(2*days), idle)
	race(t, servers, due.Add(2*days+minute), idle)
	same(t, servers[0].rows(t), []string{"first_start 2024-01-07 06:59", "made 2024-01-08 07:00"})
	oneEach(t, post)
}

// The second server looks while the first has noted its start and not committed yet.
func TestOfServersThatStartAtOnceOneNotesTheFirstStart(t *testing.T) {
	d := testdb.New(t)
	first, second := open(t, d, nil), open(t, d, nil)
	done := make(chan error, 1)
	first.act(t, func(tx *db.Tx) error {
		if _, err := firstStart(t.Context(), tx, due.Add(minute)); err != nil {
			return err
		}
		go func() {
			_, err := MakeDue(t.Context(), second.Pool, due.Add(2*minute))
			done <- err
		}()
		return second.waits(t, tx, done)
	})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	same(t, first.rows(t), []string{"first_start 2024-01-08 07:00"})
}

// waits comes back when somebody waits for a lock in this database, or is done without waiting.
func (s *server) waits(t *testing.T, tx *db.Tx, done chan error) error {
	for len(done) == 0 {
		var waiting bool
		if err := tx.Get(t.Context(), &waiting, `
			SELECT EXISTS (
			  SELECT FROM pg_locks
			  WHERE NOT granted
			    AND locktype = 'advisory'
			    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			)`); err != nil || waiting {
			return err
		}
	}
	return nil
}

// The whole timetable, as the program runs it: started after a due time passed, it makes the report
// up and sends it, and stops when it is told.
func TestStartedServersSendWhatPassedAndStop(t *testing.T) {
	post := startMail(t, nil)
	d := testdb.New(t)
	servers := []*server{open(t, d, post), open(t, d, post), open(t, d, post)}
	servers[0].furnish(t, "one@harbour.example", "two@harbour.example")
	servers[0].look(t, due.Add(-days))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, s := range servers {
		s.now = due.Add(days)
		running.Go(func() {
			if err := Start(ctx, s.Deps); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := post.Wait(t.Context(), 2); err != nil {
		t.Error(err)
	}
	stop()
	running.Wait()
	oneEach(t, post)
}

func TestAPanicEndsOneRunOfAJobAndNoOther(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	runs := 0
	j := job{name: "shaky", run: func(context.Context, Deps) error { runs++; panic("once") }}
	tick := j.ticker(t.Context(), s.Deps)
	tick()
	tick()
	if runs != 2 {
		t.Errorf("ran %d times", runs)
	}
}
