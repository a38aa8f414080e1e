package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/problem"
	"throughgate/internal/referral"
)

const valid = `{"sender_reference": "R1", "person": {"given_name": "Siân"}, "substances": ["heroin"], "naloxone_supplied": true}`

// A valid body, and one thing spoilt. The field is the one that the answer must name.
func TestBodiesAreReadStrictly(t *testing.T) {
	for _, c := range []struct{ name, body, code, field string }{
		{"valid", valid, "", ""},
		{"nothing known", `{}`, "", ""},
		{"spaces around it", "\n " + valid + "\n", "", ""},
		{"an escaped letter", `{"notes": "Si\u00e2n"}`, "", ""},
		{"a letter from outside the first plane", `{"notes": "\ud83d\ude00"}`, "", ""},

		{"empty", ``, "bad_json", ""},
		{"only spaces", " \n", "bad_json", ""},
		{"null", `null`, "bad_json", ""},
		{"a list", `[]`, "bad_json", ""},
		{"a text", `"x"`, "bad_json", ""},
		{"a byte-order mark", "\ufeff" + valid, "bad_json", ""},
		{"cut short", valid[:len(valid)-1], "bad_json", ""},
		{"text after it", valid + `x`, "bad_json", ""},
		{"a second object", valid + `{}`, "bad_json", ""},
		{"a comma too many", `{"notes": "x",}`, "bad_json", ""},
		{"a comment", `{"notes": "x"} // no`, "bad_json", ""},
		{"single quotes", `{'notes': 'x'}`, "bad_json", ""},
		{"a raw line break in a text", "{\"notes\": \"a\nb\"}", "bad_json", ""},
		{"a raw NUL", "{\"notes\": \"a\x00b\"}", "bad_json", ""},
		{"bytes that are not UTF-8", "{\"notes\": \"Si\xe2n\"}", "bad_json", ""},
		{"half a surrogate pair", `{"notes": "\ud83d"}`, "bad_json", ""},
		{"not a number", `{"naloxone_supplied": NaN}`, "bad_json", ""},
		{"very deep", strings.Repeat(`{"person":`, 20000), "unknown_field", "person.person"},

		{"an unknown field", `{"nhs_number": "x"}`, "unknown_field", "nhs_number"},
		{"an unknown field inside", `{"person": {"nhs": "x"}}`, "unknown_field", "person.nhs"},
		{"a field in another case", `{"Notes": "x"}`, "unknown_field", "Notes"},
		{"a field that Go knows by another name", `{"GivenName": "x"}`, "unknown_field", "GivenName"},
		{"a field of the database's", `{"id": "x"}`, "unknown_field", "id"},
		{"a field twice", `{"notes": "a", "notes": "b"}`, "duplicate_field", "notes"},
		{"a field twice inside", `{"person": {"sex": "male", "sex": "male"}}`, "duplicate_field", "person.sex"},
		{"a field twice, once escaped", `{"notes": "a", "n\u006ftes": "b"}`, "duplicate_field", "notes"},

		{"a number for a text", `{"notes": 1}`, "bad_json", "notes"},
		{"a text for a truth", `{"naloxone_supplied": "yes"}`, "bad_json", "naloxone_supplied"},
		{"a text for a list", `{"substances": "heroin"}`, "bad_json", "substances"},
		{"a number in a list", `{"substances": ["heroin", 7]}`, "bad_json", "substances[1]"},
		{"a text for an object", `{"person": "Siân"}`, "bad_json", "person"},
		{"a list for an object", `{"person": []}`, "bad_json", "person"},
		{"an object for a text", `{"person": {"sex": {}}}`, "bad_json", "person.sex"},

		{"a NUL in a name", `{"person": {"given_name": "Si\u0000n"}}`, "invalid", "person.given_name"},
		{"a NUL in a list", `{"substances": ["heroin", "\u0000"]}`, "invalid", "substances[1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d referral.Draft
			err := decode([]byte(c.body), &d)
			if c.code == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			p := problemOf(err)
			if p.Code != c.code {
				t.Errorf("answered %s (%s), not %s", p.Code, p.Detail, c.code)
			}
			if c.field != "" && (len(p.Errors) != 1 || p.Errors[0].Field != c.field) {
				t.Errorf("named %v, not %s", p.Errors, c.field)
			}
			if strings.Contains(p.Detail, "Siân") || strings.Contains(p.Detail, "heroin") {
				t.Errorf("the answer repeats what was sent: %s", p.Detail)
			}
		})
	}
}

