package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Faults are everything wrong with the settings, one sentence each: file, key and what is allowed.
type Faults []string

func (f Faults) Error() string { return strings.Join(f, "\n") }

// BuiltIn is the configuration that the program carries: Plymouth's, as an example.
func BuiltIn() *Config {
	c, err := assemble("", nil)
	if err != nil {
		panic(err) // a test reads it
	}
	return c
}

// Load reads the built-in settings and over them those of the file, if one is named, and of the
// environment. All faults are named at once.
func Load(file string) (*Config, error) { return assemble(file, os.Environ()) }

func assemble(file string, environment []string) (*Config, error) {
	c := &Config{}
	if faults := decode(builtIn, "built-in settings", c); len(faults) > 0 {
		return nil, faults
	}
	faults, err := c.fromFile(file)
	if err != nil {
		return nil, err
	}
	faults = append(faults, c.fromEnvironment(environment)...)
	if c.Vocabulary, err = loadVocabulary(); err != nil {
		return nil, err
	}
	c.Vocabulary.NoSurname = c.Files.NoSurname
	c.Server.PublicURL = strings.TrimRight(c.Server.PublicURL, "/")
	if file == "" {
		file = "built-in settings"
	}
	if faults = append(faults, c.faults(file)...); len(faults) > 0 {
		return nil, faults
	}
	return c, nil
}

// fromFile reads a file's settings over the built-in ones; none is named by "". The partnership's own
// changes of pathway take the place of Plymouth's, which reading alone would leave among them.
func (c *Config) fromFile(file string) (Faults, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var alone Config
	decode(text, file, &alone)
	if alone.Report.PathwayChanges != nil {
		c.Report.PathwayChanges, c.Report.NewLimits = nil, nil
	}
	return decode(text, file, c), nil
}

// decode reads one document; what is wrong with a key does not keep the others from being read.
func decode(text []byte, file string, c *Config) (faults Faults) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err := d.Decode(c)
	var wrong *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &wrong):
		for _, e := range wrong.Errors {
			faults = append(faults, file+": "+inWords(e))
		}
	case err != nil:
		return Faults{file + ": " + strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if d.Decode(&yaml.Node{}) != io.EOF {
		faults = append(faults, file+": one document is allowed: what follows the second '---' would not be read")
	}
	return faults
}

// kinds are what the library calls the types of settings, and what is allowed there.
var kinds = strings.NewReplacer(
	"into int", "a whole number", "into float64", "a number", "into bool", "true or false", "into string", "a text",
	"into []string", "a list of texts", "into map[string]string", "words for each date")

// inWords turns the library's "line 3: field mial not found in type config.Config" into a sentence.
func inWords(e string) string {
	line, what, _ := strings.Cut(e, ": ")
	if key, kind, unknown := strings.Cut(strings.TrimPrefix(what, "field "), " not found in type config."); unknown {
		return fmt.Sprintf("%s: there is no setting %q here; allowed are: %s", line, key, strings.Join(keysOf(kind), ", "))
	}
	if at := strings.LastIndex(what, " into "); strings.HasPrefix(what, "cannot unmarshal") && at > 0 {
		kind := kinds.Replace(what[at+1:])
		if strings.HasPrefix(kind, "into ") {
			kind = "an indented block of settings"
		}
		return line + ": " + kind + " is allowed here"
	}
	return e
}

func keysOf(kind string) []string {
	for _, t := range []any{Config{}, Partnership{}, Benchmark{}, Prison{}, Provider{}, Clinic{}, Allocation{},
		Suppression{}, Silence{}, Report{}, Mail{}, Files{}, Server{}} {
		if typ := reflect.TypeOf(t); typ.Name() == kind {
			var keys []string
			for i := range typ.NumField() {
				if key := keyOf(typ.Field(i)); key != "-" {
					keys = append(keys, key)
				}
			}
			return keys
		}
	}
	return nil
}

func keyOf(f reflect.StructField) string {
	if tag := f.Tag.Get("yaml"); tag != "" {
		return tag
	}
	return strings.ToLower(f.Name)
}
