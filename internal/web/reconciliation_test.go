package web

import (
	"net/http"
	"strings"
	"testing"
)

const novemberAt = "/reconciliation?from-day=1&from-month=11&from-year=2023&to-day=30&to-month=11&to-year=2023"

func TestEachSideSeesItsReconciliationAndTheSubGroupItsCounts(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	h.released("A1234BD")
	h.listed("Aoife", "Ní Bhriain-A1234BC")
	h.listed("Siân", "O'Neill")
	provider := h.as("HARBOUR")
	for list, want := range map[string]string{
		"in_both":       "Aoife Ní Bhriain-A1234BC",
		"prison_only":   "Not in the provider's list",
		"provider_only": "Siân O'Neill",
	} {
		s := provider.open(novemberAt + "&prison=EXI&list=" + list)
		if rows := s.Find("tbody tr"); rows.Length() != 1 || !strings.Contains(rows.Text(), want) {
			t.Errorf("%s: %d %s", list, s.status, s.text())
		}
		agrees := s.Find(`td[data-label="Same initials, date of birth and sex"]`).Text()
		if want := map[string]string{"in_both": "Yes"}[list]; agrees != want || strings.Contains(s.text(), "ttributor") {
			t.Errorf("%s: whether NDTMS's four agree is told as %q in %s", list, agrees, s.text())
		}
		for column, filled := range map[string]bool{"Released": true, "Same initials, date of birth and sex": list == "in_both", "Treatment started": list != "prison_only"} {
			if strings.Contains(s.Find("thead").Text(), column) != filled {
				t.Errorf("%s: a column is there although no row fills it, or is not although one does: %s", list, s.Find("thead").Text())
			}
		}
	}
	if s := provider.open(novemberAt + "&prison=EXI&list=differing"); !strings.Contains(s.text(), "No pair that is in both lists differs.") {
		t.Errorf("an empty list: %s", s.text())
	}
	if s := provider.open(novemberAt + "&prison=EXI&list=in_both&alcohol_only=yes"); !strings.Contains(s.text(), "Nobody on this list has the mark you chose.") {
		t.Errorf("filtered: %s", s.text())
	}
	csv := provider.open(strings.Replace(novemberAt, "?", ".csv?", 1) + "&prison=EXI")
	if csv.status != http.StatusOK || strings.Count(csv.raw, "\r\n") != 4 || !strings.HasPrefix(csv.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file: %d %q", csv.status, csv.raw)
	}
	if s := h.as("EXI").open(novemberAt + "&prison=CWI&list=provider_only"); strings.Contains(s.raw, "Siân O") || !strings.Contains(s.text(), "HMP Exeter and Harbour") || strings.Contains(s.text(), "In the provider's list only") {
		t.Errorf("the prison: %s", s.text())
	}
	group := h.as("SUBGROUP").open(novemberAt + "&prison=EXI")
	if !strings.Contains(group.text(), "In the provider's list only on the list: 1") || strings.Contains(group.raw, "Bhriain") || strings.Contains(group.raw, ".csv") {
		t.Errorf("the sub-group: %s", group.text())
	}
}

func TestAReconciliationWithoutAPeriodSaysWhatIsMissing(t *testing.T) {
	h := newHouse(t)
	b := h.as("HARBOUR")
	if s := b.open("/reconciliation"); s.status != http.StatusOK || len(s.faults()) != 0 {
		t.Errorf("at first: %d %v", s.status, s.faults())
	}
	s := b.open("/reconciliation?from-day=31&from-month=2&from-year=2023")
	for _, id := range []string{"prison", "from-day", "to-day"} {
		if s.faults()[id] == "" {
			t.Errorf("%s is not named: %v", id, s.faults())
		}
	}
	if value(s, "from-day") != "31" || !strings.HasPrefix(s.title(), "Error: ") {
		t.Error("what was typed is lost")
	}
}
