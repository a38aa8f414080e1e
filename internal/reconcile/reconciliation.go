package reconcile

import (
	"context"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/person"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// Reconciliation is the continuity-of-care audit: a prison's releases of a period held against a
// provider's list. Each release stands in one of the first three lists; ProviderOnly are rows of the
// provider's list in the period that are about no release that counts.
type Reconciliation struct {
	Prison       string    `json:"prison"`
	Provider     string    `json:"provider"`
	From         day.Date  `json:"from"`
	To           day.Date  `json:"to"`
	Counts       Matched   `json:"counts"`
	InBoth       []Compare `json:"in_both"`
	Differing    []Compare `json:"differing"` // in both, but dates or attributors differ
	PrisonOnly   []Compare `json:"prison_only"`
	ProviderOnly []Compare `json:"provider_only"`
}

// Matched is what the sub-group sees of it.
type Matched struct {
	InBoth       int `json:"in_both"`
	Differing    int `json:"differing"`
	PrisonOnly   int `json:"prison_only"`
	ProviderOnly int `json:"provider_only"`
}

// Compare is one person in a list: the prison's 14 columns, then what the provider knows.
type Compare struct {
	GivenName       string   `json:"first_name"`
	FamilyName      string   `json:"surname"`
	BornOn          day.Date `json:"date_of_birth"`
	Sex             string   `json:"sex"`
	PrisonNumber    string   `json:"client_reference"`
	ReceptionOn     day.Date `json:"initial_reception_date"`
	Drugs           []string `json:"drugs"`
	DischargeReason string   `json:"discharge_reason"`
	ExitOn          day.Date `json:"prison_exit_date"`
	ExitReason      string   `json:"prison_exit_reason"`
	Destination     string   `json:"prison_exit_destination"`
	ReferralStatus  string   `json:"referral_on_release_status"`

	Received        bool       `json:"referral_received"`
	ReceivedOn      day.Date   `json:"referral_received_on"`
	KnownToService  string     `json:"known_to_service"` // new, open episode or closed episode
	OfferedOn       day.Date   `json:"appointment_offered"`
	AttendedOn      day.Date   `json:"appointment_attended"`
	StartedOn       day.Date   `json:"structured_treatment_start"`
	DaysFromRelease *int       `json:"days_from_release"`
	AttributorsSame *bool      `json:"attributors_agree"`
	Reason          string     `json:"reason"` // why it stands in this list, or what became of it
	ReferralID      *uuid.UUID `json:"referral_id"`
	AlcoholOnly     bool       `json:"-"`
	CJIT            bool       `json:"-"`

	person string // id; "" for whom only the provider knows
}

// Reconcile holds the releases of a prison from one day to another, both included, against the list of
// a provider. A prison is not shown whom only the provider knows, and the sub-group sees counts.
func Reconcile(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, prison, provider string, from, to day.Date) (*Reconciliation, error) {
	return ReconcilePart(ctx, pool, who, now, prison, provider, from, to, Part{})
}

// The lists, as Part names them.
const (
	InBothList       = "in_both"
	DifferingList    = "differing"
	PrisonOnlyList   = "prison_only"
	ProviderOnlyList = "provider_only"
)

// Part is one of the four lists, or a page of it. The zero Part is all four; without a Limit, whole.
type Part struct {
	List              string
	AlcoholOnly, CJIT bool // only those with the mark
	Skip, Limit       int
}

// ReconcilePart is Reconcile of which only a part is shown, and audited as shown; the counts are of all.
func ReconcilePart(ctx context.Context, pool *db.Pool, who staff.Who, now time.Time, prison, provider string, from, to day.Date, part Part) (*Reconciliation, error) {
	if err := mayReconcile(who, prison, provider); err != nil {
		return nil, err
	}
	if to.Before(from) {
		return nil, problem.Wrong("to", "before_from", "The last day lies before the first.")
	}
	a := &auditing{Reconciliation: &Reconciliation{Prison: prison, Provider: provider, From: from, To: to}, known: map[uuid.UUID]person.Identity{}}
	err := pool.Act(ctx, db.Scope{Part: db.Jobs}, func(tx *db.Tx) error {
		a.tx = tx
		if err := a.sort(ctx); err != nil {
			return err
		}
		if err := a.show(ctx, who, part); err != nil {
			return err
		}
		return audit.WriteEach(ctx, tx, who.By, now, "shown", "person", a.shown(), audit.Detail{"in": "reconciliation"})
	})
	return a.Reconciliation, err
}

// mayReconcile: the prison and the provider concerned, the sub-group for its counts, and the console.
func mayReconcile(who staff.Who, prison, provider string) error {
	if who.Organisation() == "" || who.Role == staff.SubGroup {
		return nil
	}
	if err := who.Must(staff.Prison, staff.Provider); err != nil {
		return err
	}
	if o := who.Organisation(); o != prison && o != provider {
		return &problem.Forbidden{Message: "You can reconcile only your own organisation's list."}
	}
	return nil
}

// shown are whom the lists name, as far as the service knows them.
func (r *Reconciliation) shown() (people []string) {
	for _, list := range [][]Compare{r.InBoth, r.Differing, r.PrisonOnly, r.ProviderOnly} {
		for _, c := range list {
			if c.person != "" {
				people = append(people, c.person)
			}
		}
	}
	return people
}
