package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"throughgate/config"
	"throughgate/internal/db"
)

const broughtIn = "settings_brought_in"

// Settings records what in the settings differs from when they were last brought in: one row for each
// part of them, naming what changed. The trail itself is where they were written down then. Servers that
// start together must come one after the other, or each records the change.
func Settings(ctx context.Context, tx *db.Tx, by By, now time.Time) error {
	before, err := lastBroughtIn(ctx, tx)
	if err != nil {
		return err
	}
	sections, err := tx.Rules.InForce()
	if err != nil {
		return err
	}
	for _, s := range sections {
		is, err := values(s)
		if err != nil {
			return err
		}
		changed := differing("", before[s.Name], is)
		if len(changed) == 0 {
			continue
		}
		detail := Detail{"settings": is, "changed": strings.Join(changed, ", ")}
		if err := Write(ctx, tx, by, now, broughtIn, "settings", s.Name, detail); err != nil {
			return err
		}
	}
	return nil
}

// lastBroughtIn are the settings as they were last written down, by part.
func lastBroughtIn(ctx context.Context, tx *db.Tx) (map[string]any, error) {
	var rows []struct {
		Subject  string
		Settings json.RawMessage
	}
	err := tx.Select(ctx, &rows, `
		SELECT DISTINCT ON (subject) subject, detail -> 'settings' AS settings
		FROM audit
		WHERE kind = 'settings'
		  AND act = $1
		ORDER BY subject, id DESC`, broughtIn)
	if err != nil {
		return nil, err
	}
	before := map[string]any{}
	for _, r := range rows {
		var was any
		if err := json.Unmarshal(r.Settings, &was); err != nil {
			return nil, err
		}
		before[r.Subject] = was
	}
	return before, nil
}

// values are a part of the settings as they come back from where they are written down.
func values(s config.Section) (is any, err error) {
	var typed any
	if err := yaml.Unmarshal([]byte(s.Text), &typed); err != nil {
		return nil, err
	}
	text, err := json.Marshal(typed)
	if err != nil {
		return nil, err
	}
	return is, json.Unmarshal(text, &is)
}

// differing are the names of what differs, such as suppression.round_to or prisons.EXI.
func differing(path string, was, is any) (names []string) {
	a, b := entries(was), entries(is)
	if a == nil && b == nil || path != "" && (a == nil || b == nil) {
		if reflect.DeepEqual(was, is) {
			return nil
		}
		return []string{path}
	}
	all := maps.Clone(b)
	maps.Copy(all, a)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		names = append(names, differing(strings.TrimPrefix(path+"."+name, "."), a[name], b[name])...)
	}
	return names
}

// entries are what a block or a list holds, by name: of a list, an entry's name is its code, or the
// entry itself where it is a text. Nil for a single value.
func entries(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case []any:
		named := map[string]any{}
		for i, entry := range v {
			named[nameOf(entry, i)] = entry
		}
		return named
	}
	return nil
}

func nameOf(entry any, i int) string {
	switch e := entry.(type) {
	case string:
		return e
	case map[string]any:
		if code, coded := e["code"].(string); coded {
			return code
		}
	}
	return fmt.Sprint(i + 1)
}
