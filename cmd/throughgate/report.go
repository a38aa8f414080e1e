package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/jobs"
	"throughgate/internal/staff"
)

var reportCommand = command{
	name: "report", args: "--window-end DATE --out DIR [--data-through DATE] [--json]", summary: "write the weekly report's files for a window, and send nothing",
	help: `
  --window-end DATE     last day of the window, such as 2023-12-31
  --data-through DATE   last complete day that the data cover (default yesterday; none later)
  --out DIR             where report.html, .txt, .csv, .xlsx, .json, .png, .svg and .eml are written
  --json                the names of the files written, as JSON
`,
	run: func(ctx context.Context, c *call) error {
		ask, err := c.ask()
		if err != nil {
			return err
		}
		if ask.DataThrough.IsZero() {
			ask.DataThrough = day.Of(c.now()).Add(-1)
		}
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		preview, eml, err := jobs.Preview(ctx, h.Pool, c.now(), ask.WindowEnd, ask.DataThrough)
		if err != nil {
			return err
		}
		out := c.flags["out"]
		if err := makeFolder(out); err != nil {
			return err
		}
		written := []string{}
		for name, content := range map[string][]byte{
			"report.html": []byte(preview.HTML), "report.txt": []byte(preview.Text), "report.csv": []byte(preview.CSV),
			"report.xlsx": preview.XLSX, "report.json": preview.JSON, "report.png": preview.PNG, "report.svg": preview.SVG, "report.eml": eml,
		} {
			if content == nil {
				continue // no picture where no rate may be shown
			}
			if err := os.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
				return err
			}
			written = append(written, filepath.Join(out, name))
		}
		if c.has("json") {
			slices.Sort(written)
			return c.printJSON(map[string]any{"window_end": ask.WindowEnd, "data_through": ask.DataThrough, "files": written})
		}
		c.say("Written to %s.", out)
		return nil
	},
}

var reportSendCommand = command{
	name: "report send", args: "[--due TIME] [--again] [--json]", summary: "make the report of the latest due time and queue it to its readers",
	help: `
  --due TIME       an earlier due time, such as 2024-01-08T07:00:00Z (default the latest)
  --again          send it although it was sent already
  --json           which report was made, and to how many it is queued, as JSON

The messages go out by the server that runs ('throughgate serve').
`,
	run: func(ctx context.Context, c *call) error {
		due := c.now()
		if text := c.flags["due"]; text != "" {
			var err error
			if due, err = time.Parse(time.RFC3339, text); err != nil {
				return usagef("--due takes a moment such as 2024-01-08T07:00:00Z")
			}
		}
		h, err := c.open(ctx)
		if err != nil {
			return err
		}
		if err := h.bringIn(ctx, c); err != nil {
			return err
		}
		run, err := jobs.SendDue(ctx, h.Pool, c.who("ADMIN", staff.Admin), c.now(), due, c.has("again"))
		switch {
		case err != nil:
			return err
		case c.has("json"):
			return c.printJSON(map[string]any{
				"id": run.ID, "due_at": run.DueAt, "window_end": run.WindowEnd, "data_through": run.DataThrough,
				"sending": run.Sending, "recipients": run.Recipients,
			})
		}
		c.say("%s", queued(run))
		return nil
	},
}

// queued says what making a report did.
func queued(r jobs.Run) string {
	return fmt.Sprintf("The report for the three months to %s is made, and queued to %s.", r.WindowEnd.Long(), readers(r.Recipients))
}

func readers(n int) string {
	switch n {
	case 0:
		return "nobody: no recipient is confirmed and on an allowed domain yet"
	case 1:
		return "1 recipient"
	}
	return fmt.Sprintf("%d recipients", n)
}
