package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// plainly asks as a browser that takes these encodings, and does not undo them.
func (b *browser) plainly(method, path, takes string) (*http.Response, string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.site.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", takes)
	answer, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	return answer, string(raw)
}

func (b *browser) unpacked(raw string) string {
	b.Helper()
	from, err := gzip.NewReader(strings.NewReader(raw))
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(from)
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

func TestAnswersAreCompressedForWhoeverTakesIt(t *testing.T) {
	h := newHouse(t)
	b := h.as("HARBOUR")
	style := b.open("/").Find("link[rel=stylesheet]").Last().AttrOr("href", "")
	for path, packed := range map[string]bool{
		"/report": true, "/report.csv": true, "/report.json": true, "/clinics": true, "/no-such-page": true, style: true,
		"/api/v1/openapi.yaml": true, "/report.xlsx": false, "/healthz": false,
	} {
		answer, raw := b.plainly(get, path, "gzip, br")
		if got := answer.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%s: %d, compressed: %v", path, answer.StatusCode, got)
			continue
		}
		whole, plain := b.plainly(get, path, "identity")
		if whole.Header.Get("Content-Encoding") != "" || packed && whole.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s, to who takes nothing: %v", path, whole.Header)
		}
		if n := answer.Header.Get("Content-Length"); n != "" && n != strconv.Itoa(len(raw)) {
			t.Errorf("%s: %s bytes are promised, %d come", path, n, len(raw))
		}
		if head, body := b.plainly(http.MethodHead, path, "gzip"); head.StatusCode != answer.StatusCode || body != "" {
			t.Errorf("HEAD %s: %d %q", path, head.StatusCode, body)
		}
		if packed && b.unpacked(raw) != plain {
			t.Errorf("%s: what is unpacked is something else", path)
		}
	}
}

// What collects metrics always asks for them compressed.
func TestMetricsAreCompressedOnce(t *testing.T) {
	b := newHouse(t).browser()
	_, raw := b.plainly(get, "/metrics", "gzip")
	if text := b.unpacked(raw); !strings.HasPrefix(text, "# HELP ") {
		t.Errorf("%.60q", text)
	}
}
