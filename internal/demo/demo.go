package demo

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/pquerna/otp/totp"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/reconcile"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// Domain is where the demo's invented mailboxes are; no mail ever leaves the machine.
const Domain = "throughgate.example"

// Person is one of the demo's people to sign in as.
type Person struct {
	Role       string `json:"role"`
	Email      string `json:"email"`
	Password   string `json:"password"`
	TOTPSecret string `json:"totp_secret"`
	Name       string `json:"-"`
}

// SignIns are what the demo prints: one person per role, and a key for each prison and provider.
type SignIns struct {
	People  []Person          `json:"people"`
	APIKeys map[string]string `json:"api_keys"`
}

var console = staff.Who{By: audit.By{Organisation: "ADMIN", Actor: "console:demo", Via: "console"}, Role: staff.Admin, Name: "Demo"}

// Fill puts everything into an empty database: organisations and clinics, both cohorts, people, keys
// and the report's readers. say is told what is being done.
func Fill(ctx context.Context, pool *db.Pool, now time.Time, say func(string)) (SignIns, error) {
	jobs := db.Scope{Part: db.Jobs}
	if err := pool.Act(ctx, jobs, func(tx *db.Tx) error {
		if err := staff.BringIn(ctx, tx); err != nil {
			return err
		}
		if err := continuity.BringIn(ctx, tx, now); err != nil {
			return err
		}
		if err := appointment.BringIn(ctx, tx, now); err != nil {
			return err
		}
		if err := audit.Settings(ctx, tx, staff.Service.By, now); err != nil {
			return err
		}
		if _, err := appointment.OpenSlots(ctx, tx, day.Of(now).Add(-liveDays-20).At(0, 0)); err != nil {
			return err
		}
		_, err := appointment.OpenSlots(ctx, tx, now)
		return err
	}); err != nil {
		return SignIns{}, err
	}
	say("Taking in the example cohort of 2022 and 2023 ...")
	if err := takeExample(ctx, pool, now); err != nil {
		return SignIns{}, err
	}
	say("Inventing the last fifteen months and the next three weeks ...")
	if err := Live(ctx, pool, now); err != nil {
		return SignIns{}, err
	}
	if err := takePast(ctx, pool, now); err != nil {
		return SignIns{}, err
	}
	var made SignIns
	err := pool.Act(ctx, jobs, func(tx *db.Tx) (err error) {
		if _, err := referral.AllocateWaiting(ctx, tx, now); err != nil {
			return err
		}
		made, err = signIns(ctx, tx, now)
		return err
	})
	return made, err
}

func takeExample(ctx context.Context, pool *db.Pool, now time.Time) error {
	releases, err := Example.ReadFile("exeter-plymouth/prison-releases.csv")
	if err != nil {
		return err
	}
	pickups, err := Example.ReadFile("exeter-plymouth/provider-pickups.csv")
	if err != nil {
		return err
	}
	if _, err := reconcile.ImportPrisonReleases(ctx, pool, prisonWorker("EXI"), now, "EXI", "prison-releases.csv", releases, reconcile.Options{}); err != nil {
		return err
	}
	_, err = reconcile.ImportProviderPickups(ctx, pool, providerWorker, now, harbour, "provider-pickups.csv", pickups, reconcile.Options{})
	return err
}

func takePast(ctx context.Context, pool *db.Pool, now time.Time) error {
	files := PastFiles(day.Of(now))
	for _, prison := range pool.Rules.Prisons {
		if list := files.Prisons[prison.Code]; list != nil {
			if _, err := reconcile.ImportPrisonReleases(ctx, pool, prisonWorker(prison.Code), now, prison.Code, "releases.csv", list, reconcile.Options{}); err != nil {
				return err
			}
		}
	}
	_, err := reconcile.ImportProviderPickups(ctx, pool, providerWorker, now, harbour, "pick-ups.csv", files.Provider, reconcile.Options{})
	return err
}

// signIns makes one person per role, the API keys, and the report's readers.
func signIns(ctx context.Context, tx *db.Tx, now time.Time) (made SignIns, err error) {
	for _, p := range []struct{ role, organisation, email, name string }{
		{"prison", "EXI", "prison@" + Domain, "Priya Nair"},
		{"provider", harbour, "provider@" + Domain, "Hal Trewin"},
		{"subgroup", "SUBGROUP", "subgroup@" + Domain, "Sam Osei"},
		{"admin", "ADMIN", "admin@" + Domain, "Ada Lowe"},
		{"audit", "AUDIT", "audit@" + Domain, "Owen Pryce"},
	} {
		person, err := enrolled(ctx, tx, now, p.organisation, p.email, p.name)
		if err != nil {
			return made, err
		}
		person.Role = p.role
		made.People = append(made.People, person)
	}
	made.APIKeys = map[string]string{}
	for _, organisation := range []string{"EXI", "CWI", "DMI", harbour, "SUBGROUP"} {
		if _, made.APIKeys[organisation], err = staff.CreateKey(ctx, tx, console, now, organisation, staff.KeyDays); err != nil {
			return made, err
		}
	}
	for name, address := range map[string]string{"Chair of the sub-group": "chair@", "Public health": "publichealth@"} {
		if _, err := mail.AddRecipient(ctx, tx, console, now, name, address+Domain, true); err != nil {
			return made, err
		}
	}
	return made, nil
}

// enrolled adds somebody and sets password and second factor for them, as they would by their link.
func enrolled(ctx context.Context, tx *db.Tx, now time.Time, organisation, email, name string) (Person, error) {
	p := Person{Email: email, Name: name, Password: rand.Text()}
	token, err := staff.Add(ctx, tx, console.By, now, organisation, email, name)
	if err != nil {
		return p, err
	}
	key, err := staff.NewSecret(email)
	if err != nil {
		return p, err
	}
	p.TOTPSecret = key.Secret()
	// The code of a while ago, so that the one of now can still be used to sign in.
	then := now.Add(-10 * time.Minute)
	code, err := totp.GenerateCode(p.TOTPSecret, then)
	if err != nil {
		return p, err
	}
	return p, staff.Enrol(ctx, tx, then, token, p.Password, p.TOTPSecret, code)
}
