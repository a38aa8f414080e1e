package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"throughgate/config"
	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/continuity"
	"throughgate/internal/db"
	"throughgate/internal/db/cluster"
	"throughgate/internal/seal"
	"throughgate/internal/staff"
)

// database is the name of the database in a private cluster.
const database = "throughgate"

// house is the open service: where its rows are, the keys to them, and the rules in force.
type house struct {
	*db.Pool
	dsn, ownerDSN string
	private       *cluster.Cluster // ours, and so is its migration; nil where DATABASE_URL names another
}

const defaultConfig = "config/throughgate.yaml"

// settings reads the configuration; in a demo's folder, as the demo has it.
func (c *call) settings() (*config.Config, error) {
	file := c.flags["config"]
	if file == "" {
		file = os.Getenv("THROUGHGATE_CONFIG")
	}
	if file == "" {
		if _, err := os.Stat(defaultConfig); err == nil {
			file = defaultConfig
		}
	}
	rules, err := config.Load(file)
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no settings file %s", file)
	case errors.As(err, &path):
		return nil, fmt.Errorf("the settings file %s cannot be read: %w", file, path.Err)
	case err != nil:
		return nil, err
	}
	return rules, c.asDemo(rules)
}

// dataDir is the folder named by --data-dir, else by the environment, else var. A demo's folder has
// to be named by the flag, so that nobody works on invented people by mistake.
func (c *call) dataDir() (dir string, err error) {
	if dir = c.flags["data-dir"]; dir != "" {
		return dir, nil
	}
	if dir = os.Getenv("THROUGHGATE_DATA_DIR"); dir == "" {
		dir = "var"
	}
	if _, err := os.Stat(filepath.Join(dir, demoMark)); err == nil {
		return "", fmt.Errorf("%s holds the demo's invented people: name it with --data-dir %s if you mean it", dir, dir)
	}
	return dir, nil
}

// open opens the database that DATABASE_URL names, or else the private cluster in the data folder.
func (c *call) open(ctx context.Context) (*house, error) {
	rules, err := c.settings()
	if err != nil {
		return nil, err
	}
	return c.openWith(ctx, rules)
}

func (c *call) openWith(ctx context.Context, rules *config.Config) (h *house, err error) {
	h = &house{}
	var master seal.Master
	if os.Getenv("DATABASE_URL") != "" && c.flags["data-dir"] == "" {
		master, err = h.shared(ctx, rules)
	} else {
		master, err = h.own(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	if h.Pool, err = db.Open(ctx, db.Options{DSN: h.dsn, Master: master, Rules: rules}); err != nil {
		return nil, err
	}
	c.later(h.Pool.Close)
	return h, nil
}

// shared takes the database that the environment names. Its key must be given: one made here would
// be lost with this machine.
func (h *house) shared(ctx context.Context, rules *config.Config) (master seal.Master, err error) {
	h.dsn, h.ownerDSN = os.Getenv("DATABASE_URL"), os.Getenv("DATABASE_OWNER_URL")
	if h.ownerDSN == "" {
		h.ownerDSN = h.dsn
	}
	if err := db.SafeAddress(h.dsn); err != nil {
		return master, err
	}
	schema, err := db.SchemaOf(ctx, h.dsn)
	switch {
	case err != nil:
		return master, err
	case schema.Has < schema.Knows:
		return master, fmt.Errorf("the database's schema is version %d and this program needs %d: run 'throughgate migrate up' first", schema.Has, schema.Knows)
	case schema.Has > schema.Knows:
		return master, fmt.Errorf("the database's schema is version %d, newer than this program's %d: run the newer program", schema.Has, schema.Knows)
	}
	return givenKey(rules)
}

// givenKey is the key that the environment holds or a file, never one made on the spot.
func givenKey(rules *config.Config) (seal.Master, error) {
	if text := os.Getenv("THROUGHGATE_KEY"); text != "" {
		return seal.ParseMaster(text)
	}
	if rules.KeyFile != "" {
		master, err := seal.ReadMaster(rules.KeyFile)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no key file %s, which key_file in the settings names", rules.KeyFile)
		}
		return master, err
	}
	return seal.Master{}, errors.New("with DATABASE_URL the key to the sealed fields must be given: in THROUGHGATE_KEY, or in a file named by key_file in the settings")
}

// own starts the private cluster, brings its schema up to date, and takes its key or makes it.
func (h *house) own(ctx context.Context, c *call) (master seal.Master, err error) {
	dir, err := c.dataDir()
	if err != nil {
		return master, err
	}
	if err := makeFolder(dir); err != nil {
		return master, err
	}
	if _, err := os.Stat(filepath.Join(dir, clusterFolder)); errors.Is(err, fs.ErrNotExist) {
		c.say("There is no database in %s yet: a new, empty one is made.", dir)
	}
	h.private, err = cluster.Start(cluster.Options{Dir: filepath.Join(dir, clusterFolder), Database: database, Say: func(s string) { c.say("%s", s) }})
	if err != nil {
		return master, err
	}
	c.later(func() error { _, err := h.private.Stop(); return err })
	h.dsn, h.ownerDSN = h.private.DSN(database), h.private.OwnerDSN(database)
	schema, err := db.SchemaOf(ctx, h.ownerDSN)
	if err != nil {
		return master, err
	}
	if schema.Has > schema.Knows {
		return master, fmt.Errorf("the data in %s were made by a newer program (schema %d, this one knows %d)", dir, schema.Has, schema.Knows)
	}
	if !schema.Current() {
		if err := db.Migrate(ctx, h.ownerDSN, cluster.ProgramRole); err != nil {
			return master, err
		}
	}
	return seal.ReadOrMakeMaster(filepath.Join(dir, "key"))
}

// makeFolder makes a folder unless it is there.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s is not a folder that can be written to", dir)
	}
	return nil
}

// bringIn writes what the settings say of organisations, clinics and open slots into the database, and
// what they have changed into the audit trail.
func (h *house) bringIn(ctx context.Context, c *call) error {
	return h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		if err := staff.BringIn(ctx, tx); err != nil {
			return err
		}
		if err := continuity.BringIn(ctx, tx, c.now()); err != nil {
			return err
		}
		if err := appointment.BringIn(ctx, tx, c.now()); err != nil {
			return err
		}
		return audit.Settings(ctx, tx, staff.Service.By, c.now()) // last: clinics are brought in by one server at a time
	})
}

// role is the role of an organisation, or a sentence naming those there are.
func (h *house) role(ctx context.Context, organisation string) (role staff.Role, err error) {
	err = h.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		role, err = staff.RoleOf(ctx, tx, organisation)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		known := []string{}
		for _, p := range h.Rules.Prisons {
			known = append(known, p.Code)
		}
		for _, p := range h.Rules.Providers {
			known = append(known, p.Code)
		}
		return "", usagef("there is no organisation %q; there are %s, SUBGROUP, ADMIN and AUDIT", organisation, strings.Join(known, ", "))
	}
	return role, err
}
