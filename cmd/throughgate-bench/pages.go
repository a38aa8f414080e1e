package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// What a page may take and weigh: server time at the median and at the 95th percentile, and its HTML compressed.
const (
	pageMedian = 30 * time.Millisecond
	pageTail   = 100 * time.Millisecond
	pageWeight = 50 << 10
)

// opened is a page that somebody opens; one that sends a form has its fields. A list that is taken away is whole,
// however long it is, and has no aim. One that others change has the statement with which they do, each time before it is
// opened.
type opened struct {
	path    string
	form    url.Values
	what    string // where the path itself would not tell
	whole   bool
	changed string
}

// pages measures every page that people work in all day, among b.rows referrals: from the first byte of the request
// to the last of the answer, one request after the other on one connection.
func (b *bench) pages() error {
	if err := b.filled(); err != nil {
		return err
	}
	s, err := b.serve()
	if err != nil {
		return err
	}
	defer s.stop()
	for _, of := range []struct {
		organisation string
		list         func(*reader) ([]opened, error)
	}{{"EXI", prisonPages}, {"HARBOUR", providerPages}, {"SUBGROUP", groupPages}, {"ADMIN", adminPages}, {"AUDIT", auditPages}} {
		r, err := b.reader(s, of.organisation)
		if err != nil {
			return err
		}
		list, err := of.list(r)
		if err != nil {
			return err
		}
		for _, p := range list {
			if !strings.Contains(p.name(), b.only) {
				continue
			}
			take := b.pageTimes
			if p.whole {
				take = b.wholeTimes
			}
			if err := take(s, r, p); err != nil {
				return fmt.Errorf("%s: %w", p.path, err)
			}
		}
	}
	return nil
}

// pageTimes opens a page often enough for a 95th percentile, and prints its line.
func (b *bench) pageTimes(s *server, r *reader, p opened) error {
	t, err := b.times(s, r, p, 10, 20*b.rounds) // the first ones prepare the statements
	if err != nil {
		return err
	}
	aim := "aim 30 ms, 100 ms, 50 KB"
	if t.half >= pageMedian || t.tail >= pageTail || t.weight >= pageWeight {
		aim += ": MISSED"
	}
	report(r.organisation+" "+p.name(), fmt.Sprintf("median %.1f ms, 95th %.1f ms, %.1f KB; processor %.1f ms", ms(t.half), ms(t.tail), float64(t.weight)/1024, ms(t.busy)), aim)
	return nil
}

// wholeTimes takes a whole list away a few times, and prints how long that took and how large the file is.
func (b *bench) wholeTimes(s *server, r *reader, p opened) error {
	t, err := b.times(s, r, p, 1, b.rounds)
	if err != nil {
		return err
	}
	report(r.organisation+" "+p.name(), fmt.Sprintf("median %.0f ms; processor %.0f ms", ms(t.half), ms(t.busy)),
		fmt.Sprintf("%d lines, %.1f KB, %.1f KB compressed", t.lines, float64(t.size)/1024, float64(t.weight)/1024))
	return nil
}

func (p opened) name() string {
	if p.what != "" {
		return p.what
	}
	return p.path
}

// times is what opening a page took. The processor's time is the program's and its connections' together: on a
// machine that is not ours alone it says more than the clock does.
type times struct {
	half, tail, busy    time.Duration
	size, weight, lines int
}

// times opens a page some times unmeasured, and then often.
func (b *bench) times(s *server, r *reader, p opened, first, often int) (t times, err error) {
	var body []byte
	for range first {
		if _, _, err := b.open(r, p); err != nil {
			return t, err
		}
	}
	took := make([]time.Duration, often)
	before, err := b.busy(s)
	if err != nil {
		return t, err
	}
	for n := range took {
		if took[n], body, err = b.open(r, p); err != nil {
			return t, err
		}
	}
	after, err := b.busy(s)
	slices.Sort(took)
	return times{half: took[often/2], tail: took[often*95/100], busy: (after - before) / time.Duration(often),
		size: len(body), weight: weighed(body), lines: bytes.Count(body, []byte("\n"))}, err
}

// open opens a page, after what changes it.
func (b *bench) open(r *reader, p opened) (took time.Duration, body []byte, err error) {
	if p.changed != "" {
		if err := b.asOwner(b.name, p.changed); err != nil {
			return 0, nil, err
		}
	}
	return r.open(p)
}

// busy is how long the processors have worked for the server and for the database's processes that are running.
func (b *bench) busy(s *server) (sum time.Duration, err error) {
	postmaster, err := b.postmaster()
	if err != nil {
		return 0, err
	}
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since
		}
		pid, rest, _ := strings.Cut(string(text), " ")
		_, after, _ := strings.Cut(rest, ") ") // the third field and all after it
		fields := strings.Fields(after)
		const parent, user, system, tick = 1, 11, 12, 10 * time.Millisecond
		if len(fields) <= system || pid != strconv.Itoa(s.Process.Pid) && fields[parent] != postmaster {
			continue
		}
		for _, at := range []int{user, system} {
			n, _ := strconv.ParseInt(fields[at], 10, 64)
			sum += time.Duration(n) * tick
		}
	}
	return sum, err
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// weighed is how much of a page travels when it is compressed.
func weighed(body []byte) int {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(body)
	w.Close()
	return out.Len()
}

// reader is somebody of an organisation who is signed in.
type reader struct {
	organisation, address, cookie string
	http.Client
}

func (b *bench) reader(s *server, organisation string) (*reader, error) {
	cookie, err := b.signIn(organisation)
	return &reader{organisation, "http://" + s.address, cookie, http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, err
}

func (r *reader) open(p opened) (took time.Duration, body []byte, err error) {
	request, err := http.NewRequest(http.MethodGet, r.address+p.path, nil)
	if p.form != nil {
		request, err = http.NewRequest(http.MethodPost, r.address+p.path, strings.NewReader(p.form.Encode()))
	}
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Cookie", "throughgate="+r.cookie)
	if p.form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", r.address)
	}
	began := time.Now()
	answer, err := r.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	took = time.Since(began)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %d", answer.StatusCode)
	}
	return took, body, err
}

// follow is where the first link that the selector finds on a page leads.
func (r *reader) follow(path, selector string) (string, error) {
	_, body, err := r.open(opened{path: path})
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	page, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	href, there := page.Find(selector).First().Attr("href")
	if !there {
		return "", fmt.Errorf("%s has no %q", path, selector)
	}
	return href, nil
}

// deep is a page so many pages further on; the last one where the list ends before.
func (r *reader) deep(path string, pages int) opened {
	p := opened{path: path}
	for n := range pages {
		next, err := r.follow(p.path, `a[rel="next"]`)
		if err != nil {
			break
		}
		p.path, p.what = next, fmt.Sprintf("%s, page %d", path, n+2)
	}
	return p
}

func at(paths ...string) (list []opened) {
	for _, p := range paths {
		list = append(list, opened{path: p})
	}
	return list
}