func TestWhatCannotBeAnIDIsNamed(t *testing.T) {
	var b booking
	err := decode([]byte(`{"slot_id": "tomorrow"}`), &b)
	var wrong *problem.Invalid
	if !errors.As(err, &wrong) || wrong.Corrections[0].Field != "slot_id" {
		t.Fatalf("%v", err)
	}
	id := uuid.New()
	if err := decode([]byte(`{"slot_id": "`+id.String()+`"}`), &b); err != nil || *b.SlotID != id {
		t.Fatalf("%v", err)
	}
}

func TestAVersionThatIsNoWholeNumberIsNamed(t *testing.T) {
	for _, version := range []string{"1.5", "99999999999999999999"} {
		var d dateChange
		err := decode([]byte(`{"version": `+version+`}`), &d)
		var wrong *problem.Invalid
		if !errors.As(err, &wrong) || wrong.Corrections[0] != (problem.Correction{Field: "version", Code: "format", Message: "This must be a whole number."}) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestAVersionBeginsAtOne(t *testing.T) {
	for version, want := range map[string]int{"0": 0, "-0": 0, "-1": 0, "1": 1, "7": 7, "null": 0} {
		var d dateChange
		err := decode([]byte(`{"version": `+version+`}`), &d)
		var wrong *problem.Invalid
		if refused := errors.As(err, &wrong); refused != (want == 0 && version != "null") || !refused && (err != nil || d.Version != want) {
			t.Errorf("%s: %v, %d", version, err, d.Version)
		} else if refused && (wrong.Corrections[0].Field != "version" || wrong.Corrections[0].Code != "range") {
			t.Errorf("%s is refused for %+v", version, wrong.Corrections)
		}
	}
}

func TestBodiesOfAnotherKindAreRefused(t *testing.T) {
	for _, c := range []struct{ name, kind, encoding, code string }{
		{"JSON", "application/json", "", ""},
		{"JSON in UTF-8", "application/json; charset=UTF-8", "", ""},
		{"no kind", "", "", "unsupported_media_type"},
		{"a form", "application/x-www-form-urlencoded", "", "unsupported_media_type"},
		{"another alphabet", "application/json; charset=iso-8859-1", "", "unsupported_media_type"},
		{"compressed", "application/json", "gzip", "unsupported_media_type"},
		{"compressed twice", "application/json", "identity, gzip", "unsupported_media_type"},
		{"said to be uncompressed", "application/json", "identity", ""},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(valid))
		r.Header.Set("Content-Type", c.kind)
		if c.encoding != "" {
			r.Header.Set("Content-Encoding", c.encoding)
		}
		err := read(httptest.NewRecorder(), r, &referral.Draft{})
		if got := ""; err != nil {
			got = problemOf(err).Code
			if got != c.code {
				t.Errorf("%s: %s, not %q", c.name, got, c.code)
			}
		} else if c.code != "" {
			t.Errorf("%s: accepted", c.name)
		}
	}
}

func TestABodyOverOneMebibyteIsTooLarge(t *testing.T) {
	for _, c := range []struct {
		name  string
		notes int
		known bool // whether the length is told in advance
		code  string
	}{
		{"just fits", most - len(`{"notes":""}`), true, ""},
		{"one byte over", most - len(`{"notes":""}`) + 1, true, "too_large"},
		{"one byte over, untold", most - len(`{"notes":""}`) + 1, false, "too_large"},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(`{"notes":"`+strings.Repeat("x", c.notes)+`"}`))
		r.Header.Set("Content-Type", "application/json")
		if !c.known {
			r.ContentLength = -1
		}
		err := read(httptest.NewRecorder(), r, &referral.Draft{})
		if (err == nil) != (c.code == "") || err != nil && problemOf(err).Code != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Whatever is accepted says the same to a reader that is not strict; nothing makes it fall over.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{valid, `{}`, `{"person":{"sex":"male"}}`, `{"notes":"\u0000"}`, `{"a":1,"a":2}`, "{\"notes\":\"\xff\"}", `[`, `{"substances":[null]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var strict, lax referral.Draft
		if err := decode(text, &strict); err != nil {
			if p := problemOf(err); p.Code == "internal" {
				t.Fatalf("%v is nobody's fault", err)
			}
			return
		}
		if err := json.Unmarshal(text, &lax); err != nil {
			t.Fatalf("accepted what is not JSON: %v", err)
		}
		a, errA := canonical(strict)
		b, errB := canonical(lax)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Fatalf("read as %s and as %s", a, b)
		}
	})
}
