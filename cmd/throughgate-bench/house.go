package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/db/cluster"
	"throughgate/internal/seal"
)

// house is a durable private PostgreSQL, with the settings and the key that the program is started with.
type house struct {
	*cluster.Cluster
	dir, program, key string
	name              string // of the database in use
}

// Statements are read from the server's log while they are captured; nothing is logged otherwise.
var serverSettings = []string{"logging_collector=on", "log_destination=jsonlog", "log_directory=statements", "log_rotation_size=0"}

func openHouse(dir, program string) (*house, error) {
	h := &house{dir: dir, program: program, key: seal.NewMaster().String()}
	c, err := cluster.Start(cluster.Options{Dir: filepath.Join(dir, "cluster"), Settings: serverSettings})
	h.Cluster = c
	return h, err
}

func (h *house) close() error {
	if _, err := h.Stop(); err != nil {
		return err
	}
	return cluster.Remove(filepath.Join(h.dir, "cluster"))
}

func (h *house) settings() string { return filepath.Join(h.dir, "settings.yaml") }

// fresh makes a new database with the current schema and no rows, and goes on with it under these settings.
func (h *house) fresh(name, settings string) error {
	if err := os.WriteFile(h.settings(), []byte(settings), 0o600); err != nil {
		return err
	}
	if err := h.asOwner("postgres", "CREATE DATABASE "+name); err != nil {
		return err
	}
	h.name = name
	return db.Migrate(context.Background(), h.OwnerDSN(name), cluster.ProgramRole)
}

func (h *house) asOwner(database, statement string, args ...any) error {
	handle, err := sql.Open("postgres", h.OwnerDSN(database))
	if err != nil {
		return err
	}
	defer handle.Close()
	_, err = handle.Exec(statement, args...)
	return err
}

// count reads one number as the owner.
func (h *house) count(query string) (n int, err error) {
	handle, err := sql.Open("postgres", h.OwnerDSN(h.name))
	if err != nil {
		return 0, err
	}
	defer handle.Close()
	return n, handle.QueryRow(query).Scan(&n)
}

// command is the program with the house's database, key and settings.
func (h *house) command(args ...string) *exec.Cmd {
	cmd := exec.Command(h.program, append(args, "--config", h.settings())...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+h.DSN(h.name), "DATABASE_OWNER_URL="+h.OwnerDSN(h.name), "THROUGHGATE_KEY="+h.key)
	return cmd
}

// tell runs a command to its end and answers its standard output.
func (h *house) tell(args ...string) (string, error) {
	cmd := h.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("throughgate %s: %w: %s", args[0], err, errs.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// server is a running `throughgate serve`.
type server struct {
	*exec.Cmd
	address string
	cold    time.Duration // from exec to the first answered /healthz
}

func (h *house) serve() (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &server{Cmd: h.command("serve", "--listen", address), address: address}
	log, err := os.Create(filepath.Join(h.dir, "serve.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.Stderr = log
	began := time.Now()
	if err := s.Start(); err != nil {
		return nil, err
	}
	for end := began.Add(time.Minute); time.Now().Before(end); time.Sleep(500 * time.Microsecond) {
		answer, err := http.Get("http://" + address + "/healthz")
		if err != nil {
			continue
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if s.cold = time.Since(began); answer.StatusCode == http.StatusOK {
			return s, nil
		}
	}
	said, _ := os.ReadFile(log.Name())
	return nil, fmt.Errorf("the server does not answer: %s", said)
}

func (s *server) stop() error {
	if err := s.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return s.Wait()
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
