package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

// most is the largest body taken, but for files.
const most = 1 << 20

// read takes one JSON body strictly. A field that is mistyped, sent twice or of the wrong type
// would otherwise vanish without a word, and with it a person's bridging prescription.
func read(w http.ResponseWriter, r *http.Request, dest any) error {
	if err := taken(r, "application/json"); err != nil {
		return err
	}
	if r.ContentLength > most {
		return &http.MaxBytesError{Limit: most}
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return cutShort(err)
	}
	return decode(text, dest)
}

// cutShort tells a body that is too large from one whose sender went away.
func cutShort(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return tooLarge
	}
	return &refusal{code: "bad_json", detail: "The body ended before it was complete."}
}

// taken refuses a body of another kind, and every compressed one: a few kilobytes of it could
// unpack to gigabytes.
func taken(r *http.Request, kind string) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return &refusal{code: "unsupported_media_type", detail: "Compressed bodies are not taken: send it without Content-Encoding."}
	}
	sent, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := parameters["charset"]
	if err != nil || sent != kind || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &refusal{code: "unsupported_media_type", detail: "Send it with 'Content-Type: " + kind + "' (UTF-8)."}
	}
	return nil
}

// decode reads exactly one JSON object into dest: every field known, none twice, each of its type.
func decode(text []byte, dest any) error {
	if len(strings.TrimSpace(string(text))) == 0 {
		return &refusal{code: "bad_json", detail: "The body is empty: send a JSON object, {} at least."}
	}
	if jsontext.Value(text).Kind() != '{' {
		return &refusal{code: "bad_json", detail: "The body must be one JSON object, in UTF-8 without a byte-order mark."}
	}
	if err := json.Unmarshal(text, dest, json.RejectUnknownMembers(true), json.WithUnmarshalers(json.JoinUnmarshalers(emptied, numbered))); err != nil {
		return unreadable(err)
	}
	return withoutNUL(text)
}

// emptied is how a correction empties a field, with null: it would otherwise be taken for a field that
// was left out, and a prescription that has ended would stand.
var emptied = json.JoinUnmarshalers(
	json.UnmarshalFromFunc(func(d *jsontext.Decoder, field **string) error { return unlessNull(d, field, "") }),
	json.UnmarshalFromFunc(func(d *jsontext.Decoder, field **referral.SubstitutionCorrect) error {
		none := "none"
		return unlessNull(d, field, referral.SubstitutionCorrect{Medicine: &none})
	}),
)

// numbered are the numbers of a body, all of them versions. They begin at 1: a 0 that was sent would be taken for
// one that was left out, and what is recorded since changed unseen.
var numbered = json.UnmarshalFromFunc(func(d *jsontext.Decoder, version *int) error {
	if d.PeekKind() != '0' {
		return json.SkipFunc
	}
	text, err := d.ReadValue()
	if err != nil {
		return err
	}
	if err = json.Unmarshal(text, version); err == nil && *version < 1 {
		return errBelowOne
	}
	return err
})

var errBelowOne = errors.New("below 1")

func unlessNull[T any](d *jsontext.Decoder, field **T, empty T) error {
	if d.PeekKind() != 'n' {
		return json.SkipFunc
	}
	*field = &empty
	return d.SkipValue()
}

// unreadable says what is wrong and where, without repeating what was sent.
func unreadable(err error) error {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		return naming("duplicate_field", syntax.JSONPointer, "is there twice: send it once.")
	case errors.As(err, &meaning) && errors.Is(err, json.ErrUnknownName):
		return naming("unknown_field", meaning.JSONPointer, "is not a field of this call: check its spelling.")
	case errors.As(err, &syntax):
		return &refusal{code: "bad_json", detail: fmt.Sprintf("The body is not valid JSON in UTF-8 from byte %d on.", syntax.ByteOffset)}
	case errors.As(err, &meaning) && meaning.Err == nil && meaning.GoType != nil:
		return naming("bad_json", meaning.JSONPointer, "is of the wrong type: it must be "+wanted(meaning.GoType)+".")
	case errors.As(err, &meaning) && errors.Is(err, errBelowOne):
		return problem.Wrong(fieldAt(meaning.JSONPointer), "range", "A version is 1 or more: give the one that you read, or leave it out.")
	case errors.As(err, &meaning) && meaning.GoType != nil && meaning.GoType.Kind() == reflect.Int:
		return problem.Wrong(fieldAt(meaning.JSONPointer), "format", "This must be "+wanted(meaning.GoType)+".")
	case errors.As(err, &meaning):
		return problem.Wrong(fieldAt(meaning.JSONPointer), "format", "This is not written in the form it needs: dates as 2023-12-31, ids as they were given.")
	}
	return &refusal{code: "bad_json", detail: "The body cannot be read as JSON."}
}

func naming(code string, at jsontext.Pointer, what string) error {
	field := fieldAt(at)
	if field == "" {
		field = "(body)"
	}
	return &refusal{code: code, detail: field + " " + what, fields: []problem.Correction{{Field: field, Code: code, Message: "This " + what}}}
}

// pointer points to a field of the outermost object.
func pointer(name string) jsontext.Pointer { return jsontext.Pointer("").AppendToken(name) }

// fieldAt writes a pointer (/person/nhs_number, /substances/1) as senders know the field
// (person.nhs_number, substances[1]). A name that nobody could have meant is cut short.
func fieldAt(at jsontext.Pointer) string {
	var out strings.Builder
	for token := range at.Tokens() {
		if len(token) > 64 {
			token = strings.ToValidUTF8(token[:64], "") + "…"
		}
		if _, err := strconv.Atoi(token); err == nil && out.Len() > 0 {
			out.WriteString("[" + token + "]")
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('.')
		}
		out.WriteString(strings.Map(printable, token))
	}
	return out.String()
}

func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return unicode.ReplacementChar
}

// wanted is a type in the words of JSON.
func wanted(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a text in quotation marks"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list in square brackets"
	case reflect.Struct, reflect.Map:
		return "an object in braces"
	}
	return "a whole number"
}

// unwritable is a body that could be read, and holds the one character that PostgreSQL cannot store.
type unwritable struct{ wrong problem.Corrections }

func (u *unwritable) Error() string { return u.Unwrap().Error() }
func (u *unwritable) Unwrap() error { return u.wrong.Err() }

// beside is what an act has against a body together with what is unwritable in it: everything wrong is
// named at once. Who may not act at all, or finds nothing, learns only that.
func (u *unwritable) beside(err error) error {
	var wrong *problem.Invalid
	var stands *problem.Conflict
	var refused *db.Refusal
	switch {
	case u == nil:
		return err
	case err == nil, errors.As(err, &stands), errors.As(err, &refused):
		return u
	case !errors.As(err, &wrong):
		return err
	}
	all := slices.Clone(u.wrong)
	for _, w := range wrong.Corrections {
		if !slices.ContainsFunc(u.wrong, func(known problem.Correction) bool { return known.Field == w.Field }) {
			all = append(all, w)
		}
	}
	return all.Err()
}

// withoutNUL finds that character, wherever it stands.
func withoutNUL(text []byte) error {
	if !strings.Contains(string(text), `\u0000`) {
		return nil
	}
	var wrong problem.Corrections
	d := jsontext.NewDecoder(strings.NewReader(string(text)))
	for {
		token, err := d.ReadToken()
		if err != nil {
			break
		}
		if token.Kind() == '"' && strings.Contains(token.String(), "\x00") {
			wrong.Add(fieldAt(d.StackPointer()), "control_character", "This has a character that cannot be written (NUL): leave it out.")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &unwritable{wrong}
}
