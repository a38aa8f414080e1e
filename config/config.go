// Package config is what a partnership may set: who its prisons and provider are, how appointments
// are found, what may leave the service. Everything has a default, shown in throughgate.yaml.
package config

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"throughgate/internal/day"
)

//go:embed throughgate.yaml
var builtIn []byte

// Config is every setting. Config.Vocabulary and the calendar come with the program.
type Config struct {
	Partnership  Partnership
	Benchmarks   []Benchmark
	Prisons      []Prison
	Providers    []Provider
	Allocation   Allocation
	BankHolidays map[string]string `yaml:"bank_holidays"`
	Suppression  Suppression
	Silence      Silence
	Report       Report
	Mail         Mail
	Files        Files
	Server       Server
	KeyFile      string `yaml:"key_file"`

	Vocabulary Vocabulary   `yaml:"-"`
	Calendar   day.Calendar `yaml:"-"`
}

// Partnership is who the rate is about.
type Partnership struct {
	Name        string
	DATCodes    []string `yaml:"dat_codes"`
	LocalTarget float64  `yaml:"local_target"` // per cent of M1; 0 is none
	Ambition    float64  // per cent of M2
}

// Benchmark is a published figure of somebody else, with the period it is for and the year it was
// published in: published history gets revised, and a revised figure is another row.
type Benchmark struct {
	Area, Indicator, Period string
	PeriodType              string `yaml:"period_type"`
	Percent                 float64
	Vintage                 string
}

// Begins is the first day of the period: of a financial year ("2023/24") 1 April, of a month ("June 2025") the 1st.
func (b Benchmark) Begins() (first day.Date, ok bool) {
	if t, err := time.Parse("January 2006", b.Period); err == nil {
		return day.New(t.Year(), t.Month(), 1), true
	}
	from, to, found := strings.Cut(b.Period, "/")
	year, err1 := strconv.Atoi(from)
	short, err2 := strconv.Atoi(to)
	ok = found && err1 == nil && err2 == nil && len(from) == 4 && len(to) == 2 && (year+1)%100 == short
	return day.New(year, time.April, 1), ok
}

type Prison struct{ Code, Name string }

// Provider is a community service that picks people up.
type Provider struct {
	Code, Name string
	Clinics    []Clinic
	ClosedDays []string `yaml:"closed_days"`
}

// Clinic is one weekday's session at one place.
type Clinic struct {
	Code, Weekday, Start, End string
	SlotMinutes               int `yaml:"slot_minutes"`
	Places                    int
	Prescribing               bool
	Place, Address            string
	AskFor                    string `yaml:"ask_for"`
	Telephone, Directions     string
}

// Allocation is how the first appointment is found (workflow.md, "Appointment").
type Allocation struct {
	TargetWorkingDays int    `yaml:"target_working_days"`
	WithinDays        int    `yaml:"within_days"`
	ReleaseDayFrom    string `yaml:"release_day_from"`
	OpenWeeks         int    `yaml:"open_weeks"`
}

// Suppression is what may leave the service (measure.md, "What may leave the service").
type Suppression struct {
	Enabled             bool
	HideUpTo            int `yaml:"hide_up_to"`
	RoundTo             int `yaml:"round_to"`
	SmallestDenominator int `yaml:"smallest_denominator"`
}

// Silence is when a partner who usually sends something has gone quiet: after so many of its usual
// gaps, each at least a week.
type Silence struct{ Gaps float64 }

type Report struct {
	Schedule       string
	PathwayChanges map[string]string `yaml:"pathway_changes"`
	NewLimits      []string          `yaml:"new_limits"` // of the pathway changes, those that start new control limits
}

// Mail is how messages leave. Password comes from PasswordFile or THROUGHGATE_MAIL_PASSWORD.
type Mail struct {
	Address, TLS, Username string
	PasswordFile           string `yaml:"password_file"`
	CAFile                 string `yaml:"ca_file"`
	From                   string
	AllowedDomains         []string `yaml:"allowed_domains"`
	Password               string   `yaml:"-"`
}

type Files struct {
	KeepDays  int    `yaml:"keep_days"`
	NoSurname string `yaml:"no_surname"`
}

type Server struct {
	PublicURL      string `yaml:"public_url"`
	Proxies        []string
	TLSCertificate string `yaml:"tls_certificate"`
	TLSKey         string `yaml:"tls_key"`
}

// Faults are everything wrong with the settings, one sentence each: file, key and what is allowed.
type Faults []string

func (f Faults) Error() string { return strings.Join(f, "\n") }

// BuiltIn is the configuration that the program carries: Plymouth's, as an example.
func BuiltIn() *Config {
	c, err := Load("")
	if err != nil {
		panic(err) // a test reads it
	}
	return c
}

// Load reads the built-in settings and over them those of the file, if one is named, and of the
// environment. All faults are named at once.
func Load(file string) (*Config, error) {
	c := &Config{}
	if err := decode(builtIn, "built-in settings", c); err != nil {
		return nil, err
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := decode(text, file, c); err != nil {
			return nil, err
		}
	} else {
		file = "built-in settings"
	}
	faults := c.fromEnvironment(os.LookupEnv)
	var err error
	if c.Vocabulary, err = loadVocabulary(); err != nil {
		return nil, err
	}
	c.Vocabulary.NoSurname = c.Files.NoSurname
	faults = append(faults, c.faults(file)...)
	if len(faults) > 0 {
		return nil, faults
	}
	return c, nil
}

func decode(text []byte, file string, c *Config) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err := d.Decode(c)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return Faults{file + ": " + strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	var faults Faults
	for _, e := range wrong.Errors {
		faults = append(faults, file+": "+inWords(e))
	}
	return faults
}

// inWords turns the library's "line 3: field mial not found in type config.Config" into a sentence.
func inWords(e string) string {
	line, rest, _ := strings.Cut(e, ": field ")
	key, kind, unknown := strings.Cut(rest, " not found in type config.")
	if !unknown {
		return e
	}
	return fmt.Sprintf("%s: there is no setting %q here; allowed are: %s", line, key, strings.Join(keysOf(kind), ", "))
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

// fromEnvironment sets single values (mail.address as THROUGHGATE_MAIL_ADDRESS); lists are for the file.
func (c *Config) fromEnvironment(look func(string) (string, bool)) (faults Faults) {
	var walk func(v reflect.Value, name string)
	walk = func(v reflect.Value, name string) {
		for i := range v.NumField() {
			f, key := v.Field(i), keyOf(v.Type().Field(i))
			variable := name + "_" + strings.ToUpper(key)
			if key == "-" {
				continue
			}
			if f.Kind() == reflect.Struct {
				walk(f, variable)
				continue
			}
			text, given := look(variable)
			if given && !set(f, text) {
				faults = append(faults, fmt.Sprintf("environment: %s cannot be set to that: a %s is allowed", variable, allowed(f)))
			}
		}
	}
	walk(reflect.ValueOf(c).Elem(), "THROUGHGATE")
	if p, given := look("THROUGHGATE_MAIL_PASSWORD"); given {
		c.Mail.Password = p
	}
	return faults
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
	case reflect.Slice:
		if f.Type().Elem().Kind() != reflect.String {
			return false
		}
		f.Set(reflect.ValueOf(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })))
	default:
		return false
	}
	return true
}

func allowed(f reflect.Value) string {
	switch f.Kind() {
	case reflect.Int:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "true or false"
	}
	return "value in the file only"
}
