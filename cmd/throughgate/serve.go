package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"

	"throughgate/config"
	"throughgate/internal/api"
	"throughgate/internal/jobs"
	"throughgate/internal/mail"
	"throughgate/internal/staff"
	"throughgate/internal/web"
)

const (
	defaultListen = "127.0.0.1:8080"
	clusterFolder = "cluster"
	harbourCode   = "HARBOUR"
)

// Limits on how long a request may take. A whole upload of 20 MiB over a slow line fits.
const (
	headTimeout  = 10 * time.Second
	readTimeout  = 3 * time.Minute
	writeTimeout = 3 * time.Minute
	idleTimeout  = 2 * time.Minute
	headBytes    = 16<<10 - 4<<10 // to which net/http adds 4 KiB of its own
	lastRequests = 20 * time.Second
)

var timeNow = time.Now

var serveCommand = command{
	name: "serve", args: "[--listen ADDRESS]", summary: "web pages, API and scheduled jobs",
	help: `
  --listen ADDRESS  where to serve (default 127.0.0.1:8080)

DATABASE_URL names the database; without it the private cluster in the data folder is used. TLS ends
here when server.tls_certificate and server.tls_key are set, else at a proxy named in server.proxies.
`,
	run: func(ctx context.Context, c *call) error {
		listen := c.flags["listen"]
		if listen == "" {
			listen = defaultListen
		}
		listener, err := net.Listen("tcp", listen)
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("cannot listen on %s: another server is there already", listen)
		}
		if err != nil {
			return usagef("--listen takes an address of this machine with a port, such as %s", defaultListen)
		}
		defer listener.Close()
		rules, err := c.settings()
		if err != nil {
			return err
		}
		pair, err := certificate(rules.Server)
		if err != nil {
			return err
		}
		h, err := c.openWith(ctx, rules)
		if err != nil {
			return err
		}
		if err := h.safe(ctx, c); err != nil {
			return err
		}
		if err := h.bringIn(ctx, c); err != nil {
			return err
		}
		c.warn(rules.Server, listener.Addr())
		return c.serve(ctx, h, &front{listener: listener, certificate: pair, ready: func() error {
			c.say("Serving on %s", listener.Addr())
			return nil
		}})
	},
}

// warn says what of the settings may not be meant as it stands.
func (c *call) warn(s config.Server, at net.Addr) {
	host, _, _ := net.SplitHostPort(at.String())
	if !loopback(host) && s.TLSCertificate == "" && len(s.Proxies) == 0 {
		c.say("Take care: %s can be reached from other machines, in clear. Set server.tls_certificate and server.tls_key, or name the proxy that ends TLS in server.proxies.", at)
	}
	if len(s.Proxies) > 0 && s.PublicURL == "" {
		c.say("Take care: server.proxies names a proxy, but server.public_url does not say at which address people reach it. It is taken to be one that begins with https://, and emails carry no links.")
	}
}

// safe refuses to start on a database that could lose what was answered.
func (h *house) safe(ctx context.Context, c *call) error {
	faults, err := h.Unsafe(ctx, c.now())
	if err != nil || len(faults) == 0 {
		return err
	}
	return errors.New("The database is not safe to start on:\n  " + strings.Join(faults, "\n  "))
}

// front is how a server meets the world.
type front struct {
	listener    net.Listener
	certificate *tls.Certificate // where TLS ends here
	demo        *web.Demo
	ready       func() error // called once requests are answered
}

// How much may be thrown away before it is collected, in per cent of what is in use, and the size of the whole process from
// which on collecting goes before answering. A request leaves little behind, and little is in use: collected at the usual
// 100 per cent, a tenth of the processors' time goes there.
const (
	litter = 400
	roomy  = 256 << 20
)

// collectSeldom lets Go's garbage collector run seldom, unless the environment says how it shall run.
func collectSeldom() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(litter)
		debug.SetMemoryLimit(roomy)
	}
}

// serve answers requests and runs the jobs until the context ends; then it takes no more, and lets
// those under way finish. Where either cannot go on the other is stopped too, so that the program ends and can be started anew.
func (c *call) serve(ctx context.Context, h *house, f *front) error {
	collectSeldom()
	ctx, stop := context.WithCancel(ctx)
	log := slog.New(slog.NewTextHandler(c.errs, nil))
	post := mail.ServerOf(h.Rules.Mail)
	bell := jobs.NewBell()
	server := h.server(c, f, log, bell)
	failed := make(chan error, 2)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() {
		if err := jobs.Start(ctx, jobs.Deps{Pool: h.Pool, Now: c.now, Mail: post, Log: log, Bell: bell}); err != nil {
			failed <- err
		}
	})
	if h.private != nil {
		running.Go(func() { h.private.Watch(ctx, func(err error) { revived(log, err) }) })
	}
	go func() { failed <- f.listen(server) }()
	if err := f.ready(); err != nil {
		return err
	}
	time.AfterFunc(2*time.Second, debug.FreeOSMemory) // a start, with the jobs' first round, takes more than waiting does
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	c.say("Stopping: finishing what is under way ...")
	last, cancel := context.WithTimeout(context.Background(), lastRequests)
	defer cancel()
	return server.Shutdown(last)
}

// revived tells the log that the private database had ended, and whether it is back.
func revived(log *slog.Logger, err error) {
	if err != nil {
		log.Error("the private database has ended and does not start; it is tried again", "error", err)
		return
	}
	log.Warn("the private database had ended and was started again")
}

func (f *front) listen(server *http.Server) (err error) {
	if f.certificate != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*f.certificate}, MinVersion: tls.VersionTLS12}
		err = server.ServeTLS(f.listener, "", "")
	} else {
		err = server.Serve(f.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (h *house) server(c *call, f *front, log *slog.Logger, bell jobs.Bell) *http.Server {
	pages := web.New(web.Deps{
		Pool: h.Pool, Now: c.now, Log: log, Demo: f.demo,
		Secure: h.Rules.Server.Secure(),
		API: func(e *echo.Echo) {
			api.Register(e, api.Deps{Pool: h.Pool, Now: c.now, Log: log, MetricsToken: os.Getenv("THROUGHGATE_METRICS_TOKEN")})
		},
		SendLatestReport: func(ctx context.Context, who staff.Who, again bool) (string, error) {
			run, err := jobs.SendLatest(ctx, h.Pool, who, c.now(), again)
			if err != nil {
				return "", err
			}
			bell.Ring()
			return queued(run), nil
		},
	})
	pages.IPExtractor = clientAddress(h.Rules.Server.Proxies)
	return &http.Server{
		Handler:           heard(pages),
		ReadHeaderTimeout: headTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// mostUnread is how much of a body that is refused is still taken from whoever sends it.
const mostUnread = 1 << 30

// heard takes what a refused body still has to send, and forgets it. Browsers and most programs read no
// answer before they have sent everything: cut off, they would say that the service cannot be reached,
// where it had said what is wrong with the file. Whoever asks first ("Expect: 100-continue") has heard.
func heard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := r.Body
		next.ServeHTTP(w, r)
		if r.Header.Get("Expect") == "" {
			io.CopyN(io.Discard, body, mostUnread) // its error is that there is no more, or nobody left
		}
	})
}

// clientAddress believes a forwarded address only where it comes from a configured proxy.
func clientAddress(proxies []string) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		if network, err := config.Network(p); err == nil { // the settings' check has refused any other
			trust = append(trust, echo.TrustIPRange(&net.IPNet{IP: network.Addr().AsSlice(), Mask: net.CIDRMask(network.Bits(), network.Addr().BitLen())}))
		}
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
