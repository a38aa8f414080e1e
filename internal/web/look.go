package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"sync"

	"github.com/labstack/echo/v4"

	"throughgate/internal/staff"
)

//go:embed *.html
var pages embed.FS

// The few rules and lines of our own beside GOV.UK Frontend.
//
//go:embed own
var own embed.FS

// look is how pages look: the drawn templates, and the files that they load.
type look struct {
	pages   map[string]func() *template.Template
	files   map[string][]byte
	version string // changes whenever a file does, so that browsers may keep them for ever
	styled  bool
}

// parts are what several pages are made of.
var parts = []string{"layout.html", "form.html", "lists.html", "affected.html"}

func newLook() look {
	l := look{pages: map[string]func() *template.Template{}, files: map[string][]byte{}}
	names, err := fs.Glob(pages, "*.html")
	must(err)
	for _, name := range names {
		l.pages[name] = sync.OnceValue(func() *template.Template { // all of them at once would be a third of a start
			return template.Must(template.New(name).Funcs(words).ParseFS(pages, append(slices.Clone(parts), name)...))
		})
	}
	assets, styled := Assets()
	mine, err := fs.Sub(own, "own")
	must(err)
	sum := sha256.New()
	for _, folder := range []fs.FS{assets, mine} {
		must(fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || name == ".gitkeep" {
				return err
			}
			l.files[name], err = fs.ReadFile(folder, name)
			sum.Write(l.files[name])
			return err
		}))
	}
	l.version, l.styled = hex.EncodeToString(sum.Sum(nil))[:16], styled
	return l
}

// must is for what is built into the program: it is there, or the program was not built.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// asset serves a file of the look. Its address has the version in it, so it may be kept for ever.
// It is for anybody, and asks the database nothing.
func (s *site) asset(web echo.Context) error {
	file, there := s.look.files[web.Param("file")]
	if !there || web.Param("version") != s.look.version {
		return notThere
	}
	web.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return web.Blob(http.StatusOK, mime.TypeByExtension(path.Ext(web.Param("file"))), file)
}

// page is what the layout needs besides the page's own body.
type page struct {
	Title  string // without "Error:", which follows from Faults
	Back   string // where "Back" leads; "" has none
	Done   string // what has just been done, said once at the top
	Faults faults
	Body   any

	// Filled in by draw.
	Who          staff.Who
	Links        []link
	Demo         bool
	Styled       bool
	Version      string
	Organisation string
	IdleMinutes  int
	Kept         bool       // the form holds what was typed before the session ended
	KeptForms    []keptForm // filled in by the reader and never carried out
}

type link struct {
	Path, Text string
	Current    bool
}

// draw makes the whole page before the first byte goes out: a page that cannot be finished is an
// error, and never half a page.
func (v *visit) draw(status int, name string, p page) error {
	p.Who, p.Demo, p.Styled, p.Version = v.who, v.Demo != nil, v.look.styled, v.look.version
	p.Links, p.Organisation = v.links(), v.organisation()
	p.IdleMinutes = int(staff.SessionIdle.Minutes())
	p.Kept, p.KeptForms = v.kept != nil && status == http.StatusOK, v.keptForms
	if v.unseen != nil && status == http.StatusOK {
		p.Kept = false
		return v.drawUnseen(name, p)
	}
	out, err := v.drawn(name, p)
	if err == nil && p.Kept {
		out, err = refilled(out, v.kept)
	}
	if err != nil {
		return err
	}
	return v.web.HTMLBlob(status, out)
}

func (v *visit) drawn(name string, p page) ([]byte, error) {
	var out bytes.Buffer
	if err := v.look.pages[name]().ExecuteTemplate(&out, name, p); err != nil {
		return nil, err
	}
	return v.marked(out.Bytes()), nil
}

// links are the parts of the site that the reader's role has.
func (v *visit) links() (list []link) {
	add := func(path, text string) {
		list = append(list, link{path, text, v.web.Request().URL.Path == path})
	}
	switch v.who.Role {
	case staff.Prison, staff.Provider:
		add("/", "Worklists")
		if v.who.Role == staff.Prison {
			add("/referrals/new", "Refer someone")
		}
		if v.who.Role == staff.Provider {
			add("/appointments", "Appointments")
			add("/clinics", "Clinics")
		}
		add("/find", "Find")
		add("/imports", "Upload a list")
		if v.who.Role == staff.Prison { // of a provider it is one of the worklists
			add("/review", "To review")
		}
		add("/reconciliation", "Reconciliation")
		add("/report", "Report")
		add("/reports", "Reports sent")
	case staff.SubGroup:
		add("/report", "Report")
		add("/reconciliation", "Reconciliation")
		add("/reports", "Reports sent")
	case staff.Admin:
		add("/admin", "Administration")
		add("/admin/people", "People")
		add("/admin/keys", "API keys")
		add("/admin/mail", "Emails")
		add("/recipients", "Report readers")
		add("/reports", "Reports sent")
	case staff.Audit:
		add("/audit", "Audit trail")
		add("/reports", "Reports sent")
	}
	return list
}

// organisation is for whom the reader works.
func (v *visit) organisation() string {
	switch v.who.Role {
	case staff.SubGroup, staff.Admin, staff.Audit:
		return say(v.who.Role)
	}
	return nameOf(v.Pool.Rules, v.who.Organisation())
}
