package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/gb"
	"github.com/robfig/cron/v3"

	"throughgate/internal/day"
)

var code = regexp.MustCompile(`^[A-Z][A-Z0-9-]{1,19}$`)

// reserved are the organisations that every installation has besides its prisons and providers.
var reserved = []string{"SUBGROUP", "ADMIN", "AUDIT"}

// faults is everything in the settings that cannot be worked with, and fills what follows from them.
func (c *Config) faults(file string) (out Faults) {
	say := func(key, allowed string) { out = append(out, fmt.Sprintf("%s: %s: %s", file, key, allowed)) }
	c.Partnership.faults(say)
	c.organisations(say)
	c.Allocation.faults(say)
	c.Suppression.faults(say)
	if !(c.Silence.Gaps >= 1) { // nor what is not a number
		say("silence.gaps", "1 or more is allowed")
	}
	c.Report.faults(say)
	c.Mail.faults(say)
	if c.Files.KeepDays < 0 {
		say("files.keep_days", "0 or more days are allowed")
	}
	c.Server.faults(say)
	for i, b := range c.Benchmarks {
		b.faults(fmt.Sprintf("benchmarks[%d]", i), say)
	}
	c.Calendar = day.NewCalendar(c.holidays(say))
	return out
}

func (p Partnership) faults(say func(key, allowed string)) {
	if p.Name == "" {
		say("partnership.name", "a name is needed")
	}
	if len(p.DATCodes) == 0 {
		say("partnership.dat_codes", "at least one DAT code is needed")
	}
	percent := func(key string, n float64) {
		if !(n >= 0 && n <= 100) {
			say(key, "0 to 100 per cent is allowed")
		}
	}
	percent("partnership.local_target", p.LocalTarget)
	percent("partnership.ambition", p.Ambition)
}

// organisations checks who takes part: each with a code of its own and a name.
func (c *Config) organisations(say func(key, allowed string)) {
	seen := slices.Clone(reserved)
	known := func(key, itsCode, itsName string) {
		if !code.MatchString(itsCode) || slices.Contains(seen, itsCode) {
			say(key+".code", fmt.Sprintf("%q must be 2 to 20 capital letters, figures or hyphens, and not used twice", itsCode))
		}
		if strings.TrimSpace(itsName) == "" {
			say(key+".name", "a name is needed")
		}
		seen = append(seen, itsCode)
	}
	for i, p := range c.Prisons {
		known(fmt.Sprintf("prisons[%d]", i), p.Code, p.Name)
	}
	for i, p := range c.Providers {
		known(fmt.Sprintf("providers[%d]", i), p.Code, p.Name)
		p.faults(fmt.Sprintf("providers[%d]", i), say)
	}
	if len(c.Prisons) == 0 || len(c.Providers) == 0 {
		say("prisons, providers", "at least one of each is needed")
	}
}

func (r Report) faults(say func(key, allowed string)) {
	if _, err := cron.ParseStandard(r.Schedule); err != nil || strings.ContainsAny(r.Schedule, "@=") {
		say("report.schedule", "five fields as in cron are allowed: minute hour day month weekday, such as \"0 7 * * 1\"")
	}
	for key := range r.PathwayChanges {
		if _, err := day.Parse(key); err != nil {
			say("report.pathway_changes", "each key is a date written YYYY-MM-DD")
		}
	}
	for i, on := range r.NewLimits {
		if _, documented := r.PathwayChanges[on]; !documented {
			say(fmt.Sprintf("report.new_limits[%d]", i), "a date of report.pathway_changes is needed: only a documented change starts new limits")
		}
	}
}

func (p Provider) faults(key string, say func(key, allowed string)) {
	var codes []string
	for i, clinic := range p.Clinics {
		at := fmt.Sprintf("%s.clinics[%d].", key, i)
		if clinic.Code == "" || slices.Contains(codes, clinic.Code) {
			say(at+"code", "a code is needed, and no two clinics may share one")
		}
		codes = append(codes, clinic.Code)
		if _, ok := Weekday(clinic.Weekday); !ok {
			say(at+"weekday", "monday to sunday are allowed")
		}
		from, ok1 := Clock(clinic.Start)
		to, ok2 := Clock(clinic.End)
		if !ok1 || !ok2 || from >= to {
			say(at+"start, end", "times such as \"10:00\" are allowed, the start before the end")
		}
		if clinic.SlotMinutes < 5 || clinic.SlotMinutes > 480 {
			say(at+"slot_minutes", "5 to 480 minutes are allowed")
		}
		if clinic.Places < 1 || clinic.Places > 100 {
			say(at+"places", "1 to 100 places are allowed")
		}
		if clinic.Place == "" || clinic.AskFor == "" || clinic.Telephone == "" {
			say(at+"place, ask_for, telephone", "are needed: they are printed on the person's card")
		}
	}
	for i, d := range p.ClosedDays {
		if _, err := day.Parse(d); err != nil {
			say(fmt.Sprintf("%s.closed_days[%d]", key, i), "a date written YYYY-MM-DD is needed")
		}
	}
}

