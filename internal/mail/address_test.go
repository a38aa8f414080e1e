package mail_test

import (
	"errors"
	"strings"
	"testing"

	"throughgate/internal/mail"
	"throughgate/internal/problem"
)

func TestAddress(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ why, typed, want string }{
		{"plain", "ann@harbour.example", "ann@harbour.example"},
		{"domain in capitals", "Ann@Harbour.EXAMPLE", "Ann@harbour.example"},
		{"tag and dots", "a.n+n_x'y@sub.harbour.example", "a.n+n_x'y@sub.harbour.example"},
		{"domain beyond ASCII", "ann@münchen.example", "ann@xn--mnchen-3ya.example"},
		{"longest local part", long + "@harbour.example", long + "@harbour.example"},

		{"nothing", "", ""},
		{"no domain", "ann", ""},
		{"empty domain", "ann@", ""},
		{"empty local part", "@harbour.example", ""},
		{"two at signs", "ann@x@harbour.example", ""},
		{"two mailboxes", "ann@harbour.example,bob@harbour.example", ""},
		{"two mailboxes, semicolon", "ann@harbour.example;bob@harbour.example", ""},
		{"display part", "Ann <ann@harbour.example>", ""},
		{"brackets", "<ann@harbour.example>", ""},
		{"space before", " ann@harbour.example", ""},
		{"space after", "ann@harbour.example ", ""},
		{"parameter after a space", "ann@harbour.example> NOTIFY=NEVER", ""},
		{"space inside", "an n@harbour.example", ""},
		{"line break", "ann@harbour.example\r\nBcc: eve@evil.example", ""},
		{"line feed alone", "ann@harbour.example\n", ""},
		{"line break first", "\nann@harbour.example", ""},
		{"NUL", "ann@harbour.example\x00", ""},
		{"tab", "ann\t@harbour.example", ""},
		{"quoted local part", `"a n"@harbour.example`, ""},
		{"comment", "ann(x)@harbour.example", ""},
		{"local part beyond ASCII", "änn@harbour.example", ""},
		{"dot first", ".ann@harbour.example", ""},
		{"dot last", "ann.@harbour.example", ""},
		{"two dots", "a..n@harbour.example", ""},
		{"local part too long", long + "a@harbour.example", ""},
		{"all too long", "ann@" + strings.Repeat("abcdefghi.", 26) + "example", ""},
		{"label too long", "ann@" + long + ".example", ""},
		{"digits for a domain", "ann@127.0.0.1", ""},
		{"literal", "ann@[127.0.0.1]", ""},
		{"no dot in the domain", "ann@localhost", ""},
		{"domain with hyphen first", "ann@-x.example", ""},
		{"domain with an empty label", "ann@x..example", ""},
		{"dot after the domain", "ann@harbour.example.", ""},
		{"route", "@a.example:ann@harbour.example", ""},
		{"bidirectional control", "ann@harbour\u202e.example", ""},
	} {
		got, err := mail.Address(c.typed)
		var invalid *problem.Invalid
		if got != c.want || (c.want == "") != errors.As(err, &invalid) {
			t.Errorf("%s: got %q, %v", c.why, got, err)
		}
		if err != nil && c.typed != "" && strings.Contains(err.Error(), c.typed) {
			t.Errorf("%s: the refusal repeats what was typed", c.why)
		}
	}
}

func TestOnDomain(t *testing.T) {
	allowed := []string{"Harbour.example", "münchen.example"}
	for address, want := range map[string]bool{
		"ann@harbour.example":            true,
		"ann@xn--mnchen-3ya.example":     true,
		"ann@sub.harbour.example":        false,
		"ann@notharbour.example":         false,
		"ann@harbour.example.evil.test":  false,
		"harbour.example@elsewhere.test": false,
	} {
		if mail.OnDomain(address, allowed) != want {
			t.Errorf("%s: want %v", address, want)
		}
	}
	if mail.OnDomain("ann@harbour.example", nil) {
		t.Error("no allowed domain still allowed one")
	}
}

func TestHeaderText(t *testing.T) {
	for _, c := range []struct {
		why, typed string
		ok         bool
	}{
		{"plain", "Ann O'Brien-Łukasz", true},
		{"empty", "", true},
		{"longest", strings.Repeat("ż", 250), true},
		{"too long", strings.Repeat("ż", 251), false},
		{"line break", "Ann\r\nBcc: eve@evil.example", false},
		{"line feed", "Ann\nX: y", false},
		{"carriage return", "Ann\rX: y", false},
		{"NUL", "Ann\x00", false},
		{"tab", "Ann\tB", false},
		{"next line", "Ann\u0085X: y", false},
		{"line separator", "Ann\u2028X: y", false},
		{"right-to-left override", "Ann\u202egnp", false},
		{"broken UTF-8", "Ann\xff", false},
	} {
		if err := mail.HeaderText("name", c.typed); (err == nil) != c.ok {
			t.Errorf("%s: got %v", c.why, err)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"ann@harbour.example", "a@b.example\r\nX: y", "ann@münchen.example", "\"a\"@b.cd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := mail.Address(typed)
		if err != nil {
			return
		}
		for _, r := range got {
			if r <= ' ' || r > '~' || strings.ContainsRune(`<>"(),:;[]\`, r) {
				t.Fatalf("%q passed with %q in it", typed, r)
			}
		}
		if again, err := mail.Address(got); err != nil || again != got {
			t.Fatalf("%q became %q, which became %q, %v", typed, got, again, err)
		}
	})
}
