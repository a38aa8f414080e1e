package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"throughgate/internal/testdb"
)

// What a command could never do as it stands is wrong usage (2); what it may do, and the records or the settings do
// not let it, is refused (1).
func TestWrongUsageIsToldFromARefusal(t *testing.T) {
	d := testdb.New(t)
	t.Setenv("DATABASE_URL", d.DSN)
	t.Setenv("THROUGHGATE_KEY", d.Master.String())
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte("no,header,that,is,known\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const nobody = "00000000-0000-0000-0000-000000000001"
	for line, want := range map[string]struct {
		code int
		says string
	}{
		"user add --organisation NOWHERE --email hal@example.org --name Hal":  {exitUsage, `no organisation "NOWHERE"; there are EXI`},
		"apikey create --organisation NOWHERE":                                {exitUsage, `no organisation "NOWHERE"; there are EXI`},
		"import prison-releases --prison NOWHERE " + list:                     {exitUsage, `no organisation "NOWHERE"; there are EXI`},
		"import prison-releases --prison HARBOUR " + list:                     {exitUsage, "HARBOUR is not a prison"},
		"import provider-pickups --provider EXI " + list:                      {exitUsage, "EXI is not a provider"},
		"reconcile --prison NOWHERE --provider HARBOUR " + ofNovember:         {exitUsage, `no organisation "NOWHERE"; there are EXI`},
		"reconcile --prison EXI --provider EXI " + ofNovember:                 {exitUsage, "EXI is not a provider"},
		"user disable hal@example.org":                                        {exitRefused, "no such person"},
		"recipient remove hal@example.org":                                    {exitRefused, "no such recipient"},
		"recipient add hal@example.org --name Hal --confirmed":                {exitRefused, "not sent to this domain"},
		"apikey revoke " + nobody:                                             {exitRefused, "no such API key"},
		"review confirm " + nobody:                                            {exitRefused, "no such open review"},
		"review reject " + nobody:                                             {exitRefused, "no such open review"},
		"link undo " + nobody:                                                 {exitRefused, "no such link"},
		"import prison-releases --prison EXI " + list:                         {exitRefused, "First name"},
		"import prison-releases --prison EXI " + list + ".xlsx":               {exitRefused, "there is no file"},
		"rate --window-end 2023-12-31 --data-through 2023-12-01":              {exitRefused, "1 December 2023"},
		"report --window-end 2023-12-31 --data-through 2023-12-01 --out none": {exitRefused, "1 December 2023"},
		"report send --due 2999-01-01T07:00:00Z":                              {exitRefused, "before it is due"},
	} {
		code, out, errs := console(t, strings.Fields(line)...)
		if code != want.code || out != "" || !strings.Contains(errs, want.says) {
			t.Errorf("%s ends with %d and says %q, %q", line, code, out, errs)
		}
	}
}

// What a command has made it tells programs too, on one line and with nothing beside it.
func TestWhatWasMadeIsToldToPrograms(t *testing.T) {
	d := testdb.New(t)
	t.Setenv("DATABASE_URL", d.DSN)
	t.Setenv("DATABASE_OWNER_URL", d.OwnerDSN)
	t.Setenv("THROUGHGATE_CONFIG", sendingTo(t, "example.org"))
	t.Setenv("THROUGHGATE_KEY", d.Master.String())
	out := filepath.Join(t.TempDir(), "report")
	for _, c := range []struct{ line, says string }{
		{"migrate up", `"current":true`},
		{"user add --organisation HARBOUR --email hal@example.org --name Hal", `"email":"hal@example.org","link":"http`},
		{"recipient add chair@example.org --name Chair --confirmed", `"address":"chair@example.org"`},
		{"report send --due 2024-01-08T07:00:00Z", `"window_end":"2024-01-07"`},
		{"report --window-end 2023-12-31 --data-through 2023-12-31 --out " + out, filepath.Join(out, "report.txt")},
	} {
		code, said, errs := console(t, append(strings.Fields(c.line), "--json")...)
		if code != exitDone || !json.Valid([]byte(said)) || strings.Count(said, "\n") != 1 || !strings.Contains(said, c.says) {
			t.Errorf("%s ends with %d and says %q, %q", c.line, code, said, errs)
		}
	}
}

// sendingTo is a settings file by which reports may go to a domain.
func sendingTo(t *testing.T, domain string) string {
	t.Helper()
	settings, err := os.ReadFile("../../config/throughgate.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "throughgate.yaml")
	if err := os.WriteFile(file, bytes.Replace(settings, []byte("allowed_domains: []"), []byte("allowed_domains: ["+domain+"]"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const ofNovember = "--from 2023-11-01 --to 2023-11-30"
