package cluster

import (
	"context"
	"sync"
	"testing"
)

func TestAServerThatHasEndedIsStartedAgain(t *testing.T) {
	c := start(t, folder(t))
	ctx, end := context.WithCancel(t.Context())
	told := make(chan error)
	var watching sync.WaitGroup
	watching.Go(func() { c.Watch(ctx, func(err error) { told <- err }) })
	for range 2 { // and once more, for it may happen again
		endPostmaster(t, c)
		if err := <-told; err != nil {
			t.Fatal(err)
		}
		if got := execute(t, c.DSN("records"), "SELECT 'answers'"); got != "answers" {
			t.Errorf("it said %q", got)
		}
	}
	end()
	watching.Wait()
	stop(t, c, true)
	if !c.ended() {
		t.Error("it goes on after the last has left")
	}
}
