package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
)

var rateCommand = command{
	name: "rate", args: "--window-end DATE [--data-through DATE] [--months N] [--as-known-at TIME] [--json]", summary: "the rolling three-month continuity rate and all measures",
	help: `
  --window-end DATE     last day of the window, such as 2023-12-31
  --data-through DATE   last complete day that the data cover (default yesterday; none later)
  --months N            so many windows, ending on successive month ends (default 1, at most 120)
  --as-known-at TIME    the figures as they were known then, such as 2024-01-08T07:00:00Z
  --json                every measure, as JSON
`,
	run: func(ctx context.Context, c *call) error {
		ask, err := c.ask()
		if err != nil {
			return err
		}
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		figures, err := continuity.Count(ctx, h.Pool, ask)
		if err != nil {
			return err
		}
		if c.has("json") {
			return c.printJSON(figures)
		}
		printRate(c, figures)
		return nil
	},
}

func (c *call) ask() (ask continuity.Ask, err error) {
	ask.Today, ask.Months = day.Of(c.now()), 1
	if ask.WindowEnd, err = c.date("window-end"); err != nil {
		return ask, err
	}
	if ask.DataThrough, err = c.date("data-through"); err != nil {
		return ask, err
	}
	if text := c.flags["months"]; text != "" {
		if ask.Months, err = strconv.Atoi(text); err != nil || ask.Months < 1 || ask.Months > continuity.MostMonths {
			return ask, usagef("--months takes a whole number from 1 to %d", continuity.MostMonths)
		}
	}
	if text := c.flags["as-known-at"]; text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return ask, usagef("--as-known-at takes a moment such as 2024-01-08T07:00:00Z")
		}
		ask.AsKnownAt = &at
	}
	return ask, nil
}

// printRate says the figures in words, a window a paragraph.
func printRate(c *call, f *continuity.Figures) {
	fmt.Fprintf(c.out, "%s, measure %s, data through %s\n", f.Partnership, f.Measure, f.DataThrough.Long())
	for _, w := range f.Windows {
		fmt.Fprintf(c.out, "\n%s to %s\n", w.Start.Long(), w.End.Long())
		fmt.Fprintf(c.out, "  M1  rolling three-month rate   %s; %d of those not picked up are in their first three weeks\n",
			rateWords(w.M1.PickedUp, w.M1.Releases, w.M1.Share), w.M1.FirstThreeWeeks)
		fmt.Fprintf(c.out, "  M2  within 21 days             %s; %d await their outcome\n",
			rateWords(w.M2.PickedUp, w.M2.Releases, w.M2.Share), w.M2.Awaiting)
		fmt.Fprintf(c.out, "  M2 adjusted                    %s\n",
			rateWords(w.M2Adjusted.PickedUp, w.M2Adjusted.Releases, w.M2Adjusted.Share))
	}
}

func rateWords(part, of int, s continuity.Share) string {
	if s.Percent == nil {
		return "no releases"
	}
	return fmt.Sprintf("%d of %d = %s%% (95%% interval %s%% to %s%%)", part, of, s.Percent, s.CI95.Low, s.CI95.High)
}
