package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/reconcile"
	"throughgate/internal/staff"
)

// MostEnvelope is what the form around an uploaded file may add to it.
const MostEnvelope = 64 << 10

var (
	importPrisonReleases  = importing(reconcile.ImportPrisonReleases)
	importProviderPickups = importing(reconcile.ImportProviderPickups)
)

// intake is how reconcile takes a partner's file in.
type intake func(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, organisation, name string, received []byte, o reconcile.Options) (*reconcile.Result, error)

// importing takes a partner's file in, as the console does, and answers what became of each row.
func importing(take intake) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		u, err := c.received()
		if err != nil {
			return answer{}, err
		}
		if !u.dryRun { // a dry run stores nothing, its answer neither
			c.content = u.fingerprint()
			if c.keys, err = c.headerClaim(); err != nil {
				return answer{}, err
			}
		}
		return c.apart(func() (answer, error) {
			ctx := c.web.Request().Context() // a file takes its time
			result, err := take(ctx, c.Pool, c.who, c.now, c.who.Organisation(), u.name, u.content, reconcile.Options{DryRun: u.dryRun})
			return ok(result), err
		})
	}
}

// upload is a file as it was sent.
type upload struct {
	name    string
	content []byte
	dryRun  bool
}

// fingerprint tells the same file sent again from another.
func (u upload) fingerprint() []byte {
	sum := sha256.Sum256(u.content)
	return append(sum[:], u.name...)
}

// received reads the one part named file, and nothing else: what exceeds the limit is never held.
func (c *call) received() (u upload, err error) {
	q, err := asked(c, "dry_run")
	if err != nil {
		return u, err
	}
	u.dryRun = q.flag("dry_run")
	if err := q.wrong.Err(); err != nil {
		return u, err
	}
	r := c.web.Request()
	if err := taken(r, "multipart/form-data"); err != nil {
		return u, err
	}
	if r.ContentLength > reconcile.MaxFileBytes+MostEnvelope {
		return u, &http.MaxBytesError{Limit: reconcile.MaxFileBytes}
	}
	r.Body = http.MaxBytesReader(c.web.Response(), r.Body, reconcile.MaxFileBytes+MostEnvelope)
	parts, err := r.MultipartReader()
	if err != nil {
		return u, &refusal{code: "bad_json", detail: "The body is not a complete multipart/form-data."}
	}
	return u, u.read(parts)
}

func (u *upload) read(parts *multipart.Reader) error {
	for there := false; ; {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF) && there:
			return nil
		case errors.Is(err, io.EOF):
			return problem.Wrong("file", "required", "Send the file as a part named file.")
		case err != nil:
			return cutShort(err)
		case part.FormName() != "file":
			return naming("unknown_field", pointer(part.FormName()), "is not a part of this call: it takes file.")
		case there:
			return naming("duplicate_field", pointer("file"), "is there twice: send one file.")
		}
		there = true
		if err := u.take(part); err != nil {
			return err
		}
	}
}

func (u *upload) take(part *multipart.Part) (err error) {
	u.name = reconcile.FileName(part.FileName())
	if part.FileName() == "" {
		return problem.Wrong("file", "name", "Send the file with its name, which says whether it is CSV or XLSX.")
	}
	if u.content, err = io.ReadAll(io.LimitReader(part, reconcile.MaxFileBytes+1)); err != nil {
		return cutShort(err)
	}
	if len(u.content) > reconcile.MaxFileBytes {
		return &http.MaxBytesError{Limit: reconcile.MaxFileBytes}
	}
	return nil
}
