package reconcile

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"throughgate/internal/person"
)

// compareOf are the prison's 14 columns of a release.
func compareOf(k *kept, who person.Identity) Compare {
	id := k.ID
	return Compare{GivenName: who.GivenName, FamilyName: who.FamilyName, BornOn: who.DateOfBirth, Sex: k.Sex, PrisonNumber: who.PrisonNumber,
		ReceptionOn: k.ReceptionOn, Drugs: k.Substances, DischargeReason: string(k.Discharge), ExitOn: k.ReleasedOn, ExitReason: string(k.ExitReason),
		Destination: string(k.Destination), ReferralStatus: string(k.Status), ReferralID: &id}
}

// compareColumns are the headings of the lists: the prison's own 14, as they would be read back, then
// what the audit template asks of the provider.
var compareColumns = []string{"List", wordGiven, wordFamily, wordBorn, wordSex, wordClientReference, wordReception, wordDrug1, wordDrug2, wordDrug3,
	wordDischarge, wordExit, wordExitReason, wordDestination, wordReferral, "Referral received", "Date referral received", "Known to service",
	wordOffered, wordAttended, wordStart, "Days from release", "Attributors agree", "Outcome reason"}

// WriteCSV writes the four lists under each other, each row with its list's name. It holds names.
func (r *Reconciliation) WriteCSV(to io.Writer) error {
	w := csv.NewWriter(to)
	w.UseCRLF = true
	if err := w.Write(compareColumns); err != nil {
		return err
	}
	for _, list := range []struct {
		name string
		rows []Compare
	}{{"in both", r.InBoth}, {"in both, differing", r.Differing}, {"prison's list only", r.PrisonOnly}, {"provider's list only", r.ProviderOnly}} {
		for _, c := range list.rows {
			if err := w.Write(c.cells(list.name)); err != nil {
				return err
			}
		}
	}
	w.Flush()
	return w.Error()
}

func (c *Compare) cells(list string) []string {
	drugs := make([]string, 3)
	copy(drugs, c.Drugs)
	cells := []string{list, c.GivenName, c.FamilyName, c.BornOn.Slash(), asWords(c.Sex), c.PrisonNumber, c.ReceptionOn.Slash(), drugs[0], drugs[1], drugs[2],
		asWords(c.DischargeReason), c.ExitOn.Slash(), asWords(c.ExitReason), c.Destination, asWords(c.ReferralStatus), yesOrNo(&c.Received),
		c.ReceivedOn.Slash(), c.KnownToService, c.OfferedOn.Slash(), c.AttendedOn.Slash(), c.StartedOn.Slash(), "", yesOrNo(c.AttributorsSame), c.Reason}
	if c.DaysFromRelease != nil {
		cells[21] = strconv.Itoa(*c.DaysFromRelease)
	}
	for i := range cells {
		cells[i] = guard(cells[i])
	}
	return cells
}

// asWords is a value of the vocabulary as a file may write it.
func asWords(value string) string {
	text := strings.ToLower(strings.ReplaceAll(value, "_", " "))
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func yesOrNo(said *bool) string {
	switch {
	case said == nil:
		return ""
	case *said:
		return "Yes"
	}
	return "No"
}

// Summary is the reconciliation in words, without names.
func (r *Reconciliation) Summary() string {
	return fmt.Sprintf("%s and %s, releases from %s to %s:\n  in both lists: %d\n  in both, but dates or attributors differ: %d\n"+
		"  in the prison's list only: %d\n  in the provider's list only: %d\n",
		r.Prison, r.Provider, r.From.Long(), r.To.Long(), r.Counts.InBoth, r.Counts.Differing, r.Counts.PrisonOnly, r.Counts.ProviderOnly)
}
