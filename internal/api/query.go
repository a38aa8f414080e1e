package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"throughgate/internal/day"
	"throughgate/internal/problem"
)

// query is what stands after the question mark, read as strictly as a body.
type query struct {
	values url.Values
	wrong  problem.Corrections
}

// asked reads the query; a parameter that is not among the known ones, or there twice, is refused.
func asked(c *call, known ...string) (*query, error) {
	values, err := url.ParseQuery(c.web.Request().URL.RawQuery)
	if err != nil {
		return nil, &refusal{code: "bad_json", detail: "The part of the address after the question mark cannot be read."}
	}
	for name, all := range values {
		if !slices.Contains(known, name) {
			return nil, naming("unknown_field", pointer(name), "is not a parameter of this call. "+taking(known))
		}
		if len(all) > 1 {
			return nil, naming("duplicate_field", pointer(name), "is there twice: send it once.")
		}
		if !utf8.ValidString(all[0]) || strings.ContainsFunc(all[0], unicode.IsControl) {
			return nil, problem.Wrong(name, "control_character", "This holds a character that cannot be seen: leave it out.")
		}
	}
	return &query{values: values}, nil
}

func noQuery(c *call) error {
	_, err := asked(c)
	return err
}

func taking(known []string) string {
	if len(known) == 0 {
		return "It takes none."
	}
	return "It takes " + strings.Join(known, ", ") + "."
}

func (q *query) text(name string) string { return q.values.Get(name) }

// date is a day, or none where the parameter is not there.
func (q *query) date(name string) day.Date {
	text := q.text(name)
	if text == "" {
		return day.Date{}
	}
	d, err := day.Parse(text)
	if err != nil {
		q.wrong.Add(name, "date", "Write the date as 2023-12-31.")
	}
	return d
}

// number is a whole number in a range, or the one that stands for a missing parameter.
func (q *query) number(name string, missing, least, most int) int {
	text := q.text(name)
	if text == "" {
		return missing
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		q.wrong.Add(name, "range", fmt.Sprintf("Give a whole number from %d to %d.", least, most))
	}
	return n
}

// whole is a whole number for an act that names what is wrong with it among all else that is: 0 where
// the parameter is not there, -1 where it is no number that could count anything.
func (q *query) whole(name string) int {
	text := q.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return -1
	}
	return n
}

// flag is true or false, false where the parameter is not there.
func (q *query) flag(name string) bool {
	text := q.text(name)
	if text != "" && text != "true" && text != "false" {
		q.wrong.Add(name, "boolean", "Give true or false.")
	}
	return text == "true"
}

func (q *query) need(name string) {
	if q.text(name) == "" {
		q.wrong.Add(name, "required", "This is needed.")
	}
}
