package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"throughgate/internal/day"
)

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(file)
}

func TestTheBuiltInSettingsAreSound(t *testing.T) {
	c := BuiltIn()
	if _, ok := c.Prison("EXI"); !ok || c.Partnership.DATCodes[0] != "PLYB" || len(c.Prisons) != 3 {
		t.Errorf("got %+v", c.Partnership)
	}
	if p, ok := c.Provider(""); !ok || p.Code != "HARBOUR" || len(p.Clinics) == 0 {
		t.Errorf("the only provider is %q", p.Code)
	}
}

func TestAFileChangesOnlyWhatItNames(t *testing.T) {
	c, err := load(t, "partnership: {name: Torbay, dat_codes: [TORB], ambition: 75}\nallocation: {target_working_days: 5, within_days: 14, release_day_from: \"12:30\", open_weeks: 8}\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Partnership.Name != "Torbay" || c.Allocation.WithinDays != 14 || len(c.Prisons) != 3 {
		t.Errorf("got %+v, %+v", c.Partnership, c.Allocation)
	}
}

func TestEveryFaultIsNamedWithWhatIsAllowed(t *testing.T) {
	valid := BuiltIn().Allocation
	if valid.WithinDays != 21 {
		t.Fatalf("within_days is %d", valid.WithinDays)
	}
	for text, says := range map[string]string{
		"mial: {}":                                 "mail",
		"mail: {adress: x}":                        "allowed_domains",
		"mail: {tls: sometimes}":                   "starttls, implicit or none",
		"allocation: {within_days: 0}":             "1 to 92",
		"allocation: {release_day_from: noon}":     "13:00",
		"report: {schedule: hourly}":               "five fields",
		"report: {schedule: \"@every 1h\"}":        "five fields",
		"report: {pathway_changes: {soon: x}}":     "YYYY-MM-DD",
		"prisons: [{code: exi, name: HMP Exeter}]": "capital letters",
		"prisons: [{code: ADMIN, name: x}]":        "not used twice",
		"partnership: {dat_codes: []}":             "at least one DAT code",
		"bank_holidays: {2027-13-01: x}":           "YYYY-MM-DD",
		"mail: {password_file: /no/such/file}":     "can be read",
		"suppression: {round_to: 0}":               "round_to",
		"files: {keep_days: many}":                 "line 1: a whole number is allowed here",
		"prisons: yes":                             "an indented block",
		"partnership: {local_target: 101}":         "0 to 100",
		"partnership: {ambition: .nan}":            "0 to 100",
		"silence: {gaps: .nan}":                    "1 or more",
		"prisons: [{code: EXI}]":                   "prisons[0].name",
		"mail: {address: mail.example.org}":        "host:port",
		"mail: {from: nobody}":                     "no-reply@example.org",
		"mail: {allowed_domains: [\"@nhs.net\"]}":  "a domain is needed",
		"server: {public_url: example.org}":        "https://",
		"server: {tls_key: key.pem}":               "both are needed",
		"server: {proxies: [192.0.2.0/40]}":        "server.proxies[0]",
		"files: {}\n---\nmial: {}":                 "one document",
		"files: {}\nfiles: {}":                     "already defined",
		"files: [":                                 "line 1",
		"providers: [{code: HARBOUR, name: H, clinics: [{code: A, weekday: someday, start: \"9\", end: \"8\", slot_minutes: 1, places: 0}]}]": "monday to sunday",
	} {
		_, err := load(t, text)
		var faults Faults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "settings.yaml") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// An unknown key does not hide what is wrong with the others, nor does the environment.
func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	t.Setenv("THROUGHGATE_MIAL_ADDRESS", "x")
	t.Setenv("THROUGHGATE_PRISONS", "x")
	_, err := load(t, "mial: {}\nmail: {tls: x}\nallocation: {open_weeks: 0}\nsuppression: {hide_up_to: many}\n")
	var faults Faults
	if !errors.As(err, &faults) || len(faults) != 6 {
		t.Errorf("six faults came as %v", err)
	}
	for _, says := range []string{`"mial"`, "mail.tls", "open_weeks", "line 4: a whole number", "there is no setting THROUGHGATE_MIAL_ADDRESS", "THROUGHGATE_MAIL_ADDRESS", "THROUGHGATE_PRISONS, or it can be set in the file only"} {
		if err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q is missing in %v", says, err)
		}
	}
}

