package timeline

import (
	"strings"
	"testing"

	"throughgate/internal/day"
	"throughgate/internal/problem"
)

func TestTheFirstDayThatIsTakenIsNamed(t *testing.T) {
	none := day.Date{}
	for _, c := range []struct {
		name                     string
		referred, release, first day.Date
	}{
		{"referred before the release", day.New(2025, 11, 28), day.New(2025, 12, 9), day.New(2025, 8, 28)},
		{"referred after it", day.New(2025, 12, 1), day.New(2025, 5, 31), day.New(2025, 2, 28)},
		{"no day of release", day.New(2025, 11, 28), none, day.New(2025, 8, 28)},
		{"no day of referral", none, day.New(2025, 12, 1), day.New(2025, 9, 1)},
	} {
		var wrong problem.Corrections
		if TooLongAgo(&wrong, "on", c.first, c.referred, c.release); len(wrong) > 0 {
			t.Errorf("%s: %v", c.name, wrong)
		}
		if TooLongAgo(&wrong, "on", c.first.Add(-1), c.referred, c.release); len(wrong) != 1 || !strings.Contains(wrong[0].Message, c.first.Long()) {
			t.Errorf("%s: %v", c.name, wrong)
		}
	}
	var wrong problem.Corrections
	if TooLongAgo(&wrong, "on", day.New(1990, 1, 1), none, none); len(wrong) > 0 {
		t.Errorf("nothing is known: %v", wrong)
	}
}
