package referral

import (
	"testing"

	"throughgate/internal/day"
)

func TestWhyNoDayIsKnownIsToldWhileNoneIs(t *testing.T) {
	on, sent := day.New(2023, 12, 4), &Draft{ReleaseDateUnknownReason: " on  remand"}
	for _, c := range []struct {
		name   string
		detail detail
		facts  Facts
		want   Text
	}{
		{"no day", detail{WhyNoDay: "under appeal", Sent: sent}, Facts{}, "under appeal"},
		{"a planned day", detail{WhyNoDay: "under appeal", Sent: sent}, Facts{PlannedReleaseDate: on}, ""},
		{"released", detail{WhyNoDay: "under appeal", Sent: sent}, Facts{ReleasedOn: on}, ""},
		{"sealed before it was kept here", detail{Sent: sent}, Facts{}, "on remand"},
		{"of a file", detail{}, Facts{}, ""},
	} {
		if got := c.detail.whyNoDay(c.facts); got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
