package web

import (
	"strings"
	"testing"
)

// A prison that referred each week since September, and nothing in the last month.
func TestAdministratorsReadWhoHasGoneQuiet(t *testing.T) {
	h := newHouse(t)
	today := h.now
	for week, number := range []string{"A1234BC", "A1234BD", "A1234BE", "A1234BF", "A1234BG", "A1234BH"} {
		h.now = today.AddDate(0, 0, -70+7*week)
		h.referred(draft(number))
	}
	h.now = today
	if s := h.as("ADMIN").open("/admin"); !strings.Contains(s.text(), "HMP Exeter, which usually refers, has sent nothing") || strings.Contains(s.raw, "Bhriain") {
		t.Errorf("the administrators read: %s", s.text())
	}
}
