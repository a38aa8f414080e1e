package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"

	"throughgate/internal/db"
	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
)

const importHelp = `
  --dry-run        answer every row, and store nothing
  --result FILE    write the same file with two columns added: each row's answer, and why
  --json           the answer as JSON

CSV and XLSX, as partners have them. Every row ends accepted, updated, unchanged, set aside with a
reason, refused with every wrong field, or waiting for review. Refused rows do not stop the others.
`

var importPrisonCommand = command{
	name: "import prison-releases", args: "FILE --prison CODE [--dry-run] [--result FILE] [--json]", summary: "take in a prison's release extract",
	help: `
  --prison CODE    whose list it is, such as EXI
` + importHelp[1:],
	run: func(ctx context.Context, c *call) error {
		return c.importFile(ctx, c.flags["prison"], staff.Prison, reconcile.PrisonReleases(), reconcile.ImportPrisonReleases)
	},
}

var importProviderCommand = command{
	name: "import provider-pickups", args: "FILE --provider CODE [--dry-run] [--result FILE] [--json]", summary: "take in a provider's pick-up list",
	help: `
  --provider CODE  whose list it is, such as HARBOUR
` + importHelp[1:],
	run: func(ctx context.Context, c *call) error {
		return c.importFile(ctx, c.flags["provider"], staff.Provider, reconcile.ProviderPickups(), reconcile.ImportProviderPickups)
	},
}

// importing is either of the two imports.
type importing func(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, organisation, name string, received []byte, o reconcile.Options) (*reconcile.Result, error)

func (c *call) importFile(ctx context.Context, organisation string, role staff.Role, layout reconcile.Layout, take importing) error {
	received, err := readFile(c.args[0])
	if err != nil {
		return err
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	if err := h.is(ctx, c, organisation, role); err != nil {
		return err
	}
	result, err := c.resultFile()
	if err != nil {
		return err
	}
	name := filepath.Base(c.args[0])
	answered, err := take(ctx, h.Pool, c.who(organisation, role), c.now(), organisation, name, received,
		reconcile.Options{DryRun: c.has("dry-run"), Progress: c.progressBar()})
	if errors.Is(err, db.ErrUnknown) {
		return errors.New("it is not known yet whether the file was stored: import it again, it cannot count twice")
	}
	if err != nil {
		return err
	}
	if result != nil {
		if err := writeResult(result, name, received, layout, answered); err != nil {
			return err
		}
	}
	if c.has("json") {
		return c.printJSON(answered)
	}
	fmt.Fprintln(c.out, answered.Summary())
	if c.has("dry-run") {
		c.say("Nothing was stored: this was a dry run.")
	}
	return nil
}

// readFile reads a partner's file, refusing what is too large before reading it.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s", path)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder: name the file in it", path)
	case info.Size() > reconcile.MaxFileBytes:
		return nil, fmt.Errorf("%s has %d MiB, and %d MiB are allowed: split it", path, info.Size()>>20, int64(reconcile.MaxFileBytes)>>20)
	}
	return os.ReadFile(path)
}

// resultFile opens the file for the answers, before anything is stored: none without --result. One made
// here goes again when there are no answers.
func (c *call) resultFile() (*os.File, error) {
	path := c.flags["result"]
	if path == "" {
		return nil, nil
	}
	if received, err := os.Stat(c.args[0]); err == nil {
		if there, err := os.Stat(path); err == nil && os.SameFile(received, there) {
			return nil, usagef("--result names the file itself, which would be overwritten: name another")
		}
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // it names people
	made := err == nil
	if errors.Is(err, fs.ErrExist) {
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: nothing was imported", path)
	}
	c.later(func() error {
		file.Close() // closed already, but for an import that failed
		if info, err := os.Stat(path); made && err == nil && info.Size() == 0 {
			return os.Remove(path)
		}
		return nil
	})
	return file, nil
}

func writeResult(out *os.File, name string, received []byte, layout reconcile.Layout, answered *reconcile.Result) error {
	sheet, err := reconcile.ReadSheet(name, received, layout)
	if err != nil {
		return err
	}
	return errors.Join(reconcile.WriteResult(out, sheet, answered.Answers), out.Close())
}

// progressBar shows how far the rows are, on a terminal only.
func (c *call) progressBar() func(done, of int) {
	file, ok := c.errs.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return func(done, of int) {
		const width = 40
		filled := width * done / max(of, 1)
		fmt.Fprintf(file, "\r[%-*s] %d of %d rows", width, bar[:filled], done, of)
		if done == of {
			fmt.Fprintln(file)
		}
	}
}

const bar = "========================================"
