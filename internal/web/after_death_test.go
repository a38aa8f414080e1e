package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// 18 Nov     19            20
// |----------|-------------|
// released   died, on one  seen, on the other
func TestADeathBeforeADayOnWhichThePersonWasSeenIsTakenAndTheContradictionShown(t *testing.T) {
	h := newHouse(t)
	provider, prison := h.as("HARBOUR"), h.as("EXI")
	closed := func(id uuid.UUID, on string) string {
		path := "/referrals/" + id.String()
		if s := prison.post(path+"/closure?of=died", oneDay("on", on)...); s.status != http.StatusSeeOther {
			t.Fatalf("the death on %s is refused: %d %v", on, s.status, s.faults())
		}
		return path
	}
	for what, sees := range map[string]struct {
		path  string
		typed []string
	}{
		"came":      {"/drop-in", oneDay("attended_on", "20")},
		"contacted": {"/contact", typing([]string{"kind", "phone"}, oneDay("on", "20"))},
		"recalled":  {"/closure?of=returned_to_custody", oneDay("on", "20")},
	} {
		for number, on := range map[string]string{"A1": "19", "A2": "20"} {
			id := h.released(number + map[string]string{"came": "234BC", "contacted": "235BC", "recalled": "236BC"}[what])
			if s := provider.post("/referrals/"+id.String()+sees.path, sees.typed...); s.status != http.StatusSeeOther {
				t.Fatalf("%s: %d %v", what, s.status, s.faults())
			}
			path := closed(id, on)
			for _, b := range []*browser{provider, prison} {
				said := b.open(path).Find(".govuk-warning-text").Text()
				if warned := strings.Contains(said, "recorded for Sunday 19 November 2023, and that the person was seen, spoken to or recalled on Monday 20 November 2023"); warned != (on == "19") {
					t.Errorf("%s on the 20th, died on the %sth: %q", what, on, said)
				}
			}
		}
	}
}
