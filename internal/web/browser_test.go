package web

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestMain ends the browser that the tests shared.
func TestMain(m *testing.M) {
	code := m.Run()
	quit()
	os.Exit(code)
}

// browserPath is the browser that scripts/setup has ready; "" for none.
func browserPath() string {
	for _, name := range []string{"chromium", "google-chrome", "../../var/browser/chromium"} {
		if path, err := exec.LookPath(name); err == nil {
			if path, err = filepath.Abs(path); err == nil {
				return path
			}
		}
	}
	return ""
}

var quit = func() {}

// chromium is one browser for all tests of the package, started by the first that needs it: each test has a window
// with cookies of its own. Windows behind others are not slowed down.
var chromium = sync.OnceValues(func() (context.Context, error) {
	profile, err := os.MkdirTemp("", "throughgate-browser-")
	if err != nil {
		return nil, err
	}
	flags := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(browserPath()), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(profile), chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-features", "BackForwardCache"), // Back asks the service again, as where no browser keeps pages
	}
	for _, off := range []string{"quic", "background-networking", "component-update", "sync", "dev-shm-usage", "renderer-backgrounding",
		"background-timer-throttling", "backgrounding-occluded-windows"} {
		flags = append(flags, chromedp.Flag("disable-"+off, true))
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, _ = chromedp.NewContext(ctx)
	quit = func() {
		cancel()
		os.RemoveAll(profile)
	}
	return ctx, chromedp.Do(ctx)
})

// tab is a browser's tab whose every step must succeed.
type tab struct {
	*testing.T
	ctx   context.Context
	heard *faultsHeard
}

// window opens a window of the shared browser, without cookies, in which no page may ask another host for anything or
// do what our own policy forbids.
func window(t *testing.T, width int64) tab {
	t.Helper()
	if browserPath() == "" {
		t.Fatal("no browser to try the pages with: 'scripts/setup browser' brings one, or 'apt-get install chromium'")
	}
	shared, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	heard := &faultsHeard{}
	ctx, cancel := chromedp.NewContext(shared, chromedp.WithNewBrowserContext(), chromedp.WithListener(heard.listen))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	b := tab{t, ctx, heard}
	b.do(chromedp.EmulateViewport(width, 900), focused())
	t.Cleanup(func() {
		for _, fault := range heard.all() {
			t.Error(fault)
		}
	})
	return b
}

// focused lets a window behind others have the focus, as if somebody sat before each.
func focused() chromedp.Action[chromedp.Void] {
	return command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
}

// withoutScripts makes a window one in which pages' scripts do not run.
func withoutScripts() chromedp.Action[chromedp.Void] {
	return command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// faultsHeard is what a browser said against the pages it showed.
type faultsHeard struct {
	mu     sync.Mutex
	faults []string
}

func (f *faultsHeard) listen(event any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if elsewhere(e.Request.URL) {
			f.faults = append(f.faults, "a page asks another host: "+e.Request.URL)
		}
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity || e.Entry.Source == log.EntrySourceViolation {
			f.faults = append(f.faults, "the browser says: "+e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		f.faults = append(f.faults, "a script fails: "+e.ExceptionDetails.Text)
	}
}

func (f *faultsHeard) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.faults)
}

func elsewhere(address string) bool {
	u, err := url.Parse(address)
	return err != nil || strings.HasPrefix(u.Scheme, "http") && u.Hostname() != "127.0.0.1"
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// read is what a step reads.
func read[T any](b tab, step chromedp.Action[T]) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, step)
	if err != nil {
		b.Fatal(err)
	}
	return value
}
