package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// start measures the time from exec to the first answered request, on a schema that is current and with the slots
// open, and the memory of a server that has nothing to do.
func (b *bench) start() error {
	if b.name == "" {
		if err := b.fresh("start", ""); err != nil {
			return err
		}
	}
	var cold []time.Duration
	var idle []float64
	for n := range 2*b.rounds + 1 {
		s, err := b.serve()
		if err != nil {
			return err
		}
		if n > 0 { // the first opens the slots
			cold = append(cold, s.cold)
		}
		if n > b.rounds {
			time.Sleep(3 * time.Second)
			size, err := resident(s.Process.Pid)
			if err != nil {
				return err
			}
			idle = append(idle, size)
		}
		if err := s.stop(); err != nil {
			return err
		}
	}
	report("cold start of serve", fmt.Sprintf("%d ms", median(cold).Milliseconds()), "aim 100 ms")
	report("resident memory, idle", fmt.Sprintf("%.1f MiB", median(idle)), "aim 32 MiB")
	return nil
}

// resident is a process's resident memory in MiB.
func resident(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kib / 1024, err
}
