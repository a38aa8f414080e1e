// Package jobs is what the service does by itself, and when: the weekly report, the letters that
// wait in the outbox, places opened and given out, files judged again and removed. Any number of
// servers may run it: what is due, and who does it, the database decides.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/mail"
)

// Deps are what the jobs need of the program.
type Deps struct {
	Pool *db.Pool
	Now  func() time.Time
	Mail mail.Server // without an Address nothing is sent, and messages wait
	Log  *slog.Logger
	Bell Bell // rung by whoever queues mail; nil: the outbox is looked at on its ticks only
}

// Bell tells the outbox that something was queued, so that nobody waits for its next tick. It is a
// hint within one program: what it misses, the tick finds.
type Bell chan struct{}

// NewBell makes a bell.
func NewBell() Bell { return make(Bell, 1) }

// Ring is for after the transaction that queued. It never waits.
func (b Bell) Ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// job is one thing done by itself. It must bear being run at any time, twice, and by several servers
// at once: the timetable only says when it is looked at.
type job struct {
	name string
	when string // as cron takes it, in London's time
	run  func(context.Context, Deps) error
	too  bool // also at the start
}

const (
	atStart = true
	later   = false
)

// timetable is every job. Nightly ones keep clear of the hour that the clocks skip or repeat; what
// takes long and can wait for the night does not hold up a start.
var timetable = []job{
	{"weekly report", "* * * * *", weeklyReport, atStart},
	{"outbox", "@every 15s", deliverOutbox, atStart},
	{"slots", "20 0 * * *", openSlots, atStart},
	{"waiting referrals", "*/5 * * * *", allocateWaiting, atStart},
	{"figures counted ahead", "@every 5s", countAhead, later},
	{"judge files again", "10 3 * * *", judgeAgain, later},
	{"remove files", "40 3 * * *", removeFiles, atStart},
	{"forget sign-ins", "50 3 * * *", forgetSignIns, atStart},
}

// Start runs the jobs until ctx ends, and comes back when what was under way is done. Nothing is
// kept in memory between two ticks but that a job still runs, and then its tick is passed over. An
// error means that the report's schedule cannot be read, and that nothing ran.
func Start(ctx context.Context, d Deps) error {
	if _, err := clockSchedule(d.Pool.Rules.Report.Schedule); err != nil {
		return err
	}
	if d.Mail.Address == "" {
		d.Log.Warn("no mail server is set (mail.address): messages are queued and wait")
	}
	if d.Bell == nil {
		d.Bell = NewBell()
	}
	clock := cron.New(cron.WithLocation(day.London), cron.WithLogger(cron.DiscardLogger))
	var running sync.WaitGroup
	for _, j := range timetable {
		tick := j.ticker(ctx, d)
		if _, err := clock.AddFunc(j.when, tick); err != nil {
			return fmt.Errorf("timetable: %s: %w", j.name, err)
		}
		if j.too {
			running.Go(tick)
		}
	}
	running.Go(func() { answerBell(ctx, d) })
	clock.Start()
	<-ctx.Done()
	<-clock.Stop().Done()
	running.Wait()
	return nil
}

// ticker is what each tick does: nothing while the job still runs or the program is being stopped.
func (j job) ticker(ctx context.Context, d Deps) func() {
	var busy sync.Mutex
	return func() {
		if !busy.TryLock() {
			return
		}
		defer busy.Unlock()
		if ctx.Err() == nil {
			j.once(ctx, d)
		}
	}
}

// once runs the job and logs what went wrong. A panic ends this run and no other.
func (j job) once(ctx context.Context, d Deps) {
	defer func() {
		if r := recover(); r != nil {
			// its text could hold a row's values: the kind and the place are enough to find it
			d.Log.Error("a job broke off", "job", j.name, "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
		}
	}()
	if err := j.run(ctx, d); err != nil && ctx.Err() == nil {
		d.Log.Error("a job failed", "job", j.name, "error", err)
	}
}
