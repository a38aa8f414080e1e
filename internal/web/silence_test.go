package web

import (
	"net/http"
	"strings"
	"testing"
)

// A prison that referred each week since September, and nothing in the last month.
func TestWhoeverItConcernsReadsWhoHasGoneQuiet(t *testing.T) {
	h := newHouse(t)
	today := h.now
	for week, number := range []string{"A1234BC", "A1234BD", "A1234BE", "A1234BF", "A1234BG", "A1234BH"} {
		h.now = today.AddDate(0, 0, -70+7*week)
		h.referred(draft(number))
	}
	h.now = today
	for organisation, told := range map[string]bool{"ADMIN": true, "HARBOUR": true, "EXI": true, "CWI": false} {
		s := h.as(organisation).open("/")
		if got := strings.Contains(s.text(), "HMP Exeter, which usually refers, has sent nothing"); s.status != http.StatusOK || got != told {
			t.Errorf("%s: %d %s", organisation, s.status, s.text())
		}
	}
}
