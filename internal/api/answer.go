package api

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// answer is what a request is answered when nothing is wrong.
type answer struct {
	status   int
	location string
	body     any       // what raw is made from
	raw      []byte    // as it goes out, byte for byte, now and whenever it is sent again
	about    uuid.UUID // the referral that it concerns, if any
	again    bool      // it is what an earlier, equal request was answered
}

// ok is an answer of 200.
func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

// on says which referral the answer is about, so that the record of it goes when the referral goes.
func (a answer) on(referral uuid.UUID) answer {
	a.about = referral
	return a
}

// settle fixes the bytes of the answer.
func (a *answer) settle() (err error) {
	if a.raw == nil {
		a.raw, err = encode(a.body)
	}
	return err
}

func (a answer) send(web echo.Context) error {
	if err := a.settle(); err != nil {
		return err
	}
	h := web.Response().Header()
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.again {
		h.Set("Idempotent-Replayed", "true")
	}
	return web.Blob(a.status, "application/json", a.raw)
}

// encode writes JSON with characters as they are: this is not HTML.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return out.Bytes(), err
}

// write sends a value without changing the content type that was set.
func write(web echo.Context, status int, v any) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	web.Response().WriteHeader(status)
	_, err = web.Response().Write(raw)
	return err
}
