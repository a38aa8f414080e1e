package config

import (
	"fmt"
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
	if c.Partnership.Name == "" {
		say("partnership.name", "a name is needed")
	}
	if len(c.Partnership.DATCodes) == 0 {
		say("partnership.dat_codes", "at least one DAT code is needed")
	}
	seen := slices.Clone(reserved)
	once := func(key, value string) {
		if !code.MatchString(value) || slices.Contains(seen, value) {
			say(key, fmt.Sprintf("%q must be 2 to 20 capital letters, figures or hyphens, and not used twice", value))
		}
		seen = append(seen, value)
	}
	for i, p := range c.Prisons {
		once(fmt.Sprintf("prisons[%d].code", i), p.Code)
	}
	for i, p := range c.Providers {
		once(fmt.Sprintf("providers[%d].code", i), p.Code)
		p.faults(fmt.Sprintf("providers[%d]", i), say)
	}
	if len(c.Prisons) == 0 || len(c.Providers) == 0 {
		say("prisons, providers", "at least one of each is needed")
	}
	c.Allocation.faults(say)
	c.Suppression.faults(say)
	if c.Silence.Gaps < 1 {
		say("silence.gaps", "1 or more is allowed")
	}
	if _, err := cron.ParseStandard(c.Report.Schedule); err != nil || strings.ContainsAny(c.Report.Schedule, "@=") {
		say("report.schedule", "five fields as in cron are allowed: minute hour day month weekday, such as \"0 7 * * 1\"")
	}
	if !slices.Contains([]string{"starttls", "implicit", "none"}, c.Mail.TLS) {
		say("mail.tls", "starttls, implicit or none are allowed")
	}
	if c.Mail.PasswordFile != "" && c.Mail.Password == "" {
		text, err := os.ReadFile(c.Mail.PasswordFile)
		if err != nil {
			say("mail.password_file", "a file that can be read is needed")
		}
		c.Mail.Password = strings.TrimSpace(string(text))
	}
	if c.Files.KeepDays < 0 {
		say("files.keep_days", "0 or more days are allowed")
	}
	for key := range c.Report.PathwayChanges {
		if _, err := day.Parse(key); err != nil {
			say("report.pathway_changes", "each key is a date written YYYY-MM-DD")
		}
	}
	for i, on := range c.Report.NewLimits {
		if _, documented := c.Report.PathwayChanges[on]; !documented {
			say(fmt.Sprintf("report.new_limits[%d]", i), "a date of report.pathway_changes is needed: only a documented change starts new limits")
		}
	}
	for i, b := range c.Benchmarks {
		b.faults(fmt.Sprintf("benchmarks[%d]", i), say)
	}
	c.Calendar = day.NewCalendar(c.holidays(say))
	return out
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
	if b.Area == "" || b.Indicator == "" || b.PeriodType == "" || b.Vintage == "" {
		say(key, "area, indicator, period_type and vintage (the year of publication) are needed")
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
