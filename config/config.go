// Package config is what a partnership may set: who its prisons and provider are, how appointments
// are found, what may leave the service. Everything has a default, shown in throughgate.yaml.
package config

import (
	_ "embed"
	"strconv"
	"strings"
	"time"

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
	Vintage, Source         string
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
	PublicURL      string `yaml:"public_url"` // without a slash at its end, however it was written
	Proxies        []string
	TLSCertificate string `yaml:"tls_certificate"`
	TLSKey         string `yaml:"tls_key"`
}

// Secure says whether people reach the service over TLS, which ends here or at a proxy that is named. An address that the
// settings give in clear is believed where TLS does not end here.
func (s Server) Secure() bool {
	return s.TLSCertificate != "" || strings.HasPrefix(s.PublicURL, "https:") || s.PublicURL == "" && len(s.Proxies) > 0
}

// Address is where people reach the service, as links begin: what the settings say, else the host that the caller knows.
func (s Server) Address(host string, secure bool) string {
	switch {
	case s.PublicURL != "":
		return s.PublicURL
	case secure:
		return "https://" + host
	}
	return "http://" + host
}
