package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"throughgate/internal/continuity"
	"throughgate/internal/db"
)

// version is the program's own.
const version = "0.1.0"

var versionCommand = command{
	name: "version", args: "[--json]", summary: "version, commit, schema and measure version",
	help: `
  --json           as JSON
`,
	run: func(_ context.Context, c *call) error {
		schema, err := db.NewestSchema()
		if err != nil {
			return err
		}
		if c.has("json") {
			return c.printJSON(map[string]any{"version": version, "commit": commit(), "schema": schema, "measure": continuity.Version})
		}
		fmt.Fprintf(c.out, "throughgate %s, commit %s, schema %d, measure %s\n", version, commit(), schema, continuity.Version)
		return nil
	},
}

// builtFrom is set by the build where the toolchain does not stamp the commit itself.
var builtFrom string

func commit() string {
	if builtFrom != "" {
		return builtFrom
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return "unknown"
}
