package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"throughgate/config"
	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/testdb"
)

// A setting that was changed says so to the auditor at the next start, and once.
func TestWhatChangedInTheSettingsIsAudited(t *testing.T) {
	pool := testdb.New(t).Pool(t)
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	brought := func(spoil func(*config.Config)) (told []string) {
		t.Helper()
		pool.Rules = config.BuiltIn()
		spoil(pool.Rules)
		err := pool.Act(t.Context(), db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
			var last int
			if err := tx.Get(t.Context(), &last, `SELECT coalesce(max(id), 0) FROM audit`); err != nil {
				return err
			}
			if err := audit.Settings(t.Context(), tx, audit.By{Actor: "service", Via: "job"}, at); err != nil {
				return err
			}
			return tx.Select(t.Context(), &told, `
				SELECT detail ->> 'changed'
				FROM audit
				WHERE id > $1
				  AND kind = 'settings'
				  AND actor = 'service'
				ORDER BY id`, last)
		})
		if err != nil {
			t.Fatal(err)
		}
		return told
	}
	as := func(*config.Config) {}
	if told := brought(as); !slices.Contains(told, "suppression") || !slices.Contains(told, "providers") {
		t.Errorf("the first start tells %q", told)
	}
	for _, c := range []struct {
		name  string
		spoil func(*config.Config)
		told  string
	}{
		{"nothing", as, ""},
		{"a number", func(c *config.Config) { c.Suppression.HideUpTo = 4 }, "suppression.hide_up_to"},
		{"back again", as, "suppression.hide_up_to"},
		{"a prison's name", func(c *config.Config) { c.Prisons[0].Name = "HMP Exe" }, "prisons.EXI.name"},
		{"another prison, and a clinic's places", func(c *config.Config) {
			c.Prisons = append([]config.Prison{{Code: "BRI", Name: "HMP Bristol"}}, c.Prisons...)
			c.Providers[0].Clinics[1].Places = 3
		}, "prisons.BRI, prisons.EXI.name; providers.HARBOUR.clinics.TUE-PM.places"},
		{"without them", as, "prisons.BRI; providers.HARBOUR.clinics.TUE-PM.places"},
		{"another domain for readers", func(c *config.Config) { c.Mail.AllowedDomains = []string{"nhs.net"} }, "mail.allowed_domains.nhs.net"},
		{"a closed day, a bank holiday and another schedule", func(c *config.Config) {
			c.Mail.AllowedDomains = []string{"nhs.net"}
			c.Providers[0].ClosedDays = []string{"2026-12-24"}
			c.BankHolidays["2027-05-10"] = "a coronation"
			c.Report.Schedule = "0 8 * * 1"
		}, "providers.HARBOUR.closed_days.2026-12-24; bank_holidays.2027-05-10; report.schedule"},
	} {
		if told := strings.Join(brought(c.spoil), "; "); told != c.told {
			t.Errorf("%s: %q, want %q", c.name, told, c.told)
		}
	}
}
