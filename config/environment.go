package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const prefix = "THROUGHGATE_"

// besides are the variables with our prefix that are no setting of the file: secrets, and where the
// file and the data are.
var besides = []string{"THROUGHGATE_CONFIG", "THROUGHGATE_DATA_DIR", "THROUGHGATE_KEY", "THROUGHGATE_MAIL_PASSWORD", "THROUGHGATE_METRICS_TOKEN"}

// fromEnvironment sets single values (mail.address as THROUGHGATE_MAIL_ADDRESS); what has parts is for
// the file. A variable that is misspelt would otherwise be believed to hold.
func (c *Config) fromEnvironment(environment []string) (faults Faults) {
	single := map[string]reflect.Value{}
	c.eachSingle(func(variable string, f reflect.Value) { single[variable] = f })
	for _, entry := range environment {
		variable, text, _ := strings.Cut(entry, "=")
		f, known := single[variable]
		switch {
		case variable == "THROUGHGATE_MAIL_PASSWORD":
			c.Mail.Password = text
		case known && !set(f, text):
			faults = append(faults, fmt.Sprintf("environment: %s cannot be set to that: %s is allowed", variable, allowed(f)))
		case !known && strings.HasPrefix(variable, prefix) && !slices.Contains(besides, variable):
			faults = append(faults, fmt.Sprintf("environment: there is no setting %s, or it can be set in the file only; allowed are: %s",
				variable, strings.Join(slices.Sorted(maps.Keys(single)), ", ")+", "+strings.Join(besides, ", ")))
		}
	}
	slices.Sort(faults)
	return faults
}

// eachSingle walks through the settings that hold one value, or a list of words.
func (c *Config) eachSingle(do func(variable string, f reflect.Value)) {
	var walk func(v reflect.Value, name string)
	walk = func(v reflect.Value, name string) {
		for i := range v.NumField() {
			f, key := v.Field(i), keyOf(v.Type().Field(i))
			words := f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.String
			switch {
			case key == "-":
			case f.Kind() == reflect.Struct:
				walk(f, name+strings.ToUpper(key)+"_")
			case words || f.Kind() != reflect.Slice && f.Kind() != reflect.Map:
				do(name+strings.ToUpper(key), f)
			}
		}
	}
	walk(reflect.ValueOf(c).Elem(), prefix)
}

func set(f reflect.Value, text string) bool {
	switch f.Kind() {
	case reflect.String:
		f.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		f.SetInt(int64(n))
		return err == nil
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		f.SetFloat(n)
		return err == nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		f.SetBool(b)
		return err == nil
	default: // a list of words
		f.Set(reflect.ValueOf(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })))
	}
	return true
}

func allowed(f reflect.Value) string {
	switch f.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "true or false"
}