func TestAPartnershipsOwnChangesOfPathwayTakeThePlaceOfTheExamples(t *testing.T) {
	c, err := load(t, "report: {pathway_changes: {2025-04-01: a drop-in closed}}")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Report.PathwayChanges) != 1 || len(c.Report.NewLimits) != 0 || c.Report.Schedule == "" {
		t.Errorf("got %+v", c.Report)
	}
}

func TestTheREADMENamesTheVariablesThatAreNoSetting(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range besides {
		if !strings.Contains(string(readme), "`"+variable+"`") {
			t.Errorf("%s is not named", variable)
		}
	}
}

func TestTheEnvironmentSetsSingleValues(t *testing.T) {
	t.Setenv("THROUGHGATE_MAIL_ADDRESS", "mail.example.org:587")
	t.Setenv("THROUGHGATE_ALLOCATION_WITHIN_DAYS", "14")
	t.Setenv("THROUGHGATE_SUPPRESSION_ENABLED", "false")
	t.Setenv("THROUGHGATE_MAIL_ALLOWED_DOMAINS", "a.example, b.example")
	t.Setenv("THROUGHGATE_MAIL_PASSWORD", "from the environment")
	for _, besides := range []string{"CONFIG", "DATA_DIR", "KEY", "METRICS_TOKEN"} {
		t.Setenv("THROUGHGATE_"+besides, "x")
	}
	c, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	if c.Mail.Address != "mail.example.org:587" || c.Allocation.WithinDays != 14 || c.Suppression.Enabled ||
		len(c.Mail.AllowedDomains) != 2 || c.Mail.Password != "from the environment" {
		t.Errorf("got %+v, %+v, %+v", c.Mail, c.Allocation, c.Suppression)
	}
	t.Setenv("THROUGHGATE_ALLOCATION_WITHIN_DAYS", "a fortnight")
	if _, err := Load(""); err == nil || !strings.Contains(err.Error(), "THROUGHGATE_ALLOCATION_WITHIN_DAYS") || strings.Contains(err.Error(), "fortnight") {
		t.Errorf("got %v", err)
	}
}

// The days on which England and Wales were closed, one-off ones and substitutes among them.
func TestBankHolidays(t *testing.T) {
	c, err := load(t, "bank_holidays: {2027-07-05: a royal wedding}")
	if err != nil {
		t.Fatal(err)
	}
	for d, closed := range map[string]bool{
		"2022-06-02": true, "2022-06-03": true, "2022-05-30": false, // the Platinum Jubilee, for which the spring holiday moved
		"2022-09-19": true,                                         // the Queen's funeral
		"2023-05-01": true, "2023-05-08": true, "2023-05-29": true, // the Coronation beside the usual two
		"2022-12-26": true, "2022-12-27": true, // Christmas Day on a Sunday
		"2024-03-29": true, "2024-04-01": true, "2024-12-25": true, "2024-12-26": true,
		"2020-05-08": true, "2020-05-04": false, // VE Day instead of early May
		"2026-12-25": true, "2026-12-28": true, "2026-12-24": false, "2027-07-05": true,
		"2023-12-25": true, "2023-12-26": true, "2023-12-27": false, "2024-01-01": true, "2024-01-02": false, "2024-08-26": true,
	} {
		if got := c.Calendar.Holiday(day.MustParse(d)) != ""; got != closed {
			t.Errorf("%s is closed: %t, want %t", d, got, closed)
		}
	}
}

// Links begin with where people reach the service, and cookies are for HTTPS wherever TLS ends here or at a proxy.
func TestWherePeopleReachTheService(t *testing.T) {
	for text, want := range map[string]struct {
		secure  bool
		address string
	}{
		"{}":                               {false, "http://host:1"},
		"{tls_certificate: c, tls_key: k}": {true, "https://host:1"},
		"{proxies: [192.0.2.1]}":           {true, "https://host:1"},
		"{public_url: \"https://tg.example\", proxies: [192.0.2.1]}": {true, "https://tg.example"},
		"{public_url: \"https://tg.example/\"}":                      {true, "https://tg.example"},
		"{public_url: \"https://tg.example/gate//\"}":                {true, "https://tg.example/gate"},
		"{public_url: \"http://tg.example\", proxies: [192.0.2.1]}":  {false, "http://tg.example"},
	} {
		c, err := load(t, "server: "+text)
		if err != nil {
			t.Fatal(err)
		}
		if secure := c.Server.Secure(); secure != want.secure || c.Server.Address("host:1", secure) != want.address {
			t.Errorf("%s: secure is %t, the address %s", text, secure, c.Server.Address("host:1", secure))
		}
	}
}
