package web

import (
	"embed"
	"io/fs"
)

// The folder is filled by `make assets`; a plain `go build` finds only .gitkeep there.
//
//go:embed all:assets
var embedded embed.FS

// Assets are the files served under /assets. styled is false where the program was built without them: pages are
// then readable, but plain.
func Assets() (files fs.FS, styled bool) {
	files, err := fs.Sub(embedded, "assets")
	if err != nil {
		panic(err) // only for a path that is not valid
	}
	_, err = fs.Stat(files, "govuk-frontend.min.css")
	return files, err == nil
}