func (b Benchmark) faults(key string, say func(key, allowed string)) {
	if _, ok := b.Begins(); !ok {
		say(key+".period", "a financial year such as \"2023/24\" or a month such as \"June 2025\" is needed")
	}
	if b.Area == "" || b.Indicator == "" || b.PeriodType == "" || b.Vintage == "" || b.Source == "" {
		say(key, "area, indicator, period_type, vintage (the year of publication) and source are needed")
	}
	if b.Percent <= 0 || b.Percent > 100 {
		say(key+".percent", "more than 0 and at most 100 is allowed")
	}
}

func (a Allocation) faults(say func(key, allowed string)) {
	if a.TargetWorkingDays < 0 || a.TargetWorkingDays > 15 {
		say("allocation.target_working_days", "0 to 15 are allowed")
	}
	if a.WithinDays < 1 || a.WithinDays > 92 {
		say("allocation.within_days", "1 to 92 are allowed")
	}
	if _, ok := Clock(a.ReleaseDayFrom); !ok {
		say("allocation.release_day_from", "a time such as \"13:00\" is needed")
	}
	if a.OpenWeeks < 1 || a.OpenWeeks > 104 {
		say("allocation.open_weeks", "1 to 104 are allowed")
	}
}

func (s Suppression) faults(say func(key, allowed string)) {
	if s.HideUpTo < 0 || s.RoundTo < 1 || s.SmallestDenominator < 1 {
		say("suppression", "hide_up_to 0 or more, round_to and smallest_denominator 1 or more are allowed")
	}
}

// faults also reads the password, which stands in a file of its own.
func (m *Mail) faults(say func(key, allowed string)) {
	if host, port, err := net.SplitHostPort(m.Address); m.Address != "" && (err != nil || host == "" || port == "") {
		say("mail.address", "host:port is needed, such as mail.example.org:587")
	}
	if !slices.Contains([]string{"starttls", "implicit", "none"}, m.TLS) {
		say("mail.tls", "starttls, implicit or none are allowed")
	}
	if m.PasswordFile != "" && m.Password == "" {
		text, err := os.ReadFile(m.PasswordFile)
		if err != nil {
			say("mail.password_file", "a file that can be read is needed")
		}
		m.Password = strings.TrimSpace(string(text))
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		say("mail.from", "an address is needed, such as \"throughgate <no-reply@example.org>\"")
	}
	for i, domain := range m.AllowedDomains {
		if domain == "" || strings.ContainsAny(domain, "@/: \t") {
			say(fmt.Sprintf("mail.allowed_domains[%d]", i), "a domain is needed, such as example.org")
		}
	}
}

func (s Server) faults(say func(key, allowed string)) {
	if u, err := url.Parse(s.PublicURL); s.PublicURL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery+u.Fragment != "") {
		say("server.public_url", "an address is needed, such as https://throughgate.example.org")
	}
	if (s.TLSCertificate == "") != (s.TLSKey == "") {
		say("server.tls_certificate, tls_key", "both are needed, or neither")
	}
	for i, p := range s.Proxies {
		if _, err := Network(p); err != nil {
			say(fmt.Sprintf("server.proxies[%d]", i), "an address such as 192.0.2.1 is needed, or a network such as 192.0.2.0/24")
		}
	}
}

// Network reads one proxy's address or a network of them.
func Network(text string) (netip.Prefix, error) {
	if one, err := netip.ParseAddr(text); err == nil {
		return one.Prefix(one.BitLen())
	}
	return netip.ParsePrefix(text)
}

// Clock is a time of day such as "13:30", in minutes after midnight.
func Clock(text string) (minutes int, ok bool) {
	h, m, found := strings.Cut(text, ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	ok = found && err1 == nil && err2 == nil && len(m) == 2 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60
	return hour*60 + minute, ok
}

// Weekday reads a day's English name.
func Weekday(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), name) {
			return d, true
		}
	}
	return 0, false
}

// Provider is the provider of that code, or the only one when code is "".
func (c *Config) Provider(code string) (Provider, bool) {
	if code == "" && len(c.Providers) == 1 {
		return c.Providers[0], true
	}
	i := slices.IndexFunc(c.Providers, func(p Provider) bool { return p.Code == code })
	if i < 0 {
		return Provider{}, false
	}
	return c.Providers[i], true
}

// Prison is the prison of that code.
func (c *Config) Prison(code string) (Prison, bool) {
	i := slices.IndexFunc(c.Prisons, func(p Prison) bool { return p.Code == code })
	if i < 0 {
		return Prison{}, false
	}
	return c.Prisons[i], true
}

// holidays are the bank holidays of England and Wales from 2015 to 2045, and the configured ones.
func (c *Config) holidays(say func(key, allowed string)) map[day.Date]string {
	out := map[day.Date]string{}
	for year := 2015; year <= 2045; year++ {
		for _, h := range gb.Holidays {
			addHoliday(out, h, year)
		}
	}
	for key, name := range c.BankHolidays {
		d, err := day.Parse(key)
		if err != nil {
			say("bank_holidays", "each key is a date written YYYY-MM-DD")
		}
		out[d] = name
	}
	return out
}

func addHoliday(out map[day.Date]string, h *cal.Holiday, year int) {
	if _, observed := h.Calc(year); !observed.IsZero() {
		out[day.New(observed.Date())] = h.Name
	}
}
